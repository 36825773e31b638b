package differential

import "strconv"

// from generates a FROM clause: one source, or two that are joined.
func (g *generator) from() expr {
	g.columns, g.key, g.total = nil, nil, nil
	switch n := g.IntN(100); {
	case n < 45:
		return g.single()
	case n < 70:
		return g.colocated()
	}
	return g.anywhere()
}

func (g *generator) single() expr {
	switch g.IntN(9) {
	case 0:
		return g.groups("x")
	case 8:
		return g.combined("x")
	case 1:
		return g.constants("x")
	case 2:
		e := g.derived("x", pick(g.Rand, g.schema.tables...), strconv.Itoa(g.IntN(6)))
		g.total = g.columns[:1]
		return e
	case 3:
		t := g.schema.reference
		src := g.source(t, "x")
		g.total = g.columns[:1]
		return expr{tsql: src, plain: src}
	}
	e := g.keyed("x")
	g.key, g.total = g.columns[:1], g.columns[:1]
	return e
}

// colocated joins two sources by their shard keys.
func (g *generator) colocated() expr {
	a := g.keyed("x")
	k, n := g.columns[0], len(g.columns)
	b := g.keyed("y")
	l := g.columns[n]
	on := expr{tsql: k.tsql + " = " + l.tsql, plain: k.plain + " = " + l.plain}
	if g.chance(15) { // the comma
		g.key, g.total = []expr{k, l}, []expr{k}
		g.on = on
		return expr{tsql: a.tsql + ", " + b.tsql, plain: a.plain + ", " + b.plain}
	}
	if g.chance(40) {
		p := flat(g, func() expr { return g.predicate(1) })
		on = expr{tsql: on.tsql + " AND " + p.tsql, plain: on.plain + " AND " + p.plain}
	}
	how := pick(g.Rand, " JOIN ", " INNER JOIN ", " LEFT JOIN ", " LEFT OUTER JOIN ", " RIGHT JOIN ", " FULL JOIN ")
	switch how {
	case " RIGHT JOIN ":
		g.key, g.total = []expr{l}, []expr{l}
	case " FULL JOIN ":
		g.total = []expr{k, l}
	default:
		g.key, g.total = []expr{k}, []expr{k}
	}
	return joined(a, how, b, on)
}

func joined(a expr, how string, b, on expr) expr {
	return expr{tsql: a.tsql + how + b.tsql + " ON " + on.tsql, plain: a.plain + how + b.plain + " ON " + on.plain}
}

// anywhere joins sharded rows with what every shard can have: a reference table, constants, or a query
// that is run beforehand.
func (g *generator) anywhere() expr {
	a := g.keyed("x")
	key, n := g.columns[:1], len(g.columns)
	var b expr
	unique := false
	switch g.IntN(6) {
	case 0:
		b = g.constants("y")
	case 1:
		b = g.groups("y")
	case 2:
		b, unique = g.derived("y", pick(g.Rand, g.schema.sharded...), strconv.Itoa(g.IntN(6))), true
	default:
		src := g.source(g.schema.reference, "y")
		b, unique = expr{tsql: src, plain: src}, true
	}
	first := g.columns[n]
	g.key = key
	if unique {
		g.total = []expr{key[0], first}
	}
	if g.chance(10) {
		return expr{tsql: a.tsql + " CROSS JOIN " + b.tsql, plain: a.plain + " CROSS JOIN " + b.plain}
	}
	left, right := g.columns[:n], g.columns[n:]
	y := pick(g.Rand, right...)
	var fit []expr
	for _, c := range left {
		if c.kind == y.kind {
			fit = append(fit, c)
		}
	}
	on := flat(g, func() expr { return g.predicate(1) })
	if len(fit) > 0 {
		x := pick(g.Rand, fit...)
		on = expr{tsql: x.tsql + " = " + y.tsql, plain: x.folded() + " = " + y.folded()}
	}
	return joined(a, pick(g.Rand, " JOIN ", " LEFT JOIN "), b, on)
}
