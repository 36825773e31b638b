package planner

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sharding"
	"shardeck/shared/sqltypes"
)

// keySet is the set of shard keys that rows satisfying a condition can have: all, or
// the canonical keys listed, sorted and without duplicates.
type keySet struct {
	all  bool
	keys []string
}

// keysOf returns the shard keys that rows satisfying e can have. It considers equality
// and IN on the shard key, through AND and OR; other predicates can only exclude more rows.
//
// A key of any table of the scope counts: joins are by shard key, so a joined row has
// the same key in all tables.
func keysOf(sc *bind.Scope, e *plan.Expr) keySet {
	switch e.Op {
	case plan.FalseExpr:
		return keySet{}
	case plan.EqExpr:
		if sc.IsKey(e.Args[0]) && e.Args[1].IsConst() {
			return keySetOf(e.Args[0].Type, e.Args[1:])
		}
	case plan.InExpr:
		if sc.IsKey(e.Args[0]) && !e.Negated {
			return keySetOf(e.Args[0].Type, e.Args[1:])
		}
	case plan.AndExpr:
		set := keySet{all: true}
		for _, a := range e.Args {
			set = set.intersect(keysOf(sc, a))
		}
		return set
	case plan.OrExpr:
		var keys []string
		for _, a := range e.Args {
			s := keysOf(sc, a)
			if s.all {
				return s
			}
			keys = append(keys, s.keys...)
		}
		return newKeySet(keys)
	}
	return keySet{all: true}
}

// keySetOf returns the canonical keys of constants of the shard key's type.
func keySetOf(keyType sqltypes.Type, consts []*plan.Expr) keySet {
	keys := make([]string, 0, len(consts))
	for _, c := range consts {
		key, err := sharding.CanonicalKey(keyType, c.Value)
		if err != nil {
			// Cannot happen: NULL and types that cannot be a key are ruled out before.
			// Scattering is always correct.
			return keySet{all: true}
		}
		keys = append(keys, key)
	}
	return newKeySet(keys)
}

func newKeySet(keys []string) keySet {
	if len(keys) > 1 {
		slices.Sort(keys)
		keys = slices.Compact(keys)
	}
	return keySet{keys: keys}
}

func (s keySet) intersect(o keySet) keySet {
	switch {
	case s.all:
		return o
	case o.all:
		return s
	}
	both := make([]string, 0, min(len(s.keys), len(o.keys)))
	for i, j := 0, 0; i < len(s.keys) && j < len(o.keys); {
		switch c := strings.Compare(s.keys[i], o.keys[j]); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			both = append(both, s.keys[i])
			i, j = i+1, j+1
		}
	}
	return keySet{keys: both}
}

// filter is a bound condition and its route.
type filter struct {
	where *plan.Expr // nil: all rows
	keys  keySet     // the shard keys of the rows
	route api.Route
}

// filterOf binds a condition, which may be empty, and an explicit shard key, which may
// be absent, and routes by both.
func filterOf(t *bind.Table, m *sharding.Map, condition string, shardKey jsontext.Value) (filter, error) {
	where := plan.True
	if condition != "" {
		var err error
		if where, err = bind.Condition(t, "condition", condition); err != nil {
			return filter{}, err
		}
	}
	set := keysOf(t.Scope, where)
	if len(shardKey) > 0 {
		key, err := explicitKey(t, shardKey)
		if err != nil {
			return filter{}, err
		}
		if t.Key < 0 {
			set = keySet{keys: []string{key.canonical}}.intersect(set)
		} else {
			if !set.all && len(set.keys) > 0 && !slices.Contains(set.keys, key.canonical) {
				return filter{}, api.NewProblem(api.CodeShardKeyMismatch, "the condition requires other values of %s than the shard_key %s",
					t.Columns[t.Key].Name, api.Clip(key.canonical)).At("shard_key").Hinted("omit shard_key, or make the two agree")
			}
			set = keySet{keys: []string{key.canonical}}.intersect(set)
			equal := plan.Comparison(plan.EqExpr, t.Columns[t.Key].Expr, &plan.Expr{Op: plan.ValueExpr, Type: t.Columns[t.Key].Type, Value: key.value})
			where = plan.AllOf([]*plan.Expr{equal, where})
		}
	}
	f := filter{where: where, route: routeOf(t, m, set, where.Op != plan.TrueExpr)}
	if where.Op == plan.TrueExpr {
		f.where = nil
	}
	return f, nil
}

// key is the value of a request's shard_key.
type key struct {
	value     sqltypes.Value
	canonical string
}

// explicitKey decodes the shard_key of a request. For a table without a shard key it
// is an integer or a string, and serves only to choose the shard.
func explicitKey(t *bind.Table, raw jsontext.Value) (key, error) {
	if t.Replicated {
		return key{}, api.NewProblem(api.CodeInvalidField, "%s is replicated and has no shard key: each shard has all of its rows", t.Name).At("shard_key").Hinted("omit shard_key")
	}
	if raw.Kind() == 'n' {
		return key{}, api.NewProblem(api.CodeInvalidField, "shard_key is null").At("shard_key").Hinted("send a value, or omit it")
	}
	typ := sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}
	switch {
	case t.Key >= 0:
		typ = t.Columns[t.Key].Type
	case raw.Kind() == '0':
		typ = sqltypes.BigIntType
	case raw.Kind() != '"':
		return key{}, api.NewProblem(api.CodeInvalidField, "shard_key is not an integer or a string").At("shard_key").Hinted("send an integer or a string")
	}
	if p := checkIntegerKey(typ, raw); p != nil {
		return key{}, p
	}
	v, err := sqltypes.DecodeJSON(typ, raw)
	if err != nil {
		return key{}, api.AsProblem(err).At("shard_key")
	}
	canonical, err := sharding.CanonicalKey(typ, v)
	if err != nil {
		return key{}, api.AsProblem(err).At("shard_key")
	}
	return key{v, canonical}, nil
}

// checkIntegerKey rejects a key that an assignment to typ would convert to another key:
// 1.5 and true to 1, "" to 0. A request that names such a key must not reach the rows
// of the other.
func checkIntegerKey(typ sqltypes.Type, raw jsontext.Value) *api.Problem {
	var what string
	switch kind := raw.Kind(); {
	case !typ.Kind.IsInteger():
		return nil
	case kind == '0' && strings.ContainsAny(string(raw), ".eE"):
		what = "a number with a fraction or exponent"
	case kind == 't', kind == 'f':
		what = "a boolean"
	case kind == '"' && strings.Trim(string(raw), "\" ") == "":
		what = "empty"
	default:
		return nil
	}
	return api.NewProblem(api.CodeInvalidField, "shard_key is %s", what).At("shard_key").Hinted("send an integer or a string")
}

// routeOf is the route of a statement whose rows have the given shard keys.
func (s *statement) routeOf(set keySet, filtered bool) api.Route {
	tables := s.b.Scope.Tables
	for _, t := range tables {
		if !t.Replicated {
			return routeOf(t, s.m, set, filtered)
		}
	}
	switch {
	case len(tables) == 0:
		return api.Route{Kind: api.RouteNone, Shards: []int{}, Why: "no table is read: the master computes the answer"}
	case set.all && tables[0].Def == nil:
		r := copyRoute(tables[0], s.m)
		r.Why = "every shard can compute " + api.Clip(tables[0].Name)
		return r
	}
	return routeOf(tables[0], s.m, set, filtered)
}

// routeOf returns the shards that hold the keys of set, and explains why in plain words.
// filtered means that there is a condition.
func routeOf(t *bind.Table, m *sharding.Map, set keySet, filtered bool) api.Route {
	if t.Replicated && set.all {
		return copyRoute(t, m)
	}
	if set.all {
		return scatter(m, scatterReason(t, filtered))
	}
	r := api.Route{Kind: api.RouteNone, Shards: []int{}, Why: "the condition can never be true"}
	if len(set.keys) == 0 {
		return r
	}
	var in [sharding.MaxShards]bool
	for i, k := range set.keys {
		rk := m.Route(k)
		in[rk.Shard] = true
		if i < api.MaxRouteKeys {
			rk.Key = api.Clip(k)
			r.Keys = append(r.Keys, rk)
		}
	}
	r.Shards = shardsIn(&in, m.Shards())
	if n := len(set.keys); n > 1 {
		r.Kind = api.RouteSubset
		if n > api.MaxRouteKeys {
			r.KeysTotal = n
		}
		r.Why = fmt.Sprintf("%s is one of %d keys, which live on %s", t.KeyName(), n, sharding.Names(r.Shards))
		return r
	}
	r.Kind, r.Why = api.RoutePoint, pointReason(t, &r.Keys[0])
	return r
}

// copyRoute is the route of a read of a reference table: one shard, which may be replaced by any
// other (see [plan.Plan.ReadFrom]).
func copyRoute(t *bind.Table, m *sharding.Map) api.Route {
	shard := m.Shard(sharding.Slot(strings.ToLower(t.Name)))
	return api.Route{Kind: api.RouteCopy, Shards: []int{shard}, Why: t.Name + " is replicated: each shard has all of its rows"}
}

// allCopies is the route of a write to a reference table.
func allCopies(t *bind.Table, m *sharding.Map) api.Route {
	return scatter(m, t.Name+" is replicated: the write goes to every copy")
}

func shardsIn(in *[sharding.MaxShards]bool, n int) []int {
	shards := make([]int, 0, 4)
	for s := range n {
		if in[s] {
			shards = append(shards, s)
		}
	}
	return shards
}

func pointReason(t *bind.Table, k *api.RouteKey) string {
	b := make([]byte, 0, 96)
	b = append(append(append(b, t.KeyName()...), " = "...), k.Key...)
	b = strconv.AppendInt(append(b, " is in slot "...), int64(k.Slot), 10)
	b = strconv.AppendInt(append(b, ", which shard "...), int64(k.Shard), 10)
	return string(append(b, " holds"...))
}

func scatterReason(t *bind.Table, filtered bool) string {
	switch {
	case t.Key < 0:
		return t.Name + " has no shard key, so its rows are on every shard"
	case filtered:
		return "the condition does not fix " + t.Columns[t.Key].Name
	}
	return "there is no condition on " + t.Columns[t.Key].Name
}

func scatter(m *sharding.Map, why string) api.Route {
	r := api.Route{Kind: api.RouteScatter, Shards: make([]int, m.Shards()), Why: why}
	for s := range r.Shards {
		r.Shards[s] = s
	}
	return r
}

// fragments returns an empty fragment for each shard of a route.
func fragments(r *api.Route) []plan.Fragment {
	f := make([]plan.Fragment, len(r.Shards))
	for i, s := range r.Shards {
		f[i].Shard = s
	}
	return f
}
