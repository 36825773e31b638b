package sqltypes

// DecimalResult returns the type of l op r, both DECIMAL, by T-SQL's rules
// (https://learn.microsoft.com/sql/t-sql/data-types/precision-scale-and-length-transact-sql).
// If a result would need more than 38 digits, fraction digits are dropped in favour of whole
// ones: for + and - as many as the whole digits of the wider operand need, for * and / at most
// down to six.
func DecimalResult(op Op, l, r Type) Type {
	p1, s1, p2, s2 := l.Precision, l.Scale, r.Precision, r.Scale
	whole := max(p1-s1, p2-s2) // in the wider operand
	var p, s int
	switch op {
	case OpAdd, OpSub:
		s = max(s1, s2)
		p = whole + s + 1
		if p > MaxPrecision {
			return DecimalType(MaxPrecision, min(s, MaxPrecision-whole))
		}
	case OpMul:
		p, s = p1+p2+1, s1+s2
	case OpDiv:
		s = max(6, s1+p2+1)
		p = p1 - s1 + s2 + s
	default:
		s = max(s1, s2)
		p = min(p1-s1, p2-s2) + s
	}
	if p > MaxPrecision {
		const least = 6
		p, s = MaxPrecision, min(s, max(least, MaxPrecision-(p-s)))
	}
	return DecimalType(max(p, 1), s)
}

// DecimalType returns DECIMAL(p,s).
func DecimalType(p, s int) Type { return Type{Kind: Decimal, Precision: p, Scale: s} }
