package intent

import (
	"context"
	"slices"
	"sync"
	"time"

	"shardeck/shared/api"
)

// State is what became of one shard's part.
type State uint8

// The states.
const (
	// Open means that the part may or may not be applied, and has to be sent again.
	Open State = iota
	Applied
	Refused
)

// Outcome is what became of one shard's part of an intent.
type Outcome struct {
	Shard    int
	Worker   string
	State    State
	Rows     int64
	Replayed bool         // applied by an earlier request
	Physical string       // the name of a created database on the worker
	Problem  *api.Problem // why the part is not applied
	Took     time.Duration
}

// Result is what an execution of an intent came to.
type Result struct {
	Outcomes []Outcome // by the record's shards
	// Finished means that no part is open, and the intent is gone.
	Finished bool
	// Undone is why the intent was rolled back, or is being rolled back.
	Undone *api.Problem
	// Stale is the refusal of a worker that has a newer term: the master is not the primary.
	Stale *api.Problem
}

// Begin writes the intent of a change of the schema to the log of its host. If the problem is
// outcome_unknown, or leaves a database behind, the primary finds out by itself.
func (l *Log) Begin(ctx context.Context, fence api.Fence, host int, r *Record) (physical string, p *api.Problem) {
	if r.Kind == CreateDB && slices.Contains(r.Shards, host) {
		resp, p := l.Shards.CreateDB(ctx, host, &api.DBRequest{DB: r.DB, Fence: fence})
		if p != nil && p.Code != api.CodeDatabaseExists {
			return "", p
		}
		if p == nil {
			physical = resp.Physical
		}
	}
	if p := l.Create(ctx, fence, host, r.DB); p != nil {
		return physical, p
	}
	body, err := r.Encode()
	if err != nil {
		return physical, api.AsProblem(err)
	}
	_, p = l.exec(ctx, fence, log{r.DB, host}.insert(r, body), NewKey(r.ID, "begin"))
	return physical, p
}

// Finish executes what is left of an intent, and deletes it if no part is open any more. Under the
// same or a newer term it may be called again at any time. It ends early with ctx, which leaves
// parts open.
func (l *Log) Finish(ctx context.Context, fence api.Fence, host int, r *Record) *Result {
	if !r.Kind.IsSchema() {
		return l.finishWrite(ctx, fence, host, r)
	}
	res := &Result{}
	if r.Kind != UndoCreateTable {
		res.Outcomes = l.each(r.Shards, func(shard int) Outcome {
			if r.Kind == DropDB && shard == host {
				return Outcome{}
			}
			return l.step(ctx, fence, r, shard)
		})
	}
	res.noteStale()
	if refused := firstRefusal(res.Outcomes); r.Kind == CreateTable && refused != nil && res.Stale == nil {
		res.Undone = refused
		r.Kind = UndoCreateTable
		if p := l.save(ctx, fence, host, r); p != nil {
			return res.open(p)
		}
	}
	if r.Kind == UndoCreateTable {
		l.undo(ctx, fence, r, res)
	}
	if r.Kind == DropDB {
		return l.finishDrop(ctx, fence, host, r, res)
	}
	if !res.hasOpen() {
		l.end(ctx, fence, host, r, res)
	}
	return res
}

// finishDrop drops the host's database, and the intent with it, once the other shards' are gone.
func (l *Log) finishDrop(ctx context.Context, fence api.Fence, host int, r *Record, res *Result) *Result {
	at := slices.Index(r.Shards, host)
	others := slices.Delete(slices.Clone(res.Outcomes), at, at+1)
	switch waits := slices.IndexFunc(others, func(o Outcome) bool { return o.State != Applied }); {
	case waits < 0:
		res.Outcomes[at] = l.timed(host, func(o *Outcome) { l.dropDB(ctx, fence, r, o) })
		res.Finished = res.Outcomes[at].State == Applied
		res.noteStale()
	case others[waits].State == Refused:
		res.Outcomes[at] = Outcome{Shard: host, Worker: l.Shards.Worker(host), State: Refused, Problem: others[waits].Problem}
		l.end(ctx, fence, host, r, res)
	default:
		p := api.NewProblem(api.CodeShardUnavailable, "this shard's database is dropped last, after that of shard %d", others[waits].Shard)
		res.Outcomes[at] = Outcome{Shard: host, Worker: l.Shards.Worker(host), Problem: p.On(host, l.Shards.Worker(host))}
	}
	return res
}

// end deletes a finished intent.
func (l *Log) end(ctx context.Context, fence api.Fence, host int, r *Record, res *Result) {
	p := l.Remove(ctx, fence, host, r.DB, r.ID)
	res.Finished = p == nil
	if p != nil && p.Code == api.CodeStaleTerm {
		res.Stale = p
	}
}

// step executes one shard's part of a change of the schema.
func (l *Log) step(ctx context.Context, fence api.Fence, r *Record, shard int) Outcome {
	return l.timed(shard, func(o *Outcome) {
		switch r.Kind {
		case CreateTable:
			l.createTable(ctx, fence, r, o)
		case AlterTable:
			l.alterTable(ctx, fence, r, o)
		case DropTable:
			l.dropTable(ctx, fence, r, o)
		case CreateDB:
			l.createDB(ctx, fence, r, o)
		case DropDB:
			l.dropDB(ctx, fence, r, o)
		}
	})
}

func (l *Log) createTable(ctx context.Context, fence api.Fence, r *Record, o *Outcome) {
	resp, p := l.exec(ctx, fence, schemaPlan(r, o.Shard), NewKey(r.ID, "create"))
	if p != nil && p.Code == api.CodeTableExists {
		st, problem := l.Shards.Stats(ctx, o.Shard)
		if problem != nil {
			o.judge(problem)
			return
		}
		if findVersion(st, r.DB, r.Table) == r.Version {
			p = nil
		}
	}
	o.judge(p, api.CodeTableExists, api.CodeUnknownDatabase)
	o.Replayed = p == nil && (resp == nil || resp.Replayed)
}

// alterTable changes the table as the shard has it now, unless it has been changed: by an earlier attempt
// whose answer was lost, perhaps under another key.
func (l *Log) alterTable(ctx context.Context, fence api.Fence, r *Record, o *Outcome) {
	st, p := l.Shards.Stats(ctx, o.Shard)
	if p != nil {
		o.judge(p)
		return
	}
	t := find(st, r.DB, r.Table)
	if t == nil {
		o.judge(api.NewProblem(api.CodeUnknownTable, "there is no table %s.%s any more", r.DB, r.Table).On(o.Shard, o.Worker), api.CodeUnknownTable)
		return
	}
	after, done, p := r.Change.Apply(&t.Definition)
	if p != nil || done {
		if p != nil {
			p = p.On(o.Shard, o.Worker)
		}
		o.judge(p)
		o.Replayed = done
		return
	}
	step := schemaPlan(r, o.Shard)
	step.Definition, step.SchemaVersion = after, t.Definition.Version()
	resp, p := l.exec(ctx, fence, step, NewKey(r.ID, "alter"))
	o.judge(p, api.CodeUnknownTable, api.CodeUnknownDatabase)
	o.Replayed = p == nil && resp.Replayed
}

func (l *Log) dropTable(ctx context.Context, fence api.Fence, r *Record, o *Outcome) {
	resp, p := l.exec(ctx, fence, schemaPlan(r, o.Shard), NewKey(r.ID, "drop"))
	if p != nil && (p.Code == api.CodeUnknownTable || p.Code == api.CodeUnknownDatabase) {
		p = nil
	}
	o.judge(p, api.CodeStaleSchema)
	o.Replayed = p == nil && (resp == nil || resp.Replayed)
}

func (l *Log) createDB(ctx context.Context, fence api.Fence, r *Record, o *Outcome) {
	resp, p := l.Shards.CreateDB(ctx, o.Shard, &api.DBRequest{DB: r.DB, Fence: fence})
	if p != nil && p.Code == api.CodeDatabaseExists {
		o.Replayed, p = true, nil
	} else if p == nil {
		o.Physical = resp.Physical
	}
	if p == nil {
		p = l.Create(ctx, fence, o.Shard, r.DB)
	}
	o.judge(p)
}

func (l *Log) dropDB(ctx context.Context, fence api.Fence, r *Record, o *Outcome) {
	p := l.Shards.DropDB(ctx, o.Shard, &api.DBRequest{DB: r.DB, Fence: fence})
	if p != nil && p.Code == api.CodeUnknownDatabase {
		o.Replayed, p = true, nil
	}
	o.judge(p)
}

// undo drops the table on the shards where the intent has created it.
func (l *Log) undo(ctx context.Context, fence api.Fence, r *Record, res *Result) {
	undone := l.each(r.Shards, func(shard int) Outcome {
		return l.timed(shard, func(o *Outcome) { o.judge(l.undoTable(ctx, fence, r, shard)) })
	})
	if res.Undone == nil {
		res.Undone = api.NewProblem(api.CodeTableExists, "a shard refused the table %s.%s", r.DB, r.Table)
	}
	for i := range undone {
		switch o := &undone[i]; {
		case o.State == Applied && len(res.Outcomes) > 0 && res.Outcomes[i].State == Refused:
			*o = res.Outcomes[i]
		case o.State == Applied:
			o.State, o.Problem = Refused, res.Undone.On(o.Shard, o.Worker)
		case o.State == Refused:
			o.State = Applied // it has rows and stays
		}
	}
	res.Outcomes = undone
	res.noteStale()
}

// undoTable returns nil if this intent's table is not on the shard, and will not be; a lasting
// problem if it stays.
func (l *Log) undoTable(ctx context.Context, fence api.Fence, r *Record, shard int) *api.Problem {
	// Whoever uses a key first has it. The same key with another hash ends requests in flight.
	key := *NewKey(r.ID, "create")
	key.Hash = NewKey(r.ID, "undo").Hash
	_, p := l.Shards.Exec(ctx, shard, &api.ExecRequest{DB: r.DB, Fence: fence, Idempotency: &key, Statements: []api.Statement{}, TimeoutMS: l.Timeout.Milliseconds()})
	switch {
	case p == nil || p.Code == api.CodeUnknownDatabase:
		return nil // it was never created
	case p.Code != api.CodeIdempotencyMismatch:
		return p
	}
	st, p := l.Shards.Stats(ctx, shard)
	if p != nil {
		return p
	}
	switch t := find(st, r.DB, r.Table); {
	case t == nil || t.Definition.Version() != r.Version:
		return nil
	case t.Rows > 0:
		return api.NewProblem(api.CodeUnsupported, "the table has %d rows already and was kept", t.Rows).On(shard, l.Shards.Worker(shard))
	}
	drop := *r
	drop.Kind, drop.Versions = DropTable, map[int]string{shard: r.Version}
	if _, p = l.exec(ctx, fence, schemaPlan(&drop, shard), NewKey(r.ID, "drop")); p != nil && p.Code == api.CodeUnknownTable {
		return nil
	}
	return p
}

// finishWrite sends the open parts of a write.
func (l *Log) finishWrite(ctx context.Context, fence api.Fence, host int, r *Record) *Result {
	parts := r.open()
	shards := make([]int, len(parts))
	for i := range parts {
		shards[i] = parts[i].Shard
	}
	res := &Result{Outcomes: l.each(shards, func(shard int) Outcome {
		return l.timed(shard, func(o *Outcome) {
			at := slices.IndexFunc(parts, func(p Part) bool { return p.Shard == shard })
			req := &api.ExecRequest{DB: r.DB, Fence: fence, Idempotency: r.Idempotency, Statements: parts[at].Statements, TimeoutMS: l.Timeout.Milliseconds()}
			resp, p := l.Shards.Exec(ctx, shard, req)
			if p != nil && p.Code == api.CodeStaleSchema && l.Renew(ctx, shard, req) {
				resp, p = l.Shards.Exec(ctx, shard, req)
			}
			// The table was dropped, or replaced, since the host has accepted its part.
			o.judge(p, api.CodeStaleSchema, api.CodeUnknownTable, api.CodeUnknownDatabase)
			if p == nil {
				o.Rows, o.Replayed = sum(resp.RowsAffected), resp.Replayed
			}
		})
	})}
	res.noteStale()
	before := len(r.Done)
	for i := range res.Outcomes {
		switch o := &res.Outcomes[i]; o.State {
		case Applied:
			r.Done = append(r.Done, Done{Shard: o.Shard, Rows: o.Rows})
		case Refused:
			r.Done = append(r.Done, Done{Shard: o.Shard, Refused: o.Problem.Code, Detail: o.Problem.Detail})
		case Open:
		}
	}
	switch {
	case !res.hasOpen():
		l.end(ctx, fence, host, r, res)
	case len(r.Done) > before:
		// If this fails, the parts are sent once more, and answered from their records.
		_ = l.save(ctx, fence, host, r)
	}
	return res
}

// Renew turns a request's statements that were made for a table before columns were added to it into
// ones for the table as it is, in which they mean the same. It reports whether that is so for all of
// them; otherwise it leaves the request as it was.
func (l *Log) Renew(ctx context.Context, shard int, req *api.ExecRequest) bool {
	st, p := l.Shards.Stats(ctx, shard)
	if p != nil {
		return false
	}
	renewed := slices.Clone(req.Statements)
	for i := range renewed {
		s := &renewed[i]
		t := find(st, req.DB, s.Table)
		if t == nil || t.Definition.Version() != s.SchemaVersion && !t.Definition.Extends(s.SchemaVersion) {
			return false
		}
		s.SchemaVersion = t.Definition.Version()
	}
	req.Statements = renewed
	return true
}

// each runs one func per shard in parallel.
func (l *Log) each(shards []int, run func(shard int) Outcome) []Outcome {
	outcomes := make([]Outcome, len(shards))
	var wg sync.WaitGroup
	for i, shard := range shards {
		wg.Go(func() { outcomes[i] = run(shard) })
	}
	wg.Wait()
	return outcomes
}

func (l *Log) timed(shard int, run func(*Outcome)) Outcome {
	o := Outcome{Shard: shard, Worker: l.Shards.Worker(shard)}
	start := time.Now()
	run(&o)
	o.Took = time.Since(start)
	return o
}

// judge sets the state by the problem of the part, nil if it has none. Problems with one of the
// final codes, and those due to the request itself, last; after any other, the part is open.
func (o *Outcome) judge(p *api.Problem, final ...api.Code) {
	o.Problem = p
	switch {
	case p == nil:
		o.State = Applied
	case p.Code.Lasting() || slices.Contains(final, p.Code):
		o.State = Refused
	default:
		o.State = Open
	}
}

func (res *Result) hasOpen() bool {
	return slices.ContainsFunc(res.Outcomes, func(o Outcome) bool { return o.State == Open })
}

// open is the result after a problem that leaves everything as it is.
func (res *Result) open(p *api.Problem) *Result {
	if p.Code == api.CodeStaleTerm {
		res.Stale = p
	}
	return res
}

func (res *Result) noteStale() {
	for i := range res.Outcomes {
		if p := res.Outcomes[i].Problem; p != nil && p.Code == api.CodeStaleTerm {
			res.Stale = p
		}
	}
}

func firstRefusal(outcomes []Outcome) *api.Problem {
	for i := range outcomes {
		if outcomes[i].State == Refused {
			return outcomes[i].Problem
		}
	}
	return nil
}

func sum(numbers []int64) int64 {
	total := int64(0)
	for _, n := range numbers {
		total += n
	}
	return total
}
