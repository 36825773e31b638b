package sqlite

import (
	"errors"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine/sqlite/internal/raw"
	"shardeck/worker/engine/storage"
)

// watcher checks, while the engine is open, that its files are in place and readable.
type watcher struct{ quit, ended chan struct{} }

func (e *Engine) startWatching() *watcher {
	w := &watcher{quit: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		tick := time.NewTicker(e.cfg.WatchEvery)
		defer tick.Stop()
		for {
			e.look()
			select {
			case <-tick.C:
			case <-w.quit:
				return
			}
		}
	}()
	return w
}

func (w *watcher) stop() {
	close(w.quit)
	<-w.ended
}

// look checks everything once.
func (e *Engine) look() {
	e.fence.look()
	for _, db := range *e.dbs.Load() {
		db.look()
	}
}

// look checks the files of the state, and tries to write again after a failure.
func (f *fence) look() {
	if f.store.Refusal() != nil || f.files.checkPlace(f.store) != nil {
		return
	}
	f.store.Heal(storage.Read)
	if f.store.Failing(storage.Write) {
		f.probe()
	}
}

// look checks the files of a database, and has its writer try again after a failure.
func (db *database) look() {
	if db.gone.Load() || db.store.Refusal() != nil {
		return
	}
	err := db.files.check()
	if db.gone.Load() { // meanwhile, so that its files are being removed
		return
	}
	if err != nil {
		_ = db.files.checkPlace(db.store)
		return
	}
	if err := probeRead(db.path); err == nil {
		db.store.Heal(storage.Read)
	} else if !db.gone.Load() {
		db.unreadable(err)
	}
	if db.store.Failing(storage.Write) {
		select {
		case db.writer.probe <- struct{}{}:
		default: // one is pending
		}
	}
}

// probeRead reads the beginning of a file as a new connection does, which has nothing in its
// cache.
func probeRead(path string) error {
	conn, err := raw.Open(path, raw.ReadOnly)
	if err != nil {
		return err
	}
	err = conn.KeepLogOnClose()
	if err == nil {
		_, err = readName(conn)
	}
	return errors.Join(err, conn.Close())
}

// unreadable records that probeRead has failed. If the beginning of the file is damaged, nothing
// in it can be relied on.
func (db *database) unreadable(err error) {
	e, ok := errors.AsType[*raw.Error](err)
	switch {
	case ok && (e.Primary() == codeBusy || e.Primary() == codeNoMem):
		// That says nothing about the file.
	case ok && (e.Primary() == codeIOErr || e.Primary() == codeCantOpen):
		db.store.Fail(storage.Read, api.StorageReadFailed, db.path, err)
	default:
		db.store.Close(storage.Content, api.StorageDamaged, db.path, err)
	}
}

// probeWrite makes a small durable write, whose success ends the failure of writes.
func (w *writer) probeWrite() {
	if w.db.refusal() != nil {
		return
	}
	err := w.own.begin.Run()
	if err == nil {
		err = w.saveClock()
	}
	if err == nil {
		err = w.commit()
	}
	if err == nil {
		err = w.db.files.checkPlace(w.db.store)
	}
	if err == nil {
		w.db.store.Heal(storage.Write)
		return
	}
	noteFailure(w.db.store, storage.Write, w.db.path, err)
	if w.conn.InTransaction() {
		if rerr := w.own.rollback.Run(); rerr != nil {
			w.db.e.cfg.Logger.Error("rollback failed", "database", w.db.physical, "error", rerr)
		}
	}
}
