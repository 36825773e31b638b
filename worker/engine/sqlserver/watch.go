package sqlserver

import (
	"context"
	"errors"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine/sqlserver/batch"
	"shardeck/worker/engine/storage"
)

const (
	// lookTimeout bounds one check of the server and all databases.
	lookTimeout = 5 * time.Second
	// saveClockEvery is how often the running time is stored.
	saveClockEvery = time.Minute
)

// watcher asks the server, while the engine is open, whether it can read the databases, and stores
// the running time.
type watcher struct {
	e      *Engine
	cancel context.CancelFunc
	ended  chan struct{}

	server    *storage.Store
	databases map[string]*storage.Store // by physical name
	saved     time.Duration             // running time
}

func (e *Engine) startWatching() *watcher {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watcher{e: e, cancel: cancel, ended: make(chan struct{}), server: e.health.Add(""), databases: map[string]*storage.Store{}, saved: e.ranBefore}
	go func() {
		defer close(w.ended)
		tick := time.NewTicker(e.cfg.WatchEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				w.look(ctx)
			case <-ctx.Done():
				return
			}
		}
	}()
	return w
}

func (w *watcher) stop() {
	w.cancel()
	<-w.ended
}

// look checks everything once.
func (w *watcher) look(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	err := w.lookAt(bounded)
	switch {
	case ctx.Err() != nil: // the engine is being closed
	case err != nil:
		w.server.Fail(storage.Read, api.StorageUnreachable, "", problem(err, batch.PhaseIdle))
	default:
		w.server.Heal(storage.Read)
	}
}

// lookAt checks the server and each database. Its error is one of the server.
func (w *watcher) lookAt(ctx context.Context) error {
	if ran := w.e.age().Ran; ran >= w.saved+saveClockEvery {
		if _, err := execCall(ctx, w.e.state, batch.SaveRunningTime(ran)); err != nil {
			return err
		}
		w.saved = ran
	}
	records, err := w.e.records(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i := range records {
		if r := &records[i]; r.state == batch.RecordReady {
			seen[r.physical] = true
			if err := w.probe(ctx, r); err != nil {
				return err
			}
		}
	}
	for physical, s := range w.databases {
		if !seen[physical] {
			w.e.health.Remove(s)
			delete(w.databases, physical)
		}
	}
	return nil
}

// probe checks one database. An error is one of the server.
func (w *watcher) probe(ctx context.Context, r *record) error {
	var n int
	err := queryRow(ctx, w.e.state, batch.Probe(r.physical)).Scan(&n)
	s := w.databases[r.physical]
	if err == nil {
		if s != nil {
			s.Heal(storage.Read)
		}
		return nil
	}
	if p, ok := errors.AsType[*api.Problem](problem(err, batch.PhaseIdle)); !ok || p.SQLNumber == 0 {
		return err // of the connection
	}
	if now, rerr := w.e.record(ctx, r.name); rerr != nil || now == nil || now.state != batch.RecordReady {
		return rerr // dropped meanwhile, or of the connection
	}
	if s == nil {
		s = w.e.health.Add(r.name)
		w.databases[r.physical] = s
	}
	s.Fail(storage.Read, api.StorageReadFailed, "", err)
	return nil
}
