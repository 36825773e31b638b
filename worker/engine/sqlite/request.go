package sqlite

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// pending is a request on its way through the writer.
type pending struct {
	req        *api.ExecRequest
	statements []statement
	executions int   // of all statements together
	cost       int64 // bytes it holds in the queue
	ddl        bool
	deadline   time.Time // to begin by

	// phase decides between the writer, which begins it, and its caller, who gives it up.
	phase atomic.Int32
	// done gets one token once resp and err are set.
	done chan struct{}
	resp *api.ExecResponse
	err  error
}

// The phases of a pending request.
const (
	phaseQueued int32 = iota
	phaseBegun
	phaseGivenUp
)

// statement is a statement of a request with its parameters decoded.
type statement struct {
	*api.Statement
	types  int
	rows   int              // executions
	values []sqltypes.Value // rows times types
}

func (s *statement) row(i int) []sqltypes.Value { return s.values[i*s.types : (i+1)*s.types] }

// newPending checks a request and decodes its parameters. It runs on the caller's
// goroutine, so that the writer has nothing left to do but to write.
func newPending(req *api.ExecRequest, deadline time.Time) (*pending, error) {
	p := &pending{req: req, deadline: deadline, done: make(chan struct{}, 1)}
	if n := len(req.Statements); n > maxStatements || n == 0 && req.Idempotency == nil {
		return nil, api.NewProblem(api.CodeInvalidField, "a request has 1 to %d statements, not %d", maxStatements, n).At("statements")
	}
	if id := req.Idempotency; id != nil && (id.Key == "" || len(id.Key) > 255 || id.Hash == "" || len(id.Hash) > 128) {
		return nil, api.NewProblem(api.CodeInvalidField, "an idempotency key has 1 to 255 bytes and comes with a hash").At("idempotency")
	}
	p.statements = make([]statement, len(req.Statements))
	for i := range req.Statements {
		if err := p.decode(i); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *pending) decode(i int) error {
	in, st := &p.req.Statements[i], &p.statements[i]
	st.Statement = in
	field := func(name string) string { return fmt.Sprintf("statements[%d].%s", i, name) }
	switch in.Effect {
	case api.EffectInsert, api.EffectUpdate, api.EffectDelete:
	case api.EffectDropTable:
		p.ddl = true
	case api.EffectCreateTable:
		p.ddl = true
		if in.Definition == nil || !api.SameName(in.Definition.Name, in.Table) {
			return api.NewProblem(api.CodeInvalidField, "create_table needs the table's definition, by the same name").At(field("definition"))
		}
	default:
		return api.NewProblem(api.CodeInvalidField, "%q is not an effect", in.Effect).At(field("effect"))
	}
	if problem := api.CheckIdentifier(field("table"), in.Table); problem != nil {
		return problem
	}
	if len(in.SQL) > maxSQL || len(in.Types) > maxParams {
		return api.NewProblem(api.CodeTooComplex, "a statement has at most %d bytes and %d parameters", maxSQL, maxParams).At(field("sql"))
	}
	types, err := parseTypes(in.Types)
	if err != nil {
		return prefixed(err, fmt.Sprintf("statements[%d]", i))
	}
	st.types, st.rows = len(types), 1
	p.cost += int64(len(in.SQL)) + 256
	if len(types) > 0 {
		if st.rows = len(in.Rows); st.rows == 0 {
			return api.NewProblem(api.CodeMissingField, "the statement takes parameters and has no rows of them").At(field("rows"))
		}
		st.values = make([]sqltypes.Value, 0, st.rows*st.types)
	}
	for j := range st.rows * min(1, st.types) {
		var at int
		if st.values, at, err = appendRow(st.values, types, in.Rows[j]); err != nil {
			return p.at(err, i, j, at)
		}
		p.cost += int64(len(in.Rows[j]) + 40*st.types)
	}
	p.executions += st.rows
	return nil
}

// prefixed puts where it happened before a problem's field.
func prefixed(err error, where string) error {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return err
	}
	return p.At(where + "." + p.Field)
}

// at adds to a statement's problem which row of which statement it was, and
// which column where value, the index of a parameter, tells.
func (p *pending) at(err error, statement, row, value int) error {
	err = statementProblem(err)
	problem, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return err
	}
	st := &p.statements[statement]
	q := *problem
	if q.Field == "" {
		q.Field = fmt.Sprintf("statements[%d]", statement)
		if st.types > 0 && q.SQLNumber != 0 {
			q.Field = fmt.Sprintf("statements[%d].rows[%d]", statement, row)
		}
		if st.types > 0 && value >= 0 {
			q.Field += fmt.Sprintf("[%d]", value)
		}
	}
	if st.types > 0 && q.SQLNumber != 0 {
		if q.Row == nil {
			q.Row = &row
		}
		if q.Column == "" && value >= 0 {
			q.Column = insertColumn(st.SQL, value+1)
		}
	}
	return &q
}

// insertColumn returns the column that an INSERT of the dialect's form,
// INSERT INTO "t" ("a", "b") VALUES (@p1, @p2), gives parameter @p<n>; empty when it cannot tell.
func insertColumn(sql string, n int) string {
	_, rest, _ := strings.Cut(sql, "(")
	names, rest, ok := strings.Cut(rest, ")")
	_, rest, ok2 := strings.Cut(rest, "(")
	values, _, ok3 := strings.Cut(rest, ")")
	columns, params := strings.Split(names, ","), strings.Split(values, ",")
	if !ok || !ok2 || !ok3 || len(columns) != len(params) || !strings.HasPrefix(sql, "INSERT INTO ") {
		return ""
	}
	for i, p := range params {
		if strings.TrimSpace(p) == fmt.Sprintf("@p%d", n) {
			return strings.Trim(strings.TrimSpace(columns[i]), `"[]`)
		}
	}
	return ""
}
