package service

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"shardeck/master/catalog"
	"shardeck/master/failover"
	"shardeck/master/health"
	"shardeck/master/intent"
	"shardeck/shared/api"
)

const (
	// recoverEvery is the interval of looking for abandoned intents. The workers' stats, which
	// are probed anyway, say whether there are any intents at all.
	recoverEvery = time.Second
	// maxRecovering bounds how many writes are completed at a time.
	maxRecovering = 8
)

// recover completes abandoned statements while this master is the primary, until ctx ends.
func (t *intents) recover(ctx context.Context) {
	tick := time.NewTicker(recoverEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.again:
			t.watch.Retry()
		case <-tick.C:
		}
		if t.s.coord.Current().Role == api.RolePrimary {
			t.round(ctx)
		}
	}
}

// retry makes recover try again now, because a shard came back. It does not block.
func (t *intents) retry() {
	select {
	case t.again <- struct{}{}:
	default:
	}
}

// round executes the intents that are due.
func (t *intents) round(ctx context.Context) {
	snap := t.s.prober.Snapshot()
	t.repair(ctx, snap)
	var writes []intent.Entry
	for shard := range snap.Shards {
		sh := &snap.Shards[shard]
		if sh.Stats == nil || !ready(sh) {
			continue
		}
		for i := range sh.Stats.Databases {
			d := &sh.Stats.Databases[i]
			for _, e := range t.due(ctx, shard, d) {
				switch {
				case e.Kind == intent.WriteCopies:
					t.finishCopies(ctx, e)
				case e.Kind.IsSchema():
					t.finishSchema(ctx, e)
				default:
					writes = append(writes, e)
				}
			}
		}
	}
	t.finishWrites(ctx, writes)
}

// due lists the intents in a shard's log that are to be executed now.
func (t *intents) due(ctx context.Context, shard int, d *api.DatabaseStats) []intent.Entry {
	var entries []intent.Entry
	if d.Log != nil && d.Log.Rows > 0 {
		var p *api.Problem
		if entries, p = t.log.List(ctx, shard, d.Name); p != nil {
			t.s.logger.Debug("cannot list unfinished statements", "shard", shard, "db", d.Name, "error", p)
			return nil
		}
	}
	return t.watch.Due(d.Name, shard, entries, time.Now())
}

// finishSchema completes an abandoned change of the schema. It is abandoned if it is there
// while no other change is in progress.
func (t *intents) finishSchema(ctx context.Context, e intent.Entry) {
	end, lead, err := t.s.holdSchema(ctx)
	if err != nil {
		return // the next round tries again
	}
	defer end()
	done, p := t.s.finishOne(lead, e)
	if p != nil || done != nil && !done.result.Finished {
		t.watch.Tried(e, time.Now())
	}
}

// finishCopies completes a write to a reference table that was left, unless another is in progress,
// which then does that first.
func (t *intents) finishCopies(ctx context.Context, e intent.Entry) {
	rec, p := t.log.Load(ctx, e)
	if p == nil && rec == nil {
		return
	}
	if p == nil {
		p = t.s.copies.complete(ctx, e.DB, rec.Written())
	}
	if p != nil {
		t.s.logger.Debug("cannot complete a write to a reference table", "shard", e.Host, "db", e.DB, "error", p)
		t.watch.Tried(e, time.Now())
	}
}

// holdSchema waits until no schema change is in progress, makes sure that this master is the
// primary and brings the stats up to date. end allows other changes again. While it holds them
// up it does not wait for a failover, which may be waiting for them.
func (s *Service) holdSchema(ctx context.Context) (end func(), lead *failover.Leadership, err error) {
	if lead, err = s.coord.EnsurePrimary(ctx); err != nil {
		return nil, nil, err
	}
	select {
	case <-s.ddl:
	case <-lead.Context().Done():
		return nil, nil, context.Cause(lead.Context())
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	end = func() { s.ddl <- struct{}{} }
	if err = lead.Err(); err != nil {
		end()
		return nil, nil, err
	}
	s.prober.ProbeAll(ctx)
	return end, lead, nil
}

// finishOne executes an intent of a schema change; s.ddl is held. It returns nil if the intent is
// no longer there. Requests that create or drop a database have no Idempotency-Key: those that
// were sent before, and are delayed, are fenced off by a new term.
func (s *Service) finishOne(lead *failover.Leadership, e intent.Entry) (*executed, *api.Problem) {
	rec, p := s.intents.log.Load(lead.Context(), e)
	if p != nil || rec == nil {
		if p != nil && !isUnknown(p) {
			s.logger.Warn("cannot read an unfinished statement", "shard", e.Host, "db", e.DB, "error", p)
			return nil, p
		}
		return nil, nil
	}
	if rec.Kind == intent.CreateDB || rec.Kind == intent.DropDB {
		if err := preflight(s.prober.Snapshot()); err != nil {
			return nil, api.AsProblem(err)
		}
		renewed, err := s.coord.Renew(lead.Context())
		if err != nil {
			return nil, api.AsProblem(err)
		}
		lead = renewed
	}
	res := s.intents.log.Finish(lead.Context(), s.fenceOf(lead), e.Host, rec)
	s.note(rec, res)
	s.report(rec, res)
	return &executed{rec, res, lead}, nil
}

// finishLeft completes what earlier changes of a database have left; s.ddl is held. Nothing else
// may change the database before that. It returns the leadership to go on under.
func (s *Service) finishLeft(lead *failover.Leadership, db string) ([]executed, *failover.Leadership, error) {
	var all []executed
	snap := s.prober.Snapshot() // just refreshed
	for shard := range snap.Shards {
		d := catalog.FindDatabase(snap.Shards[shard].Stats, db)
		if d == nil || d.Log == nil || d.Log.Rows == 0 {
			continue
		}
		entries, p := s.intents.log.List(lead.Context(), shard, d.Name)
		if p != nil {
			return nil, nil, p
		}
		for _, e := range entries {
			if !e.Kind.IsSchema() {
				continue
			}
			done, p := s.finishOne(lead, e)
			if p != nil {
				return nil, nil, p
			}
			if done == nil {
				continue
			}
			if !done.result.Finished {
				p := api.NewProblem(api.CodeShardUnavailable, "an earlier statement is unfinished: %s; nothing was changed", done.record)
				if cause := changeProblem(done.record, done.result); cause != nil {
					p.Causes = []api.Problem{*cause}
				}
				return nil, nil, p.Hinted("send the request again once GET %s reports that it is complete", api.PathEvents)
			}
			all, lead = append(all, *done), done.lead
		}
	}
	return all, lead, nil
}

// finishWrites completes abandoned writes.
func (t *intents) finishWrites(ctx context.Context, entries []intent.Entry) {
	if len(entries) == 0 {
		return
	}
	lead := t.s.coord.Current()
	if lead.Role != api.RolePrimary {
		return
	}
	fence := api.Fence{Term: lead.Term, MapVersion: t.s.slots.Version()}
	var mu sync.Mutex // of the watch
	var wg sync.WaitGroup
	turns := make(chan struct{}, maxRecovering)
	for _, e := range entries {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			rec, p := t.log.Load(ctx, e)
			if p == nil && rec == nil || p != nil && isUnknown(p) {
				return // finished after all
			}
			finished := false
			if p == nil {
				res := t.log.Finish(ctx, fence, e.Host, rec)
				t.s.note(rec, res)
				t.s.report(rec, res)
				finished = res.Finished
			} else {
				t.s.logger.Warn("cannot read an unfinished statement", "shard", e.Host, "db", e.DB, "error", p)
			}
			if !finished {
				mu.Lock()
				defer mu.Unlock()
				t.watch.Tried(e, time.Now())
			}
		})
	}
	wg.Wait()
}

// report publishes what became of an abandoned statement, once it is finished.
func (s *Service) report(rec *intent.Record, res *intent.Result) {
	if !res.Finished {
		return
	}
	kind, level := api.EventDDL, api.LevelGood
	text := "completed after an interruption: " + rec.String()
	var parts []string
	if !rec.Kind.IsSchema() {
		kind = api.EventWrite
		for _, d := range rec.Done {
			part := fmt.Sprintf("shard %d applied it to %d rows", d.Shard, d.Rows)
			if d.Refused != "" {
				level = api.LevelError
				part = fmt.Sprintf("shard %d refused it (%s: %s)", d.Shard, d.Refused, d.Detail)
			}
			parts = append(parts, part)
		}
	} else {
		for i := range res.Outcomes {
			o := &res.Outcomes[i]
			part := fmt.Sprintf("shard %d: done", o.Shard)
			if o.Problem != nil {
				level = api.LevelError
				part = fmt.Sprintf("shard %d: %s: %s", o.Shard, o.Problem.Code, o.Problem.Detail)
			}
			parts = append(parts, part)
		}
	}
	if res.Undone != nil {
		text = "undone after a refusal: " + rec.String()
	}
	s.events.publish(kind, level, nil, text+": "+strings.Join(parts, "; "))
	s.logger.Info("completed an unfinished statement", "statement", rec.String(), "intent", rec.ID, "outcome", strings.Join(parts, "; "))
}

// repair gives databases of older versions a log, and completes the creation of a database that
// was left before its intent was written: only its home has it, without tables.
func (t *intents) repair(ctx context.Context, snap *health.Snapshot) {
	if len(t.s.unlogged(snap)) == 0 {
		return
	}
	end, lead, err := t.s.holdSchema(ctx)
	if err != nil {
		return
	}
	defer end()
	snap = t.s.prober.Snapshot() // refreshed
	if preflight(snap) != nil {
		return
	}
	for _, db := range t.s.unlogged(snap) {
		if t.s.begunDB(snap, db) {
			rec := &intent.Record{Kind: intent.CreateDB, DB: db}
			for shard := range snap.Shards {
				rec.Shards = append(rec.Shards, shard)
			}
			_, _ = t.s.runChange(lead, rec) // it publishes what happens
			continue
		}
		for shard := range snap.Shards {
			if d := catalog.FindDatabase(snap.Shards[shard].Stats, db); d != nil && d.Log == nil {
				if p := t.log.Create(lead.Context(), t.s.fenceOf(lead), shard, db); p != nil {
					t.s.logger.Warn("cannot create the log of unfinished statements", "shard", shard, "db", db, "error", p)
					continue
				}
				t.s.prober.Edit(shard, func(st *api.WorkerStats) { catalog.AddDatabase(st, db, "", intent.Definition()) })
			}
		}
	}
}

// unlogged lists the databases that repair has to do with, if all shards answer.
func (s *Service) unlogged(snap *health.Snapshot) []string {
	seen := map[string]bool{}
	var names []string
	for shard := range snap.Shards {
		sh := &snap.Shards[shard]
		if sh.Stats == nil || !ready(sh) {
			return nil
		}
		for i := range sh.Stats.Databases {
			d := &sh.Stats.Databases[i]
			if key := strings.ToLower(d.Name); !seen[key] && (d.Log == nil || s.begunDB(snap, d.Name)) {
				seen[key] = true
				names = append(names, d.Name)
			}
		}
	}
	return names
}

// begunDB reports whether a database's creation was begun on its home and no further.
func (s *Service) begunDB(snap *health.Snapshot, db string) bool {
	for shard := range snap.Shards {
		d := catalog.FindDatabase(snap.Shards[shard].Stats, db)
		if home := shard == s.homeOf(db); home != (d != nil) {
			return false
		}
		if d != nil && (len(d.Tables) > 0 || d.Log != nil && d.Log.Rows > 0) {
			return false
		}
	}
	return len(snap.Shards) > 1
}
