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
)

const (
	// defaultReaders is how many queries of one database can run at once. It is far
	// more than there are processors, because a query whose caller reads slowly keeps
	// its reader: a master lets up to 16 questions to all shards run at once, two
	// masters twice as many, and single-shard questions need some besides.
	defaultReaders = 48
	// keepIdle is how many idle readers stay open.
	keepIdle = 8
	// maxWaiting is how many queries may wait for a reader of one database; more are refused.
	maxWaiting = 4096
)

// readerPool is the reading connections of a database. They are opened when they
// are needed, and the one used last is used first, as its caches are warm.
type readerPool struct {
	db      *database
	slots   chan struct{} // one for each query that runs
	waiting atomic.Int64
	closing chan struct{}

	mu     sync.Mutex
	open   []*reader
	idle   []*reader
	closed bool // readers that come back from now on are closed by whoever brings them
}

func newReaderPool(db *database, n int) *readerPool {
	return &readerPool{db: db, slots: make(chan struct{}, n), closing: make(chan struct{})}
}

// acquire returns a reader, waiting for one as long as the context lives.
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
		return nil, storageProblem(fmt.Errorf("open a reader: %w", err), p.db.e.cfg.Logger)
	}
	p.open = append(p.open, r)
	return r, nil
}

func openReader(db *database) (*reader, error) {
	conn, err := openConn(db.path, raw.ReadWrite, readerCache)
	if err != nil {
		return nil, err
	}
	// A dropped database's last reader must not tidy up the log of a new one by the same name.
	err = errors.Join(conn.KeepLogOnClose(), conn.Exec("PRAGMA query_only = ON"),
		conn.Exec(fmt.Sprintf("PRAGMA mmap_size = %d", mapped)))
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &reader{conn: conn, cache: newStmtCache(conn, newGuard(conn))}, nil
}

// release gives a reader back.
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

// close interrupts the readers and closes them, waiting at most so long. A reader
// whose caller is stuck beyond that is closed by its caller in the end.
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

// awaitAll interrupts what runs until all slots are free or the time is over.
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
