package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"shardeck/master/bind"
	"shardeck/master/gather"
	"shardeck/master/intent"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/master/scatter"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/httpserve"
)

// query answers POST /query: one T-SQL statement, or several.
func (s *Service) query(w http.ResponseWriter, r *http.Request) error {
	var req api.SQLRequest
	idem, err := readWrite(w, r, &req)
	if err != nil {
		return err
	}
	if err := checkSQL(&req); err != nil {
		return err
	}
	items, err := tsql.Parse(req.SQL)
	if err != nil {
		return atSQL(err)
	}
	verb := items[0].Statement.Verb()
	if len(items) > 1 {
		verb = fmt.Sprintf("%d STATEMENTS", len(items))
	}
	limit := s.cfg.QueryTimeout
	if req.TimeoutMS > 0 {
		limit = min(limit, time.Duration(req.TimeoutMS)*time.Millisecond)
	}
	ctx, run, end := s.running.begin(r.Context(), httpserve.RequestID(r), req.DB, verb, req.SQL, limit)
	defer end()
	defer unblockWrites(ctx, w)()
	w.Header().Set(api.HeaderQueryID, run.id)
	q := &statement{s: s, w: w, r: r, req: &req, idem: idem, ast: items[0].Statement, notes: items[0].Notes, run: run}
	if runsAlone(items) {
		err = q.answer(ctx)
	} else {
		sc := &script{statement: *q, items: items}
		err = sc.answerAll(ctx)
	}
	if cause, ok := context.Cause(ctx).(*api.Problem); ok && err != nil {
		err = cause // cancelled or timed out: the errors that this caused are less informative
	}
	q.logSlow(err)
	return atSQL(err)
}

// checkSQL validates a request, apart from its statement.
func checkSQL(req *api.SQLRequest) error {
	if p := api.CheckIdentifier("db_name", req.DB); p != nil {
		return p
	}
	switch {
	case strings.TrimSpace(req.SQL) == "":
		return api.NewProblem(api.CodeMissingField, "sql is missing or empty").At("sql").Hinted("send a T-SQL statement, such as SELECT TOP (10) * FROM Students")
	case req.MaxRows != nil && *req.MaxRows < 0:
		return api.NewProblem(api.CodeInvalidField, "max_rows is negative").At("max_rows").Hinted("send 0 or more, or omit it for no limit")
	case req.TimeoutMS < 0:
		return api.NewProblem(api.CodeInvalidField, "timeout_ms is negative").At("timeout_ms").Hinted("send milliseconds, or omit it")
	case req.Analyze && !req.Explain:
		return api.NewProblem(api.CodeInvalidField, "analyze requires explain").At("analyze").Hinted("send explain: true as well")
	}
	return nil
}

// atSQL sets the field sql in a problem that has an offset but no field.
func atSQL(err error) error {
	if p, ok := errors.AsType[*api.Problem](err); ok && p.Field == "" && p.Offset != nil {
		return p.At("sql")
	}
	return err
}

// statement is a statement in progress.
type statement struct {
	s    *Service
	w    http.ResponseWriter
	r    *http.Request
	req  *api.SQLRequest
	idem *api.Idempotency
	ast  tsql.Statement
	run  *runningQuery
	plan *plan.Plan // nil until planned
	// before are the plans of what is run first, if the statement is explained.
	before []*plan.Plan
	// vars are the variables that are declared, and notes say what of the statement has no effect.
	vars  []bind.Variable
	notes []string
}

// answer plans and runs the statement. It returns an error only if nothing was sent yet.
func (q *statement) answer(ctx context.Context) error {
	switch st := q.ast.(type) {
	case *tsql.CreateTable:
		return q.changeSchema(ctx, func(p *plan.Plan) (*api.DDLResponse, error) { return q.s.runCreateTable(ctx, p) })
	case *tsql.AlterTable, *tsql.CreateIndex, *tsql.DropIndex:
		return q.changeSchema(ctx, func(p *plan.Plan) (*api.DDLResponse, error) {
			if p.Route.Kind == api.RouteNone { // IF EXISTS of a missing index
				return &api.DDLResponse{Shards: []api.ShardResult{}}, nil
			}
			return q.s.runAlterTable(ctx, p)
		})
	case *tsql.DropTable:
		return q.changeSchema(ctx, func(p *plan.Plan) (*api.DDLResponse, error) {
			if p.Route.Kind == api.RouteNone { // IF EXISTS of a missing table
				return &api.DDLResponse{Shards: []api.ShardResult{}}, nil
			}
			return q.s.runDropTable(ctx, q.req.DB, st.Table.Name)
		})
	}
	return q.s.planAndRun(ctx, q.makePlan, func(p *plan.Plan) error {
		q.note(p)
		switch {
		case q.req.Explain:
			return q.explain(ctx, p)
		case p.Op.IsRead():
			return q.rows(ctx, p)
		}
		return q.write(ctx, p)
	})
}

// makePlan plans the statement. It first runs the steps that the plan depends on, unless the
// statement is only to be explained.
func (q *statement) makePlan(ctx context.Context) (*plan.Plan, error) {
	o := planner.Options{
		Params: q.req.Params, AllShards: q.req.AllShards, MaxRows: q.req.MaxRows, Results: &planner.Results{},
		// One time for all of the statement's plans and shards.
		Session: bind.Session{Now: q.run.started, Version: Version, Variables: q.vars},
	}
	q.before = nil
	for steps := 0; ; steps++ {
		p, step, err := planner.Statement(requestCatalog{ctx, q.s}, q.s.slots, q.req.DB, q.ast, o)
		if step == nil {
			return p, err
		}
		if steps == maxSteps {
			return nil, tooManySteps()
		}
		if q.req.Explain {
			q.before = append(q.before, step.Plan)
		}
		if q.req.Explain && !q.req.Analyze {
			o.Results.Skip(step)
			continue
		}
		rows, err := q.runStep(ctx, step)
		if err != nil {
			return nil, err
		}
		o.Results.Set(step, rows)
	}
}

// requestCatalog looks up the tables of one request, see [Service.table].
type requestCatalog struct {
	ctx context.Context
	s   *Service
}

// Table implements planner.Catalog.
func (c requestCatalog) Table(db, name string) (*bind.Table, error) {
	return c.s.table(c.ctx, db, name)
}

// Tables implements planner.Catalog.
func (c requestCatalog) Tables(db string) ([]*bind.Table, error) {
	tables, err := c.s.catalog.Load().Tables(db)
	return slices.DeleteFunc(tables, func(t *bind.Table) bool { return intent.IsReserved(t.Name) }), err
}

// rows answers a SELECT in the format that the client accepts.
func (q *statement) rows(ctx context.Context, p *plan.Plan) error {
	answer := &capped{ctx: ctx, left: -1, run: q.run}
	switch accepted(q.r) {
	case api.MediaNDJSON:
		answer.rowAnswer = httpserve.NewRowWriter(q.w, q.r)
	case api.MediaCSV:
		answer.rowAnswer = newCSVRows(q.w)
	default:
		answer.rowAnswer = newJSONRows(q.w, q.r)
	}
	if q.req.MaxRows != nil {
		answer.left = *q.req.MaxRows
	}
	answer.info = func() *api.StatementInfo {
		info := q.info()
		info.Truncated = answer.truncated
		return info
	}
	return q.s.streamRows(ctx, httpserve.RequestID(q.r), p, q.req.AllowPartial, q.run.progress(), answer)
}

// changeSchema answers a CREATE TABLE or DROP TABLE; change runs it.
func (q *statement) changeSchema(ctx context.Context, change func(*plan.Plan) (*api.DDLResponse, error)) error {
	p, err := q.makePlan(ctx)
	if err != nil {
		return err
	}
	q.note(p)
	if q.req.Explain {
		return q.explain(ctx, p)
	}
	resp, err := change(p)
	if err != nil {
		return err
	}
	return q.writeJSON(&api.SQLResponse{
		EndInfoJSON: api.EndInfoJSON{Route: p.Route, Shards: resp.Shards, Query: q.info()}, Definition: resp.Definition,
	})
}

// note records the plan for the list of running statements and the log.
func (q *statement) note(p *plan.Plan) {
	q.plan = p
	q.run.planned.Store(&planned{route: &p.Route})
}

// logSlow logs a slow statement: its text, but not its parameters, which may be secrets.
func (q *statement) logSlow(err error) {
	took, limit := time.Since(q.run.started), q.s.cfg.SlowQuery
	if limit <= 0 || took < limit {
		return
	}
	attrs := []any{
		"query_id", q.run.id, "request_id", q.run.requestID, "db_name", q.req.DB, "ms", scatter.Milliseconds(took),
		"rows", q.run.rows.Load(), "sql", q.run.sql,
	}
	if q.plan != nil {
		attrs = append(attrs, "plan", shape(q.plan), "route", q.plan.Route.Kind, "shards", q.plan.Route.Shards)
	}
	if err != nil {
		attrs = append(attrs, "code", api.CodeOf(err))
	}
	q.s.logger.Warn("slow statement", attrs...)
}

// write answers an INSERT, UPDATE or DELETE.
func (q *statement) write(ctx context.Context, p *plan.Plan) error {
	var field func(row int) string
	if p.Op == plan.OpInsert {
		of := "values"
		if st, ok := tsql.Written(q.ast).(*tsql.Insert); ok && st.Query != nil {
			of = "select"
		}
		field = func(row int) string { return fmt.Sprintf("%s[%d]", of, row) }
	}
	out, err := q.output(ctx, p)
	if err != nil {
		return err
	}
	resp, err := q.s.execute(ctx, httpserve.RequestID(q.r), p, q.idem, q.run.progress(), field)
	if err != nil {
		return err
	}
	answer := &api.SQLResponse{
		EndInfoJSON:  api.EndInfoJSON{Route: resp.Route, Shards: resp.Shards, Query: q.info()},
		RowsAffected: &resp.RowsAffected, Replayed: resp.Replayed,
	}
	out.answer(answer, p)
	return q.writeJSON(answer)
}

func (q *statement) info() *api.StatementInfo {
	return &api.StatementInfo{Statement: q.ast.Verb(), QueryID: q.run.id, MS: scatter.Milliseconds(time.Since(q.run.started)), Notes: q.notes}
}

func (q *statement) writeJSON(resp *api.SQLResponse) error {
	return httpserve.WriteJSON(q.w, http.StatusOK, resp)
}

// capped is an answer of at most left more rows; a negative left means no limit.
type capped struct {
	rowAnswer
	ctx       context.Context // the statement's: nothing is written once it is done
	left      int64
	truncated bool
	run       *runningQuery
	info      func() *api.StatementInfo
}

// Block implements rowAnswer. It returns errTruncated if it omits rows.
func (c *capped) Block(block []byte, rows int64) error {
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	over := c.left >= 0 && rows > c.left
	if over {
		rows = c.left
		block = block[:gather.RowsEnd(block, rows)]
	}
	if rows > 0 {
		c.run.rows.Add(rows)
		if err := c.rowAnswer.Block(block, rows); err != nil {
			return err
		}
	}
	if c.left >= 0 {
		c.left -= rows
	}
	if over {
		c.truncated = true
		return errTruncated
	}
	return nil
}

// End implements rowAnswer.
func (c *capped) End(info api.EndInfo) error {
	info.Query = c.info()
	return c.rowAnswer.End(info)
}
