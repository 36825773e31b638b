package batch

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/contract"
)

// The text around a query's own. The check of a table's version and the SELECT are one
// transaction, in which the checked row stays locked for reading. A change of the table must
// change that row first, before the table itself (the other order would deadlock), so the SELECT
// reads exactly the table that was checked. This costs no extra round trip, and no more waiting
// than SELECT's own lock on the table's schema. The transaction changes nothing, and is rolled
// back rather than committed to make sure of that.
const (
	queryBegin = language + "SET NOCOUNT, XACT_ABORT ON;\nBEGIN TRANSACTION;\n"
	queryEnd   = "\n;ROLLBACK TRANSACTION;"
	// RefusedColumn is the first column of a refusal's row, a table, before its version; no
	// table's column can have this name.
	RefusedColumn = api.ReservedPrefix + "sd_refused"
)

// NewQuery is the call of a query. Its response is the rows of the SELECT, or a single row of a
// refusal.
func NewQuery(req *api.QueryRequest) (*Call, error) { return newQuery(req, req.SQL) }

// newQuery is NewQuery with sql as the request's text.
func newQuery(req *api.QueryRequest, sql string) (*Call, error) {
	if p := CheckSelect(req.SQL); p != nil {
		return nil, p
	}
	var room [8]sqltypes.Value
	types, params, err := contract.DecodeQuery(room[:0], req)
	if err != nil {
		return nil, err
	}
	if len(types)+2*len(req.Schemas) > MaxArguments {
		return nil, api.NewProblem(api.CodeTooComplex, "a query of so many tables has too many parameters").At("schemas")
	}
	q := &queryBuilder{args: make([]Arg, 0, len(types)+2*len(req.Schemas))}
	q.text.Grow(len(queryBegin) + len(sql) + len(queryEnd) + 320*len(req.Schemas))
	q.text.WriteString(queryBegin)
	for i, t := range types {
		q.parameter(i, t, params[i])
	}
	// In a fixed order, so that a query has one text and one plan.
	for i, name := range slices.Sorted(maps.Keys(req.Schemas)) {
		q.check(strconv.Itoa(i+1), name, req.Schemas[name])
	}
	q.text.WriteString(sql)
	q.text.WriteString(queryEnd)
	return &Call{Text: q.text.String(), Declarations: q.decl.String(), Args: q.args}, nil
}

type queryBuilder struct {
	text, decl strings.Builder
	args       []Arg
}

func (q *queryBuilder) add(name, declaration string, t sqltypes.Type, v sqltypes.Value) {
	if q.decl.Len() > 0 {
		q.decl.WriteString(", ")
	}
	q.decl.WriteString("@" + name + " " + declaration)
	q.args = append(q.args, Arg{name, t, v})
}

// parameter declares parameter i, from 0. A value sent as text (see sentAsText) is converted to
// the query's parameter within the batch.
func (q *queryBuilder) parameter(i int, t sqltypes.Type, v sqltypes.Value) {
	name := ParameterName(i)
	if sentAsText(t) {
		q.text.WriteString("DECLARE @" + name + " " + declaredType(t).String() + " = @sd_" + name + ";\n")
		name = "sd_" + name
	}
	q.add(name, wireType(t), t, v)
}

// check appends the check that the named table has the version the query was built for.
func (q *queryBuilder) check(n, name, version string) {
	q.add("sd_t"+n, "VARCHAR(128)", textType, sqltypes.Text(strings.ToLower(name)))
	q.add("sd_v"+n, "VARCHAR(64)", textType, sqltypes.Text(version))
	q.text.WriteString("IF NOT EXISTS (SELECT 1 FROM dbo._sd_tables WITH (REPEATABLEREAD) WHERE name = @sd_t" + n +
		" AND version = @sd_v" + n + ")\nBEGIN\nSELECT @sd_t" + n + " AS " + RefusedColumn +
		", (SELECT version FROM dbo._sd_tables WHERE name = @sd_t" + n + ") AS version;\nROLLBACK TRANSACTION;\nRETURN;\nEND;\n")
}

// QueryRefused is the problem of a refusal: of the named table and the version that it has, "" if
// it does not exist.
func QueryRefused(req *api.QueryRequest, key, have string) *api.Problem {
	for name, want := range req.Schemas {
		if p := CompareVersions(name, have, want); strings.ToLower(name) == key && p != nil {
			return p
		}
	}
	return contract.UnknownTable(key) // it existed again a moment later
}

// CompareVersions returns the problem of a table with the version have, of which a request wants
// another; nil if they are equal. A version may be padded.
func CompareVersions(name, have, want string) *api.Problem {
	switch have = strings.TrimRight(have, " "); have {
	case want:
		return nil
	case "":
		return contract.UnknownTable(name)
	}
	return contract.StaleSchema(name, have, want)
}

// MayBeStale reports whether a query's problem may be caused by a table that has changed. A
// changed table is detected while the batch is compiled, before its check has run; the check's own
// problem is more informative.
func MayBeStale(code api.Code) bool {
	return code == api.CodeUnknownTable || code == api.CodeUnknownColumn || code == api.CodeSyntax
}

// TableVersion selects the version of a table, "" if it does not exist.
func TableVersion(name string) *Call {
	return statement("SELECT COALESCE((SELECT version FROM dbo._sd_tables WHERE name = @p1), '')", words("p1", strings.ToLower(name)))
}
