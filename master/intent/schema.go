package intent

import (
	"shardeck/master/catalog"
	"shardeck/master/plan"
	"shardeck/shared/api"
)

// schemaPlan is the plan of one shard's part of a CreateTable or DropTable, or of an AlterTable without
// what depends on the shard's definition.
func schemaPlan(r *Record, shard int) *plan.Plan {
	p := &plan.Plan{Op: plan.OpDropTable, DB: r.DB, Table: r.Table, SchemaVersion: r.Version, Fragments: []plan.Fragment{{Shard: shard}}}
	switch r.Kind {
	case CreateTable:
		p.Op, p.Definition = plan.OpCreateTable, r.Definition
	case AlterTable:
		p.Op, p.Change = plan.OpAlterTable, r.Change
	default:
		p.SchemaVersion = r.Versions[shard]
	}
	return p
}

func find(st *api.WorkerStats, db, table string) *api.TableStats {
	t, _ := catalog.FindTable(st, db, table)
	return t
}

func findVersion(st *api.WorkerStats, db, table string) string {
	if t := find(st, db, table); t != nil {
		return t.Definition.Version()
	}
	return ""
}
