package sqlfunc

import "shardeck/shared/sqltypes"

func truth(b bool) (sqltypes.Value, error) {
	if b {
		return sqltypes.Int64(1), nil
	}
	return sqltypes.Int64(0), nil
}

// conversionFunctions are about the conversion of values; for the source of examples see
// stringFunctions.
var conversionFunctions = []Func{
	{
		Name: "ISDATE", Class: Scalar, Params: []Param{{"string", DateText}}, Help: "1 if the string converts to a DATETIME, otherwise 0",
		Result: intResult, Nulls: true, SQLite: "sd_isdate",
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return truth(!args[0].IsNull() && sqltypes.IsDate(args[0].Str))
		},
		Examples: []Example{
			{Expr: "ISDATE('2009-05-12 10:19:41.177')", Type: "INT", Want: "1"},
			{Expr: "ISDATE('2008/15/04')", Type: "INT", Want: "0"},
			{Expr: "ISDATE('1752-12-31')", Type: "INT", Want: "0"},
		},
	},
	{
		Name: "ISNUMERIC", Class: Scalar, Params: []Param{value}, Help: "1 if the value converts to some type of numbers, also of money, otherwise 0",
		Result: intResult, Nulls: true, SQLite: "sd_isnumeric", TypeArg: ArgumentType,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			switch kind := c.Argument.Kind; {
			case args[0].IsNull():
				return truth(false)
			case kind.IsString():
				return truth(sqltypes.IsNumeric(args[0].Str))
			default:
				return truth(kind.IsNumeric())
			}
		},
		Examples: []Example{
			{Expr: "ISNUMERIC('$1,000.50')", Type: "INT", Want: "1"},
			{Expr: "ISNUMERIC('1e5')", Type: "INT", Want: "1"},
			{Expr: "ISNUMERIC('12x')", Type: "INT", Want: "0"},
			{Expr: "ISNUMERIC(12.5)", Type: "INT", Want: "1"},
			{Expr: "ISNUMERIC(CAST('2026-11-22' AS DATE))", Type: "INT", Want: "0"},
		},
	},
	{
		Name: "STR", Class: Scalar, Params: []Param{{"number", Floating}, {"length", Int}, {"decimals", Int}}, Optional: 2,
		Help:   "the number with that many decimals, 0 by default, right-aligned to the length, 10 by default; asterisks if it is too long",
		Result: result(sqltypes.Type{Kind: sqltypes.VarChar, Length: 8000}), SQLite: "sd_str",
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			length, decimals := int64(10), int64(0)
			if len(args) > 1 {
				length = args[1].Int
			}
			if len(args) > 2 {
				decimals = args[2].Int
			}
			return sqltypes.Str(args[0].Float, length, decimals), nil
		},
		Examples: []Example{
			{Expr: "STR(123.45, 6, 1)", Type: "VARCHAR(8000)", Want: `" 123.5"`},
			{Expr: "STR(123.45, 2, 2)", Type: "VARCHAR(8000)", Want: `"**"`},
			{Expr: "STR(-5)", Type: "VARCHAR(8000)", Want: `"        -5"`},
			{Expr: "STR(1234.567, 6, 3)", Type: "VARCHAR(8000)", Want: `"1234.6"`},
		},
	},
}
