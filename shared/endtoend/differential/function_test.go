package differential

import (
	"fmt"
	"strconv"
	"strings"
)

// form is a function or operator in both dialects: $1, $2 ... are its arguments, and %1, %2 ... the same
// with letters in lower case, for what depends on the collation.
type form struct {
	args        []kind
	tsql, plain string
}

// of applies a form to generated arguments.
func (g *generator) of(k kind, f form, depth int) expr {
	e := expr{k, f.tsql, f.plain}
	for i, a := range f.args {
		x, n := g.value(a, depth-1), strconv.Itoa(i+1)
		e.tsql = strings.ReplaceAll(e.tsql, "$"+n, x.tsql)
		e.plain = strings.ReplaceAll(strings.ReplaceAll(e.plain, "$"+n, x.plain), "%"+n, x.folded())
	}
	return e
}

// Lists of arguments.
var (
	one   = []kind{whole}
	two   = []kind{whole, whole}
	dates = []kind{day, day}
)

// numbers are the forms whose values are integers.
var numbers = []form{
	{two, "($1 + $2)", "($1 + $2)"},
	{two, "($1 - $2)", "($1 - $2)"},
	{one, "(-$1)", "(-$1)"},
	{one, "ABS($1)", "abs($1)"},
	{one, "SIGN($1)", "sign($1)"},
	{two, "($1 & $2)", "($1 & $2)"},
	{two, "($1 | $2)", "($1 | $2)"},
	{two, "($1 ^ $2)", "(($1 | $2) - ($1 & $2))"},
	{one, "(~$1)", "(~$1)"},
	{two, "NULLIF($1, $2)", "nullif($1, $2)"},
	{two, "ISNULL($1, $2)", "coalesce($1, $2)"},
	{two, "IIF($1 < $2, 1, 2)", "iif($1 < $2, 1, 2)"},
	{two, "GREATEST($1, $2)", "coalesce(max($1, $2), $1, $2)"},
	{[]kind{text}, "LEN($1)", "length($1)"},
	{[]kind{text}, "CHARINDEX(N'b', $1)", "instr(%1, 'b')"},
	{[]kind{money}, "CAST($1 AS INT)", "($1 / 100)"},
	{[]kind{day}, "YEAR($1)", "CAST(strftime('%Y', $1) AS INTEGER)"},
	{[]kind{day}, "MONTH($1)", "CAST(strftime('%m', $1) AS INTEGER)"},
	{[]kind{day}, "DAY($1)", "CAST(strftime('%d', $1) AS INTEGER)"},
	{[]kind{day}, "DATEPART(weekday, $1)", "(CAST(strftime('%w', $1) AS INTEGER) + 1)"},
	{[]kind{day}, "DATEPART(dayofyear, $1)", "CAST(strftime('%j', $1) AS INTEGER)"},
	{[]kind{day}, "DATEPART(iso_week, $1)", "CAST(strftime('%V', $1) AS INTEGER)"},
	{[]kind{day}, "DATEPART(quarter, $1)", "((CAST(strftime('%m', $1) AS INTEGER) + 2) / 3)"},
	{dates, "DATEDIFF(day, $1, $2)", "CAST(julianday($2) - julianday($1) AS INTEGER)"},
	{dates, "DATEDIFF(month, $1, $2)", "((strftime('%Y', $2) - strftime('%Y', $1)) * 12 + strftime('%m', $2) - strftime('%m', $1))"},
	{dates, "DATEDIFF(year, $1, $2)", "(strftime('%Y', $2) - strftime('%Y', $1))"},
	// The days between the Sundays before both, by sevens. Day 0 of the Julian calendar is a Monday, at noon.
	{dates, "DATEDIFF(week, $1, $2)", "(CAST(julianday($2) + 1.5 AS INTEGER) / 7 - CAST(julianday($1) + 1.5 AS INTEGER) / 7)"},
}

func (g *generator) number(depth int) expr {
	if g.chance(20) {
		n := strconv.Itoa(1 + g.IntN(4))
		return binary(whole, g.value(whole, depth-1), pick(g.Rand, "*", "/", "%"), expr{whole, n, n})
	}
	return g.of(whole, pick(g.Rand, numbers...), depth)
}

// texts are the forms whose values are strings.
var texts = []form{
	{[]kind{text, text}, "($1 + $2)", "($1 || $2)"},
	{[]kind{text, text}, "CONCAT($1, $2)", "(coalesce($1, '') || coalesce($2, ''))"},
	{[]kind{text, text}, "CONCAT_WS(N'-', $1, $2)", "concat_ws('-', $1, $2)"},
	{[]kind{text}, "UPPER($1)", "upper($1)"},
	{[]kind{text}, "LOWER($1)", "lower($1)"},
	{[]kind{text}, "LEFT($1, 2)", "substr($1, 1, 2)"},
	{[]kind{text}, "RIGHT($1, 2)", "substr($1, max(1, length($1) - 1))"},
	{[]kind{text, text}, "REPLACE($1, N'a', $2)", "replace(%1, 'a', $2)"},
	{[]kind{text}, "STUFF($1, 2, 1, N'xy')", "iif(length($1) < 2, NULL, substr($1, 1, 1) || 'xy' || substr($1, 3))"},
	{[]kind{text, text}, "NULLIF($1, $2)", "nullif(%1, %2)"},
	{[]kind{text}, "REPLICATE($1, 2)", "($1 || $1)"},
	{[]kind{text}, "TRANSLATE($1, N'ab', N'ba')", "replace(replace(replace(%1, 'a', '*'), 'b', 'a'), '*', 'b')"},
	{one, "CAST($1 AS NVARCHAR(20))", "CAST($1 AS TEXT)"},
	{one, "CHOOSE($1, N'p', N'q')", "(CASE $1 WHEN 1 THEN 'p' WHEN 2 THEN 'q' END)"},
	{[]kind{money}, "CAST($1 AS NVARCHAR(20))", "(iif($1 < 0, '-', substr($1, 1, 0)) || printf('%d.%02d', abs($1) / 100, abs($1) % 100))"},
	{[]kind{day}, "CONVERT(NVARCHAR(10), $1, 23)", "$1"},
	{[]kind{day}, "CONVERT(NVARCHAR(10), $1, 112)", "replace($1, '-', '')"},
	{[]kind{day}, "CONVERT(NVARCHAR(10), $1, 101)", "strftime('%m/%d/%Y', $1)"},
	{[]kind{day}, "DATENAME(weekday, $1)", "rtrim(substr('Sunday   Monday   Tuesday  WednesdayThursday Friday   Saturday ', 1 + 9 * CAST(strftime('%w', $1) AS INTEGER), 9))"},
}

func (g *generator) textOf(depth int) expr {
	if g.chance(15) {
		a := g.value(text, depth-1)
		args := fmt.Sprintf(", %d, %d)", 1+g.IntN(3), g.IntN(3))
		return expr{text, "SUBSTRING(" + a.tsql + args, "substr(" + a.plain + args}
	}
	return g.of(text, pick(g.Rand, texts...), depth)
}

// amounts are the forms whose values are decimals with two digits after the point.
var amounts = []form{
	{[]kind{money, money}, "($1 + $2)", "($1 + $2)"},
	{[]kind{money, money}, "($1 - $2)", "($1 - $2)"},
	{[]kind{money}, "($1 * 3)", "($1 * 3)"},
	{[]kind{money}, "ABS($1)", "abs($1)"},
	{[]kind{money, money}, "NULLIF($1, $2)", "nullif($1, $2)"},
	{one, "CAST($1 AS DECIMAL(9, 2))", "($1 * 100)"},
}

func (g *generator) amount(depth int) expr {
	if c, ok := g.columnOf(money); ok && g.chance(10) {
		return expr{money, "ROUND(CAST(" + c.tsql + " AS DECIMAL(9, 2)), 1)", "(CAST(round(" + c.plain + " / 10.0) AS INTEGER) * 10)"}
	}
	return g.of(money, pick(g.Rand, amounts...), depth)
}

// days are the forms whose values are dates. What is added is bounded, so that no year has five digits.
var days = []form{
	{[]kind{whole, day}, "DATEADD(day, $1 % 50, $2)", "date($2, ($1 % 50) || ' days')"},
	{[]kind{whole, day}, "DATEADD(week, $1 % 50, $2)", "date($2, (7 * ($1 % 50)) || ' days')"},
	{[]kind{whole, day}, "DATEADD(month, $1 % 50, $2)", "date($2, ($1 % 50) || ' months', 'floor')"},
	{[]kind{day}, "EOMONTH($1)", "date($1, 'start of month', '+1 month', '-1 day')"},
	{[]kind{day}, "DATETRUNC(month, $1)", "date($1, 'start of month')"},
	{one, "DATEFROMPARTS(2024, 2, 1 + ABS($1) % 28)", "date('2024-02-01', (abs($1) % 28) || ' days')"},
	{dates, "NULLIF($1, $2)", "nullif($1, $2)"},
}

func (g *generator) date(depth int) expr { return g.of(day, pick(g.Rand, days...), depth) }
