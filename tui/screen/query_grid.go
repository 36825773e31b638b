package screen

import (
	"fmt"
	"strings"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// paintResult draws the lower pane: rows, a plan, an error, or a hint.
func (q *Query) paintResult(a widget.Area, v *View) {
	t, r := q.tab(), q.shownResult()
	title, note := "Result", ""
	if t.showPlan {
		title = "Plan"
		note = "F6 for the rows · F5 runs it"
	}
	box := func(note string) widget.Area { return a.Box(frame(q.onGrid), title, note) }
	switch {
	case r == nil && q.running != nil && q.running.tab == t:
		in := box("")
		text := "The statement is running. Esc or Ctrl-C cancels it, on the shards too."
		if q.running.cancelling {
			text = "The statement is being cancelled, on the shards too."
		}
		paragraph(in, 1, 0, theme.Muted, text, in.H)
	case r == nil:
		paintHints(box(""), v)
	case r.canceled() && r.Len() == 0:
		in := box("")
		paragraph(in, 1, 0, theme.Muted, "The statement was cancelled, on the shards too.", in.H)
	case r.Err != nil && !r.canceled():
		q.paintFailed(a, title, r)
	case t.showPlan:
		in := box(note)
		q.planRoom = in.H
		lines := wrapPlan(r.Plan, in.W-2)
		t.planRow = min(max(t.planRow, 0), max(len(lines)-in.H, 0))
		paintPlan(in.Sub(1, 0, in.W-2, in.H), lines, t.planRow)
	case q.pane() != nil:
		in := a.Box(frame(q.onGrid), q.pane().Title(), "Esc back to the rows")
		q.pane().Paint(in.Sub(1, 0, in.W-2, in.H))
	default:
		q.paintRows(a, title)
	}
}

// paintFailed draws an error, above the rows that had arrived before it.
func (q *Query) paintFailed(a widget.Area, title string, r *Result) {
	if r.Len() > 0 && a.H > 14 {
		q.paintRows(a.Sub(0, 9, a.W, a.H-9), title)
		a = a.Sub(0, 0, a.W, 9)
		title = "Fault"
	}
	in := a.Box(theme.Bad, title, "")
	paintQueryError(in.Sub(1, 0, in.W-2, in.H), r)
}

// scrollPlan moves the visible part of the plan.
func (q *Query) scrollPlan(by int) { q.tab().planRow = max(q.tab().planRow+by, 0) }

// paintRows draws the rows of the result that is shown.
func (q *Query) paintRows(a widget.Area, title string) {
	o := q.shown()
	in := a.Box(frame(q.onGrid), title, "")
	if o.grid == nil || len(o.Columns) == 0 {
		text := "The statement returns no rows."
		if o.Affected != nil {
			text = answer.Rows(*o.Affected) + " affected. This statement returns no rows."
		}
		paragraph(in, 1, 0, theme.Muted, text, in.H)
		return
	}
	o.grid.Paint(in.Sub(1, 0, in.W-2, in.H), q.onGrid)
}

// paintHints shows how to begin, before the first statement has run.
func paintHints(in widget.Area, v *View) {
	y := paragraph(in, 1, 0, theme.Text, "Write T-SQL above. F5 runs it over all shards as if they were one database; F6 shows the plan without running it; F1 lists all keys.", in.H)
	if t := v.State.Table(v.DB, v.Table); t != nil && y+1 < in.H {
		def := &t.Definition
		names := make([]string, len(def.Columns))
		for i, c := range def.Columns {
			names[i] = c.Name
		}
		if len(names) > 0 {
			y = paragraph(in, 1, y+1, theme.Muted, t.Name+": "+strings.Join(names, ", "), in.H-y-1)
		}
		if def.ShardKey != "" && y < in.H {
			paragraph(in, 1, y, theme.Muted, "A condition that fixes "+def.ShardKey+" is sent to its shard only.", in.H-y)
		}
	}
}

// wrapPlan wraps the lines of a plan to width cells; continuation lines are indented.
func wrapPlan(lines []answer.Line, width int) []answer.Line {
	const most = 40 // lines per text
	var out []answer.Line
	for _, l := range lines {
		parts := wrap(l.Text, width-2*l.Depth-2, most)
		if l.Text == "" || len(parts) == 0 {
			parts = []string{l.Text}
		}
		for i, text := range parts {
			if i > 0 {
				text = "  " + text
			}
			out = append(out, answer.Line{Kind: l.Kind, Depth: l.Depth, Text: text})
		}
	}
	return out
}

// paintPlan draws the lines of a plan, starting at first.
func paintPlan(in widget.Area, lines []answer.Line, first int) {
	for y := 0; y < in.H && first+y < len(lines); y++ {
		l := &lines[first+y]
		in.Text(2*l.Depth, y, planRole(l.Kind), widget.Fit(l.Text, in.W-2*l.Depth))
	}
}

func planRole(k answer.Kind) theme.Role {
	switch k {
	case answer.Head:
		return theme.Title
	case answer.SQL:
		return theme.Good
	case answer.Value:
		return theme.Info
	case answer.Remark:
		return theme.Muted
	}
	return theme.Text
}

// paintQueryError draws an error: what happened, the line with a mark at the error, and
// what to do next.
func paintQueryError(in widget.Area, r *Result) {
	p := api.AsProblem(r.Err)
	y := paragraph(in, 0, 0, theme.Bad, "✗ "+explain(r.Err), max(in.H-4, 1))
	if r.fault >= 0 && y+2 < in.H {
		f := answer.Locate(r.SQL, r.fault)
		label := fmt.Sprintf("line %d  ", f.Line+max(r.Line-1, 0))
		before, after := widget.Clean(f.Before), widget.Clean(f.After)
		if over := widget.Width(before) - (in.W-len(label))*2/3; over > 0 {
			before = "…" + dropCells(before, over+1)
		}
		x := in.Text(0, y+1, theme.Muted, label)
		x = in.Text(x, y+1, theme.Text, before)
		in.Text(x, y+1, theme.Strong, widget.Fit(after, in.W-x))
		in.Text(x, y+2, theme.Bad, "▲")
		y += 3
	}
	if next := answer.Hint(p.Hint, answer.Console); next != "" && y < in.H {
		y = paragraph(in, 0, y, theme.Text, "→ "+next, min(in.H-y, 3))
	}
	causes := answer.Causes(p)
	for i := range causes {
		if y >= in.H {
			return
		}
		y = paragraph(in, 0, y, theme.Warn, "· "+causes[i].Error(), min(in.H-y, 2))
	}
	var facts []string
	if p.SQLNumber != 0 {
		facts = append(facts, fmt.Sprintf("SQL Server error %d", p.SQLNumber))
	}
	if p.RequestID != "" {
		facts = append(facts, "request "+p.RequestID)
	}
	if len(facts) > 0 && y < in.H {
		in.Text(0, y, theme.Muted, widget.Fit(strings.Join(facts, " · "), in.W))
	}
}

// dropCells drops at least n cells from the front of a clean text.
func dropCells(s string, n int) string {
	for i, r := range s {
		if n <= 0 {
			return s[i:]
		}
		n -= widget.RuneWidth(r)
	}
	return ""
}
