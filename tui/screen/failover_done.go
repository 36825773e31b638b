package screen

import (
	"fmt"
	"strings"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

func (f *Failover) paintDone(a widget.Area, v *View) {
	if f.err != nil {
		in := a.Center(72, 11).Dialog("Failover", "")
		text := "✗ failed: " + explain(f.err)
		if code := api.CodeOf(f.err); code == api.CodeOutcomeUnknown || code == api.CodeShardTimeout {
			text = "▲ outcome unknown: " + explain(f.err)
		}
		y := paragraph(in, 0, 1, theme.Bad, text, 4)
		y = paragraph(in, 0, y+1, theme.Muted, hint(f.err), 2)
		f.paintGap(in, min(y+1, in.H-2), v)
		return
	}
	r := f.answer
	width := min(max(a.W*7/10, 76), 110)
	height := 0
	if gapOf(r) != "" {
		height++
	}
	for i := range r.Steps {
		height += stepHeight(&r.Steps[i], min(width, a.W)-4)
	}
	frame := a.Center(width, height+10).Dialog("Failover: done", f.pane.note())
	f.pane.paint(frame, height+8, func(in widget.Area) { f.paintTimeline(in, v) })
}

// paintTimeline draws who is primary, the steps, and the gap.
func (f *Failover) paintTimeline(in widget.Area, v *View) {
	r := f.answer
	x := in.Text(0, 0, theme.Good, "✓ ")
	x = in.Text(x, 0, theme.Strong, cluster.Host(r.Primary))
	x = in.Text(x, 0, theme.Text, fmt.Sprintf(" is primary, with term %d", r.Term))
	if kind := kindText(r.Kind); kind != "" {
		in.Text(x, 0, theme.Muted, widget.Fit(" · "+kind, in.W-x))
	}
	in.Text(0, 2, theme.Head, "  step")
	in.TextRight(in.W, 2, theme.Head, "took")
	y := 3
	for i := range r.Steps {
		h := stepHeight(&r.Steps[i], in.W)
		f.paintStep(in.Sub(0, y, in.W, h), &r.Steps[i])
		y += h
	}
	in.TextRight(in.W, y, theme.Strong, widget.Millis(r.TotalMS))
	in.Text(2, y, theme.Muted, "total, at the new primary")
	if gap := gapOf(r); gap != "" {
		y++
		in.Text(2, y, theme.Muted, widget.Fit("without a primary for "+gap+", as it knows", in.W-2))
	}
	f.paintGap(in, y+2, v)
}

// kindText says in few words how a failover came about.
func kindText(k api.FailoverKind) string {
	switch k {
	case api.FailoverPlanned:
		return "planned: handed over"
	case api.FailoverForced:
		return "forced: old one fenced"
	case api.FailoverAutomatic:
		return "automatic: the lease was free"
	}
	return widget.Clean(string(k))
}

// gapOf is the time without a primary as far as the new one can know it; "" if it does not say.
func gapOf(r *api.FailoverResponse) string {
	u := r.Unavailable
	switch {
	case u == nil:
		return ""
	case u.AtMostMS == nil:
		return "at least " + widget.Millis(u.AtLeastMS)
	case *u.AtMostMS-u.AtLeastMS < 1:
		return widget.Millis(*u.AtMostMS)
	}
	return widget.Millis(u.AtLeastMS) + " to " + widget.Millis(*u.AtMostMS)
}

// tookWidth is the column of the steps' times.
const tookWidth = 9

// stepText describes a step; it names the target once.
func stepText(s *api.FailoverStep) string {
	text := s.Name
	if s.Target != "" {
		text += " " + cluster.Host(s.Target)
	}
	if s.Detail != "" {
		text += ": " + strings.ReplaceAll(s.Detail, "the master at "+s.Target+" ", "")
	}
	return text
}

// stepHeight is the number of lines that a step takes. A failed step gets more lines for
// its text instead of a bar.
func stepHeight(s *api.FailoverStep, width int) int {
	if s.OK {
		return 1
	}
	return max(len(wrap(stepText(s), width-tookWidth-3, 3)), 1)
}

// paintStep draws one step and its position on the timeline.
func (f *Failover) paintStep(a widget.Area, s *api.FailoverStep) {
	a.TextRight(a.W, 0, theme.Muted, widget.Millis(s.MS))
	if !s.OK {
		a.Text(0, 0, theme.Warn, "▲")
		paragraph(a.Sub(2, 0, a.W-tookWidth-3, a.H), 0, 0, theme.Text, stepText(s), a.H)
		return
	}
	symbol, role := okMark(s.OK)
	chart := max(a.W/6, 12)
	a.Text(0, 0, role, symbol)
	left := a.W - chart - tookWidth - 3
	a.Text(2, 0, theme.Text, widget.Fit(stepText(s), left-2))
	if total := f.answer.TotalMS; total > 0 {
		from := min(int(s.AtMS/total*float64(chart)), chart-1)
		n := max(min(int(s.MS/total*float64(chart)+0.5), chart-from), 1)
		line := a.Sub(left+1, 0, chart, 1)
		for x := range chart {
			line.Text(x, 0, theme.Border, "·")
		}
		for x := range n {
			line.Text(from+x, 0, theme.Info, "█")
		}
	}
}

// paintGap draws the gap measured by this console, which the master cannot know.
func (f *Failover) paintGap(in widget.Area, y int, v *View) {
	t := v.State.Takeover
	if !f.measured(&v.State) {
		if f.err != nil {
			return
		}
		if v.State.Current == v.State.Resolve(f.plan.Target) && v.State.Link == cluster.Live && v.State.Meta.Master.Role == api.RolePrimary {
			in.Text(0, y, theme.Muted, widget.Fit("No gap was measured: this console had not seen the old primary.", in.W))
			return
		}
		in.Text(0, y, theme.Muted, widget.Fit("measuring the gap: waiting for the new primary's first answer …", in.W))
		return
	}
	x := in.Text(0, y, theme.Title, "Gap measured by this console: ")
	in.Text(x, y, theme.Strong, "at most "+widget.Elapsed(t.Gap())+" without a primary")
	detail := fmt.Sprintf("From the last answer of %s to the first of %s.", cluster.Host(t.From), cluster.Host(t.To))
	if t.LastSeen.Before(f.began) && t.FirstAt.Sub(f.began) < t.Gap()/2 {
		detail = fmt.Sprintf("%s of it since you confirmed.", widget.Elapsed(t.FirstAt.Sub(f.began)))
	}
	if t.Silence > 0 {
		detail += " No master answered for " + widget.Elapsed(t.Silence) + "."
	} else {
		detail += " Every poll was answered."
	}
	paragraph(in, 0, y+1, theme.Muted, detail, 2)
}
