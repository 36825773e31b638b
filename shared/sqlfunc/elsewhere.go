package sqlfunc

// unsupported maps T-SQL functions that are not in the table to advice on what to do
// instead, if there is any. Listing them also avoids suggestions of similar names, such
// as LOWER for POWER.
// Source: https://learn.microsoft.com/sql/t-sql/functions/functions
var unsupported = map[string]string{
	// Strings.
	"ASCII": "", "CHAR": "", "CHARINDEX": "write x LIKE '%text%' to test whether it contains the text", "CONCAT": "write a + b, with COALESCE(a, '') where a may be NULL",
	"CONCAT_WS": "write a + ', ' + b", "DIFFERENCE": "", "FORMAT": "format values after reading them", "LEFT": "write SUBSTRING(x, 1, n)",
	"NCHAR": "", "PATINDEX": "write x LIKE pattern to test whether it matches", "QUOTENAME": "", "REPLACE": "", "REPLICATE": "", "REVERSE": "",
	"RIGHT": "write SUBSTRING(x, LEN(x) - n + 1, n)", "SOUNDEX": "", "SPACE": "write the spaces as a constant", "STR": "write CAST(x AS VARCHAR(20))",
	"STRING_AGG": "aggregate the strings after reading them", "STRING_ESCAPE": "", "STRING_SPLIT": "", "STUFF": "", "TRANSLATE": "", "UNICODE": "",
	// Numbers.
	"ACOS": "", "ASIN": "", "ATAN": "", "ATN2": "", "CEILING": "", "COS": "", "COT": "", "DEGREES": "", "EXP": "",
	"FLOOR": "write ROUND(x, 0, 1) for a number that is not negative", "GREATEST": "write CASE WHEN a > b THEN a ELSE b END",
	"LEAST": "write CASE WHEN a < b THEN a ELSE b END", "LOG": "", "LOG10": "", "PI": "write 3.141592653589793e0", "POWER": "write x * x",
	"RADIANS": "", "RAND": "", "SIGN": "write CASE WHEN x > 0 THEN 1 WHEN x < 0 THEN -1 ELSE 0 END", "SIN": "", "SQRT": "", "SQUARE": "write x * x", "TAN": "",
	// Dates and times.
	"CURRENT_TIMEZONE": "", "DATEADD": "compute the date before sending it", "DATEDIFF": "subtract parts, such as YEAR(b) - YEAR(a)", "DATEDIFF_BIG": "",
	"DATEFROMPARTS": "write the date as '2026-11-22'", "DATENAME": "write DATEPART(part, x)", "DATETIME2FROMPARTS": "write it as '2026-11-22T20:24:00'",
	"DATETIMEFROMPARTS": "write it as '2026-11-22T20:24:00'", "DATETRUNC": "", "DATE_BUCKET": "", "EOMONTH": "",
	"GETDATE": now, "GETUTCDATE": now, "ISDATE": "", "SWITCHOFFSET": "", "SYSDATETIME": now, "SYSDATETIMEOFFSET": now, "SYSUTCDATETIME": now,
	"TIMEFROMPARTS": "write the time as '20:24:00'", "TODATETIMEOFFSET": "",
	// The rest.
	"APPROX_COUNT_DISTINCT": "write COUNT(DISTINCT x)", "CHECKSUM": "", "CHECKSUM_AGG": "", "CHOOSE": "write CASE x WHEN 1 THEN a WHEN 2 THEN b END",
	"COMPRESS": "", "DATALENGTH": "", "DB_NAME": "it is the request's db_name", "DECOMPRESS": "", "GROUPING": "", "GROUPING_ID": "", "HASHBYTES": "",
	"ISJSON": "", "ISNUMERIC": "", "JSON_QUERY": "", "JSON_VALUE": "", "NEWID": "generate the value before sending it", "NEWSEQUENTIALID": "generate the value before sending it",
	"OBJECT_ID": "see /metadata for the tables", "PARSENAME": "", "STDEV": "", "STDEVP": "", "TRY_CONVERT": "", "VAR": "", "VARP": "",
	"SCOPE_IDENTITY": "generate keys before sending them", "ROWCOUNT_BIG": "the answer contains the number of rows", "USER_NAME": "", "HOST_NAME": "",
	// Window functions.
	"CUME_DIST": "", "DENSE_RANK": "", "FIRST_VALUE": "", "LAG": "", "LAST_VALUE": "", "LEAD": "", "NTILE": "", "PERCENTILE_CONT": "", "PERCENTILE_DISC": "",
	"PERCENT_RANK": "", "RANK": "", "ROW_NUMBER": "",
}

const now = "send the time as a parameter, so that every shard uses the same"

// Unsupported reports whether T-SQL has a function of that name, in capitals, that is not
// in the table, and returns advice on what to do instead, or "".
func Unsupported(name string) (advice string, ok bool) {
	advice, ok = unsupported[name]
	return advice, ok
}
