package sqlfunc

import "shardeck/shared/sqltypes"

func anInt([]sqltypes.Type) sqltypes.Type { return sqltypes.IntType }

func datePart(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
	return sqltypes.DatePart(c.Part, c.Argument, args[0])
}

var moment = Param{"date", Moment}

// partFunction is the row of a function that is DATEPART of one part.
func partFunction(name string, part sqltypes.Part, help string, examples ...Example) Func {
	return Func{
		Name: name, Class: Scalar, Params: []Param{moment}, Help: help,
		Result: anInt, Eval: datePart, Part: part, SQLite: "sd_datepart", Told: ArgumentType, Examples: examples,
	}
}

// dateFunctions are the functions of dates and times; their examples are as those of strings.
var dateFunctions = []Func{
	{
		Name: "DATEPART", Class: Scalar, Params: []Param{{"part", DatePart}, moment},
		Help:   "a part of it: year, quarter, month, day, dayofyear, hour, minute or second",
		Result: anInt, Eval: datePart, SQLite: "sd_datepart", Told: ArgumentType,
		Examples: []Example{
			{"DATEPART(year, '2007-10-30 12:15:32.1234567')", "INT", "2007"},
			{"DATEPART(quarter, CAST('2007-10-30' AS DATE))", "INT", "4"},
			{"DATEPART(dayofyear, '2007-10-30 12:15:32.1234567')", "INT", "303"},
			{"DATEPART(mi, CAST('12:10:30.123' AS TIME))", "INT", "10"},
			{"DATEPART(hour, CAST('2007-10-30' AS DATE))", "INT", "9810"},
		},
	},
	partFunction("DAY", sqltypes.PartDay, "its day of the month", Example{"DAY('2015-04-30 01:01:01.1234567')", "INT", "30"}),
	partFunction("MONTH", sqltypes.PartMonth, "its month", Example{"MONTH('2007-04-30T01:01:01.1234567')", "INT", "4"}),
	partFunction("YEAR", sqltypes.PartYear, "its year", Example{"YEAR('2010-04-30T01:01:01.1234567')", "INT", "2010"}, Example{"YEAR('')", "INT", "1900"}),
}
