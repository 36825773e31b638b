package sqltypes

import (
	"math"

	"shardeck/shared/mssqlerr"
)

// DateTrunc returns v, a date or time of type t, truncated to a part, by
// https://learn.microsoft.com/sql/t-sql/functions/datetrunc-transact-sql. Errors: 9810 for a part
// that DATETRUNC does not have for t, 9837 for a week that begins before the first date of t.
func DateTrunc(p Part, t Type, v Value) (Value, error) {
	if !truncates(p, t) {
		return Value{}, errPart(p, t)
	}
	m, ok := readMoment(t, v.Str)
	if !ok || v.Form != FormText {
		return Value{}, errConversion(t, v.Str)
	}
	if p == PartMillisecond && t.Kind == DateTime {
		return v, nil // its own precision
	}
	if !m.truncate(p) || !m.fit(t) {
		return Value{}, newError(mssqlerr.DateTooSmall, OutOfRange, "the %s of %s begins before the first date of %s", p, v.Str, t).
			hinted("truncate to a month, or to iso_week")
	}
	return Text(m.text(t, v.Str)), nil
}

// truncates reports whether DATETRUNC has the part for values of type t.
func truncates(p Part, t Type) bool {
	digits := 0 // of a fraction that the part needs
	switch p {
	case PartWeekday, PartNanosecond:
		return false
	case PartMillisecond:
		digits = 3
	case PartMicrosecond:
		digits = 6
	}
	return p.Of(t.Kind) && t.Scale >= digits
}

// truncate sets what is smaller than the part to its least value; false before year 1.
func (m *moment) truncate(p Part) bool {
	row := &partTable[p]
	if row.nanos > 0 {
		n := m.nanoOfDay()
		m.setNanoOfDay(n - n%row.nanos)
		return true
	}
	m.setSecondOfDay(0)
	switch {
	case row.months > 0:
		m.month, m.day = m.month-(m.month-1)%row.months, 1
	case p == PartWeek:
		return m.addDays(int64(1 - m.weekday()))
	case p == PartISOWeek:
		return m.addDays(int64(-m.dayNumber() % daysOfWeek))
	}
	return true
}

// DateBucket returns the beginning of the bucket of n parts that v, a date or time of type t, is
// in; a bucket begins at origin, also of type t, or at 1900-01-01 if that is NULL
// (https://learn.microsoft.com/sql/t-sql/functions/date-bucket-transact-sql). Errors: 9834 if n is
// not positive, 8115 if it is no INT, 9810 for a part that t does not have, 517 for a bucket that
// begins before the first date of t.
func DateBucket(p Part, t Type, n int64, v, origin Value) (Value, error) {
	switch {
	case addable(p, t) != nil || p == PartMicrosecond || p == PartNanosecond || p == PartDayOfYear || p == PartWeekday:
		return Value{}, errPart(p, t)
	case n <= 0:
		return Value{}, newError(mssqlerr.BucketWidth, InvalidArgument, "the width %d of a bucket is not positive", n).hinted("write 1 or more")
	case n > math.MaxInt32:
		return Value{}, errRange(IntType, "the width of a bucket")
	}
	m, ok := readMoment(t, v.Str)
	from := epoch
	if !origin.IsNull() {
		var okOrigin bool
		from, okOrigin = readMoment(t, origin.Str)
		ok = ok && okOrigin
	}
	if !ok || v.Form != FormText {
		return Value{}, errConversion(t, v.Str)
	}
	if m.bucket(p, n, &from) && from.fit(t) {
		return Text(from.text(t, v.Str)), nil
	}
	return Value{}, newError(mssqlerr.DateAddOverflow, OutOfRange, "the bucket of %s begins before the first date of %s", v.Str, t).
		hinted("use an earlier origin")
}

// bucket sets from, an origin, to the beginning of m's bucket of n parts; false before year 1.
func (m *moment) bucket(p Part, n int64, from *moment) bool {
	row := &partTable[p]
	if row.months > 0 {
		width := n * int64(row.months)
		between := int64((m.year-from.year)*12 + m.month - from.month)
		count, _ := floorDiv(between, width)
		begin := *from
		if !begin.addMonths(count * width) {
			return false
		}
		if m.before(&begin) { // in the month of a boundary, but before its day
			begin = *from
			if !begin.addMonths((count - 1) * width) {
				return false
			}
		}
		*from = begin
		return true
	}
	days := int64(m.dayNumber() - from.dayNumber())
	if row.days > 0 {
		if m.nanoOfDay() < from.nanoOfDay() {
			days--
		}
		count, _ := floorDiv(days, n*int64(row.days))
		return from.addDays(count * n * int64(row.days))
	}
	return m.bucketOfDay(row.nanos, n, days, from)
}

// bucketOfDay is bucket for units of a time of day, of which dayNanos is a multiple, and a
// difference of days.
func (m *moment) bucketOfDay(unit, n, days int64, from *moment) bool {
	// The whole units since the origin: at most 3.2e14 milliseconds.
	carry, rest := floorDiv(m.nanoOfDay()-from.nanoOfDay(), dayNanos)
	units := (days+carry)*(dayNanos/unit) + rest/unit
	_, over := floorDiv(units, n)
	days, rest = floorDiv(units-over, dayNanos/unit)
	carry, ofDay := floorDiv(from.nanoOfDay()+rest*unit, dayNanos)
	from.setNanoOfDay(ofDay)
	return from.addDays(days + carry)
}

// before reports whether m is earlier than o.
func (m *moment) before(o *moment) bool {
	if d, e := m.dayNumber(), o.dayNumber(); d != e {
		return d < e
	}
	return m.nanoOfDay() < o.nanoOfDay()
}
