//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// onPTY is a program on a pseudoterminal of its own, which answers no question.
type onPTY struct {
	cmd    *exec.Cmd
	window *os.File
	tty    *os.File // the program's side, open here too, so that nothing is lost when it exits
	out    *lines
	screen *display
	mode   *term.State // before the program
	ended  chan error
}

// display is what a terminal shows after a program's output. Its answers go nowhere.
type display struct {
	mu       sync.Mutex
	emulator *vt.Emulator
}

func newDisplay(t *testing.T) *display {
	d := &display{emulator: vt.NewEmulator(80, 24)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(io.Discard, d.emulator) //nolint:errcheck // it would wait until somebody takes its answers
	}()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the terminal shows:\n%s", d.text())
		}
		if c, ok := d.emulator.InputPipe().(io.Closer); ok {
			c.Close()
			<-done
		}
	})
	return d
}

func (d *display) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.emulator.Write(b)
}

func (d *display) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.emulator.String()
}

// noAnswers is an environment in which nothing but the terminal could be asked for colours.
func noAnswers() []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "CI", "TERM", "COLORFGBG", "NO_COLOR", "TMUX", "STY", "COLORTERM", "SHARDECK_MASTERS":
		default:
			env = append(env, v)
		}
	}
	return append(env, "TERM=xterm-256color")
}

// startOnPTY starts a program as a terminal emulator starts a shell.
func startOnPTY(t *testing.T, typeAhead string, command ...string) *onPTY {
	t.Helper()
	window, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	p := &onPTY{window: window, tty: tty, out: newLines(t), screen: newDisplay(t), ended: make(chan error, 1)}
	if p.mode, err = term.GetState(int(tty.Fd())); err != nil {
		t.Fatal(err)
	}
	p.send(t, typeAhead)
	p.cmd = exec.Command(command[0], command[1:]...)
	p.cmd.Env = noAnswers()
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = tty, tty, tty
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 4096)
		for {
			n, err := window.Read(buf)
			p.screen.Write(buf[:n]) //nolint:errcheck // into memory
			p.out.Write(buf[:n])    //nolint:errcheck // into memory, and wakes who waits
			if err != nil {
				return
			}
		}
	}()
	go func() { p.ended <- p.cmd.Wait() }()
	t.Cleanup(func() {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // it may have exited
		tty.Close()
		<-read
		window.Close()
	})
	return p
}

func (p *onPTY) send(t *testing.T, text string) {
	t.Helper()
	if _, err := p.window.WriteString(text); err != nil {
		t.Error(err)
	}
}

// awaitEnd waits until the program has exited, and returns its exit code.
func (p *onPTY) awaitEnd(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(20 * time.Second):
		t.Fatal("the program did not end")
		return -1
	}
}

// await waits until a condition holds, which output may have changed.
func (p *onPTY) await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	for !ok() {
		select {
		case <-p.out.changed:
		case <-deadline.C:
			t.Fatalf("%s: not in 20 s", what)
		}
	}
}

// awaitTimes waits until the program has written the text n times.
func (p *onPTY) awaitTimes(t *testing.T, text string, n int) {
	t.Helper()
	p.await(t, fmt.Sprintf("%q, %d times", text, n), func() bool { return strings.Count(p.out.all(), text) >= n })
}

// shows waits until the terminal shows the text.
func (p *onPTY) shows(t *testing.T, text string) {
	t.Helper()
	p.await(t, fmt.Sprintf("%q on the screen", text), func() bool { return strings.Contains(p.screen.text(), text) })
}

// quit is Ctrl-C twice.
const quit = "\x03\x03"

// help is a line of the console's help.
const help = "count the rows by MapReduce"

// nobody is the address of a master that refuses connections.
const nobody = "http://127.0.0.1:1"

// enters and leaves the alternate screen.
const (
	altScreen  = "\x1b[?1049h"
	mainScreen = "\x1b[?1049l"
)

// TestOnlyTheConsoleAsksTheTerminal runs the commands in a terminal that answers nothing: they
// must write no control sequence, and leave alone what was typed ahead for the shell.
func TestOnlyTheConsoleAsksTheTerminal(t *testing.T) {
	for _, args := range [][]string{{"--version"}, {"--help"}, {"status", "-m", nobody}, {"query", "-m", nobody, "SELECT 1"}, {"count", "--help"}, {"nonsense"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			p := startOnPTY(t, "typed ahead\n", append([]string{binary}, args...)...)
			p.awaitEnd(t)
			if left := readNow(t, p.tty); left != "typed ahead\n" {
				t.Errorf("of what was typed ahead %q is left", left)
			}
			if out := p.out.all(); strings.Contains(out, "\x1b") {
				t.Errorf("it wrote a control sequence: %q", out)
			}
		})
	}
}

// readNow reads what a terminal has, without waiting for more.
func readNow(t *testing.T, tty *os.File) string {
	t.Helper()
	fd := int(tty.Fd())
	if n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0); err != nil || n == 0 {
		return ""
	}
	b := make([]byte, 100)
	n, err := unix.Read(fd, b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestConsoleInTerminalThatAnswersNothing(t *testing.T) {
	p := startOnPTY(t, "", binary, "-m", nobody)
	p.awaitTimes(t, altScreen, 1)
	p.awaitTimes(t, "]11;?", 1) // it asks, and does not wait
	p.send(t, "?")
	p.shows(t, help)
	p.send(t, quit)
	if code := p.awaitEnd(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if out := p.out.all(); strings.Count(out, altScreen) != 1 || strings.Count(out, mainScreen) != 1 {
		t.Errorf("the screen was not restored: %q", out)
	}
	if after, err := term.GetState(int(p.tty.Fd())); err != nil || !reflect.DeepEqual(after, p.mode) {
		t.Errorf("the terminal's mode was not restored (%v)", err)
	}
}

// TestTextIsNeverAKey types, in one read each, what spells names of keys.
func TestTextIsNeverAKey(t *testing.T) {
	p := startOnPTY(t, "", binary, "-m", nobody)
	p.awaitTimes(t, altScreen, 1)
	p.send(t, "e")
	p.shows(t, "Write T-SQL above")
	for _, text := range []string{"f5", "esc", "ctrl+c", "end", "日本語"} {
		p.send(t, text)
		p.shows(t, text)
	}
	p.send(t, "\rtwo\rthree")
	p.shows(t, "three") // two lines were pasted, where Enter and Tab would have done other things
	p.send(t, quit)
	p.awaitEnd(t)
}

// A program started by a terminal emulator itself has nobody above it who could continue it.
func TestSuspendWithoutShellIsRefused(t *testing.T) {
	for name, command := range map[string][]string{
		"leader of its session": {binary, "-m", nobody},
		"orphaned group":        {"/bin/sh", "-c", "'" + binary + "' -m " + nobody + "; exit $?"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startOnPTY(t, "", command...)
			p.awaitTimes(t, altScreen, 1)
			p.send(t, "\x1a")
			p.shows(t, "cannot suspend")
			if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTSTP); err != nil {
				t.Fatal(err)
			}
			p.send(t, "?")
			p.shows(t, help)
			p.send(t, quit)
			p.awaitEnd(t)
		})
	}
}

func TestSuspendAndContinueUnderShell(t *testing.T) {
	for name, stop := range map[string]func(*testing.T, *onPTY){
		"Ctrl-Z": func(t *testing.T, p *onPTY) { p.send(t, "\x1a") },
		"kill -TSTP": func(t *testing.T, p *onPTY) {
			foreground, err := unix.IoctlGetInt(int(p.window.Fd()), unix.TIOCGPGRP)
			if err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(foreground, syscall.SIGTSTP); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := startOnPTY(t, "", "/bin/sh", "-i")
			p.send(t, "PS1='prom''pt> '\n")
			p.awaitTimes(t, "prompt> ", 1)
			p.send(t, "'"+binary+"' -m "+nobody+"\n")
			p.awaitTimes(t, altScreen, 1)
			p.send(t, "?")
			p.shows(t, help)
			prompts := strings.Count(p.out.all(), "prompt> ")
			stop(t, p)
			p.awaitTimes(t, "prompt> ", prompts+1)
			p.awaitTimes(t, mainScreen, 1)
			p.send(t, "stty -a | grep -q ' echo ' && echo coo''ked\n")
			p.shows(t, "cooked")
			p.send(t, "fg\n")
			p.awaitTimes(t, altScreen, 2)
			p.shows(t, help) // painted again
			prompts = strings.Count(p.out.all(), "prompt> ")
			p.send(t, quit)
			p.awaitTimes(t, "prompt> ", prompts+1)
			p.send(t, "exit\n")
			p.awaitEnd(t)
		})
	}
}

func TestHangupIsHonouredUnlessIgnored(t *testing.T) {
	p := startOnPTY(t, "", binary, "-m", nobody)
	p.awaitTimes(t, altScreen, 1)
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.awaitEnd(t)
	p.awaitTimes(t, mainScreen, 1)

	p = startOnPTY(t, "", "/bin/sh", "-c", "trap '' HUP; exec '"+binary+"' -m "+nobody)
	p.awaitTimes(t, altScreen, 1)
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.send(t, "?")
	p.shows(t, help)
	p.send(t, quit)
	p.awaitEnd(t)
}
