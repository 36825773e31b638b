package screen

import (
	"fmt"
	"strings"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/complete"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// box is a rectangle of a frame.
type box struct{ x, y, w, h int }

func (b box) of(a widget.Area) widget.Area { return a.Sub(b.x, b.y, b.w, b.h) }

// queryLayout is the layout of the Query screen. A part without room is empty.
type queryLayout struct{ identity, alarm, editor, route, result, status, footer box }

// layoutQuery divides a frame: the editor with the route beside it, and the result below
// with the rest.
func layoutQuery(w, h int) queryLayout {
	var l queryLayout
	l.footer = box{0, h - 1, w, 1}
	l.status = box{0, h - 2, w, 1}
	top := 0
	if h >= smallHeight {
		l.identity = box{0, 0, w, 1}
		top = 1
	}
	if h >= tallHeight {
		l.alarm = box{0, 1, w, 1}
		top = 2
	}
	editor := min(max(h*3/8, 3), 14)
	l.editor = box{0, top, w, editor}
	if w >= smallWidth {
		left := w * 58 / 100
		if w >= wideWidth {
			left = w * 62 / 100
		}
		l.editor.w = left
		l.route = box{left, top, w - left, editor}
	}
	l.result = box{0, top + editor, w, max(h-2-top-editor, 0)}
	return l
}

// layout is the layout of a frame, with the pane that has the focus enlarged if that was asked for.
func (q *Query) layout(w, h int) queryLayout {
	l := layoutQuery(w, h)
	if !q.zoom {
		return l
	}
	editor := 3
	if !q.onGrid {
		editor = max(l.editor.h+l.result.h-5, 3)
	}
	all := l.editor.h + l.result.h
	l.editor.h, l.route.h = editor, min(l.route.h, editor)
	if l.route.w > 0 {
		l.route.h = editor
	}
	l.result = box{0, l.editor.y + editor, w, max(all-editor, 0)}
	return l
}

// Paint draws the screen over the whole of a.
func (q *Query) Paint(a widget.Area, v *View) {
	l := q.layout(a.W, a.H)
	paintIdentity(l.identity.of(a), v)
	if l.alarm.h > 0 {
		paintAlert(l.alarm.of(a), v)
	}
	q.paintEditor(l.editor.of(a), v)
	q.paintRoute(l.route.of(a), v)
	q.paintResult(l.result.of(a), v)
	q.paintStatus(l.status.of(a), v)
	paintFooter(widget.Area{}, l.footer.of(a), layoutKeys(v.Keys, a.W, 1), v)
	if q.popup.open() {
		x, y := q.tab().editor.Caret()
		q.paintPopup(a, l.editor.x+1+x, l.editor.y+1+y)
	}
}

// frame is the role of a pane's frame: the focused one stands out.
func frame(focused bool) theme.Role {
	if focused {
		return theme.DialogFrame
	}
	return theme.Border
}

func (q *Query) paintEditor(a widget.Area, v *View) {
	t := q.tab()
	title := "Query"
	if v.DB != "" {
		title += " · " + v.DB
	}
	if len(q.tabs) > 1 || t.file != "" {
		title += fmt.Sprintf(" · %d/%d %s", q.at+1, len(q.tabs), t.name())
	}
	title += q.options.marks()
	in := a.Box(frame(!q.onGrid), title, widget.Fit(q.editorNote(), a.W-widget.Width(widget.Clean(title))-10))
	in = in.Sub(0, 0, in.W-1, in.H)
	t.editor.Paint(in, q.look())
}

// editorNote says where the cursor is, and how much of the history is before the text.
func (q *Query) editorNote() string {
	t := q.tab()
	var parts []string
	if m := t.editor.Mode(); m != "" {
		parts = append(parts, m)
	}
	if n := len(q.history); n > 1 && t.walk.back > 0 {
		parts = append(parts, fmt.Sprintf("history %d of %d", n-t.walk.back+1, n))
	}
	if t.fault.set && t.fault.revision == t.editor.Revision() && t.fault.text != "" {
		return "✗ " + t.fault.text
	}
	if text := t.signature(); text != "" {
		return text
	}
	line, column := t.editor.Position()
	if t.editor.Lines() > 1 {
		parts = append(parts, fmt.Sprintf("%d:%d", line, column))
	}
	return strings.Join(parts, " · ")
}

// signature returns the syntax of the function at the cursor, "" if it is in none.
func (t *tab) signature() string {
	u := usage{revision: t.editor.Revision(), at: t.editor.Cursor(), valid: true}
	if t.usage.valid && t.usage.revision == u.revision && t.usage.at == u.at {
		return t.usage.text
	}
	if call, ok := complete.Signature(t.editor.Text(), t.statements(), u.at); ok {
		u.text = call.Usage
	}
	t.usage = u
	return u.text
}

// paintStatus draws one line: what is running or how it ended, and where the cursor is.
func (q *Query) paintStatus(a widget.Area, v *View) {
	role, text := q.status(v)
	where := ""
	if o := q.shown(); o != nil && o.grid != nil && a.W >= smallWidth {
		where = o.grid.Position()
	}
	room := a.W - 2
	if where = widget.Fit(where, room/2); where != "" {
		room -= widget.Width(where) + 2
	}
	a.Text(1, 0, role, widget.Fit(text, room))
	a.TextRight(a.W-1, 0, theme.Muted, where)
}

func (q *Query) status(v *View) (theme.Role, string) {
	role, text := q.statusOf(v)
	t := q.tab()
	if n := len(t.results); n > 1 && !t.showPlan {
		text = fmt.Sprintf("%d/%d ", t.shown+1, n) + text
	}
	if r := q.shownResult(); r != nil && r.Note != "" && q.running == nil {
		text += " · ▲ " + widget.Clean(r.Note)
	}
	return role, text
}

// statusOf says what the statement does, or how it ended.
func (q *Query) statusOf(v *View) (theme.Role, string) {
	r := q.shownResult()
	switch {
	case q.running != nil && q.running.cancelling:
		return theme.Warn, "○ cancelling on the shards …"
	case q.running != nil:
		return theme.Info, q.runningText(v)
	case q.asking != nil:
		return theme.Info, v.Busy + " finding out what it would change; nothing has been sent yet · Esc cancels"
	case r == nil:
		return theme.Muted, "F5 or Alt-Enter runs the statement at the cursor; F1 lists the keys"
	case r.canceled():
		return theme.Warn, "○ cancelled after " + widget.Elapsed(r.Took) + keptRows(r)
	case r.Err != nil:
		what := strings.ReplaceAll(string(api.CodeOf(r.Err)), "_", " ")
		if answer.NoMaster(api.AsProblem(r.Err)) {
			what = "no answer from the master"
		}
		return theme.Bad, "✗ " + what + " after " + widget.Elapsed(r.Took) + keptRows(r)
	}
	// What the user waited for; the masters' share of it matters only if it is the greater part.
	took := widget.Millis(float64(r.Took.Microseconds()) / 1000)
	if r.MS > 0 && float64(r.Took.Microseconds())/1000 < 2*r.MS+20 {
		took = widget.Millis(r.MS)
	}
	rows := widget.Thousands(int64(r.Len())) + " rows"
	if r.Len() == 1 {
		rows = "1 row"
	}
	switch {
	case len(r.Partial) > 0:
		return theme.Warn, fmt.Sprintf("▲ PARTIAL: %s in %s, without %s", rows, took, answer.Counted(int64(len(r.Partial)), "shard"))
	case r.Affected != nil:
		return theme.Good, "✓ " + answer.Rows(*r.Affected) + " affected in " + took
	case r.Plan != nil:
		return theme.Good, "✓ planned in " + took + "; not run"
	case r.Done != "":
		return theme.Good, "✓ " + r.Done + " in " + took
	case r.Truncated != "":
		return theme.Warn, "▲ the first " + rows + " in " + took + "; " + r.Truncated
	}
	return theme.Good, "✓ " + rows + " in " + took
}

// keptRows says how many rows had arrived before a statement failed.
func keptRows(r *Result) string {
	if r.Len() == 0 {
		return ""
	}
	return ", with the first " + answer.Rows(int64(r.Len()))
}

// runningText says what runs, and how to stop it.
func (q *Query) runningText(v *View) string {
	r := q.running
	text := v.Busy + " running, " + widget.Age(v.Now.Sub(r.began))
	if n := len(r.Pieces); n > 1 {
		text = fmt.Sprintf("%s statement %d of %d, %s", v.Busy, min(r.current+1, n), n, widget.Age(v.Now.Sub(r.began)))
	}
	if o := q.shown(); o != nil && r.tab == q.tab() && o.Len() > 0 {
		text += " · " + answer.Rows(int64(o.Len())) + " so far"
	}
	if r.tab != q.tab() {
		return text + " in another tab · Ctrl-C cancels"
	}
	return text + " · Esc cancels"
}
