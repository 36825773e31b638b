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

// maxColumns is the maximum number of columns of a table and of a select list.
const maxColumns = 256

// Select plans a read. A single shard does everything; several shards each return their
// first limit + offset rows in order, and the master applies limit and offset to the
// merged rows.
func Select(t *bind.Table, m *sharding.Map, req *api.SelectRequest) (*plan.Plan, error) {
	if req.Limit != nil && *req.Limit < 0 {
		return nil, api.NewProblem(api.CodeInvalidField, "limit is negative").At("limit").Hinted("send 0 or more")
	}
	if req.Offset != nil && *req.Offset < 0 {
		return nil, api.NewProblem(api.CodeInvalidField, "offset is negative").At("offset").Hinted("send 0 or more")
	}
	if req.Offset != nil && *req.Offset > 0 && req.OrderBy == "" {
		return nil, api.NewProblem(api.CodeInvalidField, "offset requires order_by").At("offset").
			Hinted("send order_by too: without an order it is undefined which rows to skip")
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

// newPlan returns a plan with the fields that all plans over t have in common.
func newPlan(t *bind.Table, op plan.Op, r api.Route) *plan.Plan {
	return &plan.Plan{Op: op, DB: t.DB, Table: t.Name, SchemaVersion: t.Version, Route: r, Fragments: fragments(&r)}
}

// selectColumns sets the output. No names, or "*", mean all columns.
func selectColumns(t *bind.Table, p *plan.Plan, names api.NameList) error {
	if len(names) == 0 || len(names) == 1 && names[0] == "*" {
		return nil
	}
	if len(names) > maxColumns {
		return api.NewProblem(api.CodeTooComplex, "columns has %d names; at most %d are allowed", len(names), maxColumns).At("columns").Hinted("name fewer columns, or omit columns to select all of them")
	}
	p.Columns = make([]api.Column, len(names))
	p.Query.Output = make([]plan.Output, len(names))
	for i, name := range names {
		c, prob := t.Column("columns", name)
		if prob != nil {
			if name == "*" {
				prob = prob.Hinted("send \"*\" alone, or omit columns, to select all columns")
			}
			return prob.At("columns[" + strconv.Itoa(i) + "]")
		}
		p.Columns[i] = t.Header[c]
		p.Query.Output[i] = t.Outputs[c]
	}
	return nil
}

// orderRows sets the order of each shard's rows and, if several shards must be merged,
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
	b := bind.Binder{Scope: t.Scope, DB: t.DB, Field: "order_by", Clause: "order_by"}
	several := len(p.Fragments) > 1
	for _, it := range items {
		x, err := b.Value(it.X)
		if err != nil {
			return err
		}
		if x.IsConst() {
			return b.Problem(api.CodeUnsupported, it.X.Pos(), "order_by contains a constant").Hinted("name a column; positions, such as ORDER BY 1, are not supported")
		}
		if sorted(p.Query.OrderBy, x) {
			return b.Problem(api.CodeInvalidField, it.X.Pos(), "%s is specified twice", x).Hinted("name each column once")
		}
		p.Query.OrderBy = append(p.Query.OrderBy, plan.SortKey{Expr: x, Desc: it.Desc})
		if several {
			mergeBy(p, x, it.Desc)
		}
	}
	return nil
}

// sorted reports whether x is a sort key already; T-SQL rejects duplicates.
func sorted(keys []plan.SortKey, x *plan.Expr) bool {
	for _, k := range keys {
		if k.Expr == x {
			return true
		}
	}
	return false
}

// mergeBy adds a merge key for x, and selects x if it is not selected yet.
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

// window sets limit and offset: on a single shard, or on each shard and on the merge.
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

// firstRows is the number of rows needed from each shard for an answer of limit rows
// after skip; nil means all.
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

// Count plans a count of rows, optionally by group. Each shard counts its own rows; a
// worker's row has the group key followed by the count, and rows are sorted by key, so
// that the merge sees equal groups consecutively.
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
			return nil, api.NewProblem(api.CodeInvalidField, "group_by lists %s twice", x.Column).At("group_by").Hinted("name each column once")
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
