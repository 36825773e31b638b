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
	"shardeck/shared/mssqlerr"
	"shardeck/worker/engine/contract"
)

// write is a request in progress on its database.
type write struct {
	db *database
	x  *contract.Exec
	// byRows disables bulk copy: it has failed, and the rows are now written one by one to find
	// the one at fault.
	byRows bool
}

// Exec implements engine.Engine. A write is one batch unless it has too many rows; see batch.go.
// Once sent it is waited for even if ctx ends, since only then is its outcome known.
func (e *Engine) Exec(ctx context.Context, req *api.ExecRequest) (*api.ExecResponse, error) {
	db, err := e.database(ctx, req.DB)
	if err != nil {
		return nil, err
	}
	x, err := contract.DecodeExec(req)
	if err != nil {
		return nil, err
	}
	for i := range x.Decoded {
		if p := checkStatement(x.Decoded[i].SQL, x.Decoded[i].Effect); p != nil {
			return nil, x.At(p, i, 0, -1)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, contract.ContextProblem(err)
	}
	wait := contract.ExecTimeout(req, e.cfg.ExecTimeout)
	begin, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
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

// A write whose transaction the server rolled back in favour of another is retried, after a
// randomized pause that grows from firstPause.
const (
	maxTries   = 10
	firstPause = 2 * time.Millisecond
	// schemaTries is how often a write is tried that fails with a number that may be caused by its
	// table being dropped meanwhile. If it was, the check at the start of the next try reports it.
	schemaTries = 3
)

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
	return problem(err, phaseIdle)
}

// held runs the write while the gate is held.
func (w *write) held(ctx, begin, during context.Context, on *sql.Conn) (*outcome, error) {
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
	out  *outcome
	err  error
	at   phase // of err
	keep bool  // the connection can be reused
}

// send runs the write on a connection.
func (w *write) send(ctx context.Context, c *conn) sent {
	if w.inParts() {
		return w.sendParts(ctx, c)
	}
	b, err := w.whole()
	if err != nil {
		return sent{err: err, keep: true}
	}
	out, err := c.run(ctx, b)
	return sent{out, err, phaseWrite, err == nil || intact(err)}
}

// failed handles a write without an outcome.
func (w *write) failed(s sent) error {
	switch {
	case errors.Is(s.err, driver.ErrBadConn):
		// The driver reports this before it sends anything: an idle connection is dead.
		return &errRetry{problem(s.err, phaseIdle), schemaTries}
	case intact(s.err):
		// The batch itself was refused: its own tables do not exist, or a limit of the server was reached.
		return w.refused(nil, sqlNumber(s.err), problem(s.err, s.at))
	case s.at == phaseIdle && broken(s.err):
		return connectionLost("nothing was done")
	}
	return problem(s.err, s.at)
}

// whole builds the write as one batch.
func (w *write) whole() (*batch, error) {
	b := newBatch(beginWhole)
	w.head(b)
	for i := range w.x.Decoded {
		st := &w.x.Decoded[i]
		if err := b.statement(i, st, 0, st.Executions); err != nil {
			return nil, err
		}
	}
	b.counts()
	b.affected(len(w.x.Decoded))
	if w.x.Idempotency != nil {
		b.remember()
	}
	b.end(endWhole)
	return b, nil
}

// head adds the checks that come first.
func (w *write) head(b *batch) {
	e := w.db.e
	b.fence(e.own, w.x.Fence)
	if w.x.Idempotency != nil {
		b.key(w.x.Idempotency, e.cfg.Now(), e.cfg.IdempotencyTTL)
	}
}

// answer turns an outcome into a response or an error.
func (w *write) answer(ctx context.Context, out *outcome) (*api.ExecResponse, error) {
	switch out.kind {
	case kindDone:
		n, err := out.rowsAffected()
		return &api.ExecResponse{RowsAffected: n}, err
	case kindReplay:
		if out.hash != w.x.Idempotency.Hash {
			return nil, contract.IdempotencyMismatch()
		}
		n, err := out.rowsAffected()
		return &api.ExecResponse{RowsAffected: n, Replayed: true}, err
	case kindFence:
		if p := contract.CheckFence(&out.state, w.x.Fence); p != nil {
			return nil, p
		}
		if err := w.db.e.raise(ctx, w.x.Fence); err != nil {
			return nil, err
		}
		return nil, retryConflict()
	case kindTable:
		st := w.x.Decoded[out.statement]
		if out.version == "" {
			return nil, w.x.At(contract.UnknownTable(st.Table), out.statement, 0, -1)
		}
		return nil, w.x.At(contract.StaleSchema(st.Table, out.version, st.SchemaVersion), out.statement, 0, -1)
	case kindAgain:
		return nil, retryConflict()
	}
	return nil, w.refused(out, out.number, numbered(out.number, out.message))
}

func retryConflict() *errRetry {
	return &errRetry{api.NewProblem(api.CodeOverloaded, "the write conflicted with other writes; nothing was done").Hinted("send the request again"), maxTries}
}

// refused handles a write that SQL Server ended with an error number, with nothing done. out is
// nil if the batch could not even begin.
func (w *write) refused(out *outcome, number int32, told error) error {
	switch {
	case out != nil && isDuplicate(number) && out.kind == kindExists:
		return w.x.At(contract.TableExists(w.x.Decoded[out.statement].Table), out.statement, 0, -1)
	case out != nil && isDuplicate(number) && out.kind == kindKey:
		return retryConflict() // another write with the key came first: its response is now stored
	}
	if out != nil && out.kind == kindError && len(w.x.Decoded) > 0 {
		told = w.x.At(told, out.statement, out.execution, -1)
	}
	switch {
	case contention(number):
		return &errRetry{told, maxTries}
	case mayBeSchema(number):
		return &errRetry{told, schemaTries}
	}
	return told
}

func isDuplicate(number int32) bool {
	return number == mssqlerr.DuplicateKey || number == mssqlerr.DuplicateIndexKey
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

// run sends a batch and reads its outcome. Once the outcome is known, the rest of the response
// does not matter. After an error that is not intact, the connection is in the middle of the
// response.
func (c *conn) run(ctx context.Context, b *batch) (*outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// See read: the line is cut if the server does not acknowledge the cancellation.
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(c.owner.server.options.CancelWait, c.line.cut) })
	defer stop()
	stmt, err := c.PrepareContext(ctx, spExecuteSQL)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, b.args)
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

// readOutcome reads a complete response and returns its outcome.
func readOutcome(rows driver.Rows) (*outcome, error) {
	var out *outcome
	for {
		row := make([]driver.Value, len(rows.Columns()))
		is := len(row) == outcomeColumns && rows.Columns()[0] == kindColumn
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
				out = &outcome{}
				out.scan(row)
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
