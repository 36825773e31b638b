package sqlfunc

import (
	"math"

	"shardeck/shared/sqltypes"
)

var floating = Param{"number", Floating}

// ofFloat returns the row of a function from FLOAT to FLOAT. f is NaN where it is not defined.
func ofFloat(name, native, help string, f func(float64) float64, examples ...Example) Func {
	return Func{
		Name: name, Class: Scalar, Params: []Param{floating}, Help: help, Result: fixed(sqltypes.FloatType),
		Eval:   func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) { return sqltypes.Compute(f, args[0]) },
		SQLite: native, Examples: examples,
	}
}

// scaled is the result type of a function that multiplies by a constant: none for a DECIMAL, whose
// digits the documentation does not tell.
func scaled(args []sqltypes.Type) sqltypes.Type {
	t := widened(args)
	if t.Kind.IsInteger() || t.Kind.IsFloat() {
		return t
	}
	return sqltypes.Type{}
}

// times returns the row of a function that multiplies by a constant.
func times(name, native, help string, factor float64, examples ...Example) Func {
	return Func{
		Name: name, Class: Scalar, Params: []Param{number}, Help: help, Result: scaled,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.Scale(c.Result, args[0], factor)
		},
		SQLite: native, TypeArg: ResultType, Examples: examples,
	}
}

// withoutFraction is the result type of FLOOR and CEILING.
func withoutFraction(args []sqltypes.Type) sqltypes.Type {
	t := widened(args)
	if t.Kind == sqltypes.Decimal {
		t.Scale = 0
	}
	return t
}

// extreme returns an Eval for GREATEST or LEAST.
func extreme(least bool) func(Call, []sqltypes.Value) (sqltypes.Value, error) {
	return func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
		return sqltypes.Extreme(c.Result, least, c.Binary, args), nil
	}
}

// first is the type of the first argument, and after conversion of all.
func first(args []sqltypes.Type) sqltypes.Type { return args[0] }

// mathFunctions are the functions of numbers that are more than rounding, and those that choose
// among values; for the source of examples see stringFunctions.
var mathFunctions = []Func{
	ofFloat("ACOS", "sd_acos", "the angle in radians whose cosine is the number", math.Acos,
		Example{Expr: "ACOS(1)", Type: "FLOAT", Want: "0"}, Example{Expr: "ACOS(2)", Type: "FLOAT", Error: 3623}),
	ofFloat("ASIN", "sd_asin", "the angle in radians whose sine is the number", math.Asin,
		Example{Expr: "ASIN(0)", Type: "FLOAT", Want: "0"}, Example{Expr: "ASIN(1.1472738)", Type: "FLOAT", Error: 3623}),
	ofFloat("ATAN", "sd_atan", "the angle in radians whose tangent is the number", math.Atan, Example{Expr: "ATAN(0)", Type: "FLOAT", Want: "0"}),
	{
		Name: "ATN2", Class: Scalar, Params: []Param{{"y", Floating}, {"x", Floating}}, Help: "the angle in radians between the x axis and the point (x, y)",
		Result: fixed(sqltypes.FloatType),
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.Compute2(sqltypes.Atan2, args[0], args[1])
		},
		SQLite:   "sd_atn2",
		Examples: []Example{{Expr: "ATN2(0, 1)", Type: "FLOAT", Want: "0"}},
	},
	{
		Name: "CEILING", Class: Scalar, Params: []Param{number}, Help: "the smallest whole number that is not less than the number",
		Result: withoutFraction,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.Ceiling(c.Result, args[0])
		},
		SQLite: "sd_ceiling", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "CEILING(123.45)", Type: "DECIMAL(5,0)", Want: `"124"`}, {Expr: "CEILING(-123.45)", Type: "DECIMAL(5,0)", Want: `"-123"`},
			{Expr: "CEILING(CAST(0.5 AS FLOAT))", Type: "FLOAT", Want: "1"}, {Expr: "CEILING(CAST(7 AS TINYINT))", Type: "INT", Want: "7"},
		},
	},
	ofFloat("COS", "sd_cos", "the cosine of an angle in radians", math.Cos, Example{Expr: "COS(0)", Type: "FLOAT", Want: "1"}),
	ofFloat("COT", "sd_cot", "the cotangent of an angle in radians", sqltypes.Cot, Example{Expr: "COT(0)", Type: "FLOAT", Error: 3623}),
	times("DEGREES", "sd_degrees", "the angle in degrees, of one in radians", 180/math.Pi, Example{Expr: "DEGREES(1)", Type: "INT", Want: "57"}),
	ofFloat("EXP", "sd_exp", "e to the power of the number", math.Exp,
		Example{Expr: "EXP(0)", Type: "FLOAT", Want: "1"}, Example{Expr: "EXP(1000)", Type: "FLOAT", Error: 8115}),
	{
		Name: "FLOOR", Class: Scalar, Params: []Param{number}, Help: "the largest whole number that is not greater than the number",
		Result: withoutFraction,
		Eval:   func(c Call, args []sqltypes.Value) (sqltypes.Value, error) { return sqltypes.Floor(c.Result, args[0]) },
		SQLite: "sd_floor", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "FLOOR(123.45)", Type: "DECIMAL(5,0)", Want: `"123"`}, {Expr: "FLOOR(-123.45)", Type: "DECIMAL(5,0)", Want: `"-124"`},
			{Expr: "FLOOR(CAST(-0.5 AS FLOAT))", Type: "FLOAT", Want: "-1"},
		},
	},
	{
		Name: "GREATEST", Class: Scalar, Params: []Param{{"value", Common}}, Variadic: true, Nulls: true, Collated: true,
		Help: "the greatest of the values that are not NULL", Result: first, Eval: extreme(false),
		SQLite: "sd_greatest", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "GREATEST('6.62', 3.1415, N'7')", Type: "DECIMAL(5,4)", Want: `"7.0000"`},
			{Expr: "GREATEST('Glacier', N'Joshua Tree', 'Mount Rainier')", Type: "NVARCHAR(13)", Want: `"Mount Rainier"`},
			{Expr: "GREATEST(1, NULL, 3)", Type: "INT", Want: "3"},
		},
	},
	{
		Name: "LEAST", Class: Scalar, Params: []Param{{"value", Common}}, Variadic: true, Nulls: true, Collated: true,
		Help: "the least of the values that are not NULL", Result: first, Eval: extreme(true),
		SQLite: "sd_least", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "LEAST('6.62', 3.1415, N'7')", Type: "DECIMAL(5,4)", Want: `"3.1415"`},
			{Expr: "LEAST('Glacier', N'Joshua Tree', 'Mount Rainier')", Type: "NVARCHAR(13)", Want: `"Glacier"`},
		},
	},
	{
		Name: "LOG", Class: Scalar, Params: []Param{floating, {"base", Floating}}, Optional: 1, Help: "the natural logarithm, or the one to the base",
		Result: fixed(sqltypes.FloatType),
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			if len(args) > 1 {
				return sqltypes.Compute2(sqltypes.LogTo, args[0], args[1])
			}
			return sqltypes.Compute(sqltypes.Log, args[0])
		},
		SQLite:   "sd_log",
		Examples: []Example{{Expr: "LOG(1)", Type: "FLOAT", Want: "0"}, {Expr: "LOG(8, 2)", Type: "FLOAT", Want: "3"}, {Expr: "LOG(0)", Type: "FLOAT", Error: 3623}, {Expr: "LOG(2, 1)", Type: "FLOAT", Error: 3623}},
	},
	ofFloat("LOG10", "sd_log10", "the logarithm to the base 10", sqltypes.Log10,
		Example{Expr: "LOG10(1000)", Type: "FLOAT", Want: "3"}, Example{Expr: "LOG10(-1)", Type: "FLOAT", Error: 3623}),
	{
		Name: "PI", Class: Scalar, Help: "the number pi", Result: fixed(sqltypes.FloatType),
		Eval:     func(Call, []sqltypes.Value) (sqltypes.Value, error) { return sqltypes.Float64(math.Pi), nil },
		SQLite:   "sd_pi",
		Examples: []Example{{Expr: "PI()", Type: "FLOAT", Want: "3.141592653589793"}},
	},
	{
		Name: "POWER", Class: Scalar, Params: []Param{number, {"exponent", Floating}},
		Help:   "the number to the power of the exponent, in the number's type",
		Result: widest,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.Power(c.Result, args[0], args[1])
		},
		SQLite: "sd_power", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "POWER(2.0, 3)", Type: "DECIMAL(38,1)", Want: `"8.0"`},
			{Expr: "POWER(2.00, -100.0)", Type: "DECIMAL(38,2)", Want: `"0.00"`},
			{Expr: "POWER(2, -100.0)", Type: "INT", Want: "0"},
			{Expr: "POWER(CAST(2.5 AS FLOAT), 3)", Type: "FLOAT", Want: "15.625"},
			{Expr: "POWER(10, LOG10(5))", Type: "INT", Want: "5"},
			{Expr: "POWER(2, 31)", Type: "INT", Error: 232},
			{Expr: "POWER(-1e0, 0.5)", Type: "FLOAT", Error: 3623},
		},
	},
	times("RADIANS", "sd_radians", "the angle in radians, of one in degrees", math.Pi/180,
		Example{Expr: "RADIANS(180)", Type: "INT", Want: "3"}, Example{Expr: "RADIANS(0e0)", Type: "FLOAT", Want: "0"}),
	{
		Name: "SIGN", Class: Scalar, Params: []Param{number}, Help: "1, 0 or -1, the sign of the number", Result: widest,
		Eval:   func(c Call, args []sqltypes.Value) (sqltypes.Value, error) { return sqltypes.Sign(c.Result, args[0]) },
		SQLite: "sd_sign", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "SIGN(-125)", Type: "INT", Want: "-1"}, {Expr: "SIGN(0)", Type: "INT", Want: "0"},
			{Expr: "SIGN(CAST(564 AS REAL))", Type: "FLOAT", Want: "1"}, {Expr: "SIGN(-0.5)", Type: "DECIMAL(38,1)", Want: `"-1.0"`},
		},
	},
	ofFloat("SIN", "sd_sin", "the sine of an angle in radians", math.Sin, Example{Expr: "SIN(0)", Type: "FLOAT", Want: "0"}),
	ofFloat("SQRT", "sd_sqrt", "the square root", math.Sqrt,
		Example{Expr: "SQRT(9)", Type: "FLOAT", Want: "3"}, Example{Expr: "SQRT(-1)", Type: "FLOAT", Error: 3623}),
	ofFloat("SQUARE", "sd_square", "the number times itself", func(x float64) float64 { return x * x },
		Example{Expr: "SQUARE(1.5)", Type: "FLOAT", Want: "2.25"}, Example{Expr: "SQUARE(1e200)", Type: "FLOAT", Error: 8115}),
	ofFloat("TAN", "sd_tan", "the tangent of an angle in radians", math.Tan, Example{Expr: "TAN(0)", Type: "FLOAT", Want: "0"}),
}
