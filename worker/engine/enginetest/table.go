package enginetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
)

// table is one of the suite's tables, with statements on it.
type table struct {
	def api.TableDef
	// output is [Dialect.Output] if columns need more than their name to be selected; nil: their
	// name.
	output func(api.ColumnDef) string
}

// students is the table used by most tests.
func students() *table {
	return &table{def: api.TableDef{
		Name: "Students",
		Columns: []api.ColumnDef{
			{Name: "student_id", Type: "INT"},
			{Name: "name", Type: "NVARCHAR(50)"},
			{Name: "age", Type: "TINYINT", Nullable: true},
			{Name: "gpa", Type: "DECIMAL(3,2)", Nullable: true},
		},
		PrimaryKey: []string{"student_id"},
		ShardKey:   "student_id",
	}}
}

// student is a row of students.
func student(id int) string { return fmt.Sprintf(`[%d,"Student %d",20,"3.50"]`, id, id) }

func (r *rig) create(tb *table) api.Statement {
	def := tb.def
	return api.Statement{SQL: r.s.dialect.CreateTable(&def), Table: def.Name, Effect: api.EffectCreateTable, Definition: &def}
}

func (tb *table) drop() api.Statement {
	return api.Statement{
		SQL: "DROP TABLE " + quote(tb.def.Name), Table: tb.def.Name,
		Effect: api.EffectDropTable, SchemaVersion: tb.def.Version(),
	}
}

// insert writes rows, JSON arrays with a value per column.
func (tb *table) insert(rows ...string) api.Statement {
	names := make([]string, len(tb.def.Columns))
	for i := range tb.def.Columns {
		names[i] = tb.def.Columns[i].Name
	}
	return tb.insertInto(names, rows...)
}

// insertInto leaves the unnamed columns at their defaults.
func (tb *table) insertInto(columns []string, rows ...string) api.Statement {
	values := make([]string, len(columns))
	types := make([]string, len(columns))
	for i, name := range columns {
		c, _ := tb.def.Column(name)
		values[i], types[i] = fmt.Sprintf("@p%d", i+1), c.Type
	}
	columns = append(slices.Clone(columns), "_slot")
	values, types = append(values, fmt.Sprintf("@p%d", len(columns))), append(types, "INT")
	sql := fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s)`, quote(tb.def.Name), quoteAll(columns), strings.Join(values, ", "))
	st := tb.statement(api.EffectInsert, sql, types, rows...)
	st.Columns = columns
	for i, row := range st.Rows {
		if open, ok := strings.CutSuffix(string(row), "]"); ok {
			st.Rows[i] = jsontext.Value(open + ",0]")
		}
	}
	return st
}

// update sets columns by the text after SET, for the rows given by the text after WHERE.
func (tb *table) update(set, where string, types []string, rows ...string) api.Statement {
	sql := fmt.Sprintf("UPDATE %s SET %s WHERE %s", quote(tb.def.Name), set, where)
	return tb.statement(api.EffectUpdate, sql, types, rows...)
}

func (tb *table) delete(where string, types []string, rows ...string) api.Statement {
	sql := fmt.Sprintf("DELETE FROM %s WHERE %s", quote(tb.def.Name), where)
	return tb.statement(api.EffectDelete, sql, types, rows...)
}

func (tb *table) statement(effect api.Effect, sql string, types []string, rows ...string) api.Statement {
	st := api.Statement{SQL: sql, Table: tb.def.Name, Effect: effect, SchemaVersion: tb.def.Version(), Types: types}
	for _, row := range rows {
		st.Rows = append(st.Rows, jsontext.Value(row))
	}
	return st
}

// selectAll reads all columns, ordered by the first.
func (tb *table) selectAll() *api.QueryRequest { return tb.selectWhere("1 = 1", nil, "") }

// selectWhere reads all columns of some rows, ordered by the first column.
func (tb *table) selectWhere(where string, types []string, params string) *api.QueryRequest {
	req := &api.QueryRequest{DB: dbName, Types: types, Schemas: map[string]string{tb.def.Name: tb.def.Version()}}
	if params != "" {
		req.Params = jsontext.Value(params)
	}
	names := make([]string, len(tb.def.Columns))
	for i, c := range tb.def.Columns {
		names[i] = quote(c.Name)
		if tb.output != nil {
			names[i] = tb.output(c)
		}
		req.ResultTypes = append(req.ResultTypes, c.Type)
	}
	req.SQL = fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s",
		strings.Join(names, ", "), quote(tb.def.Name), where, quote(tb.def.Columns[0].Name))
	return req
}
