package screen

import (
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// View is the data that screens may show. The console makes one for each frame.
type View struct {
	Now       time.Time
	State     cluster.State
	DB, Table string // the chosen table; empty if there is none
	Count     Count
	Events    []cluster.Event // the oldest first
	Earlier   []cluster.Event // of earlier sessions, the oldest first
	Paused    bool
	Interval  time.Duration    // between two polls
	HasDrills bool             // drills can be run
	Actions   []Action         // of the embedding program, such as the demo
	Keys      []keymap.Command // of the screen that has the focus, the most important first
	Bindings  keymap.Bindings  // keys that the user has chosen
	Profile   Profile
	Busy      string   // a mark that moves while something runs
	HasLogs   bool     // whether the logs of the workers can be read, as in a demo
	EventFile string   // where events are saved; "" if they are not
	Replay    *Replay  // the recording that is shown instead of a cluster, nil for none
	Notes     []string // short notes for the footer, such as "still counting"
	Tour      *TourBar // nil if there is no guided tour
	Presenter *Presenter
}

// local is a time in the zone of the clock that the console shows.
func (v *View) local(t time.Time) time.Time { return t.In(v.Now.Location()) }

// Profile is the cluster's profile as the user has configured it.
type Profile struct {
	Name     string // "" for none
	Colour   string // one of [Colours], or ""
	ReadOnly bool   // nothing can be changed
	// Production asks for the name to be typed before anything is changed.
	Production bool
}

// Colours are those that a profile can have.
func Colours() []string { return []string{"red", "yellow", "green", "blue", "grey"} }

// CommandsOf lists what a screen can do now, with the keys that the user has chosen.
func CommandsOf(s Screen, v *View) []keymap.Command {
	own := v.Bindings.Apply(s.Commands(v))
	if v.Replay != nil {
		return inReplay(s, own, v.Bindings)
	}
	return own
}

// Action is a key that the embedding program adds to the dashboard.
type Action struct {
	Key, Label, Help string
	Urgent           bool // belongs at the front of the footer now
}

// Count is the latest MapReduce count and its table.
type Count struct {
	DB, Table string
	Running   bool
	From      time.Time // when the running count began
	Answer    *api.MapReduceCountResponse
	At        time.Time // when Answer arrived
	Err       error     // why there is no newer Answer
}

// Screen is the dashboard, or what is shown over it. Only the console's event loop calls its
// methods, one at a time.
type Screen interface {
	// Commands lists what the user can do now, those for the footer first and in its order.
	// They apply to the screen as it is, until its next method is called.
	Commands(v *View) []keymap.Command
	// Update handles a message other than a key.
	Update(msg any) Intent
	// Paint draws the screen within a, the whole frame.
	Paint(a widget.Area, v *View)
}

// fullFrame is a screen that replaces the dashboard, rather than a dialog over it.
type fullFrame interface{ fillsFrame() }

// writable is a screen with a place to write.
type writable interface {
	// Insert handles a character.
	Insert(text string) Intent
	// Writing reports whether the place to write has the focus, so that letters are text.
	Writing() bool
}

// guarded is a screen that ignores keys meant for what was shown before.
type guarded interface{ absorbs(at time.Time) bool }

// Press passes a key to a screen, which runs the command that it lists for it, or enters its
// character. handled is false if the screen has no use for the key.
func Press(s Screen, v *View, k keymap.Key) (in Intent, handled bool) {
	if c := keymap.Find(CommandsOf(s, v), k.Name); c != nil {
		if g, ok := s.(guarded); ok && k.Name != "esc" && g.absorbs(k.At) {
			return nil, true
		}
		return c.Run(), true
	}
	if w, ok := s.(writable); ok && w.Writing() && k.Text != "" {
		return w.Insert(k.Text), true
	}
	return nil, false
}

// Writing reports whether letters are text on a screen.
func Writing(s Screen) bool {
	w, ok := s.(writable)
	return ok && w.Writing()
}

// typist is a writable screen for which text that arrived at once is not the same as a paste.
type typist interface{ Typed(t keymap.Typed) Intent }

// pasteable is a writable screen that takes pasted text as it is, with its lines and tabs.
type pasteable interface{ Pasted(text string) Intent }

// Type passes several characters that arrived at once to a screen where letters are text.
func Type(s Screen, t keymap.Typed) Intent {
	if w, ok := s.(typist); ok {
		return w.Typed(t)
	}
	return Paste(s, t.Text)
}

// Paste passes pasted text to a screen, which takes it as text or not at all.
func Paste(s Screen, text string) Intent {
	if w, ok := s.(writable); ok && w.Writing() {
		if p, ok := s.(pasteable); ok {
			return p.Pasted(text)
		}
		return w.Insert(inOneLine(text))
	}
	return keymap.Say{Text: "pasted text is ignored here"}
}

// inOneLine makes text fit into a line.
func inOneLine(text string) string { return oneLine.Replace(strings.TrimRight(text, "\r\n")) }

var oneLine = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ")

// The pause between key presses after which a dialog accepts them. A short one is enough
// for a dialog that opens with Cancel focused. A result that appears while Enter is held
// down must outlast the delay before the key repeats, by default up to 660 ms.
const (
	quietOpening = 400 * time.Millisecond
	quietResult  = 800 * time.Millisecond
)

// guard absorbs key presses meant for what was shown before.
type guard struct {
	quiet time.Duration
	until time.Time
}

// newGuard absorbs key presses from at on until a pause of length quiet.
func newGuard(at time.Time, quiet time.Duration) guard {
	return guard{quiet: quiet, until: at.Add(quiet)}
}

// absorbs reports whether to ignore the press. Each ignored press prolongs the wait, so
// that a key held down is ignored until it is released.
func (g *guard) absorbs(at time.Time) bool {
	if !at.Before(g.until) {
		return false
	}
	g.until = at.Add(g.quiet)
	return true
}

// Render draws the screens of a stack, the dashboard first: the last one that fills the frame
// with the top one over it. The result is exactly height lines of exactly width cells. v.Keys
// are set to the commands of the top screen.
func Render(t *theme.Theme, width, height int, v *View, stack ...Screen) string {
	c := widget.NewCanvas(width, height)
	v.Keys = CommandsOf(stack[len(stack)-1], v)
	if v.Tour != nil {
		paintWithTour(c, width, height, v, stack)
	} else {
		paintStack(c, width, height, v, stack)
	}
	if v.Presenter != nil {
		c.Replace(private, hidden)
		paintPressed(c, v.Presenter.Pressed)
	}
	return c.Render(t)
}

// baseOf is the index of the last screen that fills the frame.
func baseOf(stack []Screen) (base int) {
	for i, s := range stack {
		if _, ok := s.(fullFrame); ok {
			base = i
		}
	}
	return base
}

// paintStack draws the last screen that fills the frame with the top one over it.
func paintStack(c *widget.Canvas, width, height int, v *View, stack []Screen) {
	top, base := len(stack)-1, baseOf(stack)
	stack[base].Paint(c.Area(), v)
	if top > base {
		c.Fade(theme.Dim, height-1)
		area := c.Area()
		if height > smallHeight { // the last row has the keys and the notes
			area = area.Sub(0, 0, width, height-1)
		}
		stack[top].Paint(area, v)
	}
}

// stateRole returns the role of a shard's state.
func stateRole(st api.ShardState) theme.Role {
	switch st {
	case api.ShardUp:
		return theme.Good
	case api.ShardSlow:
		return theme.Warn
	case api.ShardUnknown:
		return theme.Muted
	}
	return theme.Bad
}

// okMark returns the symbol and role of a check's outcome.
func okMark(ok bool) (symbol string, role theme.Role) {
	if ok {
		return "✓", theme.Good
	}
	return "✗", theme.Bad
}

// wrap breaks a text at spaces into at most limit lines of at most width cells.
func wrap(s string, width, limit int) []string {
	s = widget.Clean(s)
	var lines []string
	for s != "" && len(lines) < limit && width > 0 {
		if widget.Width(s) <= width {
			return append(lines, s)
		}
		if len(lines) == limit-1 {
			return append(lines, widget.Fit(s, width))
		}
		cut, used, last := 0, 0, 0
		for i, r := range s {
			if r == ' ' {
				last = i
			}
			if used += widget.RuneWidth(r); used > width {
				break
			}
			cut = i + len(string(r))
		}
		if last > 0 {
			cut = last
		}
		if cut == 0 {
			return lines
		}
		lines = append(lines, s[:cut])
		for cut < len(s) && s[cut] == ' ' {
			cut++
		}
		s = s[cut:]
	}
	return lines
}

// wrapLines is wrap for a text with lines of its own.
func wrapLines(s string, width, limit int) []string {
	var all []string
	for line := range strings.Lines(s) {
		if len(all) >= limit {
			break
		}
		part := wrap(strings.TrimRight(line, "\r\n"), width, limit-len(all))
		if len(part) == 0 {
			part = []string{""}
		}
		all = append(all, part...)
	}
	return all
}

// paragraph draws a wrapped text starting at row y and returns the row after it.
func paragraph(a widget.Area, x, y int, role theme.Role, s string, limit int) int {
	for _, line := range wrap(s, a.W-x, limit) {
		a.Text(x, y, role, line)
		y++
	}
	return y
}
