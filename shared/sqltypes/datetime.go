package sqltypes

import (
	"math"
	"math/big"

	"shardeck/shared/mssqlerr"
)

// DATETIME is a number of ticks of 1/300 second since 1900-01-01, SMALLDATETIME a number of
// minutes. Their canonical text has milliseconds; the ticks can be told from these.

// Bounds of the types, as day numbers
// (https://learn.microsoft.com/sql/t-sql/data-types/datetime-transact-sql and smalldatetime-transact-sql).
const (
	firstDateTime      = 639_905           // 1753-01-01
	lastSmallDateTime  = epochDay + 65_535 // 2079-06-06
	ticksOfMinute      = 60 * tickHz
	firstDateTimeTicks = (firstDateTime - epochDay) * ticksDay
	lastDateTimeTicks  = (lastDay-epochDay+1)*ticksDay - 1
	lastSmallTicks     = (lastSmallDateTime-epochDay+1)*ticksDay - ticksOfMinute
)

// ticks returns m as DATETIME's ticks since 1900-01-01. Digits beyond milliseconds are cut off and
// the rest is rounded, as the documentation of DATETIME says.
func (m *moment) ticks() int64 {
	ofSecond := (m.nanos/1e6*3 + 5) / 10
	return int64(m.dayNumber()-epochDay)*ticksDay + int64(m.secondOfDay()*tickHz+ofSecond)
}

// setTicks sets m to a number of ticks within DATETIME's range, in milliseconds.
func (m *moment) setTicks(n int64) {
	day, rest := floorDiv(n, ticksDay)
	m.setDay(int(day) + epochDay)
	m.setSecondOfDay(int(rest / tickHz))
	m.nanos = (int(rest%tickHz)*10 + 1) / 3 * 1e6
}

// exact sets the fraction of m, which is a DATETIME's, to that of its ticks: .003 is 0.003333333.
func (m *moment) exact() {
	ofSecond := (m.nanos/1e6*3 + 5) / 10
	m.nanos = (ofSecond*1e9 + tickHz/2) / tickHz
}

// fitTicks brings ticks to type t, DATETIME or SMALLDATETIME, which rounds to minutes; false if
// they are out of its range.
func fitTicks(t Type, n int64) (int64, bool) {
	if t.Kind == DateTime {
		return n, n >= firstDateTimeTicks && n <= lastDateTimeTicks
	}
	minutes, _ := floorDiv(n+ticksOfMinute/2, ticksOfMinute)
	n = minutes * ticksOfMinute
	return n, n >= 0 && n <= lastSmallTicks
}

// ticksValue returns the DATETIME or SMALLDATETIME of n ticks; false if it is out of range.
func ticksValue(t Type, n int64) (Value, bool) {
	n, ok := fitTicks(t, n)
	if !ok {
		return Value{}, false
	}
	var m moment
	m.setTicks(n)
	return Text(string(m.append(nil, t.Kind))), true
}

// numberToDateTime converts a number of days since 1900-01-01, with a fraction for the time of day.
func numberToDateTime(t Type, v Value) (Value, error) {
	if v.Form == FormFloat {
		n := math.Round(v.Float * ticksDay)
		if math.Abs(n) < 1<<53 { // which is far beyond the range
			if d, ok := ticksValue(t, int64(n)); ok {
				return d, nil
			}
		}
		return Value{}, errNumberRange(t)
	}
	d, ok := decimalOperand(v)
	if !ok {
		return Value{}, errOperand("a number")
	}
	n := d.times(decimal{small: ticksDay}).rescale(0)
	if n.large == nil {
		if d, ok := ticksValue(t, n.small); ok {
			return d, nil
		}
	}
	return Value{}, errNumberRange(t)
}

func errNumberRange(t Type) *Error {
	return newError(mssqlerr.Overflow, OutOfRange, "the number of days since 1900-01-01 is out of the range of %s", t).
		hinted("%s", rangeHint(t))
}

// dateTimeToNumber converts a DATETIME or SMALLDATETIME to the number of days since 1900-01-01,
// rounded half up for an integer.
func dateTimeToNumber(from, to Type, s string) (Value, error) {
	m, ok := readMoment(from, s)
	if !ok {
		return Value{}, errConversion(to, s)
	}
	n := m.ticks()
	switch {
	case to.Kind == Bit:
		return bit(n != 0), nil
	case to.Kind.IsInteger():
		days, _ := floorDiv(n+ticksDay/2, ticksDay)
		return fromInt(to, days, Int)
	case to.Kind.IsFloat():
		return floatResult(to, float64(n)/ticksDay)
	}
	scaled := new(big.Int).Mul(big.NewInt(2*n), pow10(to.Scale))
	scaled.Add(scaled, big.NewInt(ticksDay))
	scaled.Div(scaled, big.NewInt(2*ticksDay)) // rounds down: half up in all
	return decimal{large: scaled, scale: to.Scale}.normal().value(to)
}

// dateTimeArith adds or subtracts two values of type t, DATETIME or SMALLDATETIME, as numbers of
// days. The result is out of range with 8115.
func dateTimeArith(op Op, t Type, a, b Value) (Value, error) {
	x, okX := readMoment(t, a.Str)
	y, okY := readMoment(t, b.Str)
	if !okX || !okY || a.Form != FormText || b.Form != FormText || op != OpAdd && op != OpSub {
		return Value{}, errOperand("a valid operand of the operator")
	}
	n := y.ticks()
	if op == OpSub {
		n = -n
	}
	v, ok := ticksValue(t, x.ticks()+n)
	if !ok {
		return Value{}, errResult(t)
	}
	return v, nil
}
