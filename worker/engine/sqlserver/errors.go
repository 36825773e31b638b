package sqlserver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/worker/engine/sqlserver/batch"
)

// problem maps an error of the driver, the network or a context to a problem. Other errors are
// returned unchanged.
func problem(err error, at batch.Phase) error {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	refused, isRefusal := errors.AsType[mssql.Error](err)
	_, isFatal := errors.AsType[mssql.ServerError](err)
	switch {
	case errors.Is(err, driver.ErrBadConn):
		// The driver returns it for a connection that broke before anything was sent on it.
		return batch.Lost(batch.NotSent, at)
	case isRefusal && !isFatal && refused.Class < batch.FatalClass:
		refused = rootError(refused)
		return batch.Numbered(refused.Number, refused.Message)
	case errors.Is(err, context.DeadlineExceeded):
		return batch.Lost(batch.TimedOut, at)
	case errors.Is(err, context.Canceled):
		return batch.Lost(batch.Canceled, at)
	case at == batch.PhaseWrite, isRefusal || isFatal || broken(err):
		return batch.Lost(batch.Broken, at)
	}
	return err
}

// rootError returns the root cause among the errors of one response, of which the driver reports
// the last.
func rootError(e mssql.Error) mssql.Error {
	numbers := make([]int32, len(e.All))
	for i := range e.All {
		numbers[i] = e.All[i].Number
	}
	if i := batch.Root(numbers); i >= 0 {
		return e.All[i]
	}
	return e
}

// broken reports whether an error is of the connection: cut, reset, timed out, or not speaking
// TDS.
func broken(err error) bool {
	_, stream := errors.AsType[mssql.StreamError](err)
	return stream || errors.Is(err, sql.ErrConnDone) || isNetwork(err)
}
