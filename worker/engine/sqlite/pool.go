package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlite/internal/raw"
	"shardeck/worker/engine/storage"
)

const (
	// defaultReaders is how many queries of one database can run concurrently. It far exceeds the
	// number of processors, because a query with a slow caller keeps its reader: a master lets up
	// to 16 all-shard reads run at a time, two masters twice as many, and single-shard reads need
	// some besides.
	defaultReaders = 48
	// keepIdle is the number of idle readers kept open.
	keepIdle = 8
	// maxWaiting is how many queries may wait for a reader of one database; further ones are
	// refused.
	maxWaiting = 4096
)

// readerPool is the reading connections of a database. They are opened on demand, and the most
// recently used one is reused first, as its caches are warm.
type readerPool struct {
	db      *database
	slots   chan struct{} // one per running query
	waiting atomic.Int64
	closing chan struct{}

	mu     sync.Mutex
	open   []*reader
	idle   []*reader
	closed bool // readers released from now on are closed by their callers
}

func newReaderPool(db *database, n int) *readerPool {
	return &readerPool{db: db, slots: make(chan struct{}, n), closing: make(chan struct{})}
}

// acquire returns a reader, waiting for one until the context ends.
func (p *readerPool) acquire(ctx context.Context) (*reader, error) {
	if err := p.takeSlot(ctx); err != nil {
		return nil, err
	}
	r, err := p.reader()
	if err != nil {
		<-p.slots
		return nil, err
	}
	return r, nil
}

func (p *readerPool) takeSlot(ctx context.Context) error {
	select {
	case <-p.closing:
		return p.db.writer.refusal()
	default:
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	defer p.waiting.Add(-1)
	if p.waiting.Add(1) > maxWaiting {
		return api.NewProblem(api.CodeOverloaded, "too many queries are waiting for this database").Hinted("send it again later")
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-p.closing:
		return p.db.writer.refusal()
	case <-ctx.Done():
		return contract.ContextProblem(ctx.Err())
	}
}

// reader returns an idle reader or opens one. The caller holds a slot.
func (p *readerPool) reader() (*reader, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closing: // since the slot was taken
		return nil, p.db.writer.refusal()
	default:
	}
	if n := len(p.idle); n > 0 {
		r := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return r, nil
	}
	r, err := openReader(p.db)
	if err != nil {
		return nil, p.db.storageProblem(storage.Read, fmt.Errorf("open a reader: %w", err))
	}
	p.open = append(p.open, r)
	return r, nil
}

func openReader(db *database) (*reader, error) {
	conn, err := openConn(db.path, raw.ReadWrite, readerCache)
	if err != nil {
		return nil, err
	}
	// A dropped database's last reader must not remove the log of a new one with the same name.
	err = errors.Join(conn.KeepLogOnClose(), conn.Exec("PRAGMA query_only = ON"),
		conn.Exec(fmt.Sprintf("PRAGMA mmap_size = %d", mapped)))
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &reader{conn: conn, cache: newStmtCache(conn, newGuard(conn))}, nil
}

// release returns a reader to the pool.
func (p *readerPool) release(r *reader) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= keepIdle {
		p.open = slices.DeleteFunc(p.open, func(o *reader) bool { return o == r })
		if err := r.close(); err != nil {
			p.db.e.cfg.Logger.Warn("closing a reader failed", "database", p.db.physical, "error", err)
		}
	} else {
		p.idle = append(p.idle, r)
	}
	<-p.slots
}

// close interrupts the readers and closes them, waiting at most that long. A reader whose caller
// is stuck longer is eventually closed by its caller.
func (p *readerPool) close(wait time.Duration) error {
	close(p.closing)
	p.awaitAll(wait)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var errs []error
	for _, r := range p.idle {
		errs = append(errs, r.close())
	}
	if len(p.open) > len(p.idle) {
		errs = append(errs, errors.New("queries that do not end still have the file open"))
	}
	p.open, p.idle = nil, nil
	return errors.Join(errs...)
}

// awaitAll interrupts running queries until all slots are free or the time is up.
func (p *readerPool) awaitAll(wait time.Duration) {
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	again := time.NewTicker(interruptEvery)
	defer again.Stop()
	for n := 0; n < cap(p.slots); {
		select {
		case p.slots <- struct{}{}:
			n++
		case <-again.C:
			p.mu.Lock()
			for _, r := range p.open {
				r.interrupt()
			}
			p.mu.Unlock()
		case <-deadline.C:
			return
		}
	}
}
