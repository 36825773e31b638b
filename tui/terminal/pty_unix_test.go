//go:build unix

package terminal

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"shardeck/tui/keymap"
)

// recorder is a model that keeps the messages of the keyboard, and quits at F10.
type recorder struct {
	mu    sync.Mutex
	msgs  []any
	grown chan struct{}
	on    map[string]tea.Cmd // what a key asks for
}

func (r *recorder) Init() tea.Cmd { return nil }

func (r *recorder) View() string { return "ready\nsecond line" }

func (r *recorder) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case keymap.Key, keymap.Typed, keymap.Paste, PasteTooLong, Background, Resumed, CannotSuspend, Edited, Copied:
		r.mu.Lock()
		r.msgs = append(r.msgs, msg)
		r.mu.Unlock()
		select {
		case r.grown <- struct{}{}:
		default:
		}
		if k, ok := msg.(keymap.Key); ok {
			if k.Name == "f10" {
				return r, tea.Quit
			}
			return r, r.on[k.Name]
		}
	}
	return r, nil
}

// await waits until the messages satisfy a condition, and returns them.
func (r *recorder) await(t *testing.T, what string, ok func([]any) bool) []any {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		r.mu.Lock()
		msgs := append([]any(nil), r.msgs...)
		r.mu.Unlock()
		if ok(msgs) {
			return msgs
		}
		select {
		case <-r.grown:
		case <-timeout:
			t.Fatalf("%s did not arrive; what did is %.500q", what, fmt.Sprint(msgs))
		}
	}
}

// window is the other end of a pseudoterminal, whose output a test can wait for.
type window struct {
	*os.File
	mu    sync.Mutex
	out   bytes.Buffer
	grown chan struct{}
}

func newWindow(t *testing.T, f *os.File) *window {
	w := &window{File: f, grown: make(chan struct{}, 1)}
	done := make(chan struct{})
	t.Cleanup(func() { f.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, err := f.Read(buf)
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

// await waits until the output has the text n times.
func (w *window) await(t *testing.T, text string, n int) {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		w.mu.Lock()
		got := strings.Count(w.out.String(), text)
		all := w.out.String()
		w.mu.Unlock()
		if got >= n {
			return
		}
		select {
		case <-w.grown:
		case <-timeout:
			t.Fatalf("%q did not appear %d times in %.2000q", text, n, all)
		}
	}
}

func (w *window) send(t *testing.T, text string) {
	t.Helper()
	if _, err := w.WriteString(text); err != nil {
		t.Error(err)
	}
}

// onTerminal runs a recorder on a real pseudoterminal until the test's end.
func onTerminal(t *testing.T, o Options, on map[string]tea.Cmd) (*recorder, *window) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(slave, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	before, err := unix.IoctlGetTermios(int(slave.Fd()), getTermios)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{grown: make(chan struct{}, 1), on: on}
	w := newWindow(t, master)
	o.In, o.Out = slave, slave
	if o.Getenv == nil {
		o.Getenv = func(name string) string { return map[string]string{"TERM": "xterm-256color"}[name] }
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, r, o) }()
	t.Cleanup(func() {
		w.send(t, "\x1b[21~") // F10
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(30 * time.Second):
			t.Error("the program did not end")
		}
		cancel()
		after, err := unix.IoctlGetTermios(int(slave.Fd()), getTermios)
		if err != nil || *after != *before {
			t.Errorf("the terminal was left as %+v, not %+v (%v)", after, before, err)
		}
		slave.Close()
	})
	w.await(t, "second line", 1)
	return r, w
}

// contents returns all text of the messages, as it was typed or pasted.
func contents(msgs []any) string {
	var s strings.Builder
	for _, m := range msgs {
		switch m := m.(type) {
		case keymap.Key:
			s.WriteString(m.Text)
		case keymap.Typed:
			s.WriteString(m.Text)
		case keymap.Paste:
			s.WriteString(m.Text)
		}
	}
	return s.String()
}

func TestTerminalDeliversKeys(t *testing.T) {
	r, w := onTerminal(t, Options{}, nil)
	var want []any
	for _, c := range []struct{ send, name, text string }{
		{"a", "a", "a"}, {"\x1b[15~", "f5", ""}, {"\x1b", "esc", ""}, {"\x03", "ctrl+c", ""}, {"\x1a", "ctrl+z", ""}, {"\r", "enter", ""}, {"é", "é", "é"},
	} {
		want = append(want, keymap.Key{Name: c.name, Text: c.text})
		w.send(t, c.send)
		got := r.await(t, c.name, func(m []any) bool { return len(m) == len(want) })
		if diff := cmp.Diff(want, got, ignoreTime); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestTerminalLosesNoCharacterOfABurst(t *testing.T) {
	for name, text := range map[string]string{
		"400 characters":        strings.Repeat("日本語汉字한글漢あ", 45)[:400*3],
		"16 KiB of them":        strings.Repeat("語", 16<<10/3),
		"lines without marks":   strings.Repeat("SELECT 'é'\n\tFROM T\n", 1000),
		"one line without mark": strings.Repeat("0123456789", 3000),
	} {
		t.Run(name, func(t *testing.T) {
			r, w := onTerminal(t, Options{}, nil)
			w.send(t, strings.ReplaceAll(text, "\n", "\r"))
			got := r.await(t, "the text", func(m []any) bool { return len(contents(m)) >= len(text) })
			if contents(got) != text {
				t.Errorf("%d bytes arrived, not as they were sent", len(contents(got)))
			}
			for _, m := range got {
				if k, ok := m.(keymap.Key); ok && k.Text == "" {
					t.Errorf("a part acted as the key %s", k.Name)
				}
			}
		})
	}
}

func TestTerminalDeliversPasteAsOne(t *testing.T) {
	r, w := onTerminal(t, Options{}, nil)
	text := strings.Repeat("INSERT INTO T VALUES (1, 'été', '\x01\x1b[A');\n\t", 1<<20/45)
	w.send(t, pasteStart+strings.ReplaceAll(text, "\n", "\r")+pasteEnd)
	got := r.await(t, "the paste", func(m []any) bool { return len(m) > 0 })
	if diff := cmp.Diff([]any{keymap.Paste{Text: text}}, got); diff != "" {
		t.Errorf("%d messages: %.300s", len(got), diff)
	}
	w.send(t, pasteStart+strings.Repeat("x", MaxPaste+1)+pasteEnd)
	got = r.await(t, "the refusal", func(m []any) bool { return len(m) > 1 })
	if got[1] != any(PasteTooLong{Bytes: MaxPaste + 1, Limit: MaxPaste}) {
		t.Errorf("got a %T", got[1])
	}
}

func TestBackgroundIsAskedAndNotAwaited(t *testing.T) {
	r, w := onTerminal(t, Options{AskBackground: true}, nil)
	w.await(t, question, 1)
	w.send(t, "x")
	r.await(t, "a key before the answer", func(m []any) bool { return len(m) == 1 })
	w.send(t, "\x1b]11;rgb:ffff/ffff/ffff\x1b\\")
	got := r.await(t, "the answer", func(m []any) bool { return len(m) == 2 })
	if got[1] != any(Background{Dark: false}) {
		t.Errorf("got %v", got[1])
	}
}

func TestEditGivesTheTerminalAway(t *testing.T) {
	dir := t.TempDir()
	editor := dir + "/my editor"
	script := "#!/bin/sh\nstty -a | grep -q ' icanon' || exit 7\necho editing\nread line\nprintf '%s' \"$line\" > \"$2\"\n[ \"$1\" = --wait ]\n"
	if err := os.WriteFile(editor, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	getenv := func(name string) string {
		return map[string]string{"TERM": "xterm", "EDITOR": "'" + editor + "' --wait", "VISUAL": " "}[name]
	}
	file := dir + "/query.sql"
	r, w := onTerminal(t, Options{Getenv: getenv}, map[string]tea.Cmd{"e": Edit(file)})
	w.send(t, "e")
	w.await(t, "editing", 1)
	w.send(t, "for the editor\n")
	got := r.await(t, "the end of the editor", func(m []any) bool { return len(m) == 2 })
	if got[1] != any(Edited{Path: file}) {
		t.Fatalf("got %v", got[1])
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "for the editor" {
		t.Errorf("the editor read %q (%v)", b, err)
	}
	w.await(t, "\x1b[?1049h", 2)
	w.await(t, "second line", 2)
	w.send(t, "k")
	r.await(t, "a key afterwards", func(m []any) bool { return len(m) == 3 })
}

func TestCopyWritesOSC52(t *testing.T) {
	r, w := onTerminal(t, Options{}, map[string]tea.Cmd{"c": Copy("text"), "l": Copy(strings.Repeat("x", MaxCopy+1))})
	w.send(t, "c")
	w.await(t, "\x1b]52;c;dGV4dA==\x07", 1) // base64 of "text"
	r.await(t, "what was copied", func(m []any) bool {
		c, ok := m[len(m)-1].(Copied)
		return ok && c.Bytes == 4 && c.Err == nil && c.How != ""
	})
	w.send(t, "l")
	r.await(t, "the refusal", func(m []any) bool {
		c, ok := m[len(m)-1].(Copied)
		return ok && c.Err != nil
	})
}

// closable returns f as a file whose Close ends a Read of another goroutine. Close of a file in blocking
// mode only takes effect when that Read returns.
func closable(t *testing.T, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	f.Close()
	return os.NewFile(uintptr(fd), f.Name())
}

func TestProgramEndsWithItsTerminal(t *testing.T) {
	if hangupIgnored() {
		t.Skip("this process was started to ignore the end of a terminal, as by nohup")
	}
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	master = closable(t, master)
	w := newWindow(t, master)
	done := make(chan error, 1)
	go func() {
		done <- Run(t.Context(), &recorder{grown: make(chan struct{}, 1)}, Options{In: slave, Out: slave})
	}()
	w.await(t, "\x1b[?1049h", 1)
	master.Close()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("the program outlives its terminal")
	}
	slave.Close()
}

func TestSplitWords(t *testing.T) {
	for in, want := range map[string][]string{
		"vi": {"vi"}, " code  --wait ": {"code", "--wait"}, `'my editor' -x`: {"my editor", "-x"},
		`"a b"c`: {"a bc"}, `a\ b ''`: {"a b", ""}, `"a\"b"`: {`a"b`}, `'a\b'`: {`a\b`},
		"": nil, `"a`: nil, `a\`: nil, `''`: nil,
	} {
		got, err := splitWords(in, true)
		if diff := cmp.Diff(want, got); diff != "" || (err != nil) != (want == nil) {
			t.Errorf("%q: %v (%v)", in, got, err)
		}
	}
}
