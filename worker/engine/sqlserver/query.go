package sqlserver

import (
	"context"
	"database/sql/driver"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/contract"
)

// Query implements engine.Engine.
func (e *Engine) Query(ctx context.Context, req *api.QueryRequest, row func(line []byte) error) error {
	db, err := e.database(ctx, req.DB)
	if err != nil {
		return err
	}
	q, err := newQuery(req)
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
	err = db.pool.query(running, q, row)
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
	text string
	args []driver.NamedValue
}

// The text around a query's own. The check of a table's version and the SELECT are one
// transaction, in which the checked row stays locked for reading. A change of the table must
// change that row first, before the table itself (the other order would deadlock), so the SELECT
// reads exactly the table that was checked. This costs no extra round trip, and no more waiting
// than SELECT's own lock on the table's schema. The transaction changes nothing, and is rolled
// back rather than committed to make sure of that.
const (
	queryBegin = "SET NOCOUNT, XACT_ABORT ON;\nBEGIN TRANSACTION;\n"
	queryEnd   = "\n;ROLLBACK TRANSACTION;"
	// refusedTable is the first column of a refusal's row; no table's column can have this name.
	refusedTable = api.ReservedPrefix + "sd_refused"
)

// spExecuteSQL is called by name, like any procedure, because the driver's own way to call it
// declares the parameters by their values.
const spExecuteSQL = "sp_executesql"

// maxArguments is the maximum number of parameters of a procedure call, 2100, minus the text and
// the declaration.
const maxArguments = 2098

func newQuery(req *api.QueryRequest) (*query, error) {
	if p := checkSelect(req.SQL); p != nil {
		return nil, p
	}
	var room [8]sqltypes.Value
	types, params, err := contract.DecodeQuery(room[:0], req)
	if err != nil {
		return nil, err
	}
	if len(types)+2*len(req.Schemas) > maxArguments {
		return nil, api.NewProblem(api.CodeTooComplex, "a query of so many tables has too many parameters").At("schemas")
	}
	q := &query{req: req, args: make([]driver.NamedValue, 2, 2+len(types)+2*len(req.Schemas))}
	var text, decl strings.Builder
	text.Grow(len(queryBegin) + len(req.SQL) + len(queryEnd) + 320*len(req.Schemas))
	text.WriteString(queryBegin)
	for i, t := range types {
		q.parameter(&text, &decl, i, t, params[i])
	}
	// In a fixed order, so that a query has one text and one plan.
	for i, name := range slices.Sorted(maps.Keys(req.Schemas)) {
		q.check(&text, &decl, strconv.Itoa(i+1), name)
	}
	text.WriteString(req.SQL)
	text.WriteString(queryEnd)
	q.text = text.String()
	q.args[0] = driver.NamedValue{Name: "stmt", Ordinal: 1, Value: q.text}
	q.args[1] = driver.NamedValue{Name: "params", Ordinal: 2, Value: decl.String()}
	return q, nil
}

func (q *query) add(name string, value driver.Value) {
	q.args = append(q.args, driver.NamedValue{Name: name, Ordinal: len(q.args) + 1, Value: value})
}

// parameter declares parameter i, from 0. A value sent as text (see sentAsText) is converted to
// the query's parameter within the batch.
func (q *query) parameter(text, decl *strings.Builder, i int, t sqltypes.Type, v sqltypes.Value) {
	name := parameter(i)
	if sentAsText(t) {
		text.WriteString("DECLARE @" + name + " " + t.String() + " = @sd_" + name + ";\n")
		name = "sd_" + name
	}
	if decl.Len() > 0 {
		decl.WriteString(", ")
	}
	decl.WriteString("@" + name + " " + wireType(t))
	q.add(name, argument(t, v))
}

// check appends the check that the named table has the version the query was built for.
func (q *query) check(text, decl *strings.Builder, n, name string) {
	if decl.Len() > 0 {
		decl.WriteString(", ")
	}
	decl.WriteString("@sd_t" + n + " VARCHAR(128), @sd_v" + n + " VARCHAR(64)")
	q.add("sd_t"+n, strings.ToLower(name))
	q.add("sd_v"+n, q.req.Schemas[name])
	text.WriteString("IF NOT EXISTS (SELECT 1 FROM dbo._sd_tables WITH (REPEATABLEREAD) WHERE name = @sd_t" + n +
		" AND version = @sd_v" + n + ")\nBEGIN\nSELECT @sd_t" + n + " AS " + refusedTable +
		", (SELECT version FROM dbo._sd_tables WHERE name = @sd_t" + n + ") AS version;\nROLLBACK TRANSACTION;\nRETURN;\nEND;\n")
}

// maxReruns is how often a query is retried that the server rolled back in favour of another
// transaction. It is not retried once a row has been returned.
const maxReruns = 3

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
	for try := 0; ; try++ {
		err := p.queryOnce(ctx, q, once)
		if e, ok := errors.AsType[mssql.Error](err); ok && contention(e.Number) && !started && try < maxReruns && ctx.Err() == nil {
			continue
		}
		return p.queryProblem(ctx, q, err)
	}
}

// contention reports whether a number means that a transaction lost a conflict with another.
func contention(number int32) bool {
	return number == mssqlerr.Deadlock || number == mssqlerr.SnapshotConflict || number == mssqlerr.SnapshotSchemaChange
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
	err = problem(err, phaseRead)
	switch api.CodeOf(err) {
	case api.CodeUnknownTable, api.CodeUnknownColumn, api.CodeSyntax:
		// A changed table is detected while the batch is compiled, before its check has run; the
		// check's own problem is more informative.
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
		err := p.QueryRowContext(ctx, "SELECT COALESCE((SELECT version FROM dbo._sd_tables WHERE name = @p1), '')", strings.ToLower(name)).Scan(&have)
		if err != nil {
			return nil // report the query's own error
		}
		if stale := compareVersions(name, strings.TrimRight(have, " "), want); stale != nil {
			return stale
		}
	}
	return nil
}

func compareVersions(name, have, want string) *api.Problem {
	switch have {
	case want:
		return nil
	case "":
		return contract.UnknownTable(name)
	}
	return contract.StaleSchema(name, have, want)
}
