package demo

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/drill"
)

// Drills carries out drills on a demo's cluster, and on no other. Its methods are safe for concurrent
// use; one drill runs at a time.
type Drills struct {
	c       *Cluster
	traffic *Traffic // nil where there is none
	rows    int      // of students
	running atomic.Bool
}

// NewDrills returns the drills of a cluster with that many students. traffic may be nil.
func (c *Cluster) NewDrills(traffic *Traffic, rows int) *Drills {
	return &Drills{c: c, traffic: traffic, rows: rows}
}

func (d *Drills) plan(ex *exercise) drill.Plan {
	p := drill.Plan{Name: ex.name, Title: ex.title, Does: ex.does, Expect: ex.expect, Measured: measuredBy, Undo: ex.undo}
	if ex.off != nil {
		p.Off = ex.off(d.c)
	}
	return p
}

// List returns the drills. It does no I/O.
func (d *Drills) List() []drill.Plan {
	all := exercises()
	plans := make([]drill.Plan, len(all))
	for i := range all {
		plans[i] = d.plan(&all[i])
	}
	return plans
}

// find returns the drill with that name, nil if there is none.
func find(name string) *exercise {
	all := exercises()
	for i := range all {
		if all[i].name == name {
			return &all[i]
		}
	}
	return nil
}

// Run carries out a drill on the chosen process, if it is of the kind that the drill is about, else on
// another one. It hands on the report as it grows, and returns the final one once everything is
// undone.
func (d *Drills) Run(ctx context.Context, name, chosen string, progress func(drill.Report)) drill.Report {
	ex := find(name)
	if ex == nil {
		return drill.Report{Plan: drill.Plan{Name: name, Title: name}, Verdict: drill.Failed, Reason: "there is no such drill; there are: " + names(exercises())}
	}
	r := &drillRun{c: d.c, ex: ex, began: time.Now(), shard: -1}
	r.report = drill.Report{Plan: d.plan(ex), Began: r.began, Verdict: drill.Pending}
	if r.report.Off != "" {
		r.report.Fail("not possible here: " + r.report.Off)
		return r.report
	}
	if !d.running.CompareAndSwap(false, true) {
		r.report.Fail("another drill is running")
		return r.report
	}
	defer d.running.Store(false)
	if err := r.aim(ctx, chosen); err != nil {
		r.report.Fail("not begun: " + err.Error())
		return r.report
	}
	load, err := newDrillLoad(d.c.Masters(), d.rows)
	if err != nil {
		r.report.Fail("not begun: " + err.Error())
		return r.report
	}
	r.load = load
	progress(r.snapshot())
	shown := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(shown)
		tick := time.NewTicker(emitEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if s := r.snapshot(); s.Verdict == drill.Pending { // the last one is what this returns
					progress(s)
				}
			}
		}
	}()
	report := r.run(ctx)
	close(done)
	<-shown
	return report
}

// aim chooses the process that the drill is about.
func (r *drillRun) aim(ctx context.Context, chosen string) error {
	for _, p := range r.c.processes() {
		if s := p.State(); s != drill.Running {
			return fmt.Errorf("%s is %s; restart it or let it go on first", p.name, s)
		}
	}
	switch r.ex.target {
	case theCluster:
		r.report.Target = "the whole cluster"
		return nil
	case aWorker:
		r.shard = len(r.c.workers) - 1
		for i, p := range r.c.workers {
			if p.name == chosen {
				r.shard = i
			}
		}
		r.proc = r.c.workers[r.shard]
		r.report.Target = fmt.Sprintf("%s (shard %d)", r.proc.name, r.shard)
		return nil
	}
	role := api.RolePrimary
	if r.ex.target == theBackup {
		role = api.RoleBackup
	}
	for i, p := range r.c.masters {
		if h, err := ask(ctx, r.c.clients[i].Health); err == nil && h.Role == role {
			r.proc = p
		}
	}
	if r.proc == nil {
		return fmt.Errorf("no master is the %s", role)
	}
	r.report.Target = fmt.Sprintf("%s (%s)", r.proc.name, role)
	return nil
}

// The keys of what can be done to a process.
const (
	keyKill    = "K"
	keyFreeze  = "z"
	keySlow    = "w"
	keyRestart = "R"
	keyFull    = "f"
	keyLevel   = "l"
	keySkew    = "h"
)

// Processes lists the processes, workers first, and the traffic, with what can be done to each. It
// does no I/O.
func (d *Drills) Processes() []drill.Process {
	var all []drill.Process
	for i, p := range d.c.workers {
		all = append(all, d.process(p, fmt.Sprintf("shard %d", i), true))
	}
	for _, p := range d.c.masters {
		m := d.process(p, "master", false)
		m.URL = p.url
		all = append(all, m)
	}
	if d.traffic != nil {
		all = append(all, drill.Process{Name: "traffic", Role: d.traffic.Describe(), State: drill.Running, Acts: []drill.Act{
			{Key: keyLevel, Label: "level", Name: "change the traffic: off, normal, ten times as much"},
			{Key: keySkew, Label: "skew", Name: "send the traffic to keys of shard 0 only, or to all"},
		}})
	}
	return all
}

func (d *Drills) process(p *process, role string, worker bool) drill.Process {
	state := p.State()
	out := drill.Process{Name: p.name, Role: role, State: state}
	dead, busy := "", ""
	if d.running.Load() {
		busy = "a drill is running; cancel it first"
	}
	if state == drill.Killed {
		dead = p.name + " is not running; restart it first"
	} else {
		out.PID = p.pid()
	}
	toggle := func(s drill.State, key, does, undoes, label, question, impossible string) drill.Act {
		a := drill.Act{Key: key, Label: label, Name: does, Question: question, Off: first(busy, dead, impossible)}
		if state == s {
			a.Name, a.Label, a.Question = undoes, "undo", ""
		}
		return a
	}
	out.Acts = []drill.Act{
		{Key: keyKill, Label: "kill", Name: "kill the process", Question: "Kill " + p.name + " (" + role + ") with SIGKILL? It gets no chance to shut down. R starts it again.", Off: first(busy, dead)},
		toggle(drill.Frozen, keyFreeze, "freeze the process", "let the process go on", "freeze", "Freeze "+p.name+" ("+role+")? It keeps its connections and answers nothing until you let it go on with z.", cannotFreeze),
		toggle(drill.Slow, keySlow, "slow the process down", "let the process run at full speed", "slow", "Slow "+p.name+" ("+role+") down? It answers up to 1.6 s late until you undo it with w.", cannotFreeze),
		{Key: keyRestart, Label: "restart", Name: "restart the process", Question: "Restart " + p.name + " (" + role + ")? It is stopped in an orderly way and started again.", Off: busy},
	}
	if state == drill.Killed {
		out.Acts[3].Label, out.Acts[3].Name, out.Acts[3].Question = "start", "start the process again", ""
	}
	if worker {
		out.Acts = append(out.Acts, toggle(drill.Full, keyFull, "fill the disk of the process", "make room on the disk of the process", "fill disk",
			"Make every write of "+p.name+" ("+role+") fail as on a full disk? Nothing is filled; undo it with f.", cannotFill))
	}
	return out
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// Act does something to a process, or to the traffic, and returns a line for the event log.
func (d *Drills) Act(ctx context.Context, name, key string) (string, error) {
	if name == "traffic" && d.traffic != nil {
		if key == keySkew {
			d.traffic.ToggleSkew()
		} else {
			d.traffic.NextLevel()
		}
		return "traffic is " + d.traffic.Describe(), nil
	}
	for _, p := range d.c.processes() {
		if p.name == name {
			return d.actOn(ctx, p, key)
		}
	}
	return "", errors.New("the demo has no process " + name)
}

func (d *Drills) actOn(ctx context.Context, p *process, key string) (string, error) {
	if d.running.Load() {
		return "", errors.New("a drill is running; cancel it first")
	}
	state := p.State()
	switch {
	case key == keyKill:
		return "sent SIGKILL to " + p.name, p.kill()
	case key == keyRestart:
		return "restarted " + p.name, p.restart(ctx)
	case key == keyFreeze && state == drill.Frozen, key == keySlow && state == drill.Slow, key == keyFull && state == drill.Full:
		return p.name + " is no longer " + string(state), p.relieve()
	case key == keyFreeze:
		return p.name + " is frozen (SIGSTOP)", p.freeze()
	case key == keySlow:
		return p.name + " is slowed down", p.slow()
	case key == keyFull:
		return p.name + " cannot write any more, as on a full disk", p.fill()
	}
	return "", fmt.Errorf("nothing is done to %s by %q", p.name, key)
}
