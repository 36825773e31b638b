package bind_test

import (
	"strings"

	"shardeck/shared/sqltypes"
)

// value draws an expression of a class.
func (g generator) value(c sqltypes.Class, depth int) term {
	if depth == 0 {
		switch n := g.IntN(20); {
		case n == 0:
			typ := g.pick(castTypes[c]...)
			return nullOf("CAST(NULL AS "+typ+")", typ)
		case n < 10:
			return g.literal(c)
		}
		return g.column(c)
	}
	depth--
	switch g.IntN(9) {
	case 0:
		return all("CAST(%s AS "+g.pick(castTypes[c]...)+")", g.value(g.beside(c), depth))
	case 1:
		return g.caseOf(c, depth)
	case 2:
		x := g.result(c, depth)
		return all("COALESCE(%s, %s)", x, g.orNull(g.result(c, depth), x))
	case 3:
		y := g.value(g.beside(c), depth)
		return all("ISNULL(%s, %s)", g.orNull(g.value(c, depth), y), y)
	case 4:
		x := g.value(c, depth)
		return all("NULLIF(%s, %s)", x, g.orNull(g.value(g.beside(c), depth), x))
	case 5, 6:
		return g.arith(c, depth)
	}
	return g.value(c, 0)
}

// result draws an operand whose type helps determine that of the result.
func (g generator) result(c sqltypes.Class, depth int) term {
	if c == sqltypes.Decimals && g.IntN(4) == 0 {
		return exact(g.value(sqltypes.Integers, depth))
	}
	return g.value(c, depth)
}

func (g generator) arith(c sqltypes.Class, depth int) term {
	switch c {
	case sqltypes.Strings:
		return all("(%s + %s)", g.value(c, depth), g.value(c, depth))
	case sqltypes.Integers, sqltypes.Decimals, sqltypes.Floats:
	default:
		return g.value(c, depth)
	}
	if g.IntN(4) == 0 {
		x := g.value(c, depth)
		neg := all("(- %s)", x)
		neg.digits = x.digits
		return neg
	}
	x, y := g.result(c, depth), g.result(c, depth)
	if c != sqltypes.Decimals && g.IntN(8) == 0 {
		y = g.value(sqltypes.Strings, depth)
	}
	if g.IntN(2) == 0 {
		x, y = y, x
	}
	y = g.orNull(y, x)
	if y.lit == "NULL" { // there is no arithmetic on two BITs: beside a BIT, NULL is an INT
		y.col = strings.Replace(y.col, " AS BIT", " AS INT", 1)
	}
	return all("(%s "+g.pick("+", "-", "*", "/", "%%")+" %s)", x, y)
}

func (g generator) caseOf(c sqltypes.Class, depth int) term {
	x := g.result(c, depth)
	if g.IntN(3) == 0 { // a simple CASE
		of := g.class()
		operand := g.value(of, depth)
		when := g.orNull(g.value(g.beside(of), depth), operand)
		return all("CASE %s WHEN %s THEN %s ELSE %s END", operand, when, x, g.orNull(g.result(c, depth), x))
	}
	return all("CASE WHEN %s THEN %s WHEN %s THEN %s ELSE %s END",
		g.condition(depth), x, g.condition(0), g.orNull(g.result(c, 0), x), g.orNull(g.result(c, depth), x))
}

// condition draws a predicate.
func (g generator) condition(depth int) term {
	if depth > 0 {
		switch g.IntN(5) {
		case 0:
			return all("NOT (%s)", g.condition(depth-1))
		case 1, 2:
			op := g.pick(" AND ", " OR ")
			terms := make([]term, 2+g.IntN(2))
			for i := range terms {
				terms[i] = g.condition(depth - 1)
			}
			return all("(%s"+strings.Repeat(op+"%s", len(terms)-1)+")", terms...)
		}
	}
	c := g.class()
	x := g.value(c, depth)
	operand := func() term { return g.orNull(g.value(g.beside(c), g.IntN(depth+1)), x) }
	not := g.pick("", "NOT ")
	switch g.IntN(9) {
	case 0:
		return all("%s "+not+"BETWEEN %s AND %s", x, operand(), operand())
	case 1, 2:
		items := make([]term, 2+g.IntN(4))
		for i := range items {
			items[i] = operand()
		}
		items[0] = x
		return all("%s "+not+"IN (%s"+strings.Repeat(", %s", len(items)-2)+")", items...)
	case 3:
		pattern := g.orNull(g.value(sqltypes.Strings, 0), x)
		return all("%s "+not+"LIKE %s", x, pattern)
	case 4:
		return all("%s IS "+not+"NULL", x)
	}
	y := operand()
	if g.IntN(3) == 0 {
		x, y = y, x
	}
	return all("%s "+g.pick("=", "<>", "<", "<=", ">", ">=")+" %s", x, y)
}
