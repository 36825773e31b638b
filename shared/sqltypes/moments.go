package sqltypes

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"

	"shardeck/shared/mssqlerr"
)

// Moments are the number, the sum and the sum of the squares of FLOATs, of which their variance
// follows. Both sums are exact: a square is the sum of two float64s, the nearest one and what it
// lacks, unless that is less than the smallest float64. So the variance is rounded once, and neither
// the order of the values nor their distribution over shards matters. The zero Moments are those of
// no values.
type Moments struct {
	n            int64
	sum, squares floatSum
}

// MomentsPartial is the type of the moments of one shard (see [Moments.Partial]).
var MomentsPartial = Type{Kind: VarBinary, Length: momentsHead + 2*maxPartial}

// momentsHead is the length of what precedes the sums: a zero, the number of values, and the length
// of the first sum.
const momentsHead = 1 + 8 + 2

// Add adds a value, unless it is NULL. It refuses a value that is not a number (8114), and one whose
// square is out of range (8115).
func (m *Moments) Add(v Value) error {
	if v.IsNull() {
		return nil
	}
	x, ok := numberOf(v)
	if !ok {
		return errOperand("a number")
	}
	if math.IsNaN(x) || math.IsInf(x*x, 0) {
		return errResult(FloatType)
	}
	m.n++
	m.sum.add(x)
	addProduct(&m.squares, x, x)
	return nil
}

// addProduct adds x*y exactly, but for what is less than the smallest float64.
func addProduct(s *floatSum, x, y float64) {
	p := x * y
	s.add(p)
	s.add(math.FMA(x, y, -p))
}

// Partial returns the moments in a form that [Moments.AddPartial] accepts elsewhere, a value of type
// [MomentsPartial]: the bytes of a zero, of the number of values (8, from the highest) and of the
// length of the sum (2), then the sum and the sum of squares as in [Sum.Partial]. NULL if there are
// no values.
func (m *Moments) Partial() Value {
	if m.n == 0 {
		return Value{}
	}
	sum := m.sum.encode()
	b := make([]byte, 1, momentsHead+2*len(sum))
	b = binary.BigEndian.AppendUint64(b, uint64(m.n))
	b = binary.BigEndian.AppendUint16(b, uint16(len(sum)))
	b = append(append(b, sum...), m.squares.encode()...)
	return Value{Form: FormBytes, Str: string(b)}
}

// AddPartial adds the moments of other values: those of Partial, or as an engine that only has
// rounded ones writes them, the number of values, their average and their variance (of the
// population) in decimal digits with a space between them. It refuses invalid ones (8114), and then
// m is not usable.
func (m *Moments) AddPartial(v Value) error {
	ok := v.IsNull()
	if v.Form == FormBytes && v.Str != "" {
		if v.Str[0] == 0 {
			ok = m.addExact(v.Str)
		} else {
			ok = m.addRounded(v.Str)
		}
	}
	if !ok {
		return newError(mssqlerr.TypeConversion, ConversionFailed, "a value is not the moments of floats")
	}
	return nil
}

func (m *Moments) addExact(partial string) bool {
	if len(partial) < momentsHead {
		return false
	}
	n := binary.BigEndian.Uint64([]byte(partial[1:9]))
	size := int(binary.BigEndian.Uint16([]byte(partial[9:momentsHead])))
	sums := partial[momentsHead:]
	return size <= len(sums) && m.count(n) && m.sum.merge(sums[:size]) && m.squares.merge(sums[size:])
}

func (m *Moments) count(n uint64) bool {
	if n == 0 || n > math.MaxInt64-uint64(m.n) {
		return false
	}
	m.n += int64(n)
	return true
}

func (m *Moments) addRounded(partial string) bool {
	if partial = strings.TrimRight(partial, "\x00"); partial == "0" {
		return true
	}
	fields := strings.Split(partial, " ")
	if len(fields) != 3 {
		return false
	}
	n, err := strconv.ParseUint(fields[0], 10, 53)
	mean, okMean := parseFloat(fields[1], Float)
	variance, okVariance := parseFloat(fields[2], Float)
	square := mean * mean
	count := float64(n)
	if err != nil || !okMean || !okVariance || variance < 0 || math.IsInf(count*(square+variance), 0) || !m.count(n) {
		return false
	}
	addProduct(&m.sum, count, mean)
	addProduct(&m.squares, count, square)
	addProduct(&m.squares, count, math.FMA(mean, mean, -square))
	addProduct(&m.squares, count, variance)
	return true
}

// Variance returns the variance of the values, a FLOAT: of the population, or else of a sample,
// which is NULL for a single value. NULL for none.
func (m *Moments) Variance(population bool) (Value, error) {
	divisor := m.n - 1
	if population {
		divisor = m.n
	}
	if divisor <= 0 {
		return Value{}, nil
	}
	// In units of 2^-1074 squared: (n * squares - sum^2) / (n * divisor).
	sum := m.sum.integer()
	numerator := m.squares.integer()
	numerator.Mul(numerator, big.NewInt(m.n)).Lsh(numerator, floatUnit)
	numerator.Sub(numerator, sum.Mul(sum, sum))
	if numerator.Sign() <= 0 { // less than 0 only by what squares lack
		return Float64(0), nil
	}
	denominator := new(big.Int).Mul(big.NewInt(m.n), big.NewInt(divisor))
	const precision = 128
	quotient := new(big.Float).SetPrec(precision).SetInt(numerator)
	quotient.Quo(quotient, new(big.Float).SetPrec(precision).SetInt(denominator))
	f, _ := quotient.SetMantExp(quotient, -2*floatUnit).Float64()
	return floatResult(FloatType, f)
}

// Deviation is the square root of [Moments.Variance].
func (m *Moments) Deviation(population bool) (Value, error) {
	v, err := m.Variance(population)
	if err == nil && !v.IsNull() {
		v.Float = math.Sqrt(v.Float)
	}
	return v, err
}

// floatUnit is the exponent of the unit of a floatSum: 2^-1074.
const floatUnit = 1074

// integer returns the sum in units of 2^-1074.
func (s *floatSum) integer() *big.Int {
	m, negative := s.magnitude()
	b := make([]byte, 0, 4*floatLimbs)
	for i := floatLimbs - 1; i >= 0; i-- {
		b = binary.BigEndian.AppendUint32(b, uint32(m.limb[i]))
	}
	n := new(big.Int).SetBytes(b)
	if negative {
		n.Neg(n)
	}
	return n
}
