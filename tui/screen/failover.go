package screen

import (
	"fmt"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Failover guides through a failover: the backup's own checks and the confirmation, the wait, and
// the timeline with the gap measured by this console.
type Failover struct {
	guard   guard
	phase   failoverPhase
	buttons buttons
	plan    cluster.Preflight // as confirmed
	check   failoverCheck
	forced  bool
	began   time.Time
	ended   time.Time
	answer  *api.FailoverResponse
	err     error
}

// failoverCheck is the latest dry run.
type failoverCheck struct {
	asked  time.Time // when it was requested
	target string
	answer *api.FailoverResponse // nil until it has arrived
	err    error
}

type failoverPhase uint8

const (
	asking failoverPhase = iota
	running
	done
)

// recheck is the time from one dry run to the next while the preflight is shown.
const recheck = 2 * time.Second

// Refresh carries the latest preflight; the console sends it with each tick until the user decides.
type Refresh struct {
	At   time.Time
	Plan cluster.Preflight
}

// NewFailover opens the preflight. The first [Refresh] requests the backup's checks.
func NewFailover(now time.Time, plan cluster.Preflight) *Failover {
	return &Failover{guard: newGuard(now, quietOpening), plan: plan, buttons: buttons{act: "Fail over"}}
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

// verdict says what the dry run found: that the failover would succeed, that it would with force, or
// why it would not. All are zero until it has arrived.
func (f *Failover) verdict() (ok, force bool, why string) {
	switch {
	case !f.plan.Ready():
		return false, false, f.plan.Why
	case f.check.target != f.plan.Target || f.check.answer == nil && f.check.err == nil:
		return false, false, ""
	case f.check.err != nil:
		return false, false, explain(f.check.err)
	case f.check.answer.Problem == nil:
		return true, false, ""
	}
	for _, ck := range f.check.answer.Checks {
		if ck.OK || !ck.Required {
			continue
		}
		if !ck.Forceable {
			return false, false, f.check.answer.Problem.Detail
		}
		force = true
	}
	return false, force, f.check.answer.Problem.Detail
}

// offer enables the button that the verdict allows. What the user has moved to is kept only while
// the action stays the same.
func (f *Failover) offer(sameTarget bool) {
	ok, force, _ := f.verdict()
	act := "Fail over"
	if force {
		act = "Force"
	}
	f.buttons.onAct = f.buttons.onAct && sameTarget && (ok || force) && act == f.buttons.act
	f.buttons.act, f.buttons.enabled, f.forced = act, ok || force, force
}

// Update handles keys, the preflight and the answers.
func (f *Failover) Update(msg any) (Screen, Intent) {
	next := *f
	switch m := msg.(type) {
	case Refresh:
		if f.phase != asking {
			return &next, nil
		}
		next.plan = m.Plan
		next.offer(m.Plan.Target == f.plan.Target) // never confirm another target than the one shown
		if m.Plan.Ready() && (f.check.target != m.Plan.Target || m.At.Sub(f.check.asked) >= recheck) {
			if f.check.target != m.Plan.Target {
				next.check = failoverCheck{target: m.Plan.Target}
			}
			next.check.asked = m.At
			return &next, CheckFailover{Target: m.Plan.Target}
		}
		return &next, nil
	case FailoverChecked:
		if f.phase == asking && m.Target == f.check.target {
			next.check.answer, next.check.err = m.Answer, m.Err
			next.offer(true)
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
		return &f, StartFailover{Target: f.plan.Target, Force: f.forced}
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

// nameWidth is the column of the checks' names.
const nameWidth = 37

// checks are those of the latest dry run, if it is the target's.
func (f *Failover) checks() []api.FailoverCheck {
	if f.check.target != f.plan.Target || f.check.answer == nil {
		return nil
	}
	return f.check.answer.Checks
}

func (f *Failover) paintAsking(a widget.Area) {
	const width = 78
	height := 0
	for _, ck := range f.checks() {
		height += checkHeight(&ck, min(width, a.W)-4)
	}
	in := a.Center(width, max(height, 1)+10).Dialog("Failover: preflight", "")
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
	for _, ck := range f.checks() {
		symbol, role := okMark(ck.OK)
		if !ck.OK && !ck.Required {
			symbol, role = "▲", theme.Warn
		}
		in.Text(0, y, role, symbol)
		in.Text(2, y, theme.Text, widget.Fit(widget.Clean(ck.Name), nameWidth-4))
		paragraph(in, nameWidth, y, theme.Muted, ck.Detail, checkLines)
		y += checkHeight(&ck, in.W)
	}
	ok, force, why := f.verdict()
	switch {
	case ok:
		paragraph(in, 0, y+1, theme.Muted, "The workers will then refuse the old primary. Reads and row writes continue through both masters; only creating and dropping require the primary.", 3)
	case force:
		paragraph(in, 0, y+1, theme.Warn, "▲ possible only by force: "+why, 3)
	case why != "":
		paragraph(in, 0, y+1, theme.Bad, "✗ not possible now: "+why, 3)
	default:
		in.Text(0, y, theme.Muted, widget.Fit("asking "+cluster.Host(f.plan.Target)+" what it finds …", in.W))
	}
	f.buttons.paint(in, in.H-1)
}

// checkLines bounds the lines of a check's finding.
const checkLines = 2

func checkHeight(ck *api.FailoverCheck, width int) int {
	return max(len(wrap(ck.Detail, width-nameWidth, checkLines)), 1)
}
