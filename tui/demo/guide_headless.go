package demo

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/cli"
	"shardeck/tui/cluster"
	"shardeck/tui/console"
	guidedtour "shardeck/tui/tour"
)

// observeEvery is the interval at which the masters are polled for a tour without the console.
const observeEvery = 100 * time.Millisecond

// rehearsal runs the file of a tour without the console, as a test.
type rehearsal struct {
	out     io.Writer
	on      *Cluster
	sql     *client.Cluster
	traffic *Traffic
	pace    time.Duration
	tour    *guidedtour.Tour
	runner  *guidedtour.Runner
	state   cluster.State
	facts   guidedtour.Facts // the outcomes of actions
	db      string
	table   string

	checks, failures int
}

// rehearse loads the students and runs the tour.
func (c *Command) rehearse(ctx context.Context, t *guidedtour.Tour, on *Cluster, out io.Writer) error {
	if err := c.loadOnce(ctx, on, out); err != nil {
		return err
	}
	traffic := on.NewTraffic(c.Rows)
	defer traffic.Close()
	traffic.Set(!c.NoTraffic && c.Rows > 0)
	sql := client.NewCluster(on.Masters())
	defer sql.Close()
	r := &rehearsal{out: out, on: on, sql: sql, traffic: traffic, pace: c.Pace, tour: t, runner: guidedtour.New(t),
		state: cluster.New(on.Masters(), time.Now()).Every(observeEvery), facts: guidedtour.Facts{Students: int64(c.Rows)}, db: demoDB, table: demoTable}
	return r.run(ctx)
}

// run runs the steps, until one fails. It returns nil only if every check passed.
func (r *rehearsal) run(ctx context.Context) error {
	began := time.Now()
	fmt.Fprintf(r.out, "\n%s\n", cli.Clean(r.tour.Title))
	for i := range r.tour.Steps {
		s := r.runner.Snapshot()
		fmt.Fprintf(r.out, "\n[%d/%d] %s\n", s.Number, s.Of, cli.Clean(s.Caption))
		stepBegan := time.Now()
		if err := r.step(ctx); err != nil {
			fmt.Fprintf(r.out, "\ninterrupted at step %d of %d\n", s.Number, s.Of)
			return err
		}
		r.report(r.runner.Snapshot())
		fmt.Fprintf(r.out, "       took %s\n", round(time.Since(stepBegan)))
		if r.failures > 0 {
			fmt.Fprintf(r.out, "\nThe tour ends at step %d of %d (line %d), since the next steps may depend on it.\n", s.Number, s.Of, r.tour.Steps[i].Line)
			return errTour
		}
		if i < len(r.tour.Steps)-1 && !pause(ctx, r.pace) {
			return ctx.Err()
		}
		r.runner.Next()
	}
	fmt.Fprintf(r.out, "\n%d steps, %d checks, 0 failed, in %s\nAll checks passed.\n", len(r.tour.Steps), r.checks, round(time.Since(began)))
	return nil
}

// step carries out the current step and waits until its checks are decided.
func (r *rehearsal) step(ctx context.Context) error {
	tick := time.NewTicker(observeEvery)
	defer tick.Stop()
	number := r.runner.Snapshot().Number
	for {
		for {
			order, ok := r.runner.Tick(r.observed())
			if !ok || r.runner.Snapshot().Number != number {
				break
			}
			err := r.carryOut(ctx, order)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.runner.Done(time.Now(), err)
		}
		if r.runner.Settled() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			r.poll(ctx)
		}
	}
}

// observed is what is known now.
func (r *rehearsal) observed() *guidedtour.Facts {
	f := guidedtour.Observe(&r.state, time.Now())
	f.Students, f.Count, f.Statement, f.Latest, f.Security = r.facts.Students, r.facts.Count, r.facts.Statement, r.facts.Latest, r.facts.Security
	return &f
}

// poll asks the master that the console would ask.
func (r *rehearsal) poll(ctx context.Context) {
	url := r.state.Next(time.Now())
	for _, m := range r.on.clients {
		if m.URL() == url {
			ctx, cancel := context.WithTimeout(ctx, console.PollTimeout)
			r.state, _ = r.state.Apply(cluster.Poll(ctx, m, url, time.Now))
			cancel()
		}
	}
}

// carryOut does what the tour asks for. Screens are not shown.
func (r *rehearsal) carryOut(ctx context.Context, o guidedtour.Order) error {
	if o.Action == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	a := o.Action
	fmt.Fprintf(r.out, "       %s\n", cli.Clean(a.String()))
	if needsProcesses(a) {
		said, err := r.on.carryOut(ctx, a, r.traffic)
		if err == nil {
			fmt.Fprintf(r.out, "         %s\n", cli.Clean(said))
		}
		return err
	}
	r.sql.Prefer(r.master().URL())
	var got *guidedtour.Outcome
	switch a.Verb {
	case guidedtour.Run:
		resp, err := r.sql.Query(ctx, &api.SQLRequest{DB: r.db, SQL: a.Text, AllowPartial: a.Partial})
		got = console.StatementOutcome(resp, err)
		r.facts.Statement, r.facts.Latest = got, got
	case guidedtour.Count:
		got = console.CountOutcome(r.master().Count(ctx, &api.MapReduceCountRequest{DB: r.db, Table: r.table, AllowPartial: true}))
		r.facts.Count, r.facts.Latest = got, got
	case guidedtour.Security:
		got = console.SecurityOutcome(r.master().SecurityCheck(ctx))
		r.facts.Security = got
	case guidedtour.Table:
		r.db, r.table = a.DB, a.Text
	}
	if got == nil {
		return nil
	}
	return got.Err()
}

// master is the client of the master that answered last.
func (r *rehearsal) master() *client.Master {
	for _, m := range r.on.clients {
		if m.URL() == r.state.Current {
			return m
		}
	}
	return r.on.clients[0]
}

// report prints the checks of a step.
func (r *rehearsal) report(s *guidedtour.Snapshot) {
	for _, f := range s.Faults {
		r.failures++
		fmt.Fprintf(r.out, "  FAILED %s\n", cli.Clean(f))
	}
	for _, c := range s.Checks {
		r.checks++
		if c.Verdict == guidedtour.Met {
			fmt.Fprintf(r.out, "  ok     %s\n", cli.Clean(c.Text+found(&c)))
			continue
		}
		r.failures++
		fmt.Fprintf(r.out, "  FAILED %s: it is %s\n", cli.Clean(c.Text), cli.Clean(c.Is))
	}
}

// found says what was found, unless the check says it already.
func found(c *guidedtour.Judged) string {
	if strings.HasSuffix(c.Text, c.Is) {
		return ""
	}
	return ": " + c.Is
}
