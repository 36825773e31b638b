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

// from binds the tables of a SELECT and their join conditions.
func (s *statement) from(st *tsql.Select) error {
	t, err := s.singleTable(&st.From)
	if err != nil || len(st.Joins) == 0 {
		return err
	}
	if len(st.Joins) >= maxJoined {
		return s.b.Problem(api.CodeTooComplex, st.Joins[maxJoined-1].At, "more than %d tables are joined", maxJoined).Hinted("join fewer tables")
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

// exposedName is the name of a table in a statement: its alias, if it has one.
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
		return p.Hinted("give one of them an alias, such as %s AS other", api.Clip(name)).Numbered(mssqlerr.SameExposedNames)
	}
	sc.Add(t, name, j.Left)
	on := plan.True
	if j.On != nil {
		if on, err = s.b.Condition(j.On, false); err != nil {
			return err
		}
	}
	s.on = append(s.on, on)
	return s.checkColocated(j, on)
}

// checkColocated rejects a join whose matching rows may be on different shards. Rows with
// equal shard keys are on the same shard, so ON must require that.
func (s *statement) checkColocated(j *tsql.Join, on *plan.Expr) error {
	sc := s.b.Scope
	last := len(sc.Tables) - 1
	t := sc.Tables[last]
	if on.Op == plan.FalseExpr {
		return nil
	}
	var other *bind.Table // its key is compared for equality, but hashes differently
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
		if hashEqually(l, r) {
			return nil
		}
		other = sc.Tables[l.Source]
	}
	p := s.b.Problem(api.CodeUnsupported, j.At, "this join would combine rows of different shards: ON does not require equal shard keys")
	for _, u := range sc.Tables {
		if u.Key < 0 {
			p.Detail = "this join would combine rows of different shards: " + u.Name + " has no shard key, so its rows may be on any shard"
			return p.Hinted("join tables on their shard keys, or query each table separately")
		}
	}
	if other != nil {
		p.Detail = "this join would combine rows of different shards: the shard keys " + other.KeyName() + " and " + t.KeyName() + " have different types, and equal values of these may be on different shards"
		return p.Hinted("create the tables with shard keys of the same type")
	}
	return p.Hinted("add %s.%s = %s.%s to ON, or query each table separately", sc.Sources[0].Name, sc.Tables[0].KeyName(), sc.Sources[last].Name, t.KeyName())
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
