package sqltypes

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strings"

	"shardeck/shared/mssqlerr"
)

// floatSum is an exact sum of float64s: one fixed-point number wide enough for all of them, so
// that neither order nor grouping affects the result. It is rounded once, when the sum is read.
//
// Every finite float64 is a multiple of 2^-1074 below 2^1024. limb[i] counts units of
// 2^(32i-1074). Since a limb has 64 bits, an addition touches three limbs without carrying, and
// carries are propagated so rarely that their cost is negligible.
type floatSum struct {
	limb [floatLimbs]int64
	adds int // since the last carry
}

const (
	// floatLimbs hold 2176 bits: the 2098 of the largest float64, and 78 for carries.
	floatLimbs = 68
	infinite   = 0x7ff << 52 // the bits of a float64
	// floatLimit is the highest limb (from 0) that may be set while the sum still fits a float64.
	floatLimit = 65
	limbBits   = 32
	limbMask   = 1<<limbBits - 1
	// carryAfter is how many additions of less than 2^32 a limb can safely hold without a carry.
	carryAfter = 1 << 30
)

// add adds a finite number.
func (s *floatSum) add(f float64) {
	b := math.Float64bits(f)
	mant, exp := b&(1<<52-1), uint(b>>52&0x7ff)
	if exp > 0 {
		mant |= 1 << 52
		exp--
	}
	// mant counts in units of 2^(exp-1074).
	limb := s.limb[exp/limbBits:][:3]
	shift := exp % limbBits
	low, mid, high := int64(mant<<shift&limbMask), int64(mant>>(limbBits-shift)&limbMask), int64(mant>>(2*limbBits-shift))
	if f < 0 {
		low, mid, high = -low, -mid, -high
	}
	limb[0] += low
	limb[1] += mid
	limb[2] += high
	s.added()
}

func (s *floatSum) added() {
	if s.adds++; s.adds == carryAfter {
		s.carry()
	}
}

// carry normalizes all limbs but the last, which has the sign, to 0..2^32-1.
func (s *floatSum) carry() {
	for i := range floatLimbs - 1 {
		s.limb[i+1] += s.limb[i] >> limbBits
		s.limb[i] &= limbMask
	}
	s.adds = 0
}

// magnitude returns the absolute value of the sum, carried.
func (s *floatSum) magnitude() (m floatSum, negative bool) {
	m = *s
	m.carry()
	if negative = m.limb[floatLimbs-1] < 0; negative {
		for i := range m.limb {
			m.limb[i] = -m.limb[i]
		}
		m.carry()
	}
	return m, negative
}

// top returns the index of the highest nonzero limb, or -1.
func (s *floatSum) top() int {
	i := floatLimbs - 1
	for i >= 0 && s.limb[i] == 0 {
		i--
	}
	return i
}

// round returns the float64 nearest to the sum, ties to even; infinite if out of range.
func (s *floatSum) round() float64 {
	m, negative := s.magnitude()
	top := m.top()
	if top > floatLimit {
		return math.Inf(1) // of either sign: an error for the caller
	}
	at := func(i int) uint64 {
		if i < 0 {
			return 0
		}
		return uint64(m.limb[i])
	}
	head := at(top)<<limbBits | at(top-1)
	var b uint64
	if most := limbBits*(top-1) + bits.Len64(head); top < 2 && most <= 53 {
		b = at(1)<<limbBits | at(0) // subnormal or the smallest normal number: exact, and already its own bit pattern
	} else {
		// The top 64 bits, the lowest 11 of which are rounded away.
		zeros := uint(bits.LeadingZeros64(head))
		head = head<<zeros | at(top-2)>>(limbBits-zeros)
		below := at(top-2) << zeros & limbMask
		for i := top - 3; i >= 0 && below == 0; i-- {
			below = at(i)
		}
		const half = 1 << 10
		b = head >> 11
		if cut := head & (1<<11 - 1); cut > half || cut == half && (below != 0 || b&1 == 1) {
			b++
		}
		// The implied bit adds the one that the exponent still lacks, and rounding up to a power of
		// two carries into the exponent.
		b += uint64(most-53) << 52
	}
	if b >= infinite {
		return math.Inf(1)
	}
	if negative {
		b |= 1 << 63
	}
	return math.Float64frombits(b)
}

// A partial sum travels between services as bytes: empty for zero; otherwise the sign (0 or 1),
// the index of the lowest limb, and the limbs from highest to lowest, 4 bytes each. The first and
// last limbs are nonzero. Two-decimal values of similar size take some 20 bytes, the widest sum
// 274.
const (
	partialHead = 2
	// maxPartial has room for a sum of 2^63 of the largest numbers.
	maxPartial = partialHead + 4*floatLimbs
)

// FloatPartial is the type of an exact partial sum of REAL or FLOAT (see [Sum.Partial]).
var FloatPartial = Type{Kind: VarBinary, Length: maxPartial}

func (s *floatSum) encode() string {
	m, negative := s.magnitude()
	top := m.top()
	if top < 0 {
		return ""
	}
	least := 0
	for m.limb[least] == 0 {
		least++
	}
	b := make([]byte, partialHead, partialHead+4*(top-least+1))
	if negative {
		b[0] = 1
	}
	b[1] = byte(least)
	for i := top; i >= least; i-- {
		b = binary.BigEndian.AppendUint32(b, uint32(m.limb[i]))
	}
	return string(b)
}

// merge adds a partial sum. It returns false and adds nothing if the bytes are invalid.
func (s *floatSum) merge(partial string) bool {
	if partial == "" {
		return true
	}
	n := (len(partial) - partialHead) / 4
	if n < 1 || len(partial) != partialHead+4*n || partial[0] > 1 || int(partial[1])+n > floatLimbs {
		return false
	}
	sign, least, limbs := 1-2*int64(partial[0]), int(partial[1]), partial[partialHead:]
	if strings.HasPrefix(limbs, "\x00\x00\x00\x00") || strings.HasSuffix(limbs, "\x00\x00\x00\x00") {
		return false
	}
	for i := range n {
		v := binary.BigEndian.Uint32([]byte(limbs[4*i : 4*i+4]))
		s.limb[least+n-1-i] += sign * int64(v)
	}
	s.added()
	return true
}

// Partial returns the sum so far in a form that [Sum.AddPartial] accepts elsewhere: for floats
// the exact sum, a value of type [FloatPartial]; NULL if nothing was added.
func (s *Sum) Partial() (Value, error) {
	switch {
	case s.count == 0:
		return Value{}, nil
	case s.float == nil:
		return Value{}, errOperand("a sum of floats")
	}
	return Value{Form: FormBytes, Str: s.float.encode()}, nil
}

// AddPartial adds the partial sum of another Sum. It refuses an invalid one (8114).
func (s *Sum) AddPartial(v Value) error {
	switch {
	case v.Form == FormNull:
		return nil
	case v.Form != FormBytes || s.t.Kind != Real && s.t.Kind != Float || !s.floats().merge(v.Str):
		return newError(mssqlerr.TypeConversion, ConversionFailed, "a value is not a partial sum of floats")
	}
	s.count++
	return nil
}

// floats returns the sum of floats, creating it on first use.
func (s *Sum) floats() *floatSum {
	if s.float == nil {
		s.float = new(floatSum)
	}
	return s.float
}
