package differential

import (
	"slices"
	"strconv"
	"strings"
)

// windowed generates a SELECT with window functions.
func (g *generator) windowed() *statement {
	from := g.from()
	where := g.where()
	st := &statement{}
	var list, plain []string
	add := func(e expr, folded string) {
		if !slices.Contains(list, e.tsql) { // T-SQL does not allow duplicates in ORDER BY
			list, plain, st.out = append(list, e.tsql), append(plain, folded), append(st.out, e.kind)
		}
	}
	for _, c := range g.total {
		add(c, c.plain)
	}
	if g.chance(50) {
		e := g.value(pick(g.Rand, whole, text, money, day), 1)
		add(e, e.folded())
	}
	for range 1 + g.IntN(2) {
		w := g.window()
		add(w, w.plain)
	}
	st.windows = true
	g.finish(st, pick(g.Rand, "", "", "", "DISTINCT "), list, plain, from, where, expr{})
	return st
}

// window generates one window function.
func (g *generator) window() expr {
	e := flat(g, g.overAll)
	if len(g.total) > 0 && g.chance(50) {
		e = flat(g, g.overRows)
	}
	return e
}

// partition generates PARTITION BY, or nothing.
func (g *generator) partition() expr {
	switch {
	case len(g.key) > 0 && g.chance(20): // on one shard
		return expr{tsql: "PARTITION BY " + g.key[0].tsql + " ", plain: "PARTITION BY " + g.key[0].plain + " "}
	case g.chance(60):
		c := pick(g.Rand, g.columns...)
		return expr{tsql: "PARTITION BY " + c.tsql + " ", plain: "PARTITION BY " + c.folded() + " "}
	}
	return expr{}
}

// by generates ORDER BY columns, the last of which are those given.
func (g *generator) by(last []expr) expr {
	var a, b, seen []string
	for i, c := range append([]expr{pick(g.Rand, g.columns...)}, last...) {
		if slices.Contains(seen, c.tsql) || i == 0 && len(last) > 0 && g.chance(30) {
			continue
		}
		way := pick(g.Rand, "", " DESC")
		seen, a, b = append(seen, c.tsql), append(a, c.tsql+way), append(b, c.folded()+way)
	}
	return expr{tsql: "ORDER BY " + strings.Join(a, ", "), plain: "ORDER BY " + strings.Join(b, ", ")}
}

// overAll generates a function whose value does not depend on the order of equal rows.
func (g *generator) overAll() expr {
	p, o := g.partition(), expr{}
	if g.chance(40) {
		e := over(whole, pick(g.Rand, "RANK()", "DENSE_RANK()"), p, g.by(nil), "")
		return e
	}
	frame := ""
	if g.chance(50) {
		o = g.by(nil)
		frame = pick(g.Rand, "", " RANGE UNBOUNDED PRECEDING", " RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", " RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING")
	}
	return g.aggregateOver(p, o, frame)
}

// overRows generates a function over rows in a total order.
func (g *generator) overRows() expr {
	p, o := g.partition(), g.by(g.total)
	n := strconv.Itoa(g.IntN(4))
	k := pick(g.Rand, whole, text, money, day)
	x := g.value(k, 1)
	y := expr{k, x.tsql, x.folded()}
	switch g.IntN(6) {
	case 0:
		return over(whole, "ROW_NUMBER()", p, o, "")
	case 1:
		return over(whole, "NTILE("+strconv.Itoa(1+g.IntN(4))+")", p, o, "")
	case 2:
		f := pick(g.Rand, "LAG", "LEAD")
		return overOf(k, f, y, ", "+n, p, o, "")
	case 3:
		return overOf(k, pick(g.Rand, "FIRST_VALUE", "LAST_VALUE"), y, "", p, o, g.frame())
	}
	return g.aggregateOver(p, o, g.frame())
}

func (g *generator) frame() string {
	n, m := strconv.Itoa(g.IntN(4)), strconv.Itoa(g.IntN(4))
	return pick(g.Rand, " ROWS UNBOUNDED PRECEDING", " ROWS "+n+" PRECEDING", " ROWS BETWEEN "+n+" PRECEDING AND "+m+" FOLLOWING",
		" ROWS BETWEEN CURRENT ROW AND "+n+" FOLLOWING", " ROWS BETWEEN "+n+" FOLLOWING AND UNBOUNDED FOLLOWING", "")
}

// aggregateOver generates an aggregate over a window.
func (g *generator) aggregateOver(p, o expr, frame string) expr {
	k := pick(g.Rand, whole, money)
	x := g.value(k, 1)
	switch g.IntN(5) {
	case 0:
		return over(whole, "COUNT(*)", p, o, frame)
	case 1:
		y := g.value(text, 1)
		return overOf(whole, "COUNT", y, "", p, o, frame)
	case 2:
		y := g.value(pick(g.Rand, whole, text, money, day), 1)
		return overOf(y.kind, pick(g.Rand, "MIN", "MAX"), expr{y.kind, y.tsql, y.folded()}, "", p, o, frame)
	case 3:
		return overOf(k, "SUM", x, "", p, o, frame)
	}
	n, s := overOf(k, "COUNT", x, "", p, o, frame), overOf(k, "SUM", x, "", p, o, frame)
	avg := overOf(k, "AVG", x, "", p, o, frame)
	if k == money {
		return expr{micro, avg.tsql, "(" + s.plain + " * 10000 / " + n.plain + ")"}
	}
	return expr{whole, avg.tsql, "(" + s.plain + " / " + n.plain + ")"}
}

func over(k kind, f string, p, o expr, frame string) expr {
	return expr{k, f + " OVER (" + p.tsql + o.tsql + frame + ")", f + " OVER (" + p.plain + o.plain + frame + ")"}
}

func overOf(k kind, f string, x expr, rest string, p, o expr, frame string) expr {
	return expr{k, over(k, f+"("+x.tsql+rest+")", p, o, frame).tsql, over(k, f+"("+x.plain+rest+")", p, o, frame).plain}
}
