package terminal

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/term"
)

// Options configure [Run].
type Options struct {
	In  io.Reader // nil for standard input
	Out io.Writer // nil for standard output

	// Getenv looks variables up; nil for the process's environment.
	Getenv func(string) string
	// AskBackground asks the terminal for its background colour. Nothing waits for the answer.
	AskBackground bool
	// Traffic is called after each write, with what has been written so far; nil for nobody. It
	// must not block.
	Traffic func(Traffic)
}

// ErrInterrupted is the error of [Run] if ctx ended it.
var ErrInterrupted = errors.New("interrupted")

// session is one run of a program on a terminal.
type session struct {
	getenv  func(string) string
	in      *os.File // nil if the input is no file
	cooked  *term.State
	out     io.Writer
	painter *Painter
	frames  *frames
	input   *input // nil if Bubble Tea reads the keys
	program *tea.Program
	hold    *interrupts

	signals   chan os.Signal
	continued chan struct{}
	stopping  atomic.Bool
	quit      chan struct{}
	work      sync.WaitGroup // what uses the terminal and ends with the program

	titled bool // the window's title was changed

	ask      bool
	asked    atomic.Int64 // when, in Unix nanoseconds; 0 before and after the answer
	answered chan struct{}
}

// Run runs a program on the terminal until the model quits, the terminal goes away or ctx ends,
// and leaves the terminal as it was. The model receives [keymap.Key], [keymap.Typed] and
// [keymap.Paste] instead of tea.KeyMsg, and the messages of this package.
func Run(ctx context.Context, model tea.Model, o Options) error {
	s := newSession(ctx, o)
	s.paint(o)
	program := []tea.ProgramOption{tea.WithContext(ctx), tea.WithoutSignalHandler()}
	switch {
	case ownsTerminal:
		// Bubble Tea neither paints nor reads: it gets an input that is at its end, since it cannot
		// resume with none.
		program = append(program, tea.WithoutRenderer(), tea.WithInput(atEnd{}))
	case o.In != nil:
		program = append(program, tea.WithAltScreen(), tea.WithOutput(s.out), tea.WithInput(o.In))
	default:
		program = append(program, tea.WithAltScreen(), tea.WithOutput(s.out))
	}
	s.program = tea.NewProgram(&host{model: model, session: s}, program...)
	defer s.leave()
	if err := s.enter(o); err != nil {
		return err
	}
	_, err := s.program.Run()
	switch {
	case ctx.Err() != nil:
		return ErrInterrupted
	case err != nil:
		return err
	}
	return nil
}

func newSession(ctx context.Context, o Options) *session {
	s := &session{
		getenv: o.Getenv, out: o.Out, ask: o.AskBackground, hold: interruptsOf(ctx),
		signals: make(chan os.Signal, 8), continued: make(chan struct{}, 1), quit: make(chan struct{}),
		answered: make(chan struct{}, 1),
	}
	if s.getenv == nil {
		s.getenv = os.Getenv
	}
	if s.out == nil {
		s.out = os.Stdout
	}
	return s
}

// paint makes the painter.
func (s *session) paint(o Options) {
	width, height := 0, 0
	if f, ok := s.out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if w, h, err := term.GetSize(int(f.Fd())); err == nil {
			width, height = w, h
		}
	}
	s.painter = NewPainter(s.out, width, height, []string{"TERM=" + s.getenv("TERM")})
	s.painter.report = o.Traffic
	s.frames = newFrames(s.painter)
}

// atEnd is an input that ends at once.
type atEnd struct{}

// Read returns io.EOF.
func (atEnd) Read([]byte) (int, error) { return 0, io.EOF }

// enter takes the terminal over.
func (s *session) enter(o Options) error {
	if !ownsTerminal {
		s.work.Go(s.listen)
		return nil
	}
	go s.frames.run(s.quit)
	from := o.In
	if from == nil {
		from = os.Stdin
	}
	more := func() bool { return false }
	if f, ok := from.(*os.File); ok {
		s.in, more = f, pending(f)
	}
	s.input = newInput(from, more, s.deliver)
	if err := s.resume(); err != nil {
		return err
	}
	s.work.Go(s.listen)
	s.frames.take() // in raw mode, so that what is typed in answer to it is not echoed
	s.work.Go(s.sendSize)
	return nil
}

// resume puts the terminal into raw mode and reads it.
func (s *session) resume() error {
	if s.input == nil {
		return nil
	}
	if s.in != nil && term.IsTerminal(int(s.in.Fd())) {
		state, err := term.MakeRaw(int(s.in.Fd()))
		if err != nil {
			return err
		}
		s.cooked = state
	}
	return s.input.start()
}

// release stops reading and restores the terminal's mode.
func (s *session) release() error {
	if s.input == nil {
		return nil
	}
	s.input.stop()
	if s.cooked == nil {
		return nil
	}
	state := s.cooked
	s.cooked = nil
	return term.Restore(int(s.in.Fd()), state)
}

// leave gives the terminal back for good.
func (s *session) leave() {
	s.awaitAnswer()
	if s.titled && s.painter != nil {
		_ = s.painter.Pass(restoreTitle) // the terminal may be gone
	}
	s.frames.give()
	s.release() //nolint:errcheck // the terminal is gone, or as it should be
	close(s.quit)
	if s.input != nil {
		s.input.close()
	}
	s.work.Wait()
}

// sendSize tells the program how large the terminal is, if it is one.
func (s *session) sendSize() {
	f, ok := s.out.(*os.File)
	if !ok {
		return
	}
	if w, h, err := term.GetSize(int(f.Fd())); err == nil {
		s.program.Send(tea.WindowSizeMsg{Width: w, Height: h})
	}
}

// deliver hands a message to the program.
func (s *session) deliver(msg any) {
	if _, ok := msg.(Background); ok {
		s.asked.Store(0)
		select {
		case s.answered <- struct{}{}:
		default:
		}
	}
	s.program.Send(msg)
}

// The bounds of the wait for an answer at the end of the program.
const (
	answerOverdue = time.Second
	answerWait    = 150 * time.Millisecond
)

// question asks for the background colour; see xterm's ctlseqs, OSC 11.
const question = "\x1b]11;?\x1b\\"

// askBackground asks, unless the terminal is known to print the question.
func (s *session) askBackground() tea.Msg {
	if t := s.getenv("TERM"); !s.ask || s.in == nil || t == "" || t == "linux" || t == "dumb" {
		return nil
	}
	s.asked.Store(time.Now().UnixNano())
	s.painter.Pass(question) //nolint:errcheck // whoever cannot write cannot be told
	return nil
}

// awaitAnswer waits a little for an answer that is on its way, since the shell would take it
// for something typed. A terminal that has not answered for a second is not going to.
func (s *session) awaitAnswer() {
	asked := s.asked.Load()
	if asked == 0 || time.Since(time.Unix(0, asked)) > answerOverdue {
		return
	}
	select {
	case <-s.answered:
	case <-time.After(answerWait):
	}
}
