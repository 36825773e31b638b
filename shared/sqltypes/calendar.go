package sqltypes

// The proleptic Gregorian calendar in day numbers: 0 is 0001-01-01, a Monday. The conversions are
// those of Howard Hinnant, https://howardhinnant.github.io/date_algorithms.html, which count the
// days of a year from March 1.

const (
	epochDay  = 693_595            // 1900-01-01, a Monday, is day 0 of DATETIME
	lastDay   = 3_652_058          // 9999-12-31
	fromMarch = 306                // days from 0000-03-01 to 0001-01-01
	era       = 146_097            // days of 400 years
	daySecond = 24 * 60 * 60       // seconds of a day
	dayNanos  = daySecond * 1e9    // nanoseconds of a day
	ticksDay  = daySecond * tickHz // DATETIME's ticks of a day
	tickHz    = 300                // DATETIME's ticks of a second
)

// dayNumber returns the day number of a valid date.
func dayNumber(year, month, day int) int {
	if month <= 2 {
		year--
	}
	e := year / 400
	yearOfEra := year - e*400
	dayOfYear := (153*((month+9)%12)+2)/5 + day - 1
	return e*era + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - fromMarch
}

// dayNumber returns the day number of m's date.
func (m *moment) dayNumber() int { return dayNumber(m.year, m.month, m.day) }

// setDay sets m's date to a day number from 0 to lastDay.
func (m *moment) setDay(n int) {
	n += fromMarch
	e := n / era
	dayOfEra := n - e*era
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	month := (5*dayOfYear + 2) / 153 // 0 is March
	m.day = dayOfYear - (153*month+2)/5 + 1
	m.month = (month+2)%12 + 1
	m.year = yearOfEra + e*400
	if m.month <= 2 {
		m.year++
	}
}

// secondOfDay returns the whole seconds of m's time of day.
func (m *moment) secondOfDay() int { return m.hour*3600 + m.minute*60 + m.second }

// nanoOfDay returns m's time of day in nanoseconds.
func (m *moment) nanoOfDay() int64 { return int64(m.secondOfDay())*1e9 + int64(m.nanos) }

// setNanoOfDay sets m's time of day, 0 to dayNanos-1.
func (m *moment) setNanoOfDay(n int64) {
	m.setSecondOfDay(int(n / 1e9))
	m.nanos = int(n % 1e9)
}

// setSecondOfDay sets m's time of day, without a fraction.
func (m *moment) setSecondOfDay(s int) {
	m.hour, m.minute, m.second, m.nanos = s/3600, s/60%60, s%60, 0
}

// floorDiv returns the quotient rounded down and the remainder, which is not negative; d > 0.
func floorDiv(n, d int64) (q, r int64) {
	q, r = n/d, n%d
	if r < 0 {
		q--
		r += d
	}
	return q, r
}
