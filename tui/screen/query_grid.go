package screen

import (
	"fmt"
	"strconv"
	"strings"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// The widths of a result's columns, in cells.
const (
	columnGap = 2
	columnCap = 40 // if the columns do not all fit
	columnMin = 6  // least width of a partly shown last column
)

// headRows is how many of h lines the column headings take: names and types, or names
// alone if there are few lines.
func headRows(h int) int {
	if h < 5 {
		return 1
	}
	return 2
}

// paintResult draws the lower pane: rows, a plan, an error, or a hint.
func (q *Query) paintResult(a widget.Area, v *View) {
	r := q.shownResult()
	title, note := "Result", ""
	if q.showPlan {
		title = "Plan"
		note = "Ctrl-X or Ctrl-R for the rows"
	}
	switch {
	case r == nil && q.running:
		in := a.Box(frame(q.onGrid), title, "")
		text := "The statement is running. Esc or Ctrl-C cancels it, on the shards too."
		if q.cancelling {
			text = "The statement is being cancelled, on the shards too."
		}
		paragraph(in, 1, 0, theme.Muted, text, in.H)
	case r == nil:
		in := a.Box(frame(q.onGrid), title, "")
		paintHints(in, v)
	case r.canceled():
		in := a.Box(frame(q.onGrid), title, "")
		paragraph(in, 1, 0, theme.Muted, "The statement was cancelled, on the shards too.", in.H)
	case r.Err != nil:
		in := a.Box(theme.Bad, title, "")
		paintQueryError(in.Sub(1, 0, in.W-2, in.H), r)
	case q.showPlan:
		in := a.Box(frame(q.onGrid), title, note)
		paintPlan(in.Sub(1, 0, in.W-2, in.H), wrapPlan(r.Plan, in.W-2), q.at.planRow)
	default:
		q.paintRows(a, title, r)
	}
}

// paintHints shows how to begin, before the first statement has run.
func paintHints(in widget.Area, v *View) {
	y := paragraph(in, 1, 0, theme.Text, "Write T-SQL above. Ctrl-R runs it over all shards as if they were one database; Ctrl-X shows the plan without running it.", in.H)
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

// shownColumn is the position and width of a drawn column.
type shownColumn struct{ i, x, w int }

// fitGrid chooses the columns, starting at first, that fit into width cells.
func fitGrid(columns []ResultColumn, first, width int) []shownColumn {
	total := -columnGap
	for i := first; i < len(columns); i++ {
		total += columnGap + columns[i].width
	}
	most := columnCap
	if total <= width {
		most = width
	}
	var shown []shownColumn
	x := 0
	for i := first; i < len(columns); i++ {
		w := min(columns[i].width, most)
		if i == first && first > 0 {
			w = min(columns[i].width, width) // long values can be read by scrolling to their column
		}
		room := width - x
		if w > room {
			if room < columnMin && len(shown) > 0 {
				break
			}
			w = room
		}
		if w <= 0 {
			break
		}
		shown = append(shown, shownColumn{i, x, w})
		x += w + columnGap
	}
	return shown
}

// paintRows draws the rows under the headings, with row numbers at the left.
func (q *Query) paintRows(a widget.Area, title string, r *Result) {
	if len(r.Columns) == 0 {
		in := a.Box(frame(q.onGrid), title, "")
		text := "The statement returns no rows."
		if r.Affected != nil {
			text = answer.Rows(*r.Affected) + " affected. This statement returns no rows."
		}
		paragraph(in, 1, 0, theme.Muted, text, in.H)
		return
	}
	gutter := len(strconv.Itoa(len(r.Rows))) + 1
	shown := fitGrid(r.Columns, q.at.column, a.W-4-gutter-1)
	note := ""
	if len(shown) < len(r.Columns) {
		last := q.at.column + len(shown)
		note = fmt.Sprintf("columns %d–%d of %d", q.at.column+1, last, len(r.Columns))
		if len(shown) == 1 {
			note = fmt.Sprintf("column %d of %d", last, len(r.Columns))
		}
		if q.at.column > 0 {
			note = "← " + note
		}
		if last < len(r.Columns) {
			note += " →"
		}
	}
	in := a.Box(frame(q.onGrid), title, note)
	in = in.Sub(1, 0, in.W-2, in.H)
	grid := in.Sub(gutter+1, 0, in.W-gutter-1, in.H)
	head := headRows(in.H)
	for _, s := range shown {
		c := &r.Columns[s.i]
		paintCell(grid, s, 0, theme.Strong, c.Name, c.Right)
		if head > 1 {
			paintCell(grid, s, 1, theme.Muted, c.Type, c.Right)
		}
	}
	first := q.at.row
	for y := head; y < in.H && first+y-head < len(r.Rows); y++ {
		n := first + y - head
		in.TextRight(gutter-1, y, theme.Muted, strconv.Itoa(n+1))
		for _, s := range shown {
			if s.i >= len(r.Rows[n]) {
				continue
			}
			cell, role := r.Rows[n][s.i], theme.Text
			if cell.Null {
				role = theme.Stale
			}
			paintCell(grid, s, y, role, cell.Text, r.Columns[s.i].Right)
		}
	}
	if len(r.Rows) == 0 && in.H > head {
		grid.Text(0, head, theme.Muted, "no rows")
	}
}

func paintCell(a widget.Area, s shownColumn, y int, role theme.Role, text string, right bool) {
	text = widget.Fit(text, s.w)
	if right {
		a.TextRight(s.x+s.w, y, role, text)
		return
	}
	a.Text(s.x, y, role, text)
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
		label := fmt.Sprintf("line %d  ", f.Line)
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
