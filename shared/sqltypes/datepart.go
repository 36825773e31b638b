package sqltypes

import (
	"strings"

	"shardeck/shared/mssqlerr"
)

// Part is a date part, as in DATEPART.
type Part uint8

// The parts.
const (
	PartYear Part = iota + 1
	PartQuarter
	PartMonth
	PartDay
	PartDayOfYear
	PartHour
	PartMinute
	PartSecond
)

var partNames = [...]string{
	PartYear: "year", PartQuarter: "quarter", PartMonth: "month", PartDay: "day", PartDayOfYear: "dayofyear", PartHour: "hour", PartMinute: "minute", PartSecond: "second",
}

// String returns the part's full name, such as "dayofyear".
func (p Part) String() string {
	if int(p) < len(partNames) {
		return partNames[p]
	}
	return ""
}

// ParsePart returns the part with this name or T-SQL abbreviation, ignoring case.
func ParsePart(name string) (Part, bool) {
	switch strings.ToLower(name) {
	case "year", "yy", "yyyy":
		return PartYear, true
	case "quarter", "qq", "q":
		return PartQuarter, true
	case "month", "mm", "m":
		return PartMonth, true
	case "day", "dd", "d":
		return PartDay, true
	case "dayofyear", "dy", "y":
		return PartDayOfYear, true
	case "hour", "hh":
		return PartHour, true
	case "minute", "mi", "n":
		return PartMinute, true
	case "second", "ss", "s":
		return PartSecond, true
	}
	return 0, false
}

// Of reports whether values of kind k have the part: a DATE has no time of day, a TIME no date.
func (p Part) Of(k Kind) bool {
	switch k {
	case DateTime2:
		return true
	case Date:
		return p <= PartDayOfYear
	case Time:
		return p >= PartHour
	}
	return false
}

// DatePart returns a part of v, a DATE, TIME or DATETIME2 of type t; NULL for NULL. A part that
// the type does not have is refused (9810).
func DatePart(p Part, t Type, v Value) (Value, error) {
	if !p.Of(t.Kind) {
		return Value{}, newError(mssqlerr.DatepartOfType, InvalidArgument, "a %s has no %s", t.Kind, p).hinted("%s", partHint(t.Kind))
	}
	if v.Form == FormNull {
		return Value{}, nil
	}
	m, ok := parseMoment(v.Str)
	if !ok || v.Form != FormText {
		return Value{}, errConversion(t, v.Str)
	}
	return Int64(int64(m.part(p))), nil
}

func partHint(k Kind) string {
	switch k {
	case Date:
		return "ask for year, quarter, month, day or dayofyear"
	case Time:
		return "ask for hour, minute or second"
	}
	return "ask for parts of a DATE, a TIME or a DATETIME2"
}

func (m *moment) part(p Part) int {
	switch p {
	case PartYear:
		return m.year
	case PartQuarter:
		return (m.month + 2) / 3
	case PartMonth:
		return m.month
	case PartDay:
		return m.day
	case PartDayOfYear:
		n := m.day
		for month := 1; month < m.month; month++ {
			n += daysIn(m.year, month)
		}
		return n
	case PartHour:
		return m.hour
	case PartMinute:
		return m.minute
	}
	return m.second
}
