package demo

import (
	"errors"
	"strings"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/drill"
)

func TestProcessIsFrozenSlowedAndLetGo(t *testing.T) {
	if cannotFreeze != "" {
		t.Skip(cannotFreeze)
	}
	p := testProcess(t, "polite")
	if s := p.State(); s != drill.Killed {
		t.Errorf("before it is started: %s", s)
	}
	if err := p.freeze(); err == nil || !strings.Contains(err.Error(), "not running") {
		t.Errorf("freezing what does not run: %v", err)
	}
	expect := func(want drill.State, err error) {
		t.Helper()
		if s := p.State(); s != want || err != nil {
			t.Errorf("it is %s (%v), want %s", s, err, want)
		}
	}
	expect(drill.Running, p.start(t.Context()))
	expect(drill.Frozen, p.freeze())
	expect(drill.Slow, p.slow()) // instead
	expect(drill.Running, p.relieve())
	expect(drill.Running, p.relieve()) // nothing to undo
	expect(drill.Frozen, p.freeze())
	// A frozen process hears that it is to stop: it is not killed after the grace.
	expect(drill.Killed, p.stop())
	if got := tail(p.logPath, 5); !strings.Contains(got, `heard "stop\n"`) {
		t.Errorf("it was killed: %s", got)
	}
	expect(drill.Running, p.start(t.Context()))
	expect(drill.Slow, p.slow())
	expect(drill.Killed, p.kill())
	expect(drill.Running, p.restart(t.Context()))
	p.retired.Store(true)
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if err := p.start(t.Context()); err == nil || p.alive() {
		t.Errorf("it is started although the demo ends: %v", err)
	}
}

// drillOf is a run with a second's traffic to three shards, of which shard 2 is the target.
func drillOf(t *testing.T) *drillRun {
	t.Helper()
	load, err := newDrillLoad([]string{"http://127.0.0.1:1"}, 9)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(load.cluster.Close)
	at := time.Now()
	for _, l := range load.lanes {
		l.reads.took(at, nil)
		l.writes.took(at, nil)
	}
	load.stopped = at
	return &drillRun{load: load, shard: 2, injectedAt: at, noticedAt: at.Add(time.Second), liftedAt: at.Add(2 * time.Second), recoveredAt: at.Add(3 * time.Second), acked: 10}
}

func TestChecksFailWhenTheExpectationIsNotMet(t *testing.T) {
	fails := errors.New("connection refused")
	unknown := api.NewProblem(api.CodeOutcomeUnknown, "no answer")
	for _, c := range []struct {
		name  string
		check check
		spoil func(*drillRun)
	}{
		{"never noticed", noticedInTime, func(r *drillRun) { r.noticedAt = time.Time{} }},
		{"noticed late", noticedInTime, func(r *drillRun) { r.noticedAt = r.injectedAt.Add(noticeWithin + 1) }},
		{"no takeover", tookOverInTime, func(r *drillRun) { r.noticedAt = time.Time{} }},
		{"not recovered", recoveredInTime, func(r *drillRun) { r.recoveredAt = time.Time{} }},
		{"a write is missing", allWritesThere, func(r *drillRun) { r.missing = 1 }},
		{"writes cannot be read back", allWritesThere, func(r *drillRun) { r.readBack = fails }},
		{"nothing was acknowledged", allWritesThere, func(r *drillRun) { r.acked = 0 }},
		{"a read of the target fails", nothingFailed, func(r *drillRun) { r.load.lanes[2].reads.took(r.injectedAt, fails) }},
		{"a read of another shard fails", othersAnswered, func(r *drillRun) { r.load.lanes[0].reads.took(r.injectedAt, fails) }},
		{"a write of another shard is in doubt", othersAnswered, func(r *drillRun) { r.load.lanes[1].writes.took(r.injectedAt, unknown) }},
		{"another shard waits", othersNotHeldUp, func(r *drillRun) { r.load.lanes[0].reads.took(r.load.stopped.Add(slowStop), nil) }},
		{"a client waits long", shortGap, func(r *drillRun) { r.load.stopped = r.load.stopped.Add(gapWithin + 1) }},
		{"a full disk takes a write", noWriteAcknowledged, func(r *drillRun) { r.ackedLifted = 1 }},
		{"reads fail with a full disk", readsWentOn, func(r *drillRun) { r.load.lanes[2].reads.took(r.injectedAt, fails) }},
		{"an added client fails", floodAnswered, func(r *drillRun) { r.flood.failed.Add(1) }},
	} {
		r := drillOf(t)
		r.flood = &flood{}
		r.flood.sent.Add(5)
		if got := c.check(r); !got.OK {
			t.Errorf("%s: it fails before: %+v", c.name, got)
		}
		c.spoil(r)
		if got := c.check(r); got.OK || got.Got == "" || got.Text == "" {
			t.Errorf("%s: it passes: %+v", c.name, got)
		}
	}
	r := drillOf(t)
	r.load.lanes[2].writes.took(r.injectedAt, fails)
	if got := othersAnswered(r); !got.OK {
		t.Errorf("a failure of the target counts for the others: %+v", got)
	}
}

func TestLongestGapIncludesTheOneThatHasNotEnded(t *testing.T) {
	var c tally
	at := time.Now()
	c.took(at, nil)
	c.took(at.Add(time.Second), nil)
	c.took(at.Add(2*time.Second), errors.New("x"))
	if got := c.silence(at.Add(4 * time.Second)); got != 3*time.Second {
		t.Errorf("%s, want 3s", got)
	}
	c.took(at.Add(5*time.Second), nil)
	if got := c.silence(at.Add(6 * time.Second)); got != 4*time.Second || c.sent != 4 || c.failed != 1 {
		t.Errorf("%s and %+v, want 4s", got, c)
	}
}

// Every drill says what it does and what should happen, and checks something; its name is its own.
func TestDrillsAreComplete(t *testing.T) {
	seen := map[string]bool{allDrills: true}
	for _, ex := range exercises() {
		if seen[ex.name] {
			t.Errorf("%s is there twice", ex.name)
		}
		seen[ex.name] = true
		if ex.title == "" || ex.does == "" || ex.expect == "" || ex.undo == "" || ex.inject == nil || len(ex.checks) == 0 {
			t.Errorf("%s is incomplete", ex.name)
		}
	}
	for _, name := range []string{"kill-worker", "freeze-worker", "slow-worker", "restart-worker", "kill-primary", "freeze-primary", "restart-backup", "burst", "skew", "full-disk"} {
		if !seen[name] {
			t.Errorf("there is no drill %s", name)
		}
	}
}

// The fields of /proc/net/tcp are those of proc(5).
func TestListenerIsFoundByPort(t *testing.T) {
	const line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31337 1 0000000000000000 100 0 0 10 0"
	for text, want := range map[string]string{
		line:                                     "31337",
		strings.Replace(line, " 0A ", " 01 ", 1): "", // a connection
		strings.Replace(line, ":1F90", ":1F91", 1): "", // another port
		"  sl  local_address rem_address":          "",
	} {
		if got := listener(text, 8080); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
