package sqltypes

import (
	"math"
	"math/big"
	"math/bits"
)

// Sum adds values as SUM does: NULLs are ignored, and without any value the sum is NULL. Sums are
// exact: floats are rounded once, and the range is checked at the end, so that neither the order
// of the values nor their distribution over shards matters. The zero Sum is not usable, see
// [NewSum].
type Sum struct {
	t     Type
	count int64
	// hi and lo are a 128-bit sum of integers or of unscaled decimals; large is for decimals
	// beyond an int64.
	hi    int64
	lo    uint64
	large *big.Int
	float *floatSum // nil before the first value
}

// NewSum returns a sum of type t: an integer type, a DECIMAL with the scale of the added values,
// MONEY, REAL or FLOAT.
func NewSum(t Type) *Sum { return &Sum{t: t} }

// Add adds a value; v.Str may be a view of memory that changes after the call. It refuses a value
// that is not a number (8114).
func (s *Sum) Add(v Value) error {
	switch {
	case v.Form == FormNull:
		return nil
	case s.t.Class() == Decimals:
		d, ok := decimalOperand(v)
		if !ok {
			return errOperand("a number")
		}
		s.addDecimal(d.rescale(s.t.Scale))
	case s.t.Kind.IsInteger() && v.Form == FormInt:
		s.addInt(v.Int)
	case s.t.Kind == Real || s.t.Kind == Float:
		f, ok := asFloat(v)
		if !ok {
			return errOperand("a number")
		}
		if math.IsInf(f, 0) || math.IsNaN(f) {
			return errResult(s.t) // columns never hold NaN or infinity
		}
		s.floats().add(f)
	default:
		return errOperand("an integer")
	}
	s.count++
	return nil
}

func (s *Sum) addInt(v int64) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, uint64(v), 0)
	s.hi += v>>63 + int64(carry)
}

func (s *Sum) addDecimal(d decimal) {
	if d.large == nil {
		s.addInt(d.small)
		return
	}
	if s.large == nil {
		s.large = new(big.Int)
	}
	s.large.Add(s.large, d.large)
}

// Value returns the sum so far; 8115 if it is out of the type's range.
func (s *Sum) Value() (Value, error) {
	switch {
	case s.count == 0:
		return Value{}, nil
	case s.t.Class() == Decimals:
		n := new(big.Int).Lsh(big.NewInt(s.hi), 64)
		n.Add(n, new(big.Int).SetUint64(s.lo))
		if s.large != nil {
			n.Add(n, s.large)
		}
		return decimal{large: n, scale: s.t.Scale}.normal().value(s.t)
	case s.t.Kind.IsInteger():
		v := int64(s.lo)
		lo, hi, _ := s.t.Kind.IntRange()
		if s.hi != v>>63 || v < lo || v > hi {
			return Value{}, errResult(s.t)
		}
		return Int64(v), nil
	}
	return floatResult(s.t, s.float.round())
}
