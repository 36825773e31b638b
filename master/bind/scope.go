package bind

import (
	"errors"
	"fmt"
	"strings"

	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
)

// Scope is what column names resolve against: the columns of one table, or of several joined
// tables. It does not change once a statement is bound. The scope of a query without FROM is empty.
type Scope struct {
	Sources []scopeSource
	Tables  []*Table // the tables of Sources
	// First is the number of the first source; the others are numbered from there.
	First int
	// Outer is the scope of the query that this one is nested in; nil if it is not, or if it is a
	// derived table, which sees nothing of the query around it.
	Outer *Scope
	// Qualified means that columns have to be qualified by their table, as in OUTPUT.
	Qualified bool
}

// scopeSource is one table of a scope.
type scopeSource struct {
	Table *Table
	// Name is the table's name in the statement: its alias, if it has one.
	Name string
	// Columns are the table's columns. Each has one Expr, so equal pointers mean the same column.
	Columns []*plan.Expr
	// Outer means that an outer join may leave all its columns NULL.
	Outer bool
}

// NewScope returns a scope of the single table t, called name.
func NewScope(t *Table, name string) *Scope {
	columns := make([]*plan.Expr, len(t.Columns))
	for i := range t.Columns {
		columns[i] = t.Columns[i].Expr
	}
	return &Scope{Sources: []scopeSource{{Table: t, Name: name, Columns: columns}}, Tables: []*Table{t}}
}

// Add joins t to the scope, which must not be shared with another statement.
func (sc *Scope) Add(t *Table, name string, outer bool) {
	number := sc.First + len(sc.Sources)
	columns := make([]*plan.Expr, len(t.Columns))
	for i := range t.Columns {
		c := *t.Columns[i].Expr
		c.Source = number
		columns[i] = &c
	}
	sc.Sources = append(sc.Sources, scopeSource{Table: t, Name: name, Columns: columns, Outer: outer})
	sc.Tables = append(sc.Tables, t)
}

// of returns the source of the column x, here or in a scope around this one; nil if there is none.
func (sc *Scope) of(x *plan.Expr) *scopeSource {
	for ; sc != nil; sc = sc.Outer {
		if sc.Owns(x) {
			return &sc.Sources[x.Source-sc.First]
		}
	}
	return nil
}

// Owns reports whether x is a column of one of the tables here, rather than around this scope.
func (sc *Scope) Owns(x *plan.Expr) bool {
	return x.Op == plan.ColumnExpr && x.Source >= sc.First && x.Source < sc.First+len(sc.Sources)
}

// TableOf returns the table of the column x, of this scope or of one around it.
func (sc *Scope) TableOf(x *plan.Expr) *Table { return sc.of(x).Table }

// Source returns the index of the table that the statement calls name, or -1.
func (sc *Scope) Source(name string) int {
	for i := range sc.Sources {
		if api.SameName(sc.Sources[i].Name, name) {
			return i
		}
	}
	return -1
}

// names lists the tables' names in the statement.
func (sc *Scope) names() []string {
	names := make([]string, len(sc.Sources))
	for i := range sc.Sources {
		names[i] = sc.Sources[i].Name
	}
	return names
}

// Nullable reports whether the column x may be NULL.
func (sc *Scope) Nullable(x *plan.Expr) bool {
	s := sc.of(x)
	return s.Outer || s.Table.Columns[s.Table.position(x)].Nullable
}

// ColumnName returns the name of the column x as it was defined, or other if x is no column.
func (sc *Scope) ColumnName(x *plan.Expr, other string) string {
	if src := sc.of(x); src != nil {
		return src.Table.Columns[src.Table.position(x)].Name
	}
	return other
}

// TypeName returns the name of x's type.
func (sc *Scope) TypeName(x *plan.Expr) string {
	if x.Op == plan.ColumnExpr {
		t := sc.TableOf(x)
		return t.Header[t.position(x)].Type
	}
	return x.Type.String()
}

// statementColumn binds a column of a statement, which may reference several tables. A nested query
// may also reference those of the query around it.
func (b *Binder) statementColumn(e *tsql.Column) (*plan.Expr, error) {
	x, err := b.lookup(e)
	b.ColumnRefs++
	if p, ok := errors.AsType[*api.Problem](err); ok && b.Outer != nil && p.Code != api.CodeAmbiguousColumn {
		if y, outerErr := b.Outer.statementColumn(e); outerErr == nil {
			b.Correlated = true
			return y, nil
		}
	}
	if err == nil && b.Aggregated && !b.inAggregate {
		b.Uses = append(b.Uses, Use{x, e.At})
	}
	return x, err
}

func (b *Binder) lookup(e *tsql.Column) (*plan.Expr, error) {
	sc := b.Scope
	if p := b.CheckDB(e.DB, e.At); p != nil {
		return nil, p
	}
	if e.Table != "" {
		i := sc.Source(e.Table)
		if i < 0 {
			return nil, b.UnboundTable(e.Table, e.At, mssqlerr.UnboundIdentifier)
		}
		return b.columnOf(&sc.Sources[i], e)
	}
	if sc.Qualified {
		p := b.Problem(api.CodeUnknownColumn, e.At, "the column %s is not qualified in %s", api.Clip(e.Name), b.Clause).Numbered(mssqlerr.UnknownColumn)
		return nil, p.Hinted("write %s.%s", sc.Sources[0].Name, api.Clip(e.Name))
	}
	switch len(sc.Sources) {
	case 0:
		p := b.Problem(api.CodeUnknownColumn, e.At, "there is no column %s: the SELECT has no FROM", api.Clip(e.Name)).Numbered(mssqlerr.UnknownColumn)
		return nil, p.Hinted("add FROM with a table%s", textHint(e.Name))
	case 1:
		return b.columnOf(&sc.Sources[0], e)
	}
	var found *plan.Expr
	var in []string
	for i := range sc.Sources {
		if c := sc.Sources[i].Table.index(e.Name); c >= 0 {
			found = sc.Sources[i].Columns[c]
			in = append(in, sc.Sources[i].Name)
		}
	}
	switch len(in) {
	case 0:
		return nil, b.noColumn(e)
	case 1:
		return found, nil
	}
	p := b.Problem(api.CodeAmbiguousColumn, e.At, "the column %s is ambiguous: %s each have one", api.Clip(e.Name), strings.Join(in, " and "))
	return nil, p.Hinted("write %s.%s", in[0], found.Column).Numbered(mssqlerr.AmbiguousColumn)
}

func (b *Binder) columnOf(s *scopeSource, e *tsql.Column) (*plan.Expr, error) {
	i, p := s.Table.Column(b.Field, e.Name)
	if p == nil {
		return s.Columns[i], nil
	}
	p = p.At(b.Field).Numbered(mssqlerr.UnknownColumn)
	p.Offset = &e.At
	if e.Table == "" && !api.SameName(e.Name, plan.SlotColumn) && len(s.Table.near(e.Name)) == 0 {
		p.Hint += textHint(e.Name)
	}
	return nil, p
}

// noColumn returns the error for a name that is a column of none of the joined tables.
func (b *Binder) noColumn(e *tsql.Column) error {
	var near []string
	for i := range b.Scope.Sources {
		s := &b.Scope.Sources[i]
		for _, n := range s.Table.near(e.Name) {
			near = append(near, s.Name+"."+n)
		}
	}
	p := b.Problem(api.CodeUnknownColumn, e.At, "none of the tables %s has a column %s", strings.Join(b.Scope.names(), ", "), api.Clip(e.Name)).Numbered(mssqlerr.UnknownColumn)
	if len(near) > 0 {
		return p.Hinted("did you mean %s?", strings.Join(near, " or "))
	}
	return p.Hinted("use a column of these tables%s", textHint(e.Name))
}

// textHint explains how to write a string: the Ada of customer = Ada, and of
// customer = "Ada", is a column in T-SQL.
func textHint(name string) string {
	switch strings.ToUpper(name) {
	case "TRUE", "FALSE":
		return "; T-SQL has no constants TRUE and FALSE: write 1 or 0 for a BIT"
	}
	return fmt.Sprintf("; write a string as N'%s'", strings.ReplaceAll(api.Clip(name), "'", "''"))
}

// CheckDB rejects a qualifier that names a database other than the statement's. An
// empty db is accepted.
func (b *Binder) CheckDB(db string, at int) *api.Problem {
	if db == "" || api.SameName(db, b.DB) {
		return nil
	}
	p := b.Problem(api.CodeUnsupported, at, "%s is not the request's database, %s", api.Clip(db), b.DB)
	return p.Hinted("send a separate statement with db_name %s; a statement reads one database", api.Clip(db)).Numbered(mssqlerr.UnknownTable)
}

// UnboundTable returns the error for a qualifier that is not a table of the statement.
func (b *Binder) UnboundTable(name string, at, number int) *api.Problem {
	p := b.Problem(api.CodeUnknownTable, at, "the statement has no table called %s", api.Clip(name)).Numbered(number)
	for i := range b.Scope.Sources {
		if s := &b.Scope.Sources[i]; api.SameName(s.Table.Name, name) {
			return p.Hinted("%s has the alias %s in this statement: write %s", s.Table.Name, s.Name, s.Name)
		}
	}
	return p.Hinted("the tables are %s", strings.Join(b.Scope.names(), ", "))
}

// IsKey reports whether e is the shard key of one of the tables.
func (sc *Scope) IsKey(e *plan.Expr) bool {
	return sc.Owns(e) && sc.TableOf(e).isKey(e)
}

// IsKeyAround reports whether e is the shard key of a table of a query around this one.
func (sc *Scope) IsKeyAround(e *plan.Expr) bool {
	for out := sc.Outer; out != nil; out = out.Outer {
		if out.IsKey(e) {
			return true
		}
	}
	return false
}
