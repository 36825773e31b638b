package sqlserver

import (
	"context"
	"database/sql/driver"
	"errors"

	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlserver/batch"
)

// Query implements engine.Engine.
func (e *Engine) Query(ctx context.Context, req *api.QueryRequest, row func(line []byte) error) error {
	db, err := e.database(ctx, req.DB)
	if err != nil {
		return err
	}
	call, err := batch.NewQuery(req)
	if err != nil {
		return err
	}
	if d := contract.QueryTimeout(req); d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	running, done, err := db.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	err = db.pool.query(running, &query{req, arguments(call)}, row)
	if own, ok := errors.AsType[*rowError](err); ok {
		return own.err
	}
	if err != nil {
		return db.lost(ctx, err)
	}
	return nil
}

// query is a request to read, ready to be sent.
type query struct {
	req  *api.QueryRequest
	args []driver.NamedValue
}

// spExecuteSQL is called by name, like any procedure, because the driver's own way to call it
// declares the parameters by their values.
const spExecuteSQL = "sp_executesql"

// query runs q on a connection of the pool and passes each row to row, which must not keep the
// slice. ctx ends it, also at the server.
func (p *pool) query(ctx context.Context, q *query, row func(line []byte) error) error {
	if err := ctx.Err(); err != nil {
		return contract.ContextProblem(err)
	}
	select {
	case p.readers <- struct{}{}:
	case <-ctx.Done():
		return contract.ContextProblem(ctx.Err())
	}
	defer func() { <-p.readers }()
	started := false
	once := func(line []byte) error {
		started = true
		return row(line)
	}
	for try := 1; ; try++ {
		err := p.queryOnce(ctx, q, once)
		if e, ok := errors.AsType[mssql.Error](err); ok && batch.IsContention(e.Number) && !started && try < batch.QueryTries && ctx.Err() == nil {
			continue
		}
		return p.queryProblem(ctx, q, err)
	}
}

// rowError wraps an error of the caller's row function, which is returned unchanged.
type rowError struct{ err error }

func (e *rowError) Error() string { return e.err.Error() }

// refusal is the problem of a failed check, read to its end.
type refusal struct{ *api.Problem }

// queryProblem maps an error of a query to a problem.
func (p *pool) queryProblem(ctx context.Context, q *query, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*rowError](err); ok {
		return err
	}
	if r, ok := errors.AsType[refusal](err); ok {
		return r.Problem
	}
	if cause := ctx.Err(); cause != nil {
		return contract.ContextProblem(cause)
	}
	err = problem(err, batch.PhaseRead)
	if batch.MayBeStale(api.CodeOf(err)) {
		if stale := p.staleSchema(ctx, q.req.Schemas); stale != nil {
			return stale
		}
	}
	return err
}

// staleSchema returns the problem if a table is not the one a query was built for.
func (p *pool) staleSchema(ctx context.Context, schemas map[string]string) *api.Problem {
	for name, want := range schemas {
		var have string
		err := queryRow(ctx, p, batch.TableVersion(name)).Scan(&have)
		if err != nil {
			return nil // report the query's own error
		}
		if stale := batch.CompareVersions(name, have, want); stale != nil {
			return stale
		}
	}
	return nil
}
