package sqlfunc

// forms are the functions whose meaning the binder has.
var forms = []Func{
	{
		Name: "CAST", Class: Form, Params: []Param{value}, Syntax: "CAST(value AS type)", Help: "the value converted to the type",
		Examples: []Example{
			{"CAST(10.6496 AS INT)", "INT", "10"},
			{"CAST(10.3496847 AS DECIMAL(6,4))", "DECIMAL(6,4)", `"10.3497"`},
			{"CAST(12345 AS VARCHAR(2))", "VARCHAR(2)", `"*"`},
			{"CAST('abc' AS INT)", "INT", "245"},
		},
	},
	{
		Name: "COALESCE", Class: Form, Params: []Param{value, value}, Variadic: true, Help: "the first value that is not NULL",
		Examples: []Example{{"COALESCE(NULL, 2, 3)", "INT", "2"}, {"COALESCE(NULL, 1.5, 2)", "DECIMAL(2,1)", `"1.5"`}},
	},
	{
		Name: "CONVERT", Class: Form, Params: []Param{value}, Syntax: "CONVERT(type, value)", Help: "the same; without styles",
		Examples: []Example{{"CONVERT(VARCHAR(10), 1.50)", "VARCHAR(10)", `"1.50"`}},
	},
	{
		Name: "IIF", Class: Form, Params: []Param{value, value}, Syntax: "IIF(condition, value, value)",
		Help:     "the first value where the condition is true, else the second",
		Examples: []Example{{"IIF(45 > 30, 'TRUE', 'FALSE')", "VARCHAR(5)", `"TRUE"`}},
	},
	{
		Name: "ISNULL", Class: Form, Params: []Param{value, value}, Help: "the second value, as the first one's type, where the first is NULL",
		Examples: []Example{{"ISNULL(CAST(NULL AS VARCHAR(2)), 'abc')", "VARCHAR(2)", `"ab"`}},
	},
	{
		Name: "NULLIF", Class: Form, Params: []Param{value, value}, Help: "the first value, or NULL where the two are equal",
		Examples: []Example{{"NULLIF(4, 4)", "INT", "null"}, {"NULLIF(5, 4)", "INT", "5"}},
	},
}
