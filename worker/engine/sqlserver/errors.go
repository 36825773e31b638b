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

// fatalClass is the minimum severity at which SQL Server ends the connection.
const fatalClass = 20

// phase is how far a request had got when an error occurred.
type phase uint8

const (
	// phaseIdle: nothing was sent, or nothing that changes anything.
	phaseIdle phase = iota
	// phaseRead: a query was in progress.
	phaseRead
	// phaseWrite: a write was sent, and the server may have committed it.
	phaseWrite
)

// problem maps an error of the driver, the network or a context to a problem. Other errors are
// returned unchanged.
func problem(err error, at phase) error {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	refused, isRefusal := errors.AsType[mssql.Error](err)
	_, isFatal := errors.AsType[mssql.ServerError](err)
	switch {
	case errors.Is(err, driver.ErrBadConn):
		// The driver returns it for a connection that broke before anything was sent on it.
		return connectionLost("nothing was done")
	case isRefusal && !isFatal && refused.Class < fatalClass:
		refused = rootError(refused)
		return numbered(refused.Number, refused.Message)
	case at == phaseWrite:
		return contract.OutcomeUnknown("%s after a write was sent; it may or may not have been applied", whatBroke(err))
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return contract.ContextProblem(err)
	case isRefusal || isFatal || broken(err):
		return connectionLost("the rest of the result is lost")
	}
	return err
}

func connectionLost(so string) *api.Problem {
	return api.NewProblem(api.CodeShardUnavailable, "the worker's connection to SQL Server broke; %s", so).
		Hinted("send the request again; if it persists, check the database server")
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

// rootError returns the root cause among the errors of one response. The driver reports the last
// of them, which may only say that the previous one made the statement fail: for a login to a
// missing database, 4060 and then 18456; for a busy model database, 1807 and then 1802.
func rootError(e mssql.Error) mssql.Error {
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

// broken reports whether an error is of the connection: cut, reset, timed out, or not speaking
// TDS.
func broken(err error) bool {
	_, stream := errors.AsType[mssql.StreamError](err)
	return stream || errors.Is(err, sql.ErrConnDone) || isNetwork(err)
}

// numbered maps an error of SQL Server to a problem. Its message, which is in the server's
// language and may contain values, is only searched for the name of a column; it is repeated only
// if the statement's text is at fault.
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
		return contract.Numbered(mssqlerr.DuplicateKey, "another row already has this key").
			Hinted("choose another value, or update the existing row")
	case mssqlerr.NullViolation:
		if column := namedColumn(message); column != "" {
			p := contract.Numbered(mssqlerr.NullViolation, "%s cannot be NULL", column)
			p.Column = column
			return p.Hinted("send a value for %s", column)
		}
		return contract.Numbered(mssqlerr.NullViolation, "a column cannot be NULL").Hinted("send a value for each column that has no default")
	case mssqlerr.Truncation:
		p := contract.Numbered(mssqlerr.Truncation, "a value is too long for its column")
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
		return contract.Numbered(mssqlerr.IndexEntryTooLong, "the values of a key are too long for an index of SQL Server").
			Hinted("send shorter ones: a primary key is limited to 900 bytes in total, other keys to 1700, and an NVARCHAR character takes two or more")
	case mssqlerr.RowTooLarge:
		return contract.Numbered(mssqlerr.RowTooLarge, "the row is too long for a page of SQL Server").Hinted("send shorter values")
	}
	return contract.Numbered(int(number), "a value cannot be converted to its type")
}

// namedColumn returns the column that a message names as "column 'x'", as the English messages of
// 515 and 2628 do; "" if there is none.
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

// explain words an error that is not about a value: what happened and what to do.
func explain(number int32, code api.Code) (detail, hint string) {
	switch number {
	case mssqlerr.LoginFailed, mssqlerr.UntrustedDomain, mssqlerr.LoginLocked, mssqlerr.PasswordExpired, mssqlerr.PasswordChange:
		return "SQL Server refused the worker's login", loginHint
	case mssqlerr.CannotOpenDatabase, mssqlerr.DatabaseAccess:
		return "SQL Server does not let the worker's login open the database, or the database does not exist", loginHint
	case mssqlerr.ObjectPermission, mssqlerr.ColumnPermission, mssqlerr.DatabasePermission, mssqlerr.ActionPermission:
		return "the worker's login lacks a permission on SQL Server", "grant what the script in docs/sql-server.md grants"
	case mssqlerr.NoPage, mssqlerr.NoSpace, mssqlerr.LogFull:
		return "SQL Server's disk or log is full", "free space on the database server and send the request again"
	case mssqlerr.ReadOnly, mssqlerr.EmergencyMode:
		return "the database is read-only", "make it writable again, or look for its primary replica"
	}
	switch code {
	case api.CodeUnknownColumn:
		return "the statement names a column that does not exist", "check the names"
	case api.CodeUnknownTable:
		return "the statement names a table that does not exist", "create it first, or check the name"
	case api.CodeTableExists:
		return "the table already exists", "choose another name, or drop it first"
	case api.CodeUnknownDatabase:
		return "the database does not exist on the server", "create it first, or check the name"
	case api.CodeDatabaseExists:
		return "the database already exists", "choose another name, or drop it first"
	case api.CodeOverloaded:
		return "the statement conflicted with other work; nothing was done", "send the request again"
	case api.CodeUnsupported:
		return "the table or one of its keys is too wide for SQL Server", "give the columns shorter types, or the key fewer columns"
	case api.CodeTooComplex:
		return "the statement is too large for SQL Server", "shorten it"
	case api.CodeConversionFailed:
		return "the statement needs a conversion that T-SQL does not support", "write the value in the type's own form"
	}
	return "the database is not available at the moment", "check the database server, and send the request again"
}

const loginHint = "check the user and its password in WORKER_DSN, and its grants on the server; see docs/sql-server.md"
