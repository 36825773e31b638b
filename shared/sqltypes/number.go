package sqltypes

import (
	"math"
	"strconv"
	"strings"
)

// number is a number in decimal digits, so that nothing is lost on the way to a DECIMAL: (-1)^neg
// * whole.frac * 10^exp.
type number struct {
	neg         bool
	whole, frac string
	exp         int
	hasExp      bool
}

// maxExp bounds the exponent of a number; beyond it no type can represent the difference.
const maxExp = 1 << 28

// parseNumber reads digits with an optional sign, point and exponent. It accepts a leading plus,
// ".5" and "5." as T-SQL does; the caller rules out what its own grammar does not allow.
func parseNumber(s string) (n number, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		n.neg = s[0] == '-'
		s = s[1:]
	}
	i := digitsAt(s, 0)
	n.whole = s[:i]
	if i < len(s) && s[i] == '.' {
		j := digitsAt(s, i+1)
		n.frac = s[i+1 : j]
		i = j
	}
	if n.whole == "" && n.frac == "" {
		return number{}, false
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		n.hasExp = true
		return n, n.parseExp(s[i+1:])
	}
	return n, i == len(s)
}

func (n *number) parseExp(s string) bool {
	neg := strings.HasPrefix(s, "-")
	if neg || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if s == "" || digitsAt(s, 0) != len(s) {
		return false
	}
	for i := range len(s) {
		if n.exp < maxExp {
			n.exp = n.exp*10 + int(s[i]-'0')
		}
	}
	if neg {
		n.exp = -n.exp
	}
	return true
}

// digitsAt returns the index after the digits that begin at i.
func digitsAt(s string, i int) int {
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

// digit returns the i-th digit of whole and frac together, 0 outside of them.
func (n *number) digit(i int) byte {
	switch {
	case i < 0 || i >= len(n.whole)+len(n.frac):
		return '0'
	case i < len(n.whole):
		return n.whole[i]
	}
	return n.frac[i-len(n.whole)]
}

// bounds returns the index of the first nonzero digit (the number of digits if there is none) and
// the index of the decimal point.
func (n *number) bounds() (first, point int) {
	total := len(n.whole) + len(n.frac)
	for first < total && n.digit(first) == '0' {
		first++
	}
	return first, len(n.whole) + n.exp
}

// integer returns the number truncated to an integer, as T-SQL does; false if it does not fit an
// int64.
func (n *number) integer() (int64, bool) {
	first, point := n.bounds()
	if first == len(n.whole)+len(n.frac) || point <= first {
		return 0, true
	}
	if point-first > 19 {
		return 0, false
	}
	var u uint64
	for i := first; i < point; i++ {
		u = u*10 + uint64(n.digit(i)-'0')
	}
	if n.neg {
		return -int64(u), u <= 1<<63
	}
	return int64(u), u <= math.MaxInt64
}

// appendDecimal appends the canonical text with scale fraction digits, rounded half away from
// zero as SQL Server does. It returns false and appends nothing if more than precision digits are
// needed.
func (n *number) appendDecimal(dst []byte, precision, scale int) ([]byte, bool) {
	first, point := n.bounds()
	if first == len(n.whole)+len(n.frac) {
		first, point = 0, 0 // zero, however it is written
	}
	if point-first > precision-scale {
		return dst, false
	}
	// digits holds one digit for a carry, then those from the first, or from the last before the
	// point, to the end of the scale: at most 1 + precision + 1.
	var digits [2 + MaxPrecision]byte
	digits[0] = '0'
	count := 1
	for i := min(first, point-1); i < point+scale; i++ {
		digits[count] = n.digit(i)
		count++
	}
	if n.digit(point+scale) >= '5' {
		i := count - 1
		for ; digits[i] == '9'; i-- {
			digits[i] = '0'
		}
		digits[i]++
	}
	whole, frac := digits[:count-scale], digits[count-scale:count]
	for len(whole) > 0 && whole[0] == '0' {
		whole = whole[1:]
	}
	if len(whole) > precision-scale {
		return dst, false
	}
	if n.neg && (len(whole) > 0 || !allZero(frac)) {
		dst = append(dst, '-')
	}
	if len(whole) == 0 {
		dst = append(dst, '0')
	}
	dst = append(dst, whole...)
	if scale > 0 {
		dst = append(append(dst, '.'), frac...)
	}
	return dst, true
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != '0' {
			return false
		}
	}
	return true
}

// parseFloat reads a number of parseNumber's grammar as a REAL or FLOAT; false if it is out of
// range. Negative zero becomes zero, as SQL treats them as one value.
func parseFloat(s string, k Kind) (float64, bool) {
	bits := 64
	if k == Real {
		bits = 32
	}
	f, err := strconv.ParseFloat(s, bits)
	if err != nil {
		return 0, false
	}
	if f == 0 {
		f = 0
	}
	return f, true
}

// appendFloat writes f in ECMAScript's number format: the shortest digits that round-trip as the
// same REAL or FLOAT, with an exponent only below 1e-6 and from 1e21 on.
func appendFloat(dst []byte, f float64, k Kind) []byte {
	bits := 64
	if k == Real {
		bits = 32
	}
	abs := math.Abs(f)
	if abs == 0 {
		return append(dst, '0')
	}
	if abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, bits)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
	// strconv writes at least two digits of exponent: e-07 becomes e-7.
	if n := len(dst); n >= 4 && (dst[n-3] == '-' || dst[n-3] == '+') && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}
