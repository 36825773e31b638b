package planner

import (
	"math"
	"strconv"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/sharding"
	"shardeck/shared/sqltypes"
)

// maxColumns is the greatest number of columns of a table and of a select list.
const maxColumns = 256

// Select plans a read. One shard does all of it; of several, each gives its first
// limit + offset rows in order, and the merge counts off the rest.
func Select(t *bind.Table, m *sharding.Map, req *api.SelectRequest) (*plan.Plan, error) {
	if req.Limit != nil && *req.Limit < 0 {
		return nil, api.NewProblem(api.CodeInvalidField, "limit is negative").At("limit").Hinted("send 0 or more")
	}
	if req.Offset != nil && *req.Offset < 0 {
		return nil, api.NewProblem(api.CodeInvalidField, "offset is negative").At("offset").Hinted("send 0 or more")
	}
	if req.Offset != nil && *req.Offset > 0 && req.OrderBy == "" {
		return nil, api.NewProblem(api.CodeInvalidField, "offset is there without order_by").At("offset").
			Hinted("send order_by: without an order there are no first rows to skip")
	}
	f, err := filterOf(t, m, req.Condition, req.ShardKey)
	if err != nil {
		return nil, err
	}
	p := newPlan(t, plan.OpSelect, f.route)
	q := *t.All
	q.Where = f.where
	p.Query = &q
	p.Columns = t.Header
	if err := selectColumns(t, p, req.Columns); err != nil {
		return nil, err
	}
	if err := orderRows(t, p, req.OrderBy); err != nil {
		return nil, err
	}
	window(p, req.Limit, req.Offset)
	return p, nil
}

// plan returns a plan with what all plans over t have.
func newPlan(t *bind.Table, op plan.Op, r api.Route) *plan.Plan {
	return &plan.Plan{Op: op, DB: t.DB, Table: t.Name, SchemaVersion: t.Version, Route: r, Fragments: fragments(&r)}
}

// selectColumns sets the output; all columns for none or for "*".
func selectColumns(t *bind.Table, p *plan.Plan, names api.NameList) error {
	if len(names) == 0 || len(names) == 1 && names[0] == "*" {
		return nil
	}
	if len(names) > maxColumns {
		return api.NewProblem(api.CodeTooComplex, "columns has %d names; at most %d are allowed", len(names), maxColumns).At("columns").Hinted("name fewer columns, or leave columns out for all of them")
	}
	p.Columns = make([]api.Column, len(names))
	p.Query.Output = make([]plan.Output, len(names))
	for i, name := range names {
		c, prob := t.Column("columns", name)
		if prob != nil {
			if name == "*" {
				prob = prob.Hinted("send \"*\" alone, or leave columns out, for all columns")
			}
			return prob.At("columns[" + strconv.Itoa(i) + "]")
		}
		p.Columns[i] = t.Header[c]
		p.Query.Output[i] = t.Outputs[c]
	}
	return nil
}

// orderBy sets the order of each shard's rows and, where several must be merged,
// the merge keys. An expression that is not selected is appended to the row as a
// hidden column.
func orderRows(t *bind.Table, p *plan.Plan, text string) error {
	if text == "" {
		return nil
	}
	items, err := tsql.ParseOrderBy(text)
	if err != nil {
		return api.AsProblem(err).At("order_by")
	}
	b := bind.Binder{Scope: t.Alone, DB: t.DB, Field: "order_by", Clause: "order_by"}
	several := len(p.Fragments) > 1
	for _, it := range items {
		x, err := b.Value(it.X)
		if err != nil {
			return err
		}
		if x.IsConst() {
			return b.Problem(api.CodeUnsupported, it.X.Pos(), "a constant orders nothing").Hinted("name a column; positions, as ORDER BY 1, are not supported")
		}
		if sorted(p.Query.OrderBy, x) {
			return b.Problem(api.CodeInvalidField, it.X.Pos(), "%s is there twice", x).Hinted("name each column once")
		}
		p.Query.OrderBy = append(p.Query.OrderBy, plan.SortKey{Expr: x, Desc: it.Desc})
		if several {
			mergeBy(p, x, it.Desc)
		}
	}
	return nil
}

// sorted says whether the column x orders already; T-SQL refuses to be told twice.
func sorted(keys []plan.SortKey, x *plan.Expr) bool {
	for _, k := range keys {
		if k.Expr == x {
			return true
		}
	}
	return false
}

// mergeBy adds a merge key for x, and selects x where it is not selected yet.
func mergeBy(p *plan.Plan, x *plan.Expr, desc bool) {
	out := p.Query.Output
	column := -1
	for i := range out {
		if plan.Equal(out[i].Expr, x) {
			column = i
			break
		}
	}
	if column < 0 {
		column = len(out)
		p.Query.Output = append(out[:column:column], plan.Output{Name: api.ReservedPrefix + "sort" + strconv.Itoa(p.Hidden), Expr: x})
		p.Hidden++
	}
	p.Merge = append(p.Merge, mergeKey(column, x, desc))
}

func mergeKey(column int, x *plan.Expr, desc bool) plan.MergeKey {
	return plan.MergeKey{Column: column, Type: x.Type, Desc: desc, Binary: x.Binary}
}

// window sets limit and offset: on the one shard, or on each and on the merge.
func window(p *plan.Plan, limit, offset *int64) {
	var skip int64
	if offset != nil {
		skip = *offset
	}
	if len(p.Fragments) <= 1 {
		p.Query.Limit, p.Query.Offset = limit, skip
		return
	}
	p.Limit, p.Offset = limit, skip
	p.Query.Limit = firstRows(limit, skip)
}

// firstRows is how many rows of each shard an answer of limit rows behind skip needs;
// nil: all.
func firstRows(limit *int64, skip int64) *int64 {
	if limit == nil {
		return nil
	}
	total := *limit
	if skip > math.MaxInt64-total {
		total = math.MaxInt64
	} else {
		total += skip
	}
	return &total
}

// CountColumn is the name of the column that holds a count.
const CountColumn = "count"

// Count plans a count of rows. Each shard counts its own, by group where asked;
// a worker's row has the group's key and then the count, and rows come in the
// order of the keys, so that equal groups meet in the merge.
func Count(t *bind.Table, m *sharding.Map, req *api.MapReduceCountRequest) (*plan.Plan, error) {
	if len(req.GroupBy) > tsql.MaxOrderBy {
		return nil, api.NewProblem(api.CodeTooComplex, "group_by has %d names; at most %d are allowed", len(req.GroupBy), tsql.MaxOrderBy).At("group_by").Hinted("group by fewer columns")
	}
	f, err := filterOf(t, m, req.Condition, nil)
	if err != nil {
		return nil, err
	}
	p := newPlan(t, plan.OpCount, f.route)
	p.Query = &plan.Query{Where: f.where}
	for i, name := range req.GroupBy {
		c, prob := t.Column("group_by", name)
		if prob != nil {
			return nil, prob
		}
		x := t.Columns[c].Expr
		if sorted(p.Query.OrderBy, x) {
			return nil, api.NewProblem(api.CodeInvalidField, "group_by has %s twice", x.Column).At("group_by").Hinted("name each column once")
		}
		p.Columns = append(p.Columns, t.Header[c])
		p.Query.Output = append(p.Query.Output, t.Outputs[c])
		p.Query.GroupBy = append(p.Query.GroupBy, x)
		p.Query.OrderBy = append(p.Query.OrderBy, plan.SortKey{Expr: x})
		p.Merge = append(p.Merge, plan.MergeKey{Column: i, Type: x.Type, Binary: x.Binary})
	}
	p.Columns = append(p.Columns, api.Column{Name: CountColumn, Type: sqltypes.BigIntType.String()})
	p.Query.Output = append(p.Query.Output, plan.Output{Name: CountColumn, Expr: &plan.Expr{Op: plan.CountExpr, Type: sqltypes.BigIntType}})
	return p, nil
}
