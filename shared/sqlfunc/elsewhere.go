package sqlfunc

// unsupported maps T-SQL functions that are not in the table to advice on what to do
// instead, if there is any. Listing them also avoids suggestions of similar names, such
// as LOWER for POWER.
// Source: https://learn.microsoft.com/sql/t-sql/functions/functions
var unsupported = map[string]string{
	// Strings.
	"FORMAT": "format values after reading them", "STR": "write CAST(x AS VARCHAR(20))", "STRING_ESCAPE": "escape the text after reading it", "STRING_SPLIT": "",
	// Numbers.
	"RAND": "make random numbers before sending them",
	// Dates and times.
	"CURRENT_TIMEZONE": "", "GETDATE": now, "GETUTCDATE": now, "ISDATE": "", "SWITCHOFFSET": "", "SYSDATETIME": now, "SYSDATETIMEOFFSET": now, "SYSUTCDATETIME": now,
	"TODATETIMEOFFSET": "",
	// The rest.
	"CHECKSUM": "", "CHECKSUM_AGG": "", "COMPRESS": "", "DB_NAME": "it is the request's db_name", "DECOMPRESS": "", "GROUPING": "", "GROUPING_ID": "", "HASHBYTES": "",
	"ISJSON": "", "ISNUMERIC": "", "JSON_QUERY": "", "JSON_VALUE": "", "NEWID": "generate the value before sending it", "NEWSEQUENTIALID": "generate the value before sending it",
	"OBJECT_ID": "see /metadata for the tables", "PARSENAME": "", "TRY_CONVERT": "",
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
