package sqltypes_test

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

func TestUpperAndLowerMapCharacterByCharacter(t *testing.T) {
	for _, c := range []struct{ s, upper, lower string }{
		{"", "", ""},
		{"abc", "ABC", "abc"},
		{"Zoë [x]{y} 12", "ZOË [X]{Y} 12", "zoë [x]{y} 12"},
		{"straße", "STRAßE", "straße"},
		{"ΣΑΣ", "ΣΑΣ", "σασ"},
		{"ж", "Ж", "ж"},
		{"iıİI", "IıİI", "iıİi"},
		{"a\xffb", "A\xffB", "a\xffb"},
	} {
		if got := sqltypes.Upper(c.s); got != c.upper {
			t.Errorf("Upper(%q) is %q, want %q", c.s, got, c.upper)
		}
		if got := sqltypes.Lower(c.s); got != c.lower {
			t.Errorf("Lower(%q) is %q, want %q", c.s, got, c.lower)
		}
	}
}

// Strings equal by the default collation stay equal in either case.
func TestCaseMappingAgreesWithTheCollation(t *testing.T) {
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		s := string(r)
		if sqltypes.CompareText(sqltypes.Upper(s), s) != 0 || sqltypes.CompareText(sqltypes.Lower(s), s) != 0 {
			t.Errorf("%q: UPPER %q, LOWER %q", s, sqltypes.Upper(s), sqltypes.Lower(s))
		}
	}
}

func TestLenAndTrims(t *testing.T) {
	for _, c := range []struct {
		s            string
		len          int64
		ltrim, rtrim string
	}{
		{"", 0, "", ""},
		{"   ", 0, "", ""},
		{"  ab  ", 4, "ab  ", "  ab"},
		{"\tab\n ", 4, "\tab\n ", "\tab\n"},
		{"Zoë😀", 4, "Zoë😀", "Zoë😀"},
	} {
		if n, l, r := sqltypes.Len(c.s), sqltypes.LTrim(c.s), sqltypes.RTrim(c.s); n != c.len || l != c.ltrim || r != c.rtrim {
			t.Errorf("%q: LEN %d, LTRIM %q, RTRIM %q", c.s, n, l, r)
		}
	}
}

func TestSubstring(t *testing.T) {
	for _, c := range []struct {
		start, length int64
		want          string
	}{
		{1, 3, "abc"}, {2, 2, "bc"}, {4, 1, "é"}, {4, 9, "éf"}, {6, 1, ""}, {1, 0, ""},
		{0, 2, "a"}, {-1, 2, ""}, {-1, 4, "ab"}, {-5, 3, ""},
		{1, math.MaxInt64, "abcéf"}, {math.MaxInt64, math.MaxInt64, ""}, {math.MinInt64, math.MaxInt64, ""},
		{3, math.MaxInt64, "céf"}, {math.MinInt64, 0, ""},
	} {
		if got, err := sqltypes.Substring("abcéf", c.start, c.length); got != c.want || err != nil {
			t.Errorf("SUBSTRING('abcéf', %d, %d) is %q (%v), want %q", c.start, c.length, got, err, c.want)
		}
	}
	if _, err := sqltypes.Substring("abc", 1, -1); numberOf(err) != 537 {
		t.Errorf("a negative length: %v", err)
	}
}

// The documentation's definition: characters of which start <= position < start + length.
func TestSubstringAgreesWithItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringN(0, 12, -1).Draw(t, "s")
		start, length := rapid.Int64Range(-15, 15).Draw(t, "start"), rapid.Int64Range(0, 20).Draw(t, "length")
		var want strings.Builder
		for i, r := range []rune(s) {
			if p := int64(i) + 1; start <= p && p < start+length {
				want.WriteRune(r)
			}
		}
		if got, err := sqltypes.Substring(s, start, length); err != nil || got != want.String() {
			t.Fatalf("SUBSTRING(%q, %d, %d) is %q (%v), want %q", s, start, length, got, err, want.String())
		}
	})
}

func TestConcatCutsAtTheTypesLength(t *testing.T) {
	for _, c := range []struct{ typ, a, b, want string }{
		{"VARCHAR(8)", "ab ", "cd", "ab cd"},
		{"VARCHAR(4)", "ab", "cde", "abcd"},
		{"VARCHAR(4)", "abc", "é", "abc"}, // two bytes
		{"NVARCHAR(4)", "abc", "é", "abcé"},
		{"NVARCHAR(4)", "abc", "😀", "abc"}, // two units
		{"NVARCHAR(MAX)", "abc", "😀", "abc😀"},
	} {
		got, err := sqltypes.Concat(mustParse(t, c.typ), sqltypes.Text(c.a), sqltypes.Text(c.b))
		if err != nil || got != sqltypes.Text(c.want) {
			t.Errorf("%q + %q as %s is %q (%v)", c.a, c.b, c.typ, got.Str, err)
		}
	}
	if v, err := sqltypes.Concat(mustParse(t, "VARCHAR(4)"), sqltypes.Text("a"), sqltypes.Null()); err != nil || !v.IsNull() {
		t.Errorf("'a' + NULL is %v (%v)", v, err)
	}
}

func TestDateParts(t *testing.T) {
	const moment, date, clock = "2024-12-31T20:24:05.5", "2023-03-01", "07:08:09"
	for _, c := range []struct {
		part, typ, v string
		want         string
	}{
		{"year", "DATETIME2(7)", moment, "2024"},
		{"quarter", "DATETIME2(7)", moment, "4"},
		{"month", "DATETIME2(7)", moment, "12"},
		{"day", "DATETIME2(7)", moment, "31"},
		{"dayofyear", "DATETIME2(7)", moment, "366"},
		{"hour", "DATETIME2(7)", moment, "20"},
		{"minute", "DATETIME2(7)", moment, "24"},
		{"second", "DATETIME2(7)", moment, "5"},
		{"DY", "DATE", date, "60"},
		{"qq", "DATE", date, "1"},
		{"hh", "DATE", date, "9810"},
		{"hh", "TIME(0)", clock, "7"},
		{"ss", "TIME(0)", clock, "9"},
		{"day", "TIME(0)", clock, "9810"},
		{"day", "INT", "1", "9810"},
		{"day", "DATE", "soon", "241"},
	} {
		part, ok := sqltypes.ParsePart(c.part)
		if !ok {
			t.Fatalf("%s was not recognized as a part", c.part)
		}
		v, err := sqltypes.DatePart(part, mustParse(t, c.typ), sqltypes.Text(c.v))
		if got := show(sqltypes.Type{Kind: sqltypes.Int}, v, err); got != c.want {
			t.Errorf("DATEPART(%s, %s '%s') is %s, want %s", c.part, c.typ, c.v, got, c.want)
		}
		if again, ok := sqltypes.ParsePart(part.String()); again != part || !ok {
			t.Errorf("%v does not parse from its own name", part)
		}
	}
	if _, ok := sqltypes.ParsePart("tzoffset"); ok {
		t.Error("no type has a time zone")
	}
	if v, err := sqltypes.DatePart(sqltypes.PartYear, mustParse(t, "DATE"), sqltypes.Null()); err != nil || !v.IsNull() {
		t.Errorf("the year of NULL: %v, %v", v, err)
	}
}

func TestDatePartsAgreeWithPackageTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds"), 0).UTC()
		text := sqltypes.Text(m.Format("2006-01-02T15:04:05"))
		for part, want := range map[sqltypes.Part]int{
			sqltypes.PartYear: m.Year(), sqltypes.PartQuarter: (int(m.Month())-1)/3 + 1, sqltypes.PartMonth: int(m.Month()), sqltypes.PartDay: m.Day(),
			sqltypes.PartDayOfYear: m.YearDay(), sqltypes.PartWeekday: int(m.Weekday()) + 1, sqltypes.PartISOWeek: isoWeek(m),
			sqltypes.PartWeek: (m.YearDay()+int(time.Date(m.Year(), 1, 1, 0, 0, 0, 0, time.UTC).Weekday())-1)/7 + 1,
			sqltypes.PartHour: m.Hour(), sqltypes.PartMinute: m.Minute(), sqltypes.PartSecond: m.Second(),
		} {
			v, err := sqltypes.DatePart(part, sqltypes.Type{Kind: sqltypes.DateTime2}, text)
			if err != nil || v.Int != int64(want) {
				t.Fatalf("DATEPART(%s, %s) is %v (%v), want %d", part, m, v.Int, err, want)
			}
		}
	})
}

// Mostly from https://learn.microsoft.com/sql/t-sql/functions/cast-and-convert-transact-sql.
func TestCast(t *testing.T) {
	i, f, s := sqltypes.Int64, sqltypes.Float64, sqltypes.Text
	for _, c := range []struct {
		v        sqltypes.Value
		from, to string
		want     string
	}{
		{s("abcdef"), "VARCHAR(6)", "VARCHAR(3)", "abc"},
		{s("añb"), "NVARCHAR(6)", "VARCHAR(2)", "a"}, // ñ has two bytes
		{s("a😀"), "NVARCHAR(6)", "NVARCHAR(2)", "a"},
		{s("ab"), "VARCHAR(6)", "CHAR(4)", "ab  "},
		{i(12345), "INT", "VARCHAR(4)", "*"},
		{i(12345), "INT", "CHAR(4)", "*   "},
		{i(12345), "INT", "NVARCHAR(4)", "8115"},
		{i(12345), "BIGINT", "VARCHAR(4)", "8115"},
		{i(12345), "INT", "VARCHAR(5)", "12345"},
		{s("123.45"), "DECIMAL(5,2)", "VARCHAR(5)", "8115"},
		{s("123.45"), "DECIMAL(5,2)", "VARCHAR(6)", "123.45"},
		{s("123.55"), "DECIMAL(5,2)", "INT", "123"},
		{s("123.55"), "DECIMAL(5,2)", "DECIMAL(4,1)", "123.6"},
		{f(1234567), "FLOAT", "VARCHAR(20)", "1.23457e+006"},
		{f(0.00001234), "FLOAT", "VARCHAR(20)", "1.234e-005"},
		{f(1e100), "FLOAT", "VARCHAR(20)", "1e+100"},
		{f(100000), "FLOAT", "VARCHAR(20)", "100000"},
		{f(0.1), "FLOAT", "VARCHAR(20)", "0.1"},
		{f(-2.9), "FLOAT", "INT", "-2"},
		{s("2026-11-22T20:24:00.5"), "DATETIME2(3)", "VARCHAR(30)", "2026-11-22 20:24:00.500"},
		{s("2026-11-22T20:24:00"), "DATETIME2(0)", "VARCHAR(30)", "2026-11-22 20:24:00"},
		{s("2026-11-22T20:24:00"), "DATETIME2(3)", "VARCHAR(10)", "2026-11-22"},
		{s("2026-11-22T20:24:00"), "DATETIME2(3)", "DATE", "2026-11-22"},
		{s("20:24:00"), "TIME(7)", "VARCHAR(30)", "20:24:00.0000000"},
		{s("2026-11-22"), "DATE", "CHAR(10)", "2026-11-22"},
		{s("0E984725-C51C-4BF4-9960-E1C80E27ABA0"), "UNIQUEIDENTIFIER", "CHAR(36)", "0E984725-C51C-4BF4-9960-E1C80E27ABA0"},
		{s("0E984725-C51C-4BF4-9960-E1C80E27ABA0"), "UNIQUEIDENTIFIER", "CHAR(35)", "8170"},
		{s("x"), "VARCHAR(1)", "INT", "245"},
		{i(300), "INT", "TINYINT", "8115"},
		{i(7), "INT", "BIT", "true"},
		{sqltypes.Bytes([]byte{1, 2, 3}), "VARBINARY(3)", "VARBINARY(2)", "0x0102"},
		{sqltypes.Null(), "INT", "VARCHAR(1)", "null"},
	} {
		to := mustParse(t, c.to)
		v, err := sqltypes.Cast(c.v, mustParse(t, c.from), to)
		if got := show(to, v, err); got != c.want {
			t.Errorf("CAST(%v AS %s) from %s is %q (%v), want %q", c.v, c.to, c.from, got, err, c.want)
		}
	}
}

func isoWeek(m time.Time) int {
	_, week := m.ISOWeek()
	return week
}

// moments draws times of the years 1 to 9999 in units of 100 nanoseconds.
func moments(t *rapid.T, label string) time.Time {
	return time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, label), rapid.Int64Range(0, 9999999).Draw(t, label+" fraction")*100).UTC()
}

func asText(m time.Time) sqltypes.Value {
	return sqltypes.Text(m.Format("2006-01-02T15:04:05.9999999"))
}

func TestDateAddAgreesWithPackageTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, n := moments(t, "moment"), rapid.OneOf(rapid.Int64Range(-50000, 50000), rapid.Int64Range(math.MinInt32, math.MaxInt32)).Draw(t, "number")
		months := func(per int) time.Time {
			first := time.Date(m.Year(), m.Month()+time.Month(int(n)*per), 1, 0, 0, 0, 0, time.UTC)
			last := first.AddDate(0, 1, -1).Day()
			return time.Date(first.Year(), first.Month(), min(m.Day(), last), m.Hour(), m.Minute(), m.Second(), m.Nanosecond(), time.UTC)
		}
		seconds := func(per int64) time.Time { return time.Unix(m.Unix()+n*per, int64(m.Nanosecond())).UTC() }
		for part, want := range map[sqltypes.Part]time.Time{
			sqltypes.PartYear: months(12), sqltypes.PartQuarter: months(3), sqltypes.PartMonth: months(1),
			sqltypes.PartDay: m.AddDate(0, 0, int(n)), sqltypes.PartDayOfYear: m.AddDate(0, 0, int(n)), sqltypes.PartWeekday: m.AddDate(0, 0, int(n)),
			sqltypes.PartWeek: m.AddDate(0, 0, 7*int(n)), sqltypes.PartHour: seconds(3600), sqltypes.PartMinute: seconds(60), sqltypes.PartSecond: seconds(1),
			sqltypes.PartMillisecond: m.Add(time.Duration(n) * time.Millisecond), sqltypes.PartMicrosecond: m.Add(time.Duration(n) * time.Microsecond),
		} {
			v, err := sqltypes.DateAdd(part, sqltypes.DateTime2Type, n, asText(m))
			if want.Year() < 1 || want.Year() > 9999 {
				if numberOf(err) != 517 {
					t.Fatalf("DATEADD(%s, %d, %s) is %v, %v; want 517", part, n, m, v, err)
				}
			} else if err != nil || v != asText(want) {
				t.Fatalf("DATEADD(%s, %d, %s) is %v, %v; want %s", part, n, m, v, err, want)
			}
		}
	})
}

// A difference counts the boundaries between two moments, so it is that of the numbers of the
// units that they are in.
func TestDateDiffAgreesWithPackageTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := moments(t, "a"), moments(t, "b")
		sunday := func(m time.Time) time.Time { return m.Truncate(24*time.Hour).AddDate(0, 0, -int(m.Weekday())) }
		for part, want := range map[sqltypes.Part]int64{
			sqltypes.PartYear: int64(b.Year() - a.Year()), sqltypes.PartMonth: int64((b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month())),
			sqltypes.PartWeek: (sunday(b).Unix() - sunday(a).Unix()) / (7 * 86400),
			sqltypes.PartDay:  (b.Truncate(24*time.Hour).Unix() - a.Truncate(24*time.Hour).Unix()) / 86400,
			sqltypes.PartHour: (b.Truncate(time.Hour).Unix() - a.Truncate(time.Hour).Unix()) / 3600, sqltypes.PartSecond: b.Unix() - a.Unix(),
			sqltypes.PartMillisecond: b.UnixMilli() - a.UnixMilli(), sqltypes.PartMicrosecond: b.UnixMicro() - a.UnixMicro(),
		} {
			v, err := sqltypes.DateDiff(part, sqltypes.BigIntType, asText(a), asText(b))
			if err != nil || v.Int != want {
				t.Fatalf("DATEDIFF_BIG(%s, %s, %s) is %d, %v; want %d", part, a, b, v.Int, err, want)
			}
		}
	})
}

// A bucket begins at a multiple of its width after the origin, and holds the date.
func TestDateBucketHoldsTheDate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, origin := moments(t, "moment"), moments(t, "origin")
		n := rapid.Int64Range(1, 5000).Draw(t, "width")
		for _, part := range []sqltypes.Part{sqltypes.PartYear, sqltypes.PartQuarter, sqltypes.PartMonth, sqltypes.PartWeek, sqltypes.PartDay, sqltypes.PartHour, sqltypes.PartMinute, sqltypes.PartSecond, sqltypes.PartMillisecond} {
			v, err := sqltypes.DateBucket(part, sqltypes.DateTime2Type, n, asText(m), asText(origin))
			if numberOf(err) == 517 {
				continue // begins before year 1
			}
			if err != nil {
				t.Fatal(err)
			}
			units, err := sqltypes.DateDiff(part, sqltypes.BigIntType, asText(origin), v)
			if err != nil {
				t.Fatal(err)
			}
			next, errNext := sqltypes.DateAdd(part, sqltypes.DateTime2Type, n, v)
			if units.Int%n != 0 || sqltypes.Compare(sqltypes.DateTime2Type, v, asText(m)) > 0 || errNext == nil && origin.Day() <= 28 && sqltypes.Compare(sqltypes.DateTime2Type, next, asText(m)) <= 0 {
				t.Fatalf("DATE_BUCKET(%s, %d, %s, %s) is %s", part, n, m, origin, v.Str)
			}
		}
	})
}
