package sqltypes

import (
	"strings"
	"time"
)

// moment is a date and a time of day, without a zone, like T-SQL's DATE, TIME and DATETIME2.
type moment struct {
	year, month, day     int
	hour, minute, second int
	nanos                int // 0 to 999,999,999
}

// epoch is T-SQL's default for a missing date.
var epoch = moment{year: 1900, month: 1, day: 1}

// parseMoment reads ISO 8601: a date (2026-11-22 or 20261122), a time
// (20:24, 20:24:00, 20:24:00.1234567), or both separated by a T or a space and optionally
// followed by a Z. The empty string is the epoch, as in T-SQL.
func parseMoment(s string) (m moment, ok bool) {
	m = epoch
	s = strings.Trim(s, " ")
	if s == "" {
		return m, true
	}
	if len(s) < 3 || s[2] != ':' {
		n := m.readDate(s)
		if n == 0 {
			return m, false
		}
		if n == len(s) {
			return m, true
		}
		if s[n] != 'T' && s[n] != ' ' {
			return m, false
		}
		s = strings.TrimSuffix(s[n+1:], "Z")
	}
	return m, m.readTime(s)
}

// readMoment reads the canonical text of a value of type t. The fraction of a DATETIME is that of
// its ticks.
func readMoment(t Type, s string) (m moment, ok bool) {
	m, ok = parseMoment(s)
	if t.Kind == DateTime {
		m.exact()
	}
	return m, ok
}

// readDate reads a leading date from s and returns its length, 0 if there is none.
func (m *moment) readDate(s string) int {
	var ok [3]bool
	n := 0
	switch {
	case len(s) >= 10 && s[4] == '-' && s[7] == '-':
		m.year, ok[0] = digits(s[:4])
		m.month, ok[1] = digits(s[5:7])
		m.day, ok[2] = digits(s[8:10])
		n = 10
	case len(s) >= 8:
		m.year, ok[0] = digits(s[:4])
		m.month, ok[1] = digits(s[4:6])
		m.day, ok[2] = digits(s[6:8])
		n = 8
	}
	if ok != [3]bool{true, true, true} || m.year < 1 || m.month < 1 || m.month > 12 || m.day < 1 || m.day > daysIn(m.year, m.month) {
		return 0
	}
	return n
}

func (m *moment) readTime(s string) bool {
	if len(s) < 5 || s[2] != ':' {
		return false
	}
	var okH, okM bool
	m.hour, okH = digits(s[:2])
	m.minute, okM = digits(s[3:5])
	if !okH || !okM || m.hour > 23 || m.minute > 59 {
		return false
	}
	s = s[5:]
	if s == "" {
		return true
	}
	if len(s) < 3 || s[0] != ':' {
		return false
	}
	second, ok := digits(s[1:3])
	if !ok || second > 59 {
		return false
	}
	m.second = second
	return m.readFraction(s[3:])
}

// readFraction reads ".5" to ".123456789"; empty text is no fraction.
func (m *moment) readFraction(s string) bool {
	if s == "" {
		return true
	}
	if s[0] != '.' || len(s) < 2 || len(s) > 10 {
		return false
	}
	n, ok := digits(s[1:])
	for i := len(s) - 1; i < 9; i++ {
		n *= 10
	}
	m.nanos = n
	return ok
}

// digits reads s, at most 9 bytes, which must be digits only.
func digits(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, s != ""
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// round rounds the time to scale fraction digits, half up as SQL Server does. It carries into the
// date and reports whether the year stayed below 10000.
func (m *moment) round(scale int) bool {
	unit := 1
	for i := scale; i < 9; i++ {
		unit *= 10
	}
	m.nanos += unit / 2
	m.nanos -= m.nanos % unit
	if m.nanos < 1e9 {
		return true
	}
	m.nanos = 0
	if m.second++; m.second < 60 {
		return true
	}
	m.second = 0
	if m.minute++; m.minute < 60 {
		return true
	}
	m.minute = 0
	if m.hour++; m.hour < 24 {
		return true
	}
	m.hour = 0
	if m.day++; m.day <= daysIn(m.year, m.month) {
		return true
	}
	m.day = 1
	if m.month++; m.month <= 12 {
		return true
	}
	m.month = 1
	m.year++
	return m.year < 10000
}

// AppendTemporal appends the canonical text of a date or time of kind k that a driver returned
// as at, whose zone is ignored. A DATETIME's thirds of a millisecond are rounded. Trailing zeros of the fraction, and a zero fraction, are omitted.
func AppendTemporal(dst []byte, k Kind, at time.Time) []byte {
	m := moment{nanos: at.Nanosecond()}
	var month time.Month
	m.year, month, m.day = at.Date()
	m.month = int(month)
	m.hour, m.minute, m.second = at.Clock()
	if k.IsDateTime() {
		m.nanos = min((m.nanos+5e5)/1e6, 999) * 1e6
	}
	return m.append(dst, k)
}

// append appends the canonical text of the parts that kind k has.
func (m *moment) append(dst []byte, k Kind) []byte {
	switch k {
	case Date:
		return m.appendDate(dst)
	case Time:
		return m.appendTime(dst)
	}
	return m.appendTime(append(m.appendDate(dst), 'T'))
}

// maxMoment is the length of the longest canonical text, 2026-11-22T20:24:00.1234567.
const maxMoment = 27

func (m *moment) appendDate(dst []byte) []byte {
	dst = appendPadded(dst, m.year, 4)
	dst = append(dst, '-')
	dst = appendPadded(dst, m.month, 2)
	dst = append(dst, '-')
	return appendPadded(dst, m.day, 2)
}

// appendTime omits trailing zeros of the fraction, and a zero fraction.
func (m *moment) appendTime(dst []byte) []byte {
	dst = appendPadded(dst, m.hour, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, m.minute, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, m.second, 2)
	if m.nanos == 0 {
		return dst
	}
	dst = append(dst, '.')
	n, width := m.nanos, 9
	for n%10 == 0 {
		n /= 10
		width--
	}
	return appendPadded(dst, n, width)
}

func appendPadded(dst []byte, n, width int) []byte {
	var b [9]byte
	for i := width - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, b[:width]...)
}

// fit brings m to the precision of t; false if it is out of t's range.
func (m *moment) fit(t Type) bool {
	switch t.Kind {
	case Date:
		return true
	case Time:
		m.round(t.Scale) // a TIME of 23:59:59.9 at scale 0 is midnight, as in SQL Server
		return true
	case DateTime2:
		return m.round(t.Scale)
	}
	n, ok := fitTicks(t, m.ticks())
	if ok {
		m.setTicks(n)
	}
	return ok
}

// text returns the canonical text of m, which fits type t; s if that is the same.
func (m *moment) text(t Type, s string) string {
	var buf [maxMoment]byte
	b := m.append(buf[:0], t.Kind)
	if string(b) == s {
		return s
	}
	return string(b)
}

// convertTemporal converts the canonical text of a date or time of type from to type t.
func convertTemporal(t, from Type, s string) (Value, error) {
	m, ok := readMoment(from, s)
	if !ok {
		return Value{}, errConversion(t, s)
	}
	text, err := fitted(t, &m, s)
	if err != nil {
		return Value{}, err
	}
	return Text(text), nil
}

// textToTemporal converts a string to the canonical text of a date or time.
func textToTemporal(t Type, s string) (string, error) {
	m, ok := parseMoment(s)
	if !ok || t.Kind.IsDateTime() && !dateTimeText(s) {
		var err error
		if m, err = parseDateText(t, s); err != nil {
			return "", err
		}
	}
	return fitted(t, &m, s)
}

// fitted returns the canonical text of m as a value of type t; s is its text, for an error.
func fitted(t Type, m *moment, s string) (string, error) {
	switch {
	case m.fit(t):
		return m.text(t, s), nil
	case t.Kind.IsDateTime():
		return "", errDateRange(t, s)
	}
	return "", errRange(t, s)
}
