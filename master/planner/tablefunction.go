package planner

import (
	"strings"
	"unicode/utf8"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// maxSeries is the greatest number of rows of a table-valued function.
const maxSeries = 100_000

// tableFunction computes a table-valued function, whose arguments are constants, as literal rows.
func (s *statement) tableFunction(ref *tsql.TableRef, src *source) (*bind.Table, error) {
	c := ref.Function
	constants := bind.Binder{DB: s.db, Field: bind.StatementField, Params: s.o.Params, Clause: "FROM", Nested: s, Scope: &bind.Scope{First: s.numbers}, Session: s.b.Session}
	args := make([]*plan.Expr, len(c.Args))
	for i, a := range c.Args {
		x, err := constants.Value(a)
		if err != nil {
			return nil, err
		}
		if !x.IsConst() {
			return nil, s.b.Problem(api.CodeUnsupported, a.Pos(), "the arguments of %s in FROM must be constants", c.Name).Hinted("send the value as a parameter, @name")
		}
		args[i] = x
	}
	if n := len(args); n < 2 || n > 3 || c.Star || c.Distinct {
		p := s.b.Problem(api.CodeSyntax, c.At, "%s takes 2 or 3 arguments, not %d", c.Name, n).Numbered(mssqlerr.ArgumentCount)
		return nil, p.Hinted("write STRING_SPLIT(string, separator [, 1]) or GENERATE_SERIES(start, stop [, step])")
	}
	var columns []bind.DerivedColumn
	var err error
	src.Rows = &plan.Rows{}
	if c.Name == "STRING_SPLIT" {
		columns, err = s.stringSplit(c, args, src.Rows)
	} else {
		columns, err = s.generateSeries(c, args, src.Rows)
	}
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		src.Rows.Types = append(src.Rows.Types, c.Type)
	}
	return s.derivedTable(ref, ref.Columns, columns, true)
}

// stringSplit computes STRING_SPLIT. A NULL yields no rows; the third argument, if it is 1, a second
// column with the position.
// Source: https://learn.microsoft.com/sql/t-sql/functions/string-split-transact-sql
func (s *statement) stringSplit(c *tsql.Call, args []*plan.Expr, rows *plan.Rows) ([]bind.DerivedColumn, error) {
	for i, x := range args[:2] {
		if !x.Type.Kind.IsString() && !x.IsNull() {
			p := s.b.Problem(api.CodeConversionFailed, c.Args[i].Pos(), "argument %d of STRING_SPLIT is of type %s", i+1, x.Type).Numbered(mssqlerr.ArgumentType)
			return nil, p.Hinted("pass a string")
		}
	}
	separator := args[1].Value.Str
	if utf8.RuneCountInString(separator) != 1 {
		p := s.b.Problem(api.CodeInvalidField, c.Args[1].Pos(), "the separator of STRING_SPLIT is not one character").Numbered(mssqlerr.SplitSeparator)
		return nil, p.Hinted("split by one character, such as ','")
	}
	t := args[0].Type
	if !t.Kind.IsString() {
		t = sqltypes.Type{Kind: sqltypes.VarChar, Length: 1}
	}
	columns := []bind.DerivedColumn{{Name: "value", Type: t, Nullable: true, Binary: args[0].Binary}}
	ordinal := len(args) == 3 && args[2].Value.Int == 1
	if ordinal {
		columns = append(columns, bind.DerivedColumn{Name: "ordinal", Type: sqltypes.BigIntType})
	}
	if args[0].IsNull() {
		return columns, nil
	}
	if n := strings.Count(args[0].Value.Str, separator); n >= maxSeries {
		return nil, s.tooManyRows(c)
	}
	for i, part := range strings.Split(args[0].Value.Str, separator) {
		row := []sqltypes.Value{sqltypes.Text(part)}
		if ordinal {
			row = append(row, sqltypes.Int64(int64(i+1)))
		}
		rows.Values = append(rows.Values, row)
	}
	return columns, nil
}

// generateSeries computes GENERATE_SERIES of integers. A NULL yields no rows.
// Source: https://learn.microsoft.com/sql/t-sql/functions/generate-series-transact-sql
func (s *statement) generateSeries(c *tsql.Call, args []*plan.Expr, rows *plan.Rows) ([]bind.DerivedColumn, error) {
	t := args[0].Type
	for i, x := range args {
		if x.IsNull() {
			return []bind.DerivedColumn{{Name: "value", Type: t}}, nil
		}
		if !x.Type.Kind.IsInteger() || x.Type.Kind == sqltypes.Bit || x.Type != t {
			p := s.b.Problem(api.CodeUnsupported, c.Args[i].Pos(), "GENERATE_SERIES of %s is not supported", x.Type).Numbered(mssqlerr.TypeClash)
			return nil, p.Hinted("pass integers of one type; CAST them")
		}
	}
	start, stop, step := args[0].Value.Int, args[1].Value.Int, int64(1)
	if start > stop {
		step = -1
	}
	if len(args) == 3 {
		step = args[2].Value.Int
	}
	if step == 0 {
		return nil, s.b.Problem(api.CodeInvalidField, c.At, "the step of GENERATE_SERIES is 0").Hinted("use another step").Numbered(mssqlerr.SeriesStep)
	}
	for v := start; step > 0 && v <= stop || step < 0 && v >= stop; {
		if len(rows.Values) == maxSeries {
			return nil, s.tooManyRows(c)
		}
		rows.Values = append(rows.Values, []sqltypes.Value{sqltypes.Int64(v)})
		next := v + step
		if next > v != (step > 0) { // overflow
			break
		}
		v = next
	}
	return []bind.DerivedColumn{{Name: "value", Type: t}}, nil
}

func (s *statement) tooManyRows(c *tsql.Call) error {
	return s.b.Problem(api.CodeTooComplex, c.At, "%s yields more than %d rows", c.Name, maxSeries).Hinted("split it into several statements")
}
