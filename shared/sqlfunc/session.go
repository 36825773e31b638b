package sqlfunc

// sessionFunctions return something about the statement and its session, which the binder
// replaces by a constant: every shard sees the same.
var sessionFunctions = []Func{
	{
		Name: "@@DATEFIRST", Class: Form, Syntax: "@@DATEFIRST", Help: "the first day of the week: 7, Sunday",
		Examples: []Example{{Expr: "@@DATEFIRST", Type: "TINYINT", Want: "7"}},
	},
	{
		Name: "@@LANGUAGE", Class: Form, Syntax: "@@LANGUAGE", Help: "the language of dates in text: us_english",
		Examples: []Example{{Expr: "@@LANGUAGE", Type: "NVARCHAR(128)", Want: `"us_english"`}},
	},
	{
		Name: "@@MAX_PRECISION", Class: Form, Syntax: "@@MAX_PRECISION", Help: "the greatest precision of DECIMAL, 38",
		Examples: []Example{{Expr: "@@MAX_PRECISION", Type: "TINYINT", Want: "38"}},
	},
	{
		Name: "@@VERSION", Class: Form, Syntax: "@@VERSION", Help: "Shardeck and its version",
		Examples: []Example{{Expr: "CASE WHEN @@VERSION LIKE 'Shardeck%' THEN 1 ELSE 0 END", Type: "INT", Want: "1"}},
	},
	{
		Name: "CURRENT_TIMESTAMP", Class: Form, Syntax: "CURRENT_TIMESTAMP", Help: "the same as GETDATE()",
		Examples: []Example{{Expr: "DATEDIFF_BIG(nanosecond, CURRENT_TIMESTAMP, GETDATE())", Type: "BIGINT", Want: "0"}},
	},
	{
		Name: "DB_NAME", Class: Form, Help: "the name of the database",
		Examples: []Example{{Expr: "DB_NAME()", Type: "NVARCHAR(128)", Want: `"School"`}},
	},
	{
		Name: "GETDATE", Class: Form, Help: "the time when the statement began, by the master's clock, in UTC, as a DATETIME",
		Examples: []Example{{Expr: "DATEDIFF(year, GETDATE(), GETUTCDATE())", Type: "INT", Want: "0"}},
	},
	{
		Name: "GETUTCDATE", Class: Form, Help: "the same as GETDATE(), whose time zone is UTC",
		Examples: []Example{{Expr: "CASE WHEN GETUTCDATE() = GETDATE() THEN 1 ELSE 0 END", Type: "INT", Want: "1"}},
	},
	{
		Name: "SYSDATETIME", Class: Form, Help: "the same time as GETDATE() as a DATETIME2(7)",
		Examples: []Example{{Expr: "DATEDIFF(second, GETDATE(), DATEADD(second, 1, SYSDATETIME()))", Type: "INT", Want: "1"}},
	},
	{
		Name: "SYSUTCDATETIME", Class: Form, Help: "the same as SYSDATETIME(), whose time zone is UTC",
		Examples: []Example{{Expr: "DATEDIFF(microsecond, SYSUTCDATETIME(), SYSDATETIME())", Type: "INT", Want: "0"}},
	},
}
