package contract

import (
	"errors"
	"fmt"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// Bounds of one request.
const (
	MaxStatements = 64
	MaxParams     = 2048 // of one statement; SQL Server allows 2100
	MaxSQL        = 1 << 20
	maxTimeout    = time.Hour
)

// Exec is an ExecRequest with decoded parameters. It is immutable after DecodeExec.
type Exec struct {
	*api.ExecRequest
	Decoded    []Statement
	Executions int   // in all statements together
	Bytes      int64 // approximate memory use
	DDL        bool  // it creates, alters or drops a table
}

// Statement is a statement with decoded parameters.
type Statement struct {
	*api.Statement
	Params     []sqltypes.Type // of @p1, @p2, ...
	Executions int             // one per row of parameters; one without parameters
	values     []sqltypes.Value
}

// Row returns the parameters of execution i.
func (s *Statement) Row(i int) []sqltypes.Value {
	n := len(s.Params)
	return s.values[i*n : (i+1)*n]
}

// DecodeExec validates a request and decodes its parameters. The problem of an error names the
// field and, for a value, the row and column at fault.
func DecodeExec(req *api.ExecRequest) (*Exec, error) {
	x := &Exec{ExecRequest: req}
	if p := CheckTerm("fence.term", req.Fence.Term); p != nil {
		return nil, p
	}
	if n := len(req.Statements); n > MaxStatements || n == 0 && req.Idempotency == nil {
		return nil, api.NewProblem(api.CodeInvalidField, "a request must have 1 to %d statements, not %d", MaxStatements, n).At("statements")
	}
	if id := req.Idempotency; id != nil && (id.Key == "" || len(id.Key) > 255 || id.Hash == "" || len(id.Hash) > 128) {
		return nil, api.NewProblem(api.CodeInvalidField, "an idempotency key must have 1 to 255 bytes and a hash").At("idempotency")
	}
	x.Decoded = make([]Statement, len(req.Statements))
	for i := range req.Statements {
		if err := x.decode(i); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func (x *Exec) decode(i int) error {
	in, st := &x.ExecRequest.Statements[i], &x.Decoded[i]
	st.Statement = in
	field := func(name string) string { return fmt.Sprintf("statements[%d].%s", i, name) }
	switch in.Effect {
	case api.EffectInsert:
		if len(in.Columns) != len(in.Types) {
			return api.NewProblem(api.CodeInvalidField, "an insert with %d parameters lists %d columns", len(in.Types), len(in.Columns)).At(field("columns")).
				Hinted("name the column of each parameter, @p1 first")
		}
	case api.EffectUpdate, api.EffectDelete, api.EffectCreateIndex:
	case api.EffectDropTable:
		x.DDL = true
	case api.EffectCreateTable, api.EffectAlterTable:
		x.DDL = true
		if in.Definition == nil || !api.SameName(in.Definition.Name, in.Table) {
			return api.NewProblem(api.CodeInvalidField, "%s requires the table's definition, with the same name", in.Effect).At(field("definition"))
		}
	default:
		return api.NewProblem(api.CodeInvalidField, "%q is not an effect", in.Effect).At(field("effect"))
	}
	if first := x.ExecRequest.Statements[0].Effect; first != in.Effect && (first == api.EffectAlterTable || in.Effect == api.EffectAlterTable) {
		return api.NewProblem(api.CodeInvalidField, "alter_table is not allowed in a request with other effects").At(field("effect"))
	}
	if in.Effect != api.EffectInsert && len(in.Columns) > 0 {
		return api.NewProblem(api.CodeInvalidField, "columns are only allowed with insert").At(field("columns"))
	}
	if problem := api.CheckIdentifier(field("table"), in.Table); problem != nil {
		return problem
	}
	if len(in.SQL) > MaxSQL || len(in.Types) > MaxParams {
		return api.NewProblem(api.CodeTooComplex, "a statement has at most %d bytes and %d parameters", MaxSQL, MaxParams).At(field("sql"))
	}
	types, err := ParseTypes(in.Types)
	if err != nil {
		return prefixed(err, fmt.Sprintf("statements[%d]", i))
	}
	st.Params, st.Executions = types, 1
	x.Bytes += int64(len(in.SQL)) + 256
	if len(types) > 0 {
		if st.Executions = len(in.Rows); st.Executions == 0 {
			return api.NewProblem(api.CodeMissingField, "the statement has parameters but no rows of values").At(field("rows"))
		}
		st.values = make([]sqltypes.Value, 0, st.Executions*len(types))
	}
	for j := range st.Executions * min(1, len(types)) {
		var at int
		if st.values, at, err = AppendRow(st.values, types, in.Rows[j]); err != nil {
			return x.At(err, i, j, at)
		}
		x.Bytes += int64(len(in.Rows[j]) + 40*len(types))
	}
	x.Executions += st.Executions
	return nil
}

// ExecTimeout returns how long a request may wait to begin; otherwise is the default.
func ExecTimeout(req *api.ExecRequest, otherwise time.Duration) time.Duration {
	return timeout(req.TimeoutMS, otherwise)
}

// QueryTimeout returns how long a query may take; 0 if the request sets no bound.
func QueryTimeout(req *api.QueryRequest) time.Duration { return timeout(req.TimeoutMS, 0) }

func timeout(ms int64, otherwise time.Duration) time.Duration {
	if ms <= 0 {
		return otherwise
	}
	return time.Duration(min(ms, int64(maxTimeout/time.Millisecond))) * time.Millisecond
}

// prefixed prepends the location to a problem's field.
func prefixed(err error, where string) error {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return err
	}
	return p.At(where + "." + p.Field)
}

// At adds to a statement's problem the row and statement where it occurred, and the column if
// value, the index of a parameter, identifies it (-1 if not). What the problem already says is
// kept, and an error that is not a problem is returned unchanged.
func (x *Exec) At(err error, statement, row, value int) error {
	problem, ok := errors.AsType[*api.Problem](Refusal(err))
	if !ok {
		return err
	}
	st := &x.Decoded[statement]
	inRow := len(st.Params) > 0 && (problem.SQLNumber != 0 || value >= 0)
	q := *problem
	if q.Field == "" {
		q.Field = fmt.Sprintf("statements[%d]", statement)
		if inRow {
			q.Field += fmt.Sprintf(".rows[%d]", row)
		}
		if inRow && value >= 0 {
			q.Field += fmt.Sprintf("[%d]", value)
		}
	}
	if inRow {
		if q.Row == nil {
			q.Row = &row
		}
		if q.Column == "" && value >= 0 {
			q.Column = st.column(value)
		}
	}
	return &q
}

// column returns the column of parameter i of an insert; empty for other statements.
func (s *Statement) column(i int) string {
	if i < len(s.Columns) {
		return s.Columns[i]
	}
	return ""
}
