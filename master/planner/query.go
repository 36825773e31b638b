package planner

import (
	"errors"
	"math"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sharding"
	"shardeck/shared/sqltypes"
)

// Catalog looks up tables. Errors are *api.Problem: unknown_database or unknown_table.
type Catalog interface {
	Table(db, name string) (*bind.Table, error)
	// Tables returns all tables of a database, sorted by name.
	Tables(db string) ([]*bind.Table, error)
}

// Statement plans a statement over the tables of database db. Columns of a SELECT are
// named by their alias, or else the column they refer to, or else column1, column2 and
// so on by position: T-SQL leaves expressions unnamed.
//
// If a part of the statement has to be run before the rest can be planned, such as a subquery whose
// values select the shards, the result is that part instead, a [Step]. The caller runs its plan,
// adds the rows to o.Results, and plans again.
//
// A statement that T-SQL would reject, or that a sharded database cannot answer as a
// single one would, is rejected with a *api.Problem at the field "sql" and the offset
// of the error.
func Statement(cat Catalog, m *sharding.Map, db string, st tsql.Statement, o Options) (*plan.Plan, *Step, error) {
	if p := o.checkParams(); p != nil {
		return nil, nil, p
	}
	varies := false
	o.Session.Varies = &varies
	pl := &planning{cat: cat, m: m, db: db, o: o}
	for {
		pl.numbers = 0
		top := pl.block(nil, nil)
		if o.MaxRows != nil && *o.MaxRows < math.MaxInt64 {
			more := *o.MaxRows + 1
			top.most = &more
		}
		p, err := top.plans(st)
		if a, ok := errors.AsType[*apart](err); ok && !pl.apart[a.query] {
			if pl.apart == nil {
				pl.apart = map[tsql.Query]bool{}
			}
			pl.apart[a.query] = true
			continue
		}
		if step, ok := errors.AsType[*Step](err); ok {
			step.Plan.Field = bind.StatementField
			return nil, step, nil
		}
		if err != nil {
			return nil, nil, err
		}
		p.Field = bind.StatementField
		p.ReadsFirst = o.Results != nil && len(o.Results.of) > 0 || len(o.Session.Variables) > 0
		if p.Write != nil && p.Write.Output != nil {
			p.Write.OutputVaries = p.ReadsFirst || varies
		}
		return p, nil, nil
	}
}

// planning is what the queries of one statement have in common.
type planning struct {
	cat Catalog
	m   *sharding.Map
	db  string
	o   Options
	// numbers is how many numbers of sources are taken.
	numbers int
	// apart are the derived tables that are run beforehand although each shard could compute its
	// part of them, because the statement cannot join them there.
	apart map[tsql.Query]bool
}

// block returns a statement or query to be planned. The queries nested in expressions see the
// columns of outer, others have none.
func (pl *planning) block(outer *statement, ctes []tsql.CommonTable) *statement {
	s := &statement{planning: pl, ctes: ctes, b: bind.Binder{DB: pl.db, Field: bind.StatementField, Params: pl.o.Params, Session: pl.o.Session}}
	s.b.Nested = s
	if outer != nil {
		s.b.Outer, s.outer = &outer.b, outer
	}
	return s
}

func (s *statement) plans(st tsql.Statement) (*plan.Plan, error) {
	switch st := st.(type) {
	case *tsql.With:
		if p := s.declare(st); p != nil {
			return nil, p
		}
		return s.plans(st.Body)
	case tsql.Query:
		return s.query(st)
	case *tsql.Insert:
		return s.insert(st)
	case *tsql.Update:
		return s.update(st)
	case *tsql.Delete:
		return s.delete(st)
	case *tsql.Truncate:
		return s.truncate(st)
	case *tsql.CreateTable:
		return s.createTable(st)
	case *tsql.DropTable:
		return s.dropTable(st)
	case *tsql.AlterTable:
		return s.alterTable(st)
	case *tsql.CreateIndex:
		return s.createIndex(st)
	case *tsql.DropIndex:
		return s.dropIndex(st)
	}
	return nil, s.b.Problem(api.CodeUnsupported, 0, "this kind of statement is not supported").Hinted("use SELECT, INSERT, UPDATE, DELETE, TRUNCATE TABLE, or CREATE, ALTER or DROP TABLE")
}

// query plans a query whose rows are the answer.
func (s *statement) query(q tsql.Query) (*plan.Plan, error) {
	if err := s.bindQuery(q); err != nil {
		return nil, err
	}
	return s.whole()
}

// bindQuery binds a query, to be planned whole or nested in another.
func (s *statement) bindQuery(q tsql.Query) error {
	switch q := q.(type) {
	case *tsql.Select:
		return s.bind(q)
	case *tsql.SetQuery:
		return s.combine(q)
	}
	return s.b.Problem(api.CodeInternal, q.Pos(), "this query is not planned")
}

// statement is a statement, or a query nested in one, being planned.
type statement struct {
	*planning
	b     bind.Binder
	outer *statement
	ctes  []tsql.CommonTable // those that the query can name

	// The following are used only for SELECT.

	selects *tsql.Select
	sources []source
	filter  filter
	plan    *plan.Plan
	outputs []output
	header  []api.Column // the names and types of outputs
	keys    []*plan.Expr // GROUP BY
	// constantKey means that an item of GROUP BY was folded to a constant.
	constantKey bool
	having      *plan.Expr
	// havingUses are the columns bound in HAVING, like output.uses.
	havingUses []bind.Use
	order      []orderItem
	limit      *int64
	offset     int64
	ties       bool
	set        *plan.Set // of a combination of queries other than by UNION ALL
	// most is the number of rows that the caller needs; nil means all.
	most *int64
}

// table looks up a table that the statement names.
func (s *statement) table(ref *tsql.TableRef) (*bind.Table, error) {
	if p := s.b.CheckDB(ref.DB, ref.At); p != nil {
		return nil, p
	}
	t, err := s.cat.Table(s.db, ref.Name)
	if err == nil {
		return t, nil
	}
	p := *api.AsProblem(err)
	if p.Code == api.CodeUnknownTable {
		p.Field, p.Offset, p.SQLNumber = bind.StatementField, &ref.At, mssqlerr.UnknownTable
	}
	return nil, &p
}

// singleTable looks up the table of a statement and makes it the scope.
func (s *statement) singleTable(ref *tsql.TableRef) (*bind.Table, error) {
	t, err := s.table(ref)
	if err != nil {
		return nil, err
	}
	s.b.Scope = t.Scope
	if ref.Alias != "" {
		s.b.Scope = bind.NewScope(t, ref.Alias)
	}
	s.numbers = 1
	return t, nil
}

// written looks up the table that a statement writes and makes it the scope.
func (s *statement) written(ref *tsql.TableRef) (*bind.Table, error) {
	if s.commonTable(ref) != nil {
		p := s.b.Problem(api.CodeUnsupported, ref.At, "%s is a common table expression, which cannot be written to", api.Clip(ref.Name))
		return nil, p.Hinted("write to the table, and choose its rows by a subquery in WHERE")
	}
	return s.singleTable(ref)
}

// condition binds WHERE, and routes by it and the join conditions.
func (s *statement) condition(where tsql.Expr) (filter, error) {
	f := filter{where: plan.True}
	if where != nil {
		s.b.Clause = "WHERE"
		var err error
		if f.where, err = s.b.Condition(where, false); err != nil {
			return f, err
		}
	}
	filtered := f.where.Op != plan.TrueExpr
	f.keys = keysOf(s.b.Scope, f.where)
	for i := range s.sources {
		f.keys = f.keys.intersect(s.sources[i].restricts(s.b.Scope))
	}
	f.route = s.routeOf(f.keys, filtered)
	if !filtered {
		f.where = nil
	}
	return f, nil
}

// bind binds all the clauses of a SELECT.
func (s *statement) bind(st *tsql.Select) error {
	s.selects = st
	if err := s.from(st); err != nil {
		return err
	}
	var err error
	if s.filter, err = s.condition(st.Where); err != nil {
		return err
	}
	if err := s.checkJoins(); err != nil {
		return err
	}
	if err := s.groupBy(st.GroupBy); err != nil {
		return err
	}
	s.b.Aggregated, s.b.WindowsAllowed = true, true
	if err := s.list(st.List); err != nil {
		return err
	}
	if st.Having != nil {
		from := len(s.b.Uses)
		s.b.WindowsAllowed, s.b.Clause = false, "HAVING"
		if s.having, err = s.b.Condition(st.Having, false); err != nil {
			return err
		}
		s.havingUses = s.b.Uses[from:]
	}
	s.b.WindowsAllowed = true
	if err := s.orderBy(st.OrderBy); err != nil {
		return err
	}
	if err := s.checkWindows(); err != nil {
		return err
	}
	if err := s.window(st); err != nil {
		return err
	}
	if s.constantKey && len(s.keys) == 0 {
		s.having = s.nonEmpty()
	}
	return nil
}

// isGrouped reports whether the rows of the query are groups.
func (s *statement) isGrouped() bool { return len(s.keys) > 0 || s.having != nil || s.b.Aggregates > 0 }

// whole plans the query as a statement of its own.
func (s *statement) whole() (*plan.Plan, error) {
	r := s.filter.route
	s.plan = &plan.Plan{Op: plan.OpSelect, DB: s.db, Route: r, Fragments: fragments(&r), Columns: s.header}
	if len(s.sources) > 0 && s.sources[0].Table != "" {
		s.plan.Table, s.plan.SchemaVersion = s.sources[0].Table, s.sources[0].SchemaVersion
	}
	s.plan.Query = &plan.Query{Where: s.filter.where}
	switch {
	case len(s.sources) == 0 && (s.isGrouped() || s.hasWindows()):
		s.oneRow()
	case len(s.sources) == 0:
		return s.plan, s.constant()
	case s.qualified():
		s.plan.Query.From = s.planSources()
	}
	switch {
	case s.set != nil:
		return s.plan, s.chooseSet()
	case s.hasWindows() && !s.pushesWindows():
		return s.plan, s.overRows()
	}
	return s.plan, s.rows(s.selects.Distinct)
}

// rows plans the rows of the query: its groups, or those of its tables.
func (s *statement) rows(distinct bool) error {
	if s.isGrouped() {
		return s.grouped(distinct)
	}
	return s.plain(distinct)
}

// qualified reports whether the columns of the query have to be qualified by their source.
func (s *statement) qualified() bool {
	return len(s.sources) > 1 || s.sources[0].Table == "" || s.numbers > 1
}

func (s *statement) groupBy(items []tsql.Expr) error {
	if len(items) > tsql.MaxOrderBy {
		return s.b.Problem(api.CodeTooComplex, items[tsql.MaxOrderBy].Pos(), "GROUP BY has %d items; at most %d are allowed", len(items), tsql.MaxOrderBy).Hinted("group by fewer expressions")
	}
	s.b.Clause = "GROUP BY"
	for _, it := range items {
		before := s.b.ColumnRefs
		x, err := s.b.Value(it)
		if err != nil {
			return err
		}
		switch {
		case x.HasQuery():
			p := s.b.Problem(api.CodeUnsupported, it.Pos(), "GROUP BY contains a subquery")
			return p.Hinted("select it in a derived table, and group that").Numbered(mssqlerr.AggregateInGroupBy)
		case x.HasColumn():
		case s.b.ColumnRefs > before:
			// An expression with columns that folds to a constant is allowed, but does
			// not distinguish groups.
			s.constantKey = true
			continue
		default:
			p := s.b.Problem(api.CodeUnsupported, it.Pos(), "GROUP BY contains a constant")
			return p.Hinted("name a column; T-SQL does not support positions such as GROUP BY 1").Numbered(mssqlerr.GroupByConstant)
		}
		if indexOf(s.keys, x) < 0 {
			s.keys = append(s.keys, x)
		}
	}
	return nil
}

// nonEmpty is HAVING with COUNT(*) > 0 added: grouping by constants yields one group,
// but unlike no GROUP BY, none if there are no rows.
func (s *statement) nonEmpty() *plan.Expr {
	rows := &plan.Expr{Op: plan.CountExpr, Type: sqltypes.BigIntType}
	some := plan.Comparison(plan.GtExpr, rows, &plan.Expr{Op: plan.ValueExpr, Type: sqltypes.BigIntType, Value: sqltypes.Int64(0)})
	if s.having == nil {
		return some
	}
	return plan.AllOf([]*plan.Expr{some, s.having})
}
