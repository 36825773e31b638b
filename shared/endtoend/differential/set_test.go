package differential

import (
	"fmt"
	"strconv"
	"strings"
)

// set generates a UNION, EXCEPT or INTERSECT of two or three queries.
func (g *generator) set() *statement {
	st := &statement{}
	for range 1 + g.IntN(3) {
		st.out = append(st.out, pick(g.Rand, whole, text, money, day))
	}
	a := g.member(st.out)
	op := operator(g)
	b := g.member(st.out)
	all := expr{tsql: a.tsql + op + b.tsql, plain: a.plain + op + b.plain}
	if g.chance(30) {
		next := operator(g)
		c := g.member(st.out)
		all = expr{tsql: all.tsql + next + c.tsql, plain: all.plain + next + c.plain}
		if strings.Contains(next, "INTERSECT") && !strings.Contains(op, "INTERSECT") { // it binds tighter in T-SQL
			all.plain = a.plain + op + "SELECT * FROM (" + b.plain + next + c.plain + ")"
		}
	}
	if g.chance(65) {
		st.ordered = true
		var parts []string
		for _, i := range g.Perm(len(st.out)) {
			parts = append(parts, strconv.Itoa(i+1)+pick(g.Rand, "", " DESC"))
		}
		order := " ORDER BY " + strings.Join(parts, ", ")
		all.tsql += order
		all.plain += order
		if n, skip := g.IntN(8), g.IntN(5); g.chance(40) {
			all.tsql += fmt.Sprintf(" OFFSET %d ROWS FETCH NEXT %d ROWS ONLY", skip, n+1)
			all.plain += fmt.Sprintf(" LIMIT %d OFFSET %d", n+1, skip)
		}
	}
	st.tsql, st.plain = all.tsql, all.plain
	return st
}

// combined generates a derived table of two queries.
func (g *generator) combined(alias string) expr {
	_, leave := g.enter()
	kinds := []kind{whole, pick(g.Rand, text, money, day)}
	var list []expr
	for _, k := range kinds {
		list = append(list, expr{kind: k})
	}
	a, op := g.member(kinds), operator(g)
	b := g.member(kinds)
	leave()
	return g.named(expr{tsql: a.tsql + op + b.tsql, plain: a.plain + op + b.plain}, alias, list)
}

func operator(g *generator) string {
	return pick(g.Rand, " UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT ")
}

// member generates one query of a set, of columns of these kinds.
func (g *generator) member(kinds []kind) expr {
	from := g.from()
	where := g.where()
	var a, b []string
	for i, k := range kinds {
		e := g.value(k, 1)
		a, b = append(a, fmt.Sprint(e.tsql, " AS a", i)), append(b, fmt.Sprint(e.folded(), " AS a", i))
	}
	distinct := pick(g.Rand, "", "", "DISTINCT ")
	return expr{
		tsql:  "SELECT " + distinct + strings.Join(a, ", ") + " FROM " + from.tsql + where.tsql,
		plain: "SELECT " + distinct + strings.Join(b, ", ") + " FROM " + from.plain + where.plain,
	}
}
