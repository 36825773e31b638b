package sqlfunc

// forms are the functions that the binder implements.
var forms = []Func{
	{
		Name: "CAST", Class: Form, Params: []Param{value}, Syntax: "CAST(value AS type)", Help: "the value converted to the type",
		Examples: []Example{
			{Expr: "CAST(10.6496 AS INT)", Type: "INT", Want: "10"},
			{Expr: "CAST(10.3496847 AS DECIMAL(6,4))", Type: "DECIMAL(6,4)", Want: `"10.3497"`},
			{Expr: "CAST(12345 AS VARCHAR(2))", Type: "VARCHAR(2)", Want: `"*"`},
			{Expr: "CAST('abc' AS INT)", Type: "INT", Error: 245},
		},
	},
	{
		Name: "CHOOSE", Class: Form, Params: []Param{{"index", Integer}, value, value}, Variadic: true, Optional: 1,
		Syntax: "CHOOSE(index, value, ...)",
		Help:   "the value at the index, from 1; NULL if there is none",
		Examples: []Example{
			{Expr: "CHOOSE(3, 'Manager', 'Director', 'Developer', 'Tester')", Type: "VARCHAR(9)", Want: `"Developer"`},
			{Expr: "CHOOSE(0, 1, 2)", Type: "INT", Want: "null"},
			{Expr: "CHOOSE(2.9, 1, 2.5)", Type: "DECIMAL(11,1)", Want: `"2.5"`},
		},
	},
	{
		Name: "COALESCE", Class: Form, Params: []Param{value, value}, Variadic: true, Help: "the first value that is not NULL",
		Examples: []Example{{Expr: "COALESCE(NULL, 2, 3)", Type: "INT", Want: "2"}, {Expr: "COALESCE(NULL, 1.5, 2)", Type: "DECIMAL(11,1)", Want: `"1.5"`}},
	},
	{
		Name: "CONVERT", Class: Form, Params: []Param{value}, Syntax: "CONVERT(type, value [, style])",
		Help: "like CAST, with a style, a constant, for dates and times as text in either direction, and for money, floats and binary values as text",
		Examples: []Example{
			{Expr: "CONVERT(VARCHAR(10), 1.50)", Type: "VARCHAR(10)", Want: `"1.50"`},
			{Expr: "CONVERT(VARCHAR(30), CAST('2012-11-07T18:26:20.000' AS DATETIME), 126)", Type: "VARCHAR(30)", Want: `"2012-11-07T18:26:20"`},
			{Expr: "CONVERT(DATETIME, '18/04/2006', 103)", Type: "DATETIME", Want: `"2006-04-18T00:00:00"`},
			{Expr: "CONVERT(VARCHAR(10), CAST(3510.92 AS MONEY), 1)", Type: "VARCHAR(10)", Want: `"3,510.92"`},
			{Expr: "CONVERT(CHAR(8), 0x4E616D65, 1)", Type: "CHAR(8)", Want: `"0x4E616D"`},
			{Expr: "CONVERT(VARCHAR(30), CAST('2012-11-07' AS DATETIME), 99)", Type: "VARCHAR(30)", Error: 281},
		},
	},
	{
		Name: "IIF", Class: Form, Params: []Param{value, value}, Syntax: "IIF(condition, value, value)",
		Help:     "the first value if the condition is true, otherwise the second",
		Examples: []Example{{Expr: "IIF(45 > 30, 'TRUE', 'FALSE')", Type: "VARCHAR(5)", Want: `"TRUE"`}},
	},
	{
		Name: "ISNULL", Class: Form, Params: []Param{value, value}, Help: "the first value; if that is NULL, the second, converted to the first one's type",
		Examples: []Example{{Expr: "ISNULL(CAST(NULL AS VARCHAR(2)), 'abc')", Type: "VARCHAR(2)", Want: `"ab"`}},
	},
	{
		Name: "NULLIF", Class: Form, Params: []Param{value, value}, Help: "the first value, or NULL if the two are equal",
		Examples: []Example{{Expr: "NULLIF(4, 4)", Type: "INT", Want: "null"}, {Expr: "NULLIF(5, 4)", Type: "INT", Want: "5"}},
	},
	{
		Name: "TRY_CAST", Class: Form, Params: []Param{value}, Syntax: "TRY_CAST(value AS type)", Help: "like CAST, but NULL if the value cannot be converted",
		Examples: []Example{
			{Expr: "TRY_CAST('12/31/2010' AS DATETIME2)", Type: "DATETIME2(7)", Want: `"2010-12-31T00:00:00"`},
			{Expr: "TRY_CAST('test' AS FLOAT)", Type: "FLOAT", Want: "null"},
			{Expr: "TRY_CAST(300 AS TINYINT)", Type: "TINYINT", Want: "null"},
			{Expr: "TRY_CAST(1 AS DATE)", Type: "DATE", Error: 529},
		},
	},
	{
		Name: "TRY_CONVERT", Class: Form, Params: []Param{value}, Syntax: "TRY_CONVERT(type, value [, style])", Help: "like CONVERT, but NULL if the value cannot be converted",
		Examples: []Example{
			{Expr: "TRY_CONVERT(DATE, '18/04/2006', 101)", Type: "DATE", Want: "null"},
			{Expr: "TRY_CONVERT(DATE, '18/04/2006', 103)", Type: "DATE", Want: `"2006-04-18"`},
			{Expr: "TRY_CONVERT(VARCHAR(10), CAST('2010-12-31' AS DATETIME), NULL)", Type: "VARCHAR(10)", Want: "null"},
		},
	},
}
