package planner

import (
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sharding"
	"shardeck/shared/sqltypes"
)

// Update plans an update of rows with the shard keys that the request specifies.
func Update(t *bind.Table, m *sharding.Map, req *api.UpdateRequest) (*plan.Plan, error) {
	if len(req.Set) == 0 {
		return nil, api.NewProblem(api.CodeMissingField, "set is missing or empty").At("set").Hinted("send the columns to change with their new values")
	}
	f, err := writeFilterOf(t, m, "update", req.Condition, req.ShardKey)
	if err != nil {
		return nil, err
	}
	p := newPlan(t, plan.OpUpdate, f.route)
	p.Copies = t.Replicated
	p.Write = &plan.Write{Where: f.where}
	var seen [maxColumns]bool
	for i := range req.Set {
		member := &req.Set[i]
		field := "set." + api.Clip(member.Name)
		c, prob := t.Column(field, member.Name)
		if prob != nil {
			return nil, prob
		}
		col := &t.Columns[c]
		switch {
		case c == t.Key:
			return nil, keyImmutable(t).At(field)
		case seen[c]:
			return nil, api.NewProblem(api.CodeInvalidField, "column %s is specified twice", col.Name).At(field).Hinted("send each column once")
		}
		seen[c] = true
		v, err := sqltypes.DecodeJSON(col.Type, member.Value)
		if err != nil {
			prob := *api.AsProblem(err).At(field)
			prob.Column = col.Name
			return nil, &prob
		}
		if err := set(p, t, c, &plan.Expr{Op: plan.ValueExpr, Type: col.Type, Value: v}); err != nil {
			return nil, api.AsProblem(err).At(field)
		}
	}
	return p, nil
}

// set adds an assignment of x to column c, which must not be the shard key.
func set(p *plan.Plan, t *bind.Table, c int, x *plan.Expr) error {
	col := &t.Columns[c]
	if x.IsNull() && !col.Nullable {
		prob := api.NewProblem(api.CodeNullViolation, "column %s of table %s does not allow NULL", col.Name, t.Name).Hinted("give it a value")
		prob.SQLNumber, prob.Column = mssqlerr.NullViolation, col.Name
		return prob
	}
	x, err := bind.Assign(x, col.Type)
	if err != nil {
		prob := *api.AsProblem(err)
		prob.Column = col.Name
		return &prob
	}
	p.Write.Columns = append(p.Write.Columns, t.Header[c])
	p.Write.Values = append(p.Write.Values, x)
	return nil
}

func keyImmutable(t *bind.Table) *api.Problem {
	return api.NewProblem(api.CodeShardKeyImmutable, "%s is the shard key of %s and cannot be changed", t.Columns[t.Key].Name, t.Name).
		Hinted("delete the row and insert it with the new key")
}

// Delete plans a delete of rows with the shard keys that the request specifies.
func Delete(t *bind.Table, m *sharding.Map, req *api.DeleteRequest) (*plan.Plan, error) {
	f, err := writeFilterOf(t, m, "delete", req.Condition, req.ShardKey)
	if err != nil {
		return nil, err
	}
	p := newPlan(t, plan.OpDelete, f.route)
	p.Copies = t.Replicated
	p.Write = &plan.Write{Where: f.where}
	return p, nil
}

// writeFilterOf is filterOf for requests that must not touch every shard.
func writeFilterOf(t *bind.Table, m *sharding.Map, verb, condition string, shardKey jsontext.Value) (filter, error) {
	f, err := filterOf(t, m, condition, shardKey)
	if err == nil && f.route.Kind == api.RouteCopy {
		f.route = allCopies(t, m)
		return f, nil
	}
	if err != nil || f.route.Kind != api.RouteScatter {
		return f, err
	}
	p := api.NewProblem(api.CodeShardKeyRequired, "this %s would touch every shard: %s", verb, f.route.Why).At("shard_key")
	if t.Key < 0 {
		return filter{}, p.Hinted("send the shard_key that the rows were inserted with")
	}
	return filter{}, p.Hinted("send shard_key, or a condition with %s = ... or %s IN (...)", t.Columns[t.Key].Name, t.Columns[t.Key].Name)
}
