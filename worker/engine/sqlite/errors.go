package sqlite

import (
	"errors"
	"log/slog"
	"strconv"
	"strings"

	lib "modernc.org/sqlite/lib"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// SQLite's primary result codes that the engine tells apart.
const (
	codeBusy       = lib.SQLITE_BUSY
	codeFull       = lib.SQLITE_FULL
	codeInterrupt  = lib.SQLITE_INTERRUPT
	codeConstraint = lib.SQLITE_CONSTRAINT
	codeTooBig     = lib.SQLITE_TOOBIG
	codeAuth       = lib.SQLITE_AUTH
	codeNoMem      = lib.SQLITE_NOMEM
	codeIOErr      = lib.SQLITE_IOERR
	codeError      = lib.SQLITE_ERROR
	codeRange      = lib.SQLITE_RANGE
)

// statementProblem returns what a caller is told of a statement that SQLite
// refused; an error that is no refusal comes back as it is.
func statementProblem(err error) error {
	err = contract.Refusal(err) // also what a function of the engine refused and SQLite wrapped
	e, ok := errors.AsType[*raw.Error](err)
	if !ok {
		return err
	}
	switch e.Primary() {
	case codeConstraint:
		if p := constraintProblem(e); p != nil {
			return p
		}
	case codeTooBig:
		return contract.Numbered(mssqlerr.Truncation, "a value is too large to be stored")
	case codeAuth:
		return contract.OutOfBounds("transactions, PRAGMA, ATTACH and tables whose names begin with an underscore are the worker's own")
	case codeError, codeRange:
		return api.NewProblem(api.CodeSyntax, "SQLite cannot run the statement: %s", e.Msg)
	}
	return err
}

// constraintProblem reads which constraint failed. SQLite tells it in the
// message alone: "UNIQUE constraint failed: t.a, t.b", "CHECK constraint failed: name".
func constraintProblem(e *raw.Error) *api.Problem {
	_, what, _ := strings.Cut(e.Msg, "constraint failed: ")
	switch e.Code {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		columns := strings.Split(what, ", ")
		for i := range columns {
			columns[i] = columns[i][strings.IndexByte(columns[i], '.')+1:]
		}
		p := contract.Numbered(mssqlerr.DuplicateKey, "another row has this value of %s already", strings.Join(columns, ", "))
		if len(columns) == 1 {
			p.Column = columns[0]
		}
		return p.Hinted("choose another value, or update the row that is there")
	case lib.SQLITE_CONSTRAINT_NOTNULL:
		column := what[strings.IndexByte(what, '.')+1:]
		p := contract.Numbered(mssqlerr.NullViolation, "%s cannot be NULL", column)
		p.Column = column
		return p.Hinted("send a value for %s", column)
	case lib.SQLITE_CONSTRAINT_CHECK:
		number, column, ok := parseCheckName(what)
		if !ok {
			return contract.Numbered(mssqlerr.ConstraintConflict, "the row conflicts with the constraint %s", what)
		}
		p := contract.Numbered(number, "the value of %s does not fit its type", column)
		p.Column = column
		return p
	case lib.SQLITE_CONSTRAINT_DATATYPE:
		return contract.Numbered(mssqlerr.TypeConversion, "a value is not of its column's type")
	}
	return nil
}

// parseCheckName takes apart the name of a CHECK constraint, "ck_<number>_<column>".
func parseCheckName(name string) (number int, column string, ok bool) {
	rest, ok := strings.CutPrefix(name, "ck_")
	if !ok {
		return 0, "", false
	}
	digits, column, ok := strings.Cut(rest, "_")
	if !ok {
		return 0, "", false
	}
	number, err := strconv.Atoi(digits)
	return number, column, err == nil && column != ""
}

// storageProblem returns what a caller is told of a failure of the storage under
// the engine, and logs it: nothing was changed.
func storageProblem(err error, log *slog.Logger) error {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	log.Error("storage failure", "error", err)
	e, ok := errors.AsType[*raw.Error](err)
	switch {
	case ok && e.Primary() == codeFull:
		return api.NewProblem(api.CodeShardUnavailable, "the worker's disk is full").Hinted("free space on the worker's disk and send the request again")
	case ok && (e.Primary() == codeBusy || e.Primary() == codeNoMem):
		return api.NewProblem(api.CodeOverloaded, "the database is busy").Hinted("send the request again")
	case ok && e.Primary() == codeIOErr:
		return api.NewProblem(api.CodeShardUnavailable, "the worker cannot read or write its disk").Hinted("look at the worker's log and its disk")
	}
	return err
}

// commitProblem returns what the callers of a group are told whose COMMIT failed.
// A full disk is found while frames are written to the log, before the one that
// commits: the transaction is certain not to be there, and so it is when COMMIT
// was refused a lock. After any other failure (of the fsync above all) the
// frames may or may not come back when the file is next recovered.
func commitProblem(err error, log *slog.Logger) *api.Problem {
	if e, ok := errors.AsType[*raw.Error](err); ok && (e.Primary() == codeFull || e.Primary() == codeBusy) {
		return api.AsProblem(storageProblem(err, log))
	}
	log.Error("commit failed; the outcome of its writes is not known", "error", err)
	return contract.OutcomeUnknown("the worker could not make the write durable; it may or may not be there")
}
