package intent

import (
	"context"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/dialect"
	"shardeck/master/plan"
	"shardeck/shared/api"
)

// Shards reaches the workers. Each problem names its shard. The methods are safe for concurrent
// use.
type Shards interface {
	// Count is the number of shards.
	Count() int
	// Worker is the name of a shard's worker.
	Worker(shard int) string
	Dialect(shard int) (dialect.Dialect, error)
	Exec(ctx context.Context, shard int, req *api.ExecRequest) (*api.ExecResponse, *api.Problem)
	CreateDB(ctx context.Context, shard int, req *api.DBRequest) (*api.DBResponse, *api.Problem)
	DropDB(ctx context.Context, shard int, req *api.DBRequest) *api.Problem
	// Stats are those of the worker now, after [Take].
	Stats(ctx context.Context, shard int) (*api.WorkerStats, *api.Problem)
	// Query returns the rows of a small result.
	Query(ctx context.Context, shard int, req *api.QueryRequest) ([]jsontext.Value, *api.Problem)
}

// Log executes and reads intents.
type Log struct {
	Shards Shards
	// Timeout bounds the wait for a worker's transaction to begin.
	Timeout time.Duration
}

// exec runs the statements of a plan on its only shard.
func (l *Log) exec(ctx context.Context, fence api.Fence, p *plan.Plan, key *api.Idempotency) (*api.ExecResponse, *api.Problem) {
	shard := p.Fragments[0].Shard
	statements, err := l.render(p)
	if err != nil {
		return nil, api.AsProblem(err).On(shard, l.Shards.Worker(shard))
	}
	return l.Shards.Exec(ctx, shard, &api.ExecRequest{
		DB: p.DB, Fence: fence, Idempotency: key, Statements: statements, TimeoutMS: l.Timeout.Milliseconds(),
	})
}

func (l *Log) render(p *plan.Plan) ([]api.Statement, error) {
	d, err := l.Shards.Dialect(p.Fragments[0].Shard)
	if err != nil {
		return nil, err
	}
	return d.Exec(p, &p.Fragments[0])
}

func (l *Log) query(ctx context.Context, p *plan.Plan) ([]jsontext.Value, *api.Problem) {
	shard := p.Fragments[0].Shard
	d, err := l.Shards.Dialect(shard)
	if err != nil {
		return nil, api.AsProblem(err).On(shard, l.Shards.Worker(shard))
	}
	req, err := d.Query(p, &p.Fragments[0])
	if err != nil {
		return nil, api.AsProblem(err).On(shard, l.Shards.Worker(shard))
	}
	req.TimeoutMS = l.Timeout.Milliseconds()
	return l.Shards.Query(ctx, shard, req)
}

// Statement returns the statement that adds the intent of a write to the log, to be part of the
// host's transaction, or nil if the intent is too large.
func (l *Log) Statement(host int, r *Record) (*api.Statement, error) {
	body, err := r.Encode()
	if err != nil || len(body) > MaxBody {
		return nil, err
	}
	statements, err := l.render(log{r.DB, host}.insert(r, body))
	if err != nil {
		return nil, err
	}
	return &statements[0], nil
}

// Create creates the log of a database on a shard, if that lacks it.
func (l *Log) Create(ctx context.Context, fence api.Fence, shard int, db string) *api.Problem {
	_, p := l.exec(ctx, fence, log{db, shard}.create(), nil)
	if p != nil && p.Code == api.CodeTableExists {
		return nil
	}
	return p
}

// Remove deletes intents from a shard's log.
func (l *Log) Remove(ctx context.Context, fence api.Fence, shard int, db string, ids ...string) *api.Problem {
	for len(ids) > 0 {
		n := min(len(ids), maxListed)
		if _, p := l.exec(ctx, fence, log{db, shard}.remove(ids[:n]), nil); p != nil {
			return p
		}
		ids = ids[n:]
	}
	return nil
}

// save stores the kind of an intent and what is done of it.
func (l *Log) save(ctx context.Context, fence api.Fence, host int, r *Record) *api.Problem {
	p, err := log{r.DB, host}.set(r)
	if err != nil {
		return api.AsProblem(err)
	}
	_, problem := l.exec(ctx, fence, p, nil)
	return problem
}
