package bind_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"shardeck/master/bind"
	"shardeck/master/eval"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// The property of this file: a condition with constants, which the binder folds and
// rewrites, means the same as the condition with each constant replaced by a column of
// the constant's type and value, which it cannot fold. The types and values of the
// constants are stated in fold_generate_test.go; the outcomes that T-SQL allows are
// computed from the second form by fold_oracle_test.go.

// fixture is the table T of these tests: the data columns, then the constant columns.
type fixture struct {
	table *bind.Table
	types []sqltypes.Type
	index map[string]int // of a column in a row
	// values of each column; a constant column has one
	values [][]sqltypes.Value
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{index: map[string]int{}}
	def := &api.TableDef{Name: "T", ShardKey: "c_key"}
	add := func(name, typ string, values []sqltypes.Value) {
		f.index[name] = len(f.types)
		f.types = append(f.types, typeOf(t, typ))
		f.values = append(f.values, values)
		def.Columns = append(def.Columns, api.ColumnDef{Name: name, Type: typ, Nullable: true})
	}
	for _, c := range columns {
		values := []sqltypes.Value{sqltypes.Null()}
		for _, text := range strings.Split(c.values, "|") {
			values = append(values, valueOf(t, text, c.typ))
		}
		add(c.name, c.typ, values)
	}
	for i, l := range literals {
		add(constantColumn(i), l.typ, []sqltypes.Value{valueOf(t, l.value, l.typ)})
	}
	add(nullText, "VARCHAR(10)", []sqltypes.Value{sqltypes.Null()})
	add(nullBytes, "VARBINARY(8)", []sqltypes.Value{sqltypes.Null()})
	var err error
	if f.table, err = bind.NewTable("D", def); err != nil {
		t.Fatal(err)
	}
	return f
}

func typeOf(t *testing.T, text string) sqltypes.Type {
	t.Helper()
	typ, err := sqltypes.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// valueOf returns the value of a type that is written as text; bytes are written as they are.
func valueOf(t *testing.T, text, typ string) sqltypes.Value {
	t.Helper()
	to := typeOf(t, typ)
	from, v := sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}, sqltypes.Text(text)
	if to.Kind.IsBinary() {
		from, v = sqltypes.Type{Kind: sqltypes.VarBinary, Length: sqltypes.Max}, sqltypes.Bytes([]byte(text))
	}
	v, err := sqltypes.Convert(v, from, to)
	if err != nil {
		t.Fatalf("%q as %s: %v", text, typ, err)
	}
	return v
}

// row draws a value for each column.
func (f *fixture) row(r *rand.Rand) []sqltypes.Value {
	row := make([]sqltypes.Value, len(f.values))
	for i, vs := range f.values {
		row[i] = vs[r.IntN(len(vs))]
	}
	return row
}

// overRow returns e with columns replaced by fields of a row.
func (f *fixture) overRow(e *plan.Expr) *plan.Expr {
	c := *e
	if c.Op == plan.ColumnExpr {
		c.Op, c.Field = plan.FieldExpr, f.index[c.Column]
	}
	c.Args = nil
	for _, a := range e.Args {
		c.Args = append(c.Args, f.overRow(a))
	}
	return &c
}

func numberOf(err error) int { return api.AsProblem(err).SQLNumber }

// constantFailures are the errors of evaluating an expression, which the binder reports
// if the expression is constant. All others are errors of names and types.
var constantFailures = map[int]bool{
	mssqlerr.OverflowOfInteger: true, mssqlerr.OverflowOfFloat: true, mssqlerr.DateConversion: true,
	mssqlerr.OverflowOfInt2: true, mssqlerr.IntConversion: true, mssqlerr.OverflowOfInt4: true,
	mssqlerr.TypeConversion: true, mssqlerr.Overflow: true, mssqlerr.DivideByZero: true,
	mssqlerr.GUIDConversion: true, mssqlerr.GUIDResultSpace: true,
}

func TestConstantsMeanWhatColumnsOfTheirValuesMean(t *testing.T) {
	f := newFixture(t)
	conditions := 8000
	switch {
	case os.Getenv("SHARDECK_LONG") != "":
		conditions = 1_000_000
	case testing.Short():
		conditions = 1000
	}
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			g := generator{r, f}
			matched, failed := 0, 0
			for range conditions / 4 {
				c := g.condition(r.IntN(3))
				rows := make([][]sqltypes.Value, 10)
				for i := range rows {
					rows[i] = f.row(r)
				}
				m, e := f.check(t, rows, c)
				matched, failed = matched+m, failed+e
				if t.Failed() {
					return
				}
			}
			if matched == 0 || failed == 0 {
				t.Errorf("%d rows matched and %d failed: the conditions are too uniform", matched, failed)
			}
		})
	}
}

// Every column is compared with every literal, by every operator, from both sides.
func TestLiteralsCompareAsColumnsOfTheirValues(t *testing.T) {
	f := newFixture(t)
	r := rand.New(rand.NewPCG(0, 0))
	for i, c := range columns {
		rows := make([][]sqltypes.Value, len(f.values[i]))
		for j, v := range f.values[i] {
			rows[j] = f.row(r)
			rows[j][i] = v
		}
		x := term{lit: c.name, col: c.name}
		for j, l := range literals {
			y := term{lit: l.text, col: constantColumn(j)}
			for _, op := range [...]string{"=", "<>", "<", "<=", ">", ">="} {
				f.check(t, rows, all("%s "+op+" %s", x, y))
				f.check(t, rows, all("%s "+op+" %s", y, x))
			}
		}
	}
}

// check compares the two forms of a condition on some rows. It returns how many rows
// matched, and how many failed.
func (f *fixture) check(t *testing.T, rows [][]sqltypes.Value, c term) (matched, failed int) {
	t.Helper()
	folded, foldedErr := bind.Condition(f.table, "condition", c.lit)
	plain, err := bind.Condition(f.table, "condition", c.col)
	if err != nil { // an error of names or types
		// The binder may report the failure of a constant that comes before it.
		if foldedErr == nil || numberOf(foldedErr) != numberOf(err) && !constantFailures[numberOf(foldedErr)] {
			t.Errorf("%s\nis refused (%v), but with constants,\n%s\nit is not: %v", c.col, err, c.lit, foldedErr)
		}
		return 0, 0
	}
	if foldedErr == nil {
		folded = f.overRow(folded)
	}
	direct := f.overRow(plain)
	for _, row := range rows {
		want := oracle{f, row}.eval(plain)
		if truth, err := eval.Holds(direct, row); !want.allows(truth, err) {
			t.Errorf("%s\nis %v, %v over columns, want %v", c.col, truth, err, want)
			return 0, 0
		}
		truth, err := false, foldedErr
		if err == nil {
			truth, err = eval.Holds(folded, row)
		}
		switch {
		case !want.allows(truth, err):
			t.Errorf("%s\nbound as %s\nis %v, %v, want %v as of\n%s\nin %s", c.lit, folded, truth, err, want, c.col, f.describe(c.lit, row))
			return 0, 0
		case err != nil:
			failed++
		case truth:
			matched++
		}
	}
	return matched, failed
}

// describe returns the values of the data columns that the text of a condition names.
func (f *fixture) describe(text string, row []sqltypes.Value) string {
	var b strings.Builder
	for i, c := range columns {
		if strings.Contains(text, c.name) {
			fmt.Fprintf(&b, "%s = %s; ", c.name, sqltypes.AppendJSON(nil, f.types[i], row[i]))
		}
	}
	return b.String()
}

// The constant columns stand for the literals only if these have the type and the value
// stated for them. The types are those of
// https://learn.microsoft.com/sql/t-sql/data-types/constants-transact-sql and
// https://learn.microsoft.com/sql/t-sql/data-types/int-bigint-smallint-and-tinyint-transact-sql.
func TestLiteralsHaveTheirDocumentedTypes(t *testing.T) {
	for _, l := range literals {
		ast, err := tsql.ParseCondition(l.text + " IS NULL")
		if err != nil {
			t.Fatal(err)
		}
		e, err := (&bind.Binder{}).Value(ast.(*tsql.IsNull).X)
		if err != nil {
			t.Errorf("%s: %v", l.text, err)
			continue
		}
		if want := valueOf(t, l.value, l.typ); e.Type != typeOf(t, l.typ) || e.Value != want {
			t.Errorf("%s is %v of type %s, want %v of %s", l.text, e.Value, e.Type, want, l.typ)
		}
	}
}
