package batch

import (
	"context"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/worker/engine/contract"
)

// FatalClass is the minimum severity of an error at which SQL Server ends the connection.
const FatalClass = 20

// Phase is how far a request had got when it failed.
type Phase uint8

const (
	// PhaseIdle: nothing was sent, or nothing that changes anything.
	PhaseIdle Phase = iota
	// PhaseRead: a query was in progress.
	PhaseRead
	// PhaseWrite: a write was sent, and the server may have committed it.
	PhaseWrite
)

// Loss is how a response was lost.
type Loss uint8

const (
	// Broken: the connection was cut, reset, or did not speak TDS.
	Broken Loss = iota
	// NotSent: the connection was found to be broken before anything was sent on it.
	NotSent
	// TimedOut: the server did not answer in time.
	TimedOut
	// Canceled: the caller gave up.
	Canceled
)

// Lost is the problem for a request without a complete response.
func Lost(loss Loss, at Phase) *api.Problem {
	switch {
	case loss == NotSent:
		return connectionLost("nothing was done")
	case at == PhaseWrite:
		return contract.OutcomeUnknown("%s after a write was sent; it may or may not have been applied", whatBroke(loss))
	case loss == TimedOut:
		return contract.ContextProblem(context.DeadlineExceeded)
	case loss == Canceled:
		return contract.ContextProblem(context.Canceled)
	}
	return connectionLost("the rest of the result is lost")
}

func connectionLost(so string) *api.Problem {
	return api.NewProblem(api.CodeShardUnavailable, "the worker's connection to SQL Server broke; %s", so).
		Hinted("send the request again; if it persists, check the database server")
}

func whatBroke(loss Loss) string {
	switch loss {
	case TimedOut:
		return "SQL Server did not answer in time"
	case Canceled:
		return "the wait for SQL Server was cancelled"
	}
	return "the connection to SQL Server broke"
}

// Root returns the index of the root cause among the errors of one response, given their numbers.
// The last may only say that the previous one made the statement fail: for a login to a missing
// database, 4060 and then 18456; for a busy model database, 1807 and then 1802. It returns -1 if
// there is none of another kind.
func Root(numbers []int32) int {
	for i := len(numbers) - 1; i >= 0; i-- {
		switch numbers[i] {
		case mssqlerr.TransactionCount, mssqlerr.UncommittableTransaction, mssqlerr.ConstraintNotCreated,
			mssqlerr.DatabaseNotCreated, mssqlerr.AlterDatabaseFailed, mssqlerr.LoginFailed:
		default:
			return i
		}
	}
	return -1
}
