package dialect

import (
	"slices"
	"strings"

	"shardeck/master/plan"
	"shardeck/shared/sqlfunc"
)

// EngineComputes implements Dialect: the embedded engine calls the functions and
// collations of package sqlfunc.
func (SQLite) EngineComputes(*plan.Plan) []string { return nil }

// EngineComputes implements Dialect.
func (SQLServer) EngineComputes(p *plan.Plan) []string {
	var arithmetic, conversions, equality, like, floatSums, deviations bool
	var functions []string
	for e := range p.Exprs() {
		switch e.Op {
		case plan.AddExpr, plan.SubExpr, plan.MulExpr, plan.DivExpr, plan.ModExpr, plan.NegExpr, plan.BitAndExpr, plan.BitOrExpr, plan.BitXorExpr:
			arithmetic = true
		case plan.ConvertExpr, plan.AssignExpr:
			conversions = true
		case plan.FuncExpr:
			if !slices.Contains(functions, e.Func.Name) {
				functions = append(functions, e.Func.Name)
			}
		case plan.EqExpr, plan.NeExpr, plan.InExpr:
			equality = equality || e.Args[0].Type.Kind.IsString() && !e.Binary
		case plan.LikeExpr:
			like = true
		case plan.AggExpr:
			floatSums = floatSums || e.Agg == sqlfunc.Sum && e.Type.Kind.IsFloat()
			deviations = deviations || e.Agg >= sqlfunc.Stdev && e.Agg <= sqlfunc.Moments
		}
	}
	var all []string
	for _, c := range []struct {
		computes bool
		what     string
	}{
		{arithmetic, "arithmetic"},
		{conversions, "conversions"},
		{len(functions) > 0, strings.Join(functions, ", ")},
		{equality, "equality of strings, by the database's collation"},
		{like, "LIKE, by the database's collation"},
		{floatSums, "sums of floats, which each shard rounds"},
		{deviations, "deviations, from the rounded averages and variances of the shards"},
	} {
		if c.computes {
			all = append(all, c.what)
		}
	}
	return all
}
