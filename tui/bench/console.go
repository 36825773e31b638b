package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"

	"shardeck/tui/console"
	"shardeck/tui/terminal"
)

// The console's measurements are on a pseudoterminal of this size.
var consoleSize = &pty.Winsize{Rows: 40, Cols: 120}

const (
	consoleRows = 3000             // that the traffic works on
	busyFor     = 10 * time.Second // with the traffic on
	idleFor     = 10 * time.Second
	settleFor   = 2 * time.Second
	firstFrames = 5
	keyPresses  = 50
	editorLines = 10_000
	editorLine  = "INSERT INTO Students VALUES (1, 'été');\r"
	consoleWait = 20 * time.Second // the most that any one of them may take

	fewerBytes = 5 // times
	frameAim   = 100 * time.Millisecond
	pasteAim   = time.Second
	keyAim     = 16 * time.Millisecond
	idleAim    = 1 // % of one core
)

// consoles measures the console on a terminal: what it writes, and how soon.
func (r *rig) consoles(ctx context.Context) error {
	window, tty, err := pty.Open()
	if err != nil {
		r.report.note("console: not measured, as this system has no pseudoterminals: %v", err)
		return nil
	}
	window.Close()
	tty.Close()
	for _, measure := range []func(context.Context) error{r.consoleBytes, r.consoleFirstFrame, r.consoleIdle, r.consoleEditor} {
		if err := measure(ctx); err != nil {
			return err
		}
	}
	return nil
}

// consoleBytes runs the console on a cluster with traffic. The baseline is what the painter was
// given in the same run: each line that has changed, as Bubble Tea's own renderer would write it.
func (r *rig) consoleBytes(ctx context.Context) error {
	if _, err := r.cluster.Load(ctx, consoleRows, func(int, int) {}); err != nil {
		return err
	}
	traffic := r.cluster.NewTraffic(consoleRows)
	defer traffic.Close()
	traffic.Set(true)
	window, tty, err := pty.Open()
	if err != nil {
		return err
	}
	defer window.Close()
	if err := pty.Setsize(tty, consoleSize); err != nil {
		return err
	}
	w := watch(window)
	ended := make(chan error, 1)
	var meter trafficMeter
	go func() {
		ended <- console.Run(ctx, console.Options{
			Masters: r.cluster.Masters(), Theme: "dark", In: tty, Out: tty,
			Getenv: consoleEnv, Traffic: meter.set,
		})
		tty.Close()
	}()
	var count [2]terminal.Traffic // the first frame, which is the same for both, is not part of it
	for i, d := range []time.Duration{settleFor, busyFor} {
		select {
		case err := <-ended:
			return fmt.Errorf("the console ended by itself: %w", err)
		case <-time.After(d):
			count[i] = meter.get()
		}
	}
	if err := w.send("\x03\x03"); err != nil {
		return err
	}
	if err := <-ended; err != nil {
		return err
	}
	given, written := count[1].Given-count[0].Given, count[1].Written-count[0].Written
	perSecond := func(n int64) float64 { return float64(n) / busyFor.Seconds() }
	r.report.ratio("console: fewer bytes, busy, 120x40", 1, fmt.Sprintf("changed lines as a whole, %.0f B/s", perSecond(given)),
		[]float64{float64(given) / float64(max(written, 1))}, fewerBytes)
	r.report.note("the console wrote %.0f B/s", perSecond(written))
	return nil
}

// trafficMeter holds the latest count of what a console has written.
type trafficMeter struct {
	mu    sync.Mutex
	count terminal.Traffic
}

func (m *trafficMeter) set(t terminal.Traffic) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count = t
}

func (m *trafficMeter) get() terminal.Traffic {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count
}

// consoleEnv is the environment with a terminal of 256 colours.
func consoleEnv(name string) string {
	if name == "TERM" {
		return "xterm-256color"
	}
	return os.Getenv(name)
}

// consoleFirstFrame measures from the start of the process to its first frame.
func (r *rig) consoleFirstFrame(ctx context.Context) error {
	var times []time.Duration
	for range firstFrames {
		began := time.Now()
		c, err := r.openConsole(ctx)
		if err != nil {
			return err
		}
		times = append(times, time.Since(began))
		if err := c.quit(); err != nil {
			return err
		}
	}
	slices.Sort(times)
	r.report.times("console: first frame", 1, "none: seconds since the process began", times, frameAim)
	return nil
}

// consoleIdle compares the processor time of a long and a short run on a quiet cluster.
func (r *rig) consoleIdle(ctx context.Context) error {
	var used [2]time.Duration
	for i, d := range []time.Duration{settleFor, settleFor + idleFor} {
		c, err := r.openConsole(ctx)
		if err != nil {
			return err
		}
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
		if err := c.quit(); err != nil {
			return err
		}
		used[i] = c.cmd.ProcessState.UserTime() + c.cmd.ProcessState.SystemTime()
	}
	r.report.limit("console: processor, idle", 1, "none: a hundredth of a % of one core", 1e4*float64(used[1]-used[0])/float64(idleFor), 100*idleAim, "0.01 %")
	return nil
}

// consoleEditor pastes into the editor and types in it. That a key or the end of a paste is
// on the screen is seen by a character that was nowhere before.
func (r *rig) consoleEditor(ctx context.Context) error {
	c, err := r.openConsole(ctx)
	if err != nil {
		return err
	}
	if err := c.expect("e", "Result"); err != nil {
		return err
	}
	// Of statements, as each key is followed by a look at the one at the cursor.
	text := strings.Repeat(editorLine, editorLines)
	if _, err := c.paste(text, "⠁"); err != nil {
		return err
	}
	var keys []time.Duration
	for i := range keyPresses {
		key := string(rune('⠂' + i))
		began := time.Now()
		if err := c.expect(key, key); err != nil {
			return err
		}
		keys = append(keys, time.Since(began))
	}
	slices.Sort(keys)
	r.report.times("console: key to screen, 10,000 lines", 1, "none: seconds since the key was sent", keys, keyAim)
	if err := c.quit(); err != nil {
		return err
	}

	if c, err = r.openConsole(ctx); err != nil {
		return err
	}
	if err := c.expect("e", "Result"); err != nil {
		return err
	}
	mebibyte := strings.Repeat(editorLine, 1<<20/len(editorLine))
	took, err := c.paste(mebibyte, "⣿")
	if err != nil {
		r.report.note("console: paste of 1 MiB: %v", err)
		return c.quit()
	}
	r.report.times("console: paste of 1 MiB to screen", 1, "none: seconds since it was sent", []time.Duration{took}, pasteAim)
	return c.quit()
}

// onPTY is this program's console on a pseudoterminal.
type onPTY struct {
	*watcher
	cmd *exec.Cmd
}

// openConsole starts the console and waits for its first frame.
func (r *rig) openConsole(ctx context.Context) (*onPTY, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, exe, "console", "--theme", "dark", "-m", strings.Join(r.cluster.Masters(), ","))
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "XDG_STATE_HOME="+r.dir)
	window, err := pty.StartWithSize(cmd, consoleSize)
	if err != nil {
		return nil, err
	}
	c := &onPTY{watcher: watch(window), cmd: cmd}
	return c, c.expect("", "SHARDECK")
}

// quit asks the console to end, and waits for that.
func (c *onPTY) quit() error {
	defer c.window.Close()
	if err := c.send("\x03"); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- c.cmd.Wait() }()
	for {
		select {
		case err := <-done:
			return err
		case <-time.After(200 * time.Millisecond): // it may ask again before it quits
			if err := c.send("\x03"); err != nil {
				return <-done
			}
		}
	}
}

// paste pastes text that ends with a mark, and returns how long it took to show the mark.
func (c *onPTY) paste(text, mark string) (time.Duration, error) {
	began := time.Now()
	sent := make(chan error, 1)
	go func() { sent <- c.send("\x1b[200~" + text + mark + "\x1b[201~") }()
	err := c.expect("", mark)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	return took, <-sent
}

// watcher reads what a program writes to a terminal.
type watcher struct {
	window *os.File
	mu     sync.Mutex
	out    strings.Builder
	grown  chan struct{}
}

func watch(window *os.File) *watcher {
	w := &watcher{window: window, grown: make(chan struct{}, 1)}
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := window.Read(buf)
			w.mu.Lock()
			w.out.Write(buf[:n])
			w.mu.Unlock()
			select {
			case w.grown <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return w
}

func (w *watcher) send(text string) error {
	_, err := w.window.WriteString(text)
	return err
}

// expect sends keys and waits until the text is written.
func (w *watcher) expect(keys, text string) error {
	w.mu.Lock()
	from := w.out.Len()
	w.mu.Unlock()
	if keys == "" {
		from = 0
	}
	if err := w.send(keys); err != nil {
		return err
	}
	timeout := time.After(consoleWait)
	for {
		w.mu.Lock()
		found := strings.Contains(w.out.String()[from:], text)
		w.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-w.grown:
		case <-timeout:
			return fmt.Errorf("the console did not show %q within %s", text, consoleWait)
		}
	}
}
