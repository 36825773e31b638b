package sqltypes

import (
	"strings"

	"shardeck/shared/mssqlerr"
)

// Dates in strings, as T-SQL reads them where the language is us_english, the order of a date is
// month, day, year, and the cutoff of years of two digits is 2049. The formats are those of
// https://learn.microsoft.com/sql/t-sql/data-types/datetime-transact-sql, date-transact-sql and
// time-transact-sql.

// maxDateText bounds the text of a date or time without the spaces around it, in bytes.
const maxDateText = 100

// yearCutoff is the last year that a year of two digits can stand for.
const yearCutoff = 2049

// dateOrder is the order of the parts of a numeric date.
type dateOrder [3]byte

// The orders. A year of four digits may stand anywhere; the others keep their order.
var (
	orderMDY = dateOrder{'m', 'd', 'y'}
	orderDMY = dateOrder{'d', 'm', 'y'}
	orderYMD = dateOrder{'y', 'm', 'd'}
)

// dateReader reads the text of a date for one type.
type dateReader struct {
	moment
	t     Type
	order dateOrder
	// outOfRange means that the text has the form of a date, but there is no such day.
	outOfRange bool
}

// parseDateText reads a date, a time or both for a value of type t. DATETIME and SMALLDATETIME
// distinguish text that has no date's form (241, 295) from a day that does not exist (242).
func parseDateText(t Type, s string) (moment, error) {
	return parseOrdered(t, s, orderMDY)
}

func parseOrdered(t Type, s string, order dateOrder) (moment, error) {
	r := dateReader{moment: epoch, t: t, order: order}
	if text := strings.Trim(s, " "); len(text) <= maxDateText && r.read(text) {
		return r.moment, nil
	}
	if r.outOfRange && t.Kind.IsDateTime() {
		return moment{}, errDateRange(t, s)
	}
	return moment{}, errConversion(t, s)
}

func errDateRange(t Type, s string) *Error {
	return newError(mssqlerr.DateOutOfRange, OutOfRange, "%s is out of the range of %s", quoteClip(s), t).hinted("%s", rangeHint(t))
}

// dateTimeText reports whether s, which parseMoment reads, is also text for DATETIME: three digits
// of a fraction at most, and a Z only after a T.
func dateTimeText(s string) bool {
	s = strings.TrimRight(s, " ")
	if zoned, ok := strings.CutSuffix(s, "Z"); ok {
		if !strings.Contains(s, "T") {
			return false
		}
		s = zoned
	}
	point := strings.LastIndexByte(s, '.')
	return point < 0 || len(s)-point-1 <= 3
}

func (r *dateReader) read(s string) bool {
	start := timeStart(s)
	if start < 0 {
		return r.readDateOnly(s)
	}
	date, clock := s[:start], s[start:]
	isoDate := ""
	if d, ok := strings.CutSuffix(date, "T"); ok {
		if r.readDate(d) != len(d) || d == "" {
			return false
		}
		date, isoDate = "", d
	}
	rest, ok := r.readClock(clock)
	if !ok {
		return false
	}
	rest, ok = r.readZone(rest, isoDate != "")
	if !ok {
		return false
	}
	date, rest = strings.TrimRight(date, " "), strings.Trim(rest, " ")
	if rest != "" {
		if date != "" || isoDate != "" {
			return false
		}
		date = rest // the time may come first
	}
	return date == "" || r.readDateOnly(date)
}

// readDateOnly reads a date in any format.
func (r *dateReader) readDateOnly(s string) bool {
	s = strings.Trim(s, " ")
	if s != "" && digitsAt(s, 0) == len(s) {
		return r.unseparated(s)
	}
	parts, month, ok := dateParts(s)
	switch {
	case !ok:
		return false
	case month > 0:
		return r.alphabetical(parts, month)
	}
	return r.numeric(s, parts)
}

// unseparated reads yyyymmdd, yymmdd or yyyy.
func (r *dateReader) unseparated(s string) bool {
	n, ok := digits(s[:min(len(s), 9)])
	if !ok {
		return false
	}
	switch len(s) {
	case 4:
		return r.setDate(n, 1, 1)
	case 6:
		return r.setDate(fullYear(n/10000), n/100%100, n%100)
	case 8:
		return r.setDate(n/10000, n/100%100, n%100)
	}
	return false
}

// datePart is a number of a date, with its digits.
type datePart struct{ n, digits int }

// dateParts splits a date into its numbers, three at most, and its month if that is a name, else 0.
func dateParts(s string) (parts []datePart, month int, ok bool) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case isDigit(c):
			end := digitsAt(s, i)
			n, fits := digits(s[i:min(end, i+9)])
			if !fits || end-i > 4 || end-i == 3 || len(parts) == 3 {
				return nil, 0, false
			}
			parts = append(parts, datePart{n, end - i})
			i = end
		case isLetter(c):
			end := i
			for end < len(s) && isLetter(s[end]) {
				end++
			}
			if month != 0 {
				return nil, 0, false
			}
			if month = monthOf(s[i:end]); month == 0 {
				return nil, 0, false
			}
			i = end
		case strings.IndexByte(" ,-/.", c) >= 0:
			i++
		default:
			return nil, 0, false
		}
	}
	return parts, month, true
}

func isLetter(c byte) bool { c |= 0x20; return 'a' <= c && c <= 'z' }

var monthNames = [...]string{"", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

// monthOf returns the month with this name or abbreviation of three letters, 0 if there is none.
func monthOf(name string) int {
	for m, full := range monthNames[1:] {
		if strings.EqualFold(name, full) || strings.EqualFold(name, full[:3]) {
			return m + 1
		}
	}
	return 0
}

// alphabetical reads a date whose month is a name. Of two numbers the one of four digits is the
// year, else the second; of a single one, which is the year, the day is the first.
func (r *dateReader) alphabetical(parts []datePart, month int) bool {
	switch {
	case len(parts) == 1 && parts[0].digits == 4:
		return r.setDate(parts[0].n, month, 1)
	case len(parts) != 2 || parts[0].digits == 4 && parts[1].digits == 4:
		return false
	}
	day, year := parts[0], parts[1]
	if day.digits == 4 {
		day, year = year, day
	}
	if year.digits == 4 {
		return r.setDate(year.n, month, day.n)
	}
	return r.setDate(fullYear(year.n), month, day.n)
}

// numeric reads three numbers separated by slashes, hyphens or points.
func (r *dateReader) numeric(s string, parts []datePart) bool {
	if len(parts) != 3 || !isDigit(s[0]) || !isDigit(s[len(s)-1]) || strings.ContainsAny(s, " ,") || doubled(s) {
		return false
	}
	order, years := r.order, 0
	for i, p := range parts {
		if p.digits == 4 {
			years++
			order = order.withYearAt(i)
		}
	}
	if years > 1 {
		return false
	}
	var year, month, day int
	for i, p := range parts {
		switch order[i] {
		case 'y':
			if year = p.n; p.digits <= 2 {
				year = fullYear(year)
			}
		case 'm':
			month = p.n
		default:
			day = p.n
		}
	}
	return r.setDate(year, month, day)
}

// doubled reports whether two separators follow each other.
func doubled(s string) bool {
	for i := 1; i < len(s); i++ {
		if !isDigit(s[i]) && !isDigit(s[i-1]) {
			return true
		}
	}
	return false
}

// withYearAt returns the order with the year at position i, and the others as they were.
func (o dateOrder) withYearAt(i int) dateOrder {
	rest := make([]byte, 0, 3)
	for _, c := range o {
		if c != 'y' {
			rest = append(rest, c)
		}
	}
	var moved dateOrder
	for k := range moved {
		if k == i {
			moved[k] = 'y'
			continue
		}
		moved[k], rest = rest[0], rest[1:]
	}
	return moved
}

// fullYear returns the year that two digits stand for.
func fullYear(n int) int {
	if n <= yearCutoff%100 {
		return yearCutoff/100*100 + n
	}
	return yearCutoff/100*100 - 100 + n
}

func (r *dateReader) setDate(year, month, day int) bool {
	if year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		r.outOfRange = true
		return false
	}
	r.year, r.month, r.day = year, month, day
	return true
}
