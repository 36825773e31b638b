package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// Bounds of a group, so that a commit is never far away.
const (
	groupRequests   = 1 << 9
	groupExecutions = 8192
)

// writer owns a database's only writing connection. Its goroutine takes requests from the queue
// in order and runs the waiting ones in one transaction.
type writer struct {
	db   *database
	conn *raw.Conn
	// own are the engine's statements, cache holds those of requests.
	own   ownStatements
	cache *stmtCache
	clock clock
	// pruneAt is the running time at which to look for expired idempotency records.
	pruneAt time.Duration

	// mu serializes send and stop: nothing is sent once stopped is set.
	mu      sync.RWMutex
	stopped bool
	queue   chan *pending
	bytes   atomic.Int64 // held by the queue
	quit    chan struct{}
	ended   chan struct{}

	// tidyTimer schedules tidy soon after a commit.
	tidyTimer *time.Timer
	tidyDue   bool

	probe chan struct{} // requests probeWrite

	held *pending // taken from the queue, left for the next group

	linger      linger
	lingerTimer *time.Timer

	rekeyPages int // bounds rekey's memory; a field so that tests can lower it

	// commit commits the transaction; a field so that tests can simulate disk failures.
	commit func() error
}

func newWriter(db *database, conn *raw.Conn) (*writer, error) {
	w := &writer{
		db: db, conn: conn,
		queue: make(chan *pending, db.e.cfg.QueueLength), rekeyPages: rekeyPages,
		quit: make(chan struct{}), ended: make(chan struct{}), probe: make(chan struct{}, 1),
	}
	w.cache = newStmtCache(conn, newGuard(conn))
	if err := w.own.prepare(conn); err != nil {
		return nil, errors.Join(err, w.own.close())
	}
	w.commit = w.own.commit.Run
	var err error
	if w.clock, err = openClock(conn, db.e.cfg.Running); err != nil {
		return nil, errors.Join(err, w.own.close())
	}
	return w, nil
}

// Exec implements engine.Engine.
func (e *Engine) Exec(ctx context.Context, req *api.ExecRequest) (*api.ExecResponse, error) {
	db, err := e.database(req.DB)
	if err != nil {
		return nil, err
	}
	if p := e.fence.store.Refusal(); p != nil {
		return nil, p // a newer fence could not be kept
	}
	wait := contract.ExecTimeout(req, e.cfg.ExecTimeout)
	p, err := newPending(req, time.Now().Add(wait))
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, contract.ContextProblem(err)
	}
	if err := db.writer.send(p); err != nil {
		return nil, err
	}
	return p.wait(ctx, wait)
}

// wait returns the outcome. A request that has not begun when the context or the time ends is
// given up; one that has begun is waited for, since only then is its outcome known.
func (p *pending) wait(ctx context.Context, d time.Duration) (*api.ExecResponse, error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	var gaveUp error
	select {
	case <-p.done:
		return p.resp, p.err
	case <-ctx.Done():
		gaveUp = contract.ContextProblem(ctx.Err())
	case <-timer.C:
		gaveUp = contract.NotBegun()
	}
	if p.phase.CompareAndSwap(phaseQueued, phaseGivenUp) {
		return nil, gaveUp
	}
	<-p.done
	return p.resp, p.err
}

func (w *writer) send(p *pending) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.stopped {
		return w.refusal()
	}
	// A request larger than the bound is accepted if the queue is empty: the body limit bounds it.
	if n := w.bytes.Add(p.Bytes); n > w.db.e.cfg.QueueBytes && n > p.Bytes {
		w.bytes.Add(-p.Bytes)
		return errQueueFull()
	}
	select {
	case w.queue <- p:
		return nil
	default:
		w.bytes.Add(-p.Bytes)
		return errQueueFull()
	}
}

func errQueueFull() *api.Problem {
	return api.NewProblem(api.CodeOverloaded, "too many writes are waiting for this database; nothing was done").
		Hinted("send it again later")
}

// refusal is the error for requests after stop.
func (w *writer) refusal() error {
	if w.db.gone.Load() {
		return contract.UnknownDatabase(w.db.name)
	}
	return contract.Closed()
}

// run is the main loop of the writer's goroutine.
func (w *writer) run() {
	defer close(w.ended)
	w.tidyTimer = time.NewTimer(tidyEvery)
	w.tidyTimer.Stop()
	defer w.tidyTimer.Stop()
	w.lingerTimer = time.NewTimer(lingerMax)
	w.lingerTimer.Stop()
	defer w.lingerTimer.Stop()
	batch := make([]*pending, 0, groupRequests)
	for {
		first := w.held
		w.held = nil
		if first == nil {
			select {
			case first = <-w.queue:
			case <-w.tidyTimer.C:
				w.tidyDue = false
				w.tidy()
				continue
			case <-w.probe:
				w.probeWrite()
				continue
			case <-w.quit:
				w.refuseQueued()
				return
			}
		}
		batch = w.collect(append(batch[:0], first))
		w.serve(batch)
		clear(batch)
	}
}

// collect extends a batch of one request by the waiting ones, and by those that arrive within
// lingerMax while waiting seems worthwhile. A request that changes the schema is a batch of its
// own.
func (w *writer) collect(batch []*pending) []*pending {
	if batch[0].DDL {
		return batch
	}
	executions := batch[0].Executions
	target := w.linger.target()
	waiting := false
	for len(batch) < groupRequests && executions < groupExecutions {
		var p *pending
		select {
		case p = <-w.queue:
		default:
			if len(batch) < target {
				if !waiting {
					waiting = true
					w.lingerTimer.Reset(lingerMax)
				}
				p = w.await()
			}
		}
		if p == nil {
			break
		}
		if p.DDL {
			w.held = p
			break
		}
		executions += p.Executions
		batch = append(batch, p)
	}
	w.lingerTimer.Stop()
	w.linger.saw(len(batch), target)
	return batch
}

// await returns the next request, or nil if the wait or the writer has ended.
func (w *writer) await() *pending {
	select {
	case p := <-w.queue:
		return p
	case <-w.lingerTimer.C:
	case <-w.quit:
	}
	return nil
}

// refuseQueued refuses the requests left in the queue after stop.
func (w *writer) refuseQueued() {
	for {
		select {
		case p := <-w.queue:
			p.err = w.refusal()
			w.answer(p)
		default:
			return
		}
	}
}

// answer releases the caller with resp and err.
func (w *writer) answer(p *pending) {
	w.bytes.Add(-p.Bytes)
	p.done <- struct{}{}
}

// stop ends the goroutine once the requests in progress are answered.
func (w *writer) stop() {
	w.mu.Lock()
	first := !w.stopped
	w.stopped = true
	w.mu.Unlock()
	if first {
		close(w.quit)
	}
	<-w.ended
}

// tidyEvery is how often tidy is called while there are writes.
const tidyEvery = time.Second

func (w *writer) tidySoon() {
	if !w.tidyDue {
		w.tidyDue = true
		w.tidyTimer.Reset(tidyEvery)
	}
}

// tidy checkpoints the log into the file if nobody is waiting, since the file is faster to read
// (see mapped), and measures the file's size.
func (w *writer) tidy() {
	if len(w.queue) == 0 {
		if err := w.own.checkpoint.Run(); err != nil {
			w.db.e.cfg.Logger.Warn("checkpoint failed", "database", w.db.physical, "error", err)
		}
	}
	w.db.measure()
}

// close frees the connection after stop.
func (w *writer) close() error {
	if w.db.files.checkPlace(w.db.store) != nil && !w.db.gone.Load() {
		// A log of that name is another database's, as when the directory was restored too early: the
		// last connection would delete it.
		if err := w.conn.KeepLogOnClose(); err != nil {
			return err
		}
	} else if w.clock.due() && w.db.refusal() == nil {
		if err := w.saveClock(); err != nil {
			w.db.e.cfg.Logger.Warn("the running time could not be stored", "database", w.db.physical, "error", err)
		}
	}
	return errors.Join(w.cache.clear(), w.own.close(), w.conn.Close())
}

// ownStatements are the writer's own.
type ownStatements struct {
	begin, commit, rollback          *raw.Stmt
	savepoint, rollbackTo, release   *raw.Stmt
	addTable, dropTable, setRows     *raw.Stmt
	setDefinition                    *raw.Stmt
	checkpoint                       *raw.Stmt
	findKey, addKey, dropKey, oldest *raw.Stmt
	setRan                           *raw.Stmt
}

func (o *ownStatements) texts() []struct {
	stmt **raw.Stmt
	sql  string
} {
	return []struct {
		stmt **raw.Stmt
		sql  string
	}{
		{&o.begin, "BEGIN IMMEDIATE"},
		{&o.commit, "COMMIT"},
		{&o.rollback, "ROLLBACK"},
		{&o.savepoint, "SAVEPOINT request"},
		{&o.rollbackTo, "ROLLBACK TO request"},
		{&o.release, "RELEASE request"},
		{&o.checkpoint, "PRAGMA wal_checkpoint(PASSIVE)"},
		{&o.addTable, "INSERT INTO _sd_tables (name, definition, rows) VALUES (@p1, @p2, 0)"},
		{&o.dropTable, "DELETE FROM _sd_tables WHERE name = @p1"},
		{&o.setDefinition, "UPDATE _sd_tables SET definition = @p2 WHERE name = @p1"},
		{&o.setRows, "UPDATE _sd_tables SET rows = @p2 WHERE name = @p1"},
		{&o.setRan, "UPDATE _sd_database SET ran = @p1"},
		{&o.findKey, "SELECT hash, response, at, ran FROM _sd_idempotency WHERE key = @p1"},
		{&o.addKey, "INSERT INTO _sd_idempotency (key, hash, response, at, ran) VALUES (@p1, @p2, @p3, @p4, @p5)"},
		{&o.dropKey, "DELETE FROM _sd_idempotency WHERE key = @p1"},
		{&o.oldest, `DELETE FROM _sd_idempotency WHERE seq IN (
			SELECT seq FROM (SELECT seq, at, ran FROM _sd_idempotency ORDER BY seq LIMIT @p1)
			WHERE ran <= @p2 AND (at <= @p3 OR at > @p4))`},
	}
}

func (o *ownStatements) prepare(conn *raw.Conn) error {
	for _, t := range o.texts() {
		s, err := conn.Prepare(t.sql)
		if err != nil {
			return fmt.Errorf("prepare %s: %w", t.sql, err)
		}
		*t.stmt = s
	}
	return nil
}

func (o *ownStatements) close() error {
	var errs []error
	for _, t := range o.texts() {
		if *t.stmt != nil {
			errs = append(errs, (*t.stmt).Close())
		}
	}
	return errors.Join(errs...)
}
