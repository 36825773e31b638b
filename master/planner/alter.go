package planner

import (
	"slices"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// Bounds of indexes. SQL Server has the same for columns (1904) and bytes (1944); it allows more
// indexes, but every report about a table lists them.
const (
	maxIndexes      = 64
	maxIndexColumns = 32
	maxIndexBytes   = 1700
)

// alterTable plans ALTER TABLE ... ADD.
func (s *statement) alterTable(st *tsql.AlterTable) (*plan.Plan, error) {
	t, err := s.table(&st.Table)
	if err != nil {
		return nil, err
	}
	d := definer{def: &api.TableDef{Name: t.Name, Columns: slices.Clone(t.Def.Columns)}}
	c := &plan.TableChange{}
	for i := range st.Add {
		a := &st.Add[i]
		n := len(d.def.Columns)
		if n == maxColumns {
			return nil, s.b.Problem(api.CodeTooComplex, a.Name.At, "table %s would have more than %d columns", t.Name, maxColumns).Hinted("put the columns into another table")
		}
		// A name that is taken is judged against the definition of each shard.
		if slices.ContainsFunc(c.Add, func(o plan.AddedColumn) bool { return api.SameName(o.Column.Name, a.Name.Name) }) {
			return nil, s.b.Problem(api.CodeInvalidField, a.Name.At, "column %s is added twice", a.Name.Name).Numbered(mssqlerr.ColumnExists).Hinted("name each column once")
		}
		if p := api.CheckIdentifier("columns."+api.Clip(a.Name.Name), a.Name.Name); p != nil {
			return nil, located(p, a.Name.At)
		}
		if err := d.add("columns."+a.Name.Name, a.Name.Name, a.Def); err != nil {
			return nil, located(api.AsProblem(err), a.Name.At)
		}
		def := d.def.Columns[n]
		if !def.Nullable && def.Default == "" {
			return nil, s.b.Problem(api.CodeUnsupported, a.Name.At, "column %s is NOT NULL without a DEFAULT: rows that exist would have no value for it", def.Name).
				Numbered(mssqlerr.AddedColumnNeedsValue).Hinted("write DEFAULT and a constant, or leave NOT NULL out")
		}
		col := plan.AddedColumn{Column: def}
		if def.Default != "" && (!def.Nullable || a.WithValues) {
			v, err := bind.DefaultValue(a.Def.Default, a.Def.Type)
			if err != nil {
				return nil, located(api.AsProblem(err), a.Name.At)
			}
			col.Fill = sqltypes.AppendJSON(nil, a.Def.Type, v)
		}
		c.Add = append(c.Add, col)
	}
	return s.change(t, c, st.Add[0].Name.At)
}

// located moves a problem to an offset of the statement, unless it has one.
func located(p *api.Problem, offset int) *api.Problem {
	q := *p
	q.Field = bind.StatementField
	if q.Offset == nil {
		q.Offset = &offset
	}
	return &q
}

// createIndex plans CREATE INDEX.
func (s *statement) createIndex(st *tsql.CreateIndex) (*plan.Plan, error) {
	t, err := s.table(&st.Table)
	if err != nil {
		return nil, err
	}
	if p := api.CheckIdentifier("index", st.Name.Name); p != nil {
		return nil, located(p, st.Name.At)
	}
	if len(st.Columns) > maxIndexColumns {
		return nil, s.b.Problem(api.CodeTooComplex, st.Columns[maxIndexColumns].Name.At, "an index has at most %d columns", maxIndexColumns).
			Numbered(mssqlerr.IndexTooManyColumns).Hinted("name the columns that conditions begin with")
	}
	index := &api.IndexDef{Name: st.Name.Name}
	bytes := 0
	for i := range st.Columns {
		c := &st.Columns[i]
		k, p := t.Column(bind.StatementField, c.Name.Name)
		if p != nil {
			return nil, located(p.Numbered(mssqlerr.UnknownKeyColumn), c.Name.At)
		}
		col := &t.Columns[k]
		if slices.ContainsFunc(index.Columns, func(o api.IndexColumn) bool { return api.SameName(o.Name, col.Name) }) {
			return nil, s.b.Problem(api.CodeInvalidField, c.Name.At, "column %s is twice in the index", col.Name).Numbered(mssqlerr.DuplicateIndexColumn).Hinted("name each column once")
		}
		if isMax(col.Type) {
			return nil, s.b.Problem(api.CodeUnsupported, c.Name.At, "column %s of type %s cannot be in an index", col.Name, col.Type).
				Numbered(mssqlerr.InvalidKeyType).Hinted("index a column whose type has a length")
		}
		bytes += shapeOf(col.Type).size
		index.Columns = append(index.Columns, api.IndexColumn{Name: col.Name, Descending: c.Desc})
	}
	if bytes > maxIndexBytes {
		return nil, s.b.Problem(api.CodeUnsupported, st.Columns[0].Name.At, "the columns of the index take up to %d bytes; at most %d are allowed", bytes, maxIndexBytes).
			Numbered(mssqlerr.IndexKeyTooLong).Hinted("name fewer or shorter columns")
	}
	if old, _ := t.Def.Index(index.Name); old == nil && len(t.Def.Indexes) >= maxIndexes {
		return nil, s.b.Problem(api.CodeTooComplex, st.Name.At, "table %s has %d indexes, and no more are allowed", t.Name, maxIndexes).Hinted("drop one that is not used")
	}
	return s.change(t, &plan.TableChange{Index: index}, st.Name.At)
}

func isMax(t sqltypes.Type) bool {
	return t.Length == sqltypes.Max && (t.Kind.IsString() || t.Kind.IsBinary())
}

// dropIndex plans DROP INDEX. With IF EXISTS, the plan for an index that does not exist touches no
// shard.
func (s *statement) dropIndex(st *tsql.DropIndex) (*plan.Plan, error) {
	t, err := s.table(&st.Table)
	if err != nil {
		return nil, err
	}
	if _, i := t.Def.Index(st.Name.Name); i < 0 && st.IfExists {
		return &plan.Plan{
			Op: plan.OpAlterTable, DB: s.db, Table: t.Name,
			Route: api.Route{Kind: api.RouteNone, Shards: []int{}, Why: "there is no index " + api.Clip(st.Name.Name)},
		}, nil
	}
	return s.change(t, &plan.TableChange{DropIndex: st.Name.Name}, st.Name.At)
}

// change plans a change of a table's definition. One that the definition already has is planned, too:
// a shard may lack it.
func (s *statement) change(t *bind.Table, c *plan.TableChange, offset int) (*plan.Plan, error) {
	after, _, p := c.Apply(t.Def)
	if p != nil {
		return nil, located(p, offset)
	}
	out := newPlan(t, plan.OpAlterTable, scatter(s.m, "a table is altered on every shard"))
	out.Change, out.Definition = c, after
	return out, nil
}
