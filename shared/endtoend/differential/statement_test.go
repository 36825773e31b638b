package differential

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// table is a table of the random schema.
type table struct {
	name    string
	columns []column // the first is the primary and the shard key
	keys    int      // how many keys were used
}

// statement is one statement in both dialects.
type statement struct {
	tsql, plain string
	out         []kind // of a SELECT's columns
	ordered     bool   // the order is total, except for equal rows
	ties        int    // the number of leading columns that a TOP WITH TIES is ordered by; 0: none
	windows     bool   // a window function is among the columns
	table       *table // what is written; nil for a SELECT
}

// all reads the table.
func (t *table) all() *statement {
	st := &statement{tsql: "SELECT * FROM " + t.name}
	var list []string
	for _, c := range t.columns {
		list = append(list, expr{c.kind, c.name, c.name}.folded())
		st.out = append(st.out, c.kind)
	}
	st.plain = "SELECT " + strings.Join(list, ", ") + " FROM " + t.name
	return st
}

// source brings a table into scope under an alias.
func (g *generator) source(t *table, alias string) string {
	for _, c := range t.columns {
		ref := alias + "." + c.name
		g.columns = append(g.columns, expr{c.kind, ref, ref})
	}
	return t.name + " " + alias
}

// where generates a WHERE clause, with what a comma join requires.
func (g *generator) where() expr {
	p, on := g.filter(), g.on
	g.on = expr{}
	switch {
	case p.tsql == "" && on.tsql == "":
		return expr{}
	case on.tsql == "":
		return expr{tsql: " WHERE " + p.tsql, plain: " WHERE " + p.plain}
	case p.tsql == "":
		return expr{tsql: " WHERE " + on.tsql, plain: " WHERE " + on.plain}
	}
	return expr{tsql: " WHERE " + on.tsql + " AND (" + p.tsql + ")", plain: " WHERE " + on.plain + " AND (" + p.plain + ")"}
}

// filter generates a condition, or none.
func (g *generator) filter() expr {
	k, ok := g.columnOf(whole)
	switch {
	case g.chance(30):
		return expr{}
	case ok && g.chance(25): // often the key
		if len(g.key) > 0 {
			k = g.key[0]
		}
		n := strconv.Itoa(g.IntN(60))
		is := " = " + n
		if g.chance(40) {
			is = " IN (" + n + ", " + strconv.Itoa(g.IntN(60)) + ", " + strconv.Itoa(g.IntN(60)) + ")"
		}
		p := expr{tsql: k.tsql + is, plain: k.plain + is}
		if g.chance(40) {
			q := g.predicate(1)
			op := pick(g.Rand, " AND ", " OR ")
			p.tsql += op + q.tsql
			p.plain += op + q.plain
		}
		return p
	}
	return g.predicate(2)
}

// query generates a SELECT.
func (g *generator) query(s *schema) *statement {
	g.schema, g.aliases, g.with, g.scope = s, 0, expr{}, scope{nested: pick(g.Rand, 0, 1, 1, 2)}
	var st *statement
	switch n := g.IntN(100); {
	case n < 15:
		st = g.set()
	case n < 30:
		st = g.windowed()
	case n < 58:
		st = g.grouped()
	case n < 60:
		st = g.nowhere()
	default:
		st = g.rows()
	}
	if g.with.tsql != "" {
		st.tsql, st.plain = g.with.tsql+" "+st.tsql, g.with.plain+" "+st.plain
	}
	return st
}

// nowhere generates a SELECT without FROM.
func (g *generator) nowhere() *statement {
	st := &statement{out: []kind{pick(g.Rand, whole, text, money, day)}}
	e := g.value(st.out[0], 2)
	st.tsql, st.plain = "SELECT "+e.tsql+" AS a", "SELECT "+e.folded()+" AS a"
	if g.chance(30) {
		p := g.predicate(1)
		st.tsql, st.plain = st.tsql+" WHERE "+p.tsql, st.plain+" WHERE "+p.plain
	}
	return st
}

// rows generates a SELECT of expressions of each row.
func (g *generator) rows() *statement {
	from := g.from()
	where := g.where()
	st := &statement{}
	var list, plain []string
	for range 1 + g.IntN(4) {
		e := g.value(pick(g.Rand, whole, text, money, day, flag), 2)
		if slices.Contains(list, e.tsql) {
			continue // T-SQL does not allow duplicates in ORDER BY
		}
		list, plain = append(list, e.tsql), append(plain, e.folded())
		st.out = append(st.out, e.kind)
	}
	distinct := ""
	if g.chance(30) {
		distinct = "DISTINCT "
	}
	g.finish(st, distinct, list, plain, from, where, expr{})
	return st
}

// grouped generates a SELECT with aggregates.
func (g *generator) grouped() *statement {
	from := g.from()
	where := g.where()
	return flat(g, func() *statement { return g.aggregated(from, where) })
}

func (g *generator) aggregated(from, where expr) *statement {
	st := &statement{}
	var list, plain, by, byPlain []string
	for range g.IntN(3) {
		k := g.value(pick(g.Rand, whole, text, day, flag, money), 1)
		if isConstant(k, g.columns) {
			continue // T-SQL requires a column in each GROUP BY expression
		}
		by, byPlain = append(by, k.tsql), append(byPlain, k.folded())
		if g.chance(80) && !slices.Contains(list, k.tsql) {
			list, plain = append(list, k.tsql), append(plain, k.folded())
			st.out = append(st.out, k.kind)
		}
	}
	for range 1 + g.IntN(3) {
		a := g.aggregate()
		if a.kind == whole && g.chance(30) {
			a = binary(whole, a, pick(g.Rand, "+", "-", "*"), g.constant(whole))
		}
		if slices.Contains(list, a.tsql) {
			continue
		}
		list, plain = append(list, a.tsql), append(plain, a.plain)
		st.out = append(st.out, a.kind)
	}
	var tail expr
	if len(by) > 0 {
		tail = expr{tsql: " GROUP BY " + strings.Join(by, ", "), plain: " GROUP BY " + strings.Join(byPlain, ", ")}
	}
	if g.chance(30) {
		a := g.aggregate()
		c := g.constant(a.kind)
		if a.kind == micro {
			c = expr{micro, "1.5", "1500000"}
		}
		op := pick(g.Rand, "<", ">", "<>", "=")
		tail.tsql += " HAVING " + a.tsql + " " + op + " " + c.tsql
		tail.plain += " HAVING " + a.plain + " " + op + " " + c.folded()
	}
	g.finish(st, pick(g.Rand, "", "", "", "DISTINCT "), list, plain, from, where, tail)
	return st
}

// isConstant reports whether e contains no column.
func isConstant(e expr, scope []expr) bool {
	for _, c := range scope {
		if strings.Contains(e.tsql, c.tsql) {
			return false
		}
	}
	return true
}

func (g *generator) aggregate() expr {
	distinct := pick(g.Rand, "", "", "DISTINCT ")
	switch g.IntN(7) {
	case 0:
		return expr{whole, "COUNT(*)", "count(*)"}
	case 6:
		if len(g.total) == 0 {
			break
		}
		x := g.value(text, 1)
		a, b := g.sequence()
		return expr{text, "STRING_AGG(CAST(" + x.tsql + " AS NVARCHAR(MAX)), N'|') WITHIN GROUP (ORDER BY " + a + ")", "group_concat(" + x.folded() + ", '|' ORDER BY " + b + ")"}
	case 1:
		x := g.value(pick(g.Rand, whole, text, money, day), 1)
		return expr{whole, "COUNT(" + distinct + x.tsql + ")", "count(" + distinct + x.folded() + ")"}
	case 2:
		x := g.value(pick(g.Rand, whole, money), 1)
		return expr{x.kind, "SUM(" + distinct + x.tsql + ")", "sum(" + distinct + x.plain + ")"}
	case 3:
		x := g.value(whole, 1)
		return expr{whole, "AVG(" + distinct + x.tsql + ")", "(sum(" + distinct + x.plain + ") / count(" + distinct + x.plain + "))"}
	case 4:
		x := g.value(money, 1)
		return expr{micro, "AVG(" + distinct + x.tsql + ")", "(sum(" + distinct + x.plain + ") * 10000 / count(" + distinct + x.plain + "))"}
	}
	x := g.value(pick(g.Rand, whole, text, money, day), 1)
	f := pick(g.Rand, "MIN", "MAX")
	return expr{x.kind, f + "(" + x.tsql + ")", f + "(" + x.folded() + ")"}
}

// sequence is a total order of the rows in scope.
func (g *generator) sequence() (tsql, plain string) {
	var a, b []string
	for _, c := range g.total {
		way := pick(g.Rand, "", " DESC")
		a, b = append(a, c.tsql+way), append(b, c.plain+way)
	}
	return strings.Join(a, ", "), strings.Join(b, ", ")
}

// finish adds order and limits.
func (g *generator) finish(st *statement, distinct string, list, plain []string, from, where, tail expr) {
	top := ""
	order, orderPlain, limit, limitPlain := "", "", "", ""
	body := func() {
		st.tsql = "SELECT " + distinct + top + strings.Join(list, ", ") + " FROM " + from.tsql + where.tsql + tail.tsql + order + limit
		st.plain = "SELECT " + distinct + strings.Join(plain, ", ") + " FROM " + from.plain + where.plain + tail.plain + orderPlain + limitPlain
	}
	if g.chance(35) {
		body()
		return
	}
	st.ordered = true
	var parts []string
	for _, i := range g.Perm(len(list)) {
		parts = append(parts, strconv.Itoa(i+1)+pick(g.Rand, "", " ASC", " DESC"))
	}
	order = " ORDER BY " + strings.Join(parts, ", ")
	orderPlain = order
	n, skip := g.IntN(8), g.IntN(5)
	switch g.IntN(4) {
	case 0:
		top = fmt.Sprintf("TOP (%d) ", n)
		limitPlain = fmt.Sprintf(" LIMIT %d", n)
	case 1:
		limit = fmt.Sprintf(" OFFSET %d ROWS FETCH NEXT %d ROWS ONLY", skip, n+1)
		limitPlain = fmt.Sprintf(" LIMIT %d OFFSET %d", n+1, skip)
	case 2:
		if distinct == "" && tail.tsql == "" && !st.windows {
			// The order is by a single column, so that there are ties.
			st.ties, st.ordered = 1, false
			order = " ORDER BY 1"
			top = fmt.Sprintf("TOP (%d) WITH TIES ", n)
			body()
			st.plain = "SELECT " + names(len(plain)) + " FROM (SELECT " + aliased(plain) + ", rank() OVER (ORDER BY " + plain[0] + ") AS r FROM " +
				from.plain + where.plain + ") WHERE r <= " + strconv.Itoa(n) + " ORDER BY 1"
			return
		}
	}
	body()
}

func names(n int) string {
	var all []string
	for i := range n {
		all = append(all, "c"+strconv.Itoa(i))
	}
	return strings.Join(all, ", ")
}

func aliased(list []string) string {
	var all []string
	for i, x := range list {
		all = append(all, x+" AS c"+strconv.Itoa(i))
	}
	return strings.Join(all, ", ")
}

// row generates the values of a new row of t with a new key.
func (g *generator) row(t *table) (tsql, plain string) {
	var a, b []string
	for i, c := range t.columns {
		v := g.constant(c.kind)
		switch {
		case i == 0:
			t.keys++
			n := strconv.Itoa(t.keys)
			v = expr{c.kind, n, n}
		case c.nullable && g.chance(20):
			v = expr{c.kind, "NULL", "NULL"}
		}
		a, b = append(a, v.tsql), append(b, v.plain)
	}
	return "(" + strings.Join(a, ", ") + ")", "(" + strings.Join(b, ", ") + ")"
}

// insert generates an INSERT of a few rows.
func (g *generator) insert(t *table, rows int) *statement {
	var a, b []string
	for range rows {
		x, y := g.row(t)
		a, b = append(a, x), append(b, y)
	}
	return &statement{
		table: t,
		tsql:  "INSERT INTO " + t.name + " VALUES " + strings.Join(a, ", "),
		plain: "INSERT INTO " + t.name + " VALUES " + strings.Join(b, ", "),
	}
}

// change generates an INSERT, UPDATE or DELETE.
func (g *generator) change(s *schema) *statement {
	g.schema, g.aliases = s, 0
	t := pick(g.Rand, s.tables...)
	switch {
	case g.chance(35):
		return g.insert(t, 1+g.IntN(4))
	case g.chance(15):
		return g.copied(t)
	}
	g.scope = scope{nested: 1}
	name, from := t.name, expr{}
	if g.chance(30) {
		name = "w"
		from = expr{tsql: " FROM " + t.name + " AS w", plain: " AS w"}
	}
	for _, c := range t.columns {
		ref := name + "." + c.name
		g.columns = append(g.columns, expr{c.kind, ref, ref})
	}
	if t != s.reference {
		g.key = g.columns[:1]
	}
	key := g.columns[0].tsql + " = " + strconv.Itoa(g.IntN(60))
	where := expr{tsql: " WHERE " + key, plain: " WHERE " + key}
	if g.chance(50) {
		p := g.predicate(2)
		where = expr{tsql: " WHERE " + p.tsql, plain: " WHERE " + p.plain}
	}
	if g.chance(40) {
		// Only some of the rows, so that the table does not become empty.
		n := strconv.Itoa(2 + g.IntN(5))
		some := "(" + g.columns[0].tsql + " % " + n + " = 0)"
		return &statement{
			table: t,
			tsql:  "DELETE FROM " + name + from.tsql + where.tsql + " AND " + some,
			plain: "DELETE FROM " + t.name + from.plain + where.plain + " AND " + some,
		}
	}
	c := t.columns[1+g.IntN(len(t.columns)-1)]
	v := g.constant(c.kind)
	if x := g.value(c.kind, 1); c.nullable && c.kind != text && c.kind != whole && c.kind != money {
		v = x
	} else if c.nullable && g.chance(30) {
		v = expr{c.kind, "NULL", "NULL"}
	}
	return &statement{
		table: t,
		tsql:  "UPDATE " + name + " SET " + c.name + " = " + v.tsql + from.tsql + where.tsql,
		plain: "UPDATE " + t.name + from.plain + " SET " + c.name + " = " + v.plain + where.plain,
	}
}

// copied generates an INSERT of rows of some table, with new keys.
func (g *generator) copied(t *table) *statement {
	g.scope = scope{nested: 1}
	from := pick(g.Rand, g.schema.tables...)
	src := g.source(from, "x")
	g.key = g.columns[:1]
	if from == g.schema.reference {
		g.key = nil
	}
	list := []expr{{whole, fmt.Sprintf("x.id + %d", t.keys), fmt.Sprintf("x.id + %d", t.keys)}}
	names := []string{t.columns[0].name}
	for _, c := range t.columns[1:] {
		if v := g.value(c.kind, 1); c.kind == day || c.kind == flag { // others may be too long, or too large
			list = append(list, expr{c.kind, "COALESCE(" + v.tsql + ", " + g.blank(c.kind).tsql + ")", "coalesce(" + v.plain + ", " + g.blank(c.kind).plain + ")"})
			names = append(names, c.name)
		} else if !c.nullable {
			v = g.constant(c.kind)
			list, names = append(list, v), append(names, c.name)
		}
	}
	where := g.where()
	n := strconv.Itoa(1 + g.IntN(4))
	limit := expr{tsql: " ORDER BY x.id OFFSET 0 ROWS FETCH NEXT " + n + " ROWS ONLY", plain: " ORDER BY x.id LIMIT " + n}
	t.keys += from.keys
	into := "INSERT INTO " + t.name + " (" + strings.Join(names, ", ") + ") SELECT "
	var a, b []string
	for _, e := range list {
		a, b = append(a, e.tsql), append(b, e.plain)
	}
	return &statement{
		table: t,
		tsql:  into + strings.Join(a, ", ") + " FROM " + src + where.tsql + limit.tsql,
		plain: into + strings.Join(b, ", ") + " FROM " + src + where.plain + limit.plain,
	}
}

// blank is a constant that is the same for all statements.
func (g *generator) blank(k kind) expr {
	if k == flag {
		return expr{flag, "CAST(0 AS BIT)", "0"}
	}
	return expr{day, "CAST('2026-01-01' AS DATE)", "'2026-01-01'"}
}
