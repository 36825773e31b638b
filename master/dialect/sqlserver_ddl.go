package dialect

import (
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// sqlServerCreateTable renders a table with the types of its definition. Defaults are
// omitted: the planner puts their values into the rows. The names of keys contain colons,
// which no name chosen by a client can; even so the longest is within SQL Server's limit
// of 128 characters. Constraint names are unique within the schema, so they contain the
// table's name; index names need to be unique only within the table.
func sqlServerCreateTable(p *plan.Plan) ([]api.Statement, error) {
	def := p.Definition
	w := newSQLServerWriter()
	w.text("CREATE TABLE ")
	w.table(def.Name)
	w.text(" (\n")
	for i := range def.Columns {
		c := &def.Columns[i]
		t, err := sqltypes.Parse(c.Type)
		if err != nil {
			return nil, err
		}
		w.text("  ")
		w.columnDef(c, t, api.SameName(c.Name, def.ShardKey))
		w.text(",\n")
	}
	w.text("  ")
	w.name(plan.SlotColumn)
	w.text(" INT NOT NULL")
	if len(def.PrimaryKey) > 0 {
		w.keyDef(plan.PrimaryKeyName(def.Name), "PRIMARY KEY", def.PrimaryKey)
	}
	for i, u := range def.Unique {
		w.keyDef(plan.UniqueName(def.Name, i), "UNIQUE", u)
	}
	w.text("\n)")
	statements := []api.Statement{{SQL: string(w.sql), Table: def.Name, Effect: api.EffectCreateTable, Definition: def}}
	if needsKeyIndex(def) {
		statements = append(statements, keyIndex(newSQLServerWriter(), "ix:"+def.ShardKey, p))
	}
	return statements, nil
}

func (w *sqlServerWriter) columnDef(c *api.ColumnDef, t sqltypes.Type, shardKey bool) {
	w.name(c.Name)
	w.text(" " + t.String())
	if shardKey && t.Kind.IsString() {
		w.text(" COLLATE " + binaryCollation(t.Kind))
	}
	// Always explicit: the default depends on the session's settings.
	if c.Nullable {
		w.text(" NULL")
	} else {
		w.text(" NOT NULL")
	}
}

func (w *sqlServerWriter) keyDef(name, kind string, columns []string) {
	w.text(",\n  CONSTRAINT ")
	w.name(name)
	w.text(" " + kind)
	w.names(columns)
}
