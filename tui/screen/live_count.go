package screen

import (
	"fmt"
	"strings"
	"time"

	"shardeck/tui/answer"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// steps returns how many steps of the latest count have been drawn by now, and how many there are:
// the question, each shard's count or a group of them, and the sum.
func (l *Live) steps(v *View) (done, all, group int) {
	n := len(v.Count.Answer.Shards)
	group = max((n+7)/8, 1)
	all = 2 + (n+group-1)/group
	if !l.skipped.IsZero() && !l.skipped.Before(v.Count.At) {
		return all, all, group
	}
	return min(int(v.Now.Sub(v.Count.At)/reduceAt), all), all, group
}

// counting reports whether a count runs or is still being drawn.
func (l *Live) counting(v *View) bool {
	if v.Count.Running {
		return true
	}
	if v.Count.Answer == nil || v.Count.Err != nil {
		return false
	}
	_, all, _ := l.steps(v)
	return v.Now.Sub(v.Count.At) < time.Duration(all)*reduceAt+10*time.Second
}

// paintCount draws the count at the pace of the eye: all shards are asked, each counts its own rows,
// and the master adds the counts up.
func (l *Live) paintCount(a widget.Area, v *View) {
	c := &v.Count
	in := a.Box(theme.Border, "MapReduce", "c counts · Space skips the steps")
	in = in.Sub(1, 0, in.W-2, in.H)
	switch {
	case c.Err != nil:
		paragraph(in, 0, 0, theme.Bad, "✗ "+explain(c.Err), in.H)
		return
	case c.Running || c.Answer == nil:
		text := "Press c: every shard counts its own rows of " + v.Table + " (map), and the master adds the counts up (reduce)."
		if c.Running {
			text = "map: every shard counts its own rows of " + c.DB + "." + c.Table + " …"
		}
		paragraph(in, 0, 0, theme.Muted, text, in.H)
		return
	}
	done, all, group := l.steps(v)
	parts := c.Answer.Shards
	var most, sum int64
	for i := range parts {
		most = max(most, parts[i].Rows)
	}
	known := min(max(done-1, 0)*group, len(parts))
	room := max(in.H-3, 0)
	if cut := len(parts) - room; cut > 0 && room > 0 {
		room--
		in.Text(0, 1+room, theme.Muted, fmt.Sprintf("… %d more", cut+1))
	}
	first := max(min(known, len(parts))-room, 0)
	in.Text(0, 0, theme.Info, widget.Fit("map: COUNT(*) of "+c.DB+"."+c.Table+" on "+answer.Counted(int64(len(parts)), "shard"), in.W))
	for i := range parts {
		if i < known {
			sum += parts[i].Rows
		}
		y := 1 + i - first
		if y < 1 || y > room {
			continue
		}
		x := in.Text(0, y, theme.Series(parts[i].Shard), fmt.Sprintf("%2d ", parts[i].Shard))
		if i >= known {
			in.Text(x, y, theme.Muted, "counting …")
			continue
		}
		in.Text(x, y, theme.Series(parts[i].Shard), widget.Bar(float64(parts[i].Rows), float64(most), in.W-x-20))
		in.TextRight(in.W-9, y, theme.Strong, widget.Count(parts[i].Rows, 9))
		in.TextRight(in.W, y, theme.Muted, widget.Millis(parts[i].MS))
	}
	label, role := "reduce so far: ", theme.Text
	if done >= all {
		label, role = "reduce: Σ ", theme.Strong
	}
	x := in.Text(0, in.H-2, theme.Title, label)
	x = in.Text(x, in.H-2, role, widget.Thousands(sum))
	if partials := strings.TrimSpace(sumText(parts[:known])); known > 1 && x+3+widget.Width(partials) <= in.W {
		in.Text(x, in.H-2, theme.Muted, " = "+partials)
	}
	last := "in truth this took " + widget.Millis(c.Answer.MapMS+c.Answer.ReduceMS)
	if k := len(c.Answer.Partial); k > 0 {
		last = fmt.Sprintf("▲ partial: without %s", answer.Counted(int64(k), "shard"))
	}
	in.Text(0, in.H-1, theme.Muted, widget.Fit(last, in.W))
}
