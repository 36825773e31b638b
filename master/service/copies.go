package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"shardeck/master/intent"
	"shardeck/master/plan"
	"shardeck/master/scatter"
	"shardeck/shared/api"
	"shardeck/shared/sharding"
)

// copies writes to reference tables so that all copies of one get the same writes in the same
// order (see package intent). It is safe for concurrent use.
type copies struct {
	s  *Service
	mu sync.Mutex
	// tables are those written by this process, by database and name in lower case.
	tables map[string]*copyTable
	// fresh means that the term is one that this process has taken: no request of an earlier
	// process, which led under the same term, can arrive any more.
	fresh bool
	// known is what is known of each reference table's copies, by database and name in lower case.
	known map[string]*copyState
}

// copyTable is what the primary knows of a reference table. All but turn belongs to who has the turn.
type copyTable struct {
	db, name string
	turn     chan struct{} // semaphore with one token, held while writing to the copies
	// clean is the term under which no unfinished write to the table is left; 0: it is not known.
	clean uint64
	// delayed means that a request of the present term may yet arrive at a shard, in whose log it
	// cannot be seen before. A new term shuts it out.
	delayed bool
}

// of returns the table of that name.
func (c *copies) of(db, name string) *copyTable {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.ToLower(db + "." + name)
	t := c.tables[key]
	if t == nil {
		t = &copyTable{db: db, name: name, turn: make(chan struct{}, 1)}
		t.turn <- struct{}{}
		c.tables[key] = t
	}
	return t
}

// hold waits for the turn to write to a table's copies. Only the primary gets it.
func (c *copies) hold(ctx context.Context, db, name string) (t *copyTable, release func(), err error) {
	if cur := c.s.coord.Current(); cur.Role != api.RolePrimary {
		if _, err := c.s.coord.EnsurePrimary(ctx); err != nil {
			return nil, nil, forCopies(err, name)
		}
	}
	t = c.of(db, name)
	wait, cancel := context.WithTimeout(ctx, c.s.cfg.RequestTimeout)
	defer cancel()
	select {
	case <-t.turn:
		return t, func() { t.turn <- struct{}{} }, nil
	case <-wait.Done():
	}
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	return nil, nil, api.NewProblem(api.CodeOverloaded, "other writes to the reference table %s are in progress, one at a time; this one wrote nothing", name).
		Hinted("send it again, and put many rows into one statement")
}

// forCopies rewords the refusal of a master that is not the primary.
func forCopies(err error, name string) error {
	p := *api.AsProblem(err)
	if p.Code == api.CodeNotPrimary {
		p.Detail = fmt.Sprintf("%s is a reference table, which only the primary writes to: %s", name, p.Detail)
	}
	return &p
}

// prepare makes sure that all earlier writes to the table are applied to all copies, and that no
// request sent before can arrive any more, or returns why not. The caller has the turn. It returns
// the term to write under.
func (c *copies) prepare(ctx context.Context, t *copyTable) (term uint64, err error) {
	if cur := c.s.coord.Current(); cur.Role == api.RolePrimary && t.clean == cur.Term {
		return cur.Term, nil
	}
	if err := c.renew(ctx, t); err != nil {
		return 0, forCopies(err, t.name)
	}
	// All workers store the term from here on: the logs below are complete.
	lead, err := c.s.coord.EnsurePrimary(ctx)
	if err != nil {
		return 0, forCopies(err, t.name)
	}
	fence := c.s.fenceOf(lead)
	for host := range c.s.slots.Shards() {
		if !c.s.intents.hasLog(host, t.db) {
			continue
		}
		entries, p := c.s.intents.log.List(lead.Context(), host, t.db)
		if p != nil {
			return 0, p
		}
		for _, e := range entries {
			if e.Kind != intent.WriteCopies {
				continue
			}
			if p := c.finish(lead.Context(), fence, t, e); p != nil {
				return 0, p
			}
		}
	}
	t.clean = lead.Term
	return lead.Term, nil
}

// renew takes a new term if a request of the present one may be delayed in the network.
func (c *copies) renew(ctx context.Context, t *copyTable) error {
	c.mu.Lock()
	fresh := c.fresh
	c.mu.Unlock()
	if fresh && !t.delayed {
		return nil
	}
	done, err := c.s.awaitDDL(ctx) // a change of the schema would fail halfway
	if err != nil {
		return err
	}
	defer done()
	if _, err := c.s.coord.EnsurePrimary(ctx); err != nil {
		return err
	}
	if _, err := c.s.coord.Renew(ctx); err != nil {
		return err
	}
	t.delayed = false
	c.mu.Lock()
	c.fresh = true
	c.mu.Unlock()
	return nil
}

// finish completes a write that was left, if it is to the table.
func (c *copies) finish(ctx context.Context, fence api.Fence, t *copyTable, e intent.Entry) *api.Problem {
	rec, p := c.s.intents.log.Load(ctx, e)
	if p != nil || rec == nil || !api.SameName(rec.Written(), t.name) {
		return p
	}
	res := c.s.intents.log.Finish(ctx, fence, e.Host, rec)
	c.s.note(rec, res)
	c.s.report(rec, res)
	if slices.ContainsFunc(res.Outcomes, func(o intent.Outcome) bool { return o.State == intent.Refused }) {
		t.delayed = true // the part as it was first sent may still be accepted
		c.suspect(t.db, t.name)
	}
	if res.Finished {
		return nil
	}
	p = api.NewProblem(api.CodeShardUnavailable, "an earlier write to the reference table %s is not finished on all shards; this one wrote nothing", t.name)
	for i := range res.Outcomes {
		if o := &res.Outcomes[i]; o.State == intent.Open {
			p.Causes = append(p.Causes, *o.Problem)
			p = p.On(o.Shard, o.Worker)
		}
	}
	return p.Hinted("bring the shard back; the primary then finishes that write, and this one can be sent again")
}

// complete finishes what is left of writes to a table, unless one is in progress.
func (c *copies) complete(ctx context.Context, db, name string) *api.Problem {
	t := c.of(db, name)
	select {
	case <-t.turn:
	default:
		return nil
	}
	defer func() { t.turn <- struct{}{} }()
	t.clean = 0
	if _, err := c.prepare(ctx, t); err != nil {
		return api.AsProblem(err)
	}
	return nil
}

// execute runs a write on all copies: first on the host of its intent, which decides whether it is
// valid, and then on the others.
func (c *copies) execute(ctx context.Context, requestID string, p *plan.Plan, idem *api.Idempotency,
	progress *scatter.Progress, field func(row int) string,
) (*api.WriteResponse, error) {
	t, release, err := c.hold(ctx, p.DB, p.Table)
	if err != nil {
		return nil, err
	}
	defer release()
	if problem := c.s.preflightWrite(p); problem != nil {
		return nil, problem
	}
	for retried := false; ; retried = true {
		term, err := c.prepare(ctx, t)
		if err != nil {
			return nil, err
		}
		w, err := c.s.newWrite(p, idem, progress, api.Fence{Term: term, MapVersion: c.s.slots.Version()})
		if err != nil {
			return nil, err
		}
		if err := c.log(t, w); err != nil {
			return nil, err
		}
		results, left := c.send(ctx, requestID, t, w)
		if first := results[0].Problem; len(results) == 1 && first.Code == api.CodeStaleTerm && !retried {
			c.s.learnStale(first) // nothing was written; perhaps this master leads under a newer term
			t.clean = 0
			continue
		}
		return c.answer(p, results, outcome{keyed: idem != nil, left: left}, field)
	}
}

// log makes the intent of a write, whose host is the home of its Idempotency-Key, or of the table.
func (c *copies) log(t *copyTable, w *write) error {
	w.home = c.home(t.db, t.name)
	if w.idem != nil {
		w.home = c.s.slots.Shard(sharding.Slot(w.idem.Key))
	}
	if !c.s.intents.hasLog(w.home, w.db) {
		return api.NewProblem(api.CodeShardUnavailable, "database %s has no log of unfinished statements yet, which writes to reference tables need", w.db).
			Hinted("send it again in a few seconds: the primary creates the log")
	}
	r := &intent.Record{ID: intent.NewID(), Kind: intent.WriteCopies, DB: w.db, Idempotency: w.idem}
	if r.Idempotency == nil {
		r.Idempotency = intent.NewKey(r.ID, "")
	}
	parts := map[string]int{} // by the name of a dialect
	for i := range w.calls {
		call := &w.calls[i]
		call.Request.Idempotency = r.Idempotency
		if call.Shard == w.home {
			continue
		}
		d, err := c.s.dialectOf(call.Shard)
		if err != nil {
			return err
		}
		at, ok := parts[d.Name()]
		if ok {
			r.Parts[at].Also = append(r.Parts[at].Also, call.Shard)
			continue
		}
		parts[d.Name()] = len(r.Parts)
		r.Parts = append(r.Parts, intent.Part{Shard: call.Shard, Statements: call.Request.Statements})
	}
	st, err := c.s.intents.log.Statement(w.home, r)
	if err != nil {
		return err
	}
	if st == nil {
		return api.NewProblem(api.CodeTooComplex, "a write to a reference table takes at most %d MiB", intent.MaxBody>>20).
			Hinted("send the rows in several requests")
	}
	w.idem, w.intent, w.logged = r.Idempotency, r, st
	return nil
}

// send sends the parts, the host's first. Its result is the only one if it fails: then nothing was
// written, or that is not known. left means that the write may be unfinished; the next one to the
// table, or the primary by itself, finishes it first.
func (c *copies) send(ctx context.Context, requestID string, t *copyTable, w *write) (results []scatter.ExecResult, left bool) {
	at := slices.IndexFunc(w.calls, func(call scatter.ExecCall) bool { return call.Shard == w.home })
	host := w.calls[at]
	req := *host.Request
	req.Statements = append(slices.Clip(req.Statements), *w.logged)
	host.Request, host.Internal = &req, 1
	first := c.s.scatter.Exec(ctx, requestID, []scatter.ExecCall{host})[0]
	if p := first.Problem; p != nil {
		if p.Code == api.CodeOutcomeUnknown {
			t.clean, t.delayed = 0, true
		}
		return []scatter.ExecResult{first}, p.Code == api.CodeOutcomeUnknown
	}
	others := slices.Delete(slices.Clone(w.calls), at, at+1)
	if first.Response.Replayed {
		return append([]scatter.ExecResult{first}, c.replay(ctx, requestID, others)...), false
	}
	results = append([]scatter.ExecResult{first}, c.s.scatter.Exec(ctx, requestID, others)...)
	for i := range results[1:] {
		if p := results[1+i].Problem; p != nil && !refusedForGood(p) {
			left = true
		}
	}
	e := intent.Entry{DB: w.db, Host: w.home, ID: w.intent.ID}
	fence := host.Request.Fence
	if left || c.s.intents.log.Remove(context.WithoutCancel(ctx), fence, e.Host, e.DB, e.ID) != nil {
		t.clean = 0
	}
	if left {
		c.s.intents.retry()
	}
	return results, left
}

// replay asks the other shards what became of a write that its host has finished before. Nothing is
// executed: the copies have moved on.
func (c *copies) replay(ctx context.Context, requestID string, calls []scatter.ExecCall) []scatter.ExecResult {
	for i := range calls {
		req := *calls[i].Request
		req.Statements = []api.Statement{}
		calls[i].Request, calls[i].Other = &req, true
	}
	results := c.s.scatter.Exec(ctx, requestID, calls)
	for i := range results {
		if r := &results[i]; r.Problem == nil && !r.Response.Replayed {
			r.Problem = api.NewProblem(api.CodeIdempotencyMismatch, "this shard refused its part of the write when it was first sent").On(r.Shard, r.Worker)
			r.Response = nil
		}
	}
	return results
}

// refusedForGood reports whether a part that failed like that must not be sent again: the shard has
// refused it, or the table is no longer the one that the host wrote to.
func refusedForGood(p *api.Problem) bool {
	return p.Code.Lasting() || p.Code == api.CodeStaleSchema || isUnknown(p)
}

// answer is the answer to a write with these results, the host's first.
func (c *copies) answer(p *plan.Plan, results []scatter.ExecResult, o outcome, field func(row int) string) (*api.WriteResponse, error) {
	if len(results) == 1 {
		problem := inRequest(results[0].Problem, &p.Fragments[0], field)
		if problem.Code == api.CodeOutcomeUnknown {
			problem = withOutcome(problem, p, nil, o)
		}
		return nil, problem
	}
	differ := false
	for i := range results {
		r := &results[i]
		if r.Problem == nil {
			differ = differ || r.Response.Rows() != results[0].Response.Rows()
			continue
		}
		differ = differ || refusedForGood(r.Problem)
		if o.left {
			r.Problem = mayYetApply(r.Problem)
		}
		r.Problem = inRequest(r.Problem, &p.Fragments[0], field)
	}
	slices.SortFunc(results, func(a, b scatter.ExecResult) int { return a.Shard - b.Shard })
	resp, err := summarize(p, results, o)
	if !differ {
		return resp, err
	}
	text := fmt.Sprintf("the copies of %s.%s differ: shards did not do the same for a write to it", p.DB, p.Table)
	c.s.events.publish(api.EventDrift, api.LevelError, nil, text)
	c.suspect(p.DB, p.Table)
	if problem, ok := api.ProblemOf(err); ok && !o.left {
		err = problem.Hinted("the copies of %s differ, which is why only some took the write: drift in GET %s says how, and POST %s repairs it", p.Table, api.PathMetadata, api.PathRepairTable)
	}
	return resp, err
}
