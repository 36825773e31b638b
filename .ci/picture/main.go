// Command picture runs a program in a pseudo-terminal, waits until its screen shows the
// given texts, writes the screen as an SVG, and quits the program with keys. The README's
// pictures of the console are made with it:
//
//	go run . -out console.svg -- ./shardeck demo
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

type options struct {
	out        string
	title      string
	cols, rows int
	until      string        // texts that the screen must show, separated by |
	after      time.Duration // how long to continue after that, so that charts have something to show
	keys       string        // keys to press before the picture is taken
	quit       string        // keys that quit the program
	script     string        // a file of steps, instead of keys and out
	film       string        // an animated picture of the whole script; "" for none
	limit      time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.out, "out", "console.svg", "file to write")
	flag.StringVar(&o.title, "title", "shardeck demo", "title of the window")
	flag.IntVar(&o.cols, "cols", 110, "columns of the terminal")
	flag.IntVar(&o.rows, "rows", 32, "rows of the terminal")
	flag.StringVar(&o.until, "until", "SchoolDB", "texts to wait for, separated by |")
	flag.DurationVar(&o.after, "after", 15*time.Second, "time to continue after the texts are shown")
	flag.StringVar(&o.keys, "keys", "", "keys to press before the picture is taken")
	flag.StringVar(&o.quit, "quit", "\x03\x03", "keys that quit the program")
	flag.StringVar(&o.script, "script", "", "file of steps that take several pictures, beside -out")
	flag.StringVar(&o.film, "film", "", "file for an animated picture of the script, beside -out")
	flag.DurationVar(&o.limit, "limit", 3*time.Minute, "overall time limit")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "picture: specify a program to run after --")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(o.cols), Rows: uint16(o.rows)})
	if err != nil {
		return err
	}
	defer tty.Close()

	// The terminal answers the program's queries, such as for the cursor position, through the tty.
	screen := vt10x.New(vt10x.WithSize(o.cols, o.rows), vt10x.WithWriter(tty))
	changed := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(&notify{screen: screen, changed: changed}, tty)
		ended <- errors.Join(err, cmd.Wait())
	}()

	if err := await(ctx, screen, strings.Split(o.until, "|"), changed, ended); err != nil {
		return err
	}
	if o.script != "" {
		return runScript(ctx, o, tty, screen, ended)
	}
	for _, key := range presses(o.keys) {
		if _, err := tty.WriteString(key); err != nil {
			return err
		}
	}
	select {
	case <-time.After(o.after):
	case err := <-ended:
		return fmt.Errorf("the program ended before the picture was taken: %w", err)
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := os.WriteFile(o.out, draw(screen, o.title), 0o644); err != nil {
		return err
	}
	if _, err := tty.WriteString(o.quit); err != nil {
		return err
	}
	select {
	case <-ended: // its exit status does not matter for the picture
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the program did not quit on %q: %w", o.quit, ctx.Err())
	}
}

// runScript takes the pictures of a script, and ends the program.
func runScript(ctx context.Context, o options, tty io.Writer, screen vt10x.Terminal, ended <-chan error) error {
	steps, err := readScript(o.script)
	if err != nil {
		return err
	}
	dir := filepath.Dir(o.out)
	f := &film{every: filmEvery}
	stop, done := make(chan struct{}), make(chan struct{})
	if o.film != "" {
		go f.record(screen, stop, done)
	} else {
		close(done)
	}
	err = play(ctx, tty, screen, steps, dir, o.title, ended)
	close(stop)
	<-done
	if err == nil && o.film != "" {
		err = os.WriteFile(filepath.Join(dir, o.film), f.svg(o.title), 0o644)
	}
	_, quitErr := io.WriteString(tty, o.quit)
	if err = errors.Join(err, quitErr); err != nil {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// filmEvery is the time from one frame of an animated picture to the next.
const filmEvery = 700 * time.Millisecond

// presses splits keys into one write each. A key that is a sequence, such as F5, is at most one, at
// the end: characters after it would be taken for a part of it.
func presses(keys string) []string {
	plain, sequence, found := strings.Cut(keys, "\x1b")
	all := strings.Split(plain, "")
	if found {
		all = append(all, "\x1b"+sequence)
	}
	return all
}

// await returns once the screen shows all texts.
func await(ctx context.Context, screen vt10x.Terminal, texts []string, changed <-chan struct{}, ended <-chan error) error {
	for {
		shown := screen.String()
		missing := ""
		for _, text := range texts {
			if !strings.Contains(shown, text) {
				missing = text
			}
		}
		if missing == "" {
			return nil
		}
		select {
		case <-changed:
		case err := <-ended:
			return fmt.Errorf("the program ended (%w) before its screen showed %q:\n%s", err, missing, screen.String())
		case <-ctx.Done():
			return fmt.Errorf("the screen did not show %q: %w\n%s", missing, ctx.Err(), screen.String())
		}
	}
}

// notify writes to the screen and signals each change.
type notify struct {
	screen  io.Writer
	changed chan<- struct{}
	rest    []byte // the beginning of a character that is not complete yet
}

// Write passes on whole characters only: the screen would report half of one as a short write.
func (n *notify) Write(b []byte) (int, error) {
	n.rest = append(n.rest, b...)
	whole := len(n.rest)
	for back := 1; back < utf8.UTFMax && back <= len(n.rest); back++ {
		if tail := n.rest[len(n.rest)-back:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				whole -= back
			}
			break
		}
	}
	if _, err := n.screen.Write(n.rest[:whole]); err != nil {
		return 0, err
	}
	n.rest = append(n.rest[:0], n.rest[whole:]...)
	select {
	case n.changed <- struct{}{}:
	default:
	}
	return len(b), nil
}
