package screen

import (
	"slices"
	"strings"
	"time"

	"shardeck/tui/answer"
	"shardeck/tui/keymap"
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
	endedAt    time.Time // when the last statement ended

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
func (q *Query) Suggest(statement string) {
	if !q.touched && q.editor.Text() == "" {
		q.editor = widget.NewEditor(statement).AtStart()
	}
}

// Text is the statement in the editor.
func (q *Query) Text() string { return q.editor.Text() }

// Running reports whether a statement is running and not being cancelled.
func (q *Query) Running() bool { return q.running && !q.cancelling }

func (q *Query) fillsFrame() {}

// Update handles results and sizes.
func (q *Query) Update(msg any) Intent {
	switch m := msg.(type) {
	case Resized:
		q.width, q.height = m.Width, m.Height
		q.scroll(0, 0)
	case QueryEnded:
		q.ended(m)
	case HistoryLoaded:
		atDraft := q.place == len(q.history)
		q.history = slices.Concat(m.Statements, q.history)
		q.place += len(m.Statements)
		if atDraft {
			q.place = len(q.history)
		}
	}
	return nil
}

func (q *Query) ended(m QueryEnded) {
	q.running, q.cancelling, q.endedAt = false, false, m.At
	r := m.Result
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

// Writing reports whether the editor has the focus.
func (q *Query) Writing() bool { return !q.onGrid }

// Insert inserts typed or pasted text into the editor.
func (q *Query) Insert(text string) Intent {
	q.edit(q.editor.Insert(text))
	return nil
}

// Stop cancels the running statement. handled is false if none runs and none has just ended,
// so that the key may do something else. A key that arrives just after the end was meant for the
// statement.
func (q *Query) Stop(now time.Time) (in Intent, handled bool) {
	switch {
	case q.cancelling:
		return keymap.Say{Text: "it is being cancelled"}, true
	case q.running:
		q.cancelling = true
		return CancelQuery{}, true
	case !q.endedAt.IsZero() && now.Sub(q.endedAt) < justEnded:
		return keymap.Say{Text: "already finished"}, true
	}
	return nil, false
}

// justEnded is how long keys that cancel a statement do nothing after it has ended.
const justEnded = time.Second

// edit replaces the editor by one with a changed text or cursor.
func (q *Query) edit(e widget.Editor) {
	if e.Text() != q.editor.Text() {
		q.touched = true
		q.place = len(q.history)
	}
	q.editor = e
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
func (q *Query) run(at time.Time, explain bool) Intent {
	text := q.editor.Text()
	switch {
	case q.running:
		return keymap.Say{Text: "a statement is running"}
	case strings.TrimSpace(text) == "":
		return keymap.Say{Text: "there is no statement to run"}
	}
	q.running, q.cancelling, q.explains, q.began = true, false, explain, at
	if !explain {
		q.remember(text)
	}
	return RunQuery{SQL: text, Explain: explain}
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
