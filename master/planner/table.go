package planner

import (
	"strings"

	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// Table is a table's definition made ready for planning. It does not change once
// made, and is safe for concurrent use.
type Table struct {
	DB      string
	Name    string
	Version string // of Def
	Def     *api.TableDef
	Columns []TableColumn
	// Key is the index of the shard key in Columns; -1 for a table whose rows are
	// spread by row hash.
	Key int

	byName  map[string]int // by the exact name; the fast way of lookup
	columns []api.Column   // all, as a query's output names them
	outputs []Output       // all, as a query selects them
	query   *Query         // the query that selects all columns and rows
	alone   *scope         // of the table's own columns, under its own name
}

// TableColumn is a column of a Table.
type TableColumn struct {
	Name     string
	Type     sqltypes.Type
	Nullable bool

	expr        *Expr
	hasDefault  bool
	defaultVal  sqltypes.Value
	defaultWire []byte // the default, or NULL, as a JSON value
}

// NewTable makes def ready. It refuses a definition that [CreateTable] could not
// have made, as a worker of another version or hand might report.
func NewTable(db string, def *api.TableDef) (*Table, error) {
	t := &Table{
		DB: db, Name: def.Name, Version: def.Version(), Def: def, Key: -1,
		Columns: make([]TableColumn, len(def.Columns)),
		byName:  make(map[string]int, len(def.Columns)),
	}
	if p := api.CheckIdentifier("table", def.Name); p != nil {
		return nil, p
	}
	for i := range def.Columns {
		if err := t.addColumn(i, &def.Columns[i]); err != nil {
			return nil, err
		}
	}
	if def.ShardKey != "" {
		if _, t.Key = def.Column(def.ShardKey); t.Key < 0 {
			return nil, api.NewProblem(api.CodeUnknownColumn, "the shard key %s of table %s is not a column of it", def.ShardKey, def.Name).At("shard_key")
		}
		t.Columns[t.Key].expr.Binary = t.Columns[t.Key].Type.Kind.IsString()
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		t.columns = append(t.columns, api.Column{Name: c.Name, Type: def.Columns[i].Type})
		t.outputs = append(t.outputs, Output{Name: c.Name, Expr: c.expr})
	}
	t.query = &Query{Output: t.outputs}
	t.alone = newScope(t, t.Name)
	return t, nil
}

func (t *Table) addColumn(i int, def *api.ColumnDef) error {
	field := "columns." + def.Name
	if p := api.CheckIdentifier(field, def.Name); p != nil {
		return p
	}
	typ, err := sqltypes.Parse(def.Type)
	if err != nil {
		return api.AsProblem(err).At(field)
	}
	c := &t.Columns[i]
	*c = TableColumn{Name: def.Name, Type: typ, Nullable: def.Nullable}
	c.expr = &Expr{Op: ColumnExpr, Type: typ, Column: def.Name}
	if def.Default != "" {
		lit, err := tsql.ParseConstant(def.Default)
		if err != nil {
			return api.AsProblem(err).At(field)
		}
		if c.defaultVal, err = defaultValue(lit, typ); err != nil {
			return api.AsProblem(err).At(field)
		}
		c.hasDefault = !c.defaultVal.IsNull()
	}
	c.defaultWire = sqltypes.AppendJSON(nil, typ, c.defaultVal)
	t.byName[def.Name] = i
	return nil
}

// defaultValue returns the constant of a DEFAULT as a value of the column's type.
func defaultValue(lit tsql.Expr, typ sqltypes.Type) (sqltypes.Value, error) {
	b := binder{}
	e, err := b.value(lit)
	if err != nil {
		return sqltypes.Value{}, err
	}
	return sqltypes.Convert(e.Value, e.Type, typ)
}

// index returns the position of the column of that name, -1 for none.
func (t *Table) index(name string) int {
	if i, ok := t.byName[name]; ok {
		return i
	}
	for i := range t.Columns {
		if api.SameName(t.Columns[i].Name, name) {
			return i
		}
	}
	return -1
}

// column returns the position of the column of that name, or an unknown_column
// problem for field that lists columns of similar names.
func (t *Table) column(field, name string) (int, *api.Problem) {
	if i := t.index(name); i >= 0 {
		return i, nil
	}
	p := api.NewProblem(api.CodeUnknownColumn, "table %s has no column %s", t.Name, api.Clip(name)).At(field)
	if api.SameName(name, SlotColumn) {
		return -1, p.Hinted("%s is Shardeck's own and hidden", SlotColumn)
	}
	if near := t.near(name); len(near) > 0 {
		return -1, p.Hinted("did you mean %s?", strings.Join(near, " or "))
	}
	names := t.names()
	if len(names) > 12 {
		names = append(names[:11], "...")
	}
	return -1, p.Hinted("the columns are %s", strings.Join(names, ", "))
}

// near returns the columns that name may be a misspelling of.
func (t *Table) near(name string) []string { return api.Nearest(name, t.names()) }

func (t *Table) names() []string {
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name
	}
	return names
}

// isKey says whether the column e of t is its shard key.
func (t *Table) isKey(e *Expr) bool {
	return t.Key >= 0 && e.Column == t.Columns[t.Key].Name
}

// keyName names the shard key, or what a request calls that of a table without one.
func (t *Table) keyName() string {
	if t.Key >= 0 {
		return t.Columns[t.Key].Name
	}
	return "shard_key"
}
