package differential

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// kind is the type of an expression, as far as comparing values requires.
type kind int

const (
	whole kind = iota // INT: small, so that nothing overflows
	text              // NVARCHAR of ASCII letters and digits
	money             // DECIMAL(9,2); in SQLite a number of cents
	day               // DATE
	flag              // BIT
	micro             // the AVG of money: in SQLite a number of millionths
)

// expr is an expression in both dialects.
type expr struct {
	kind        kind
	tsql, plain string
}

// folded is SQLite text that is the same for equal values.
func (e expr) folded() string {
	if e.kind == text {
		return "lower(" + e.plain + ")"
	}
	return e.plain
}

// column is a column of a table, with the alias its table has in the statement.
type column struct {
	name     string
	kind     kind
	nullable bool
}

// generator generates expressions over the columns in scope.
type generator struct {
	*rand.Rand
	schema  *schema
	aliases int  // how many the statement has
	with    expr // its common table expressions
	on      expr // what WHERE has to require of a comma join
	scope
}

// scope is what an expression can refer to.
type scope struct {
	columns []expr
	key     []expr // the shard key: a subquery that requires it can be answered by each shard alone
	total   []expr // columns that together identify a row; none if it is not known which
	nested  int    // how many levels of subqueries may be in an expression
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

// pick returns one of the choices.
func pick[T any](g *rand.Rand, choices ...T) T { return choices[g.IntN(len(choices))] }

func (g *generator) columnOf(k kind) (expr, bool) {
	var fit []expr
	for _, c := range g.columns {
		if c.kind == k {
			fit = append(fit, c)
		}
	}
	if len(fit) == 0 {
		return expr{}, false
	}
	return pick(g.Rand, fit...), true
}

// words are the texts of columns and constants: few, so that values coincide, and some equal
// except for case.
var words = []string{"a", "A", "b", "ab", "AB", "aB", "ba", "abc", "Z", "z9", "m", "M", ""}

func (g *generator) constant(k kind) expr {
	switch k {
	case text:
		w := pick(g.Rand, words...)
		return expr{text, "N'" + w + "'", "'" + w + "'"}
	case money:
		cents := g.IntN(2000) - 500
		return expr{money, cents2(cents), "(" + strconv.Itoa(cents) + ")"}
	case day:
		d := fmt.Sprintf("2026-%02d-%02d", 1+g.IntN(3), 1+g.IntN(3))
		return expr{day, "CAST('" + d + "' AS DATE)", "'" + d + "'"}
	case flag:
		b := strconv.Itoa(g.IntN(2))
		return expr{flag, "CAST(" + b + " AS BIT)", b}
	}
	n := strconv.Itoa(g.IntN(13) - 4)
	return expr{whole, "(" + n + ")", "(" + n + ")"}
}

// cents2 formats cents as a number with two fraction digits.
func cents2(cents int) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("(%s%d.%02d)", sign, cents/100, cents%100)
}

// value generates an expression of the kind.
func (g *generator) value(k kind, depth int) expr {
	if depth <= 0 || g.chance(35) {
		if c, ok := g.columnOf(k); ok && g.chance(80) {
			return c
		}
		return g.constant(k)
	}
	switch {
	case g.nested > 0 && g.chance(10):
		return g.scalar(k)
	case g.chance(15):
		return g.caseOf(k, depth)
	case g.chance(10):
		a, b := g.value(k, depth-1), g.value(k, depth-1)
		if isNumber(a.tsql) && isNumber(b.tsql) {
			return a
		}
		return expr{k, "COALESCE(" + a.tsql + ", " + b.tsql + ")", "coalesce(" + a.plain + ", " + b.plain + ")"}
	}
	switch k {
	case whole:
		return g.number(depth)
	case text:
		return g.textOf(depth)
	case money:
		return g.amount(depth)
	case day:
		return g.date(depth)
	}
	if c, ok := g.columnOf(k); ok {
		return c
	}
	return g.constant(k)
}

func isNumber(s string) bool {
	return strings.HasPrefix(s, "(") && !strings.ContainsAny(s, "abcdefghijklmnopqrstuvwxyz[")
}

func binary(k kind, a expr, op string, b expr) expr {
	return expr{k, "(" + a.tsql + " " + op + " " + b.tsql + ")", "(" + a.plain + " " + op + " " + b.plain + ")"}
}

func (g *generator) caseOf(k kind, depth int) expr {
	c := g.predicate(depth - 1)
	a := g.value(k, depth-1)
	e := expr{k, "CASE WHEN " + c.tsql + " THEN " + a.tsql, "CASE WHEN " + c.plain + " THEN " + a.plain}
	if g.chance(70) {
		b := g.value(k, depth-1)
		e.tsql += " ELSE " + b.tsql
		e.plain += " ELSE " + b.plain
	}
	e.tsql += " END"
	e.plain += " END"
	return e
}

// predicate generates a condition.
func (g *generator) predicate(depth int) expr {
	if depth > 0 && g.chance(40) {
		a, b := g.predicate(depth-1), g.predicate(depth-1)
		op := pick(g.Rand, "AND", "OR")
		return binary(flag, a, op, b)
	}
	if depth > 0 && g.chance(15) {
		a := g.predicate(depth - 1)
		return expr{flag, "(NOT " + a.tsql + ")", "(NOT " + a.plain + ")"}
	}
	if g.nested > 0 && g.chance(15) {
		return g.subquery(depth)
	}
	k := pick(g.Rand, whole, whole, text, text, money, day)
	x := g.value(k, depth-1)
	switch g.IntN(6) {
	case 0:
		not := pick(g.Rand, "", "NOT ")
		return expr{flag, "(" + x.tsql + " IS " + not + "NULL)", "(" + x.plain + " IS " + not + "NULL)"}
	case 1:
		not := pick(g.Rand, "", "NOT ")
		var a, b []string
		for range 1 + g.IntN(3) {
			c := g.constant(k)
			a, b = append(a, c.tsql), append(b, c.folded())
		}
		return expr{
			flag, "(" + x.tsql + " " + not + "IN (" + strings.Join(a, ", ") + "))",
			"(" + x.folded() + " " + not + "IN (" + strings.Join(b, ", ") + "))",
		}
	case 2:
		lo, hi := g.constant(k), g.constant(k)
		return expr{
			flag, "(" + x.tsql + " BETWEEN " + lo.tsql + " AND " + hi.tsql + ")",
			"(" + x.folded() + " BETWEEN " + lo.folded() + " AND " + hi.folded() + ")",
		}
	case 3:
		if k == text {
			p := pick(g.Rand, "a%", "%b", "_", "%a_%", "", "A%C")
			return expr{flag, "(" + x.tsql + " LIKE N'" + p + "')", "(" + x.plain + " LIKE '" + p + "')"}
		}
	}
	y := g.value(k, depth-1)
	op := pick(g.Rand, "=", "=", "<>", "<", "<=", ">", ">=")
	return expr{flag, "(" + x.tsql + " " + op + " " + y.tsql + ")", "(" + x.folded() + " " + op + " " + y.folded() + ")"}
}
