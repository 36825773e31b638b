package service

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/catalog"
	"shardeck/master/dialect"
	"shardeck/master/intent"
	"shardeck/master/scatter"
	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/sharding"
)

const (
	// forgetDelay is how long finished intents are collected before they are deleted together.
	forgetDelay = 100 * time.Millisecond
	// maxForgotten bounds the finished intents that wait to be deleted. The primary finds those
	// beyond it by itself.
	maxForgotten = 10_000
)

// intents are the master's side of the logs of unfinished statements (see package intent).
type intents struct {
	s        *Service
	log      *intent.Log
	version  string            // of the log's definition
	finished chan intent.Entry // to be deleted
	again    chan struct{}     // a shard came back: try again now
	watch    intent.Watch      // used only by recover
}

func newIntents(s *Service) *intents {
	return &intents{
		s:        s,
		log:      &intent.Log{Shards: shardCalls{s}, Timeout: s.cfg.RequestTimeout},
		version:  intent.Definition().Version(),
		finished: make(chan intent.Entry, maxForgotten),
		again:    make(chan struct{}, 1),
		watch:    intent.Watch{Grace: 2 * s.cfg.RequestTimeout},
	}
}

// plan decides where a write goes first and, if it concerns several shards, makes its intent.
// There is none if the database has no log yet or the write is too large for it.
func (t *intents) plan(w *write) error {
	w.home = -1
	if w.idem != nil {
		w.home = t.s.slots.Shard(sharding.Slot(w.idem.Key))
	}
	// One shard cannot be left half done, but the home of a key has to know what it was used for.
	if len(w.calls) < 2 && !w.mayChange {
		return nil
	}
	home := w.home
	if home < 0 {
		// Any shard with rows will do. The same request has the same home, so that it fails alike.
		first := &w.calls[0].Request.Statements[0]
		text := first.SQL
		if len(first.Rows) > 0 {
			text = string(first.Rows[0])
		}
		home = w.calls[sharding.Slot(text)%len(w.calls)].Shard
	}
	if !t.hasLog(home, w.db) {
		return w.unlogged(api.NewProblem(api.CodeShardUnavailable, "database %s has no log of unfinished statements yet, which this write needs", w.db).
			Hinted("send it again in a few seconds: the primary creates the log"))
	}
	r := &intent.Record{ID: intent.NewID(), Kind: intent.Write, DB: w.db, Idempotency: w.idem}
	if r.Idempotency == nil {
		r.Idempotency = intent.NewKey(r.ID, "")
	}
	size := 0
	for i := range w.calls {
		if w.calls[i].Shard == home {
			continue
		}
		r.Parts = append(r.Parts, intent.Part{Shard: w.calls[i].Shard, Statements: w.calls[i].Request.Statements})
		for j := range w.calls[i].Request.Statements {
			for _, row := range w.calls[i].Request.Statements[j].Rows {
				size += len(row)
			}
		}
	}
	tooLarge := api.NewProblem(api.CodeTooComplex, "a write of rows that are read first, with an %s, takes at most %d MiB for several shards", api.HeaderIdempotencyKey, intent.MaxBody>>20).
		Hinted("write the rows in several statements, or without the key")
	if size > intent.MaxBody {
		return w.unlogged(tooLarge) // not even encoded
	}
	st, err := t.log.Statement(home, r)
	if err != nil {
		return err
	}
	if st == nil {
		return w.unlogged(tooLarge)
	}
	w.home, w.idem, w.intent, w.logged = home, r.Idempotency, r, st
	for i := range w.calls {
		w.calls[i].Request.Idempotency = w.idem
	}
	return nil
}

// unlogged returns the problem of a write that needs an intent and cannot have one; nil if it can do
// without.
func (w *write) unlogged(p *api.Problem) error {
	if w.mayChange {
		return p
	}
	return nil
}

func (t *intents) hasLog(shard int, db string) bool {
	st := t.s.prober.Snapshot().Shards[shard].Stats
	if st == nil {
		return false
	}
	d := catalog.FindDatabase(st, db)
	return d != nil && d.Log != nil && d.Log.Definition.Version() == t.version
}

// settle deletes the intent of a write that was sent, if the outcome of each part is known. It
// reports whether the primary has to complete the write.
func (t *intents) settle(ctx context.Context, w *write, results []scatter.ExecResult) (left bool) {
	if w.intent == nil {
		return false
	}
	refused := false
	for i := range results {
		switch p := results[i].Problem; {
		case p == nil:
		case results[i].Shard == w.home:
			return p.Code == api.CodeOutcomeUnknown // otherwise there is no intent
		case !p.Code.Lasting():
			return true
		default:
			refused = true
		}
	}
	e := intent.Entry{DB: w.db, Host: w.home, ID: w.intent.ID, Kind: intent.Write}
	if refused {
		// The client is about to be told that these rows were refused. They must not be sent
		// again later, when they might be accepted.
		if t.log.Remove(context.WithoutCancel(ctx), t.s.fence(), e.Host, e.DB, e.ID) == nil {
			return false
		}
	}
	select {
	case t.finished <- e:
	default:
	}
	return false
}

// forget deletes finished intents, those of one log together, until ctx ends.
func (t *intents) forget(ctx context.Context) {
	for {
		var first intent.Entry
		select {
		case <-ctx.Done():
			return
		case first = <-t.finished:
		}
		select {
		case <-ctx.Done():
		case <-time.After(forgetDelay):
		}
		t.forgetAll(context.WithoutCancel(ctx), first)
	}
}

// forgetAll deletes an intent and those that have been finished since.
func (t *intents) forgetAll(ctx context.Context, first intent.Entry) {
	ids := map[intent.Entry][]string{} // by log
	add := func(e intent.Entry) {
		log := intent.Entry{DB: e.DB, Host: e.Host}
		ids[log] = append(ids[log], e.ID)
	}
	add(first)
	for range len(t.finished) {
		add(<-t.finished)
	}
	ctx, cancel := context.WithTimeout(ctx, t.s.cfg.ProbeTimeout)
	defer cancel()
	for log, list := range ids {
		// One that stays is only executed once more, and answered from the workers' records.
		if p := t.log.Remove(ctx, t.s.fence(), log.Host, log.DB, list...); p != nil {
			t.s.logger.Debug("cannot delete finished intents", "shard", log.Host, "db", log.DB, "error", p)
		}
	}
}

// shardCalls implements intent.Shards.
type shardCalls struct{ s *Service }

func (c shardCalls) Count() int { return c.s.slots.Shards() }

func (c shardCalls) Worker(shard int) string { return c.s.workerName(shard) }

func (c shardCalls) Dialect(shard int) (dialect.Dialect, error) { return c.s.dialectOf(shard) }

func (c shardCalls) Exec(ctx context.Context, shard int, req *api.ExecRequest) (resp *api.ExecResponse, p *api.Problem) {
	r := c.s.scatter.Do(ctx, shard, func(ctx context.Context, w *client.Worker) (err error) {
		resp, err = w.Exec(ctx, req)
		return err
	})
	return resp, r.Problem
}

func (c shardCalls) CreateDB(ctx context.Context, shard int, req *api.DBRequest) (resp *api.DBResponse, p *api.Problem) {
	r := c.s.scatter.Do(ctx, shard, func(ctx context.Context, w *client.Worker) (err error) {
		resp, err = w.CreateDB(ctx, req)
		return err
	})
	return resp, r.Problem
}

func (c shardCalls) DropDB(ctx context.Context, shard int, req *api.DBRequest) *api.Problem {
	return c.s.scatter.Do(ctx, shard, func(ctx context.Context, w *client.Worker) error {
		_, err := w.DropDB(ctx, req)
		return err
	}).Problem
}

func (c shardCalls) Stats(ctx context.Context, shard int) (st *api.WorkerStats, p *api.Problem) {
	r := c.s.scatter.Do(ctx, shard, func(ctx context.Context, w *client.Worker) (err error) {
		st, err = workerTarget{w}.Stats(ctx)
		return err
	})
	return st, r.Problem
}

func (c shardCalls) Query(ctx context.Context, shard int, req *api.QueryRequest) ([]jsontext.Value, *api.Problem) {
	streams, problems := c.s.scatter.Query(ctx, "", scatter.Reducing, []scatter.QueryCall{{Shard: shard, Request: req}}, false)
	if problems[0] != nil {
		return nil, problems[0]
	}
	defer streams[0].Close()
	var rows []jsontext.Value
	for {
		block, err := streams[0].NextBlock()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, api.AsProblem(err)
		}
		for line := range bytes.Lines(block) {
			rows = append(rows, bytes.Clone(bytes.TrimRight(line, "\n")))
		}
	}
}
