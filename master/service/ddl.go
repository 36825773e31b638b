package service

import (
	"context"
	"net/http"

	"shardeck/master/catalog"
	"shardeck/master/health"
	"shardeck/master/intent"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/shared/api"
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
	if err := s.acceptEmpty(r.Context(), req.AcceptEmptyShards); err != nil {
		return err
	}
	wanted := &intent.Record{Kind: intent.CreateDB, DB: req.DB}
	resp, err := s.changeSchema(r.Context(), wanted, func(_ context.Context, snap *health.Snapshot) error {
		wanted.Shards = s.shardsWhere(snap, func(st *api.WorkerStats) bool { return !catalog.HasDatabase(st, req.DB) })
		if len(wanted.Shards) == 0 {
			return api.NewProblem(api.CodeDatabaseExists, "database %s already exists on every shard", req.DB).At("db_name").
				Hinted("use it, or choose another name")
		}
		return nil
	})
	return answer(w, resp, err)
}

// acceptEmpty gives up the rows that emptied shards have lost. Only the primary may, which gives
// their workers its term right after, so that no other master needs to accept them, too.
func (s *Service) acceptEmpty(ctx context.Context, shards []int) error {
	if len(shards) == 0 {
		return nil
	}
	if _, err := s.coord.EnsurePrimary(ctx); err != nil {
		return err
	}
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
	wanted := &intent.Record{Kind: intent.DropDB, DB: req.DB}
	resp, err := s.changeSchema(r.Context(), wanted, func(_ context.Context, snap *health.Snapshot) error {
		wanted.Shards = s.shardsWhere(snap, func(st *api.WorkerStats) bool { return catalog.HasDatabase(st, req.DB) })
		if len(wanted.Shards) == 0 {
			return catalog.UnknownDatabase(req.DB)
		}
		return nil
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
	wanted := &intent.Record{Kind: intent.CreateTable, DB: p.DB, Table: p.Table, Version: p.Definition.Version(), Definition: p.Definition}
	return s.changeSchema(ctx, wanted, func(_ context.Context, snap *health.Snapshot) (err error) {
		wanted.Shards, err = s.missingTable(snap, p)
		return err
	})
}

// missingTable lists the shards that lack the table. It fails if all have it, or if a
// shard has a table of that name with another definition.
func (s *Service) missingTable(snap *health.Snapshot, p *plan.Plan) ([]int, error) {
	var missing, differ, noDB []int
	version := p.Definition.Version()
	p.Definition.Indexes = nil // those that the other shards have, see below
	for i := range snap.Shards {
		t, hasDB := catalog.FindTable(snap.Shards[i].Stats, p.DB, p.Definition.Name)
		switch {
		case !hasDB:
			noDB = append(noDB, i)
		case t == nil:
			missing = append(missing, i)
		case t.Definition.Version() != version:
			differ = append(differ, i)
		case p.Definition.Indexes == nil:
			p.Definition.Indexes = t.Definition.Indexes
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
	t, err := s.table(ctx, db, table)
	if err != nil {
		return nil, err
	}
	if t.Replicated {
		_, release, err := s.copies.hold(ctx, db, table) // not in the middle of a write
		if err != nil {
			return nil, err
		}
		defer release()
	}
	wanted := &intent.Record{Kind: intent.DropTable, DB: db, Table: table}
	return s.changeSchema(ctx, wanted, func(ctx context.Context, snap *health.Snapshot) error {
		t, err := s.table(ctx, db, table)
		if err != nil {
			return err
		}
		wanted.Table, wanted.Shards, wanted.Versions = t.Name, nil, map[int]string{}
		for i := range snap.Shards {
			// Each shard drops its own version of the table, even if that differs.
			if t, _ := catalog.FindTable(snap.Shards[i].Stats, db, table); t != nil {
				wanted.Shards = append(wanted.Shards, i)
				wanted.Versions[i] = t.Definition.Version()
			}
		}
		return nil
	})
}

// answer writes the response to a schema change, or returns its error.
func answer(w http.ResponseWriter, resp *api.DDLResponse, err error) error {
	if err != nil {
		return err
	}
	return httpserve.WriteJSON(w, http.StatusOK, resp)
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
