package planner

import (
	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// maxJoined is the maximum number of tables in a statement.
const maxJoined = 16

// source is one table of FROM, in the order of the scope's.
type source struct {
	plan.Source
	at  int
	ref *tsql.TableRef
	// keys are the shard keys that the rows of a derived table have.
	keys keySet
	// required means that every row of the FROM has a row of this table, so that what holds for
	// its rows holds for the result: no outer join makes up rows without one.
	required bool
}

// restricts returns the shard keys that the source allows rows of the whole FROM to have.
func (src *source) restricts(sc *bind.Scope) keySet {
	if !src.required {
		return keySet{all: true}
	}
	set := src.keys
	if src.On != nil && src.Join == plan.InnerJoin { // a RIGHT JOIN keeps rows that do not satisfy it
		set = set.intersect(keysOf(sc, src.On))
	}
	return set
}

// from binds the tables of a SELECT and their join conditions.
func (s *statement) from(st *tsql.Select) error {
	first := s.numbers
	if st.From == nil {
		s.b.Scope = s.scope(first)
		return nil
	}
	if len(st.Joins) >= maxJoined {
		return s.b.Problem(api.CodeTooComplex, st.Joins[maxJoined-1].At, "more than %d tables are joined", maxJoined).Hinted("join fewer tables")
	}
	s.numbers += 1 + len(st.Joins)
	s.b.Clause = "ON"
	t, src, err := s.source(st.From)
	if err != nil {
		return err
	}
	if first == 0 && len(st.Joins) == 0 && t.Scope != nil && st.From.Alias == "" {
		s.b.Scope = t.Scope // the common case: a scope of the table alone, made once
	} else {
		s.b.Scope = s.scope(first)
		s.b.Scope.Add(t, exposedName(st.From), false)
	}
	src.Number, src.required = first, true
	s.sources = append(make([]source, 0, 1+len(st.Joins)), src)
	for i := range st.Joins {
		if err := s.join(&st.Joins[i], first+1+i); err != nil {
			return err
		}
	}
	return nil
}

// scope returns an empty scope for sources that are numbered from first.
func (s *statement) scope(first int) *bind.Scope {
	sc := &bind.Scope{First: first}
	if s.outer != nil {
		sc.Outer = s.outer.b.Scope
	}
	return sc
}

// exposedName is the name of a table in a statement: its alias, if it has one.
func exposedName(ref *tsql.TableRef) string {
	if ref.Alias != "" {
		return ref.Alias
	}
	return ref.Name
}

// joinKinds are the kinds of joins in a plan.
var joinKinds = [...]plan.JoinKind{
	tsql.InnerJoin: plan.InnerJoin, tsql.LeftJoin: plan.LeftJoin, tsql.RightJoin: plan.RightJoin, tsql.FullJoin: plan.FullJoin, tsql.CrossJoin: plan.CrossJoin,
}

func (s *statement) join(j *tsql.Join, number int) error {
	t, src, err := s.source(&j.Table)
	if err != nil {
		return err
	}
	sc, name := s.b.Scope, exposedName(&j.Table)
	if sc.Source(name) >= 0 {
		p := s.b.Problem(api.CodeInvalidField, j.Table.At, "two tables of the statement are called %s", api.Clip(name))
		return p.Hinted("give one of them an alias, such as %s AS other", api.Clip(name)).Numbered(mssqlerr.SameExposedNames)
	}
	src.Number, src.at, src.Join = number, j.At, joinKinds[j.Kind]
	src.required = src.Join != plan.LeftJoin && src.Join != plan.FullJoin
	if src.Join == plan.RightJoin || src.Join == plan.FullJoin {
		for i := range s.sources {
			s.sources[i].required, sc.Sources[i].Outer = false, true
		}
	}
	sc.Add(t, name, !src.required)
	if j.On != nil {
		if src.On, err = s.b.Condition(j.On, false); err != nil {
			return err
		}
	}
	s.sources = append(s.sources, src)
	return s.checkSpread(len(s.sources) - 1)
}

// planSources returns the sources as a plan has them.
func (s *statement) planSources() []plan.Source {
	from := make([]plan.Source, len(s.sources))
	for i := range s.sources {
		from[i] = s.sources[i].Source
	}
	return from
}

// isSharded reports whether the rows of source i are spread over the shards, rather than the same on
// each.
func (s *statement) isSharded(i int) bool { return !s.b.Scope.Tables[i].Replicated }

// spread reports whether any source is sharded: the rows of the FROM are then spread, too.
func (s *statement) spread() bool {
	for i := range s.sources {
		if s.isSharded(i) {
			return true
		}
	}
	return false
}

// checkSpread rejects an outer join that keeps all rows of what every shard has, but matches them
// with rows of one shard only: each shard would make up its own rows without a match.
func (s *statement) checkSpread(i int) error {
	before := false
	for k := range i {
		before = before || s.isSharded(k)
	}
	src, sharded := &s.sources[i], s.isSharded(i)
	var kept string
	switch {
	case before && !sharded && (src.Join == plan.RightJoin || src.Join == plan.FullJoin):
		kept = s.b.Scope.Sources[i].Name
	case !before && sharded && (src.Join == plan.LeftJoin || src.Join == plan.FullJoin):
		kept = s.b.Scope.Sources[0].Name
	default:
		return nil
	}
	p := s.b.Problem(api.CodeUnsupported, src.at, "this outer join keeps every row of %s, which each shard has, whether it has matches on another shard or not", kept)
	return p.Hinted("use an inner join, or make the table with the shards' rows the one whose rows are kept")
}

// checkJoins rejects joins whose matching rows may be on different shards. Rows with equal shard
// keys are on the same shard, so the conditions must require that of all tables that are sharded.
// An outer join's own ON must; for other joins any condition that every row of the result
// satisfies will do, such as the WHERE after tables with commas.
func (s *statement) checkJoins() error {
	if len(s.sources) < 2 {
		return nil
	}
	groups := newGroups(len(s.sources))
	first := -1
	lastOuter := -1 // the last join that makes up rows without those before it
	for i := range s.sources {
		if k := s.sources[i].Join; k == plan.RightJoin || k == plan.FullJoin {
			lastOuter = i
		}
	}
	where := s.filter.where
	if isNever(where) { // no rows are combined
		return nil
	}
	for i := range s.sources {
		src := &s.sources[i]
		if src.On != nil {
			s.connect(groups, src.On, func(a, b int) bool { return a == i || b == i || i > lastOuter && src.required })
		}
	}
	s.connect(groups, where, func(a, b int) bool { return max(a, b) > lastOuter })
	for i := range s.sources {
		switch {
		case !s.isSharded(i) || isNever(s.sources[i].On):
		case first < 0:
			first = i
		case groups.root(i) != groups.root(first):
			return s.notColocated(i)
		}
	}
	return nil
}

// isNever reports whether e is known to be true of no row.
func isNever(e *plan.Expr) bool { return e != nil && e.Op == plan.FalseExpr }

// connect notes which sources the conjuncts of e require to have equal shard keys, where allowed.
func (s *statement) connect(g groups, e *plan.Expr, allowed func(a, b int) bool) {
	if e == nil {
		return
	}
	sc := s.b.Scope
	for _, term := range conjuncts(e) {
		if term.Op != plan.EqExpr {
			continue
		}
		l, r := unconverted(term.Args[0]), unconverted(term.Args[1])
		if !sc.IsKey(l) || !sc.IsKey(r) || !hashEqually(l, r) {
			continue
		}
		if a, b := l.Source-sc.First, r.Source-sc.First; a != b && allowed(a, b) {
			g.join(a, b)
		}
	}
}

// groups are disjoint sets of sources: each element is another one of its set, or itself.
type groups []int

func newGroups(n int) groups {
	g := make(groups, n)
	for i := range g {
		g[i] = i
	}
	return g
}

func (g groups) root(i int) int {
	for g[i] != i {
		i = g[i]
	}
	return i
}

func (g groups) join(a, b int) { g[g.root(a)] = g.root(b) }

// apart asks for another attempt in which a derived table is run beforehand.
type apart struct{ query tsql.Query }

func (*apart) Error() string { return "a derived table has to be run beforehand" }

// notColocated rejects the join of source i. If one of the tables is a derived one, that can be run
// beforehand instead, and its rows be joined with anything.
func (s *statement) notColocated(i int) error {
	for k := i; k >= 0; k-- {
		if q := s.sources[k].ref.Query; q != nil && s.isSharded(k) && !s.apart[q] {
			return &apart{q}
		}
		if q := s.commonTable(s.sources[k].ref); q != nil && s.isSharded(k) && !s.apart[q.Query] {
			return &apart{q.Query}
		}
	}
	sc := s.b.Scope
	p := s.b.Problem(api.CodeUnsupported, s.sources[i].at, "this join would combine rows of different shards: ON does not require equal shard keys")
	keyed := -1
	for k, u := range sc.Tables[:i+1] {
		if u.Key < 0 && s.isSharded(k) {
			p.Detail = "this join would combine rows of different shards: " + sc.Sources[k].Name + " has no shard key, so its rows may be on any shard"
			return p.Hinted("join tables on their shard keys, query each table separately, or make a small table one that is replicated")
		}
		if s.isSharded(k) && keyed < 0 {
			keyed = k
		}
	}
	if other := s.otherType(i); other != nil {
		p.Detail = "this join would combine rows of different shards: the shard keys " + other.KeyName() + " and " + sc.Tables[i].KeyName() + " have different types, and equal values of these may be on different shards"
		return p.Hinted("create the tables with shard keys of the same type")
	}
	return p.Hinted("add %s.%s = %s.%s to ON, or query each table separately", sc.Sources[keyed].Name, sc.Tables[keyed].KeyName(), sc.Sources[i].Name, sc.Tables[i].KeyName())
}

// otherType returns a table whose shard key is compared with that of source i, but hashes
// differently; nil if there is none.
func (s *statement) otherType(i int) *bind.Table {
	sc := s.b.Scope
	if s.sources[i].On == nil {
		return nil
	}
	for _, term := range conjuncts(s.sources[i].On) {
		if term.Op != plan.EqExpr {
			continue
		}
		l, r := unconverted(term.Args[0]), unconverted(term.Args[1])
		if !sc.IsKey(l) || !sc.IsKey(r) {
			continue
		}
		if r.Source-sc.First != i {
			l, r = r, l
		}
		if r.Source-sc.First == i && l.Source != r.Source && !hashEqually(l, r) {
			return sc.TableOf(l)
		}
	}
	return nil
}

// unconverted returns the operand of a conversion, or e itself if it is not one.
func unconverted(e *plan.Expr) *plan.Expr {
	if e.Op == plan.ConvertExpr {
		return e.Args[0]
	}
	return e
}

// conjuncts returns the terms of a conjunction, or e itself if it is not one.
func conjuncts(e *plan.Expr) []*plan.Expr {
	if e.Op == plan.AndExpr {
		return e.Args
	}
	return []*plan.Expr{e}
}

// hashEqually reports whether equal shard keys of the columns l and r have the same
// canonical form, whose hash determines a row's shard.
func hashEqually(l, r *plan.Expr) bool {
	switch c := l.Type.Class(); {
	case l.Type == r.Type:
		return true
	case c != r.Type.Class():
		return false
	default:
		return c == sqltypes.Integers || c == sqltypes.Strings
	}
}
