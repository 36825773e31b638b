package screen

import (
	"slices"
	"strings"
	"time"

	"shardeck/tui/answer"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// historyKept bounds the statements that can be recalled.
const historyKept = 200

// Query is the screen for writing and running statements: an editor, the route of the
// last statement, and its rows or plan. It fills the frame, and keeps its state while
// another screen is shown.
type Query struct {
	editor  widget.Editor
	touched bool // the user has edited the text
	onGrid  bool // the result has the focus, not the editor

	history []string // the oldest first
	place   int      // index in the history; its length stands for the draft
	draft   string   // the text before the history was browsed

	running    bool
	cancelling bool // cancellation was requested
	explains   bool // the running request is for a plan
	began      time.Time

	rows     *Result // of the latest statement that ran
	plan     *Result // of the latest statement that was explained
	showPlan bool
	at       scrolled
	fault    fault

	width, height int // of the frame, for paging
}

// scrolled is the scroll position of the result.
type scrolled struct {
	row, column int
	planRow     int
}

// fault is the position of an error in a statement, valid while its text is unchanged.
type fault struct {
	text string
	at   int
	set  bool
}

// NewQuery returns the screen with these statements as its history, the oldest first;
// the last is in the editor.
func NewQuery(statements []string) *Query {
	q := &Query{history: slices.Clone(statements)}
	if n := len(statements); n > 0 {
		q.editor = widget.NewEditor(statements[n-1]).AtStart()
		q.place = n - 1
	}
	return q
}

// Suggest puts a statement into the editor unless the user has edited it.
func (q *Query) Suggest(statement string) *Query {
	if q.touched || q.editor.Text() != "" {
		return q
	}
	next := *q
	next.editor = widget.NewEditor(statement).AtStart()
	return &next
}

// Text is the statement in the editor.
func (q *Query) Text() string { return q.editor.Text() }

// Running reports whether a statement is running and not being cancelled.
func (q *Query) Running() bool { return q.running && !q.cancelling }

func (q *Query) fillsFrame() {}

// Update handles keys, pasted text and results.
func (q *Query) Update(msg any) (Screen, Intent) {
	next := *q
	switch m := msg.(type) {
	case Resized:
		next.width, next.height = m.Width, m.Height
		next.scroll(0, 0)
	case QueryEnded:
		next.ended(m.Result)
	case HistoryLoaded:
		atDraft := q.place == len(q.history)
		next.history = slices.Concat(m.Statements, q.history)
		next.place = q.place + len(m.Statements)
		if atDraft {
			next.place = len(next.history)
		}
	case Pasted:
		if !q.onGrid {
			next.edit(q.editor.Insert(m.Text))
		}
	case Key:
		return next.key(m)
	}
	return &next, nil
}

func (q *Query) ended(r *Result) {
	q.running, q.cancelling = false, false
	if r == nil {
		return // abandoned before it was sent
	}
	q.fault = fault{}
	if r.fault >= 0 {
		q.fault = fault{text: r.SQL, at: r.fault, set: true}
	}
	if q.explains {
		q.plan, q.showPlan, q.at.planRow = r, true, 0
		return
	}
	q.rows, q.showPlan = r, false
	q.at.row, q.at.column = 0, 0
}

// key handles a key: those that work everywhere first, then those of the focused pane.
func (q *Query) key(k Key) (Screen, Intent) {
	if q.running && (k.Name == "esc" || k.Name == "ctrl+c") {
		if q.cancelling {
			return q, nil
		}
		q.cancelling = true
		return q, CancelQuery{}
	}
	switch k.Name {
	case "ctrl+r", "f5", "alt+enter":
		return q.run(k.At, false)
	case "ctrl+x", "f6":
		if q.showPlan && q.plan != nil && q.rows != nil && q.plan.SQL == q.editor.Text() {
			q.showPlan = false // back to the rows
			return q, nil
		}
		return q.run(k.At, true)
	case "ctrl+p", "ctrl+up":
		q.recall(q.place - 1)
	case "ctrl+n", "ctrl+down":
		q.recall(q.place + 1)
	case "ctrl+t":
		return q, PickTable{}
	case "tab", "shift+tab":
		q.onGrid = !q.onGrid
	case "f1":
		return q, ShowHelp{}
	case "esc":
		return q, Close{}
	case "pgup":
		q.scroll(-q.page(), 0)
	case "pgdown":
		q.scroll(q.page(), 0)
	default:
		if q.onGrid {
			return q.gridKey(k.Name)
		}
		if k.Text != "" {
			q.edit(q.editor.Insert(k.Text))
		} else if e, ok := q.editor.Key(k.Name); ok {
			q.edit(e)
		}
	}
	return q, nil
}

// edit replaces the editor by one with a changed text or cursor.
func (q *Query) edit(e widget.Editor) {
	if e.Text() != q.editor.Text() {
		q.touched = true
		q.place = len(q.history)
	}
	q.editor = e
}

func (q *Query) gridKey(name string) (Screen, Intent) {
	switch name {
	case "q":
		return q, Close{}
	case "?":
		return q, ShowHelp{}
	case "up", "k":
		q.scroll(-1, 0)
	case "down", "j":
		q.scroll(1, 0)
	case "left", "h", "shift+left":
		q.scroll(0, -1)
	case "right", "l", "shift+right":
		q.scroll(0, 1)
	case " ", "ctrl+f":
		q.scroll(q.page(), 0)
	case "b", "ctrl+b":
		q.scroll(-q.page(), 0)
	case "home", "g":
		q.at.row, q.at.column, q.at.planRow = 0, 0, 0
	case "end", "G":
		q.scroll(1<<30, 0)
	case "enter":
		q.onGrid = false
	}
	return q, nil
}

// page is the number of rows to scroll by: one less than are visible.
func (q *Query) page() int { return max(q.visible()-1, 1) }

// planLines are the lines of a plan as they are drawn.
func (q *Query) planLines(r *Result) []answer.Line { return wrapPlan(r.Plan, q.width-4) }

// visible is the number of visible rows of the result.
func (q *Query) visible() int {
	h := layoutQuery(q.width, q.height).result.h - 2
	if q.showPlan {
		return max(h, 1)
	}
	return max(h-headRows(h), 1)
}

// scroll moves the visible part of the result, within bounds.
func (q *Query) scroll(rows, columns int) {
	r := q.shownResult()
	switch {
	case r == nil:
	case q.showPlan:
		q.at.planRow = min(max(q.at.planRow+rows, 0), max(len(q.planLines(r))-q.visible(), 0))
	default:
		q.at.row = min(max(q.at.row+rows, 0), max(len(r.Rows)-q.visible(), 0))
		q.at.column = min(max(q.at.column+columns, 0), max(len(r.Columns)-1, 0))
	}
}

// recall puts a statement of the history, or the draft, into the editor.
func (q *Query) recall(place int) {
	if place < 0 || place > len(q.history) {
		return
	}
	if q.place == len(q.history) {
		q.draft = q.editor.Text()
	}
	text := q.draft
	if place < len(q.history) {
		text = q.history[place]
	}
	q.place, q.onGrid = place, false
	q.editor = q.opened(text)
}

// opened returns an editor with a text: the cursor is at its end if the beginning stays
// visible, else at the beginning.
func (q *Query) opened(text string) widget.Editor {
	e := widget.NewEditor(text)
	if l := layoutQuery(q.width, q.height); !e.Fits(l.editor.w-3, l.editor.h-2) {
		return e.AtStart()
	}
	return e
}

// run sends the statement in the editor.
func (q *Query) run(at time.Time, explain bool) (Screen, Intent) {
	text := q.editor.Text()
	if q.running || strings.TrimSpace(text) == "" {
		return q, nil
	}
	q.running, q.cancelling, q.explains, q.began = true, false, explain, at
	if !explain {
		q.remember(text)
	}
	return q, RunQuery{SQL: text, Explain: explain}
}

// remember appends a statement to the history, unless it repeats the last one.
func (q *Query) remember(text string) {
	if n := len(q.history); n == 0 || q.history[n-1] != text {
		if q.place < n && q.history[q.place] == text {
			return // it is the recalled entry, unchanged: browsing continues from there
		}
		q.history = append(slices.Clip(q.history), text)
		if over := len(q.history) - historyKept; over > 0 {
			q.history = q.history[over:]
		}
	}
	q.place = len(q.history) - 1
}

// shownResult is the result in the lower pane, nil if there is none yet.
func (q *Query) shownResult() *Result {
	if q.showPlan {
		return q.plan
	}
	return q.rows
}

// look is how the editor is drawn.
func (q *Query) look() widget.EditorLook {
	text := q.editor.Text()
	look := widget.EditorLook{Focused: !q.onGrid, Role: widget.SQLRoles(text), Fault: -1}
	if q.fault.set && q.fault.text == text {
		look.Fault = q.fault.at
	}
	if look.Role == nil {
		look.Role = func(int) theme.Role { return theme.Text }
	}
	return look
}
