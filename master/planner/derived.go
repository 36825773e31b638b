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

// declare makes common table expressions known to the query.
func (s *statement) declare(st *tsql.With) error {
	for i := range st.Tables {
		name := &st.Tables[i].Name
		if slices.ContainsFunc(st.Tables[:i], func(t tsql.CommonTable) bool { return api.SameName(t.Name.Name, name.Name) }) {
			p := s.b.Problem(api.CodeInvalidField, name.At, "two common table expressions are called %s", api.Clip(name.Name))
			return p.Hinted("give one of them another name").Numbered(mssqlerr.SameCommonTables)
		}
	}
	s.ctes = st.Tables
	return nil
}

// commonTable returns the common table expression that ref names, or nil.
func (s *statement) commonTable(ref *tsql.TableRef) *tsql.CommonTable {
	if ref.Derived() || ref.DB != "" || ref.Schema != "" || ref.Function != nil {
		return nil
	}
	for i := range s.ctes {
		if api.SameName(s.ctes[i].Name.Name, ref.Name) {
			return &s.ctes[i]
		}
	}
	return nil
}

// source returns the table that ref names, or that it describes.
func (s *statement) source(ref *tsql.TableRef) (*bind.Table, source, error) {
	src := source{at: ref.At, ref: ref, keys: keySet{all: true}}
	var t *bind.Table
	var err error
	switch cte := s.commonTable(ref); {
	case ref.Rows != nil:
		t, err = s.literalRows(ref, &src)
	case ref.Query != nil:
		t, err = s.derived(ref, ref.Query, ref.Columns, s.ctes, &src)
	case cte != nil:
		t, err = s.common(ref, cte, &src)
	case ref.Schema != "":
		t, err = s.catalogView(ref, &src)
	case ref.Function != nil:
		t, err = s.tableFunction(ref, &src)
	default:
		if t, err = s.table(ref); err == nil {
			src.Table, src.SchemaVersion = t.Name, t.Version
		}
	}
	return t, src, err
}

// common plans a common table expression, which sees those before it. That it names itself, which
// makes it recursive, shows as an unknown table; say what is the matter.
func (s *statement) common(ref *tsql.TableRef, cte *tsql.CommonTable, src *source) (*bind.Table, error) {
	before := s.ctes[:slices.IndexFunc(s.ctes, func(t tsql.CommonTable) bool { return t.Name.Name == cte.Name.Name })]
	t, err := s.derived(ref, cte.Query, cte.Columns, before, src)
	if p, ok := api.ProblemOf(err); ok && p.Code == api.CodeUnknownTable && namesTable(cte.Query, cte.Name.Name) {
		err = s.b.Problem(api.CodeUnsupported, cte.Name.At, "the common table expression %s is recursive, which is not supported", api.Clip(cte.Name.Name)).
			Hinted("run one statement for each level")
	}
	return t, err
}

// namesTable reports whether the FROM of a query names a table so.
func namesTable(q tsql.Query, name string) bool {
	switch q := q.(type) {
	case *tsql.SetQuery:
		return namesTable(q.L, name) || namesTable(q.R, name)
	case *tsql.Select:
		if q.From == nil {
			return false
		}
		refs := []*tsql.TableRef{q.From}
		for i := range q.Joins {
			refs = append(refs, &q.Joins[i].Table)
		}
		return slices.ContainsFunc(refs, func(r *tsql.TableRef) bool {
			return api.SameName(r.Name, name) || r.Query != nil && namesTable(r.Query, name)
		})
	}
	return false
}

// derived plans a query in place of a table. If each shard can compute its part of the rows alone,
// the query is nested in that of the statement; otherwise it is run beforehand.
func (s *statement) derived(ref *tsql.TableRef, q tsql.Query, names []tsql.Name, ctes []tsql.CommonTable, src *source) (*bind.Table, error) {
	if set, ok := q.(*tsql.SetQuery); !s.apart[q] && (!ok || set.Op == tsql.UnionAll) {
		child := s.block(nil, ctes)
		if err := child.bindQuery(q); err != nil {
			return nil, err
		}
		if child.isLocal() && child.isUniform() {
			query, err := child.nest()
			if err != nil {
				return nil, err
			}
			if query != nil {
				src.Query, src.keys = query, child.filter.keys
				return s.derivedTable(ref, names, child.columns(), !child.spread())
			}
		}
	}
	r, err := s.run(q, ctes, nil)
	if err != nil {
		return nil, err
	}
	src.Rows = &plan.Rows{Values: r.rows, Step: r.number}
	columns := slices.Clone(r.columns)
	for i := range columns {
		columns[i].Key = false
		src.Rows.Types = append(src.Rows.Types, columns[i].Type)
	}
	return s.derivedTable(ref, names, columns, true)
}

// literalRows binds VALUES in place of a table. Each column has the type of highest precedence
// among its values.
func (s *statement) literalRows(ref *tsql.TableRef, src *source) (*bind.Table, error) {
	constants := bind.Binder{DB: s.db, Field: bind.StatementField, Params: s.o.Params, Session: s.o.Session, Clause: "VALUES", Nested: s, Scope: &bind.Scope{First: s.numbers}}
	columns := make([]bind.DerivedColumn, len(ref.Rows[0]))
	src.Rows = &plan.Rows{Values: make([][]sqltypes.Value, len(ref.Rows)), Types: make([]sqltypes.Type, len(columns))}
	for c := range columns {
		at := make([]int, len(ref.Rows))
		values := make([]*plan.Expr, len(ref.Rows))
		for r := range ref.Rows {
			x, err := constants.Value(ref.Rows[r][c])
			if err != nil {
				return nil, err
			}
			values[r], at[r] = x, ref.Rows[r][c].Pos()
		}
		values, t, err := constants.SameType(values, at)
		if err != nil {
			return nil, err
		}
		columns[c].Type, src.Rows.Types[c] = t, t
		for r, x := range values {
			if !x.IsConst() {
				return nil, s.b.Problem(api.CodeUnsupported, at[r], "VALUES in place of a table requires constants").Hinted("select the value in a derived table instead: (SELECT ... AS x) AS t")
			}
			columns[c].Nullable = columns[c].Nullable || x.IsNull()
			src.Rows.Values[r] = append(src.Rows.Values[r], x.Value)
		}
	}
	return s.derivedTable(ref, ref.Columns, columns, true)
}

// derivedTable returns the derived table that ref names, with the names that its alias gives to the
// columns, if it does.
func (s *statement) derivedTable(ref *tsql.TableRef, names []tsql.Name, columns []bind.DerivedColumn, replicated bool) (*bind.Table, error) {
	name := exposedName(ref)
	if names != nil && len(names) != len(columns) {
		number, word := mssqlerr.MoreColumns, "more"
		if len(columns) < len(names) {
			number, word = mssqlerr.FewerColumns, "fewer"
		}
		p := s.b.Problem(api.CodeInvalidField, ref.At, "%s has %s columns (%d) than its alias names (%d)", api.Clip(name), word, len(columns), len(names))
		return nil, p.Hinted("name each column once").Numbered(number)
	}
	for i := range columns {
		if names != nil {
			columns[i].Name = names[i].Name
		}
		c := &columns[i]
		if c.Name == "" {
			p := s.b.Problem(api.CodeInvalidField, ref.At, "column %d of %s has no name", i+1, api.Clip(name))
			return nil, p.Hinted("give it one with AS in the select list, or name the columns: %s(a, b)", api.Clip(name)).Numbered(mssqlerr.UnnamedColumn)
		}
		if slices.ContainsFunc(columns[:i], func(o bind.DerivedColumn) bool { return api.SameName(o.Name, c.Name) }) {
			p := s.b.Problem(api.CodeAmbiguousColumn, ref.At, "%s has two columns called %s", api.Clip(name), api.Clip(c.Name))
			return nil, p.Hinted("give one of them another name with AS").Numbered(mssqlerr.SameColumnNames)
		}
	}
	return bind.NewDerived(s.db, name, columns, replicated), nil
}

// isLocal reports whether each shard can compute its part of the rows of the query alone, so that
// all parts together are its rows: groups and equal rows must not be spread over several shards,
// and which rows a limit keeps must not depend on other shards.
func (s *statement) isLocal() bool {
	switch {
	case s.limit != nil, s.offset > 0, s.ties:
		return false // also where every shard has all rows: in another order, these may be others
	case s.hasWindows() && !(s.spread() && s.pushesWindows()):
		return false
	case !s.spread():
		return true
	case s.isGrouped():
		return slices.ContainsFunc(s.keys, s.separates)
	case s.selects.Distinct:
		return slices.ContainsFunc(s.outputs, func(o output) bool { return s.separates(o.Expr) })
	}
	return true
}

// separates reports whether rows with the same value of x are on one shard.
func (s *statement) separates(x *plan.Expr) bool {
	return s.b.Scope.IsKey(x) && !s.b.Scope.Nullable(x)
}

// isUniform reports whether either every shard computes all rows of a combination, or none computes
// any that others compute too. Other queries always are.
func (s *statement) isUniform() bool {
	if len(s.sources) == 0 {
		return true
	}
	union := s.sources[0].Union
	return !slices.ContainsFunc(union, func(l plan.Leaf) bool { return l.Once != union[0].Once })
}
