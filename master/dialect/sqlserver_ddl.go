package dialect

import (
	"strconv"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// sqlServerCreateTable writes a table with the types as they were given. Defaults
// are not said: the planner puts their values into the rows. The colons in the names
// of keys keep them apart from every name that a client can give; with them the
// longest is shorter than SQL Server's 128 characters. The names of constraints are
// the schema's and have the table's in them, those of indexes are the table's own.
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
		w.columnDef(c, t, api.SameName(c.Name, def.ShardKey))
	}
	w.text("  ")
	w.name(plan.SlotColumn)
	w.text(" INT NOT NULL")
	if len(def.PrimaryKey) > 0 {
		w.keyDef("pk:"+def.Name, "PRIMARY KEY", def.PrimaryKey)
	}
	for i, u := range def.Unique {
		w.keyDef("uq:"+def.Name+":"+strconv.Itoa(i+1), "UNIQUE", u)
	}
	w.text("\n)")
	statements := []api.Statement{{SQL: string(w.sql), Table: def.Name, Effect: api.EffectCreateTable, Definition: def}}
	if needsKeyIndex(def) {
		statements = append(statements, keyIndex(newSQLServerWriter(), "ix:"+def.ShardKey, p))
	}
	return statements, nil
}

func (w *sqlServerWriter) columnDef(c *api.ColumnDef, t sqltypes.Type, shardKey bool) {
	w.text("  ")
	w.name(c.Name)
	w.text(" " + t.String())
	if shardKey && t.Kind.IsString() {
		w.text(" COLLATE " + binaryCollation(t.Kind))
	}
	// Said either way: what a column is by default is a setting of the session.
	if c.Nullable {
		w.text(" NULL,\n")
	} else {
		w.text(" NOT NULL,\n")
	}
}

func (w *sqlServerWriter) keyDef(name, kind string, columns []string) {
	w.text(",\n  CONSTRAINT ")
	w.name(name)
	w.text(" " + kind)
	w.names(columns)
}
