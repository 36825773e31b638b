package planner

import (
	"slices"
	"strings"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sharding"
)

// createTable plans CREATE TABLE with the same code as [CreateTable].
func (s *statement) createTable(st *tsql.CreateTable) (*plan.Plan, error) {
	if p := s.b.CheckDB(st.Table.DB, st.Table.At); p != nil {
		return nil, p
	}
	d := definer{def: &api.TableDef{Name: st.Table.Name, Columns: make([]api.ColumnDef, 0, len(st.Columns))}, keyless: st.RoundRobin}
	if st.Replicate {
		d.def.Distribution = api.Replicate
	}
	p, err := d.statement(st, s.db, s.m)
	if err != nil {
		return nil, withOffset(err, st)
	}
	return p, nil
}

// statement collects the columns and constraints of CREATE TABLE.
func (d *definer) statement(st *tsql.CreateTable, db string, m *sharding.Map) (*plan.Plan, error) {
	if err := d.begin(db, len(st.Columns)); err != nil {
		return nil, err
	}
	for i := range st.Columns {
		c := &st.Columns[i]
		field, err := d.newColumn(c.Name.Name)
		if err == nil {
			err = d.add(field, c.Name.Name, c.Def)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(st.PrimaryKey) > 0 {
		if len(d.def.PrimaryKey) > 0 {
			p := api.NewProblem(api.CodeInvalidField, "table %s has two primary keys", st.Table.Name).Hinted("list all key columns in one constraint")
			p.Offset = &st.PrimaryKey[0].At
			return nil, p.Numbered(mssqlerr.TwoPrimaryKeys)
		}
		names, err := d.columnNames(st.PrimaryKey)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			c, i := d.def.Column(n)
			if d.parsed[i].Null == tsql.NullAllowed {
				p := api.NewProblem(api.CodeInvalidField, "a PRIMARY KEY column cannot be NULL").At("columns." + n).Hinted("write NOT NULL, or omit NULL")
				return nil, p.Numbered(mssqlerr.NullablePrimaryKey)
			}
			c.Nullable = false
		}
		d.def.PrimaryKey = names
	}
	for _, u := range st.Unique {
		names, err := d.columnNames(u)
		if err != nil {
			return nil, err
		}
		d.def.Unique = append(d.def.Unique, names)
	}
	key := ""
	if st.ShardKey != nil {
		key = st.ShardKey.Name
	}
	return d.plan(db, m, key)
}

// columnNames returns the columns of a constraint, spelled as in their definitions.
func (d *definer) columnNames(list []tsql.Name) ([]string, error) {
	names := make([]string, len(list))
	for i := range list {
		c, _ := d.def.Column(list[i].Name)
		if c == nil || slices.Contains(names[:i], c.Name) {
			p := api.NewProblem(api.CodeUnknownColumn, "%s is not a column of the table, or is listed twice", api.Clip(list[i].Name)).Hinted("list columns of the table, each once")
			p.Offset = &list[i].At
			return nil, p.Numbered(mssqlerr.UnknownKeyColumn)
		}
		names[i] = c.Name
	}
	return names, nil
}

// withOffset adds to a definition's error its offset in the statement.
func withOffset(err error, st *tsql.CreateTable) error {
	p := *api.AsProblem(err)
	at := st.Table.At
	if name, ok := strings.CutPrefix(p.Field, "columns."); ok {
		for i := range st.Columns {
			if api.SameName(st.Columns[i].Name.Name, name) {
				at = st.Columns[i].Name.At // the last one, if there are two
			}
		}
	}
	if p.Field == "shard_key" && st.ShardKey != nil {
		at = st.ShardKey.At
	}
	if p.Offset == nil {
		p.Offset = &at
	}
	p.Field = bind.StatementField
	return &p
}

// dropTable plans DROP TABLE with the same code as [DropTable]. With IF EXISTS, the plan
// for a table that does not exist touches no shard.
func (s *statement) dropTable(st *tsql.DropTable) (*plan.Plan, error) {
	t, err := s.table(&st.Table)
	if st.IfExists && api.CodeOf(err) == api.CodeUnknownTable {
		return &plan.Plan{
			Op: plan.OpDropTable, DB: s.db, Table: st.Table.Name,
			Route: api.Route{Kind: api.RouteNone, Shards: []int{}, Why: "there is no table " + api.Clip(st.Table.Name)},
		}, nil
	}
	if err != nil {
		return nil, err
	}
	return DropTable(t, s.m, nil)
}
