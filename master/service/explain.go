package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/master/plan"
	"shardeck/master/scatter"
	"shardeck/shared/api"
	"shardeck/shared/httpserve"
	"shardeck/shared/sharding"
)

// maxShownRows bounds the rows of parameters that an explanation shows.
const maxShownRows = 5

// explain answers with a plan. With analyze it runs the plan first, if that only
// reads, and adds what the shards and the master did.
func (q *statement) explain(ctx context.Context, p *plan.Plan) error {
	if q.req.Analyze && !p.Op.IsRead() {
		return api.NewProblem(api.CodeUnsupported, "analyze runs the statement, and this one writes").At("analyze").
			Hinted("send explain alone, or analyze a SELECT with the same WHERE")
	}
	ex, err := q.s.describe(p)
	if err != nil {
		return err
	}
	for _, b := range q.before {
		before, err := q.s.describe(b)
		if err != nil {
			return err
		}
		ex.Before = append(ex.Before, *before)
	}
	resp := &api.SQLResponse{
		EndInfoJSON: api.EndInfoJSON{Route: p.Route, Shards: []api.ShardResult{}, Query: q.info()},
		Columns:     p.Columns, Explain: ex,
	}
	if q.req.Analyze {
		if err := q.analyze(ctx, p, resp); err != nil {
			return err
		}
		resp.Query = q.info()
	}
	return q.writeJSON(resp)
}

// describe says what a plan sends to the shards and does itself.
func (s *Service) describe(p *plan.Plan) (*api.Explain, error) {
	plan, err := json.Marshal(p, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	ex := &api.Explain{Plan: plan, Fragments: []api.ExplainFragment{}, Steps: steps(p)}
	for i := range p.Fragments {
		f := &p.Fragments[i]
		d, err := s.dialectOf(f.Shard)
		if err != nil {
			return nil, err
		}
		ef := api.ExplainFragment{Shard: f.Shard, Worker: s.workerName(f.Shard), Engine: d.Name(), EngineComputes: d.EngineComputes(p), Statements: []api.ExplainStatement{}}
		if p.Op.IsRead() {
			req, err := d.Query(p, f)
			if err != nil {
				return nil, err
			}
			st := api.ExplainStatement{SQL: req.SQL, Types: req.Types}
			if req.Params != nil {
				st.Params = append(st.Params, req.Params)
			}
			ef.Statements = append(ef.Statements, st)
		} else {
			statements, err := d.Exec(p, f)
			if err != nil {
				return nil, err
			}
			for _, x := range statements {
				st := api.ExplainStatement{SQL: x.SQL, Types: x.Types, Params: x.Rows}
				if n := len(x.Rows); n > maxShownRows {
					st.Params, st.ParamsRows = x.Rows[:maxShownRows], n
				}
				ef.Statements = append(ef.Statements, st)
			}
		}
		ex.Fragments = append(ex.Fragments, ef)
	}
	return ex, nil
}

// steps are what the master does for a plan, in words.
func steps(p *plan.Plan) []api.ExplainStep {
	all := []api.ExplainStep{{Name: "route", Detail: p.Route.Why}}
	add := func(name, format string, args ...any) {
		all = append(all, api.ExplainStep{Name: name, Detail: fmt.Sprintf(format, args...)})
	}
	if len(p.Fragments) == 0 && !p.Op.IsRead() {
		return all
	}
	if !p.Op.IsRead() {
		add("write", "one transaction on each of %s", sharding.Names(p.Route.Shards))
		if p.Write != nil && p.Write.Output != nil {
			add("output", "the answer is computed from the rows that are inserted")
		}
		return all
	}
	add("scatter", "the query runs on %s", sharding.Names(p.Route.Shards))
	switch {
	case len(p.Merge) == 0 && p.Final != nil:
		add("concat", "each shard's partial result comes in")
	case len(p.Merge) == 0:
		add("concat", "rows pass through as they come")
	case p.Set != nil:
		add("merge", "the rows of all queries on all shards become one order, by %s; of equal ones, one stays if the set operators say so", mergeKeys(p))
	case p.Distinct:
		add("merge", "the shards' ordered rows become one order, by %s; equal ones become one", mergeKeys(p))
	default:
		add("merge", "the shards' ordered rows become one order, by %s", mergeKeys(p))
	}
	if f := p.Final; f != nil {
		if f.Keys == 0 {
			add("group", "all partial results become one: %s", aggregates(f))
		} else {
			add("group", "partial results of equal groups become one: %s", aggregates(f))
		}
		if f.Having != nil {
			add("having", "groups stay for which %s", f.Having)
		}
		if f.Distinct {
			add("distinct", "equal rows become one")
		}
		if len(f.Sort) > 0 {
			add("sort", "groups are held and sorted by %s", finalKeys(f.Sort))
		}
	}
	if o := p.Over; o != nil {
		add("windows", "%s, over the rows of %s", windows(o), partition(p))
		if o.Distinct {
			add("distinct", "equal rows become one")
		}
		if len(o.Sort) > 0 {
			add("sort", "rows are held and sorted by %s", finalKeys(o.Sort))
		}
	}
	if p.Limit != nil || p.Offset > 0 {
		add("limit", "%s", window(p))
	}
	return all
}

func mergeKeys(p *plan.Plan) string {
	var keys []string
	for _, k := range p.Merge {
		x := p.Query.Output[k.Column].Expr.String()
		if k.Desc {
			x += " DESC"
		}
		keys = append(keys, x)
	}
	return strings.Join(keys, ", ")
}

func windows(o *plan.Over) string {
	var names []string
	for i := range o.Windows {
		names = append(names, o.Windows[i].Name)
	}
	return strings.Join(names, ", ")
}

// partition says which rows the master holds to compute window functions.
func partition(p *plan.Plan) string {
	if len(p.Over.Partition) == 0 {
		return "all partitions"
	}
	return "one partition at a time"
}

func finalKeys(sort []plan.FinalKey) string {
	var keys []string
	for _, k := range sort {
		x := k.Expr.String()
		if k.Desc {
			x += " DESC"
		}
		keys = append(keys, x)
	}
	return strings.Join(keys, ", ")
}

func aggregates(f *plan.Final) string {
	if len(f.Aggregates) == 0 {
		return "the keys alone"
	}
	var all []string
	for i := range f.Aggregates {
		all = append(all, string(f.Aggregates[i].Func))
	}
	return strings.Join(all, ", ")
}

func window(p *plan.Plan) string {
	var parts []string
	if p.Offset > 0 {
		parts = append(parts, fmt.Sprintf("the first %d rows are skipped", p.Offset))
	}
	if p.Limit != nil {
		parts = append(parts, fmt.Sprintf("at most %d rows go on", *p.Limit))
	}
	if p.Ties {
		parts = append(parts, "and those that tie with the last")
	}
	return strings.Join(parts, ", ")
}

// analyze runs a plan that reads, drops its rows and fills in what was counted and timed.
func (q *statement) analyze(ctx context.Context, p *plan.Plan, resp *api.SQLResponse) error {
	s := q.s
	start := time.Now()
	r, err := s.open(ctx, httpserve.RequestID(q.r), p, q.req.AllowPartial, q.run.progress())
	if err != nil {
		return err
	}
	defer r.close()
	opened := time.Since(start)
	var rows int64
	if err := r.gather(p, func(_ []byte, n int64) error { rows += n; return nil }); err != nil {
		return err
	}
	took := scatter.Milliseconds(time.Since(start) - opened)
	scattered := scatter.Milliseconds(opened)
	resp.RowCount, resp.Shards, resp.Partial = rows, r.results(), r.partial
	var sent int64
	for _, sh := range resp.Shards {
		sent += sh.Rows
		for i := range resp.Explain.Fragments {
			if f := &resp.Explain.Fragments[i]; f.Shard == sh.Shard {
				f.Rows, f.FirstMS, f.MS = &sh.Rows, &sh.FirstMS, &sh.MS
			}
		}
	}
	for i := range resp.Explain.Steps {
		switch st := &resp.Explain.Steps[i]; st.Name {
		case "scatter":
			st.Rows, st.MS = &sent, &scattered
		case "concat", "merge":
			// The steps from here on run together, row by row: theirs is one time.
			st.MS = &took
		}
	}
	resp.Explain.Steps[len(resp.Explain.Steps)-1].Rows = &rows
	return nil
}

// shape is a plan in a few words, for the log.
func shape(p *plan.Plan) string {
	var names []string
	for _, st := range steps(p)[1:] {
		names = append(names, st.Name)
	}
	return strings.Join(names, " > ")
}
