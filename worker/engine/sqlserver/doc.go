// Package sqlserver is the engine over Microsoft SQL Server 2019 and later: a physical database
// on the server for each logical one, and one more for the worker's own state.
//
// The worker is stateless: every check that a write or a query depends on (the fence, a table's
// version, an idempotency key) is made by the server in the batch that does the work, and in the
// same transaction. So a write is normally one round trip, and so is a query.
//
// Statements are sent as calls of sp_executesql whose parameters the engine declares with the
// types of the plan, not with the driver's guesses: an index on a VARCHAR column is used, and a
// text has a single plan. Values travel in forms that the server converts to the declared type
// without loss, a NULL always with its type.
//
// Rows are read from the driver one at a time and written in wire form (see shared/sqltypes);
// results are not buffered. A query whose context ends is cancelled at the server, and its
// connection is closed, never reused.
//
// Passwords appear in no error and no log: errors about an invalid connection string repeat
// nothing of it, not even the driver's own errors.
//
// The package runs the SQL it is given (see master/dialect) and parses none of it.
package sqlserver
