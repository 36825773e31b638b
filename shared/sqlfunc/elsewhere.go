package sqlfunc

// unsupported maps T-SQL functions that are not in the table to advice on what to do
// instead, if there is any. Listing them also avoids suggestions of similar names, such
// as LOWER for POWER.
// Source: https://learn.microsoft.com/sql/t-sql/functions/functions
var unsupported = map[string]string{
	// Strings.
	"FORMAT": "write CONVERT(VARCHAR(30), x, style)", "STRING_SPLIT": "",
	// Numbers.
	"RAND": "make random numbers before sending them",
	// Dates and times.
	"CURRENT_TIMEZONE": "", "SWITCHOFFSET": "", "SYSDATETIMEOFFSET": "write SYSDATETIME(), whose time zone is UTC",
	"TODATETIMEOFFSET": "",
	// The rest.
	"CHECKSUM": "", "CHECKSUM_AGG": "", "COMPRESS": "", "DECOMPRESS": "", "GROUPING": "", "GROUPING_ID": "", "HASHBYTES": "",
	"ISJSON": "", "JSON_QUERY": "", "JSON_VALUE": "", "NEWID": "generate the value before sending it", "NEWSEQUENTIALID": "generate the value before sending it",
	"OBJECT_ID": "see /metadata for the tables", "PARSENAME": "",
	"SCOPE_IDENTITY": "generate keys before sending them", "ROWCOUNT_BIG": "the answer contains the number of rows", "USER_NAME": "", "HOST_NAME": "",
	"@@ROWCOUNT": "the answer contains the number of rows", "@@ERROR": "an answer that fails contains the error", "@@TRANCOUNT": "each statement is a transaction of its own",
	"@@IDENTITY": "generate keys before sending them", "@@SERVERNAME": "GET /health names the master", "@@SPID": "GET /queries lists the statements that are running",
	// Window functions.
	"PERCENTILE_CONT": "", "PERCENTILE_DISC": "",
}

// Unsupported reports whether T-SQL has a function of that name, in capitals, that is not
// in the table, and returns advice on what to do instead, or "".
func Unsupported(name string) (advice string, ok bool) {
	advice, ok = unsupported[name]
	return advice, ok
}
