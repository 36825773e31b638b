package differential

import (
	"fmt"
	"slices"
	"strings"
)

// enter begins a scope inside the present one, which leave goes back to.
func (g *generator) enter() (outer scope, leave func()) {
	outer = g.scope
	g.scope = scope{nested: max(0, outer.nested-1)}
	return outer, func() { g.scope = outer }
}

// flat generates without subqueries, for where T-SQL has none.
func flat[T any](g *generator, generate func() T) T {
	n := g.nested
	g.nested = 0
	defer func() { g.nested = n }()
	return generate()
}

// alias returns a name that the statement does not have yet.
func (g *generator) alias() string {
	g.aliases++
	return fmt.Sprint("s", g.aliases)
}

// inside generates the FROM and WHERE of a subquery, and leaves the columns of its table in scope. If it is to be
// correlated, it is by the shard key, or in any way if its table is a reference table.
func (g *generator) inside(outer scope, correlated bool) expr {
	t := pick(g.Rand, g.schema.tables...)
	src := g.source(t, g.alias())
	own := g.columns
	var on []expr
	if correlated {
		k := pick(g.Rand, outer.key...)
		on = append(on, expr{flag, g.columns[0].tsql + " = " + k.tsql, g.columns[0].plain + " = " + k.plain})
		if g.chance(40) {
			g.columns = slices.Concat(own, outer.columns)
		}
	}
	if g.chance(60) {
		on = append(on, g.predicate(1))
	}
	g.columns = own
	e := expr{tsql: " FROM " + src, plain: " FROM " + src}
	for i, p := range on {
		op := " AND "
		if i == 0 {
			op = " WHERE "
		}
		e.tsql += op + p.tsql
		e.plain += op + p.plain
	}
	return e
}

// scalar generates a subquery that is a value: one row, since it has an aggregate, or requires the key.
func (g *generator) scalar(k kind) expr {
	outer, leave := g.enter()
	defer leave()
	correlated := len(outer.key) > 0 && g.chance(40)
	from := g.inside(outer, correlated)
	value := flat(g, func() expr {
		if correlated && g.chance(30) {
			if c, ok := g.columnOf(k); ok {
				return c
			}
		}
		return g.minimum(k)
	})
	return expr{k, "(SELECT " + value.tsql + from.tsql + ")", "(SELECT " + value.plain + from.plain + ")"}
}

// minimum generates an aggregate of the kind.
func (g *generator) minimum(k kind) expr {
	c, ok := g.columnOf(k)
	switch {
	case k == whole && (!ok || g.chance(40)):
		return expr{whole, "COUNT(*)", "count(*)"}
	case !ok || k == flag:
		c = g.constant(k)
		if k == flag { // MIN takes no BIT
			return expr{flag, "CAST(MIN(CAST(" + c.tsql + " AS INT)) AS BIT)", "min(" + c.plain + ")"}
		}
	}
	f := pick(g.Rand, "MIN", "MAX")
	return expr{k, f + "(" + c.tsql + ")", f + "(" + c.folded() + ")"}
}

// subquery generates a condition with IN or EXISTS.
func (g *generator) subquery(depth int) expr {
	not := pick(g.Rand, "", "NOT ")
	if len(g.key) > 0 && g.chance(50) {
		outer, leave := g.enter()
		defer leave()
		from := g.inside(outer, true)
		return expr{flag, "(" + not + "EXISTS (SELECT *" + from.tsql + "))", "(" + not + "EXISTS (SELECT *" + from.plain + "))"}
	}
	k := pick(g.Rand, whole, text, money, day)
	x := g.value(k, depth-1)
	outer, leave := g.enter()
	defer leave()
	from := g.inside(outer, len(outer.key) > 0 && g.chance(30))
	y := flat(g, func() expr { return g.value(k, 1) })
	return expr{
		flag, "(" + x.tsql + " " + not + "IN (SELECT " + y.tsql + from.tsql + "))",
		"(" + x.folded() + " " + not + "IN (SELECT " + y.folded() + from.plain + "))",
	}
}

// keyed generates a source of sharded rows under an alias, with the shard key in its first column.
func (g *generator) keyed(alias string) expr {
	t := pick(g.Rand, g.schema.sharded...)
	if g.chance(70) {
		src := g.source(t, alias)
		return expr{tsql: src, plain: src}
	}
	return g.derived(alias, t, "")
}

// derived generates a query in parentheses, or a common table expression, over the rows of t: its key,
// and expressions. limit is TOP's, by the key.
func (g *generator) derived(alias string, t *table, limit string) expr {
	_, leave := g.enter()
	inner := g.alias()
	src := g.source(t, inner)
	where := g.where()
	list := []expr{g.columns[0]}
	for range 1 + g.IntN(3) {
		list = append(list, g.value(pick(g.Rand, whole, text, money, day), 1))
	}
	order, top, most := "", "", ""
	if limit != "" {
		order, top, most = " ORDER BY "+list[0].tsql+pick(g.Rand, "", " DESC"), "TOP ("+limit+") ", " LIMIT "+limit
	}
	body := expr{
		tsql:  "SELECT " + top + named(list, expr.text) + " FROM " + src + where.tsql + order,
		plain: "SELECT " + named(list, expr.sqlite) + " FROM " + src + where.plain + order + most,
	}
	leave()
	return g.named(body, alias, list)
}

// named makes a query a source, whose columns are a0, a1 ..., and brings them into scope.
func (g *generator) named(body expr, alias string, list []expr) expr {
	for i, e := range list {
		ref := fmt.Sprint(alias, ".a", i)
		g.columns = append(g.columns, expr{e.kind, ref, ref})
	}
	if g.chance(60) {
		return expr{tsql: "(" + body.tsql + ") " + alias, plain: "(" + body.plain + ") " + alias}
	}
	name := "Q" + g.alias()
	sep := ", "
	if g.with.tsql == "" {
		sep = "WITH "
	}
	g.with.tsql += sep + name + " AS (" + body.tsql + ")"
	g.with.plain += sep + name + " AS (" + body.plain + ")"
	src := name + " " + alias
	return expr{tsql: src, plain: src}
}

func (e expr) text() string   { return e.tsql }
func (e expr) sqlite() string { return e.plain }

// named lists expressions as a0, a1 ...
func named(list []expr, in func(expr) string) string {
	var all []string
	for i, e := range list {
		all = append(all, fmt.Sprint(in(e), " AS a", i))
	}
	return strings.Join(all, ", ")
}

// groups generates a derived table with an aggregate for each group.
func (g *generator) groups(alias string) expr {
	_, leave := g.enter()
	src := g.source(pick(g.Rand, g.schema.tables...), g.alias())
	where := g.where()
	by := pick(g.Rand, g.columns...)
	list := flat(g, func() []expr { return []expr{{by.kind, by.tsql, by.folded()}, g.minimum(whole), g.minimum(text)} })
	body := expr{
		tsql:  "SELECT " + named(list, expr.text) + " FROM " + src + where.tsql + " GROUP BY " + by.tsql,
		plain: "SELECT " + named(list, expr.sqlite) + " FROM " + src + where.plain + " GROUP BY " + by.folded(),
	}
	leave()
	return g.named(body, alias, list)
}

// constants generates rows of VALUES.
func (g *generator) constants(alias string) expr {
	var a, b []string
	kinds := []kind{whole, pick(g.Rand, text, money, day)}
	var list []expr
	for range 1 + g.IntN(4) {
		list = []expr{g.constant(kinds[0]), g.constant(kinds[1])}
		a = append(a, "("+list[0].tsql+", "+list[1].tsql+")")
		b = append(b, "("+list[0].plain+", "+list[1].plain+")")
	}
	for i, k := range kinds {
		ref := fmt.Sprint(alias, ".a", i)
		g.columns = append(g.columns, expr{k, ref, ref})
	}
	return expr{
		tsql:  "(VALUES " + strings.Join(a, ", ") + ") " + alias + " (a0, a1)",
		plain: "(SELECT column1 AS a0, column2 AS a1 FROM (VALUES " + strings.Join(b, ", ") + ")) " + alias,
	}
}
