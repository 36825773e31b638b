// Package sqlserver is the engine over Microsoft SQL Server 2019 and later: a
// physical database of the server for each logical one, and one more for the
// worker's own state.
//
// The worker keeps nothing that the server does not: every check that a write or
// a query depends on (the fence, a table's version, an idempotency key) is made
// by the server in the batch that does the work, and in the same transaction. So
// a write is one round trip in the ordinary case, and a query is one too.
//
// Statements are sent as calls of sp_executesql whose parameters the engine
// declares by the types of the plan, and not by what the driver would guess: an
// index on a VARCHAR column is used, and one text has one plan. Values travel in
// forms that the server converts to the declared type without loss, a NULL always
// with its type.
//
// Rows are read from the driver one at a time and written out in wire form (see
// shared/sqltypes); nothing of a result is kept. A query whose context ends is
// cancelled at the server, and its connection is closed, never used again.
//
// Passwords are in no error and no log: a connection string that cannot be read
// is refused without a word of it, and the driver's own errors about it are not
// repeated.
//
// The package runs the SQL it is given (see master/dialect) and parses none of it.
package sqlserver
