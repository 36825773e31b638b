package sqlfunc

import "shardeck/shared/sqltypes"

// widened is the result type of ROUND: INT for narrower integers, FLOAT for a REAL,
// MONEY for a SMALLMONEY.
func widened(args []sqltypes.Type) sqltypes.Type {
	switch t := args[0]; t.Kind {
	case sqltypes.TinyInt, sqltypes.SmallInt:
		return sqltypes.IntType
	case sqltypes.Real:
		return sqltypes.FloatType
	case sqltypes.SmallMoney:
		return sqltypes.MoneyType
	default:
		return t
	}
}

// widest is the result type of ABS: also all the digits of a DECIMAL.
func widest(args []sqltypes.Type) sqltypes.Type {
	t := widened(args)
	if t.Kind == sqltypes.Decimal {
		t.Precision = sqltypes.MaxPrecision
	}
	return t
}

var number = Param{"number", Number}

// numberFunctions are the numeric functions; for the source of examples see stringFunctions.
var numberFunctions = []Func{
	{
		Name: "ABS", Class: Scalar, Params: []Param{number}, Help: "the absolute value",
		Result: widest,
		Eval:   func(c Call, args []sqltypes.Value) (sqltypes.Value, error) { return sqltypes.Abs(c.Result, args[0]) },
		SQLite: "sd_abs", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "ABS(-1.0)", Type: "DECIMAL(38,1)", Want: `"1.0"`},
			{Expr: "ABS(CAST(-2147483648 AS BIGINT))", Type: "BIGINT", Want: "2147483648"},
			{Expr: "ABS(CAST('-2147483648' AS INT))", Type: "INT", Error: 8115},
			{Expr: "ABS(CAST(-5 AS SMALLINT))", Type: "INT", Want: "5"},
			{Expr: "ABS(CAST(-0.5 AS REAL))", Type: "FLOAT", Want: "0.5"},
			{Expr: "ABS(CAST(1 AS BIT))", Type: "FLOAT", Want: "1"},
		},
	},
	{
		Name: "ROUND", Class: Scalar, Params: []Param{number, {"digits", Integer}, {"how", Integer}}, Optional: 1,
		Help:   "the number rounded half away from zero to that many decimal places, or to tens, hundreds and so on if digits is negative; truncated if how is not 0",
		Result: widened,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			if len(args) > 2 && args[2].Int != 0 {
				return sqltypes.Truncate(c.Result, args[0], args[1].Int)
			}
			return sqltypes.Round(c.Result, args[0], args[1].Int)
		},
		SQLite: "sd_round", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "ROUND(123.4545, 2)", Type: "DECIMAL(7,4)", Want: `"123.4500"`},
			{Expr: "ROUND(748.58, -1)", Type: "DECIMAL(5,2)", Want: `"750.00"`},
			{Expr: "ROUND(748.58, -3)", Type: "DECIMAL(5,2)", Error: 8115},
			{Expr: "ROUND(150.75, 0, 1)", Type: "DECIMAL(5,2)", Want: `"150.00"`},
			{Expr: "ROUND(748, -1)", Type: "INT", Want: "750"},
			{Expr: "ROUND(CAST(2.25 AS REAL), 1)", Type: "FLOAT", Want: "2.3"},
			{Expr: "ROUND(CAST(32750 AS SMALLINT), -2)", Type: "INT", Want: "32800"},
		},
	},
}
