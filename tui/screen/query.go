package screen

import (
	"slices"
	"strings"
	"time"

	"shardeck/tui/answer"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// historyKept bounds the statements that can be called back.
const historyKept = 200

// Query is the screen on which statements are written and run: an editor, the route
// of the last one, and its rows or its plan. It fills the frame, and stays what it
// is while another screen is shown.
type Query struct {
	editor  widget.Editor
	touched bool // the text is the user's
	onGrid  bool // the result has the keys, not the editor

	history []string // the oldest first
	place   int      // in the history; its length stands for the draft
	draft   string   // what was written before the history was walked

	running  bool
	ending   bool // it was asked to end
	explains bool // what runs is to give a plan
	began    time.Time

	rows     *Result // of the latest statement that ran
	plan     *Result // of the latest one that was explained
	showPlan bool
	at       scrolled
	fault    fault

	width, height int // of the frame, for paging
}

// scrolled is how far the result is scrolled.
type scrolled struct {
	row, column int
	planRow     int
}

// fault is where a statement is wrong, as long as its text stays.
type fault struct {
	text string
	at   int
	set  bool
}

// NewQuery returns the screen with these statements to call back, the oldest first;
// the last of them is in the editor.
func NewQuery(statements []string) *Query {
	q := &Query{history: slices.Clone(statements)}
	if n := len(statements); n > 0 {
		q.editor = widget.NewEditor(statements[n-1]).AtStart()
		q.place = n - 1
	}
	return q
}

// Suggest puts a statement into an editor that nobody has written in.
func (q *Query) Suggest(statement string) *Query {
	if q.touched || q.editor.Text() != "" {
		return q
	}
	next := *q
	next.editor = widget.NewEditor(statement).AtStart()
	return &next
}

// Text is the statement that is written.
func (q *Query) Text() string { return q.editor.Text() }

// Running says whether a statement is under way that nobody has asked to end.
func (q *Query) Running() bool { return q.running && !q.ending }

func (q *Query) fillsFrame() {}

// Update takes keys, pasted text and what became of statements.
func (q *Query) Update(msg any) (Screen, Intent) {
	next := *q
	switch m := msg.(type) {
	case Resized:
		next.width, next.height = m.Width, m.Height
		next.scroll(0, 0)
	case QueryEnded:
		next.ended(m.Result)
	case Recalled:
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
	q.running, q.ending = false, false
	if r == nil {
		return // given up before it was sent
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

// key takes a key: those that work everywhere first, then those of what has the focus.
func (q *Query) key(k Key) (Screen, Intent) {
	if q.running && (k.Name == "esc" || k.Name == "ctrl+c") {
		if q.ending {
			return q, nil
		}
		q.ending = true
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

// edit takes an editor with other text or another cursor.
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

// page is how many rows of the result are seen at a time, but one.
func (q *Query) page() int { return max(q.visible()-1, 1) }

// planLines are the lines of a plan as they are drawn.
func (q *Query) planLines(r *Result) []answer.Line { return wrapPlan(r.Plan, q.width-4) }

// visible is how many rows of the result are seen at a time.
func (q *Query) visible() int {
	h := layoutQuery(q.width, q.height).result.h - 2
	if q.showPlan {
		return max(h, 1)
	}
	return max(h-headRows(h), 1)
}

// scroll moves what is shown, as far as there is something.
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

// opened is an editor of a text: with the cursor at its end as long as that leaves
// the beginning in sight.
func (q *Query) opened(text string) widget.Editor {
	e := widget.NewEditor(text)
	if l := layoutQuery(q.width, q.height); !e.Fits(l.editor.w-3, l.editor.h-2) {
		return e.AtStart()
	}
	return e
}

// run sends what is written.
func (q *Query) run(at time.Time, explain bool) (Screen, Intent) {
	text := q.editor.Text()
	if q.running || strings.TrimSpace(text) == "" {
		return q, nil
	}
	q.running, q.ending, q.explains, q.began = true, false, explain, at
	if !explain {
		q.remember(text)
	}
	return q, RunQuery{SQL: text, Explain: explain}
}

// remember puts a statement at the end of the history, where it stands once.
func (q *Query) remember(text string) {
	if n := len(q.history); n == 0 || q.history[n-1] != text {
		if q.place < n && q.history[q.place] == text {
			return // it is looked at in its place; a walk through the history goes on from there
		}
		q.history = append(slices.Clip(q.history), text)
		if over := len(q.history) - historyKept; over > 0 {
			q.history = q.history[over:]
		}
	}
	q.place = len(q.history) - 1
}

// shownResult is what the lower pane shows, nil for nothing yet.
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
