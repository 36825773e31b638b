package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"

	tea "github.com/charmbracelet/bubbletea"
)

// excursion is a time in which the terminal is another's.
type excursion struct {
	session *session
	do      func() error
}

// away returns a command that gives the terminal back, calls do, and takes it over again.
// Reading ends at once: what is typed from now on is for whoever comes.
func (s *session) away(do func() error, then func(error) tea.Msg) tea.Cmd {
	if s.input != nil {
		s.input.stop()
	}
	return tea.Exec(excursion{s, do}, then)
}

// Run runs the excursion.
func (e excursion) Run() error {
	s := e.session
	if !ownsTerminal {
		return e.do() // Bubble Tea has given it back
	}
	s.frames.give()
	defer func() {
		s.frames.take()
		go s.sendSize()
	}()
	if err := s.release(); err != nil {
		return errors.Join(err, s.resume())
	}
	return errors.Join(e.do(), s.resume())
}

// SetStdin has no effect: an excursion has the terminal itself.
func (excursion) SetStdin(io.Reader) {}

// SetStdout has no effect.
func (excursion) SetStdout(io.Writer) {}

// SetStderr has no effect.
func (excursion) SetStderr(io.Writer) {}

// edit runs the user's editor on a file.
func (s *session) edit(path string) error {
	words, err := s.editor()
	if err != nil {
		return err
	}
	cmd := exec.Command(words[0], append(words[1:], path)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, s.out, os.Stderr
	if s.in != nil {
		cmd.Stdin = s.in
	}
	// Ctrl-C in an editor that has not changed the terminal's mode goes to this program too.
	s.hold.held.Store(true)
	defer s.hold.held.Store(false)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the editor %s: %w", words[0], err)
	}
	return nil
}

// editor returns the command of the user's editor.
func (s *session) editor() ([]string, error) {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		value := s.getenv(name)
		if strings.TrimSpace(value) == "" {
			continue
		}
		words, err := splitWords(value, runtime.GOOS != "windows")
		if err != nil {
			return nil, fmt.Errorf("$%s: %w", name, err)
		}
		return words, nil
	}
	for _, e := range editors {
		if path, err := exec.LookPath(e); err == nil {
			return []string{path}, nil
		}
	}
	return nil, errors.New("there is no editor: set $VISUAL or $EDITOR to one")
}

// splitWords splits a command as a shell does: at blanks, which quotes and, where paths have
// none of them, backslashes protect. Nothing is expanded.
func splitWords(s string, backslash bool) ([]string, error) {
	var words []string
	var word strings.Builder
	in, quote, escaped := false, rune(0), false
	for _, r := range s {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && backslash && quote != '\'':
			escaped, in = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, in = r, true
		case r == ' ' || r == '\t' || r == '\n':
			if in {
				words = append(words, word.String())
				word.Reset()
				in = false
			}
		default:
			word.WriteRune(r)
			in = true
		}
	}
	switch {
	case quote != 0:
		return nil, fmt.Errorf("a %c is not closed in %q", quote, s)
	case escaped:
		return nil, fmt.Errorf("%q ends with a backslash", s)
	}
	if in {
		words = append(words, word.String())
	}
	if len(words) == 0 || words[0] == "" {
		return nil, fmt.Errorf("%q names no program", s)
	}
	return words, nil
}

// interrupts says whether Ctrl-C is held back, while an editor has the terminal.
type interrupts struct{ held atomic.Bool }

type interruptsKey struct{}

func interruptsOf(ctx context.Context) *interrupts {
	if i, ok := ctx.Value(interruptsKey{}).(*interrupts); ok {
		return i
	}
	return &interrupts{}
}

// NotifyContext is like [signal.NotifyContext], with two differences that matter to a
// program on a terminal: a signal that was ignored when the program started, as by nohup,
// stays ignored, and an interrupt while [Edit] runs is meant for the editor.
func NotifyContext(parent context.Context, signals ...os.Signal) (context.Context, context.CancelFunc) {
	hold := &interrupts{}
	ctx, cancel := context.WithCancel(context.WithValue(parent, interruptsKey{}, hold))
	ch := make(chan os.Signal, 4)
	for _, s := range signals {
		if !signal.Ignored(s) {
			signal.Notify(ch, s)
		}
	}
	go func() {
		defer signal.Stop(ch)
		for {
			select {
			case sig := <-ch:
				if sig != syscall.SIGINT || !hold.held.Load() {
					cancel()
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, cancel
}
