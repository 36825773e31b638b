package sqlfunc

import "shardeck/shared/sqltypes"

// atLeastInt is the type of what a function makes of a number: INT of the narrower ones.
func atLeastInt(args []sqltypes.Type) sqltypes.Type {
	if k := args[0].Kind; k == sqltypes.TinyInt || k == sqltypes.SmallInt {
		return sqltypes.IntType
	}
	return args[0]
}

var number = Param{"number", Number}

// numberFunctions are the functions of numbers; their examples are as those of strings.
var numberFunctions = []Func{
	{
		Name: "ABS", Class: Scalar, Params: []Param{number}, Help: "without its sign",
		Result: atLeastInt,
		Eval:   func(c Call, args []sqltypes.Value) (sqltypes.Value, error) { return sqltypes.Abs(c.Result, args[0]) },
		SQLite: "sd_abs", Told: ResultType,
		Examples: []Example{
			{"ABS(-1.0)", "DECIMAL(2,1)", `"1.0"`},
			{"ABS(CAST(-2147483648 AS BIGINT))", "BIGINT", "2147483648"},
			{"ABS(CAST('-2147483648' AS INT))", "INT", "8115"},
			{"ABS(CAST(-5 AS SMALLINT))", "INT", "5"},
		},
	},
	{
		Name: "ROUND", Class: Scalar, Params: []Param{number, {"digits", Integer}, {"how", Integer}}, Optional: 1,
		Help:   "rounded half away from zero to so many fraction digits, or to tens and more by negative ones; cut off there when how is not 0",
		Result: atLeastInt,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			if len(args) > 2 && args[2].Int != 0 {
				return sqltypes.Truncate(c.Result, args[0], args[1].Int)
			}
			return sqltypes.Round(c.Result, args[0], args[1].Int)
		},
		SQLite: "sd_round", Told: ResultType,
		Examples: []Example{
			{"ROUND(123.4545, 2)", "DECIMAL(7,4)", `"123.4500"`},
			{"ROUND(748.58, -1)", "DECIMAL(5,2)", `"750.00"`},
			{"ROUND(748.58, -3)", "DECIMAL(5,2)", "8115"},
			{"ROUND(150.75, 0, 1)", "DECIMAL(5,2)", `"150.00"`},
			{"ROUND(748, -1)", "INT", "750"},
			{"ROUND(CAST(32750 AS SMALLINT), -2)", "INT", "32800"},
		},
	},
}
