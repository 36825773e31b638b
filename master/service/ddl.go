package service

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"shardeck/master/catalog"
	"shardeck/master/health"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/master/scatter"
	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/httpserve"
)

func (s *Service) createDB(w http.ResponseWriter, r *http.Request) error {
	var req api.CreateDBRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if p := api.CheckIdentifier("db_name", req.DB); p != nil {
		return p
	}
	if err := s.acceptEmpty(req.AcceptEmptyShards); err != nil {
		return err
	}
	resp, err := s.changeSchema(r.Context(), func(ctx context.Context, snap *health.Snapshot, fence api.Fence) (*change, error) {
		missing := s.shardsWhere(snap, func(st *api.WorkerStats) bool { return !catalog.HasDatabase(st, req.DB) })
		if len(missing) == 0 {
			return nil, api.NewProblem(api.CodeDatabaseExists, "database %s already exists on every shard", req.DB).At("db_name").
				Hinted("use it, or choose another name")
		}
		name := req.DB
		if known, ok := s.catalog.Load().Database(req.DB); ok {
			name = known // completing an earlier attempt, in its spelling
		}
		var mu sync.Mutex // the shards respond concurrently
		physical := map[*client.Worker]string{}
		return &change{
			db: name, shards: missing, done: "created database " + name,
			run: func(ctx context.Context, wk *client.Worker) error {
				resp, err := wk.CreateDB(ctx, &api.DBRequest{DB: name, Fence: fence})
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					physical[wk] = resp.Physical
				}
				return err
			},
			edit: func(shard int, st *api.WorkerStats) { catalog.AddDatabase(st, name, physical[s.workers[shard]]) },
		}, nil
	})
	return answer(w, resp, err)
}

// acceptEmpty gives up the rows that emptied shards have lost.
func (s *Service) acceptEmpty(shards []int) error {
	snap := s.prober.Snapshot()
	for _, i := range shards {
		if i < 0 || i >= len(snap.Shards) || snap.Shards[i].State != api.ShardEmptied {
			return api.NewProblem(api.CodeInvalidField, "shard %d is not emptied", i).At("accept_empty_shards").
				Hinted("list only shards whose state in GET %s is emptied", api.PathHealth)
		}
	}
	for _, i := range shards {
		s.prober.AcceptEmpty(i)
		s.logger.Warn("the rows of an emptied shard are given up", "shard", i, "worker", s.workerName(i))
	}
	return nil
}

func (s *Service) dropDB(w http.ResponseWriter, r *http.Request) error {
	var req api.DropDBRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if p := api.CheckIdentifier("db_name", req.DB); p != nil {
		return p
	}
	resp, err := s.changeSchema(r.Context(), func(_ context.Context, snap *health.Snapshot, fence api.Fence) (*change, error) {
		have := s.shardsWhere(snap, func(st *api.WorkerStats) bool { return catalog.HasDatabase(st, req.DB) })
		name, ok := s.catalog.Load().Database(req.DB)
		if len(have) == 0 || !ok {
			return nil, catalog.UnknownDatabase(req.DB)
		}
		return &change{
			db: name, shards: have, done: "dropped database " + name,
			run: func(ctx context.Context, wk *client.Worker) error {
				_, err := wk.DropDB(ctx, &api.DBRequest{DB: name, Fence: fence})
				return err
			},
			edit: func(_ int, st *api.WorkerStats) { catalog.DropDatabase(st, name) },
		}, nil
	})
	return answer(w, resp, err)
}

func (s *Service) createTable(w http.ResponseWriter, r *http.Request) error {
	var req api.CreateTableRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if p := api.CheckIdentifier("db_name", req.DB); p != nil {
		return p
	}
	p, err := planner.CreateTable(&req, s.slots)
	if err != nil {
		return err
	}
	resp, err := s.runCreateTable(r.Context(), p)
	return answer(w, resp, err)
}

// runCreateTable creates a plan's table on the shards that lack it.
func (s *Service) runCreateTable(ctx context.Context, p *plan.Plan) (*api.DDLResponse, error) {
	return s.changeSchema(ctx, func(_ context.Context, snap *health.Snapshot, fence api.Fence) (*change, error) {
		missing, err := s.missingTable(snap, p)
		if err != nil {
			return nil, err
		}
		p.DB, _ = s.catalog.Load().Database(p.DB)
		c := s.planChange(p, missing, fence)
		c.done = fmt.Sprintf("created table %s.%s", p.DB, p.Table)
		c.definition = p.Definition
		c.edit = func(_ int, st *api.WorkerStats) { catalog.AddTable(st, p.DB, p.Definition) }
		return c, nil
	})
}

// missingTable lists the shards that lack the table. It fails if all have it, or if a
// shard has a table of that name with another definition.
func (s *Service) missingTable(snap *health.Snapshot, p *plan.Plan) ([]int, error) {
	var missing, differ, noDB []int
	version := p.Definition.Version()
	for i := range snap.Shards {
		t, hasDB := catalog.FindTable(snap.Shards[i].Stats, p.DB, p.Definition.Name)
		switch {
		case !hasDB:
			noDB = append(noDB, i)
		case t == nil:
			missing = append(missing, i)
		case t.Definition.Version() != version:
			differ = append(differ, i)
		}
	}
	switch {
	case len(noDB) == len(snap.Shards):
		return nil, catalog.UnknownDatabase(p.DB)
	case len(noDB) > 0:
		return nil, api.NewProblem(api.CodeUnknownDatabase, "database %s is missing on shards %s", p.DB, list(noDB)).At("db_name").
			Hinted("complete it with POST %s", api.PathCreateDB)
	case len(differ) > 0:
		return nil, api.NewProblem(api.CodeTableExists, "table %s exists with another definition on shards %s", p.Table, list(differ)).At("table").
			Hinted("choose another name, or drop it first with POST %s", api.PathDeleteTable)
	case len(missing) == 0:
		return nil, api.NewProblem(api.CodeTableExists, "table %s already exists on every shard with this definition", p.Table).At("table").
			Hinted("use it, or choose another name")
	}
	return missing, nil
}

func (s *Service) deleteTable(w http.ResponseWriter, r *http.Request) error {
	var req api.DeleteTableRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	resp, err := s.runDropTable(r.Context(), req.DB, req.Table)
	return answer(w, resp, err)
}

// runDropTable drops a table on every shard that has it.
func (s *Service) runDropTable(ctx context.Context, db, table string) (*api.DDLResponse, error) {
	if _, err := s.table(ctx, db, table); err != nil {
		return nil, err
	}
	return s.changeSchema(ctx, func(ctx context.Context, snap *health.Snapshot, fence api.Fence) (*change, error) {
		t, err := s.table(ctx, db, table)
		if err != nil {
			return nil, err
		}
		p, err := planner.DropTable(t, s.slots, &api.DeleteTableRequest{DB: db, Table: table})
		if err != nil {
			return nil, err
		}
		have := s.shardsWhere(snap, func(st *api.WorkerStats) bool {
			t, _ := catalog.FindTable(st, p.DB, p.Table)
			return t != nil
		})
		c := s.planChange(p, have, fence)
		// Each shard drops its own version of the table, even if that differs.
		for _, shard := range have {
			t, _ := catalog.FindTable(snap.Shards[shard].Stats, p.DB, p.Table)
			c.versions[s.workers[shard]] = t.Definition.Version()
		}
		c.done = fmt.Sprintf("dropped table %s.%s", p.DB, p.Table)
		c.edit = func(_ int, st *api.WorkerStats) { catalog.DropTable(st, p.DB, p.Table) }
		return c, nil
	})
}

// change is a schema change that is ready to run.
type change struct {
	db, table  string
	definition *api.TableDef
	shards     []int
	done       string // describes the completed change, for events
	run        func(ctx context.Context, w *client.Worker) error
	edit       func(shard int, st *api.WorkerStats)
	versions   map[*client.Worker]string // the schema version to expect, for shards that have another
}

// planChange returns the change that runs a plan's fragments on some shards.
func (s *Service) planChange(p *plan.Plan, shards []int, fence api.Fence) *change {
	fragments := map[*client.Worker]*plan.Fragment{}
	for i := range p.Fragments {
		fragments[s.workers[p.Fragments[i].Shard]] = &p.Fragments[i]
	}
	versions := map[*client.Worker]string{}
	return &change{
		db: p.DB, table: p.Table, shards: shards, versions: versions,
		run: func(ctx context.Context, wk *client.Worker) error {
			f := fragments[wk]
			d, err := s.dialectOf(f.Shard)
			if err != nil {
				return err
			}
			statements, err := d.Exec(p, f)
			if err != nil {
				return err
			}
			if v := versions[wk]; v != "" {
				for i := range statements {
					statements[i].SchemaVersion = v
				}
			}
			_, err = wk.Exec(ctx, &api.ExecRequest{DB: p.DB, Fence: fence, Statements: statements,
				TimeoutMS: s.cfg.RequestTimeout.Milliseconds()})
			return err
		},
	}
}

// changeSchema runs a change on the primary: one at a time, and only if every shard is
// up. prepare inspects the current state of the shards and returns what is left to do;
// a change that failed halfway is completed by sending it again. All requests carry the
// term in which this master was found to be the primary. If they carried the newest known
// term, as row writes do, a master that was demoted meanwhile would write in its
// successor's term.
func (s *Service) changeSchema(ctx context.Context,
	prepare func(ctx context.Context, snap *health.Snapshot, fence api.Fence) (*change, error),
) (*api.DDLResponse, error) {
	select {
	case <-s.ddl:
		defer func() { s.ddl <- struct{}{} }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	lead, err := s.coord.EnsurePrimary(ctx)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	snap := s.prober.Snapshot() // EnsurePrimary has just refreshed it
	if err := preflight(snap); err != nil {
		return nil, err
	}
	c, err := prepare(ctx, snap, api.Fence{Term: lead.Term, MapVersion: s.slots.Version()})
	if err != nil {
		return nil, err
	}
	resp, err := s.applyChange(ctx, c)
	if err != nil {
		s.events.publish(api.EventDDL, api.LevelError, nil, "failed on some shards: "+c.done+": "+api.AsProblem(err).Detail)
		return nil, err
	}
	s.events.publish(api.EventDDL, api.LevelGood, nil, c.done)
	return resp, nil
}

// answer writes the response to a schema change, or returns its error.
func answer(w http.ResponseWriter, resp *api.DDLResponse, err error) error {
	if err != nil {
		return err
	}
	return httpserve.WriteJSON(w, http.StatusOK, resp)
}

func (s *Service) applyChange(ctx context.Context, c *change) (*api.DDLResponse, error) {
	resp := &api.DDLResponse{DB: c.db, Table: c.table, Definition: c.definition, Shards: []api.ShardResult{}}
	var causes []api.Problem
	for _, r := range s.scatter.Do(ctx, c.shards, c.run) {
		if r.Problem != nil {
			if r.Problem.Code == api.CodeStaleTerm {
				s.prober.Nudge(r.Shard) // what its worker stores decides, not what it says
			}
			causes = append(causes, *r.Problem)
			continue
		}
		s.prober.Edit(r.Shard, func(st *api.WorkerStats) { c.edit(r.Shard, st) })
		resp.Shards = append(resp.Shards, api.ShardResult{Shard: r.Shard, Worker: r.Worker, MS: scatter.Milliseconds(r.Took)})
	}
	if len(causes) == 0 {
		return resp, nil
	}
	if len(resp.Shards) == 0 {
		return nil, writeProblem(causes, nil)
	}
	p := writeProblem(causes, resp.Shards)
	return nil, p.Hinted("applied lists the shards that succeeded; send the same request again to complete it")
}

// preflight rejects a schema change unless every shard is up.
func preflight(snap *health.Snapshot) error {
	shards := make([]*health.Shard, len(snap.Shards))
	for i := range snap.Shards {
		shards[i] = &snap.Shards[i]
	}
	problem := requireShards(shards, ready, "every shard must be up for this: %s; nothing was changed")
	if problem == nil {
		return nil // not an error interface holding a nil pointer
	}
	return problem
}

// ready reports whether a shard's worker answered the latest probe, and its storage works.
func ready(sh *health.Shard) bool {
	return sh.State == api.ShardUp || sh.State == api.ShardSlow && sh.Misses == 0
}

// shardsWhere lists the shards whose stats satisfy cond.
func (s *Service) shardsWhere(snap *health.Snapshot, cond func(*api.WorkerStats) bool) []int {
	var shards []int
	for i := range snap.Shards {
		if cond(snap.Shards[i].Stats) {
			shards = append(shards, i)
		}
	}
	return shards
}
