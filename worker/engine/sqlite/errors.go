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
	"shardeck/worker/engine/storage"
)

// SQLite's primary result codes that the engine distinguishes.
const (
	codeBusy       = lib.SQLITE_BUSY
	codeFull       = lib.SQLITE_FULL
	codeInterrupt  = lib.SQLITE_INTERRUPT
	codeConstraint = lib.SQLITE_CONSTRAINT
	codeTooBig     = lib.SQLITE_TOOBIG
	codeAuth       = lib.SQLITE_AUTH
	codeNoMem      = lib.SQLITE_NOMEM
	codeIOErr      = lib.SQLITE_IOERR
	codeReadOnly   = lib.SQLITE_READONLY
	codeCorrupt    = lib.SQLITE_CORRUPT
	codeNotADB     = lib.SQLITE_NOTADB
	codeCantOpen   = lib.SQLITE_CANTOPEN
	codeError      = lib.SQLITE_ERROR
	codeRange      = lib.SQLITE_RANGE
)

// statementProblem maps an error of a statement to a problem; an error that is not a refusal by
// SQLite is returned unchanged.
func statementProblem(err error) error {
	err = contract.Refusal(err) // includes errors of the engine's functions, wrapped by SQLite
	e, ok := errors.AsType[*raw.Error](err)
	if !ok {
		return err
	}
	if errors.Is(e, raw.ErrResultsTooLarge) {
		return api.NewProblem(api.CodeTooComplex, "%v", raw.ErrResultsTooLarge).
			Hinted("use fewer functions and concatenations on large values, or a SUBSTRING of these")
	}
	switch e.Primary() {
	case codeConstraint:
		if p := constraintProblem(e); p != nil {
			return p
		}
	case codeTooBig:
		return api.NewProblem(api.CodeValueTooLong, "a row or value of the statement has more than %d bytes", raw.MaxLength).
			Hinted("use shorter values")
	case codeAuth:
		return contract.OutOfBounds("transactions, PRAGMA, ATTACH and tables whose names begin with an underscore are the worker's own")
	case codeError, codeRange:
		return api.NewProblem(api.CodeSyntax, "SQLite cannot run the statement: %s", e.Msg)
	}
	return err
}

// constraintProblem finds out which constraint failed. SQLite reports it only in the message:
// "UNIQUE constraint failed: t.a, t.b", "CHECK constraint failed: name".
func constraintProblem(e *raw.Error) *api.Problem {
	_, what, _ := strings.Cut(e.Msg, "constraint failed: ")
	switch e.Code {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		columns := strings.Split(what, ", ")
		for i := range columns {
			columns[i] = columns[i][strings.IndexByte(columns[i], '.')+1:]
		}
		p := contract.Numbered(mssqlerr.DuplicateKey, "another row already has this value of %s", strings.Join(columns, ", "))
		if len(columns) == 1 {
			p.Column = columns[0]
		}
		return p.Hinted("choose another value, or update the existing row")
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
		return contract.Numbered(mssqlerr.TypeConversion, "a value does not have its column's type")
	}
	return nil
}

// parseCheckName parses the name of a CHECK constraint, "ck_<number>_<column>".
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

// noteFailure records what an error says about the storage. kind is what was being done.
func noteFailure(s *storage.Store, kind storage.Kind, path string, err error) {
	e, ok := errors.AsType[*raw.Error](err)
	if !ok {
		return
	}
	switch e.Primary() {
	case codeFull:
		s.Fail(storage.Write, api.StorageFull, path, err)
	case codeReadOnly:
		s.Fail(storage.Write, api.StorageReadOnly, path, err)
	case codeCorrupt, codeNotADB:
		s.Fail(storage.Content, api.StorageDamaged, path, err)
	case codeIOErr, codeCantOpen:
		switch {
		case e.Code == lib.SQLITE_IOERR_NOMEM:
		case kind == storage.Read || e.Code == lib.SQLITE_IOERR_READ || e.Code == lib.SQLITE_IOERR_SHORT_READ:
			s.Fail(storage.Read, api.StorageReadFailed, path, err)
		default:
			s.Fail(storage.Write, api.StorageWriteFailed, path, err)
		}
	}
}

// storageProblem maps a storage failure of the database to a problem, and records and logs it:
// nothing was changed.
func (db *database) storageProblem(kind storage.Kind, err error) error {
	if _, ok := errors.AsType[*api.Problem](err); !ok && db.files.checkPlace(db.store) != nil {
		if p := db.refusal(); p != nil { // which is the cause
			return p
		}
	}
	noteFailure(db.store, kind, db.path, err)
	return storageProblem(err, db.e.cfg.Logger)
}

// storageProblem maps a storage failure to a problem and logs it: nothing was changed.
func storageProblem(err error, log *slog.Logger) error {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	log.Error("storage failure", "error", err)
	e, ok := errors.AsType[*raw.Error](err)
	if !ok {
		return err
	}
	switch e.Primary() {
	case codeFull:
		return api.NewProblem(api.CodeShardUnavailable, "the worker's disk is full").Hinted("free space on the worker's disk and send the request again")
	case codeBusy, codeNoMem:
		return api.NewProblem(api.CodeOverloaded, "the database is busy").Hinted("send the request again")
	case codeIOErr, codeCantOpen:
		return api.NewProblem(api.CodeShardUnavailable, "the worker cannot read or write its disk").Hinted("check the worker's log and its disk")
	case codeReadOnly:
		return api.NewProblem(api.CodeShardUnavailable, "the worker's file is read-only").Hinted("make the worker's data directory writable and send the request again")
	case codeCorrupt, codeNotADB:
		return api.StorageFailed(api.StorageDamaged)
	}
	return err
}

// commitProblem is the problem for the callers of a group whose COMMIT failed. A full disk is
// detected while frames are written to the log, before the one that commits: the transaction was
// certainly not committed, and the same holds if COMMIT could not get a lock. After any other
// failure (above all of the fsync) the frames may or may not reappear at the next recovery, or
// the files are not those that are found then.
func (db *database) commitProblem(err error) *api.Problem {
	if e, ok := errors.AsType[*raw.Error](err); ok && (e.Primary() == codeFull || e.Primary() == codeBusy) {
		return api.AsProblem(db.storageProblem(storage.Write, err))
	}
	noteFailure(db.store, storage.Write, db.path, err)
	db.e.cfg.Logger.Error("commit failed; the outcome of its writes is unknown", "error", err)
	return contract.OutcomeUnknown("the worker could not make the write durable; it may or may not have been applied")
}
