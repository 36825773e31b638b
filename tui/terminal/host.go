package terminal

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/tui/keymap"
)

// host is the program's model, with what concerns the terminal handled.
type host struct {
	model   tea.Model
	session *session
	drawn   time.Time // when the last frame was drawn
	waiting bool      // for the time of the next one
}

// frameDue says that the next frame may be drawn.
type frameDue struct{}

// The requests of a model, which [Suspend], [Edit] and [Copy] make, and those of signals.
type (
	suspendRequest   struct{ alone bool } // alone is without the process group
	editRequest      struct{ path string }
	copyRequest      struct{ text string }
	continuedUnasked struct{}
)

// Suspend is a command that suspends the program until its shell continues it, which
// [Resumed] says. If it cannot be suspended, [CannotSuspend] says why.
func Suspend() tea.Msg { return suspendRequest{} }

// Edit returns a command that opens a file in the user's editor, and waits for its end, which
// [Edited] says. The editor is $VISUAL, else $EDITOR, else one that the system has.
func Edit(path string) tea.Cmd {
	return func() tea.Msg { return editRequest{path} }
}

// Copy returns a command that puts text onto the clipboard, also through tmux, screen and
// ssh. [Copied] says what was done.
func Copy(text string) tea.Cmd {
	return func() tea.Msg { return copyRequest{text} }
}

// Init asks the terminal what is asked, and starts the model.
func (h *host) Init() tea.Cmd { return tea.Batch(h.model.Init(), h.session.askBackground) }

// Update handles what concerns the terminal, hands on the rest, and draws what has changed.
func (h *host) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	defer func() {
		if r := recover(); r != nil {
			h.session.frames.give() // so that what Bubble Tea then reports can be read
			panic(r)
		}
	}()
	if _, ok := msg.(frameDue); ok {
		h.waiting = false
		h.draw()
		return h, nil
	}
	_, cmd := h.update(msg)
	return h, tea.Batch(cmd, h.drawSoon())
}

// drawSoon draws a frame, now or as soon as one may be drawn again. Messages that arrive until then
// share it.
func (h *host) drawSoon() tea.Cmd {
	if h.waiting || !ownsTerminal {
		return nil
	}
	since := time.Since(h.drawn)
	if since >= frameGap {
		h.draw()
		return nil
	}
	h.waiting = true
	return tea.Tick(frameGap-since, func(time.Time) tea.Msg { return frameDue{} })
}

func (h *host) draw() {
	h.drawn = time.Now()
	h.session.frames.show(h.model.View())
}

func (h *host) update(msg tea.Msg) (tea.Model, tea.Cmd) {
	s := h.session
	if msg == tea.ClearScreen() {
		s.frames.repaint()
		return h, nil
	}
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.painter.Resize(msg.Width, msg.Height)
		s.frames.repaint()
	case suspendRequest:
		ok, why := CanSuspend()
		if !ok {
			return h.pass(CannotSuspend{Why: why})
		}
		return h, s.away(func() error { s.stop(!msg.alone); return nil }, func(error) tea.Msg { return Resumed{} })
	case continuedUnasked:
		return h, s.away(func() error { return nil }, func(error) tea.Msg { return Resumed{} })
	case editRequest:
		return h, s.away(func() error { return s.edit(msg.path) }, func(err error) tea.Msg { return Edited{Path: msg.path, Err: err} })
	case signalRequest:
		h.session.send(msg.Signal)
		return h, nil
	case copyRequest:
		return h, func() tea.Msg { return s.copy(msg.text) }
	case inputEnded:
		if hangupIgnored() {
			return h, nil // it was started to go on without a terminal
		}
		return h, tea.Quit
	case tea.KeyMsg: // only where Bubble Tea reads the keys
		var cmds []tea.Cmd
		for _, m := range translate(msg) {
			_, cmd := h.pass(m)
			cmds = append(cmds, cmd)
		}
		return h, tea.Batch(cmds...)
	}
	return h.pass(msg)
}

func (h *host) pass(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	h.model, cmd = h.model.Update(msg)
	return h, cmd
}

// View is the model's where Bubble Tea paints. Elsewhere the session does.
func (h *host) View() string {
	if ownsTerminal {
		return ""
	}
	return h.model.View()
}

// translate turns a key of Bubble Tea into ours.
func translate(msg tea.KeyMsg) []any {
	switch {
	case msg.Paste:
		text := []byte(string(msg.Runes))
		return []any{pasteOf(text, len(text))}
	case msg.Type == tea.KeySpace && !msg.Alt:
		return []any{keymap.Key{Name: " ", Text: " ", At: time.Now()}}
	case msg.Type == tea.KeyRunes && !msg.Alt:
		return []any{typed(string(msg.Runes), time.Now())}
	}
	return []any{keymap.Key{Name: msg.String(), At: time.Now()}}
}
