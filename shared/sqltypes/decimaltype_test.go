package sqltypes_test

import (
	"testing"

	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

// publishedResult is the table of
// https://learn.microsoft.com/sql/t-sql/data-types/precision-scale-and-length-transact-sql
// and the text below it, row by row and rule by rule.
func publishedResult(op sqltypes.Op, p1, s1, p2, s2 int) (precision, scale int) {
	switch op {
	case sqltypes.OpAdd, sqltypes.OpSub:
		precision, scale = max(s1, s2)+max(p1-s1, p2-s2)+1, max(s1, s2)
	case sqltypes.OpMul:
		precision, scale = p1+p2+1, s1+s2
	case sqltypes.OpDiv:
		precision, scale = p1-s1+s2+max(6, s1+p2+1), max(6, s1+p2+1)
	case sqltypes.OpMod:
		precision, scale = min(p1-s1, p2-s2)+max(s1, s2), max(s1, s2)
	}
	if precision <= 38 {
		return precision, scale
	}
	if op == sqltypes.OpAdd || op == sqltypes.OpSub {
		integral := max(p1-s1, p2-s2)
		if integral > 38-scale {
			scale = 38 - integral
		}
		return 38, scale
	}
	switch integral := precision - scale; {
	case integral < 32:
		scale = min(scale, 38-integral)
	case scale > 6:
		scale = 6
	}
	return 38, scale
}

func drawDecimalType(t *rapid.T, name string) sqltypes.Type {
	p := rapid.IntRange(1, 38).Draw(t, name+".p")
	return sqltypes.DecimalType(p, rapid.IntRange(0, p).Draw(t, name+".s"))
}

func TestDecimalResultsAreThePublishedOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, r := drawDecimalType(t, "l"), drawDecimalType(t, "r")
		for _, op := range arithOps {
			p, s := publishedResult(op, l.Precision, l.Scale, r.Precision, r.Scale)
			if op == sqltypes.OpMod && p == 0 {
				p = 1 // there is no DECIMAL(0,0)
			}
			if got := sqltypes.DecimalResult(op, l, r); got != sqltypes.DecimalType(p, s) {
				t.Fatalf("%s %s %s is %s, published DECIMAL(%d,%d)", l, op, r, got, p, s)
			}
		}
	})
}

// Worked by hand from the rules in the documentation that DecimalResult names.
func TestDecimalResults(t *testing.T) {
	for _, tt := range []struct {
		op             sqltypes.Op
		p1, s1, p2, s2 int
		want           string
	}{
		{sqltypes.OpAdd, 4, 2, 10, 0, "DECIMAL(13,2)"},
		{sqltypes.OpSub, 10, 2, 5, 4, "DECIMAL(13,4)"},
		{sqltypes.OpMul, 4, 2, 2, 1, "DECIMAL(7,3)"},
		{sqltypes.OpDiv, 2, 1, 1, 0, "DECIMAL(7,6)"}, // 2.0 / 3 is 0.666666
		{sqltypes.OpDiv, 10, 2, 10, 2, "DECIMAL(23,13)"},
		{sqltypes.OpMod, 10, 2, 5, 3, "DECIMAL(5,3)"},
		{sqltypes.OpAdd, 38, 10, 38, 0, "DECIMAL(38,0)"},
		{sqltypes.OpAdd, 38, 2, 38, 2, "DECIMAL(38,2)"},
		{sqltypes.OpSub, 38, 2, 3, 2, "DECIMAL(38,2)"},
		{sqltypes.OpAdd, 38, 20, 38, 4, "DECIMAL(38,4)"},
		{sqltypes.OpMul, 38, 10, 38, 10, "DECIMAL(38,6)"},
		{sqltypes.OpMul, 20, 15, 20, 15, "DECIMAL(38,27)"},
		{sqltypes.OpDiv, 38, 0, 38, 0, "DECIMAL(38,6)"},
	} {
		if got := sqltypes.DecimalResult(tt.op, sqltypes.DecimalType(tt.p1, tt.s1), sqltypes.DecimalType(tt.p2, tt.s2)).String(); got != tt.want {
			t.Errorf("(%d,%d) %s (%d,%d): got %s, want %s", tt.p1, tt.s1, tt.op, tt.p2, tt.s2, got, tt.want)
		}
	}
}
