package planner

import (
	"fmt"
	"strings"

	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
)

// scope is what names may mean: the columns of one table, or of several that are
// joined. It does not change once a statement is bound.
type scope struct {
	sources []scopeSource
	tables  []*Table // of sources
}

// scopeSource is one table of a scope.
type scopeSource struct {
	table *Table
	// name is what the table is called in the statement: its alias, if it has one.
	name string
	// columns are the table's, each one Expr, so that equal pointers are the same column.
	columns []*Expr
	// outer says that rows may be there in which all columns are NULL: the table is left-joined.
	outer bool
}

// newScope returns the scope of t alone, under a name.
func newScope(t *Table, name string) *scope {
	columns := make([]*Expr, len(t.Columns))
	for i := range t.Columns {
		columns[i] = t.Columns[i].expr
	}
	return &scope{sources: []scopeSource{{table: t, name: name, columns: columns}}, tables: []*Table{t}}
}

// add joins t to a scope that is of one statement only.
func (sc *scope) add(t *Table, name string, outer bool) {
	source := len(sc.sources)
	columns := make([]*Expr, len(t.Columns))
	for i := range t.Columns {
		c := *t.Columns[i].expr
		c.Source = source
		columns[i] = &c
	}
	sc.sources = append(sc.sources, scopeSource{table: t, name: name, columns: columns, outer: outer})
	sc.tables = append(sc.tables, t)
}

// source returns the index of the table that a statement calls name; -1 for none.
func (sc *scope) source(name string) int {
	for i := range sc.sources {
		if api.SameName(sc.sources[i].name, name) {
			return i
		}
	}
	return -1
}

// names lists what the tables are called.
func (sc *scope) names() []string {
	names := make([]string, len(sc.sources))
	for i := range sc.sources {
		names[i] = sc.sources[i].name
	}
	return names
}

// nullable says whether the column x may be NULL.
func (sc *scope) nullable(x *Expr) bool {
	s := &sc.sources[x.Source]
	return s.outer || s.table.Columns[s.table.index(x.Column)].Nullable
}

// typeName writes the type of x.
func (sc *scope) typeName(x *Expr) string {
	if x.Op == ColumnExpr {
		t := sc.tables[x.Source]
		return t.columns[t.index(x.Column)].Type
	}
	return x.Type.String()
}

// statementColumn binds a column of a statement, which may have several tables.
func (b *binder) statementColumn(e *tsql.Column) (*Expr, error) {
	x, err := b.lookup(e)
	b.found++
	if err == nil && b.aggregated && !b.inAggregate {
		b.uses = append(b.uses, columnUse{x, e.At})
	}
	return x, err
}

func (b *binder) lookup(e *tsql.Column) (*Expr, error) {
	sc := b.sc
	if p := b.checkDB(e.DB, e.At); p != nil {
		return nil, p
	}
	if e.Table != "" {
		i := sc.source(e.Table)
		if i < 0 {
			return nil, b.unboundTable(e.Table, e.At, mssqlerr.UnboundIdentifier)
		}
		return b.columnOf(&sc.sources[i], e)
	}
	if len(sc.sources) == 1 {
		return b.columnOf(&sc.sources[0], e)
	}
	var found *Expr
	var in []string
	for i := range sc.sources {
		if c := sc.sources[i].table.index(e.Name); c >= 0 {
			found = sc.sources[i].columns[c]
			in = append(in, sc.sources[i].name)
		}
	}
	switch len(in) {
	case 0:
		return nil, b.noColumn(e)
	case 1:
		return found, nil
	}
	p := b.problem(api.CodeAmbiguousColumn, e.At, "the column %s is ambiguous: %s have one of that name", api.Clip(e.Name), strings.Join(in, " and "))
	return nil, p.Hinted("write %s.%s", in[0], found.Column).Numbered(mssqlerr.AmbiguousColumn)
}

func (b *binder) columnOf(s *scopeSource, e *tsql.Column) (*Expr, error) {
	i, p := s.table.column(b.field, e.Name)
	if p == nil {
		return s.columns[i], nil
	}
	p = p.At(b.field).Numbered(mssqlerr.UnknownColumn)
	p.Offset = &e.At
	if e.Table == "" && !api.SameName(e.Name, SlotColumn) && len(s.table.near(e.Name)) == 0 {
		p.Hint += textHint(e.Name)
	}
	return nil, p
}

// noColumn refuses a name that no table of a join has a column of.
func (b *binder) noColumn(e *tsql.Column) error {
	var near []string
	for i := range b.sc.sources {
		s := &b.sc.sources[i]
		for _, n := range s.table.near(e.Name) {
			near = append(near, s.name+"."+n)
		}
	}
	p := b.problem(api.CodeUnknownColumn, e.At, "none of the tables %s has a column %s", strings.Join(b.sc.names(), ", "), api.Clip(e.Name)).Numbered(mssqlerr.UnknownColumn)
	if len(near) > 0 {
		return p.Hinted("did you mean %s?", strings.Join(near, " or "))
	}
	return p.Hinted("use a column of these tables%s", textHint(e.Name))
}

// textHint says how a text is written: customer = Ada, and customer = "Ada", are
// columns in T-SQL.
func textHint(name string) string {
	switch strings.ToUpper(name) {
	case "TRUE", "FALSE":
		return "; T-SQL has no constants TRUE and FALSE: write 1 or 0 for a BIT"
	}
	return fmt.Sprintf("; a text is written N'%s'", strings.ReplaceAll(api.Clip(name), "'", "''"))
}

// checkDB refuses the name of a database that is not the statement's own; empty is none.
func (b *binder) checkDB(db string, at int) *api.Problem {
	if db == "" || api.SameName(db, b.db) {
		return nil
	}
	p := b.problem(api.CodeUnsupported, at, "%s is another database than the request's, %s", api.Clip(db), b.db)
	return p.Hinted("send a statement of its own with db_name %s; a statement reads one database", api.Clip(db)).Numbered(mssqlerr.UnknownTable)
}

// unboundTable refuses the qualifier of a column that names no table of the statement.
func (b *binder) unboundTable(name string, at, number int) *api.Problem {
	p := b.problem(api.CodeUnknownTable, at, "the statement has no table called %s", api.Clip(name)).Numbered(number)
	for i := range b.sc.sources {
		if s := &b.sc.sources[i]; api.SameName(s.table.Name, name) {
			return p.Hinted("%s has the alias %s in this statement: write %s", s.table.Name, s.name, s.name)
		}
	}
	return p.Hinted("the tables are %s", strings.Join(b.sc.names(), ", "))
}

// isKey says whether e is the shard key of one of the tables.
func (sc *scope) isKey(e *Expr) bool {
	return e.Op == ColumnExpr && sc.tables[e.Source].isKey(e)
}
