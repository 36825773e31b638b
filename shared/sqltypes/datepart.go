package sqltypes

import (
	"slices"
	"strconv"
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
	PartWeek
	PartWeekday
	PartISOWeek
	PartHour
	PartMinute
	PartSecond
	PartMillisecond
	PartMicrosecond
	PartNanosecond
)

// partTable has a row for each part.
var partTable = [...]struct {
	names []string // the full name, then T-SQL's abbreviations
	of    Kind     // Date or Time; other types have the parts of both
	value func(m *moment) int
	// nanos is the length of a part of the time of day; months and days those of a part of the
	// date of which it is a multiple.
	nanos        int64
	months, days int
}{
	PartYear:        {names: []string{"year", "yy", "yyyy"}, of: Date, value: func(m *moment) int { return m.year }, months: 12},
	PartQuarter:     {names: []string{"quarter", "qq", "q"}, of: Date, value: func(m *moment) int { return (m.month + 2) / 3 }, months: 3},
	PartMonth:       {names: []string{"month", "mm", "m"}, of: Date, value: func(m *moment) int { return m.month }, months: 1},
	PartDay:         {names: []string{"day", "dd", "d"}, of: Date, value: func(m *moment) int { return m.day }, days: 1},
	PartDayOfYear:   {names: []string{"dayofyear", "dy", "y"}, of: Date, value: (*moment).dayOfYear, days: 1},
	PartWeek:        {names: []string{"week", "wk", "ww"}, of: Date, value: (*moment).week, days: daysOfWeek},
	PartWeekday:     {names: []string{"weekday", "dw", "w"}, of: Date, value: (*moment).weekday, days: 1},
	PartISOWeek:     {names: []string{"iso_week", "isowk", "isoww"}, of: Date, value: (*moment).isoWeek},
	PartHour:        {names: []string{"hour", "hh"}, of: Time, value: func(m *moment) int { return m.hour }, nanos: 3600e9},
	PartMinute:      {names: []string{"minute", "mi", "n"}, of: Time, value: func(m *moment) int { return m.minute }, nanos: 60e9},
	PartSecond:      {names: []string{"second", "ss", "s"}, of: Time, value: func(m *moment) int { return m.second }, nanos: 1e9},
	PartMillisecond: {names: []string{"millisecond", "ms"}, of: Time, value: func(m *moment) int { return m.nanos / 1e6 }, nanos: 1e6},
	PartMicrosecond: {names: []string{"microsecond", "mcs"}, of: Time, value: func(m *moment) int { return m.nanos / 1e3 }, nanos: 1e3},
	PartNanosecond:  {names: []string{"nanosecond", "ns"}, of: Time, value: func(m *moment) int { return m.nanos }, nanos: 1},
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
// [ParsePart] does not know the offset of a time zone.
func IsTSQLPart(name string) bool {
	switch strings.ToLower(name) {
	case "tzoffset", "tz":
		return true
	}
	_, ok := ParsePart(name)
	return ok
}

// PartNames returns the names of the parts.
func PartNames() []string {
	var names []string
	for p := range partTable {
		if p := Part(p); p.valid() {
			names = append(names, p.String())
		}
	}
	return names
}

// Of reports whether values of kind k have the part: a DATE has no time of day, a TIME no date.
func (p Part) Of(k Kind) bool {
	return p.valid() && k.IsTemporal() && (k == partTable[p].of || k != Date && k != Time)
}

// DatePart returns a part of v, a date or time of type t; NULL for NULL. Weeks begin on Sunday,
// as where DATEFIRST is 7. A part that the type does not have is refused (9810).
func DatePart(p Part, t Type, v Value) (Value, error) {
	m, err := partOf(p, t, v)
	if m == nil {
		return Value{}, err
	}
	return Int64(int64(partTable[p].value(m))), nil
}

// DateName is [DatePart] as text: the name of a month or weekday in English, the number of others.
func DateName(p Part, t Type, v Value) (Value, error) {
	m, err := partOf(p, t, v)
	if m == nil {
		return Value{}, err
	}
	switch n := partTable[p].value(m); p {
	case PartMonth:
		return Text(monthNames[n]), nil
	case PartWeekday:
		return Text([...]string{"", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}[n]), nil
	default:
		return Text(strconv.Itoa(n)), nil
	}
}

// partOf reads v for a part of it; nil for NULL. Milliseconds are those that a DATETIME is written
// with, smaller parts are those of its ticks.
func partOf(p Part, t Type, v Value) (*moment, error) {
	if !p.Of(t.Kind) {
		return nil, errPart(p, t)
	}
	if v.Form == FormNull {
		return nil, nil
	}
	m, ok := parseMoment(v.Str)
	if !ok || v.Form != FormText {
		return nil, errConversion(t, v.Str)
	}
	if t.Kind == DateTime && (p == PartMicrosecond || p == PartNanosecond) {
		m.exact()
	}
	return &m, nil
}

func errPart(p Part, t Type) *Error {
	return newError(mssqlerr.DatepartOfType, InvalidArgument, "a %s has no %s", t.Kind, p).hinted("%s", partHint(t.Kind))
}

func partHint(k Kind) string {
	var names []string
	for p := range partTable {
		if p := Part(p); p.Of(k) {
			names = append(names, p.String())
		}
	}
	if names == nil {
		return "ask for parts of a date or a time"
	}
	last := len(names) - 1
	return "ask for " + strings.Join(names[:last], ", ") + " or " + names[last]
}

func (m *moment) dayOfYear() int { return m.dayNumber() - dayNumber(m.year, 1, 1) + 1 }

const daysOfWeek = 7

// weekday returns the day of the week, 1 for Sunday.
func (m *moment) weekday() int { return weekday(m.dayNumber()) }

func weekday(day int) int { return (day+1)%daysOfWeek + 1 }

// week returns the week of the year: the first one is that of January 1.
func (m *moment) week() int {
	first := dayNumber(m.year, 1, 1)
	return (m.dayNumber()-first+weekday(first)-1)/daysOfWeek + 1
}

// isoWeek returns the week of ISO 8601, which has the year of its Thursday.
func (m *moment) isoWeek() int {
	day := m.dayNumber()
	thursday := day - day%daysOfWeek + 3
	var t moment
	t.setDay(thursday)
	return (t.dayOfYear()-1)/daysOfWeek + 1
}
