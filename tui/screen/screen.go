// Package screen holds the console's screens, one file each. A screen is a plain struct:
// Update handles a message and returns the next screen and an [Intent], Paint draws it.
// Screens do no I/O, start nothing and do not depend on Bubble Tea; package console acts
// on their intents.
package screen

import (
	"time"

	"github.com/charmbracelet/bubbles/key"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
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
	Paused    bool
	Keys      []key.Binding // of the dashboard, the most important first
	Notes     []string      // short notes for the footer, such as "still counting"
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

// Key is a key press and its time. Name is Bubble Tea's name for it: "enter", "up", "f".
// Text is the text it enters, "" for none.
type Key struct {
	Name string
	Text string
	At   time.Time
}

// Screen is a dialog over the dashboard.
type Screen interface {
	Update(msg any) (Screen, Intent)
	// Paint draws the dialog within a, the whole frame.
	Paint(a widget.Area, v *View)
}

// fullFrame is a screen that replaces the dashboard, rather than a dialog over it.
type fullFrame interface{ fillsFrame() }

// Intent is an action that a screen requests of the console; nil is none.
type Intent interface{ intent() }

// The intents.
type (
	// Close takes the screen off the stack.
	Close struct{}
	// Choose makes a table the chosen one and closes the screen.
	Choose struct{ DB, Table string }
	// CheckFailover asks Target for a dry run. The screen receives [FailoverChecked].
	CheckFailover struct{ Target string }
	// StartFailover promotes Target, with Force although checks fail. The screen stays open and
	// receives [FailoverEnded].
	StartFailover struct {
		Target string
		Force  bool
	}
	// RunAction runs the action with that key and closes the screen.
	RunAction struct{ Key string }
	// CheckSecurity runs the security check again.
	CheckSecurity struct{}
	// RunQuery runs a statement, or requests its plan. The screen receives [QueryEnded].
	RunQuery struct {
		SQL     string
		Explain bool
	}
	// CancelQuery cancels the running statement. Its [QueryEnded] still arrives.
	CancelQuery struct{}
	// ShowHelp shows the keys of the screen.
	ShowHelp struct{}
	// PickTable opens the list of tables; statements run in the chosen one's database.
	PickTable struct{}
)

func (Close) intent()         {}
func (Choose) intent()        {}
func (CheckFailover) intent() {}
func (StartFailover) intent() {}
func (RunAction) intent()     {}
func (CheckSecurity) intent() {}
func (RunQuery) intent()      {}
func (CancelQuery) intent()   {}
func (ShowHelp) intent()      {}
func (PickTable) intent()     {}

// The messages besides [Key].
type (
	// SecurityEnded carries a security check's answer or error.
	SecurityEnded struct {
		At     time.Time
		Answer *api.SecurityCheckResponse
		Err    error
	}
	// FailoverChecked carries the answer to a dry run by Target, or its error.
	FailoverChecked struct {
		At     time.Time
		Target string
		Answer *api.FailoverResponse
		Err    error
	}
	// FailoverEnded carries a failover's answer or error.
	FailoverEnded struct {
		At     time.Time
		Answer *api.FailoverResponse
		Err    error
	}
	// QueryEnded carries the outcome of a statement.
	QueryEnded struct {
		At     time.Time
		Result *Result
	}
	// Resized carries the frame's new size.
	Resized struct{ Width, Height int }
	// Pasted carries pasted text.
	Pasted struct{ Text string }
	// HistoryLoaded carries the statements of earlier sessions, the oldest first.
	HistoryLoaded struct{ Statements []string }
)

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

// Render draws the dashboard, or the screen that replaces it, with the top dialog over
// it: exactly height lines of exactly width cells.
func Render(t *theme.Theme, width, height int, v *View, d *Dashboard, stack ...Screen) string {
	c := widget.NewCanvas(width, height)
	base, ground := -1, d.Paint
	for i, s := range stack {
		if _, ok := s.(fullFrame); ok {
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

// paragraph draws a wrapped text starting at row y and returns the row after it.
func paragraph(a widget.Area, x, y int, role theme.Role, s string, limit int) int {
	for _, line := range wrap(s, a.W-x, limit) {
		a.Text(x, y, role, line)
		y++
	}
	return y
}
