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

// The texts around a query's own. The check of a table's version and the SELECT
// are one transaction, in which the row that was checked stays locked for reading:
// whoever changes the table must change that row first, before the table itself
// (the other way round, the two would wait for each other), and so the SELECT
// reads the very table that was checked. It costs no round trip, and no more
// waiting than SELECT's own lock on the table's schema does. The transaction
// changes nothing, and is undone rather than committed to make sure of it.
const (
	queryBegin = "SET NOCOUNT, XACT_ABORT ON;\nBEGIN TRANSACTION;\n"
	queryEnd   = "\n;ROLLBACK TRANSACTION;"
	// refusedTable is the first column of a refusal's row; no column of a table is so named.
	refusedTable = api.ReservedPrefix + "sd_refused"
)

// spExecuteSQL is called by name, as any procedure, because the driver's own way
// to call it declares the parameters by their values.
const spExecuteSQL = "sp_executesql"

// maxArguments is how many parameters a call of a procedure can have, 2100, less the text and the declaration.
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
	// In one order, so that a query has one text and one plan.
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

// parameter declares parameter i, from 0. What stays text (see staysText) becomes
// what the query knows it as in the batch.
func (q *query) parameter(text, decl *strings.Builder, i int, t sqltypes.Type, v sqltypes.Value) {
	name := parameter(i)
	if staysText(t) {
		text.WriteString("DECLARE @" + name + " " + t.String() + " = @sd_" + name + ";\n")
		name = "sd_" + name
	}
	if decl.Len() > 0 {
		decl.WriteString(", ")
	}
	decl.WriteString("@" + name + " " + carrier(t))
	q.add(name, argument(t, v))
}

// check appends the check that table name has the version the query was made for.
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

// maxReruns is how often a query that lost its locks to another transaction is
// run again. It is not once a row of it has been handed out.
const maxReruns = 3

// query runs q on a connection of the pool and hands each row to row, which gets
// a line that it must not keep. ctx ends it, at the server too.
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

// contention says whether a number is of a transaction that was undone in favour of another.
func contention(number int32) bool {
	return number == mssqlerr.Deadlock || number == mssqlerr.SnapshotConflict || number == mssqlerr.SnapshotSchemaChange
}

// rowError is an error of the caller's own, which it gets back as it is.
type rowError struct{ err error }

func (e *rowError) Error() string { return e.err.Error() }

// refusal is the problem of a check that failed, read to its end.
type refusal struct{ *api.Problem }

// queryProblem returns what the caller is told of a query that failed.
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
		// A table that has changed is found out while the batch is compiled, before
		// its check has run: its own problem says more.
		if stale := p.staleSchema(ctx, q.req.Schemas); stale != nil {
			return stale
		}
	}
	return err
}

// staleSchema returns the problem of a table that is not what a query was made for.
func (p *pool) staleSchema(ctx context.Context, schemas map[string]string) *api.Problem {
	for name, want := range schemas {
		var have string
		err := p.QueryRowContext(ctx, "SELECT COALESCE((SELECT version FROM dbo._sd_tables WHERE name = @p1), '')", strings.ToLower(name)).Scan(&have)
		if err != nil {
			return nil // what the query itself failed with is told
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
