package sqltypes

import (
	"math"

	"shardeck/shared/mssqlerr"
)

// DateAdd returns v, a date or time of type t, with n parts added, by
// https://learn.microsoft.com/sql/t-sql/functions/dateadd-transact-sql: a day that the month does
// not have becomes its last one, and a TIME wraps around at midnight. Errors: 517 beyond the range
// of t, 9810 for a part that t does not have, or that DATEADD does not add to it.
func DateAdd(p Part, t Type, n int64, v Value) (Value, error) {
	if err := addable(p, t); err != nil {
		return Value{}, err
	}
	m, ok := parseMoment(v.Str)
	if !ok || v.Form != FormText {
		return Value{}, errConversion(t, v.Str)
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return Value{}, errRange(IntType, "the number")
	}
	if m.add(p, t, n) && m.fit(t) {
		return Text(m.text(t, v.Str)), nil
	}
	return Value{}, newError(mssqlerr.DateAddOverflow, OutOfRange, "adding %d %ss to %s is out of the range of %s", n, p, v.Str, t).
		hinted("%s", addHint(t))
}

func addHint(t Type) string {
	if t.Kind.IsDateTime() {
		return rangeHint(t)
	}
	return "dates are from year 1 to 9999"
}

// addable refuses the parts that DATEADD does not add to values of type t.
func addable(p Part, t Type) error {
	coarse := t.Kind == Date || t.Kind.IsDateTime()
	if !p.Of(t.Kind) || p == PartISOWeek || coarse && (p == PartMicrosecond || p == PartNanosecond) {
		return errPart(p, t)
	}
	return nil
}

// add adds n parts; false beyond the years 1 to 9999.
func (m *moment) add(p Part, t Type, n int64) bool {
	row := &partTable[p]
	switch {
	case row.months > 0:
		return m.addMonths(n * int64(row.months))
	case row.days > 0:
		return m.addDays(n * int64(row.days))
	case t.Kind.IsDateTime():
		return m.addTicks(row.nanos, n)
	}
	perDay := int64(dayNanos) / row.nanos
	days, rest := floorDiv(n, perDay)
	carry, ofDay := floorDiv(m.nanoOfDay()+rest*row.nanos, dayNanos)
	m.setNanoOfDay(ofDay)
	return t.Kind == Time || m.addDays(days+carry)
}

// addTicks adds n units of DATETIME, rounded to ticks.
func (m *moment) addTicks(unit, n int64) bool {
	ticks := n * (unit / 1e9) * tickHz
	if unit < 1e9 { // of ten milliseconds there are three ticks
		ticks, _ = floorDiv(n*3+5, 10)
	}
	ticks += m.ticks()
	if ticks < firstDateTimeTicks || ticks > lastDateTimeTicks {
		return false
	}
	m.setTicks(ticks)
	return true
}

func (m *moment) addDays(n int64) bool {
	day := int64(m.dayNumber()) + n
	if day < 0 || day > lastDay {
		return false
	}
	m.setDay(int(day))
	return true
}

func (m *moment) addMonths(n int64) bool {
	year, month := floorDiv(int64(m.year*12+m.month-1)+n, 12)
	if year < 1 || year > 9999 {
		return false
	}
	m.year, m.month = int(year), int(month)+1
	m.day = min(m.day, daysIn(m.year, m.month))
	return true
}

// EndOfMonth returns the last day of the month that is months after that of v, a DATE; 517 beyond
// the years 1 to 9999.
func EndOfMonth(v Value, months int64) (Value, error) {
	m, ok := parseMoment(v.Str)
	if !ok || v.Form != FormText {
		return Value{}, errConversion(DateType, v.Str)
	}
	if months < math.MinInt32 || months > math.MaxInt32 || !m.addMonths(months) {
		return Value{}, newError(mssqlerr.DateAddOverflow, OutOfRange, "%d months after %s is out of the range of DATE", months, v.Str).
			hinted("%s", addHint(DateType))
	}
	m.day = daysIn(m.year, m.month)
	return Text(m.text(DateType, v.Str)), nil
}

// DateDiff returns the number of boundaries of a part between a and b, both DATETIME2, by
// https://learn.microsoft.com/sql/t-sql/functions/datediff-transact-sql: weeks begin on Sunday.
// 535 if it does not fit t, INT or BIGINT.
func DateDiff(p Part, t Type, a, b Value) (Value, error) {
	x, okX := parseMoment(a.Str)
	y, okY := parseMoment(b.Str)
	if !okX || !okY || a.Form != FormText || b.Form != FormText {
		return Value{}, errOperand("a date")
	}
	if p == PartISOWeek || !p.valid() {
		return Value{}, errPart(p, DateTime2Type)
	}
	n, ok := boundaries(p, &x, &y)
	lo, hi, _ := t.Kind.IntRange()
	if !ok || n < lo || n > hi {
		return Value{}, newError(mssqlerr.DateDiffOverflow, OutOfRange, "the number of %ss between %s and %s is out of the range of %s", p, a.Str, b.Str, t).
			hinted("use DATEDIFF_BIG, or a longer part")
	}
	return Int64(n), nil
}

// boundaries counts those between x and y; false if they overflow.
func boundaries(p Part, x, y *moment) (int64, bool) {
	row := &partTable[p]
	days := int64(y.dayNumber() - x.dayNumber())
	switch {
	case row.months > 0:
		return int64((y.year*12+y.month-1)/row.months - (x.year*12+x.month-1)/row.months), true
	case p == PartWeek:
		return int64((y.dayNumber()+1)/daysOfWeek - (x.dayNumber()+1)/daysOfWeek), true
	case row.days > 0:
		return days, true
	}
	n, ok := checkedInt(OpMul, days, dayNanos/row.nanos)
	if !ok {
		return 0, false
	}
	return checkedInt(OpAdd, n, y.nanoOfDay()/row.nanos-x.nanoOfDay()/row.nanos)
}
