package dialect

import (
	"encoding/hex"
	"strconv"
	"strings"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// alteration is how a dialect alters tables.
type alteration struct {
	syntax func() syntax
	// column writes an added column of type t, with the value of rows that exist, if they get one.
	column func(w syntax, def *api.TableDef, c *plan.AddedColumn, t sqltypes.Type) error
	// index is the name of an index in the database.
	index func(table, name string) string
	// dropOn means that DROP INDEX names the table.
	dropOn bool
}

// alter renders one statement for each column, or one for an index. Each statement is for the
// definition that the one before has made.
func (a *alteration) alter(p *plan.Plan) ([]api.Statement, error) {
	c := p.Change
	if c == nil || p.Definition == nil {
		return nil, api.NewProblem(api.CodeInternal, "a plan to alter a table does not say how")
	}
	if len(c.Add) == 0 {
		s := a.syntax()
		w := s.base()
		if c.Index != nil {
			w.text("CREATE INDEX ")
			w.name(a.index(p.Table, c.Index.Name))
			w.text(" ON ")
			s.table(p.Table)
			for i, col := range c.Index.Columns {
				w.item(i, " (")
				w.name(col.Name)
				if col.Descending {
					w.text(" DESC")
				}
			}
			w.text(")")
		} else {
			w.text("DROP INDEX ")
			w.name(a.index(p.Table, c.DropIndex))
			if a.dropOn {
				w.text(" ON ")
				s.table(p.Table)
			}
		}
		return []api.Statement{{SQL: string(w.sql), Table: p.Table, SchemaVersion: p.SchemaVersion, Effect: api.EffectAlterTable, Definition: p.Definition}}, nil
	}
	var all []api.Statement
	version := p.SchemaVersion
	for i := range c.Add {
		t, err := sqltypes.Parse(c.Add[i].Column.Type)
		if err != nil {
			return nil, err
		}
		s := a.syntax()
		s.base().text("ALTER TABLE ")
		s.table(p.Table)
		s.base().text(" ADD ")
		if err := a.column(s, p.Definition, &c.Add[i], t); err != nil {
			return nil, err
		}
		after := *p.Definition
		after.Columns = after.Columns[:len(after.Columns)-len(c.Add)+i+1]
		all = append(all, api.Statement{SQL: string(s.base().sql), Table: p.Table, SchemaVersion: version, Effect: api.EffectAlterTable, Definition: &after})
		version = after.Version()
	}
	return all, nil
}

var sqliteAlteration = alteration{
	syntax: func() syntax { return newSQLiteWriter() },
	column: func(s syntax, def *api.TableDef, c *plan.AddedColumn, t sqltypes.Type) error {
		w := s.(*sqliteWriter)
		w.columnDef(def, &c.Column, t)
		if len(c.Fill) == 0 {
			return nil
		}
		literal, err := sqliteLiteral(t, c.Fill)
		w.text(" DEFAULT " + literal)
		return err
	},
	// Names of indexes are unique in the file, and those of clients have no colon.
	index: func(table, name string) string { return strings.Join([]string{"index", table, name}, ":") },
}

var sqlServerAlteration = alteration{
	syntax: func() syntax { return newSQLServerWriter() },
	column: func(s syntax, def *api.TableDef, c *plan.AddedColumn, t sqltypes.Type) error {
		w := s.(*sqlServerWriter)
		w.columnDef(&c.Column, t, false)
		if len(c.Fill) > 0 {
			w.text(" CONSTRAINT ")
			w.name("df:" + def.Name + ":" + c.Column.Name)
			w.text(" DEFAULT " + c.Column.Default)
			if c.Column.Nullable {
				w.text(" WITH VALUES")
			}
		}
		return nil
	},
	index:  func(_, name string) string { return name },
	dropOn: true,
}

// sqliteLiteral is a value in wire form as SQLite's literal, in the form in which the engine stores it.
func sqliteLiteral(t sqltypes.Type, wire []byte) (string, error) {
	v, err := sqltypes.DecodeJSON(t, wire)
	if err != nil {
		return "", err
	}
	switch v.Form {
	case sqltypes.FormInt:
		return strconv.FormatInt(v.Int, 10), nil
	case sqltypes.FormFloat:
		return strconv.FormatFloat(v.Float, 'e', -1, 64), nil
	case sqltypes.FormText:
		return "'" + strings.ReplaceAll(v.Str, "'", "''") + "'", nil
	case sqltypes.FormBytes:
		return "x'" + hex.EncodeToString([]byte(v.Str)) + "'", nil
	}
	return "NULL", nil
}
