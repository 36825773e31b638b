package sqlserver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/worker/engine/contract"
)

// fatalClass is the severity from which on SQL Server ends the connection.
const fatalClass = 20

// phase is how far a request had got when an error came.
type phase uint8

const (
	// phaseIdle: nothing was sent, or nothing that changes anything.
	phaseIdle phase = iota
	// phaseRead: a query was under way.
	phaseRead
	// phaseWrite: a write was sent, and the server may have committed it.
	phaseWrite
)

// problem returns what a caller is told of an error of the driver's, the
// network's or a context's. Errors that are none of those come back as they are.
func problem(err error, at phase) error {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	refused, isRefusal := errors.AsType[mssql.Error](err)
	_, isFatal := errors.AsType[mssql.ServerError](err)
	switch {
	case errors.Is(err, driver.ErrBadConn):
		// The driver says it of a connection that was broken before anything was sent on it.
		return connectionLost("nothing was done")
	case isRefusal && !isFatal && refused.Class < fatalClass:
		refused = lead(refused)
		return numbered(refused.Number, refused.Message)
	case at == phaseWrite:
		return contract.OutcomeUnknown("%s after a write was sent; it may or may not be there", whatBroke(err))
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return contract.ContextProblem(err)
	case isRefusal || isFatal || broken(err):
		return connectionLost("no more of the answer will come")
	}
	return err
}

func connectionLost(so string) *api.Problem {
	return api.NewProblem(api.CodeShardUnavailable, "the worker's connection to SQL Server broke; %s", so).
		Hinted("send the request again; if it goes on, look at the database server")
}

func whatBroke(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "SQL Server did not answer in time"
	case errors.Is(err, context.Canceled):
		return "the wait for SQL Server was cancelled"
	}
	return "the connection to SQL Server broke"
}

// lead returns the error that says what happened, of the several that SQL Server may
// answer a statement with. The driver has the last of them, which can be one that
// only says that the one before it made the statement fail: of a login to a database
// that is not there, 4060 and then 18456; of a busy model database, 1807 and then 1802.
func lead(e mssql.Error) mssql.Error {
	for i := len(e.All) - 1; i >= 0; i-- {
		switch e.All[i].Number {
		case mssqlerr.TransactionCount, mssqlerr.UncommittableTransaction, mssqlerr.ConstraintNotCreated,
			mssqlerr.DatabaseNotCreated, mssqlerr.AlterDatabaseFailed, mssqlerr.LoginFailed:
		default:
			return e.All[i]
		}
	}
	return e
}

// broken says whether an error is of the connection: cut, reset, timed out, or
// with something on it that is not TDS.
func broken(err error) bool {
	_, stream := errors.AsType[mssql.StreamError](err)
	return stream || errors.Is(err, sql.ErrConnDone) || isNetwork(err)
}

// numbered returns the problem of an error that SQL Server answered with. Its
// message, which is in the server's language and may repeat values, is read for
// the name of a column alone; only where the text of the statement itself is at
// fault is it repeated.
func numbered(number int32, message string) *api.Problem {
	if same, ok := sameRefusal[number]; ok {
		number = same
	}
	if _, ok := contract.NumberCode(int(number)); ok || number == mssqlerr.ConstraintConflict {
		return refusedValue(number, message)
	}
	code, ok := numberCodes[number]
	if !ok {
		p := api.NewProblem(api.CodeSyntax, "SQL Server cannot run the statement: %s", message)
		p.SQLNumber = int(number)
		return p
	}
	detail, hint := explain(number, code)
	p := api.NewProblem(code, "%s", detail).Hinted("%s", hint)
	if code == api.CodeUnknownColumn || code == api.CodeConversionFailed || code == api.CodeTooComplex {
		p.Detail += ": " + message
	}
	p.SQLNumber = int(number)
	return p
}

// refusedValue words the refusal of a value, by its number, as the other engines do.
func refusedValue(number int32, message string) *api.Problem {
	switch number {
	case mssqlerr.DuplicateKey:
		return contract.Numbered(mssqlerr.DuplicateKey, "another row has this key already").
			Hinted("choose another value, or update the row that is there")
	case mssqlerr.NullViolation:
		if column := namedColumn(message); column != "" {
			p := contract.Numbered(mssqlerr.NullViolation, "%s cannot be NULL", column)
			p.Column = column
			return p.Hinted("send a value for %s", column)
		}
		return contract.Numbered(mssqlerr.NullViolation, "a column cannot be NULL").Hinted("send a value for each column that has no default")
	case mssqlerr.Truncation:
		p := contract.Numbered(mssqlerr.Truncation, "a value is longer than its column holds")
		p.Column = namedColumn(message)
		return p.Hinted("send a shorter value, or give the column a greater length")
	case mssqlerr.ConstraintConflict:
		return contract.Numbered(mssqlerr.ConstraintConflict, "the row conflicts with a constraint of its table")
	case mssqlerr.Overflow:
		return contract.Numbered(mssqlerr.Overflow, "a value, or the result of an expression, is out of its type's range")
	case mssqlerr.DivideByZero:
		return contract.Numbered(mssqlerr.DivideByZero, "the statement divides by zero")
	case mssqlerr.InvalidSubstringLength:
		return contract.Numbered(mssqlerr.InvalidSubstringLength, "the length of SUBSTRING is negative").Hinted("ask for 0 characters or more")
	case mssqlerr.IndexEntryTooLong:
		return contract.Numbered(mssqlerr.IndexEntryTooLong, "the values of a key are longer than SQL Server can index").
			Hinted("send shorter ones: a primary key takes 900 bytes in all, other keys 1700, and a character of NVARCHAR is two or more")
	case mssqlerr.RowTooLarge:
		return contract.Numbered(mssqlerr.RowTooLarge, "the row is longer than SQL Server's pages hold").Hinted("send shorter values")
	}
	return contract.Numbered(int(number), "a value cannot be converted to its type")
}

// namedColumn returns the column that a message names as "column 'x'", which
// those of 515 and 2628 do in English; "" when it names none.
func namedColumn(message string) string {
	_, rest, ok := strings.Cut(message, "column '")
	if !ok {
		return ""
	}
	name, _, ok := strings.Cut(rest, "'")
	if !ok || api.CheckIdentifier("column", name) != nil {
		return ""
	}
	return name
}

// explain words an error that is not of a value: what happened and what to do.
func explain(number int32, code api.Code) (detail, hint string) {
	switch number {
	case mssqlerr.LoginFailed, mssqlerr.UntrustedDomain, mssqlerr.LoginLocked, mssqlerr.PasswordExpired, mssqlerr.PasswordChange:
		return "SQL Server refused the worker's login", loginHint
	case mssqlerr.CannotOpenDatabase, mssqlerr.DatabaseAccess:
		return "SQL Server does not let the worker's login open the database, or has no such database", loginHint
	case mssqlerr.ObjectPermission, mssqlerr.ColumnPermission, mssqlerr.DatabasePermission, mssqlerr.ActionPermission:
		return "the worker's login lacks a permission on SQL Server", "grant what the script in docs/sql-server.md grants"
	case mssqlerr.NoPage, mssqlerr.NoSpace, mssqlerr.LogFull:
		return "SQL Server's disk or log is full", "free space on the database server and send the request again"
	case mssqlerr.ReadOnly, mssqlerr.EmergencyMode:
		return "the database is read-only", "make it writable again, or look for its primary replica"
	}
	switch code {
	case api.CodeUnknownColumn:
		return "the statement names a column that is not there", "check the names"
	case api.CodeUnknownTable:
		return "the statement names a table that is not there", "create it first, or check the name"
	case api.CodeTableExists:
		return "the table exists already", "choose another name, or drop it first"
	case api.CodeUnknownDatabase:
		return "there is no such database on the server", "create it first, or check the name"
	case api.CodeDatabaseExists:
		return "the database exists already", "choose another name, or drop it first"
	case api.CodeOverloaded:
		return "other work was in the way; nothing was done", "send the request again"
	case api.CodeUnsupported:
		return "the table or one of its keys is wider than SQL Server can make it", "give the columns shorter types, or the key fewer columns"
	case api.CodeTooComplex:
		return "the statement is too large for SQL Server", "make it shorter"
	case api.CodeConversionFailed:
		return "the statement needs a conversion that T-SQL does not make", "write the value in the type's own form"
	}
	return "the database is not available at the moment", "look at the database server, and send the request again"
}

const loginHint = "check the user and its password in WORKER_DSN, and its grants on the server; see docs/sql-server.md"
