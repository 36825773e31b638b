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

// sampleSeed makes the demo's students the same everywhere.
const sampleSeed = 2026

// tourSlack is a bound on any one step: a tour never hangs.
const tourSlack = 60 * time.Second

// tour walks a fresh cluster through what Shardeck does, as text, and checks each
// outcome against what it computes by itself from the sample data.
type tour struct {
	out     io.Writer
	cluster *Cluster
	pace    time.Duration // pause after each step
	rows    int           // students to load

	students []student // every row that should be in the table, in no order
	checks   int
	failures int
	gapBegan time.Time // when the primary was killed
}

// logLines is how much of each log a failed tour shows.
const logLines = 10

// step is one stop of the tour.
type step struct {
	title string
	shows string
	run   func(*tour, context.Context) error
}

func tourSteps() []step {
	return []step{
		{"Create a database and a table", "DDL goes to the primary and from there to every shard; all hold the same definition", (*tour).create},
		{"Insert routed by the key", "the shard follows from the key: FNV-1a-32, 5040 slots, a slot map", (*tour).insertRouted},
		{"Select by key", "a shard key in the request or in the condition leads to just the shards that hold it", (*tour).selectByKey},
		{"Load students", "batches through the public API, split by shard at the master", (*tour).load},
		{"Scatter, sort, limit", "every shard sorts its own rows, the master merges", (*tour).scatter},
		{"Count by map and reduce", "every shard counts its own rows, only the counts travel", (*tour).count},
		{"Count each group", "the same, for each major and with a condition", (*tour).countGroups},
		{"Ask in T-SQL", "one statement over all shards: each groups its own rows, the master puts the groups together", (*tour).statement},
		{"Explain it", "the plan: which shards and why, what each is sent, what is left to the master", (*tour).explain},
		{"What is refused", "bad rows and bad requests are refused with a reason, and change nothing", (*tour).refusals},
		{"Security check", "no worker lets anyone in without the token", (*tour).security},
		{"Kill the primary", "SIGKILL, no goodbye: the backup serves reads and row writes all the same", (*tour).killPrimary},
		{"Fail over to the backup", "it takes the next term, which fences the old primary out at every worker", (*tour).failOver},
		{"Carry on", "nothing acknowledged is lost, and everything works, DDL too", (*tour).carryOn},
		{"The old primary comes back", "it finds that it was replaced and becomes the backup", (*tour).comeBack},
	}
}

// errTour ends a tour that was not as expected; the output has said what.
var errTour = &cli.ExitError{Code: cli.ExitFailed}

// run takes the tour. It returns nil only when every check held.
func (t *tour) run(ctx context.Context) error {
	steps := tourSteps()
	began := time.Now()
	for i, s := range steps {
		t.printf("\n[%d/%d] %s\n", i+1, len(steps), s.title)
		t.line("%s", s.shows)
		stepCtx, cancel := context.WithTimeoutCause(ctx, tourSlack, fmt.Errorf("this step took longer than %s", tourSlack))
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
			t.printf("\nThe tour ends at step %d of %d, as the next steps need this one.\n", i+1, len(steps))
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
	t.printf("Everything was as expected.\n")
	return nil
}

// failed prints the end of each child's log, which may be gone soon, and returns
// the tour's error.
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

// expect checks an outcome and says so.
func (t *tour) expect(ok bool, format string, args ...any) {
	t.checks++
	mark := "ok    "
	if !ok {
		mark = "FAILED"
		t.failures++
	}
	t.printf("  %s %s\n", mark, cli.Clean(fmt.Sprintf(format, args...)))
}

// primary and backup are the clients by what the masters were started as.
func (t *tour) primary() *client.Master { return t.cluster.clients[0] }
func (t *tour) backup() *client.Master  { return t.cluster.clients[1] }

// pause waits and says whether it was not interrupted.
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

// round shortens a duration to what a reader wants to know.
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

// until asks again and again until done says so, the step's time is up, or the
// caller's: a master's probes run by themselves and have no other way to be awaited.
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

// errNotEmpty refuses a tour over somebody's data.
var errNotEmpty = errors.New("the tour needs an empty data directory; this one holds " + demoDB + " already")
