package bind

import (
	"slices"
	"strings"

	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// Table is a table's definition prepared for planning. It is immutable, and so safe for
// concurrent use.
type Table struct {
	DB      string
	Name    string
	Version string // of Def
	Def     *api.TableDef
	Columns []TableColumn
	// Key is the index of the shard key in Columns, or -1 if rows are distributed by
	// row hash or not at all.
	Key int
	// Replicated means that every shard has all rows, so that any one can answer a read.
	Replicated bool

	// keys are the columns whose value determines a row's shard: the shard key, or the columns of
	// a derived table that hold one.
	keys []int

	byName  map[string]int // fast path of lookup, by the exact name
	Header  []api.Column   // all columns, as a query's output names them
	Outputs []plan.Output  // all columns, as a query selects them
	All     *plan.Query    // the query that selects all columns and rows
	Scope   *Scope         // the scope of this table alone, under its own name
}

// TableColumn is a column of a Table.
type TableColumn struct {
	Name     string
	Type     sqltypes.Type
	Nullable bool

	Expr        *plan.Expr
	HasDefault  bool
	Default     sqltypes.Value
	DefaultWire []byte // the default, or NULL, as a JSON value
}

// NewTable prepares def. It rejects a definition that planner.CreateTable could not have
// made, such as one reported by a worker of another version or implementation.
func NewTable(db string, def *api.TableDef) (*Table, error) {
	t := &Table{
		DB: db, Name: def.Name, Version: def.Version(), Def: def, Key: -1, Replicated: def.Replicated(),
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
	switch {
	case def.Distribution != "" && !def.Replicated():
		return nil, api.NewProblem(api.CodeInvalidField, "the distribution %s of table %s is unknown to this version", api.Clip(string(def.Distribution)), def.Name).At("distribution")
	case def.Replicated() && def.ShardKey != "":
		return nil, api.NewProblem(api.CodeInvalidField, "table %s is replicated, and has the shard key %s", def.Name, def.ShardKey).At("shard_key")
	case def.ShardKey != "":
		if _, t.Key = def.Column(def.ShardKey); t.Key < 0 {
			return nil, api.NewProblem(api.CodeUnknownColumn, "the shard key %s is not a column of table %s", def.ShardKey, def.Name).At("shard_key")
		}
		t.Columns[t.Key].Expr.Binary = t.Columns[t.Key].Type.Kind.IsString()
		t.keys = []int{t.Key}
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		t.Header = append(t.Header, api.Column{Name: c.Name, Type: def.Columns[i].Type})
		t.Outputs = append(t.Outputs, plan.Output{Name: c.Name, Expr: c.Expr})
	}
	t.All = &plan.Query{Output: t.Outputs}
	t.Scope = NewScope(t, t.Name)
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
	c.Expr = &plan.Expr{Op: plan.ColumnExpr, Type: typ, Column: def.Name}
	if def.Default != "" {
		lit, err := tsql.ParseConstant(def.Default)
		if err != nil {
			return api.AsProblem(err).At(field)
		}
		if c.Default, err = DefaultValue(lit, typ); err != nil {
			return api.AsProblem(err).At(field)
		}
		c.HasDefault = !c.Default.IsNull()
	}
	c.DefaultWire = sqltypes.AppendJSON(nil, typ, c.Default)
	t.byName[def.Name] = i
	return nil
}

// DefaultValue returns the constant of a DEFAULT as a value of the column's type.
func DefaultValue(lit tsql.Expr, typ sqltypes.Type) (sqltypes.Value, error) {
	b := Binder{}
	e, err := b.Value(lit)
	if err != nil {
		return sqltypes.Value{}, err
	}
	return sqltypes.Convert(e.Value, e.Type, typ)
}

// index returns the position of the column of that name, or -1.
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

// Column returns the position of the column of that name, or an unknown_column problem
// at field whose hint lists columns with similar names.
func (t *Table) Column(field, name string) (int, *api.Problem) {
	if i := t.index(name); i >= 0 {
		return i, nil
	}
	p := api.NewProblem(api.CodeUnknownColumn, "table %s has no column %s", t.Name, api.Clip(name)).At(field)
	if api.SameName(name, plan.SlotColumn) {
		return -1, p.Hinted("%s is a hidden column reserved by Shardeck", plan.SlotColumn)
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

// position returns the position of the column e of t.
func (t *Table) position(e *plan.Expr) int {
	if i, ok := t.byName[e.Column]; ok {
		return i
	}
	return slices.IndexFunc(t.Columns, func(c TableColumn) bool { return c.Expr.Column == e.Column })
}

// isKey reports whether the column e of t determines a row's shard.
func (t *Table) isKey(e *plan.Expr) bool {
	for _, k := range t.keys {
		if t.Columns[k].Expr.Column == e.Column {
			return true
		}
	}
	return false
}

// KeyName returns the name of the shard key, or the request field that stands for it in
// a table without one.
func (t *Table) KeyName() string {
	if t.Key >= 0 {
		return t.Columns[t.Key].Name
	}
	return "shard_key"
}
