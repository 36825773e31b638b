package sqlfunc

import (
	"strings"

	"shardeck/shared/sqltypes"
)

func intResult([]sqltypes.Type) sqltypes.Type { return sqltypes.IntType }

// result returns a Result of one type.
func result(t sqltypes.Type) func([]sqltypes.Type) sqltypes.Type {
	return func([]sqltypes.Type) sqltypes.Type { return t }
}

// secondType is the type of the second argument that is a value.
func secondType(args []sqltypes.Type) sqltypes.Type { return args[1] }

func firstType(args []sqltypes.Type) sqltypes.Type { return args[0] }

func datePart(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
	return sqltypes.DatePart(c.Part, c.Argument, args[0])
}

func dateDiff(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
	return sqltypes.DateDiff(c.Part, c.Result, args[0], args[1])
}

var (
	part   = Param{"part", DatePart}
	moment = Param{"date", Moment}
	months = Param{"months", Int}
)

// partFunction returns the row of a function that is DATEPART with a fixed part.
func partFunction(name string, part sqltypes.Part, help string, examples ...Example) Func {
	return Func{
		Name: name, Class: Scalar, Params: []Param{moment}, Help: help,
		Result: intResult, Eval: datePart, Part: part, SQLite: "sd_datepart", TypeArg: ArgumentType, Examples: examples,
	}
}

// dateFunctions are the functions of dates and times; for the source of examples see
// stringFunctions.
var dateFunctions = []Func{
	{
		Name: "DATEADD", Class: Scalar, Params: []Param{part, {"number", Int}, {"date", AddMoment}},
		Help:   "the date with a number of parts added; a day that the month does not have becomes its last one",
		Result: secondType, SQLite: "sd_dateadd", TypeArg: ResultType,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.DateAdd(c.Part, c.Result, args[0].Int, args[1])
		},
		Examples: []Example{
			{Expr: "DATEADD(month, 1, '20060831')", Type: "DATETIME", Want: `"2006-09-30T00:00:00"`},
			{Expr: "DATEADD(day, 1.9, CAST('2020-01-01' AS DATE))", Type: "DATE", Want: `"2020-01-02"`},
			{Expr: "DATEADD(nanosecond, 150, CAST('2007-01-01 13:10:10.1111111' AS DATETIME2))", Type: "DATETIME2(7)", Want: `"2007-01-01T13:10:10.1111113"`},
			{Expr: "DATEADD(nanosecond, 49, CAST('2007-01-01 13:10:10.1111111' AS DATETIME2))", Type: "DATETIME2(7)", Want: `"2007-01-01T13:10:10.1111111"`},
			{Expr: "DATEADD(second, 30, CAST('2020-01-01T12:00:00' AS SMALLDATETIME))", Type: "SMALLDATETIME", Want: `"2020-01-01T12:01:00"`},
			{Expr: "DATEADD(millisecond, -30001, CAST('2020-01-01T12:00:00' AS SMALLDATETIME))", Type: "SMALLDATETIME", Want: `"2020-01-01T12:00:00"`},
			{Expr: "DATEADD(day, 365, CAST('2000-01-01 01:01:01.111' AS DATETIME))", Type: "DATETIME", Want: `"2000-12-31T01:01:01.11"`},
			{Expr: "DATEADD(hour, 23, CAST('10:00' AS TIME(0)))", Type: "TIME(0)", Want: `"09:00:00"`},
			{Expr: "DATEADD(year, 2147483647, '20060731')", Type: "DATETIME", Error: 517},
			{Expr: "DATEADD(microsecond, 1, '20060731')", Type: "DATETIME", Error: 9810},
		},
	},
	{
		Name: "DATEDIFF", Class: Scalar, Params: []Param{part, {"start", Instant}, {"end", Instant}},
		Help:   "the number of boundaries of a part between two dates, such as turns of the year; weeks begin on Sunday",
		Result: intResult, Eval: dateDiff, SQLite: "sd_datediff", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "DATEDIFF(year, '2005-12-31 23:59:59.9999999', '2006-01-01 00:00:00.0000000')", Type: "INT", Want: "1"},
			{Expr: "DATEDIFF(microsecond, '2005-12-31 23:59:59.9999999', '2006-01-01 00:00:00.0000000')", Type: "INT", Want: "1"},
			{Expr: "DATEDIFF(week, '2020-01-04', CAST('2020-01-05' AS DATE))", Type: "INT", Want: "1"},
			{Expr: "DATEDIFF(day, 0, CAST('1900-01-03' AS SMALLDATETIME))", Type: "INT", Want: "2"},
			{Expr: "DATEDIFF(millisecond, '2000-01-01', '2000-02-01')", Type: "INT", Error: 535},
		},
	},
	{
		Name: "DATEDIFF_BIG", Class: Scalar, Params: []Param{part, {"start", Instant}, {"end", Instant}},
		Help:   "like DATEDIFF, as a BIGINT",
		Result: result(sqltypes.BigIntType), Eval: dateDiff, SQLite: "sd_datediff", TypeArg: ResultType,
		Examples: []Example{
			{Expr: "DATEDIFF_BIG(second, '1900-01-01', '2000-01-01')", Type: "BIGINT", Want: "3155673600"},
			{Expr: "DATEDIFF_BIG(nanosecond, '0001-01-01', '9999-12-31')", Type: "BIGINT", Error: 535},
		},
	},
	{
		Name: "DATENAME", Class: Scalar, Params: []Param{part, moment}, Help: "a part of a date or time as text: the names of months and weekdays in English",
		Result: result(sqltypes.Type{Kind: sqltypes.NVarChar, Length: 30}), SQLite: "sd_datename", TypeArg: ArgumentType,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.DateName(c.Part, c.Argument, args[0])
		},
		Examples: []Example{
			{Expr: "DATENAME(month, '2007-10-30 12:15:32.1234567 +05:10')", Type: "NVARCHAR(30)", Want: `"October"`},
			{Expr: "DATENAME(weekday, '2007-10-30 12:15:32.1234567 +05:10')", Type: "NVARCHAR(30)", Want: `"Tuesday"`},
			{Expr: "DATENAME(day, '2007-10-30 12:15:32.1234567 +05:10')", Type: "NVARCHAR(30)", Want: `"30"`},
			{Expr: "DATENAME(year, CAST('12:10:30.123' AS TIME))", Type: "NVARCHAR(30)", Error: 9810},
		},
	},
	{
		Name: "DATEPART", Class: Scalar, Params: []Param{part, moment},
		Help:   "a part of a date or time: year, quarter, month, day, dayofyear, week, weekday, iso_week, hour, minute, second, millisecond, microsecond or nanosecond; weeks begin on Sunday",
		Result: intResult, Eval: datePart, SQLite: "sd_datepart", TypeArg: ArgumentType,
		Examples: []Example{
			{Expr: "DATEPART(year, '2007-10-30 12:15:32.1234567')", Type: "INT", Want: "2007"},
			{Expr: "DATEPART(quarter, CAST('2007-10-30' AS DATE))", Type: "INT", Want: "4"},
			{Expr: "DATEPART(dayofyear, '2007-10-30 12:15:32.1234567')", Type: "INT", Want: "303"},
			{Expr: "DATEPART(week, '2007-10-30 12:15:32.1234567')", Type: "INT", Want: "44"},
			{Expr: "DATEPART(weekday, '2007-10-30 12:15:32.1234567')", Type: "INT", Want: "3"},
			{Expr: "DATEPART(iso_week, '2003-12-29')", Type: "INT", Want: "1"},
			{Expr: "DATEPART(nanosecond, '2007-10-30 12:15:32.1234567')", Type: "INT", Want: "123456700"},
			{Expr: "DATEPART(mi, CAST('12:10:30.123' AS TIME))", Type: "INT", Want: "10"},
			{Expr: "DATEPART(year, 0)", Type: "INT", Want: "1900"},
			{Expr: "DATEPART(hour, CAST('2007-10-30' AS DATE))", Type: "INT", Error: 9810},
		},
	},
	{
		Name: "DATETRUNC", Class: Scalar, Params: []Param{part, moment}, Help: "the date or time truncated to a part: the beginning of its year, week, hour and so on",
		Result: firstType, SQLite: "sd_datetrunc", TypeArg: ResultType,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			return sqltypes.DateTrunc(c.Part, c.Result, args[0])
		},
		Examples: []Example{
			{Expr: "DATETRUNC(quarter, '2021-12-08 11:30:15.1234567')", Type: "DATETIME2(7)", Want: `"2021-10-01T00:00:00"`},
			{Expr: "DATETRUNC(week, '2021-12-08 11:30:15.1234567')", Type: "DATETIME2(7)", Want: `"2021-12-05T00:00:00"`},
			{Expr: "DATETRUNC(microsecond, '2021-12-08 11:30:15.1234567')", Type: "DATETIME2(7)", Want: `"2021-12-08T11:30:15.123456"`},
			{Expr: "DATETRUNC(millisecond, CAST('2020-02-02 02:02:02.002' AS DATETIME))", Type: "DATETIME", Want: `"2020-02-02T02:02:02.003"`},
			{Expr: "DATETRUNC(week, CAST('0001-01-01' AS DATE))", Type: "DATE", Error: 9837},
			{Expr: "DATETRUNC(year, CAST('12:12:12.1234567' AS TIME))", Type: "TIME(7)", Error: 9810},
		},
	},
	{
		Name: "DATE_BUCKET", Class: Scalar, Params: []Param{part, {"number", Int}, {"date", Bucketed}, {"origin", Bucketed}}, Optional: 1,
		Help:   "the beginning of the date's bucket; buckets have a number of parts, and begin at the origin or at 1900-01-01",
		Result: secondType, SQLite: "sd_datebucket", TypeArg: ResultType,
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			var origin sqltypes.Value
			if len(args) > 2 {
				origin = args[2]
			}
			return sqltypes.DateBucket(c.Part, c.Result, args[0].Int, args[1], origin)
		},
		Examples: []Example{
			{Expr: "DATE_BUCKET(week, 5, CAST('2020-04-15 21:22:11' AS DATETIME2(0)))", Type: "DATETIME2(0)", Want: `"2020-04-06T00:00:00"`},
			{Expr: "DATE_BUCKET(week, 5, CAST('2020-06-15 21:22:11' AS DATETIME2(0)), CAST('2019-01-01' AS DATETIME2(0)))", Type: "DATETIME2(0)", Want: `"2020-06-09T00:00:00"`},
			{Expr: "DATE_BUCKET(day, 365, CAST('2000-01-01 01:01:01.1110000' AS DATETIME2))", Type: "DATETIME2(7)", Want: `"1999-12-08T00:00:00"`},
			{Expr: "DATE_BUCKET(month, 1, CAST('2020-04-15' AS DATE))", Type: "DATE", Want: `"2020-04-01"`},
			{Expr: "DATE_BUCKET(day, -1, CAST('2020-04-15' AS DATE))", Type: "DATE", Error: 9834},
		},
	},
	partFunction("DAY", sqltypes.PartDay, "the day of the month", Example{Expr: "DAY('2015-04-30 01:01:01.1234567')", Type: "INT", Want: "30"}),
	{
		Name: "EOMONTH", Class: Scalar, Params: []Param{{"date", Day}, months}, Optional: 1, Help: "the last day of the date's month, or of the one some months later",
		Result: result(sqltypes.DateType), SQLite: "sd_eomonth",
		Eval: func(_ Call, args []sqltypes.Value) (sqltypes.Value, error) {
			var later int64
			if len(args) > 1 {
				later = args[1].Int
			}
			return sqltypes.EndOfMonth(args[0], later)
		},
		Examples: []Example{
			{Expr: "EOMONTH('12/1/2011')", Type: "DATE", Want: `"2011-12-31"`},
			{Expr: "EOMONTH(CAST('2011-12-15' AS DATETIME), -1)", Type: "DATE", Want: `"2011-11-30"`},
			{Expr: "EOMONTH(CAST('9999-12-15' AS DATE), 1)", Type: "DATE", Error: 517},
		},
	},
	partFunction("MONTH", sqltypes.PartMonth, "the month", Example{Expr: "MONTH('2007-04-30T01:01:01.1234567')", Type: "INT", Want: "4"}),
	partFunction("YEAR", sqltypes.PartYear, "the year", Example{Expr: "YEAR('2010-04-30T01:01:01.1234567')", Type: "INT", Want: "2010"}, Example{Expr: "YEAR('')", Type: "INT", Want: "1900"}),
}

// ofParts returns the row of a function that makes a date or time of its parts; of the last, the
// precision, if scaled is set.
func ofParts(name string, t sqltypes.Type, help string, parts []string, scaled bool, examples ...Example) Func {
	f := Func{
		Name: name, Class: Scalar, Help: help, SQLite: "sd_" + strings.ToLower(name), TypeArg: ResultType, Examples: examples,
		Result: func(args []sqltypes.Type) sqltypes.Type {
			if scaled {
				t.Scale = args[len(args)-1].Scale
			}
			return t
		},
		Eval: func(c Call, args []sqltypes.Value) (sqltypes.Value, error) {
			few := make([]int64, 0, 7)
			for _, a := range args {
				few = append(few, a.Int)
			}
			return sqltypes.DateFromParts(c.Result, few)
		},
	}
	for _, p := range parts {
		f.Params = append(f.Params, Param{p, Int})
	}
	if scaled {
		f.Params = append(f.Params, Param{"precision", Precision})
	}
	return f
}

var dayParts = []string{"year", "month", "day"}

// dateConstructors are the functions that make dates and times of their parts.
var dateConstructors = []Func{
	ofParts("DATEFROMPARTS", sqltypes.DateType, "the DATE of these parts", dayParts, false,
		Example{Expr: "DATEFROMPARTS(2010, 12, 31)", Type: "DATE", Want: `"2010-12-31"`},
		Example{Expr: "DATEFROMPARTS(2023, 2, 29)", Type: "DATE", Error: 289}),
	ofParts("DATETIME2FROMPARTS", sqltypes.DateTime2Type, "the DATETIME2 of these parts; the precision, a constant, says what the fractions are units of",
		append(dayParts[:3:3], "hour", "minute", "seconds", "fractions"), true,
		Example{Expr: "DATETIME2FROMPARTS(2011, 8, 15, 14, 23, 44, 5, 1)", Type: "DATETIME2(1)", Want: `"2011-08-15T14:23:44.5"`},
		Example{Expr: "DATETIME2FROMPARTS(2011, 8, 15, 14, 23, 44, 50, 2)", Type: "DATETIME2(2)", Want: `"2011-08-15T14:23:44.5"`},
		Example{Expr: "DATETIME2FROMPARTS(2011, 8, 15, 14, 23, 44, 50, 1)", Type: "DATETIME2(1)", Error: 289}),
	ofParts("DATETIMEFROMPARTS", sqltypes.DateTimeType, "the DATETIME of these parts", append(dayParts[:3:3], "hour", "minute", "seconds", "milliseconds"), false,
		Example{Expr: "DATETIMEFROMPARTS(2010, 12, 31, 23, 59, 59, 0)", Type: "DATETIME", Want: `"2010-12-31T23:59:59"`},
		Example{Expr: "DATETIMEFROMPARTS(1752, 12, 31, 23, 59, 59, 0)", Type: "DATETIME", Error: 289}),
	ofParts("SMALLDATETIMEFROMPARTS", sqltypes.SmallDateTimeType, "the SMALLDATETIME of these parts", append(dayParts[:3:3], "hour", "minute"), false,
		Example{Expr: "SMALLDATETIMEFROMPARTS(2010, 12, 31, 23, 59)", Type: "SMALLDATETIME", Want: `"2010-12-31T23:59:00"`}),
	ofParts("TIMEFROMPARTS", sqltypes.Type{Kind: sqltypes.Time}, "the TIME of these parts; the precision, a constant, says what the fractions are units of",
		[]string{"hour", "minute", "seconds", "fractions"}, true,
		Example{Expr: "TIMEFROMPARTS(14, 23, 44, 500, 3)", Type: "TIME(3)", Want: `"14:23:44.5"`},
		Example{Expr: "TIMEFROMPARTS(24, 0, 0, 0, 0)", Type: "TIME(0)", Error: 289}),
}
