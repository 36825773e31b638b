package gather

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// of sets the aggregate that the parts of a plan's only one are of, and their type.
func of(e *plan.Expr, parts sqltypes.Type) func(*plan.Plan) {
	return func(p *plan.Plan) {
		p.Final.Aggregates[0].Of, p.Final.Aggregates[0].Type = e, parts
	}
}

// lists is grouped with STRING_AGG(text, ';') WITHIN GROUP (ORDER BY an INT DESC).
func lists() *plan.Plan {
	separator := &plan.Expr{Op: plan.ValueExpr, Type: textType, Value: sqltypes.Text(";")}
	e := &plan.Expr{Op: plan.AggExpr, Agg: sqlfunc.StringAgg, Type: textType, Args: []*plan.Expr{value(0, textType), separator, value(0, intType)}, Desc: []bool{true}}
	return with(grouped(plan.CombineStrings, textType), of(e, sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}))
}

// deviations is grouped with one of the aggregates of moments.
func deviations(agg sqlfunc.Agg) *plan.Plan {
	return with(grouped(plan.CombineMoments, floatSum), of(&plan.Expr{Op: plan.AggExpr, Agg: agg, Type: floatSum}, sqltypes.MomentsPartial))
}

// momentsOf returns the wire form of the partial moments of values.
func momentsOf(values ...float64) string {
	var m sqltypes.Moments
	for _, x := range values {
		_ = m.Add(sqltypes.Float64(x)) // within the range
	}
	return string(sqltypes.AppendJSON(nil, sqltypes.MomentsPartial, m.Partial()))
}

func TestFinishOfListsAndDeviations(t *testing.T) {
	for name, tt := range map[string]struct {
		plan    *plan.Plan
		sources []string
		want    string
	}{
		"strings of several shards": {
			lists(), []string{`[1,"[[\"a\",1],[\"c\",3]]"]` + "\n" + `[2,null]` + "\n", `[1,"[[\"b\",2],[\"A\",1]]"]` + "\n" + `[3,"[[\"x\",null]]"]` + "\n"},
			`[1,"c;b;A;a"]` + "\n" + `[2,null]` + "\n" + `[3,"x"]` + "\n",
		},
		"exact and rounded moments": {
			deviations(sqlfunc.Var), []string{"[1," + momentsOf(1, 2) + "]\n[2,null]\n[3," + momentsOf(7) + "]\n", "[1," + momentsOf(6) + "]\n"},
			"[1,7]\n[2,null]\n[3,null]\n",
		},
		"a standard deviation": {deviations(sqlfunc.StdevP), []string{"[1," + momentsOf(2, 4, 4, 4) + "]\n", "[1," + momentsOf(5, 5, 7, 9) + "]\n"}, "[1,2]\n"},
		"each value once": {
			with(distinct(plan.CombineMomentsDistinct), func(p *plan.Plan) {
				of(&plan.Expr{Op: plan.AggExpr, Agg: sqlfunc.VarP, Type: floatSum}, floatSum)(p)
				p.Final.Aggregates[0].Result, p.Final.Output[1], p.Merge[1].Type = floatSum, value(1, floatSum), floatSum
			}),
			[]string{"[1,null]\n[1,1]\n[1,3]\n", "[1,1]\n"}, "[1,1]\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := gatheringOf()
			for _, rows := range tt.sources {
				g.Sources = append(g.Sources, rowsOf(rows))
			}
			var got strings.Builder
			if err := g.Finish(tt.plan, collectInto(t, &got)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFinishRefusesInvalidListsAndMoments(t *testing.T) {
	list := `[` + strings.Repeat(`[\"x\",1],`, 400_000) + `[\"x\",1]]`
	for name, tt := range map[string]struct {
		plan *plan.Plan
		row  string
		code api.Code
	}{
		"a list that is no JSON":         {lists(), `[1,"x"]`, api.CodeShardBadAnswer},
		"a list with too many keys":      {lists(), `[1,"[[\"a\",1,2]]"]`, api.CodeShardBadAnswer},
		"a key of another type":          {lists(), `[1,"[[\"a\",\"b\"]]"]`, api.CodeShardBadAnswer},
		"a list that is a number":        {lists(), `[1,5]`, api.CodeShardBadAnswer},
		"a list that takes too much":     {lists(), `[1,"` + list + `"]`, api.CodeTooComplex},
		"strings that do not fit":        {lists(), `[1,"[[\"0123456789\",1],[\"0123456789\",2]]"]`, api.CodeValueTooLong},
		"moments of another form":        {deviations(sqlfunc.Var), `[1,"0x00"]`, api.CodeShardBadAnswer},
		"moments that are a number":      {deviations(sqlfunc.Var), `[1,5]`, api.CodeShardBadAnswer},
		"moments with too many bytes":    {deviations(sqlfunc.Var), `[1,"0x` + strings.Repeat("00", 600) + `"]`, api.CodeShardBadAnswer},
		"a variance that is negative":    {deviations(sqlfunc.Var), `[1,"0x322031202D31"]`, api.CodeShardBadAnswer}, // 2 1 -1
		"moments of no value but a zero": {deviations(sqlfunc.Var), `[1,"0x00000000000000000000"]`, api.CodeShardBadAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			err := gatheringOf(rowsOf(tt.row+"\n")).Finish(tt.plan, func([]byte, int64) error { return nil })
			if p := api.AsProblem(err); err == nil || p.Code != tt.code {
				t.Errorf("got %v, want %s", err, tt.code)
			}
		})
	}
}
