package screen

import (
	"fmt"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/keymap"
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
	pane    pane
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
	phaseAsking failoverPhase = iota
	phaseRunning
	phaseDone
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
	return f.phase != phaseDone || f.err == nil && !f.measured(s) && s.SawPrimary()
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

// Update handles the preflight and the answers.
func (f *Failover) Update(msg any) Intent {
	switch m := msg.(type) {
	case Refresh:
		if f.phase == phaseAsking {
			return f.refresh(m)
		}
	case FailoverChecked:
		if f.phase == phaseAsking && m.Target == f.check.target {
			f.check.answer, f.check.err = m.Answer, m.Err
			f.offer(true)
		}
	case FailoverStarted:
		if f.phase == phaseAsking {
			f.phase, f.began = phaseRunning, m.At
		}
	case FailoverEnded:
		if f.phase == phaseRunning {
			f.phase, f.ended, f.answer, f.err = phaseDone, m.At, m.Answer, m.Err
			f.guard = newGuard(m.At, quietResult)
		}
	}
	return nil
}

// refresh takes over the latest preflight, and asks for a dry run if one is due.
func (f *Failover) refresh(m Refresh) Intent {
	same := m.Plan.Target == f.plan.Target
	f.plan = m.Plan
	f.offer(same) // never confirm another target than the one shown
	if !m.Plan.Ready() || f.check.target == m.Plan.Target && m.At.Sub(f.check.asked) < recheck {
		return nil
	}
	if f.check.target != m.Plan.Target {
		f.check = failoverCheck{target: m.Plan.Target}
	}
	f.check.asked = m.At
	return CheckFailover{Target: m.Plan.Target}
}

func (f *Failover) absorbs(at time.Time) bool { return f.guard.absorbs(at) }

// Commands lists the keys of the current phase.
func (f *Failover) Commands(v *View) []keymap.Command {
	switch f.phase {
	case phaseAsking:
		return append(f.buttons.commands(func() Intent {
			return StartFailover{Target: f.plan.Target, Force: f.forced}
		}), f.pane.commands()...)
	case phaseRunning:
		return []keymap.Command{{Name: "wait", Label: "the failover is running", Group: groupDialog, Keys: []string{"esc"}, Shown: "…", Off: "the failover is running and cannot be stopped"}}
	}
	return append([]keymap.Command{{Name: "close", Label: "close", Group: groupDialog, Keys: []string{"esc", "enter", "q"}, Do: asks(Close{})}}, f.pane.commands()...)
}

// Paint draws the current phase.
func (f *Failover) Paint(a widget.Area, v *View) {
	switch f.phase {
	case phaseAsking:
		f.paintAsking(a)
	case phaseRunning:
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
	frame := a.Center(width, max(height, 1)+10).Dialog("Failover: preflight", f.pane.note())
	f.pane.paint(frame.Sub(0, 0, frame.W, max(frame.H-1, 0)), max(height, 1)+7, f.paintChecks)
	f.buttons.paint(frame, frame.H-1)
}

// paintChecks draws what would be done, the checks, and what they mean.
func (f *Failover) paintChecks(in widget.Area) {
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
		symbol, role := checkMark(&ck)
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
	case why != "" && f.plan.Awaited:
		paragraph(in, 0, y+1, theme.Info, "· nothing needs to be done: the primary does not answer, and the backup takes over by itself as soon as the lease has expired, usually within seconds. Until then it says: "+why, 4)
	case why != "":
		paragraph(in, 0, y+1, theme.Bad, "✗ not possible now: "+why, 3)
	default:
		in.Text(0, y, theme.Muted, widget.Fit("asking "+cluster.Host(f.plan.Target)+" what it finds …", in.W))
	}
}

// checkLines bounds the lines of a check's finding.
const checkLines = 2

func checkHeight(ck *api.FailoverCheck, width int) int {
	return max(len(wrap(ck.Detail, width-nameWidth, checkLines)), 1)
}
