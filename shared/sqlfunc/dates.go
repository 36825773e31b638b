package sqlfunc

import "shardeck/shared/sqltypes"

func intResult([]sqltypes.Type) sqltypes.Type { return sqltypes.IntType }

func datePart(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
	return sqltypes.DatePart(c.Part, c.Argument, args[0])
}

var moment = Param{"date", Moment}

// partFunction returns the row of a function that is DATEPART with a fixed part.
func partFunction(name string, part sqltypes.Part, help string, examples ...Example) Func {
	return Func{
		Name: name, Class: Scalar, Params: []Param{moment}, Help: help,
		Result: intResult, Eval: datePart, Part: part, SQLite: "sd_datepart", TypeArg: ArgumentType, Examples: examples,
	}
}

// dateFunctions are the date and time functions; for the source of examples see stringFunctions.
var dateFunctions = []Func{
	{
		Name: "DATEPART", Class: Scalar, Params: []Param{{"part", DatePart}, moment},
		Help:   "a part of a date or time: year, quarter, month, day, dayofyear, hour, minute or second",
		Result: intResult, Eval: datePart, SQLite: "sd_datepart", TypeArg: ArgumentType,
		Examples: []Example{
			{Expr: "DATEPART(year, '2007-10-30 12:15:32.1234567')", Type: "INT", Want: "2007"},
			{Expr: "DATEPART(quarter, CAST('2007-10-30' AS DATE))", Type: "INT", Want: "4"},
			{Expr: "DATEPART(dayofyear, '2007-10-30 12:15:32.1234567')", Type: "INT", Want: "303"},
			{Expr: "DATEPART(mi, CAST('12:10:30.123' AS TIME))", Type: "INT", Want: "10"},
			{Expr: "DATEPART(hour, CAST('2007-10-30' AS DATE))", Type: "INT", Error: 9810},
		},
	},
	partFunction("DAY", sqltypes.PartDay, "the day of the month", Example{Expr: "DAY('2015-04-30 01:01:01.1234567')", Type: "INT", Want: "30"}),
	partFunction("MONTH", sqltypes.PartMonth, "the month", Example{Expr: "MONTH('2007-04-30T01:01:01.1234567')", Type: "INT", Want: "4"}),
	partFunction("YEAR", sqltypes.PartYear, "the year", Example{Expr: "YEAR('2010-04-30T01:01:01.1234567')", Type: "INT", Want: "2010"}, Example{Expr: "YEAR('')", Type: "INT", Want: "1900"}),
}
