package eval_test

import (
	"fmt"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

// column is a column that the generated expressions refer to.
type column struct {
	name, typ string
	values    []sqltypes.Value
}

var texts = []string{"", "a", "Ab ", " zoë", "ZOË", "x_y%", "ß😀", "12", "-7", "1.5", "2024-02-29"}

var columns = []column{
	{"ci", "INT", ints(0, 1, -1, 3, 7, 12, -100, 2147483647, -2147483648)},
	{"cb", "BIGINT", ints(0, 2, -5, 1<<40, 9223372036854775807, -9223372036854775808)},
	{"ct", "TINYINT", ints(0, 1, 200, 255)},
	{"cd", "DECIMAL(9,3)", strs("0.000", "1.500", "-0.005", "3.000", "999999.999", "-12.345")},
	{"cf", "FLOAT", floats(0, 1, -0.5, 2.675, 1e10, -1e300, 1e-7)},
	{"cs", "NVARCHAR(12)", strs(texts...)},
	{"cv", "VARCHAR(12)", strs(texts...)},
	{"cc", "CHAR(4)", strs("a   ", "Ab  ", "zz%_", "    ")},
	{"cm", "DATETIME2(3)", strs("2024-02-29T23:59:59.999", "0001-01-01T00:00:00", "1999-12-31T12:30:00.5")},
	{"cy", "DATE", strs("2024-12-31", "2023-03-01")},
}

func ints(is ...int64) (vs []sqltypes.Value) {
	for _, i := range is {
		vs = append(vs, sqltypes.Int64(i))
	}
	return append(vs, sqltypes.Null())
}

func floats(fs ...float64) (vs []sqltypes.Value) {
	for _, f := range fs {
		vs = append(vs, sqltypes.Float64(f))
	}
	return append(vs, sqltypes.Null())
}

func strs(ss ...string) (vs []sqltypes.Value) {
	for _, s := range ss {
		vs = append(vs, sqltypes.Text(s))
	}
	return append(vs, sqltypes.Null())
}

// literal formats a value as a constant expression of the column's type.
func literal(c *column, v sqltypes.Value) string {
	s := "NULL"
	switch v.Form {
	case sqltypes.FormInt:
		s = "'" + strconv.FormatInt(v.Int, 10) + "'" // the minimum BIGINT has no literal
	case sqltypes.FormFloat:
		s = strconv.FormatFloat(v.Float, 'e', -1, 64)
	case sqltypes.FormText:
		s = "N'" + v.Str + "'"
	}
	return "CAST(" + s + " AS " + c.typ + ")"
}

// generator draws the text of expressions of each class of types. It does not combine
// integers with decimals: there a constant has the precision of its digits, but a column
// that of its type, so their quotients have different scales.
type generator struct{ t *rapid.T }

func (g generator) pick(from ...string) string { return rapid.SampledFrom(from).Draw(g.t, "pick") }

func (g generator) binary(l, op, r string) string { return "(" + l + " " + op + " " + r + ")" }

func (g generator) digits() string { return strconv.Itoa(rapid.IntRange(-3, 3).Draw(g.t, "digits")) }

func (g generator) value(depth int) string {
	switch g.pick("int", "decimal", "float", "string") {
	case "int":
		return g.integer(depth)
	case "decimal":
		return g.decimal(depth)
	case "float":
		return g.float(depth)
	}
	return g.text(depth)
}

func (g generator) integer(depth int) string {
	if depth == 0 {
		return g.pick("ci", "cb", "ct", "ci", "3", "7")
	}
	depth--
	switch g.pick("arith", "arith", "neg", "abs", "round", "len", "part", "cast", "case", "coalesce", "parse") {
	case "neg":
		return "(-" + g.integer(depth) + ")"
	case "abs":
		return "ABS(" + g.integer(depth) + ")"
	case "round":
		return "ROUND(" + g.integer(depth) + ", " + g.digits() + ")"
	case "len":
		return "LEN(" + g.text(depth) + ")"
	case "part":
		return "DATEPART(" + g.pick("year", "quarter", "month", "day", "dayofyear") + ", " + g.pick("cm", "cy") + ")"
	case "cast":
		return "CAST(" + g.decimal(depth) + " AS " + g.pick("INT", "BIGINT", "TINYINT", "BIT") + ")"
	case "parse":
		return "CAST(" + g.pick("cs", "cv") + " AS INT)"
	case "case":
		return g.choice(depth, g.integer)
	case "coalesce":
		return "COALESCE(" + g.integer(depth) + ", " + g.integer(depth) + ")"
	}
	return g.binary(g.integer(depth), g.pick("+", "-", "*", "/", "%"), g.integer(depth))
}

func (g generator) decimal(depth int) string {
	if depth == 0 {
		return g.pick("cd", "cd", "1.50", "0.333")
	}
	depth--
	switch g.pick("arith", "arith", "arith", "neg", "abs", "round", "cast", "case", "isnull") {
	case "neg":
		return "(-" + g.decimal(depth) + ")"
	case "abs":
		return "ABS(" + g.decimal(depth) + ")"
	case "round":
		return "ROUND(" + g.decimal(depth) + ", " + g.digits() + ")"
	case "cast":
		return "CAST(" + g.value(depth) + " AS " + g.pick("DECIMAL(9,2)", "DECIMAL(4,1)") + ")"
	case "case":
		return g.choice(depth, g.decimal)
	case "isnull":
		return "ISNULL(" + g.decimal(depth) + ", " + g.decimal(depth) + ")"
	}
	return g.binary(g.decimal(depth), g.pick("+", "-", "*", "/", "%"), g.decimal(depth))
}

func (g generator) float(depth int) string {
	if depth == 0 {
		return g.pick("cf", "cf", "2.5e0")
	}
	depth--
	switch g.pick("arith", "arith", "neg", "abs", "round", "cast") {
	case "neg":
		return "(-" + g.float(depth) + ")"
	case "abs":
		return "ABS(" + g.float(depth) + ")"
	case "round":
		return "ROUND(" + g.float(depth) + ", " + g.digits() + ")"
	case "cast":
		return "CAST(" + g.integer(depth) + " AS " + g.pick("FLOAT", "REAL") + ")"
	}
	return g.binary(g.float(depth), g.pick("+", "-", "*", "/"), g.float(depth))
}

func (g generator) text(depth int) string {
	if depth == 0 {
		return g.pick("cs", "cv", "cc", "N'Zoë '", "'a'")
	}
	depth--
	switch g.pick("concat", "upper", "lower", "ltrim", "rtrim", "substring", "cast", "cut", "case", "isnull", "date") {
	case "upper", "lower", "ltrim", "rtrim":
		return g.pick("UPPER", "LOWER", "LTRIM", "RTRIM") + "(" + g.text(depth) + ")"
	case "substring":
		return "SUBSTRING(" + g.text(depth) + ", " + g.integer(depth) + ", " + g.integer(0) + ")"
	case "cast":
		return "CAST(" + g.value(depth) + " AS " + g.pick("NVARCHAR(30)", "VARCHAR(3)", "CHAR(5)") + ")"
	case "cut":
		return "CAST(" + g.text(depth) + " AS " + g.pick("NVARCHAR(2)", "VARCHAR(3)", "NCHAR(4)") + ")"
	case "case":
		return g.choice(depth, g.text)
	case "isnull":
		return "ISNULL(" + g.text(depth) + ", " + g.text(depth) + ")"
	case "date":
		return "CAST(" + g.pick("cm", "cy") + " AS NVARCHAR(30))"
	}
	return g.binary(g.text(depth), "+", g.text(depth))
}

func (g generator) choice(depth int, of func(int) string) string {
	return fmt.Sprintf("CASE WHEN %s THEN %s WHEN %s THEN %s ELSE %s END", g.condition(depth), of(depth), g.condition(0), of(0), of(depth))
}

func (g generator) condition(depth int) string {
	not := g.pick("", "", "NOT ")
	switch g.pick("int", "decimal", "float", "text", "in", "in text", "like", "null", "logic", "between", "date") {
	case "int":
		return g.compare(g.integer(depth), g.integer(depth))
	case "decimal":
		return g.compare(g.decimal(depth), g.decimal(depth))
	case "float":
		return g.compare(g.float(depth), g.float(depth))
	case "text":
		return g.compare(g.text(depth), g.text(depth))
	case "in":
		return g.integer(depth) + " " + not + "IN (1, 3, 7, 12)"
	case "in text":
		return g.text(depth) + " " + not + "IN (N'A', N'zoë ', N'x')"
	case "like":
		pattern := g.pick("'a%'", "N'%OË'", "'%[_]%'", "'[a-z]b_'", "N'_oë'", "'zz!%%' ESCAPE '!'")
		return g.text(depth) + " " + not + "LIKE " + pattern
	case "null":
		return g.value(depth) + " IS " + not + "NULL"
	case "between":
		return g.integer(depth) + " " + not + "BETWEEN " + g.integer(0) + " AND " + g.integer(0)
	case "date":
		return g.compare(g.pick("cm", "cy"), g.pick("cm", "cy"))
	}
	if depth == 0 {
		return g.compare(g.integer(0), g.integer(0))
	}
	return not + "(" + g.condition(depth-1) + g.pick(" AND ", " OR ") + g.condition(depth-1) + ")"
}

func (g generator) compare(l, r string) string {
	return strings.Join([]string{l, g.pick("=", "<>", "<", "<=", ">", ">="), r}, " ")
}
