package sqltypes

import (
	"fmt"
	"strconv"
	"strings"

	"shardeck/shared/mssqlerr"
)

// The styles of CONVERT, by
// https://learn.microsoft.com/sql/t-sql/functions/cast-and-convert-transact-sql.

// NoStyle is the style of CAST, and of CONVERT without one: the default of the types.
const NoStyle = -1

// A style of dates with the century is the one without it and 100.
const (
	century      = 100
	styleSeconds = 8
	styleLast    = 14 // the last one that exists with and without the century
	styleODBC    = 21
	styleShortUS = 22
	styleISO     = century + 26
	styleZoned   = century + 27
	maxStyle     = century + 31
)

// defaultStyle is the style in which a date or time becomes text.
func defaultStyle(from Type) int {
	if from.Kind.IsDateTime() {
		return 0
	}
	return century + styleODBC
}

// dateStyle is a style of dates and times as text.
type dateStyle struct {
	date  string    // a layout: year, yr, mm, dd, mon, the rest as it is
	time  string    // a layout: hh, h12, mi, ss, fff, ampm
	order dateOrder // of a numeric date that is read
}

// The times of day of styles.
const (
	timeAMPM    = "h12:miampm"
	timeMillis  = "h12:mi:ss:fffampm"
	timeSeconds = "hh:mi:ss"
)

// dateStyles are the styles that have a format of their own, with the century where they exist
// with it, by their number without it.
var dateStyles = map[int]dateStyle{
	0:            {"mon sp year", timeAMPM, orderMDY},
	1:            {"mm/dd/year", "", orderMDY},
	2:            {"year.mm.dd", "", orderYMD},
	3:            {"dd/mm/year", "", orderDMY},
	4:            {"dd.mm.year", "", orderDMY},
	5:            {"dd-mm-year", "", orderDMY},
	6:            {"dd mon year", "", orderDMY},
	7:            {"mon dd, year", "", orderMDY},
	styleSeconds: {"", timeSeconds, orderMDY},
	9:            {"mon sp year", timeMillis, orderMDY},
	10:           {"mm-dd-year", "", orderMDY},
	11:           {"year/mm/dd", "", orderYMD},
	12:           {"yearmmdd", "", orderYMD},
	13:           {"dd mon year", "hh:mi:ss:fff", orderDMY},
	styleLast:    {"", "hh:mi:ss:fff", orderMDY},
	20:           {"year-mm-dd", timeSeconds, orderYMD},
	styleODBC:    {"year-mm-dd", "hh:mi:ss.fff", orderYMD},
	styleShortUS: {"mm/dd/yr", "h12:mi:ss ampm", orderMDY},
	23:           {"year-mm-dd", "", orderYMD},
	26:           {"year-mm-dd", "hh:mi:ss.fff", orderYMD},
	27:           {"year-mm-dd", "hh:mi:ss.fff", orderYMD},
}

// dateStyleOf returns a style, and whether its years have two digits; false if there is none.
func dateStyleOf(n int) (s dateStyle, short, ok bool) {
	const seconds, odbc = 24, 25 // which repeat others
	switch {
	case n < 0 || n > maxStyle, n > styleLast && n < 20,
		n > odbc && n < century, n > century+styleLast && n < century+20,
		n > century+styleODBC && n < styleISO:
		return dateStyle{}, false, false
	case n == seconds:
		n = styleSeconds
	case n == odbc:
		n = styleODBC
	}
	if s, ok = dateStyles[n%century]; !ok {
		return s, false, false
	}
	switch n {
	case 0, 9, 13: // which have the century
	default:
		if n <= styleLast {
			s.date = strings.Replace(s.date, "year", "yr", 1)
			return s, s.date != "", true
		}
	}
	return s, n == styleShortUS, true
}

// CheckStyle refuses a style that CONVERT from one type to another does not have (281), or that
// Shardeck does not support.
func CheckStyle(from, to Type, style int) error {
	if style == NoStyle {
		return nil
	}
	switch {
	case from.Kind.IsTemporal() && to.Kind.IsString():
		return checkDateStyle(from, style)
	case from.Kind.IsString() && to.Kind.IsTemporal():
		if _, _, ok := dateStyleOf(style); !ok {
			return errStyle(from, to, style, isHijri(style))
		}
	case from.Kind.IsBinary() != to.Kind.IsBinary() && (from.Kind.IsString() || to.Kind.IsString()):
		if style < 0 || style > 2 {
			return errStyle(from, to, style, false)
		}
	case from.Kind.IsFloat() && to.Kind.IsString() && style >= styleISO && style <= styleISO+3:
		return errStyle(from, to, style, true)
	}
	return nil
}

// isHijri reports whether a style is of the Hijri calendar.
func isHijri(style int) bool { return style == maxStyle || style == maxStyle-1 }

func checkDateStyle(from Type, style int) error {
	s, _, ok := dateStyleOf(style)
	to := Type{Kind: VarChar, Length: 30}
	switch {
	case !ok, style == styleZoned:
		return errStyle(from, to, style, ok || isHijri(style))
	case from.Kind == Date && s.date == "", from.Kind == Time && s.time == "":
		return errStyle(from, to, style, true).hinted("convert it to DATETIME2 first, or use style 121")
	case (from.Kind == Time || from.Kind == DateTime2) && strings.Contains(s.time, ":fff"):
		return errStyle(from, to, style, true).hinted("use style 121, or convert it to DATETIME first")
	}
	return nil
}

// errStyle refuses a style; known means that T-SQL has it.
func errStyle(from, to Type, style int, known bool) *Error {
	number, reason := mssqlerr.InvalidStyle, InvalidArgument
	if known {
		number, reason = 0, Unsupported
	}
	e := newError(number, reason, "the style %d is not supported when converting %s to %s", style, from.Kind, to.Kind)
	if from.Kind.IsTemporal() || to.Kind.IsTemporal() {
		return e.hinted("use style 120 (2026-11-22 20:24:00), 121 (with a fraction), 126 (with a T), 101 (11/22/2026), 103 (22/11/2026) or 112 (20261122)")
	}
	return e.hinted("use style 0, 1 or 2")
}

// temporalText formats the canonical text of a date or time in a style that [CheckStyle] allows.
func temporalText(from Type, s string, style int) string {
	m, ok := parseMoment(s)
	layout, _, known := dateStyleOf(style)
	if !ok || !known {
		return s
	}
	if from.Kind == Date {
		layout.time = ""
	}
	if from.Kind == Time {
		layout.date = ""
	}
	dst := m.format(nil, from, layout.date)
	switch {
	case layout.date == "" || layout.time == "":
	case style == styleISO:
		dst = append(dst, 'T')
	default:
		dst = append(dst, ' ')
	}
	clock := layout.time
	if style == styleISO && m.nanos == 0 || from.Scale == 0 && !from.Kind.IsDateTime() {
		clock = strings.TrimSuffix(clock, ".fff")
	}
	text := string(m.format(dst, from, clock))
	if from.Kind == Time {
		return strings.TrimLeft(text, " ")
	}
	return text
}

// format appends m in a layout of dateStyles.
func (m *moment) format(dst []byte, from Type, layout string) []byte {
	for layout != "" {
		n := 0
		for _, f := range fields {
			if strings.HasPrefix(layout, f.name) {
				dst, n = f.append(dst, m, from), len(f.name)
				break
			}
		}
		if n == 0 {
			dst, n = append(dst, layout[0]), 1
		}
		layout = layout[n:]
	}
	return dst
}

// fields are the fields of layouts; none is a prefix of an earlier one.
var fields = []struct {
	name   string
	append func(dst []byte, m *moment, from Type) []byte
}{
	{"year", func(dst []byte, m *moment, _ Type) []byte { return appendPadded(dst, m.year, 4) }},
	{"yr", func(dst []byte, m *moment, _ Type) []byte { return appendPadded(dst, m.year%100, 2) }},
	{"mon", func(dst []byte, m *moment, _ Type) []byte { return append(dst, monthNames[m.month][:3]...) }},
	{"mm", func(dst []byte, m *moment, _ Type) []byte { return appendPadded(dst, m.month, 2) }},
	{"mi", func(dst []byte, m *moment, _ Type) []byte { return appendPadded(dst, m.minute, 2) }},
	{"dd", func(dst []byte, m *moment, _ Type) []byte { return appendPadded(dst, m.day, 2) }},
	{"sp", func(dst []byte, m *moment, _ Type) []byte { return fmt.Appendf(dst, "%2d", m.day) }},
	{"hh", func(dst []byte, m *moment, _ Type) []byte { return appendPadded(dst, m.hour, 2) }},
	{"h12", func(dst []byte, m *moment, _ Type) []byte { return fmt.Appendf(dst, "%2d", (m.hour+11)%12+1) }},
	{"ss", func(dst []byte, m *moment, _ Type) []byte { return appendPadded(dst, m.second, 2) }},
	{"fff", appendFraction},
	{"ampm", func(dst []byte, m *moment, _ Type) []byte {
		if m.hour < 12 {
			return append(dst, "AM"...)
		}
		return append(dst, "PM"...)
	}},
}

// appendFraction appends the digits of a fraction that the type has: three of DATETIME, and of
// SMALLDATETIME, where they are zeros.
func appendFraction(dst []byte, m *moment, from Type) []byte {
	scale := from.Scale
	if from.Kind.IsDateTime() {
		scale = 3
	}
	return append(dst, fmt.Sprintf("%09d", m.nanos)[:scale]...)
}

// styledDate reads a string in the format of a style. Years of two digits are read in the styles
// without a century only, those of four in the others only.
func styledDate(t Type, s string, style int) (string, error) {
	layout, short, ok := dateStyleOf(style)
	switch {
	case !ok:
		return "", errStyle(Type{Kind: VarChar}, t, style, isHijri(style))
	case style == styleISO || style == styleZoned:
		if m, ok := parseMoment(s); ok && strings.Contains(s, "T") && (!t.Kind.IsDateTime() || dateTimeText(s)) {
			return fitted(t, &m, s)
		}
		return "", errConversion(t, s)
	}
	m, err := parseOrdered(t, s, layout.order)
	if err != nil {
		return "", err
	}
	if layout.date != "" && hasDigits(s) && short == hasLongYear(s) {
		return "", newError(0, Unsupported, "%s does not have the year of style %d", quoteClip(s), style).
			hinted("use a style below 100 for a year of two digits, and the one above 100 for a year of four")
	}
	return fitted(t, &m, s)
}

// hasDigits reports whether s has more than a time of day.
func hasDigits(s string) bool {
	s = strings.Trim(s, " ")
	start := timeStart(s)
	return s != "" && (start < 0 || start > 0)
}

// hasLongYear reports whether s has a number of four digits or of eight.
func hasLongYear(s string) bool {
	for i := 0; i < len(s); {
		end := digitsAt(s, i)
		if n := end - i; (n == 4 || n == 8) && (i == 0 || s[i-1] != '.' || end == len(s) || s[end] == ' ') {
			return true
		}
		i = max(end, i+1)
	}
	return false
}

// floatText formats a float in a style: 0 with six digits at most, 1 with 8 and 2 with 16 digits
// and an exponent, 3 with 17.
func floatText(f float64, style int) string {
	digits := 0
	switch style {
	case 1:
		digits = 8
	case 2:
		digits = 16
	case 3:
		digits = 17
	default:
		return formatStyle0(f)
	}
	return wideExponent(strconv.FormatFloat(f, 'e', digits-1, 64))
}
