package gather

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

var (
	intType  = sqltypes.IntType
	floatSum = sqltypes.FloatType
	bigType  = sqltypes.BigIntType
	textType = sqltypes.Type{Kind: sqltypes.NVarChar, Length: 20}
)

// value is an expression for value i of a group.
func value(i int, t sqltypes.Type) *plan.Expr {
	return &plan.Expr{Op: plan.FieldExpr, Field: i, Type: t}
}

// grouped is a plan whose rows are [key, partial]: groups by an INT key with one aggregate.
func grouped(combine plan.Combine, result sqltypes.Type) *plan.Plan {
	return &plan.Plan{
		Merge: []plan.MergeKey{{Column: 0, Type: intType}},
		Final: &plan.Final{
			Keys:       1,
			Aggregates: []plan.Aggregate{{Func: combine, Column: 1, Type: bigType, Result: result}},
			Output:     []*plan.Expr{value(0, intType), value(1, result)},
		},
	}
}

// single is a plan whose rows are [partial]: all rows form one group.
func single(combine plan.Combine, result sqltypes.Type) *plan.Plan {
	return &plan.Plan{Final: &plan.Final{
		Aggregates: []plan.Aggregate{{Func: combine, Column: 0, Type: bigType, Result: result}},
		Output:     []*plan.Expr{value(0, result)},
	}}
}

// distinct is a plan whose rows are [key, value], ordered by both.
func distinct(combine plan.Combine) *plan.Plan {
	p := grouped(combine, intType)
	p.Merge = append(p.Merge, plan.MergeKey{Column: 1, Type: bigType})
	return p
}

// floatSums is grouped with a SUM of floats.
func floatSums() *plan.Plan {
	return with(grouped(plan.CombineSum, floatSum), func(p *plan.Plan) { p.Final.Aggregates[0].Type = floatSum })
}

// decimalSums is grouped with a SUM of DECIMAL(38,2).
func decimalSums() *plan.Plan {
	return with(grouped(plan.CombineSum, sqltypes.DecimalType(38, 2)), func(p *plan.Plan) { p.Final.Aggregates[0].Type = sqltypes.DecimalType(38, 2) })
}

// with changes a plan and returns it.
func with(p *plan.Plan, change func(*plan.Plan)) *plan.Plan {
	change(p)
	return p
}

// byAggregate sorts the groups of a plan by their aggregate.
func byAggregate(desc bool) func(*plan.Plan) {
	return func(p *plan.Plan) {
		p.Final.Sort = []plan.FinalKey{{Expr: value(1, intType), Desc: desc}}
	}
}

// atLeast is a HAVING that requires an aggregate of at least n.
func atLeast(n int64) *plan.Expr {
	return &plan.Expr{Op: plan.GeExpr, Args: []*plan.Expr{
		value(1, intType), {Op: plan.ValueExpr, Type: intType, Value: sqltypes.Int64(n)},
	}}
}

func TestFinish(t *testing.T) {
	for name, tt := range map[string]struct {
		plan    *plan.Plan
		sources []string
		want    string
	}{
		"counts of one group on several shards are added": {
			grouped(plan.CombineCount, intType), []string{"[null,1]\n[1,2]\n[3,1]\n", "[1,5]\n[2,1]\n", ""}, "[null,1]\n[1,7]\n[2,1]\n[3,1]\n",
		},
		"sums ignore NULL": {grouped(plan.CombineSum, intType), []string{"[1,null]\n[2,null]\n", "[1,-5]\n[2,null]\n"}, "[1,-5]\n[2,null]\n"},
		"MIN ignores NULL": {grouped(plan.CombineMin, bigType), []string{"[1,4]\n", "[1,null]\n", "[1,3]\n"}, "[1,3]\n"},
		"MAX":              {grouped(plan.CombineMax, bigType), []string{"[1,-4]\n", "[1,-3]\n", "[1,-9]\n"}, "[1,-3]\n"},
		"a sum whose intermediate result overflows its type": {
			single(plan.CombineSum, intType), []string{"[2147483647]\n", "[2147483647]\n", "[-2147483648]\n"}, "[2147483646]\n",
		},
		"no rows form one group without keys": {single(plan.CombineCount, intType), []string{"", ""}, "[0]\n"},
		// 0x0021000E0000 is 3.5 as an unrounded partial sum.
		"floats, rounded or not":                  {floatSums(), []string{"[1,1e300]\n[2,0.1]\n", "[1,\"0x0021000E0000\"]\n[2,0.2]\n", "[1,-1e300]\n[2,\"0x\"]\n[3,null]\n"}, "[1,3.5]\n[2,0.30000000000000004]\n[3,null]\n"},
		"a sum of no rows is NULL":                {single(plan.CombineSum, intType), nil, "[null]\n"},
		"no rows form no group with keys":         {grouped(plan.CombineCount, intType), []string{"", ""}, ""},
		"a value on several shards counts once":   {distinct(plan.CombineCountDistinct), []string{"[1,null]\n[1,5]\n[1,6]\n[2,5]\n", "[1,5]\n[1,7]\n[2,5]\n"}, "[1,3]\n[2,1]\n"},
		"a value on several shards is added once": {distinct(plan.CombineSumDistinct), []string{"[1,5]\n[1,6]\n", "[1,5]\n[2,null]\n"}, "[1,11]\n[2,null]\n"},
		"unsorted values count once": {
			grouped(plan.CombineCountDistinct, intType), []string{"[1,5]\n[1,4]\n[1,5]\n[2,4]\n", "[1,4]\n[1,9]\n[2,9]\n"}, "[1,3]\n[2,2]\n",
		},
		"HAVING sees the whole group": {
			with(grouped(plan.CombineCount, intType), func(p *plan.Plan) { p.Final.Having = atLeast(3) }), []string{"[1,2]\n[2,2]\n", "[1,1]\n[3,9]\n"}, "[1,3]\n[3,9]\n",
		},
		"limit and offset count groups": {
			with(grouped(plan.CombineCount, intType), func(p *plan.Plan) { p.Limit, p.Offset = ptr(2), 1 }), []string{"[1,1]\n[2,1]\n[4,1]\n", "[1,1]\n[3,1]\n"}, "[2,1]\n[3,1]\n",
		},
		"a limit counts groups that HAVING keeps": {
			with(grouped(plan.CombineCount, intType), func(p *plan.Plan) { p.Final.Having, p.Limit = atLeast(2), ptr(1) }), []string{"[1,1]\n[2,1]\n", "[2,1]\n[3,5]\n"}, "[2,2]\n",
		},
		"a limit of 0":                             {with(grouped(plan.CombineCount, intType), func(p *plan.Plan) { p.Limit = ptr(0) }), []string{"[1,1]\n"}, ""},
		"sorted by the aggregate":                  {with(grouped(plan.CombineCount, intType), byAggregate(true)), []string{"[1,1]\n[2,1]\n[3,1]\n", "[2,1]\n[3,2]\n"}, "[3,3]\n[2,2]\n[1,1]\n"},
		"tied groups keep the order of their keys": {with(grouped(plan.CombineCount, intType), byAggregate(false)), []string{"[1,2]\n[2,1]\n", "[3,2]\n[4,1]\n"}, "[2,1]\n[4,1]\n[1,2]\n[3,2]\n"},
		"sorted, with a limit and an offset": {
			with(grouped(plan.CombineCount, intType), func(p *plan.Plan) { byAggregate(true)(p); p.Limit, p.Offset = ptr(2), 1 }),
			[]string{"[1,5]\n[2,9]\n", "[3,7]\n[4,1]\n"}, "[3,7]\n[1,5]\n",
		},
		"sorted, with ties": {
			with(grouped(plan.CombineCount, intType), func(p *plan.Plan) { byAggregate(true)(p); p.Limit, p.Ties, p.TieKeys = ptr(2), true, 1 }),
			[]string{"[1,5]\n[2,9]\n", "[3,5]\n[4,1]\n[5,5]\n"}, "[2,9]\n[1,5]\n[3,5]\n[5,5]\n",
		},
		"DISTINCT removes duplicates": {
			with(grouped(plan.CombineCount, intType), func(p *plan.Plan) {
				p.Final.Output = []*plan.Expr{value(1, intType)}
				p.Final.Distinct = true
				byAggregate(false)(p)
				p.Limit = ptr(2)
			}), []string{"[1,5]\n[2,1]\n", "[3,5]\n[4,1]\n[5,7]\n"}, "[1]\n[5]\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := gatheringOf()
			for _, rows := range tt.sources {
				m := &memory{}
				for row := range strings.Lines(rows) {
					m.blocks = append(m.blocks, row)
				}
				g.Sources = append(g.Sources, m)
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

func TestGroupsAndDistinctValuesAreCaseInsensitive(t *testing.T) {
	p := grouped(plan.CombineCountDistinct, intType)
	p.Merge[0].Type, p.Final.Output[0].Type, p.Final.Aggregates[0].Type = textType, textType, textType
	sources := func() *Gathering {
		return gatheringOf(rowsOf(`["a","x"]`+"\n"+`["a","y "]`+"\n"), rowsOf(`["A","Y"]`+"\n"+`["b","x"]`+"\n"))
	}
	var got strings.Builder
	if err := sources().Finish(p, collectInto(t, &got)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("[\"a\",2]\n[\"b\",1]\n", strings.ToLower(got.String())); diff != "" {
		t.Error(diff)
	}
	p.Merge[0].Binary, p.Final.Aggregates[0].Binary = true, true // the collation of shard keys
	got.Reset()
	if err := gatheringOf(rowsOf(`["A","x"]`+"\n"), rowsOf(`["a","x"]`+"\n"+`["a","X"]`+"\n")).Finish(p, collectInto(t, &got)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("[\"A\",1]\n[\"a\",2]\n", got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestFinishErrors(t *testing.T) {
	half := math.MaxInt64/2 + 1
	for name, tt := range map[string]struct {
		plan    *plan.Plan
		sources []Source
		code    api.Code
		number  int
	}{
		"a sum beyond INT":                         {single(plan.CombineSum, intType), []Source{rowsOf("[2147483647]\n"), rowsOf("[1]\n")}, api.CodeOutOfRange, 8115},
		"a sum beyond BIGINT":                      {single(plan.CombineSum, bigType), []Source{rowsOf(fmt.Sprintf("[\"%d\"]\n", half)), rowsOf(fmt.Sprintf("[\"%d\"]\n", half))}, api.CodeOutOfRange, 8115},
		"a COUNT beyond INT":                       {single(plan.CombineCount, intType), []Source{rowsOf("[2147483647]\n"), rowsOf("[1]\n")}, api.CodeOutOfRange, 8115},
		"a row that is not an array":               {grouped(plan.CombineCount, intType), []Source{rowsOf("{}\n")}, api.CodeShardBadAnswer, 0},
		"a row that is too short":                  {grouped(plan.CombineCount, intType), []Source{rowsOf("[1]\n")}, api.CodeShardBadAnswer, 0},
		"a float sum beyond FLOAT":                 {floatSums(), []Source{rowsOf("[1,1.7e308]\n"), rowsOf("[1,1.7e308]\n")}, api.CodeOutOfRange, 8115},
		"an invalid partial sum of floats":         {floatSums(), []Source{rowsOf("[1,\"0x0021\"]\n")}, api.CodeShardBadAnswer, 0},
		"a partial sum of floats out of range":     {floatSums(), []Source{rowsOf("[1,\"0x004400000001\"]\n")}, api.CodeShardBadAnswer, 0},
		"a partial sum of floats that is a string": {floatSums(), []Source{rowsOf("[1,\"1.5\"]\n")}, api.CodeShardBadAnswer, 0},
		"a partial sum that is not a number":       {grouped(plan.CombineSum, intType), []Source{rowsOf("[1,\"x\"]\n")}, api.CodeShardBadAnswer, 0},
		"an empty partial count":                   {grouped(plan.CombineCount, intType), []Source{rowsOf("[1,\"\"]\n")}, api.CodeShardBadAnswer, 0},
		"a partial count of NULL":                  {grouped(plan.CombineCount, intType), []Source{rowsOf("[1,null]\n")}, api.CodeShardBadAnswer, 0},
		"a partial count with a fraction":          {grouped(plan.CombineCount, intType), []Source{rowsOf("[1,1.5]\n")}, api.CodeShardBadAnswer, 0},
		"a partial count that is a string":         {grouped(plan.CombineCount, intType), []Source{rowsOf("[1,\"1\"]\n")}, api.CodeShardBadAnswer, 0},
		"a partial count with a sign":              {grouped(plan.CombineCount, intType), []Source{rowsOf("[1,\"+1\"]\n")}, api.CodeShardBadAnswer, 0},
		"a partial count that is a bit":            {grouped(plan.CombineCount, intType), []Source{rowsOf("[1,true]\n")}, api.CodeShardBadAnswer, 0},
		"a negative partial count":                 {grouped(plan.CombineCount, intType), []Source{rowsOf("[1,-5]\n")}, api.CodeShardBadAnswer, 0},
		"partial counts whose sum overflows":       {grouped(plan.CombineCount, bigType), []Source{rowsOf("[1,\"9223372036854775807\"]\n"), rowsOf("[1,1]\n")}, api.CodeShardBadAnswer, 0},
		"a partial sum of decimals without digits": {decimalSums(), []Source{rowsOf("[1,\"1.\"]\n")}, api.CodeShardBadAnswer, 0},
		"a partial sum of decimals as a number":    {decimalSums(), []Source{rowsOf("[1,1.50]\n")}, api.CodeShardBadAnswer, 0},
		"a partial sum of decimals with a space":   {decimalSums(), []Source{rowsOf("[1,\" 1.50\"]\n")}, api.CodeShardBadAnswer, 0},
		"a group key of another type":              {grouped(plan.CombineCount, intType), []Source{rowsOf("[\"1\",1]\n")}, api.CodeShardBadAnswer, 0},
		"a source that fails":                      {grouped(plan.CombineCount, intType), []Source{rowsOf("[1,1]\n"), &memory{blocks: []string{"[1,1]\n"}, err: api.NewProblem(api.CodeShardTimeout, "late")}}, api.CodeShardTimeout, 0},
		"a source that fails immediately":          {single(plan.CombineCount, intType), []Source{&memory{err: api.NewProblem(api.CodeShardUnavailable, "gone")}}, api.CodeShardUnavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			cancelled := 0
			g := gatheringOf(tt.sources...)
			g.Cancel = func() { cancelled++ }
			err := g.Finish(tt.plan, func(block []byte, _ int64) error {
				t.Errorf("unexpected rows: %s", block)
				return nil
			})
			if p := api.AsProblem(err); p.Code != tt.code || p.SQLNumber != tt.number {
				t.Errorf("got %v with number %d", err, p.SQLNumber)
			}
			if cancelled != 1 {
				t.Errorf("the sources were cancelled %d times", cancelled)
			}
		})
	}
}

func TestFinishContinuesWithoutAFailedSourceIfAllowed(t *testing.T) {
	late := func() *memory {
		return &memory{blocks: []string{"[1,1]\n", "[2,1]\n"}, err: api.NewProblem(api.CodeShardTimeout, "late")}
	}
	twoCounts := with(grouped(plan.CombineCount, intType), func(p *plan.Plan) {
		p.Final.Aggregates = append(p.Final.Aggregates, plan.Aggregate{Func: plan.CombineCount, Column: 2, Type: bigType, Result: intType})
		p.Final.Output = append(p.Final.Output, value(2, intType))
	})
	twoFloatSums := with(floatSums(), func(p *plan.Plan) {
		p.Final.Aggregates = append(p.Final.Aggregates, plan.Aggregate{Func: plan.CombineSum, Column: 2, Type: floatSum, Result: floatSum})
		p.Final.Output = append(p.Final.Output, value(2, floatSum))
	})
	for name, tt := range map[string]struct {
		plan    *plan.Plan
		sources []Source
		failed  []int
		want    string
	}{
		"one is late, and one sends two invalid rows and a valid one": {
			grouped(plan.CombineCount, intType), []Source{rowsOf("[1,1]\n[4,1]\n"), late(), rowsOf("[1,1]\n[2,\"x\"]\n[2,\"x\"]\n[3,1]\n")},
			[]int{1, 2}, "[1,3]\n[2,1]\n[4,1]\n",
		},
		"an invalid row begins no group": {
			grouped(plan.CombineCount, intType), []Source{rowsOf("[1,1]\n[4,1]\n"), rowsOf("[1,1]\n[2,\"x\"]\n")}, []int{1}, "[1,2]\n[4,1]\n",
		},
		"an invalid row is first": {
			grouped(plan.CombineCount, intType), []Source{rowsOf("[2,1]\n"), rowsOf("[1,\"x\"]\n[2,1]\n")}, []int{1}, "[2,1]\n",
		},
		"an invalid row is last": {
			grouped(plan.CombineCount, intType), []Source{rowsOf("[1,1]\n"), rowsOf("[2,\"x\"]\n")}, []int{1}, "[1,1]\n",
		},
		"the other partial results of an invalid row do not count": {
			twoCounts, []Source{rowsOf("[1,1,1]\n"), rowsOf("[1,5,\"x\"]\n[1,7,7]\n")}, []int{1}, "[1,1,1]\n",
		},
		// 0x0021000E0000 is 3.5 as an unrounded partial sum; 0x0021 is too short.
		"nor do exact sums": {
			twoFloatSums, []Source{rowsOf("[1,1,1]\n"), rowsOf("[1,\"0x0021000E0000\",\"0x0021\"]\n")}, []int{1}, "[1,1,1]\n",
		},
		"without groups": {
			single(plan.CombineCount, intType), []Source{rowsOf("[1]\n"), rowsOf("[-1]\n[5]\n"), rowsOf("[2]\n")}, []int{1}, "[3]\n",
		},
		"all of them fail": {
			grouped(plan.CombineCount, intType), []Source{rowsOf("[1,-1]\n[1,1]\n"), rowsOf("[1,-1]\n[1,1]\n")}, []int{0, 1}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := gatheringOf(tt.sources...)
			var failed []int
			g.Failed = func(source int, _ error) error { failed = append(failed, source); return nil }
			var got strings.Builder
			if err := g.Finish(tt.plan, collectInto(t, &got)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Error(diff)
			}
			slices.Sort(failed)
			if diff := cmp.Diff(tt.failed, failed); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// flood is a source of n rows with keys 0 to n-1. The value of each row is its key, or
// if pad is set, its key padded to pad characters.
type flood struct {
	n, pad, next int
	buf          []byte
}

func (f *flood) NextBlock() ([]byte, error) {
	f.buf = f.buf[:0]
	for ; f.next < f.n && len(f.buf) < 64<<10; f.next++ {
		if f.pad > 0 {
			f.buf = fmt.Appendf(f.buf, "[%d,\"%*d\"]\n", f.next, f.pad, f.next)
		} else {
			f.buf = fmt.Appendf(f.buf, "[%d,%d]\n", f.next, f.next)
		}
	}
	if len(f.buf) == 0 {
		return (&memory{}).NextBlock()
	}
	return f.buf, nil
}

func TestMemoryIsBounded(t *testing.T) {
	const many, long, pad = 300_000, 50_000, 1000 // more groups, and more strings, than the limit allows
	text := sqltypes.Type{Kind: sqltypes.NVarChar, Length: pad}
	discard := func([]byte, int64) error { return nil }
	wantTooComplex := func(t *testing.T, err error) {
		t.Helper()
		if p := api.AsProblem(err); p.Code != api.CodeTooComplex || p.Field != "sql" || p.Hint == "" {
			t.Errorf("got %+v", p)
		}
	}
	t.Run("sorted groups", func(t *testing.T) {
		wantTooComplex(t, gatheringOf(&flood{n: many}).Finish(with(grouped(plan.CombineCount, bigType), byAggregate(true)), discard))
	})
	t.Run("distinct values", func(t *testing.T) {
		p := single(plan.CombineCountDistinct, intType)
		p.Final.Aggregates[0].Column, p.Final.Aggregates[0].Type = 1, text
		wantTooComplex(t, gatheringOf(&flood{n: long, pad: pad}).Finish(p, discard))
	})
	t.Run("distinct values are released with their group", func(t *testing.T) {
		p := grouped(plan.CombineCountDistinct, intType)
		p.Final.Aggregates[0].Type = text
		if err := gatheringOf(&flood{n: long, pad: pad}).Finish(p, discard); err != nil {
			t.Error(err)
		}
	})
	for name, desc := range map[string]bool{"sorted groups with a limit, best first": false, "sorted groups with a limit, best last": true} {
		t.Run(name, func(t *testing.T) {
			p := with(grouped(plan.CombineSum, bigType), byAggregate(desc))
			p.Limit, p.Offset = ptr(3), 2
			var got strings.Builder
			if err := gatheringOf(&flood{n: many}).Finish(p, collectInto(t, &got)); err != nil {
				t.Fatal(err)
			}
			want := "[2,2]\n[3,3]\n[4,4]\n"
			if desc {
				want = "[299997,299997]\n[299996,299996]\n[299995,299995]\n"
			}
			if diff := cmp.Diff(want, got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSinkErrorEndsFinish(t *testing.T) {
	gone := errors.New("the client has gone")
	for name, p := range map[string]*plan.Plan{
		"groups in order": grouped(plan.CombineCount, bigType),
		"sorted groups":   with(grouped(plan.CombineCount, bigType), byAggregate(false)),
	} {
		t.Run(name, func(t *testing.T) {
			cancelled := 0
			g := gatheringOf(&flood{n: 10_000})
			g.Cancel = func() { cancelled++ }
			if err := g.Finish(p, func([]byte, int64) error { return gone }); !errors.Is(err, gone) || cancelled != 1 {
				t.Errorf("got %v, cancelled %d times", err, cancelled)
			}
		})
	}
}

// TestSortedGroupsEqualSorting draws groups for each source, and a limit that may
// be smaller or greater than their number.
func TestSortedGroupsEqualSorting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := map[int]int64{}
		g := gatheringOf()
		for range rapid.IntRange(1, 4).Draw(t, "sources") {
			m := &memory{}
			for key := range rapid.IntRange(0, 300).Draw(t, "groups") {
				n := rapid.Int64Range(0, 3).Draw(t, "count")
				if n == 0 {
					continue
				}
				counts[key] += n
				m.blocks = append(m.blocks, fmt.Sprintf("[%d,%d]\n", key, n))
			}
			g.Sources = append(g.Sources, m)
		}
		desc := rapid.Bool().Draw(t, "desc")
		limit, offset := rapid.IntRange(1, 40).Draw(t, "limit"), rapid.IntRange(0, 5).Draw(t, "offset")
		var keys []int
		for k := range counts {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(a, b int) int {
			c := int(counts[a] - counts[b])
			if desc {
				c = -c
			}
			if c == 0 {
				c = a - b
			}
			return c
		})
		var want strings.Builder
		for _, k := range keys[min(offset, len(keys)):min(offset+limit, len(keys))] {
			fmt.Fprintf(&want, "[%d,%d]\n", k, counts[k])
		}
		p := with(grouped(plan.CombineCount, intType), byAggregate(desc))
		p.Limit, p.Offset = ptr(int64(limit)), int64(offset)
		var got strings.Builder
		if err := g.Finish(p, collectInto(t, &got)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Fatal(diff)
		}
	})
}
