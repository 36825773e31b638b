package gather_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"shardeck/master/gather"
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// windows runs window functions over rows of (g, n), which arrive by g, and returns the answer: n and
// the results.
func windows(t *testing.T, o *plan.Over, limit *int64, blocks ...string) (string, error) {
	t.Helper()
	o.Types = []sqltypes.Type{sqltypes.IntType, sqltypes.IntType}
	o.Output = []*plan.Expr{{Op: plan.FieldExpr, Type: sqltypes.IntType, Field: 1}}
	for i := range o.Windows {
		w := &o.Windows[i]
		w.Func = sqlfunc.Lookup(w.Name)
		w.Type = sqltypes.BigIntType
		switch w.Name {
		case "SUM", "COUNT", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE", "MIN", "MAX":
			w.Type = sqltypes.IntType
		case "CUME_DIST", "PERCENT_RANK":
			w.Type = sqltypes.FloatType
		}
		o.Output = append(o.Output, &plan.Expr{Op: plan.FieldExpr, Type: w.Type, Field: 2 + i})
	}
	var out strings.Builder
	err := gather.Over(&plan.Plan{Over: o, Limit: limit}, func(sink gather.Sink) error {
		for _, b := range blocks {
			if err := sink([]byte(b), int64(strings.Count(b, "\n"))); err != nil {
				return err
			}
		}
		return nil
	}, func(block []byte, _ int64) error { out.Write(block); return nil })
	return strings.ReplaceAll(strings.TrimSpace(out.String()), "\n", " "), err
}

var (
	byGroup = []plan.MergeKey{{Column: 0, Type: sqltypes.IntType}}
	byN     = []plan.MergeKey{{Column: 1, Type: sqltypes.IntType}}
	n       = &plan.Expr{Op: plan.FieldExpr, Type: sqltypes.IntType, Field: 1}
	upToRow = plan.Frame{Range: true, FromUnbounded: true}
)

func constant(i int64) *plan.Expr {
	return &plan.Expr{Op: plan.ValueExpr, Type: sqltypes.IntType, Value: sqltypes.Int64(i)}
}

// The values are those that the definitions of the functions in Microsoft's documentation give.
func TestWindowFunctions(t *testing.T) {
	rows := "[1,10]\n[1,20]\n[1,20]\n[1,40]\n"
	for name, c := range map[string]struct {
		w    plan.WindowFunction
		want string
	}{
		"ROW_NUMBER":    {plan.WindowFunction{OrderBy: byN}, "[10,1] [20,2] [20,3] [40,4]"},
		"RANK":          {plan.WindowFunction{OrderBy: byN}, "[10,1] [20,2] [20,2] [40,4]"},
		"DENSE_RANK":    {plan.WindowFunction{OrderBy: byN}, "[10,1] [20,2] [20,2] [40,3]"},
		"CUME_DIST":     {plan.WindowFunction{OrderBy: byN}, "[10,0.25] [20,0.75] [20,0.75] [40,1]"},
		"PERCENT_RANK":  {plan.WindowFunction{OrderBy: byN}, "[10,0] [20,0.3333333333333333] [20,0.3333333333333333] [40,1]"},
		"NTILE":         {plan.WindowFunction{OrderBy: byN, Args: []*plan.Expr{constant(3)}}, "[10,1] [20,1] [20,2] [40,3]"},
		"LAG":           {plan.WindowFunction{OrderBy: byN, Args: []*plan.Expr{n}}, "[10,null] [20,10] [20,20] [40,20]"},
		"LEAD":          {plan.WindowFunction{OrderBy: byN, Args: []*plan.Expr{n, constant(2), constant(-1)}}, "[10,20] [20,40] [20,-1] [40,-1]"},
		"FIRST_VALUE":   {plan.WindowFunction{OrderBy: byN, Args: []*plan.Expr{n}, Frame: upToRow}, "[10,10] [20,10] [20,10] [40,10]"},
		"LAST_VALUE":    {plan.WindowFunction{OrderBy: byN, Args: []*plan.Expr{n}, Frame: upToRow}, "[10,10] [20,20] [20,20] [40,40]"},
		"SUM":           {plan.WindowFunction{OrderBy: byN, Args: []*plan.Expr{n}, Frame: upToRow}, "[10,10] [20,50] [20,50] [40,90]"},
		"SUM sliding":   {plan.WindowFunction{OrderBy: byN, Args: []*plan.Expr{n}, Frame: plan.Frame{From: -1, To: 1}}, "[10,30] [20,50] [20,80] [40,60]"},
		"SUM ahead":     {plan.WindowFunction{OrderBy: byN, Args: []*plan.Expr{n}, Frame: plan.Frame{From: 1, To: 2}}, "[10,40] [20,60] [20,40] [40,null]"},
		"SUM to end":    {plan.WindowFunction{OrderBy: byN, Args: []*plan.Expr{n}, Frame: plan.Frame{ToUnbounded: true}}, "[10,90] [20,80] [20,60] [40,40]"},
		"MAX":           {plan.WindowFunction{Args: []*plan.Expr{n}, Frame: plan.WholePartition}, "[10,40] [20,40] [20,40] [40,40]"},
		"MIN":           {plan.WindowFunction{OrderBy: byN, Args: []*plan.Expr{n}, Frame: plan.Frame{From: -1}}, "[10,10] [20,10] [20,20] [40,20]"},
		"COUNT":         {plan.WindowFunction{Frame: plan.WholePartition}, "[10,4] [20,4] [20,4] [40,4]"},
		"COUNT by rows": {plan.WindowFunction{OrderBy: byN, Frame: plan.Frame{FromUnbounded: true}}, "[10,1] [20,2] [20,3] [40,4]"},
	} {
		t.Run(name, func(t *testing.T) {
			c.w.Name, _, _ = strings.Cut(name, " ")
			if c.w.Frame == (plan.Frame{}) {
				c.w.Frame = plan.WholePartition
			}
			got, err := windows(t, &plan.Over{Windows: []plan.WindowFunction{c.w}}, nil, rows)
			if err != nil || got != c.want {
				t.Errorf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
}

func TestWindowsEndWithTheirPartition(t *testing.T) {
	o := &plan.Over{Partition: byGroup, Windows: []plan.WindowFunction{
		{Name: "ROW_NUMBER", PartitionBy: byGroup, OrderBy: []plan.MergeKey{{Column: 1, Type: sqltypes.IntType, Desc: true}}},
		{Name: "SUM", PartitionBy: byGroup, Args: []*plan.Expr{n}, Frame: plan.WholePartition},
	}}
	got, err := windows(t, o, nil, "[null,7]\n[1,1]\n[1,", "2]\n[2,5]\n")
	if err == nil {
		t.Fatalf("a row that is cut was accepted: %s", got)
	}
	got, err = windows(t, o, nil, "[null,7]\n[1,1]\n", "[1,2]\n[2,5]\n")
	if want := "[7,1,7] [1,2,3] [2,1,3] [5,1,5]"; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestWindowsKeepTheFirstRowsOfTheirOrder(t *testing.T) {
	two := int64(2)
	o := &plan.Over{
		Windows: []plan.WindowFunction{{Name: "ROW_NUMBER", OrderBy: byN}},
		Sort:    []plan.FinalKey{{Expr: n, Desc: true}},
	}
	got, err := windows(t, o, &two, "[1,3]\n[1,1]\n[1,2]\n")
	if want := "[3,3] [2,2]"; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

// The master holds one partition, and refuses one that is too large; many small ones are no matter.
func TestThePartitionsOfWindowsAreBounded(t *testing.T) {
	block := func(group func(i int) int) string {
		var b strings.Builder
		for i := range 300_000 {
			fmt.Fprintf(&b, "[%d,%d]\n", group(i), i)
		}
		return b.String()
	}
	o := func() *plan.Over {
		return &plan.Over{Partition: byGroup, Windows: []plan.WindowFunction{{Name: "COUNT", PartitionBy: byGroup, Frame: plan.WholePartition}}}
	}
	_, err := windows(t, o(), nil, block(func(int) int { return 1 }))
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Code != api.CodeTooComplex || !strings.Contains(p.Hint, "PARTITION BY") {
		t.Errorf("one partition of 300,000 rows: %v", err)
	}
	if _, err := windows(t, o(), nil, block(func(i int) int { return i / 10 })); err != nil {
		t.Errorf("partitions of ten rows: %v", err)
	}
}

// Frames that neither begin nor end with the partition cost time for each row.
func TestTheFramesOfWindowsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&b, "[1,%d]\n", i)
	}
	_, err := windows(t, &plan.Over{Windows: []plan.WindowFunction{{Name: "SUM", OrderBy: byN, Args: []*plan.Expr{n}, Frame: plan.Frame{From: -50_000}}}}, nil, b.String())
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Code != api.CodeTooComplex {
		t.Errorf("a frame of 50,000 rows: %v", err)
	}
}
