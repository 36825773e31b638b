package dialect

import (
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// exec renders the statements that change rows or drop a table. The dialects differ only
// in names and expressions.
func exec(s syntax, p *plan.Plan, f *plan.Fragment) ([]api.Statement, error) {
	w := s.base()
	switch p.Op {
	case plan.OpDropTable:
		w.text("DROP TABLE ")
		s.table(p.Table)
		return w.statement(p, api.EffectDropTable)
	case plan.OpInsert:
		return insert(s, p, f), nil
	case plan.OpUpdate:
		w.target = p.Table
		w.text("UPDATE ")
		s.table(p.Table)
		for i, c := range p.Write.Columns {
			w.item(i, " SET ")
			w.name(c.Name)
			w.text(" = ")
			s.expr(p.Write.Values[i])
		}
		where(s, p.Write.Where)
		return w.statement(p, api.EffectUpdate)
	case plan.OpDelete:
		w.target = p.Table
		w.text("DELETE FROM ")
		s.table(p.Table)
		where(s, p.Write.Where)
		return w.statement(p, api.EffectDelete)
	}
	return nil, api.NewProblem(api.CodeInternal, "a plan for %s is not run by exec", p.Op)
}

// insert renders an insert of one row, to be run for each of the fragment's rows.
func insert(s syntax, p *plan.Plan, f *plan.Fragment) []api.Statement {
	w := s.base()
	w.text("INSERT INTO ")
	s.table(p.Table)
	types := make([]string, 0, len(p.Write.Columns)+1)
	columns := make([]string, 0, len(p.Write.Columns)+1)
	for i, c := range p.Write.Columns {
		w.item(i, " (")
		w.name(c.Name)
		types, columns = append(types, c.Type), append(columns, c.Name)
	}
	w.text(", ")
	w.name(plan.SlotColumn)
	types, columns = append(types, sqltypes.Int.String()), append(columns, plan.SlotColumn)
	for i := range types {
		w.item(i, ") VALUES (")
		w.placeholder(i + 1)
	}
	w.text(")")
	return []api.Statement{{
		SQL: string(w.sql), Table: p.Table, SchemaVersion: p.SchemaVersion, Effect: api.EffectInsert,
		Types: types, Columns: columns, Rows: f.Rows,
	}}
}

// needsKeyIndex reports whether the shard key, which most requests search by, needs an
// index of its own, because no key starts with it.
func needsKeyIndex(def *api.TableDef) bool {
	if def.ShardKey == "" {
		return false
	}
	if len(def.PrimaryKey) > 0 && api.SameName(def.PrimaryKey[0], def.ShardKey) {
		return false
	}
	for _, u := range def.Unique {
		if api.SameName(u[0], def.ShardKey) {
			return false
		}
	}
	return true
}

// keyIndex renders an index on the shard key.
func keyIndex(s syntax, name string, p *plan.Plan) api.Statement {
	def, w := p.Definition, s.base()
	w.text("CREATE INDEX ")
	w.name(name)
	w.text(" ON ")
	s.table(def.Name)
	w.names([]string{def.ShardKey})
	return api.Statement{SQL: string(w.sql), Table: def.Name, SchemaVersion: p.SchemaVersion, Effect: api.EffectCreateIndex}
}
