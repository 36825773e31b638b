package sqlserver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlserver/batch"
)

// write is a request in progress on its database.
type write struct {
	db *database
	x  *batch.Write
	// byRows disables bulk copy: it has failed, and the rows are now written one by one to find
	// the one at fault.
	byRows bool
}

// Exec implements engine.Engine. A write is one batch unless it has too many rows; see package batch.
// Once sent it is waited for even if ctx ends, since only then is its outcome known.
func (e *Engine) Exec(ctx context.Context, req *api.ExecRequest) (*api.ExecResponse, error) {
	db, err := e.database(ctx, req.DB)
	if err != nil {
		return nil, err
	}
	x, err := batch.DecodeWrite(req)
	if err != nil {
		return nil, err
	}
	x.Own = e.own
	if err := ctx.Err(); err != nil {
		return nil, contract.ContextProblem(err)
	}
	wait := contract.ExecTimeout(req, e.cfg.ExecTimeout)
	begin, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if req.Idempotency != nil {
		if err := db.prepareKeys(begin); err != nil {
			return nil, db.lost(context.WithoutCancel(ctx), notBegun(ctx, begin, err))
		}
	}
	w := &write{db: db, x: x}
	resp, err := w.run(ctx, begin)
	if err != nil {
		return nil, db.lost(context.WithoutCancel(ctx), err)
	}
	if req.Idempotency != nil {
		db.pruneSoon()
	}
	return resp, nil
}

// A write is retried after a randomized pause that grows from firstPause.
const firstPause = 2 * time.Millisecond

// errRetry reports that nothing was done, that the write can be retried, and what to return if
// retrying does not help.
type errRetry struct {
	cause error
	tries int
}

func (e *errRetry) Error() string { return "to be retried: " + e.cause.Error() }

// run runs the write until it is done or refused. begin bounds the start of the first try; ctx is
// the caller's.
func (w *write) run(ctx, begin context.Context) (*api.ExecResponse, error) {
	cfg := &w.db.e.cfg
	during, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.WriteTimeout)
	defer cancel()
	pause := firstPause
	for try := 1; ; try++ {
		resp, err := w.try(ctx, begin, during)
		retry, ok := errors.AsType[*errRetry](err)
		if !ok {
			return resp, err
		}
		if try >= retry.tries || during.Err() != nil {
			return nil, retry.cause
		}
		begin = during
		select {
		case <-during.Done():
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause = min(2*pause, time.Second)
	}
}

// try runs the write once.
func (w *write) try(ctx, begin, during context.Context) (*api.ExecResponse, error) {
	_, done, err := w.db.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	on, err := w.db.pool.Conn(begin)
	if err != nil {
		return nil, notBegun(ctx, begin, err)
	}
	defer on.Close()
	e := w.db.e
	e.gate.RLock()
	out, err := w.held(ctx, begin, during, on)
	e.gate.RUnlock()
	if err != nil {
		return nil, err
	}
	return w.answer(during, out)
}

// notBegun is the error for a write that got no connection.
func notBegun(ctx, begin context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return contract.ContextProblem(ctx.Err())
	case begin.Err() != nil:
		return contract.NotBegun()
	}
	return problem(err, batch.PhaseIdle)
}

// held runs the write while the gate is held.
func (w *write) held(ctx, begin, during context.Context, on *sql.Conn) (*batch.Outcome, error) {
	switch {
	case w.db.e.closed:
		return nil, contract.Closed()
	case w.db.refusal() != nil:
		return nil, w.db.refusal()
	case begin.Err() != nil:
		return nil, notBegun(ctx, begin, begin.Err())
	}
	s := sent{err: driver.ErrBadConn} // if the function is not called
	_ = on.Raw(func(dc any) error {
		if s = w.send(during, dc.(*conn)); !s.keep {
			return driver.ErrBadConn // has the pool close it
		}
		return nil
	})
	if s.err != nil {
		return nil, w.failed(s)
	}
	return s.out, nil
}

// sent is the result of sending a write: its outcome, or an error instead.
type sent struct {
	out  *batch.Outcome
	err  error
	at   batch.Phase // of err
	keep bool        // the connection can be reused
}

// send runs the write on a connection.
func (w *write) send(ctx context.Context, c *conn) sent {
	w.x.Age = w.db.e.age()
	if w.x.InParts() {
		return w.sendParts(ctx, c)
	}
	whole, err := w.x.Whole()
	if err != nil {
		return sent{err: err, keep: true}
	}
	out, err := c.run(ctx, whole)
	return sent{out, err, batch.PhaseWrite, err == nil || intact(err)}
}

// failed handles a write without an outcome.
func (w *write) failed(s sent) error {
	switch {
	case errors.Is(s.err, driver.ErrBadConn):
		// The driver reports this before it sends anything: an idle connection is dead.
		return &errRetry{problem(s.err, batch.PhaseIdle), batch.SchemaTries}
	case intact(s.err):
		// The batch itself was refused: its own tables do not exist, or a limit of the server was reached.
		return errorOf(w.x.Refused(nil, sqlNumber(s.err), problem(s.err, s.at)))
	case s.at == batch.PhaseIdle && broken(s.err):
		return batch.Lost(batch.NotSent, s.at)
	}
	return problem(s.err, s.at)
}

// answer turns an outcome into a response or an error.
func (w *write) answer(ctx context.Context, out *batch.Outcome) (*api.ExecResponse, error) {
	a := w.x.Answer(out)
	if a.Raise {
		if err := w.db.e.raise(ctx, w.x.Fence); err != nil {
			return nil, err
		}
	}
	return a.Response, errorOf(a)
}

// errorOf returns the error of an answer; nil if it is a response.
func errorOf(a batch.Answer) error {
	if a.Tries > 0 {
		return &errRetry{a.Err, a.Tries}
	}
	return a.Err
}

// run sends a batch and reads its outcome. Once the outcome is known, the rest of the response
// does not matter. After an error that is not intact, the connection is in the middle of the
// response.
func (c *conn) run(ctx context.Context, call *batch.Call) (*batch.Outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// See read: the line is cut if the server does not acknowledge the cancellation.
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(c.owner.server.options.CancelWait, c.line.cut) })
	defer stop()
	stmt, err := c.PrepareContext(ctx, spExecuteSQL)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, arguments(call))
	if err != nil {
		return nil, err
	}
	out, err := readOutcome(rows)
	stop()
	if closeErr := rows.Close(); err == nil && out == nil {
		err = closeErr
	}
	if err == nil && out == nil {
		err = mssql.StreamError{InnerError: errors.New("the response to a write has no outcome")}
	}
	return out, err
}

// outcome reads an outcome's row.
func outcome(row []driver.Value) *batch.Outcome {
	return batch.ReadOutcome(
		func(i int) string { s, _ := row[i].(string); return s },
		func(i int) int64 { n, _ := row[i].(int64); return n },
	)
}

// readOutcome reads a complete response and returns its outcome.
func readOutcome(rows driver.Rows) (*batch.Outcome, error) {
	var out *batch.Outcome
	for {
		row := make([]driver.Value, len(rows.Columns()))
		is := len(row) == batch.OutcomeColumns && rows.Columns()[0] == batch.KindColumn
		for {
			err := rows.Next(row)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil && out != nil {
				return out, nil
			}
			if err != nil {
				return nil, err
			}
			if is && out == nil {
				out = outcome(row)
			}
		}
		more, ok := rows.(driver.RowsNextResultSet)
		if !ok || !more.HasNextResultSet() {
			return out, nil
		}
		if err := more.NextResultSet(); err != nil {
			if errors.Is(err, io.EOF) {
				return out, nil
			}
			if out != nil {
				return out, nil
			}
			return nil, err
		}
	}
}
