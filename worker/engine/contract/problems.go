package contract

import (
	"context"
	"errors"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
)

// numberCodes maps SQL Server's error numbers to codes.
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

// NumberCode returns the code for SQL Server's number for a refused value; false if the number is
// not about a value.
func NumberCode(number int) (api.Code, bool) {
	c, ok := numberCodes[number]
	return c, ok
}

// Numbered returns a problem with SQL Server's number and its code, out_of_range if it has none.
func Numbered(number int, format string, args ...any) *api.Problem {
	code, ok := numberCodes[number]
	if !ok {
		code = api.CodeOutOfRange
	}
	p := api.NewProblem(code, format, args...)
	p.SQLNumber = number
	return p
}

// Refusal returns the problem of a value that could not be converted; any other error is returned
// unchanged.
func Refusal(err error) error {
	if p, ok := api.ProblemOf(err); ok {
		return p
	}
	return err
}

// ContextProblem is the problem for a caller whose context ended before its work began or
// finished.
func ContextProblem(err error) *api.Problem {
	if errors.Is(err, context.DeadlineExceeded) {
		return api.NewProblem(api.CodeShardTimeout, "the request timed out").Hinted("try again, or allow more time")
	}
	return api.NewProblem(api.CodeCanceled, "the request was cancelled")
}

// NotBegun is the problem for a write that did not begin in time.
func NotBegun() *api.Problem {
	return api.NewProblem(api.CodeOverloaded, "the write did not begin in time; nothing was done").
		Hinted("send it again, or allow more time")
}

// Closed is the problem for requests after Close.
func Closed() *api.Problem {
	return api.NewProblem(api.CodeShardUnavailable, "the worker is shutting down").Hinted("send the request again once it is back")
}

// OutcomeUnknown is the problem for a write that may or may not have been committed.
func OutcomeUnknown(format string, args ...any) *api.Problem {
	return api.NewProblem(api.CodeOutcomeUnknown, format, args...).
		Hinted("read the rows to see, or send the request again with the same Idempotency-Key")
}

// UnknownDatabase is the problem for a database that does not exist.
func UnknownDatabase(name string) *api.Problem {
	return api.NewProblem(api.CodeUnknownDatabase, "database %s does not exist here", name).At("db_name").
		Hinted("create it first, or check the name")
}

// DatabaseExists is the problem for creating a database that already exists.
func DatabaseExists(name string) *api.Problem {
	return api.NewProblem(api.CodeDatabaseExists, "database %s already exists", name).At("db_name").
		Hinted("choose another name, or drop it first")
}

// PhysicalExists is the problem for creating a database whose physical name is taken.
func PhysicalExists(name, physical, owner string) *api.Problem {
	return api.NewProblem(api.CodeDatabaseExists, "database %s would have the physical name %s, which is that of database %s", name, physical, owner).
		At("db_name").Hinted("choose another name")
}

// UnknownTable is the problem for a table that does not exist.
func UnknownTable(name string) *api.Problem {
	return api.NewProblem(api.CodeUnknownTable, "table %s does not exist here", name).At("table").
		Hinted("create it first, or check the name")
}

// TableExists is the problem for creating a table that already exists.
func TableExists(name string) *api.Problem {
	return api.NewProblem(api.CodeTableExists, "table %s already exists", name).At("table").
		Hinted("choose another name, or drop it first")
}

// StaleSchema is the problem for a request built for a different definition of a table.
func StaleSchema(name, have, want string) *api.Problem {
	return api.NewProblem(api.CodeStaleSchema, "table %s has definition %s here, not %s", name, have, want).
		Hinted("load the table's definition and build the request again")
}

// IdempotencyMismatch is the problem for a key already used for a different request.
func IdempotencyMismatch() *api.Problem {
	return api.NewProblem(api.CodeIdempotencyMismatch, "this Idempotency-Key was used for a different request").
		Hinted("use a new key for a new request")
}

// ChangesNothing is the problem for a read-only statement in a write.
func ChangesNothing() *api.Problem {
	return api.NewProblem(api.CodeInvalidField, "the statement changes nothing")
}

// NoSelect is the problem for a query that is not a SELECT.
func NoSelect() *api.Problem {
	return api.NewProblem(api.CodeInvalidField, "the statement is not a SELECT").At("sql")
}

// OutOfBounds is the problem for a statement that accesses more than its table.
func OutOfBounds(hint string) *api.Problem {
	return api.NewProblem(api.CodeForbidden, "the statement accesses more than its table").Hinted("%s", hint)
}
