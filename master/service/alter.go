package service

import (
	"context"

	"shardeck/master/catalog"
	"shardeck/master/health"
	"shardeck/master/intent"
	"shardeck/master/plan"
	"shardeck/shared/api"
)

// runAlterTable alters a table on every shard that has it and lacks the change.
func (s *Service) runAlterTable(ctx context.Context, p *plan.Plan) (*api.DDLResponse, error) {
	t, err := s.table(ctx, p.DB, p.Table)
	if err != nil {
		return nil, err
	}
	if t.Replicated {
		_, release, err := s.copies.hold(ctx, p.DB, p.Table) // not in the middle of a write
		if err != nil {
			return nil, err
		}
		defer release()
	}
	wanted := &intent.Record{
		Kind: intent.AlterTable, DB: p.DB, Table: p.Table, Version: p.Definition.Version(), Definition: p.Definition, Change: p.Change,
	}
	return s.changeSchema(ctx, wanted, func(_ context.Context, snap *health.Snapshot) error { return alterOn(snap, wanted) })
}

// alterOn completes the record of a change with the shards that lack it. All shards must have the table,
// with the same columns and keys afterwards. Their other indexes may differ, so that such drift can be
// completed one index after the other.
func alterOn(snap *health.Snapshot, wanted *intent.Record) error {
	wanted.Shards = nil
	var after *api.TableDef
	var differ []int
	for i := range snap.Shards {
		t, _ := catalog.FindTable(snap.Shards[i].Stats, wanted.DB, wanted.Table)
		if t == nil {
			return api.NewProblem(api.CodeUnknownTable, "table %s is missing on shard %d; nothing was changed", wanted.Table, i).At("table").
				Hinted("create it there first; see drift in GET %s", api.PathMetadata)
		}
		def, done, p := wanted.Change.Apply(&t.Definition)
		if p != nil {
			return p.On(i, snap.Shards[i].Name())
		}
		if after == nil {
			after = def
		}
		if def.Version() != after.Version() {
			differ = append(differ, i)
		}
		if !done {
			wanted.Shards = append(wanted.Shards, i)
		}
	}
	if len(differ) > 0 {
		return api.NewProblem(api.CodeInvalidField, "table %s is defined differently on shards %s than on shard 0; nothing was changed", wanted.Table, list(differ)).At("table").
			Hinted("see drift in GET %s", api.PathMetadata)
	}
	wanted.Table, wanted.Version, wanted.Definition = after.Name, after.Version(), after
	if len(wanted.Shards) == 0 {
		return wanted.Change.Done(after)
	}
	return nil
}
