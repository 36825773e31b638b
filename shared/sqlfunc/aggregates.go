package sqlfunc

import "shardeck/shared/sqltypes"

// countType is the type of a count, whatever the type of the values.
func countType(result sqltypes.Type) func(sqltypes.Type) (sqltypes.Type, bool) {
	return func(sqltypes.Type) (sqltypes.Type, bool) { return result, true }
}

// minMaxType is the type of the minimum or maximum of values of type t, or false for BIT.
func minMaxType(t sqltypes.Type) (sqltypes.Type, bool) { return t, t.Kind != sqltypes.Bit }

// SumType is the type of a sum of values of type t, or false if they cannot be added.
func SumType(t sqltypes.Type) (sqltypes.Type, bool) {
	switch {
	case t.Kind == sqltypes.Bit:
		return t, false
	case t.Kind == sqltypes.BigInt:
		return t, true
	case t.Kind.IsInteger():
		return sqltypes.IntType, true
	case t.Kind == sqltypes.Decimal:
		return sqltypes.DecimalType(sqltypes.MaxPrecision, t.Scale), true
	case t.Kind.IsMoney():
		return sqltypes.MoneyType, true
	case t.Kind.IsFloat():
		return sqltypes.FloatType, true
	}
	return t, false
}

// avgType is the type of an average; decimals have at least six fraction digits.
func avgType(t sqltypes.Type) (sqltypes.Type, bool) {
	t, ok := SumType(t)
	if t.Kind == sqltypes.Decimal {
		const least = 6
		t.Scale = max(t.Scale, least)
	}
	return t, ok
}

// deviationType is the type of a variance or standard deviation.
func deviationType(t sqltypes.Type) (sqltypes.Type, bool) {
	return sqltypes.FloatType, t.Kind.IsNumeric() && t.Kind != sqltypes.Bit
}

// StringAggType is the type of strings of type t that STRING_AGG joins, or of other values, which it
// converts to NVARCHAR.
func StringAggType(t sqltypes.Type) (sqltypes.Type, bool) {
	if t.Kind.IsString() && !t.Kind.IsUnicode() {
		return longest([]sqltypes.Type{t}), true
	}
	kept := unicodeText(maxUnits)
	if t.Kind.IsString() && t.Length == sqltypes.Max {
		kept.Length = sqltypes.Max
	}
	return kept, !t.Kind.IsBinary()
}

// deviation returns the row of an aggregate of the moments of its values.
func deviation(name string, agg Agg, help string, examples ...Example) Func {
	return Func{Name: name, Class: Aggregate, Agg: agg, Params: []Param{number}, AggType: deviationType, Help: help, Examples: examples}
}

var value = Param{"value", Value}

// aggregates are the aggregate functions, which ignore NULLs. DISTINCT has no effect on
// MIN and MAX.
var aggregates = []Func{
	{
		Name: "APPROX_COUNT_DISTINCT", Class: Aggregate, Agg: Count, Distinct: true, Params: []Param{value}, AggType: countType(sqltypes.BigIntType),
		Help:     "like `COUNT(DISTINCT value)`, as a BIGINT; the number is exact",
		Examples: []Example{{Expr: "APPROX_COUNT_DISTINCT(x)", Type: "BIGINT", Want: "2"}},
	},
	{
		Name: "AVG", Class: Aggregate, Agg: Avg, Params: []Param{number}, AggType: avgType, Help: "the average",
		Examples: []Example{{Expr: "AVG(x)", Type: "INT", Want: "1"}, {Expr: "AVG(x * 1.0)", Type: "DECIMAL(38,6)", Want: `"1.666666"`}},
	},
	{
		Name: "COUNT", Class: Aggregate, Agg: Count, Star: true, Params: []Param{value}, AggType: countType(sqltypes.IntType),
		Help:     "the number of values, or with `COUNT(*)` of rows",
		Examples: []Example{{Expr: "COUNT(x)", Type: "INT", Want: "3"}, {Expr: "COUNT(*)", Type: "INT", Want: "4"}, {Expr: "COUNT(DISTINCT x)", Type: "INT", Want: "2"}},
	},
	{
		Name: "COUNT_BIG", Class: Aggregate, Agg: Count, Star: true, Params: []Param{value}, AggType: countType(sqltypes.BigIntType),
		Help:     "like COUNT, as a BIGINT",
		Examples: []Example{{Expr: "COUNT_BIG(x)", Type: "BIGINT", Want: "3"}},
	},
	{
		Name: "MAX", Class: Aggregate, Agg: Max, Params: []Param{value}, AggType: minMaxType, Help: "the maximum",
		Examples: []Example{{Expr: "MAX(x)", Type: "INT", Want: "2"}},
	},
	{
		Name: "MIN", Class: Aggregate, Agg: Min, Params: []Param{value}, AggType: minMaxType, Help: "the minimum",
		Examples: []Example{{Expr: "MIN(x)", Type: "INT", Want: "1"}},
	},
	// Of 1, 2 and 2 the average is 5/3 and the sum of the squared differences from it 2/3.
	deviation("STDEV", Stdev, "the standard deviation, with the values as a sample", Example{Expr: "STDEV(x * 3)", Type: "FLOAT", Want: "1.7320508075688772"}),
	deviation("STDEVP", StdevP, "the standard deviation of all values", Example{Expr: "STDEVP(x * 3)", Type: "FLOAT", Want: "1.4142135623730951"}),
	{
		Name: "STRING_AGG", Class: Aggregate, Agg: StringAgg, Params: []Param{value, {"separator", Characters}}, AggType: StringAggType,
		Syntax: "STRING_AGG(value, separator) [WITHIN GROUP (ORDER BY ...)]",
		Help:   "the values as strings, with the separator between them; without an order, in that of the values",
		Examples: []Example{
			{Expr: "STRING_AGG(x, '-')", Type: "NVARCHAR(4000)", Want: `"1-2-2"`},
			{Expr: "STRING_AGG(x, '-') WITHIN GROUP (ORDER BY x DESC)", Type: "NVARCHAR(4000)", Want: `"2-2-1"`},
		},
	},
	{
		Name: "SUM", Class: Aggregate, Agg: Sum, Params: []Param{number}, AggType: SumType, Help: "the sum",
		Examples: []Example{{Expr: "SUM(x)", Type: "INT", Want: "5"}, {Expr: "SUM(DISTINCT x)", Type: "INT", Want: "3"}, {Expr: "SUM(x * 1e0)", Type: "FLOAT", Want: "5"}},
	},
	deviation("VAR", Var, "the variance, with the values as a sample", Example{Expr: "VAR(x * 3)", Type: "FLOAT", Want: "3"}, Example{Expr: "VAR(DISTINCT x)", Type: "FLOAT", Want: "0.5"}),
	deviation("VARP", VarP, "the variance of all values", Example{Expr: "VARP(x * 3)", Type: "FLOAT", Want: "2"}),
}
