package sqltypes

import "shardeck/shared/mssqlerr"

// DateFromParts returns the value of type t, a DATE, TIME, DATETIME2, DATETIME or SMALLDATETIME,
// that consists of parts: year, month and day unless t is TIME, then hour and minute unless t is
// DATE, then second and fraction, in units of the precision of t, unless t is SMALLDATETIME. 289 if
// there is no such date or time.
func DateFromParts(t Type, parts []int64) (Value, error) {
	var all [7]int64
	copy(all[:3], []int64{int64(epoch.year), int64(epoch.month), int64(epoch.day)})
	first := 0
	if t.Kind == Time {
		first = 3
	}
	if len(parts) > len(all)-first {
		return Value{}, errOperand("a list of the parts of a date")
	}
	copy(all[first:], parts)
	year, month, day := all[0], all[1], all[2]
	fraction, unit := all[6], int64(1e9)
	for range t.Scale {
		unit /= 10
	}
	least := int64(1)
	if t.Kind == DateTime {
		least = 1753
	}
	if !between(year, least, 9999) || !between(month, 1, 12) || !between(day, 1, int64(daysIn(int(year), int(month)))) ||
		!between(all[3], 0, 23) || !between(all[4], 0, 59) || !between(all[5], 0, 59) || !between(fraction, 0, 1e9/unit-1) {
		return Value{}, errParts(t)
	}
	m := moment{
		year: int(year), month: int(month), day: int(day),
		hour: int(all[3]), minute: int(all[4]), second: int(all[5]), nanos: int(fraction * unit),
	}
	if !m.fit(t) {
		return Value{}, errParts(t)
	}
	return Text(m.text(t, "")), nil
}

func between(n, lo, hi int64) bool { return lo <= n && n <= hi }

func errParts(t Type) *Error {
	return newError(mssqlerr.InvalidDateParts, InvalidArgument, "there is no %s of these parts", t).
		hinted("use months 1 to 12, days of the month, hours 0 to 23, minutes and seconds 0 to 59, and a fraction of no more digits than the precision")
}

// IsDate reports whether text is a DATETIME, as ISDATE does: a DATETIME2 with more digits or
// earlier dates is not.
func IsDate(s string) bool {
	_, err := textToTemporal(DateTimeType, s)
	return err == nil
}
