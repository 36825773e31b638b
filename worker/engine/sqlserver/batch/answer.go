package batch

import (
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/worker/engine/contract"
)

// A write whose transaction the server rolled back in favour of another is retried.
const (
	// MaxTries is how often a write is tried that conflicts with others.
	MaxTries = 10
	// SchemaTries is how often a write is tried that fails with a number that may be caused by its
	// table being dropped meanwhile. If it was, the check at the start of the next try reports it.
	SchemaTries = 3
	// QueryTries is how often a query is tried that the server rolled back in favour of another
	// transaction. It is not retried once a row has been returned.
	QueryTries = 4
)

// Answer is what the outcome of a write means: a response or an error.
type Answer struct {
	Response *api.ExecResponse
	Err      error
	// Tries is set if nothing was done and the write can be retried until it was tried that often;
	// Err is then for a caller whom that does not help.
	Tries int
	// Raise is set if the request's fence is newer than the stored one, and has to be stored before
	// the write is retried.
	Raise bool
}

// Answer turns an outcome into an answer.
func (w *Write) Answer(out *Outcome) Answer {
	switch out.Kind {
	case KindDone:
		n, err := out.RowsAffected()
		return answered(&api.ExecResponse{RowsAffected: n}, err)
	case KindReplay:
		if out.Hash != w.Idempotency.Hash {
			return Answer{Err: contract.IdempotencyMismatch()}
		}
		n, err := out.RowsAffected()
		return answered(&api.ExecResponse{RowsAffected: n, Replayed: true}, err)
	case KindFence:
		if p := contract.CheckFence(&out.State, w.Fence); p != nil {
			return Answer{Err: p}
		}
		a := conflicted()
		a.Raise = true
		return a
	case KindTable:
		st := w.Decoded[out.Statement]
		if out.Version == "" {
			return Answer{Err: w.At(contract.UnknownTable(st.Table), out.Statement, 0, -1)}
		}
		return Answer{Err: w.At(contract.StaleSchema(st.Table, out.Version, st.SchemaVersion), out.Statement, 0, -1)}
	case KindAgain:
		return conflicted()
	}
	return w.Refused(out, out.Number, Numbered(out.Number, out.Message))
}

func answered(resp *api.ExecResponse, err error) Answer {
	if err != nil {
		return Answer{Err: err}
	}
	return Answer{Response: resp}
}

func conflicted() Answer {
	return Answer{
		Err:   api.NewProblem(api.CodeOverloaded, "the write conflicted with other writes; nothing was done").Hinted("send the request again"),
		Tries: MaxTries,
	}
}

// Refused is the answer to a write that SQL Server ended with an error number, with nothing done.
// out is nil if the batch could not even begin; told is the number's problem.
func (w *Write) Refused(out *Outcome, number int32, told error) Answer {
	switch {
	case out != nil && IsDuplicate(number) && out.Kind == KindExists:
		return Answer{Err: w.At(contract.TableExists(w.Decoded[out.Statement].Table), out.Statement, 0, -1)}
	case out != nil && IsDuplicate(number) && out.Kind == KindKey:
		return conflicted() // another write with the key came first: its response is now stored
	}
	if out != nil && out.Kind == KindError && len(w.Decoded) > 0 {
		told = w.At(told, out.Statement, out.Execution, -1)
	}
	switch {
	case IsContention(number):
		return Answer{Err: told, Tries: MaxTries}
	case mayBeSchema(number):
		return Answer{Err: told, Tries: SchemaTries}
	}
	return Answer{Err: told}
}

// IsDuplicate reports whether a number is that of a second row with the same key.
func IsDuplicate(number int32) bool {
	return number == mssqlerr.DuplicateKey || number == mssqlerr.DuplicateIndexKey
}

// IsContention reports whether a number means that a transaction lost a conflict with another.
func IsContention(number int32) bool {
	return number == mssqlerr.Deadlock || number == mssqlerr.SnapshotConflict || number == mssqlerr.SnapshotSchemaChange
}

// IsDatabaseGone reports whether a number may mean that the database does not exist.
func IsDatabaseGone(number int32) bool {
	return number == mssqlerr.CannotOpenDatabase || number == mssqlerr.UnknownDatabase
}

// mayBeSchema reports whether a statement may have failed because its table was dropped or
// changed after the check.
func mayBeSchema(number int32) bool {
	switch number {
	case mssqlerr.UnknownTable, mssqlerr.UnknownColumn, mssqlerr.CannotDrop, mssqlerr.CannotAlter, unmappedByBabelfish:
		return true
	}
	return false
}

// unmappedByBabelfish is the number of a PostgreSQL error in Babelfish that has no equivalent in
// SQL Server.
const unmappedByBabelfish = 33557097
