// Package screen draws what the console shows, one file a screen. A screen is a
// plain struct: Update takes a message and returns the screen after it and an
// [Intent], Paint draws it. Screens do no I/O, start nothing and do not know
// Bubble Tea; package console acts on their intents.
package screen

import (
	"time"

	"github.com/charmbracelet/bubbles/key"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// View is what every screen may show. The console makes one for each frame.
type View struct {
	Now       time.Time
	State     cluster.State
	DB, Table string // the chosen table; empty while there is none
	Count     Count
	Events    []cluster.Event // the oldest first
	Paused    bool
	Keys      []key.Binding // of the dashboard, the most important first
	Notes     []string      // what else the footer tells, such as "still counting"
}

// Count is the latest MapReduce count and what it is of.
type Count struct {
	DB, Table string
	Running   bool
	From      time.Time // when the running one began
	Answer    *api.MapReduceCountResponse
	At        time.Time // when Answer came
	Err       error     // why there is no newer Answer
}

// Key is a key press with the time it came at. Name is as Bubble Tea names it:
// "enter", "up", "f". Text is what it types, "" for a key that types nothing.
type Key struct {
	Name string
	Text string
	At   time.Time
}

// Screen is a dialog over the dashboard.
type Screen interface {
	Update(msg any) (Screen, Intent)
	// Paint draws the dialog somewhere in a, which is the whole frame but its footer.
	Paint(a widget.Area, v *View)
}

// whole is a screen that takes the place of the dashboard, not a dialog over it.
type whole interface{ fillsFrame() }

// Intent is what a screen wants done; nil is nothing. A screen never does it itself.
type Intent interface{ intent() }

// The intents.
type (
	// Close takes the screen off the stack.
	Close struct{}
	// Choose makes a table the chosen one and closes the screen.
	Choose struct{ DB, Table string }
	// StartFailover promotes Target. The screen stays and is sent [FailoverEnded].
	StartFailover struct{ Target string }
	// RunAction runs the action with that key and closes the screen.
	RunAction struct{ Key string }
	// CheckSecurity runs the security check anew.
	CheckSecurity struct{}
	// RunQuery runs a statement, or asks for its plan. The screen is sent [QueryEnded].
	RunQuery struct {
		SQL     string
		Explain bool
	}
	// CancelQuery ends the statement under way. Its [QueryEnded] still comes.
	CancelQuery struct{}
	// ShowHelp shows the keys of the screen.
	ShowHelp struct{}
	// PickTable opens the list of tables; the chosen one's database is the statements'.
	PickTable struct{}
)

func (Close) intent()         {}
func (Choose) intent()        {}
func (StartFailover) intent() {}
func (RunAction) intent()     {}
func (CheckSecurity) intent() {}
func (RunQuery) intent()      {}
func (CancelQuery) intent()   {}
func (ShowHelp) intent()      {}
func (PickTable) intent()     {}

// The messages besides [Key].
type (
	// SecurityEnded brings a security check's answer, or why there is none.
	SecurityEnded struct {
		At     time.Time
		Answer *api.SecurityCheckResponse
		Err    error
	}
	// FailoverEnded brings a failover's answer, or why there is none.
	FailoverEnded struct {
		At     time.Time
		Answer *api.FailoverResponse
		Err    error
	}
	// QueryEnded brings what became of a statement.
	QueryEnded struct {
		At     time.Time
		Result *Result
	}
	// Resized tells of the frame's size.
	Resized struct{ Width, Height int }
	// Pasted brings a text that was pasted.
	Pasted struct{ Text string }
	// Recalled brings the statements of earlier sessions, the oldest first.
	Recalled struct{ Statements []string }
)

// The pause in the key presses after which a dialog takes them. A dialog that
// opens with Cancel focused can afford a short one. A result that appears under a
// finger on Enter must outlast the delay before a held key repeats, which
// keyboards set to as much as 660 ms by default.
const (
	quietOpening = 400 * time.Millisecond
	quietResult  = 800 * time.Millisecond
)

// guard absorbs the key presses that were meant for what was there before.
type guard struct {
	quiet time.Duration
	until time.Time
}

// newGuard absorbs from at on until there was a pause of quiet.
func newGuard(at time.Time, quiet time.Duration) guard {
	return guard{quiet: quiet, until: at.Add(quiet)}
}

// absorbs says whether the press is to be ignored. Each ignored one prolongs the
// wait, so that a key held down is ignored until it is let go.
func (g *guard) absorbs(at time.Time) bool {
	if !at.Before(g.until) {
		return false
	}
	g.until = at.Add(g.quiet)
	return true
}

// Render draws the dashboard, or the screen that takes its place, with the dialog on
// top over it: exactly height lines of exactly width cells.
func Render(t *theme.Theme, width, height int, v *View, d *Dashboard, stack ...Screen) string {
	c := widget.NewCanvas(width, height)
	base, ground := -1, d.Paint
	for i, s := range stack {
		if _, ok := s.(whole); ok {
			base, ground = i, s.Paint
		}
	}
	ground(c.Area(), v)
	if top := len(stack) - 1; top > base {
		c.Fade(theme.Dim)
		stack[top].Paint(c.Area(), v)
	}
	return c.Render(t)
}

// stateRole is the role of a shard's state.
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

// okMark is the symbol, word and role of a check's outcome.
func okMark(ok bool) (symbol string, role theme.Role) {
	if ok {
		return "✓", theme.Good
	}
	return "✗", theme.Bad
}

// wrap breaks a text at spaces into lines of at most width cells, at most limit of them.
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

// paragraph draws a wrapped text from row y on and returns the row after it.
func paragraph(a widget.Area, x, y int, role theme.Role, s string, limit int) int {
	for _, line := range wrap(s, a.W-x, limit) {
		a.Text(x, y, role, line)
		y++
	}
	return y
}
