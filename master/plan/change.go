package plan

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
)

// TableChange is what an ALTER TABLE, a CREATE INDEX or a DROP INDEX does to a table's definition.
// Exactly one of its fields is set.
type TableChange struct {
	Add       []AddedColumn `json:"add,omitempty"`
	Index     *api.IndexDef `json:"index,omitempty"` // to create
	DropIndex string        `json:"drop_index,omitempty"`
}

// AddedColumn is a column that is added behind the others. Fill is the value of rows that exist, its
// default in wire form; without it, they get NULL.
type AddedColumn struct {
	Column api.ColumnDef  `json:"column"`
	Fill   jsontext.Value `json:"fill,omitempty"`
}

// IsNothing reports whether no field is set.
func (c *TableChange) IsNothing() bool { return len(c.Add) == 0 && c.Index == nil && c.DropIndex == "" }

// Apply returns what becomes of a definition, which it does not change. If the definition has what
// the change adds, or lacks what it drops, done is set and the definition is returned unchanged. A
// problem, without a field, says why the change does not fit the definition.
func (c *TableChange) Apply(def *api.TableDef) (after *api.TableDef, done bool, p *api.Problem) {
	switch {
	case c.Index != nil:
		return c.createIndex(def)
	case c.DropIndex != "":
		_, i := def.Index(c.DropIndex)
		if i < 0 {
			return def, true, nil
		}
		with := *def
		with.Indexes = slices.Delete(slices.Clone(def.Indexes), i, i+1)
		return &with, false, nil
	}
	return c.add(def)
}

func (c *TableChange) createIndex(def *api.TableDef) (after *api.TableDef, done bool, p *api.Problem) {
	if old, _ := def.Index(c.Index.Name); old != nil {
		if slices.Equal(old.Columns, c.Index.Columns) {
			return def, true, nil
		}
		return nil, false, api.NewProblem(api.CodeInvalidField, "table %s has an index %s on other columns", def.Name, old.Name).
			Numbered(mssqlerr.IndexExists).Hinted("choose another name, or drop it first: DROP INDEX %s ON %s", old.Name, def.Name)
	}
	with := *def
	with.Indexes = append(slices.Clone(def.Indexes), *c.Index)
	return &with, false, nil
}

func (c *TableChange) add(def *api.TableDef) (after *api.TableDef, done bool, p *api.Problem) {
	have := 0
	for i := range c.Add {
		col := &c.Add[i].Column
		old, _ := def.Column(col.Name)
		if old == nil {
			continue
		}
		if have++; *old != *col || have != i+1 {
			return nil, false, columnExists(def.Name, old.Name)
		}
	}
	switch have {
	case 0:
		with := *def
		with.Columns = slices.Clone(def.Columns)
		for i := range c.Add {
			with.Columns = append(with.Columns, c.Add[i].Column)
		}
		return &with, false, nil
	case len(c.Add):
		return def, true, nil
	}
	return nil, false, columnExists(def.Name, c.Add[0].Column.Name)
}

func columnExists(table, column string) *api.Problem {
	return api.NewProblem(api.CodeInvalidField, "table %s has a column %s", table, column).
		Numbered(mssqlerr.ColumnExists).Hinted("choose another name")
}

// Done is the problem of a change that a table does not need: its effect is there on every shard.
func (c *TableChange) Done(def *api.TableDef) *api.Problem {
	switch {
	case c.Index != nil:
		return api.NewProblem(api.CodeInvalidField, "table %s has an index %s on these columns", def.Name, c.Index.Name).
			Numbered(mssqlerr.IndexExists).Hinted("use it, or choose another name")
	case c.DropIndex != "":
		p := api.NewProblem(api.CodeInvalidField, "table %s has no index %s", def.Name, api.Clip(c.DropIndex)).Numbered(mssqlerr.CannotDrop)
		if len(def.Indexes) == 0 {
			return p.Hinted("it has none")
		}
		return p.Hinted("sys.indexes lists its indexes")
	}
	return columnExists(def.Name, c.Add[0].Column.Name)
}
