package contract

import (
	"context"
	"errors"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
)

// numberCodes are the codes of SQL Server's error numbers.
var numberCodes = map[int]api.Code{
	mssqlerr.DuplicateKey:           api.CodeDuplicateKey,
	mssqlerr.DuplicateIndexKey:      api.CodeDuplicateKey,
	mssqlerr.NullViolation:          api.CodeNullViolation,
	mssqlerr.Truncation:             api.CodeValueTooLong,
	mssqlerr.TruncationUnnamed:      api.CodeValueTooLong,
	mssqlerr.Overflow:               api.CodeOutOfRange,
	mssqlerr.OverflowOfInteger:      api.CodeOutOfRange,
	mssqlerr.OverflowOfFloat:        api.CodeOutOfRange,
	mssqlerr.DateConversion:         api.CodeConversionFailed,
	mssqlerr.IntConversion:          api.CodeConversionFailed,
	mssqlerr.TypeConversion:         api.CodeConversionFailed,
	mssqlerr.GUIDConversion:         api.CodeConversionFailed,
	mssqlerr.DivideByZero:           api.CodeDivideByZero,
	mssqlerr.InvalidSubstringLength: api.CodeOutOfRange,   // the length of SUBSTRING
	mssqlerr.IndexEntryTooLong:      api.CodeValueTooLong, // of an index's key
	mssqlerr.RowTooLarge:            api.CodeValueTooLong, // of a row
}

// NumberCode returns the code that belongs to SQL Server's number for a refused
// value; false when the number is not of a value.
func NumberCode(number int) (api.Code, bool) {
	c, ok := numberCodes[number]
	return c, ok
}

// Numbered returns a problem with SQL Server's number and the code that belongs
// to it, out_of_range when none does.
func Numbered(number int, format string, args ...any) *api.Problem {
	code, ok := numberCodes[number]
	if !ok {
		code = api.CodeOutOfRange
	}
	p := api.NewProblem(code, format, args...)
	p.SQLNumber = number
	return p
}

// Refusal returns the problem of a value that could not be converted; another
// error comes back as it is.
func Refusal(err error) error {
	if p, ok := api.ProblemOf(err); ok {
		return p
	}
	return err
}

// ContextProblem returns what a caller is told whose context ended before its work began or was done.
func ContextProblem(err error) *api.Problem {
	if errors.Is(err, context.DeadlineExceeded) {
		return api.NewProblem(api.CodeShardTimeout, "the time for the request ran out").Hinted("try again, or allow more time")
	}
	return api.NewProblem(api.CodeCanceled, "the request was cancelled")
}

// NotBegun is told to who waited for a write that was never begun.
func NotBegun() *api.Problem {
	return api.NewProblem(api.CodeOverloaded, "the write did not begin in time; nothing was done").
		Hinted("send it again, or allow more time")
}

// Closed is told to who comes after Close.
func Closed() *api.Problem {
	return api.NewProblem(api.CodeShardUnavailable, "the worker is shutting down").Hinted("send the request again once it is back")
}

// OutcomeUnknown is told to who cannot be told whether a write was committed.
func OutcomeUnknown(format string, args ...any) *api.Problem {
	return api.NewProblem(api.CodeOutcomeUnknown, format, args...).
		Hinted("read the rows to see, or send the request again with the same Idempotency-Key")
}

// UnknownDatabase refuses a database that the engine does not have.
func UnknownDatabase(name string) *api.Problem {
	return api.NewProblem(api.CodeUnknownDatabase, "there is no database %s here", name).At("db_name").
		Hinted("create it first, or check the name")
}

// DatabaseExists refuses to create a database that is there.
func DatabaseExists(name string) *api.Problem {
	return api.NewProblem(api.CodeDatabaseExists, "the database %s exists already", name).At("db_name").
		Hinted("choose another name, or drop it first")
}

// UnknownTable refuses a table that the database does not have.
func UnknownTable(name string) *api.Problem {
	return api.NewProblem(api.CodeUnknownTable, "there is no table %s here", name).At("table").
		Hinted("create it first, or check the name")
}

// TableExists refuses to create a table that is there.
func TableExists(name string) *api.Problem {
	return api.NewProblem(api.CodeTableExists, "the table %s exists already", name).At("table").
		Hinted("choose another name, or drop it first")
}

// StaleSchema refuses a request that was made for another definition of a table than it has.
func StaleSchema(name, have, want string) *api.Problem {
	return api.NewProblem(api.CodeStaleSchema, "table %s has definition %s here, not %s", name, have, want).
		Hinted("load the table's definition and make the request anew")
}

// IdempotencyMismatch refuses a key that was used for another request.
func IdempotencyMismatch() *api.Problem {
	return api.NewProblem(api.CodeIdempotencyMismatch, "this Idempotency-Key was used for another request").
		Hinted("use a new key for a new request")
}

// ChangesNothing refuses a statement of a write that only reads.
func ChangesNothing() *api.Problem {
	return api.NewProblem(api.CodeInvalidField, "the statement changes nothing")
}

// NoSelect refuses a query that is no SELECT.
func NoSelect() *api.Problem {
	return api.NewProblem(api.CodeInvalidField, "the statement is no SELECT").At("sql")
}

// OutOfBounds refuses a statement that reaches beyond what requests may touch.
func OutOfBounds(hint string) *api.Problem {
	return api.NewProblem(api.CodeForbidden, "the statement reaches beyond its table").Hinted("%s", hint)
}
