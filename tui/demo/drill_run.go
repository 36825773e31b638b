package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"shardeck/tui/cluster"
	"shardeck/tui/drill"
)

const (
	// drillTimeout bounds a drill, apart from undoing it.
	drillTimeout = 3 * time.Minute
	// undoTimeout bounds undoing it.
	undoTimeout = 45 * time.Second
	// steadyWithin bounds the wait for a healthy cluster before anything is done to it.
	steadyWithin = 30 * time.Second
	// emitEvery is how often the measured numbers are handed on.
	emitEvery = 250 * time.Millisecond
)

// drillRun is a drill that runs.
type drillRun struct {
	c     *Cluster
	ex    *exercise
	proc  *process
	shard int // of the target; -1 for a master
	load  *drillLoad
	watch *watcher
	flood *flood

	termBefore  uint64
	ratesBefore [workerCount]float64
	saw         string // what the masters said when they noticed

	injectedAt, noticedAt, liftedAt, recoveredAt time.Time
	ackedNoticed, ackedLifted                    int // of the target's shard, at those times
	missing, acked                               int
	readBack                                     error // why the writes could not be read back

	mu     sync.Mutex
	report drill.Report
	began  time.Time
}

// step adds to the timeline.
func (r *drillRun) step(bad bool, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Steps = append(r.report.Steps, drill.Step{After: time.Since(r.began), Text: fmt.Sprintf(format, args...), Bad: bad})
}

// snapshot returns the report as it is.
func (r *drillRun) snapshot() drill.Report {
	measures := r.measures()
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.report
	out.Steps = append([]drill.Step(nil), out.Steps...)
	if out.Verdict == drill.Pending {
		out.Took, out.Measures = time.Since(r.began), measures
	}
	return out
}

// gaps are the longest times that the target's shard and any other left a client without an answer.
func (r *drillRun) gaps() (target, others time.Duration) {
	now := r.load.now()
	for _, s := range r.load.state() {
		gap := max(s.reads.silence(now), s.writes.silence(now))
		if s.shard == r.shard {
			target = max(target, gap)
		} else {
			others = max(others, gap)
		}
	}
	return target, others
}

// measures lists what was measured so far.
func (r *drillRun) measures() []drill.Measure {
	var reads, writes tally
	acked := 0
	for _, s := range r.load.state() {
		reads.sent, reads.failed = reads.sent+s.reads.sent, reads.failed+s.reads.failed+s.reads.unknown
		writes.sent, writes.failed, writes.unknown = writes.sent+s.writes.sent, writes.failed+s.writes.failed, writes.unknown+s.writes.unknown
		acked += s.acked
	}
	target, others := r.gaps()
	all := []drill.Measure{
		{Name: "reads", Value: fmt.Sprintf("%d, %d failed", reads.sent, reads.failed)},
		{Name: "writes", Value: fmt.Sprintf("%d, %d failed, %d of unknown outcome", writes.sent, writes.failed, writes.unknown)},
		{Name: "confirmed", Value: fmt.Sprintf("%d writes", acked)},
	}
	if r.shard >= 0 {
		all = append(all, drill.Measure{Name: "longest gap", Value: fmt.Sprintf("%s at shard %d, %s at the others", round(target), r.shard, round(others))})
	} else {
		all = append(all, drill.Measure{Name: "longest gap", Value: round(others).String()})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	since := func(name string, from, at time.Time) {
		if !at.IsZero() {
			all = append(all, drill.Measure{Name: name, Value: "after " + round(at.Sub(from)).String()})
		}
	}
	since("noticed", r.injectedAt, r.noticedAt)
	since("recovered", r.liftedAt, r.recoveredAt)
	return all
}

// mark records a time for the measures.
func (r *drillRun) mark(at *time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*at = time.Now()
}

// ackedByTarget counts the acknowledged writes of the target's shard.
func (r *drillRun) ackedByTarget() int {
	if r.shard < 0 {
		return 0
	}
	return r.load.state()[r.shard].acked
}

// errLate is the cause of a wait that took too long.
var errLate = errors.New("it took too long")

// await waits until done, for so long at most. The error is not nil if the drill has ended meanwhile.
func (r *drillRun) await(ctx context.Context, bound time.Duration, done func() bool) (happened bool, err error) {
	waiting, cancel := context.WithTimeoutCause(ctx, bound, errLate)
	defer cancel()
	if err := until(waiting, func(context.Context) bool { return done() }); err != nil {
		return false, context.Cause(ctx)
	}
	return true, nil
}

// run carries the drill out. What it did is undone, however it ends.
func (r *drillRun) run(ctx context.Context) drill.Report {
	ctx, cancel := context.WithTimeoutCause(ctx, drillTimeout, fmt.Errorf("the drill took longer than %s", drillTimeout))
	defer cancel()
	err, notUndone := r.carryOut(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Took = time.Since(r.began)
	switch {
	case notUndone != nil && err != nil:
		r.report.Fail(cluster.Explain(err) + ", and it is NOT undone: " + cluster.Explain(notUndone))
	case notUndone != nil:
		r.report.Fail("it is NOT undone: " + cluster.Explain(notUndone))
	case errors.Is(err, context.Canceled):
		r.report.Verdict, r.report.Reason = drill.Canceled, "it was canceled, and undone"
	case err != nil:
		r.report.Fail(cluster.Explain(err))
	default:
		r.report.Judge()
	}
	return r.report
}

// carryOut does it and undoes it. notUndone is why something is left as the drill made it.
func (r *drillRun) carryOut(ctx context.Context) (err, notUndone error) {
	r.watch = r.c.watch(ctx)
	defer r.watch.end()
	lifted := r.ex.lift == nil
	injected := false
	defer func() {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
		defer cancel()
		if injected && !lifted {
			r.step(false, "undone: %s", r.ex.undo)
			notUndone = r.ex.lift(undo, r)
		}
		notUndone = errors.Join(notUndone, r.load.close(undo))
	}()
	if err := r.steady(ctx); err != nil {
		return err, nil
	}
	r.step(false, "%s: %s", r.report.Target, r.ex.does)
	r.mark(&r.injectedAt)
	injected = true
	if err := r.ex.inject(ctx, r); err != nil {
		return err, nil
	}
	if err := r.endure(ctx); err != nil {
		return err, nil
	}
	r.ackedLifted = r.ackedByTarget()
	if !lifted {
		r.step(false, "undone: %s", r.ex.undo)
		// Cancelling the drill must not stop what undoes it half way.
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
		err := r.ex.lift(undo, r)
		cancel()
		if err != nil {
			return err, nil // it is tried once more
		}
		lifted = true
	}
	return r.recover(ctx), nil
}

// steady waits for a healthy cluster and the first answers of every shard.
func (r *drillRun) steady(ctx context.Context) error {
	if ok, err := r.await(ctx, steadyWithin, func() bool { return r.watch.healthySince(r.began) }); !ok {
		return errors.Join(err, errors.New("not begun: the cluster is not healthy, and a drill would prove nothing; restart what was killed and thaw what was frozen"))
	}
	if err := r.load.begin(ctx); err != nil {
		return err
	}
	from := time.Now()
	if ok, err := r.await(ctx, steadyWithin, func() bool { return r.load.answeredSince(from) }); !ok {
		return errors.Join(err, errors.New("not begun: not every shard answers"))
	}
	if !pause(ctx, time.Second) { // for rates to compare with
		return context.Cause(ctx)
	}
	_, r.termBefore = r.watch.leader()
	r.ratesBefore = r.watch.rates()
	r.step(false, "every shard answers; term %d", r.termBefore)
	return nil
}

// endure waits until what was done has been noticed, and for as long as it should last.
func (r *drillRun) endure(ctx context.Context) error {
	if r.ex.noticed == nil {
		return nil
	}
	ok, err := r.await(ctx, noticeWithin, func() bool { return r.ex.noticed(r) })
	switch {
	case err != nil:
		return err
	case ok:
		r.mark(&r.noticedAt)
		r.ackedNoticed = r.ackedByTarget()
		r.step(false, "noticed after %s: %s", round(r.noticedAt.Sub(r.injectedAt)), r.saw)
	default:
		r.step(true, "not noticed within %s", noticeWithin)
	}
	if !pause(ctx, r.ex.hold) {
		return context.Cause(ctx)
	}
	return nil
}

// recover waits until all is well, and reads back what was acknowledged.
func (r *drillRun) recover(ctx context.Context) error {
	r.mark(&r.liftedAt)
	ok, err := r.await(ctx, recoverWithin, func() bool {
		return r.watch.healthySince(r.liftedAt) && r.load.answeredSince(r.liftedAt)
	})
	switch {
	case err != nil:
		return err
	case ok:
		r.mark(&r.recoveredAt)
		r.step(false, "all is well %s after that", round(r.recoveredAt.Sub(r.liftedAt)))
	default:
		r.step(true, "not well again within %s", recoverWithin)
	}
	r.load.end()
	r.missing, r.acked, r.readBack = r.load.missing(ctx)
	r.step(r.readBack != nil || r.missing > 0, "read back: %d of %d acknowledged writes are there", r.acked-r.missing, r.acked)
	measures := r.measures()
	checks := make([]drill.Check, len(r.ex.checks))
	for i, check := range r.ex.checks {
		checks[i] = check(r)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Measures, r.report.Checks = measures, checks
	return nil
}

// names lists the names of the drills.
func names(all []exercise) string {
	out := make([]string, len(all))
	for i := range all {
		out[i] = all[i].name
	}
	return strings.Join(out, ", ")
}
