package eval_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shardeck/master/eval"
)

// The tests of this file compare decimal arithmetic with an independent model: the table
// and the text of
// https://learn.microsoft.com/sql/t-sql/data-types/precision-scale-and-length-transact-sql
// for the types, and rational numbers for the values.

// model is a number with its T-SQL type.
type model struct {
	value            *big.Rat
	precision, scale int
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// published returns the documented precision and scale of l op r.
func published(op string, p1, s1, p2, s2 int) (p, s int) {
	integral := 0
	switch op {
	case "+", "-":
		p, s = max(s1, s2)+max(p1-s1, p2-s2)+1, max(s1, s2)
		integral = max(p1-s1, p2-s2)
		if p > 38 && integral > 38-s {
			s = 38 - integral
		}
	case "*", "/":
		if p, s = p1+p2+1, s1+s2; op == "/" {
			p, s = p1-s1+s2+max(6, s1+p2+1), max(6, s1+p2+1)
		}
		if integral = p - s; p > 38 && integral < 32 {
			s = min(s, 38-integral)
		} else if p > 38 && s > 6 {
			s = 6
		}
	case "%":
		p, s = min(p1-s1, p2-s2)+max(s1, s2), max(s1, s2)
	}
	return max(1, min(p, 38)), s
}

// compute returns l op r and its wire format, or SQL Server's error number.
func compute(op string, l, r model) (model, string) {
	m := model{value: new(big.Rat)}
	m.precision, m.scale = published(op, l.precision, l.scale, r.precision, r.scale)
	if r.value.Sign() == 0 && (op == "/" || op == "%") {
		return m, "refused: 8134"
	}
	switch op {
	case "+":
		m.value.Add(l.value, r.value)
	case "-":
		m.value.Sub(l.value, r.value)
	case "*":
		m.value.Mul(l.value, r.value)
	case "/":
		m.value = truncate(m.value.Quo(l.value, r.value), m.scale)
	default:
		m.value.Sub(l.value, m.value.Mul(r.value, truncate(new(big.Rat).Quo(l.value, r.value), 0)))
	}
	text := m.value.FloatString(m.scale) // rounded half away from zero
	m.value.SetString(text)
	if new(big.Rat).Abs(m.value).Cmp(new(big.Rat).SetInt(pow10(m.precision-m.scale))) >= 0 {
		return m, "refused: 8115"
	}
	if m.value.Sign() == 0 {
		text = strings.TrimPrefix(text, "-")
	}
	return m, `"` + text + `"`
}

// truncate removes the digits after the first scale fraction digits.
func truncate(x *big.Rat, scale int) *big.Rat {
	n := new(big.Int).Mul(x.Num(), pow10(scale))
	return new(big.Rat).SetFrac(n.Quo(n, x.Denom()), pow10(scale))
}

// drawNumber draws a decimal, and returns its text too.
func drawNumber(t *rapid.T, name string) (model, string) {
	p := rapid.IntRange(1, 38).Draw(t, name+" precision")
	m := model{precision: p, scale: rapid.IntRange(0, p).Draw(t, name+" scale")}
	digits := rapid.IntRange(1, p).Draw(t, name+" digits")
	n, _ := new(big.Int).SetString(rapid.StringMatching(fmt.Sprintf(`-?[0-9]{%d}`, digits)).Draw(t, name), 10)
	m.value = new(big.Rat).SetFrac(n, pow10(m.scale))
	return m, strings.TrimPrefix(m.value.FloatString(m.scale), map[bool]string{true: "-"}[n.Sign() == 0])
}

func (m model) typ() string { return fmt.Sprintf("DECIMAL(%d,%d)", m.precision, m.scale) }

// A random expression is folded by the planner, and evaluated by the engine and by the
// master. All agree with the model, in the type and in the digits.
func TestDecimalArithmeticFollowsTheDocumentation(t *testing.T) {
	r := newRig(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		x, xs := drawNumber(t, "x")
		y, ys := drawNumber(t, "y")
		z, zs := drawNumber(t, "z")
		op := rapid.SampledFrom([]string{"+", "-", "*", "/", "%"}).Draw(t, "op")
		then := rapid.SampledFrom([]string{"", "+", "-", "*", "/", "%"}).Draw(t, "then")
		// Constants are folded; an expression over a row is not.
		constant := func(m model, s string) string { return "CAST('" + s + "' AS " + m.typ() + ")" }
		ofRow := func(m model, s string) string { return "CASE WHEN ci = 0 THEN " + constant(m, s) + " ELSE NULL END" }
		want, text := compute(op, x, y)
		expr := func(of func(model, string) string) string {
			e := of(x, xs) + " " + op + " " + of(y, ys)
			if then != "" {
				e = "(" + e + ") " + then + " " + of(z, zs)
			}
			return e
		}
		if then != "" {
			first := text
			if want, text = compute(then, want, z); strings.HasPrefix(first, "refused") {
				text = first
			}
		}
		p, err := r.plan(expr(ofRow), 0)
		if err != nil {
			t.Fatalf("%s: %v", expr(ofRow), err)
		}
		e := p.Query.Output[0].Expr
		if e.Type.String() != want.typ() {
			t.Fatalf("%s is planned as %s, documented as %s", expr(constant), e.Type, want.typ())
		}
		v, err := eval.Eval(overRow(e), r.rows[0])
		if got := outcome(e.Type, v, err); got != text {
			t.Fatalf("%s is %s at the master, want %s", expr(constant), got, text)
		}
		if got := r.onEngine(t, p); got != text {
			t.Fatalf("%s is %s on the engine, want %s", expr(constant), got, text)
		}
		if got, typ := r.folded(expr(constant), 0); got != text || err == nil && typ != e.Type {
			t.Fatalf("%s is folded to %s %s, want %s %s", expr(constant), typ, got, want.typ(), text)
		}
	})
}

// Beside a decimal, any INT has a precision of ten, except that a literal has as many
// digits as are written.
func TestOnlyLiteralsHaveThePrecisionOfTheirDigits(t *testing.T) {
	r := newRig(t, 1)
	for expr, want := range map[string]string{
		"1.0 / 3":                               "DECIMAL(7,6)",
		"1.0 / -3":                              "DECIMAL(7,6)",
		"1.0 / CAST(3 AS INT)":                  "DECIMAL(13,12)",
		"1.0 / (1 + 2)":                         "DECIMAL(13,12)",
		"1.0 / ABS(3)":                          "DECIMAL(13,12)",
		"1.0 / CAST(3 AS BIT)":                  "DECIMAL(7,6)",
		"cd / 3":                                "DECIMAL(12,6)",
		"cd / CAST(3 AS INT)":                   "DECIMAL(20,14)",
		"cd / ci":                               "DECIMAL(20,14)",
		"cd / CAST(ct AS INT)":                  "DECIMAL(20,14)",
		"cd * CASE ci WHEN 0 THEN 3 ELSE 4 END": "DECIMAL(20,3)",
	} {
		p, err := r.plan(expr, 0)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if got := p.Query.Output[0].Expr.Type.String(); got != want {
			t.Errorf("%s is %s, want %s", expr, got, want)
		}
	}
}
