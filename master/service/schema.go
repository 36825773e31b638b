package service

import (
	"context"
	"fmt"
	"strings"

	"shardeck/master/catalog"
	"shardeck/master/failover"
	"shardeck/master/health"
	"shardeck/master/intent"
	"shardeck/master/scatter"
	"shardeck/shared/api"
	"shardeck/shared/sharding"
)

// executed is an intent and what its execution came to.
type executed struct {
	record *intent.Record
	result *intent.Result
	lead   *failover.Leadership // under which it was executed
}

// changeSchema runs a change on the primary: one at a time, and only if every shard is
// up. prepare completes wanted from the current state of the shards, with what is left to
// do. All requests carry the term in which this master was found to be the primary. If
// they carried the newest known term, as row writes do, a master that was demoted
// meanwhile would write in its successor's term. The change does not stop when the client
// disconnects, only when this master steps down.
func (s *Service) changeSchema(ctx context.Context, wanted *intent.Record,
	prepare func(ctx context.Context, snap *health.Snapshot) error,
) (*api.DDLResponse, error) {
	done, err := s.awaitDDL(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	lead, err := s.coord.EnsurePrimary(ctx)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := preflight(s.prober.Snapshot()); err != nil {
		return nil, err
	}
	left, lead, err := s.finishLeft(lead, wanted.DB)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, s.prober.Snapshot()); err != nil {
		for _, e := range left {
			if e.record.Kind == wanted.Kind && api.SameName(e.record.Table, wanted.Table) && e.record.Version == wanted.Version &&
				e.record.String() == wanted.String() && e.result.Undone == nil {
				return response(e.record, e.result), nil // an earlier attempt at this, which is complete now
			}
		}
		return nil, err
	}
	if name, ok := s.catalog.Load().Database(wanted.DB); ok {
		wanted.DB = name // in the spelling it was created with
	}
	if wanted.Kind == intent.CreateTable && len(wanted.Shards) == s.slots.Shards() {
		if err := s.discardWrites(lead, wanted.DB, wanted.Table); err != nil {
			return nil, err
		}
	}
	return s.runChange(lead, wanted)
}

// discardWrites removes the intents of writes to a table that no shard has any more. Completed
// later, they would put rows of the dropped table into a new one of the same name and definition.
func (s *Service) discardWrites(lead *failover.Leadership, db, table string) error {
	snap := s.prober.Snapshot()
	for shard := range snap.Shards {
		d := catalog.FindDatabase(snap.Shards[shard].Stats, db)
		if d == nil || d.Log == nil {
			continue
		}
		entries, p := s.intents.log.List(lead.Context(), shard, d.Name)
		if p != nil {
			return p
		}
		var ids []string
		for _, e := range entries {
			if e.Kind.IsSchema() {
				continue
			}
			rec, p := s.intents.log.Load(lead.Context(), e)
			if p != nil {
				return p
			}
			if rec != nil && rec.Writes(table) {
				ids = append(ids, e.ID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		if p := s.intents.log.Remove(lead.Context(), s.fenceOf(lead), shard, d.Name, ids...); p != nil {
			return p
		}
		s.events.publish(api.EventWrite, api.LevelWarn, &shard, fmt.Sprintf("%d unfinished writes to the dropped table %s.%s are given up", len(ids), db, table))
	}
	return nil
}

func (s *Service) fenceOf(lead *failover.Leadership) api.Fence {
	return api.Fence{Term: lead.Term, MapVersion: s.slots.Version()}
}

// runChange writes a change's intent and executes it.
func (s *Service) runChange(lead *failover.Leadership, rec *intent.Record) (*api.DDLResponse, error) {
	rec.ID = intent.NewID()
	host, fence := s.hostOf(rec), s.fenceOf(lead)
	physical, p := s.intents.log.Begin(lead.Context(), fence, host, rec)
	if p != nil {
		s.learnStale(p)
		s.events.publish(api.EventDDL, api.LevelError, nil, "failed: "+rec.String()+": "+p.Detail)
		return nil, notBegun(rec, p)
	}
	res := s.intents.log.Finish(lead.Context(), fence, host, rec)
	for i := range res.Outcomes {
		if o := &res.Outcomes[i]; o.Shard == host && o.Physical == "" {
			o.Physical = physical
		}
	}
	if !res.Finished && res.Undone == nil && nothingDone(res) {
		res.Finished = s.intents.log.Remove(lead.Context(), fence, host, rec.DB, rec.ID) == nil
	}
	s.note(rec, res)
	if problem := changeProblem(rec, res); problem != nil {
		s.events.publish(api.EventDDL, api.LevelError, nil, "failed on some shards: "+rec.String()+": "+problem.Detail)
		return nil, problem
	}
	s.events.publish(api.EventDDL, api.LevelGood, nil, done(rec))
	return response(rec, res), nil
}

// hostOf returns the shard whose log gets a change's intent: the home of the database, or
// if that lacks it, the first shard that the change concerns.
func (s *Service) hostOf(rec *intent.Record) int {
	home := s.homeOf(rec.DB)
	if st := s.prober.Snapshot().Shards[home].Stats; rec.Kind == intent.CreateDB || st != nil && catalog.HasDatabase(st, rec.DB) {
		return home
	}
	return rec.Shards[0]
}

func (s *Service) homeOf(db string) int { return s.slots.Shard(sharding.Slot(strings.ToLower(db))) }

// note applies what was done to the known stats, ahead of the next probes.
func (s *Service) note(rec *intent.Record, res *intent.Result) {
	if res.Stale != nil {
		s.learnStale(res.Stale)
	}
	for i := range res.Outcomes {
		o := &res.Outcomes[i]
		if o.State != intent.Applied && res.Undone == nil {
			continue
		}
		s.prober.Edit(o.Shard, func(st *api.WorkerStats) {
			switch rec.Kind {
			case intent.CreateTable:
				catalog.AddTable(st, rec.DB, rec.Definition)
			case intent.UndoCreateTable:
				if o.State == intent.Refused {
					catalog.DropTable(st, rec.DB, rec.Table)
				}
			case intent.AlterTable:
				catalog.AlterTable(st, rec.DB, rec.Table, rec.Change)
			case intent.DropTable:
				catalog.DropTable(st, rec.DB, rec.Table)
			case intent.CreateDB:
				catalog.AddDatabase(st, rec.DB, o.Physical, intent.Definition())
			case intent.DropDB:
				catalog.DropDatabase(st, rec.DB)
			case intent.Write, intent.WriteCopies:
			}
		})
	}
}

// learnStale makes sure that a newer term is noticed. What the workers store decides, not what
// one of them says.
func (s *Service) learnStale(p *api.Problem) {
	if p.Code == api.CodeStaleTerm && p.Shard != nil {
		s.prober.Nudge(*p.Shard)
	}
}

// nothingDone reports whether no shard has, or may have, applied its part.
func nothingDone(res *intent.Result) bool {
	for i := range res.Outcomes {
		if o := &res.Outcomes[i]; o.State == intent.Applied || o.Problem.Code == api.CodeOutcomeUnknown {
			return false
		}
	}
	return true
}

// done says in words that a change is complete.
func done(rec *intent.Record) string {
	verb, what, _ := strings.Cut(rec.String(), " ")
	return map[string]string{"create": "created ", "alter": "altered ", "drop": "dropped "}[verb] + what
}

func response(rec *intent.Record, res *intent.Result) *api.DDLResponse {
	return &api.DDLResponse{DB: rec.DB, Table: rec.Table, Definition: rec.Definition, Shards: appliedTo(res)}
}

func appliedTo(res *intent.Result) []api.ShardResult {
	applied := []api.ShardResult{}
	for i := range res.Outcomes {
		if o := &res.Outcomes[i]; o.State == intent.Applied {
			applied = append(applied, api.ShardResult{Shard: o.Shard, Worker: o.Worker, Rows: o.Rows, FirstMS: scatter.Milliseconds(o.Took), MS: scatter.Milliseconds(o.Took)})
		}
	}
	return applied
}

// completesChange is the hint for a change that the primary completes.
const completesChange = "the primary completes it by itself; GET " + api.PathEvents + " of the primary reports when. The same request again completes it as well"

// notBegun returns the problem of a change whose intent could not be written.
func notBegun(rec *intent.Record, p *api.Problem) *api.Problem {
	if p.Code == api.CodeOutcomeUnknown || rec.Kind == intent.CreateDB {
		return p.Hinted("if it was begun, %s", completesChange)
	}
	return p
}

// changeProblem returns the problem of a change that is not applied on all shards, or nil.
func changeProblem(rec *intent.Record, res *intent.Result) *api.Problem {
	var causes []api.Problem
	for i := range res.Outcomes {
		p := res.Outcomes[i].Problem
		if p == nil {
			continue
		}
		if !res.Finished {
			p = mayYetApply(p)
		}
		causes = append(causes, *p)
	}
	applied := appliedTo(res)
	if res.Undone != nil {
		return undoneProblem(rec, res, causes, applied)
	}
	if len(causes) == 0 {
		return nil
	}
	p := writeProblem(causes, applied)
	if res.Finished {
		return p
	}
	if len(applied) > 0 {
		return p.Hinted("applied lists the shards that succeeded; %s", completesChange)
	}
	return p.Hinted("%s", completesChange)
}

// undoneProblem returns the refusal for which a table is not created anywhere.
func undoneProblem(rec *intent.Record, res *intent.Result, causes []api.Problem, applied []api.ShardResult) *api.Problem {
	p := *res.Undone
	if len(rec.Shards) > 1 {
		p.Causes, p.Applied = causes, applied
	}
	switch {
	case !res.Finished:
		p.Detail += "; the table is being dropped where it was created"
		p.Hint = "the primary completes that by itself; GET " + api.PathEvents + " of the primary reports when"
	case len(applied) > 0:
		p.Detail += fmt.Sprintf("; %s keep the table, which has rows there by now", sharding.Names(shardsOf(applied)))
	case len(rec.Shards) > 1:
		p.Detail += "; no shard keeps the table of this statement"
	}
	return &p
}

func shardsOf(results []api.ShardResult) []int {
	shards := make([]int, len(results))
	for i := range results {
		shards[i] = results[i].Shard
	}
	return shards
}
