package sqlite

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlite/internal/raw"
	"shardeck/worker/engine/storage"
)

// reader is one connection; it runs one query at a time.
type reader struct {
	conn  *raw.Conn
	cache *stmtCache
	line  []byte // for the row being encoded

	mu  sync.Mutex
	run uint64 // odd while a query runs, different for each
}

func (r *reader) close() error { return errors.Join(r.cache.clear(), r.conn.Close()) }

// interruptEvery is how often an interrupt is repeated: one that arrives just before SQLite
// starts running is lost.
const interruptEvery = 5 * time.Millisecond

func (r *reader) begin() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.run++
	return r.run
}

func (r *reader) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.run++
}

// interrupt interrupts the running query, if any.
func (r *reader) interrupt() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.run%2 == 1 {
		r.conn.Interrupt()
	}
}

// interruptRun interrupts one query until it has ended.
func (r *reader) interruptRun(run uint64) {
	tick := time.NewTicker(interruptEvery)
	defer tick.Stop()
	for {
		r.mu.Lock()
		if r.run != run {
			r.mu.Unlock()
			return
		}
		r.conn.Interrupt()
		r.mu.Unlock()
		<-tick.C
	}
}

// shape describes a query's rows.
type shape struct {
	names []string
	types []sqltypes.Type
}

// fit sets the shape to a result's types, parsing them only if they changed.
func (s *shape) fit(names []string, have int) error {
	if s.types != nil && slices.Equal(s.names, names) {
		return nil
	}
	types, err := contract.ResultTypes(names, have)
	if err != nil {
		return err
	}
	*s = shape{names: names, types: types}
	return nil
}

// Query implements engine.Engine.
func (e *Engine) Query(ctx context.Context, req *api.QueryRequest, row func(line []byte) error) error {
	db, err := e.database(req.DB)
	if err != nil {
		return err
	}
	var room [8]sqltypes.Value
	_, params, err := contract.DecodeQuery(room[:0], req)
	if err != nil {
		return err
	}
	if d := contract.QueryTimeout(req); d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	if err := ctx.Err(); err != nil {
		return contract.ContextProblem(err)
	}
	r, err := db.readers.acquire(ctx)
	if err != nil {
		return err
	}
	defer db.readers.release(r)
	return db.query(ctx, r, req, params, row)
}

// query runs a query on a reader it owns exclusively.
func (db *database) query(ctx context.Context, r *reader, req *api.QueryRequest, params []sqltypes.Value, row func([]byte) error) error {
	run := r.begin()
	defer r.end()
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() { r.interruptRun(run) })()
	}
	s, err := r.cache.get(req.SQL)
	if err == nil && !s.ReadOnly() {
		err = contract.NoSelect()
	}
	if err == nil {
		err = s.shape.fit(req.ResultTypes, s.Columns())
	}
	if err == nil {
		err = bind(s.Stmt, params)
	}
	if err != nil {
		return db.queryProblem(ctx, req, err)
	}
	defer s.Reset()
	more, err := db.firstStep(ctx, s.Stmt, req.Schemas)
	defer r.shrink()
	for more && err == nil {
		var whole bool
		if r.line, whole = appendLine(r.line[:0], s.Stmt, s.shape.types); !whole {
			return api.RowTooLarge()
		}
		if err := row(r.line); err != nil {
			return err
		}
		more, err = s.Step()
	}
	if err != nil {
		return db.queryProblem(ctx, req, err)
	}
	return nil
}

// keepLine is the size in bytes above which a reader frees its line buffer.
const keepLine = 1 << 20

func (r *reader) shrink() {
	if cap(r.line) > keepLine {
		r.line = nil
	}
}

// firstStep checks that the tables match what the query was built for and makes the first step,
// which takes the snapshot that the query reads. Both must see the same schema: if one was being
// committed meanwhile, they are repeated.
func (db *database) firstStep(ctx context.Context, s *raw.Stmt, schemas map[string]string) (bool, error) {
	for {
		gen := db.schemaGen.Load()
		if gen%2 == 1 {
			db.schemaMu.Lock() // a commit is in progress: takes one fsync
			gen = db.schemaGen.Load()
			db.schemaMu.Unlock()
			if err := ctx.Err(); err != nil {
				return false, err
			}
		}
		cat := db.catalog.Load()
		for name, version := range schemas {
			if _, p := cat.expect(name, version); p != nil {
				return false, p
			}
		}
		more, err := s.Step()
		if db.schemaGen.Load() == gen {
			return more, err
		}
		s.Reset()
	}
}

// queryProblem maps an error of a query to a problem.
func (db *database) queryProblem(ctx context.Context, req *api.QueryRequest, err error) error {
	if e, ok := errors.AsType[*raw.Error](err); ok && e.Primary() == codeInterrupt {
		if cerr := ctx.Err(); cerr != nil {
			return contract.ContextProblem(cerr)
		}
		return db.writer.refusal()
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return contract.ContextProblem(err)
	}
	// If a table was dropped before the text was prepared, report that instead of SQLite's message.
	cat := db.catalog.Load()
	for name, version := range req.Schemas {
		if _, p := cat.expect(name, version); p != nil {
			return p
		}
	}
	err = statementProblem(err)
	if _, ok := errors.AsType[*api.Problem](err); ok {
		return err
	}
	return db.storageProblem(storage.Read, err)
}

// appendLine appends the current row as a JSON array. It stops and returns false if the row
// exceeds [api.MaxRow]: before it appends a value that is certainly too long, or after one that
// turned out to be with its escapes.
func appendLine(dst []byte, s *raw.Stmt, types []sqltypes.Type) (_ []byte, whole bool) {
	dst = append(dst, '[')
	for i := range types {
		if i > 0 {
			dst = append(dst, ',')
		}
		var v sqltypes.Value
		switch s.Class(i) {
		case raw.ClassInteger:
			v = sqltypes.Value{Form: sqltypes.FormInt, Int: s.Int(i)}
		case raw.ClassFloat:
			v = sqltypes.Value{Form: sqltypes.FormFloat, Float: s.Float(i)}
		case raw.ClassText:
			// The view is encoded before the next step invalidates it.
			v = sqltypes.Value{Form: sqltypes.FormText, Str: s.View(i)}
		case raw.ClassBlob:
			v = sqltypes.Value{Form: sqltypes.FormBytes, Str: s.View(i)}
		}
		if len(dst)+len(v.Str) >= api.MaxRow {
			return dst, false
		}
		dst = sqltypes.AppendJSON(dst, types[i], v)
	}
	dst = append(dst, ']')
	return dst, len(dst) < api.MaxRow
}
