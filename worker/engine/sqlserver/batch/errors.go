package batch

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/worker/engine/contract"
)

// Numbered maps an error of SQL Server to a problem. Its message, which is in the server's
// language and may contain values, is only searched for the name of a column; it is repeated only
// if the statement's text is at fault.
func Numbered(number int32, message string) *api.Problem {
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
		return "SQL Server refused the worker's login", LoginHint
	case mssqlerr.CannotOpenDatabase, mssqlerr.DatabaseAccess:
		return "SQL Server does not let the worker's login open the database, or the database does not exist", LoginHint
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

// LoginHint is what to do about a refused login.
const LoginHint = "check the user and its password in WORKER_DSN, and its grants on the server; see docs/sql-server.md"
