package sqltypes

import "strings"

// The time of day in the text of a date, see datetext.go.

// timeStart returns where the time of day begins in s, -1 if there is none: at the digits before
// the first colon, or before AM or PM.
func timeStart(s string) int {
	end := strings.IndexByte(s, ':')
	if end < 0 {
		if len(s) < 3 || !isAMPM(s[len(s)-2:]) {
			return -1
		}
		end = len(strings.TrimRight(s[:len(s)-2], " "))
	}
	start := end
	for start > 0 && end-start < 2 && isDigit(s[start-1]) {
		start--
	}
	if start == end || start > 0 && s[start-1] != ' ' && s[start-1] != 'T' {
		return -1
	}
	return start
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAMPM(s string) bool { return strings.EqualFold(s, "AM") || strings.EqualFold(s, "PM") }

// readClock reads hh[:mm[:ss[.fraction]]] [AM|PM], or hh:mm:ss:milliseconds, and returns the rest.
func (r *dateReader) readClock(s string) (rest string, ok bool) {
	hour, s, ok := number2(s, 2)
	if !ok {
		return "", false
	}
	r.hour = hour
	colon := strings.HasPrefix(s, ":")
	if colon {
		if r.minute, s, ok = number2(s[1:], 2); !ok {
			return "", false
		}
		if strings.HasPrefix(s, ":") {
			if r.second, s, ok = number2(s[1:], 2); !ok {
				return "", false
			}
			if s, ok = r.readParts(s); !ok {
				return "", false
			}
		}
	}
	half := strings.TrimLeft(s, " ")
	switch {
	case len(half) >= 2 && isAMPM(half[:2]) && (len(half) == 2 || !isLetter(half[2])):
		pm := half[0]|0x20 == 'p'
		if s = half[2:]; !r.twelveHours(pm) {
			return "", false
		}
	case !colon:
		return "", false
	}
	if r.hour > 23 || r.minute > 59 || r.second > 59 {
		r.outOfRange = true
		return "", false
	}
	return s, true
}

// twelveHours applies AM or PM to the hour. Hour 0 is only before noon; 13 to 23 only after.
func (r *dateReader) twelveHours(pm bool) bool {
	switch {
	case pm && r.hour == 0, !pm && r.hour > 12:
		return false
	case pm && r.hour < 12:
		r.hour += 12
	case !pm && r.hour == 12:
		r.hour = 0
	}
	return true
}

// readParts reads the fraction of the seconds: .5 is half a second, :5 are five milliseconds.
func (r *dateReader) readParts(s string) (rest string, ok bool) {
	if s == "" || s[0] != '.' && s[0] != ':' {
		return s, true
	}
	end := digitsAt(s, 1)
	most := maxTimeScale
	if r.t.Kind.IsDateTime() || s[0] == ':' {
		most = 3
	}
	n, ok := digits(s[1:end])
	if !ok || end-1 > most {
		return "", false
	}
	width := 9
	if s[0] == '.' {
		width -= end - 1
	} else {
		width -= 3
	}
	for ; width > 0; width-- {
		n *= 10
	}
	r.nanos = n
	return s[end:], true
}

// readZone skips a time zone, which does not change the local time. DATETIME and SMALLDATETIME
// have only the Z of ISO 8601.
func (r *dateReader) readZone(s string, iso bool) (rest string, ok bool) {
	zone := strings.TrimLeft(s, " ")
	if zone == "" {
		return "", true
	}
	switch zone[0] {
	case 'Z', 'z':
		return zone[1:], iso || !r.t.Kind.IsDateTime()
	case '+', '-':
		h, s, ok := number2(zone[1:], 2)
		if !ok || !strings.HasPrefix(s, ":") || r.t.Kind.IsDateTime() {
			return "", false
		}
		m, s, ok := number2(s[1:], 2)
		return s, ok && h <= 14 && m <= 59 && (h < 14 || m == 0)
	}
	return s, true
}

// number2 reads 1 to most digits at the beginning of s.
func number2(s string, most int) (n int, rest string, ok bool) {
	end := digitsAt(s, 0)
	if end == 0 || end > most {
		return 0, "", false
	}
	n, ok = digits(s[:end])
	return n, s[end:], ok
}
