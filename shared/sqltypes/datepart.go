package sqltypes

import (
	"slices"
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

// partTable has a row for each part.
var partTable = [...]struct {
	names []string // the full name, then T-SQL's abbreviations
	of    Kind     // Date or Time; a DATETIME2 has the parts of both
	value func(m *moment) int
}{
	PartYear:      {[]string{"year", "yy", "yyyy"}, Date, func(m *moment) int { return m.year }},
	PartQuarter:   {[]string{"quarter", "qq", "q"}, Date, func(m *moment) int { return (m.month + 2) / 3 }},
	PartMonth:     {[]string{"month", "mm", "m"}, Date, func(m *moment) int { return m.month }},
	PartDay:       {[]string{"day", "dd", "d"}, Date, func(m *moment) int { return m.day }},
	PartDayOfYear: {[]string{"dayofyear", "dy", "y"}, Date, (*moment).dayOfYear},
	PartHour:      {[]string{"hour", "hh"}, Time, func(m *moment) int { return m.hour }},
	PartMinute:    {[]string{"minute", "mi", "n"}, Time, func(m *moment) int { return m.minute }},
	PartSecond:    {[]string{"second", "ss", "s"}, Time, func(m *moment) int { return m.second }},
}

// String returns the part's full name, such as "dayofyear"; it is empty for an invalid part.
func (p Part) String() string {
	if !p.valid() {
		return ""
	}
	return partTable[p].names[0]
}

func (p Part) valid() bool { return int(p) < len(partTable) && partTable[p].value != nil }

// ParsePart returns the part with this name or T-SQL abbreviation, ignoring case.
func ParsePart(name string) (Part, bool) {
	name = strings.ToLower(name)
	for p, row := range partTable {
		if slices.Contains(row.names, name) {
			return Part(p), true
		}
	}
	return 0, false
}

// IsTSQLPart reports whether T-SQL has a date part with this name or abbreviation, ignoring case;
// [ParsePart] does not know all of them.
func IsTSQLPart(name string) bool {
	switch strings.ToLower(name) {
	case "week", "wk", "ww", "weekday", "dw", "millisecond", "ms", "microsecond", "mcs", "nanosecond", "ns",
		"tzoffset", "tz", "iso_week", "isowk", "isoww":
		return true
	}
	_, ok := ParsePart(name)
	return ok
}

// Of reports whether values of kind k have the part: a DATE has no time of day, a TIME no date.
func (p Part) Of(k Kind) bool {
	return p.valid() && (k == DateTime2 || k == partTable[p].of)
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
	return Int64(int64(partTable[p].value(&m))), nil
}

func partHint(k Kind) string {
	var names []string
	for p := range partTable {
		if p := Part(p); p.Of(k) {
			names = append(names, p.String())
		}
	}
	if names == nil {
		return "ask for parts of a DATE, a TIME or a DATETIME2"
	}
	last := len(names) - 1
	return "ask for " + strings.Join(names[:last], ", ") + " or " + names[last]
}

func (m *moment) dayOfYear() int {
	n := m.day
	for month := 1; month < m.month; month++ {
		n += daysIn(m.year, month)
	}
	return n
}
