package planner

import (
	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// maxJoined is the greatest number of tables of a statement.
const maxJoined = 16

// from binds the tables of a SELECT and the conditions that join them.
func (s *statement) from(st *tsql.Select) error {
	t, err := s.alone(&st.From)
	if err != nil || len(st.Joins) == 0 {
		return err
	}
	if len(st.Joins) >= maxJoined {
		return s.b.Problem(api.CodeTooComplex, st.Joins[maxJoined-1].At, "more than %d tables are joined", maxJoined).Hinted("join fewer")
	}
	s.b.Scope = bind.NewScope(t, exposedName(&st.From))
	s.b.Clause = "ON"
	s.on = make([]*plan.Expr, 1, 1+len(st.Joins))
	for i := range st.Joins {
		if err := s.join(&st.Joins[i]); err != nil {
			return err
		}
	}
	return nil
}

// exposedName is what a statement calls a table.
func exposedName(ref *tsql.TableRef) string {
	if ref.Alias != "" {
		return ref.Alias
	}
	return ref.Name
}

func (s *statement) join(j *tsql.Join) error {
	t, err := s.table(&j.Table)
	if err != nil {
		return err
	}
	sc, name := s.b.Scope, exposedName(&j.Table)
	if sc.Source(name) >= 0 {
		p := s.b.Problem(api.CodeInvalidField, j.Table.At, "two tables of the statement are called %s", api.Clip(name))
		return p.Hinted("give one of them an alias, as %s AS other", api.Clip(name)).Numbered(mssqlerr.SameExposedNames)
	}
	sc.Add(t, name, j.Left)
	on := plan.True
	if j.On != nil {
		if on, err = s.b.Condition(j.On, false); err != nil {
			return err
		}
	}
	s.on = append(s.on, on)
	return s.coLocated(j, on)
}

// coLocated refuses a join whose matching rows may lie on different shards. Rows with
// equal shard keys lie on the same one, so ON must ask for that.
func (s *statement) coLocated(j *tsql.Join, on *plan.Expr) error {
	sc := s.b.Scope
	last := len(sc.Tables) - 1
	t := sc.Tables[last]
	if on.Op == plan.FalseExpr {
		return nil
	}
	var other *bind.Table // with a key that is asked to be equal, but hashes another way
	for _, term := range conjuncts(on) {
		if term.Op != plan.EqExpr {
			continue
		}
		l, r := unconverted(term.Args[0]), unconverted(term.Args[1])
		if !sc.IsKey(l) || !sc.IsKey(r) {
			continue
		}
		if r.Source != last {
			l, r = r, l
		}
		if r.Source != last || l.Source == last {
			continue
		}
		if hashAlike(l, r) {
			return nil
		}
		other = sc.Tables[l.Source]
	}
	p := s.b.Problem(api.CodeUnsupported, j.At, "this join would bring rows of different shards together: ON does not ask for equal shard keys")
	first := sc.Tables[0]
	for i, u := range sc.Tables {
		if u.Key < 0 {
			p.Detail = "this join would bring rows of different shards together: " + u.Name + " has no shard key, so its rows are on any shard"
			return p.Hinted("join tables that are sharded by the key they are joined by, or ask for the rows of each by itself")
		}
		if sc.Sources[i].Table == other {
			first = other
		}
	}
	if other != nil {
		p.Detail = "this join would bring rows of different shards together: the shard keys " + other.KeyName() + " and " + t.KeyName() + " are of different types, and equal values of those lie on different shards"
		return p.Hinted("create the tables with shard keys of one type")
	}
	return p.Hinted("add %s.%s = %s.%s to ON, or ask for the rows of each table by itself", sc.Sources[0].Name, first.KeyName(), sc.Sources[last].Name, t.KeyName())
}

// unconverted is what e converts to compare it, or e itself.
func unconverted(e *plan.Expr) *plan.Expr {
	if e.Op == plan.ConvertExpr {
		return e.Args[0]
	}
	return e
}

// conjuncts are the terms that must all hold for e to hold.
func conjuncts(e *plan.Expr) []*plan.Expr {
	if e.Op == plan.AndExpr {
		return e.Args
	}
	return []*plan.Expr{e}
}

// hashAlike says whether equal shard keys of the columns l and r have the same
// canonical form, which is what places a row.
func hashAlike(l, r *plan.Expr) bool {
	switch c := l.Type.Class(); {
	case l.Type == r.Type:
		return true
	case c != r.Type.Class():
		return false
	default:
		return c == sqltypes.Integers || c == sqltypes.Strings
	}
}
