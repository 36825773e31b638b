package screen

import (
	"fmt"
	"strconv"
	"strings"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/cluster"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// barSizes returns how thick bars can be, and the blank lines between them, so that n of
// them take at most height lines. A thickness of 0 means that they do not all fit.
func barSizes(n, height int) (thick, air int) {
	for t := 4; t >= 2; t-- {
		if n*(t+1)-1 <= height {
			return t, 1
		}
	}
	switch {
	case n*2-1 <= height:
		return 1, 1 // adjacent bars cannot be told apart without colour
	case n <= height:
		return 1, 0
	}
	return 0, 0
}

// paintDistribution draws the rows of the chosen table on each shard.
func (d *Dashboard) paintDistribution(a widget.Area, v *View) {
	t := v.State.Table(v.DB, v.Table)
	if t == nil {
		in := a.Box(theme.Border, "Rows per shard", "")
		text := "There is no table yet. Create one and it appears here."
		switch {
		case v.Table != "":
			text = v.DB + "." + v.Table + " does not exist. Press t to choose another table."
		case v.State.Meta == nil:
			text = ""
		}
		paragraph(in, 1, 0, theme.Muted, text, in.H)
		return
	}
	note := widget.Thousands(t.Rows) + " rows"
	if !allFresh(v) {
		note = "~" + note
	}
	if t.Rows > 0 {
		note += fmt.Sprintf(" · skew %.2f", t.Skew)
		if a.W >= 70 {
			note += " (fullest shard ÷ mean)"
		}
	}
	in := a.Box(theme.Border, "Rows of "+v.DB+"."+v.Table, note)
	paintBars(in, v, t, d.scroll)
}

// leastBar is the width of a shard's bar with its label and numbers.
const leastBar = 24

// paintBars draws a bar for each shard, as thick as fits. Bars that do not all fit below one another
// stand side by side; if not even that is possible, it starts at shard scroll and says how many more
// there are.
func paintBars(in widget.Area, v *View, t *api.TableInfo, scroll int) {
	n := len(t.RowsPerShard)
	thick, air := barSizes(n, in.H)
	if thick == 0 && n <= in.W && in.H >= 3 {
		paintColumns(in, v, t)
		return
	}
	first, rows, perRow := 0, in.H, 1
	if thick == 0 && in.H > 0 {
		thick = 1
		if perRow = (n + in.H - 1) / in.H; in.W/perRow < leastBar {
			perRow, rows = 1, max(in.H-1, 1)
			first = min(scroll, max(n-rows, 0))
			if in.H > 1 {
				in.Text(1, rows, theme.Muted, fmt.Sprintf("… %d more", n-rows))
			}
		}
	}
	var most int64
	for _, r := range t.RowsPerShard {
		if r != nil {
			most = max(most, *r)
		}
	}
	for i := first; i < n; i++ {
		y := (i - first) / perRow * (thick + air)
		if y >= rows {
			break
		}
		w := in.W / perRow
		paintBar(in.Sub((i-first)%perRow*w, y, w, thick), v, t, i, most)
	}
}

// paintColumns draws a column for each shard, with as many of their numbers below as fit: for more
// shards than there are lines.
func paintColumns(in widget.Area, v *View, t *api.TableInfo) {
	n := len(t.RowsPerShard)
	each := max(in.W/n, 1)
	thick := max(each-1, 1)
	var most int64
	for _, r := range t.RowsPerShard {
		if r != nil {
			most = max(most, *r)
		}
	}
	digits := len(strconv.Itoa(n-1)) + 1
	every := max((digits+each-1)/each, 1) // columns from one number to the next
	for i, r := range t.RowsPerShard {
		x, role := i*each, theme.Series(i)
		if ws := shardsOf(v); i < len(ws) && ws[i].State != api.ShardUp {
			role = stateRole(ws[i].State)
		}
		if i%every == 0 {
			in.Text(x, in.H-1, role, strconv.Itoa(i))
		}
		if r == nil {
			in.Text(x, in.H-2, theme.Bad, "?")
			continue
		}
		lines, _ := widget.Columns([]float64{float64(*r)}, 1, in.H-1, max(float64(most), 1))
		for y, cell := range lines {
			if ws := shardsOf(v); i < len(ws) && !fresh(v, &ws[i]) && cell != " " {
				cell = "▒" // of a shard whose numbers are only the last known ones
			}
			in.Text(x, y, role, strings.Repeat(cell, thick))
		}
	}
}

// paintBar draws one shard's bar with its label and numbers, over the whole height of a.
func paintBar(a widget.Area, v *View, t *api.TableInfo, i int, most int64) {
	const right = 18
	mid := (a.H - 1) / 2
	label := fmt.Sprintf("%2d ", i)
	stale := true
	if ws := shardsOf(v); i < len(ws) {
		stale = !fresh(v, &ws[i])
		if a.W >= 64 {
			label += widget.FitMiddle(ws[i].Name, 14)
		}
	}
	width := 3
	if a.W >= 64 {
		width = 18
	}
	a.Text(0, mid, theme.Series(i), widget.Fit(label, width))
	bar := a.Sub(width, 0, a.W-width-right, a.H)
	rows := t.RowsPerShard[i]
	if rows == nil {
		a.Text(width, mid, theme.Muted, widget.Fit("unknown: this shard lacks the table or never answered", a.W-width))
		return
	}
	text, role := widget.Bar(float64(*rows), float64(most), bar.W), theme.Series(i)
	if stale {
		text = widget.Hatched(float64(*rows), float64(most), bar.W)
	}
	for y := range bar.H {
		bar.Text(0, y, role, text)
	}
	markMean(bar, t, *rows, most)
	number, numberRole := widget.Count(*rows, 9), theme.Strong
	if stale {
		number, numberRole = "~"+number, theme.Stale
	}
	a.TextRight(a.W-8, mid, numberRole, number)
	a.TextRight(a.W-1, mid, theme.Muted, widget.Percent(*rows, t.Rows))
}

// markMean draws a line at the mean if the bar does not cover it.
func markMean(bar widget.Area, t *api.TableInfo, rows, most int64) {
	known := int64(0)
	for _, r := range t.RowsPerShard {
		if r != nil {
			known++
		}
	}
	if most == 0 || known == 0 {
		return
	}
	mean := float64(t.Rows) / float64(known)
	if t.Definition.Replicated() {
		mean = float64(t.Rows)
	}
	x := int(mean / float64(most) * float64(bar.W))
	if filled := float64(rows) / float64(most) * float64(bar.W); float64(x) > filled && x < bar.W {
		for y := range bar.H {
			bar.Text(x, y, theme.Muted, "┆")
		}
	}
}

// paintCount draws the MapReduce count: each shard's count, then the total.
func paintCount(a widget.Area, v *View) {
	c := &v.Count
	note := ""
	if c.Running {
		note = "counting " + widget.Age(v.Now.Sub(c.From))
	} else if c.Answer != nil {
		note = widget.Age(v.Now.Sub(c.At)) + " ago"
	}
	in := a.Box(theme.Border, "MapReduce count", note)
	in = in.Sub(1, 0, in.W-2, in.H)
	switch {
	case c.Err != nil:
		y := paragraph(in, 0, 0, theme.Bad, "✗ "+explain(c.Err), in.H)
		if h := hint(c.Err); h != "" {
			paragraph(in, 0, y, theme.Muted, h, in.H-y)
		}
	case c.Answer == nil && c.Running:
		paragraph(in, 0, 0, theme.Muted, "Every shard is counting its rows of "+c.DB+"."+c.Table+" …", in.H)
	case c.Answer == nil && v.Table == "":
		paragraph(in, 0, 0, theme.Muted, "No table to count.", in.H)
	case c.Answer == nil:
		paragraph(in, 0, 0, theme.Muted, "Press c to count "+v.Table+": all shards count their own rows in parallel (map), the master adds the counts up (reduce).", in.H)
	default:
		paintCountAnswer(in, c)
	}
}

func paintCountAnswer(in widget.Area, c *Count) {
	missing := missingParts(c.Answer)
	n := len(c.Answer.Shards) + len(missing)
	footer := min(3, in.H)
	room := in.H - footer
	thick, air := barSizes(n, room)
	if thick > 2 { // keep the bars close together
		thick, air = 2, 1
	}
	if thick == 0 {
		thick = 1
	}
	var most int64
	for _, s := range c.Answer.Shards {
		most = max(most, s.Rows)
	}
	y := 0
	for i := range n {
		if y >= room-1 && i < n-1 && n > room {
			text := fmt.Sprintf("… and %d more shards", n-i)
			if i == 0 {
				text = fmt.Sprintf("counts of %d shards", n)
			}
			in.Text(0, room-1, theme.Muted, text)
			y = room
			break
		}
		if part := in.Sub(0, y, in.W, thick); i < len(c.Answer.Shards) {
			paintPart(part, c.Answer.Shards[i], most)
		} else {
			part.Text(0, 0, theme.Bad, missing[i-len(c.Answer.Shards)])
		}
		y += thick + air
	}
	y = min(y-air, room)
	sum := sumText(c.Answer.Shards)
	summed := len(c.Answer.Shards) > 1 && widget.Width(sum) <= in.W
	if in.H-y > 3 || !summed { // the sum matters more than the line
		in.Text(0, y, theme.Border, strings.Repeat("─", in.W))
		y++
	}
	if summed {
		in.Text(0, y, theme.Text, sum)
		y++
	}
	y--
	x := in.Text(0, y+1, theme.Title, "Σ ")
	x = in.Text(x, y+1, theme.Strong, widget.Thousands(c.Answer.Total))
	in.Text(x, y+1, theme.Muted, widget.Fit(" in "+c.DB+"."+c.Table, in.W-x))
	last := "map " + widget.Millis(c.Answer.MapMS) + " · reduce " + widget.Millis(c.Answer.ReduceMS)
	role := theme.Muted
	if len(c.Answer.Partial) > 0 {
		role, last = theme.Warn, fmt.Sprintf("▲ partial: without %s", answer.Counted(int64(len(c.Answer.Partial)), "shard"))
	}
	in.Text(0, y+2, role, widget.Fit(last, in.W))
}

// missingParts describes the shards that did not answer.
func missingParts(r *api.MapReduceCountResponse) []string {
	var out []string
	for i := range r.Partial {
		text := "✗ " + cluster.Reason(&r.Partial[i])
		if s := r.Partial[i].Shard; s != nil {
			text = fmt.Sprintf("%2d %s", *s, text)
		}
		out = append(out, text)
	}
	return out
}

// sumText writes the reduce step as a sum.
func sumText(parts []api.ShardResult) string {
	texts := make([]string, len(parts))
	for i := range parts {
		texts[i] = widget.Thousands(parts[i].Rows)
	}
	return "  " + strings.Join(texts, " + ")
}

// paintPart draws one shard's count.
func paintPart(a widget.Area, s api.ShardResult, most int64) {
	const right = 18
	x := a.Text(0, 0, theme.Series(s.Shard), fmt.Sprintf("%2d ", s.Shard))
	if bar := a.W - x - right; bar > 0 {
		for y := range a.H {
			a.Text(x, y, theme.Series(s.Shard), widget.Bar(float64(s.Rows), float64(most), bar))
		}
	}
	a.TextRight(a.W-9, 0, theme.Strong, widget.Count(s.Rows, 9))
	a.TextRight(a.W, 0, theme.Muted, widget.Millis(s.MS))
}
