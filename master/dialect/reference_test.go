package dialect_test

import (
	"fmt"
	"math/big"
	"strings"

	"pgregory.net/rapid"
)

// truth is a truth value of three-valued logic.
type truth int8

const (
	no truth = iota
	unknown
	yes
)

// person is a row in a simple representation: exact numbers, plain strings, nil for NULL.
type person struct {
	id   int
	wire map[string]any
	nums map[string]*big.Rat
	strs map[string]*string
}

// cond is a condition as text and as a function.
type cond struct {
	text string
	eval func(person) truth
}

var (
	numColumns = []string{"student_id", "age", "level", "points", "big", "gpa", "active"}
	strColumns = []string{"name", "email", "born", "seen"}
)

// referenceRows returns n rows with small numbers, so that conditions often match, and
// with NULLs.
func referenceRows(n int) []person {
	names := []string{"Ann", "ann", "BOB", "Bob ", "", "Zoë", "ZOË", "b%b", "a_b"}
	born := []string{"2001-02-03", "1999-12-31", "2000-02-29"}
	seen := []string{"2026-11-22T10:00:00", "2026-11-22T10:00:00.5", "2026-11-22T10:00:00.123"}
	rows := make([]person, 0, n)
	for i := range n {
		p := person{id: i + 1, wire: map[string]any{}, nums: map[string]*big.Rat{}, strs: map[string]*string{}}
		num := func(column string, num, den int64) {
			r := big.NewRat(num, den)
			p.nums[column] = r
			if den == 1 {
				p.wire[column] = num
			} else {
				p.wire[column] = r.FloatString(2)
			}
		}
		str := func(column, s string) {
			p.strs[column] = &s
			p.wire[column] = s
		}
		num("student_id", int64(i+1), 1)
		num("active", int64(i%2), 1)
		str("name", names[i%len(names)])
		if i%7 != 0 {
			num("age", int64(i%13)-6, 1)
		}
		if i%5 != 0 {
			num("level", int64(i%9), 1)
		}
		if i%11 != 0 {
			num("points", int64(i%17)*100-500, 1)
			num("big", int64(i%5)*9_007_199_254-3, 1)
		}
		p.wire["gpa"] = nil // it has a default
		if i%6 != 0 {
			num("gpa", int64(i*37%1000)-300, 100)
		}
		if i%4 != 0 {
			str("email", names[(i+3)%len(names)])
		}
		if i%3 != 0 {
			str("born", born[i%len(born)])
			str("seen", seen[i/3%len(seen)])
		}
		rows = append(rows, p)
	}
	return rows
}

// numExpr is a numeric expression; eval returns nil for NULL.
type numExpr struct {
	text  string
	whole bool // of an integer type, so that / truncates
	eval  func(person) *big.Rat
}

func drawNum(t *rapid.T, depth int) numExpr {
	kind := rapid.IntRange(0, 9).Draw(t, "number")
	switch {
	case kind < 5 || depth == 0 && kind > 7:
		c := rapid.SampledFrom(numColumns).Draw(t, "column")
		return numExpr{c, c != "gpa", func(p person) *big.Rat { return p.nums[c] }}
	case kind < 8:
		return drawConstant(t)
	}
	l, r := drawNum(t, depth-1), drawNum(t, depth-1)
	op := rapid.SampledFrom([]string{"+", "-", "*", "/", "%"}).Draw(t, "op")
	switch {
	case op == "/" || op == "%":
		d := rapid.SampledFrom([]int64{2, 3, -7}).Draw(t, "divisor")
		r = numExpr{fmt.Sprint("(", d, ")"), true, func(person) *big.Rat { return big.NewRat(d, 1) }}
		if op == "/" && !l.whole {
			op = "%"
		}
	case l.text == "active" && r.text == "active":
		return l // T-SQL does not add bits
	}
	return numExpr{"(" + l.text + " " + op + " " + r.text + ")", l.whole && r.whole, func(p person) *big.Rat {
		a, b := l.eval(p), r.eval(p)
		if a == nil || b == nil {
			return nil
		}
		return calculate(op, a, b)
	}}
}

// calculate computes exactly; a quotient is truncated to an integer.
func calculate(op string, a, b *big.Rat) *big.Rat {
	switch op {
	case "+":
		return new(big.Rat).Add(a, b)
	case "-":
		return new(big.Rat).Sub(a, b)
	case "*":
		return new(big.Rat).Mul(a, b)
	}
	q := new(big.Rat).Quo(a, b)
	whole := new(big.Rat).SetInt(new(big.Int).Quo(q.Num(), q.Denom()))
	if op == "/" {
		return whole
	}
	return new(big.Rat).Sub(a, whole.Mul(whole, b))
}

func drawConstant(t *rapid.T) numExpr {
	text := rapid.SampledFrom([]string{
		"0", "1", "2", "-1", "7", "300", "-400", "9007199251", "99999999999999999999", "-99999999999999999999",
		"0.5", "-0.5", "1.00", "2.505", "-2.34", "3.", ".07", "NULL",
	}).Draw(t, "constant")
	if text == "NULL" {
		return numExpr{text, true, func(person) *big.Rat { return nil }}
	}
	r, ok := new(big.Rat).SetString(strings.TrimSuffix(text, "."))
	if !ok {
		t.Fatalf("bad constant %s", text)
	}
	whole := !strings.Contains(text, ".") && len(text) < 10
	return numExpr{text, whole, func(person) *big.Rat { return r }}
}

// compared applies a comparison operator to the result of a three-way comparison.
func compared(op string, c int) truth {
	holds := map[string]bool{"=": c == 0, "<>": c != 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[op]
	if holds {
		return yes
	}
	return no
}

func invert(t truth) truth { return yes - t }

func drawOp(t *rapid.T) string {
	return rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="}).Draw(t, "compare")
}

func compareNums(l numExpr, op string, r numExpr) func(person) truth {
	return func(p person) truth {
		a, b := l.eval(p), r.eval(p)
		if a == nil || b == nil {
			return unknown
		}
		return compared(op, a.Cmp(b))
	}
}

// compareStrs compares in the default collation; this is also correct for dates in
// canonical form.
func compareStrs(column, op, constant string) func(person) truth {
	fold := func(s string) string { return strings.ToLower(strings.TrimRight(s, " ")) }
	return func(p person) truth {
		if p.strs[column] == nil {
			return unknown
		}
		return compared(op, strings.Compare(fold(*p.strs[column]), fold(constant)))
	}
}

func drawCondition(t *rapid.T, depth int) cond {
	kinds := 6
	if depth > 0 {
		kinds = 10
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "condition") {
	case 0, 1:
		l, op, r := drawNum(t, 2), drawOp(t), drawNum(t, 2)
		return cond{l.text + " " + op + " " + r.text, compareNums(l, op, r)}
	case 2:
		return drawString(t)
	case 3:
		return drawIn(t)
	case 4:
		return drawBetween(t)
	case 5:
		c := rapid.SampledFrom(append(strColumns, numColumns...)).Draw(t, "column")
		return cond{c + " IS NULL", func(p person) truth {
			if p.nums[c] == nil && p.strs[c] == nil {
				return yes
			}
			return no
		}}
	case 6:
		x := drawCondition(t, depth-1)
		return cond{"NOT (" + x.text + ")", func(p person) truth { return invert(x.eval(p)) }}
	case 7:
		k := rapid.IntRange(1, 70).Draw(t, "key")
		x := drawCondition(t, depth-1)
		return cond{fmt.Sprintf("(student_id = %d OR %s)", k, x.text), func(p person) truth {
			if p.id == k {
				return yes
			}
			return x.eval(p)
		}}
	}
	l, r := drawCondition(t, depth-1), drawCondition(t, depth-1)
	if rapid.Bool().Draw(t, "and") {
		return cond{"(" + l.text + " AND " + r.text + ")", func(p person) truth { return min(l.eval(p), r.eval(p)) }}
	}
	return cond{"(" + l.text + " OR " + r.text + ")", func(p person) truth { return max(l.eval(p), r.eval(p)) }}
}

func drawString(t *rapid.T) cond {
	column, op := rapid.SampledFrom(strColumns).Draw(t, "column"), drawOp(t)
	var constant string
	switch column {
	case "born":
		constant = rapid.SampledFrom([]string{"2001-02-03", "2000-01-01"}).Draw(t, "date")
	case "seen":
		constant = rapid.SampledFrom([]string{"2026-11-22T10:00:00.5", "2026-11-22T10:00:00.1234", "2026-11-22T10:00:00"}).Draw(t, "moment")
	default:
		constant = rapid.SampledFrom([]string{"ann", "BOB   ", "", "zoë", "b", "c"}).Draw(t, "string")
	}
	return cond{column + " " + op + " N'" + constant + "'", compareStrs(column, op, constant)}
}

func drawIn(t *rapid.T) cond {
	x := drawNum(t, 1)
	not := rapid.Bool().Draw(t, "not")
	var items []numExpr
	var texts []string
	for range rapid.IntRange(1, 5).Draw(t, "items") {
		it := drawConstant(t)
		if rapid.IntRange(0, 9).Draw(t, "other") == 0 {
			it = drawNum(t, 1)
		}
		items = append(items, it)
		texts = append(texts, it.text)
	}
	word := " IN ("
	if not {
		word = " NOT IN ("
	}
	return cond{x.text + word + strings.Join(texts, ", ") + ")", func(p person) truth {
		result := no
		for _, it := range items {
			result = max(result, compareNums(x, "=", it)(p))
		}
		if not {
			return invert(result)
		}
		return result
	}}
}

func drawBetween(t *rapid.T) cond {
	x, lo, hi := drawNum(t, 1), drawNum(t, 0), drawNum(t, 0)
	not := rapid.Bool().Draw(t, "not")
	word := " BETWEEN "
	if not {
		word = " NOT BETWEEN "
	}
	return cond{x.text + word + lo.text + " AND " + hi.text, func(p person) truth {
		result := min(compareNums(x, ">=", lo)(p), compareNums(x, "<=", hi)(p))
		if not {
			return invert(result)
		}
		return result
	}}
}
