package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"shardeck/master/bind"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/httpserve"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// maxVariableBytes bounds what the variables of a text hold together.
const maxVariableBytes = 16 << 20

// script runs a text of several statements, one after another, up to the first that fails. No
// transaction spans them: those before it stay done.
type script struct {
	statement // what all statements have in common
	items     []tsql.Item
	batch     int // of the statement that runs
	out       results
}

// runsAlone reports whether a text is one statement whose answer is the whole answer.
func runsAlone(items []tsql.Item) bool {
	if len(items) > 1 {
		return false
	}
	switch items[0].Statement.(type) {
	case *tsql.Declare, *tsql.SetVariable, *tsql.Assign, *tsql.NoEffect:
		return false
	}
	return true
}

// answerAll runs the statements. It returns an error only if nothing was sent yet.
func (sc *script) answerAll(ctx context.Context) error {
	switch {
	case sc.req.Explain:
		return api.NewProblem(api.CodeUnsupported, "several statements, or one with variables, have no plan: each depends on what those before it do").At("explain").
			Hinted("explain one statement at a time, with the values in params")
	case accepted(sc.r) != api.MediaJSON:
		return api.NewProblem(api.CodeUnsupported, "several statements answer as JSON only").At("Accept").
			Hinted("leave the header Accept out, or send the statements one at a time")
	}
	sc.out = results{w: sc.w}
	for i := range sc.items {
		it := &sc.items[i]
		if it.Batch != sc.batch {
			sc.batch, sc.vars = it.Batch, nil
		}
		err := sc.step(ctx, i+1, it)
		if err == nil {
			continue
		}
		if cause, ok := context.Cause(ctx).(*api.Problem); ok {
			err = cause
		}
		p := *api.AsProblem(atSQL(err))
		p.Statement = i + 1
		if len(sc.items) > 1 {
			p.Detail = fmt.Sprintf("statement %d of %d (line %d): %s", i+1, len(sc.items), it.Line, p.Detail)
		}
		if i > 0 {
			p.Detail += "; the statements before it are done"
		}
		if sc.out.started { // the answer's status cannot say it
			sc.s.logger.Warn("statement failed", "request_id", sc.run.requestID, "query_id", sc.run.id, "error", &p)
		}
		return sc.out.fail(&p, httpserve.RequestID(sc.r))
	}
	return sc.out.end()
}

// step runs statement n, from 1.
func (sc *script) step(ctx context.Context, n int, it *tsql.Item) error {
	switch st := it.Statement.(type) {
	case *tsql.NoEffect:
		if st.DB.Name != "" && !api.SameName(st.DB.Name, sc.req.DB) {
			p := api.NewProblem(api.CodeUnsupported, "USE of another database than the request's, %s, is not supported", sc.req.DB)
			p.Offset = &st.DB.At
			return p.Hinted("send the statements for %s in a request of their own", api.Clip(st.DB.Name))
		}
		return nil
	case *tsql.Declare:
		for i := range st.Variables {
			if err := sc.declare(ctx, &st.Variables[i]); err != nil {
				return err
			}
		}
		return nil
	case *tsql.SetVariable:
		return sc.assign(ctx, []tsql.Name{st.Name}, oneValue(st.At, st.X))
	case *tsql.Assign:
		return sc.assign(ctx, st.Names, st.Query)
	}
	q := sc.statement
	q.ast, q.notes, q.w = it.Statement, it.Notes, sc.out.writer(n)
	q.idem = derivedKey(sc.idem, n)
	return q.answer(ctx)
}

// derivedKey is the Idempotency-Key of statement n of a request with a key.
func derivedKey(idem *api.Idempotency, n int) *api.Idempotency {
	if idem == nil {
		return nil
	}
	key := fmt.Sprintf("%s/%d", idem.Key, n)
	if len(key) > maxIdempotencyKey {
		sum := sha256.Sum256([]byte(key))
		key = hex.EncodeToString(sum[:])
	}
	return &api.Idempotency{Key: key, Hash: idem.Hash}
}

// oneValue is SELECT x.
func oneValue(at int, x tsql.Expr) *tsql.Select {
	return &tsql.Select{At: at, List: []tsql.SelectItem{{At: at, X: x}}}
}

// variable returns the variable of that name, or nil.
func (q *statement) variable(name string) *bind.Variable {
	for i := range q.vars {
		if api.SameName(q.vars[i].Name, name) {
			return &q.vars[i]
		}
	}
	return nil
}

func (sc *script) declare(ctx context.Context, v *tsql.Variable) error {
	taken := sc.variable(v.Name.Name) != nil
	for i := range sc.req.Params {
		taken = taken || api.SameName(strings.TrimPrefix(sc.req.Params[i].Name, "@"), v.Name.Name)
	}
	if taken {
		p := api.NewProblem(api.CodeInvalidField, "the variable @%s is declared twice, or is a parameter of the request", api.Clip(v.Name.Name)).Numbered(mssqlerr.DeclaredTwice)
		p.Offset = &v.Name.At
		return p.Hinted("give one of them another name; GO ends a variable's life")
	}
	if v.X == nil {
		sc.vars = append(sc.vars, bind.Variable{Name: v.Name.Name, Type: v.Type})
		return nil
	}
	values, err := sc.values(ctx, oneValue(v.Name.At, v.X), []sqltypes.Type{v.Type})
	if err != nil {
		return err
	}
	sc.vars = append(sc.vars, bind.Variable{Name: v.Name.Name, Type: v.Type, Value: values[0]})
	return sc.checkSize(v.Name.At)
}

// checkSize refuses variables that hold too much together; the newest value is at that offset.
func (sc *script) checkSize(at int) error {
	size := 0
	for i := range sc.vars {
		size += len(sc.vars[i].Value.Str)
	}
	if size <= maxVariableBytes {
		return nil
	}
	p := api.NewProblem(api.CodeTooComplex, "the variables hold more than %d MiB together", maxVariableBytes>>20)
	p.Offset = &at
	return p.Hinted("assign shorter values, or end the variables' life with GO")
}

// assign sets variables to the values of the only row of a query. If it has none, they keep theirs.
func (sc *script) assign(ctx context.Context, names []tsql.Name, query *tsql.Select) error {
	types := make([]sqltypes.Type, len(names))
	for i := range names {
		v := sc.variable(names[i].Name)
		if v == nil {
			p := api.NewProblem(api.CodeInvalidField, "the variable @%s is not declared", api.Clip(names[i].Name)).Numbered(mssqlerr.UndeclaredVariable)
			p.Offset = &names[i].At
			return p.Hinted("write DECLARE @%s with its type before; GO ends a variable's life, and parameters keep their values", api.Clip(names[i].Name))
		}
		types[i] = v.Type
	}
	values, err := sc.values(ctx, query, types)
	if err != nil || values == nil {
		return err
	}
	for i := range names {
		sc.variable(names[i].Name).Value = values[i]
	}
	return sc.checkSize(names[0].At)
}

// values runs a query and returns the values of its only row, converted as by CAST, which is how T-SQL
// assigns to variables: what is too long for one is cut off. It returns nil if there is no row. Of several
// rows T-SQL assigns an arbitrary one, which is refused.
func (sc *script) values(ctx context.Context, query *tsql.Select, types []sqltypes.Type) ([]sqltypes.Value, error) {
	sel := *query
	sel.List = make([]tsql.SelectItem, len(query.List))
	for i, it := range query.List {
		sel.List[i] = tsql.SelectItem{At: it.At, X: &tsql.Cast{At: it.X.Pos(), X: it.X, Type: types[i]}}
	}
	req, one := *sc.req, int64(1)
	req.MaxRows = &one // of which the plan reads one more
	q := sc.statement
	q.ast, q.req = &sel, &req
	rows, err := q.read(ctx, q.makePlan, types)
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0:
		return nil, nil
	case len(rows) > 1:
		p := api.NewProblem(api.CodeUnsupported, "the SELECT assigns the values of more than one row, of which T-SQL would take any")
		p.Offset = &sel.At
		return nil, p.Hinted("write SELECT TOP (1) ... ORDER BY, or an aggregate such as MAX")
	}
	return rows[0], nil
}

// results writes the answers of several statements as one JSON document.
type results struct {
	w       http.ResponseWriter
	started bool
}

// open begins the document, or an answer after another.
func (o *results) open() error {
	text := ","
	if !o.started {
		o.started = true
		jsonHeader(o.w.Header())
		text = `{"results":[`
	}
	_, err := o.w.Write([]byte(text))
	return err
}

// nowhere are the members that every answer has, of one that is made of others.
const nowhere = `],"row_count":0,"route":{"kind":"none","shards":[],"why":"each statement has a route of its own"},"shards":[]`

// end ends the document.
func (o *results) end() error {
	if !o.started {
		if err := o.open(); err != nil {
			return err
		}
	}
	_, err := o.w.Write([]byte(nowhere + "}\n"))
	return err
}

// fail ends the document with a problem, or returns that if there is no document yet.
func (o *results) fail(p *api.Problem, requestID string) error {
	if !o.started {
		return p
	}
	p.RequestID = requestID
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = o.w.Write(append(append([]byte(nowhere+`,"error":`), b...), "}\n"...))
	return err
}

// writer returns a writer for the answer of statement n, which is a JSON object.
func (o *results) writer(n int) http.ResponseWriter {
	return &resultWriter{out: o, number: n, header: http.Header{}}
}

// resultWriter puts one answer into the document. Its header and status are of no account.
type resultWriter struct {
	out    *results
	number int
	header http.Header
	begun  bool
}

// Header implements http.ResponseWriter.
func (w *resultWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *resultWriter) WriteHeader(int) {}

// Unwrap is for http.NewResponseController.
func (w *resultWriter) Unwrap() http.ResponseWriter { return w.out.w }

// Write implements http.ResponseWriter. The number of the statement becomes the first member.
func (w *resultWriter) Write(b []byte) (int, error) {
	if w.begun || len(b) == 0 {
		return w.out.w.Write(b)
	}
	w.begun = true
	if err := w.out.open(); err != nil {
		return 0, err
	}
	if _, err := fmt.Fprintf(w.out.w, `{"statement":%d,`, w.number); err != nil {
		return 0, err
	}
	n, err := w.out.w.Write(b[1:])
	return n + 1, err
}
