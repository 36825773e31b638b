package screen

import (
	"fmt"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Failover guides through a failover: preflight and confirmation, the wait, and the
// timeline with the gap measured by this console.
type Failover struct {
	guard   guard
	phase   failoverPhase
	buttons buttons
	plan    cluster.Preflight // as confirmed
	began   time.Time
	ended   time.Time
	answer  *api.FailoverResponse
	err     error
}

type failoverPhase uint8

const (
	asking failoverPhase = iota
	running
	done
)

// Refresh carries the latest preflight; the console sends it with each tick until the user decides.
type Refresh struct{ Plan cluster.Preflight }

// NewFailover opens the preflight.
func NewFailover(now time.Time, plan cluster.Preflight) *Failover {
	return &Failover{guard: newGuard(now, quietOpening), plan: plan, buttons: buttons{act: "Fail over", enabled: plan.Ready()}}
}

// Watching reports whether the console should poll faster: the polls limit the
// precision of the measured gap.
func (f *Failover) Watching(s *cluster.State) bool {
	return f.phase != done || f.err == nil && !f.measured(s) && s.SawPrimary()
}

// measured reports whether the console has seen the change of primary.
func (f *Failover) measured(s *cluster.State) bool {
	return s.Takeover != nil && !s.Takeover.FirstAt.Before(f.began)
}

// Update handles keys, the preflight and the answer.
func (f *Failover) Update(msg any) (Screen, Intent) {
	next := *f
	switch m := msg.(type) {
	case Refresh:
		if f.phase == asking {
			if m.Plan.Target != f.plan.Target {
				next.buttons.onAct = false // never confirm another target than the one shown
			}
			next.plan = m.Plan
			next.buttons.enabled = m.Plan.Ready()
			next.buttons.onAct = next.buttons.onAct && m.Plan.Ready()
		}
		return &next, nil
	case FailoverEnded:
		if f.phase == running {
			next.phase, next.ended, next.answer, next.err = done, m.At, m.Answer, m.Err
			next.guard = newGuard(m.At, quietResult)
		}
		return &next, nil
	case Key:
		return next.key(m)
	}
	return &next, nil
}

func (f Failover) key(k Key) (Screen, Intent) {
	if k.Name == "esc" && f.phase != running {
		return &f, Close{}
	}
	if f.guard.absorbs(k.At) {
		return &f, nil
	}
	switch {
	case f.phase == asking && k.Name == "enter" && f.buttons.onAct:
		f.phase, f.began = running, k.At
		return &f, StartFailover{Target: f.plan.Target}
	case f.phase == asking && k.Name == "enter", f.phase == done && (k.Name == "enter" || k.Name == "q"):
		return &f, Close{}
	case f.phase == asking:
		f.buttons.update(k.Name)
	}
	return &f, nil
}

// Paint draws the current phase.
func (f *Failover) Paint(a widget.Area, v *View) {
	switch f.phase {
	case asking:
		f.paintAsking(a)
	case running:
		in := a.Center(64, 7).Dialog("Failover", "")
		in.Text(0, 1, theme.Text, widget.Fit("Asking "+cluster.Host(f.plan.Target)+fmt.Sprintf(" to acquire term %d …", f.plan.Term), in.W))
		in.Text(0, 2, theme.Strong, widget.Elapsed(v.Now.Sub(f.began)))
		paragraph(in, 0, 3, theme.Muted, "Reads and row writes continue through both masters.", 2)
	default:
		f.paintDone(a, v)
	}
}

func (f *Failover) paintAsking(a widget.Area) {
	in := a.Center(76, len(f.plan.Checks)+11).Dialog("Failover: preflight", "")
	y := 1
	if f.plan.Target != "" {
		x := in.Text(0, y, theme.Text, "Promote ")
		x = in.Text(x, y, theme.Strong, cluster.Host(f.plan.Target))
		x = in.Text(x, y, theme.Text, " to primary, with term ")
		in.Text(x, y, theme.Strong, fmt.Sprint(f.plan.Term))
	} else {
		in.Text(0, y, theme.Text, "Promote the backup to primary")
	}
	y += 2
	for _, c := range f.plan.Checks {
		symbol, role := okMark(c.OK)
		if !c.OK && !c.Fatal {
			symbol, role = "▲", theme.Warn
		}
		in.Text(0, y, role, symbol)
		in.Text(2, y, theme.Text, c.What)
		in.Text(23, y, theme.Muted, widget.Fit(c.Found, in.W-23))
		y++
	}
	y++
	if f.plan.Ready() {
		paragraph(in, 0, y, theme.Muted, "The workers will then refuse the old primary. Reads and row writes continue through both masters; only creating and dropping require the primary.", 3)
	} else {
		paragraph(in, 0, y, theme.Bad, "✗ not possible now: "+f.plan.Why, 3)
	}
	f.buttons.paint(in, in.H-1)
}

func (f *Failover) paintDone(a widget.Area, v *View) {
	if f.err != nil {
		in := a.Center(72, 11).Dialog("Failover", "Enter close")
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
	for i := range r.Steps {
		height += stepHeight(&r.Steps[i], min(width, a.W)-4)
	}
	in := a.Center(width, height+10).Dialog("Failover: done", "Enter close")
	x := in.Text(0, 0, theme.Good, "✓ ")
	x = in.Text(x, 0, theme.Strong, cluster.Host(r.Primary))
	in.Text(x, 0, theme.Text, fmt.Sprintf(" is primary, with term %d", r.Term))
	in.Text(0, 2, theme.Head, "  step")
	in.TextRight(in.W, 2, theme.Head, "took")
	y, end := 3, max(in.H-5, 3)
	for i := range r.Steps {
		h := stepHeight(&r.Steps[i], in.W)
		if more := i < len(r.Steps)-1; y+h > end || y+h == end && more {
			in.Text(2, y, theme.Muted, fmt.Sprintf("… and %d more steps", len(r.Steps)-i))
			y = min(y+1, end)
			break
		}
		f.paintStep(in.Sub(0, y, in.W, h), &r.Steps[i])
		y += h
	}
	in.TextRight(in.W, y, theme.Strong, widget.Millis(r.TotalMS))
	in.Text(2, y, theme.Muted, "total, at the new primary")
	f.paintGap(in, y+2, v)
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
