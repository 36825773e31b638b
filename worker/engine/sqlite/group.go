package sqlite

import (
	"errors"
	"fmt"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlite/internal/raw"
	"shardeck/worker/engine/storage"
)

// group is a transaction and the requests that share it.
type group struct {
	w       *writer
	catalog *catalog // as this transaction sees it
	dirty   bool     // the transaction contains changes to commit
	deltas  []delta  // of the requests that succeeded
	done    []*pending
}

// delta is a change of a table's row count.
type delta struct {
	t    *table
	rows int64
}

// errLost reports that SQLite has rolled back the transaction by itself, as it does if the disk
// is full or fails; cause is the reason.
type errLost struct{ cause error }

func (e *errLost) Error() string { return "the transaction was rolled back: " + e.cause.Error() }
func (e *errLost) Unwrap() error { return e.cause }

// serve processes a batch completely. Usually that takes one transaction; if one is lost, its
// requests are lost with it, and the rest get another.
func (w *writer) serve(batch []*pending) {
	for len(batch) > 0 {
		batch = batch[w.transaction(batch):]
	}
}

// transaction runs requests from the front of the batch in one transaction, answers them and
// returns their number: at least one.
func (w *writer) transaction(batch []*pending) int {
	for _, p := range batch {
		if err := w.db.e.fence.raise(p.Fence); err != nil {
			// check will not refuse it, and its term would not be durable: fail it instead.
			p.err = storageProblem(err, w.db.e.cfg.Logger)
		}
	}
	w.db.e.fence.hold()
	defer w.db.e.fence.release()

	g := &group{w: w, catalog: w.db.catalog.Load()}
	if p := w.db.refusal(); p != nil {
		g.failRest(batch, p)
		return len(batch)
	}
	if err := w.own.begin.Run(); err != nil {
		g.failRest(batch, w.db.storageProblem(storage.Write, fmt.Errorf("begin: %w", err)))
		return len(batch)
	}
	for i, p := range batch {
		if !p.begin() {
			w.answer(p)
			continue
		}
		if err := g.request(p); err != nil {
			p.err = err
		}
		// Refusals are also answered after the commit: they may be based on changes of this transaction.
		g.done = append(g.done, p)
		if lost, ok := errors.AsType[*errLost](p.err); ok {
			g.abort(w.db.storageProblem(storage.Write, lost.cause))
			return i + 1
		}
	}
	g.finish()
	return len(batch)
}

// begin claims a request for the writer; false if it must not be run.
func (p *pending) begin() bool {
	if !p.phase.CompareAndSwap(phaseQueued, phaseBegun) {
		return false // given up: nobody is waiting for the response
	}
	if p.err == nil && time.Now().After(p.deadline) {
		p.err = contract.NotBegun()
	}
	return p.err == nil
}

// failRest answers requests that were not run.
func (g *group) failRest(batch []*pending, err error) {
	for _, p := range batch {
		if p.begin() {
			p.err = err
		}
		g.w.answer(p)
	}
}

// abort answers the requests of a transaction that was rolled back.
func (g *group) abort(err error) {
	if g.w.conn.InTransaction() {
		if rerr := g.w.own.rollback.Run(); rerr != nil {
			g.w.db.e.cfg.Logger.Error("rollback failed", "database", g.w.db.physical, "error", rerr)
		}
	}
	for _, p := range g.done {
		p.resp, p.err = nil, err
		g.w.answer(p)
	}
}

// finish commits and answers.
func (g *group) finish() {
	w := g.w
	if !g.dirty {
		g.abortClean()
		return
	}
	if err := g.saveCounts(); err != nil {
		g.abort(w.db.storageProblem(storage.Write, fmt.Errorf("store row counts: %w", err)))
		return
	}
	commit := func() error {
		err := w.commit()
		if err == nil {
			// What was made durable may be a file that nobody finds again.
			err = w.db.files.checkPlace(w.db.store)
		}
		if err == nil {
			g.publish()
		}
		return err
	}
	var err error
	if g.catalog == w.db.catalog.Load() {
		err = commit()
	} else {
		err = w.db.changeSchema(commit)
	}
	if err != nil {
		g.abort(w.db.commitProblem(err))
		w.reload()
		return
	}
	w.db.store.Heal(storage.Write)
	for _, p := range g.done {
		w.answer(p)
	}
	w.tidySoon()
}

// reload reads the catalog again after a failed commit, so that memory matches what this process
// now reads from the file, whatever the outcome of the commit.
func (w *writer) reload() {
	cat, err := loadCatalog(w.conn)
	if err != nil {
		w.db.e.cfg.Logger.Error("the catalog could not be read again", "database", w.db.physical, "error", err)
		return
	}
	_ = w.db.changeSchema(func() error {
		w.db.catalog.Store(cat)
		return nil
	})
}

// abortClean ends a transaction without changes: its requests were replays and refusals.
func (g *group) abortClean() {
	if err := g.w.own.rollback.Run(); err != nil {
		g.w.db.e.cfg.Logger.Error("rollback failed", "database", g.w.db.physical, "error", err)
	}
	if g.w.db.files.checkPlace(g.w.db.store) != nil {
		// A replay acknowledges a write once more.
		g.abort(g.w.db.displaced())
		return
	}
	for _, p := range g.done {
		g.w.answer(p)
	}
}

// saveCounts writes the row counts of the changed tables, once each, and the running time if that
// is due, and prunes old idempotency records.
func (g *group) saveCounts() error {
	s := g.w.own.setRows
	for _, d := range g.deltas {
		if d.rows == 0 {
			continue
		}
		// @p2 comes first in the text.
		if err := errors.Join(s.BindInt(0, d.t.rows.Load()+d.rows), s.BindText(1, d.t.key)); err != nil {
			return err
		}
		if err := s.Run(); err != nil {
			return err
		}
	}
	if g.w.clock.due() {
		if err := g.w.saveClock(); err != nil {
			return err
		}
	}
	return g.w.pruneKeys()
}

// publish makes the committed changes visible.
func (g *group) publish() {
	for _, d := range g.deltas {
		d.t.rows.Add(d.rows)
	}
	g.w.db.catalog.Store(g.catalog)
}

// request runs one request inside the transaction: all or nothing.
func (g *group) request(p *pending) error {
	w := g.w
	if problem := w.db.e.fence.check(p.Fence); problem != nil {
		return problem
	}
	if id := p.Idempotency; id != nil {
		resp, err := w.replay(id)
		if err != nil {
			return g.failed(err)
		}
		if resp != nil {
			p.resp = resp
			return nil
		}
	}
	// SQLite undoes a single failed execution itself, and undoing the first request is rolling back
	// the transaction: neither needs a savepoint.
	savepoint := p.Executions > 1 && g.dirty
	if savepoint {
		if err := w.own.savepoint.Run(); err != nil {
			return g.failed(err)
		}
	}
	before := g.catalog
	resp, deltas, err := g.statements(p)
	if err == nil && p.Idempotency != nil {
		if err := w.remember(p.Idempotency, resp); err != nil {
			return &errLost{cause: err} // not the request's fault: the storage's
		}
	}
	if err != nil {
		g.catalog = before
		return g.undo(p, err, savepoint)
	}
	if savepoint {
		if err := w.own.release.Run(); err != nil {
			return &errLost{cause: err}
		}
	}
	g.dirty = true
	p.resp = resp
	g.merge(deltas)
	return nil
}

// failed turns an error of the engine's own statements into the loss of the transaction; problems
// are returned unchanged.
func (g *group) failed(err error) error {
	if _, ok := errors.AsType[*api.Problem](err); ok {
		return err
	}
	return &errLost{cause: err}
}

// undo undoes a failed request and returns its error, or errLost.
func (g *group) undo(p *pending, cause error, savepoint bool) error {
	w := g.w
	if !w.conn.InTransaction() {
		return &errLost{cause: cause}
	}
	if _, ok := errors.AsType[*errLost](cause); ok {
		return cause
	}
	var err error
	switch {
	case savepoint:
		if err = w.own.rollbackTo.Run(); err == nil {
			err = w.own.release.Run()
		}
	case p.Executions > 1 || p.DDL:
		if err = w.own.rollback.Run(); err == nil {
			err = w.own.begin.Run()
		}
	}
	if err != nil {
		return &errLost{cause: err}
	}
	if _, ok := errors.AsType[*api.Problem](cause); !ok {
		return w.db.storageProblem(storage.Write, cause)
	}
	return cause
}

// merge adds a request's row counts to the group's.
func (g *group) merge(deltas []delta) {
next:
	for _, d := range deltas {
		for i := range g.deltas {
			if g.deltas[i].t == d.t {
				g.deltas[i].rows += d.rows
				continue next
			}
		}
		g.deltas = append(g.deltas, d)
	}
}

// statements runs a request's statements.
func (g *group) statements(p *pending) (*api.ExecResponse, []delta, error) {
	resp := &api.ExecResponse{RowsAffected: make([]int64, len(p.Decoded))}
	deltas := make([]delta, 0, len(p.Decoded))
	for i := range p.Decoded {
		st := &p.Decoded[i]
		var err error
		switch st.Effect {
		case api.EffectCreateTable:
			err = g.createTable(st)
		case api.EffectDropTable:
			err = g.dropTable(st)
		case api.EffectAlterTable:
			err = g.alterTable(st)
		default:
			var d delta
			d, resp.RowsAffected[i], err = g.change(p, i)
			deltas = append(deltas, d)
		}
		if err != nil {
			return nil, nil, p.at(err, i, 0, -1)
		}
	}
	return resp, deltas, nil
}

// change runs an INSERT, UPDATE or DELETE for each of its rows.
func (g *group) change(p *pending, i int) (delta, int64, error) {
	st := &p.Decoded[i]
	t, problem := g.catalog.expect(st.Table, st.SchemaVersion)
	if problem != nil {
		return delta{}, 0, problem
	}
	s, err := g.w.cache.get(st.SQL)
	if err != nil {
		return delta{}, 0, err
	}
	if s.ReadOnly() {
		return delta{}, 0, contract.ChangesNothing()
	}
	var affected int64
	for row := range st.Executions {
		var n int64
		if err = runWith(s.Stmt, st.Row(row)); err == nil {
			n = g.w.conn.Changes()
		} else if st.Effect == api.EffectUpdate && isDuplicate(err) {
			n, err = g.w.rekey(t, err, func() error { return runWith(s.Stmt, st.Row(row)) })
		}
		if err != nil {
			return delta{}, 0, p.at(err, i, row, -1)
		}
		affected += n
	}
	d := delta{t: t}
	switch st.Effect {
	case api.EffectInsert:
		d.rows = affected
	case api.EffectDelete:
		d.rows = -affected
	}
	return d, affected, nil
}

// runWith runs a statement with a row of parameters.
func runWith(s *raw.Stmt, row []sqltypes.Value) error {
	if err := bind(s, row); err != nil {
		return err
	}
	return s.Run()
}
