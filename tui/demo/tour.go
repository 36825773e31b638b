package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"shardeck/shared/client"
	"shardeck/tui/cli"
)

// sampleSeed is the seed of the demo's students.
const sampleSeed = 2026

// stepTimeout bounds each step, so that a tour never hangs.
const stepTimeout = 60 * time.Second

// tour demonstrates Shardeck on a new cluster, as text, and checks each result against
// its own computation from the sample data.
type tour struct {
	out     io.Writer
	cluster *Cluster
	pace    time.Duration // pause after each step
	rows    int           // students to load
	manual  bool          // the lease is manual: somebody has to ask for a failover

	students []student // every row that should be in the table, in no particular order
	checks   int
	failures int
	gapBegan time.Time // when the primary was killed
}

// logLines is the number of lines of each log that a failed tour shows.
const logLines = 10

// step is one step of the tour.
type step struct {
	title string
	shows string
	run   func(*tour, context.Context) error
}

// steps are those of the tour: the failover that the lease allows comes last but for what follows it.
func (t *tour) steps() []step {
	if t.manual {
		return append(commonSteps(), manualSteps()...)
	}
	return append(commonSteps(), automaticSteps()...)
}

func commonSteps() []step {
	return []step{
		{"Create a database and a table", "DDL goes to the primary and from there to every shard; all get the same definition", (*tour).create},
		{"Insert routed by the key", "the shard follows from the key: FNV-1a-32, 5040 slots, a slot map", (*tour).insertRouted},
		{"Select by key", "a shard key in the request or the condition limits it to the shards that hold the key", (*tour).selectByKey},
		{"Load students", "batches through the public API, split by shard at the master", (*tour).load},
		{"Scatter, sort, limit", "every shard sorts its own rows, the master merges", (*tour).scatter},
		{"Count by MapReduce", "every shard counts its own rows; only the counts travel", (*tour).count},
		{"Count each group", "the same, for each major and with a condition", (*tour).countGroups},
		{"Ask in T-SQL", "one statement over all shards: each groups its own rows, the master combines the groups", (*tour).statement},
		{"Explain the statement", "the plan: which shards and why, what is sent to each, what the master does", (*tour).explain},
		{"Refusals", "invalid rows and requests are refused with a reason, and change nothing", (*tour).refusals},
		{"Security check", "no worker accepts a request without the token", (*tour).security},
	}
}

// manualSteps are those with a manual lease: somebody has to ask for the failover.
func manualSteps() []step {
	return []step{
		{"Kill the primary", "SIGKILL, without a shutdown: the backup still serves reads and row writes", (*tour).killPrimary},
		{"Fail over to the backup", "it acquires the next term, which fences off the old primary at every worker", (*tour).failOver},
		{"Carry on", "nothing acknowledged is lost, and everything works, including DDL", (*tour).carryOn},
		{"The old primary comes back", "it finds that it has been replaced and becomes the backup", (*tour).comeBack},
	}
}

// automaticSteps are those with a lease that expires: the backup takes over by itself, and later
// hands back on request.
func automaticSteps() []step {
	return []step{
		{"Kill the primary", "SIGKILL, without a shutdown: the backup still serves reads and row writes", (*tour).killPrimary},
		{"The backup takes over by itself", "the lease of the dead primary expires, and whoever finds it free acquires the next term", (*tour).takeOver},
		{"Carry on", "nothing acknowledged is lost, and everything works, including DDL", (*tour).carryOn},
		{"The old primary comes back", "it finds that it has been replaced and becomes the backup", (*tour).comeBack},
		{"Hand over on request", "the primary finishes its schema changes and hands over to the one that is asked", (*tour).handBack},
	}
}

// errTour is the error of a failed tour; the output has reported what failed.
var errTour = &cli.ExitError{Code: cli.ExitFailed}

// run runs the tour. It returns nil only if every check passed.
func (t *tour) run(ctx context.Context) error {
	steps := t.steps()
	began := time.Now()
	for i, s := range steps {
		t.printf("\n[%d/%d] %s\n", i+1, len(steps), s.title)
		t.line("%s", s.shows)
		stepCtx, cancel := context.WithTimeoutCause(ctx, stepTimeout, fmt.Errorf("this step took longer than %s", stepTimeout))
		stepBegan := time.Now()
		err := s.run(t, stepCtx)
		took := time.Since(stepBegan)
		cancel()
		if ctx.Err() != nil {
			t.printf("\ninterrupted at step %d of %d\n", i+1, len(steps))
			return ctx.Err()
		}
		if err != nil {
			t.failures++
			t.printf("  FAILED ")
			cli.Report(t.out, err, false)
			t.printf("\nThe tour ends at step %d of %d, since the next steps depend on it.\n", i+1, len(steps))
			return t.failed()
		}
		t.line("took %s", round(took))
		if i < len(steps)-1 && !pause(ctx, t.pace) {
			return ctx.Err()
		}
	}
	t.printf("\n%d steps, %d checks, %d failed, in %s\n", len(steps), t.checks, t.failures, round(time.Since(began)))
	if t.failures > 0 {
		return t.failed()
	}
	t.printf("All checks passed.\n")
	return nil
}

// failed prints the end of each child's log, which may be removed soon, and returns the
// tour's error.
func (t *tour) failed() error {
	for _, p := range t.cluster.processes() {
		t.printf("\nThe end of %s:\n%s\n", p.logPath, tail(p.logPath, logLines))
	}
	return errTour
}

func (t *tour) printf(format string, args ...any) { fmt.Fprintf(t.out, format, args...) }

// line writes an indented line.
func (t *tour) line(format string, args ...any) {
	t.printf("       %s\n", cli.Clean(fmt.Sprintf(format, args...)))
}

// table prints a table below the step.
func (t *tour) table(tb *cli.Table) {
	tb.Indent = "         "
	tb.Fprint(t.out)
}

// expect records and prints a check.
func (t *tour) expect(ok bool, format string, args ...any) {
	t.checks++
	mark := "ok    "
	if !ok {
		mark = "FAILED"
		t.failures++
	}
	t.printf("  %s %s\n", mark, cli.Clean(fmt.Sprintf(format, args...)))
}

// primary and backup return the clients by the masters' initial roles.
func (t *tour) primary() *client.Master { return t.cluster.clients[0] }
func (t *tour) backup() *client.Master  { return t.cluster.clients[1] }

// pause waits and reports whether it was not interrupted.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// round rounds a duration for display.
func round(d time.Duration) time.Duration {
	switch {
	case d > 10*time.Second:
		return d.Round(100 * time.Millisecond)
	case d > time.Second:
		return d.Round(10 * time.Millisecond)
	case d > 10*time.Millisecond:
		return d.Round(time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}

// until polls done until it returns true or ctx ends. A master's probes run on their own
// schedule, so there is no other way to wait for them.
func until(ctx context.Context, done func(context.Context) bool) error {
	tick := time.NewTicker(settlePoll)
	defer tick.Stop()
	for !done(ctx) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

// errNotEmpty refuses a tour on existing data.
var errNotEmpty = errors.New("the tour requires an empty data directory; this one already has " + demoDB)
