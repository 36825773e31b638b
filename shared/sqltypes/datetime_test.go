package sqltypes_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

// The values are those of data-types/datetime-transact-sql, smalldatetime-transact-sql,
// time-transact-sql, date-transact-sql and functions/cast-and-convert-transact-sql, or follow from
// their text.
func TestDateTimeConversions(t *testing.T) {
	const none = sqltypes.NoStyle
	checkConversions(t, []converted{
		{"DATETIME2(4)", `"1968-10-23T12:45:37.1237"`, "DATETIME", none, `"1968-10-23T12:45:37.123"`, 0},
		{"TIME(4)", `"12:10:05.1237"`, "DATETIME", none, `"1900-01-01T12:10:05.123"`, 0},
		{"TIME(4)", `"12:15:59.9999"`, "SMALLDATETIME", none, `"1900-01-01T12:16:00"`, 0},
		{"TIME(4)", `"12:59:59.9999"`, "SMALLDATETIME", none, `"1900-01-01T13:00:00"`, 0},
		{"DATE", `"1800-01-01"`, "SMALLDATETIME", none, "", 242},
		{"DATE", `"1700-01-01"`, "DATETIME", none, "", 242},
		{"SMALLDATETIME", `"1955-12-13 12:43:10"`, "TIME(4)", none, `"12:43:00"`, 0},
		{"SMALLDATETIME", `"1955-12-13 12:43:10"`, "DATE", none, `"1955-12-13"`, 0},
		{"DATETIME", `"2006-04-18T09:58:04.570"`, "TIME(3)", none, `"09:58:04.57"`, 0},
		{"DATETIME", `"2006-04-18T09:58:04.003"`, "DATETIME2(7)", none, `"2006-04-18T09:58:04.0033333"`, 0},
		{"DATETIME", `"2006-04-18T09:58:04.007"`, "DATETIME2(7)", none, `"2006-04-18T09:58:04.0066667"`, 0},
		{"DATETIME2(7)", `"2006-04-18T09:58:04.0066667"`, "DATETIME", none, `"2006-04-18T09:58:04.007"`, 0},
		{"DATETIME", `"1900-01-02T18:00:00"`, "INT", none, "2", 0},
		{"DATETIME", `"1900-01-02T18:00:00"`, "FLOAT", none, "1.75", 0},
		{"DATETIME", `"1899-12-31T18:00:00"`, "DECIMAL(5,2)", none, `"-0.25"`, 0},
		{"DATETIME", `"1900-01-01T00:00:00.003"`, "BIT", none, "true", 0},
		{"FLOAT", "2958463.9999", "DATETIME", none, `"9999-12-31T23:59:51.36"`, 0},
		{"FLOAT", "2958464", "DATETIME", none, "", 8115},
		{"FLOAT", "1e300", "DATETIME", none, "", 8115},
		{"DECIMAL(38,0)", `"99999999999999999999999999999999999999"`, "DATETIME", none, "", 8115},
		{"MONEY", "1.5", "SMALLDATETIME", none, `"1900-01-02T12:00:00"`, 0},
		{"INT", "1", "DATE", none, "", 206},
		{"DATETIME", `"2006-04-18T09:58:04.570"`, "NVARCHAR(30)", none, `"Apr 18 2006  9:58AM"`, 0},
		{"SMALLDATETIME", `"2006-04-08T21:58:04"`, "NVARCHAR(30)", none, `"Apr  8 2006  9:58PM"`, 0},
		{"DATETIME2(7)", `"2010-07-20T13:44:31.5879025"`, "NVARCHAR(30)", none, `"2010-07-20 13:44:31.5879025"`, 0},
		{"DATETIME2(7)", `"2010-07-20T13:44:31.5879025"`, "NVARCHAR(30)", 126, `"2010-07-20T13:44:31.5879025"`, 0},
	})
}

func TestDatesAsTextInStyles(t *testing.T) {
	const at = `"2006-04-18T09:58:04.570"`
	var cases []converted
	for style, want := range map[int]string{
		0: "Apr 18 2006  9:58AM", 1: "04/18/06", 2: "06.04.18", 3: "18/04/06", 4: "18.04.06", 5: "18-04-06", 6: "18 Apr 06", 7: "Apr 18, 06",
		8: "09:58:04", 9: "Apr 18 2006  9:58:04:570AM", 10: "04-18-06", 11: "06/04/18", 12: "060418", 13: "18 Apr 2006 09:58:04:570", 14: "09:58:04:570",
		20: "2006-04-18 09:58:04", 21: "2006-04-18 09:58:04.570", 22: "04/18/06  9:58:04 AM", 23: "2006-04-18", 24: "09:58:04", 25: "2006-04-18 09:58:04.570",
		100: "Apr 18 2006  9:58AM", 101: "04/18/2006", 102: "2006.04.18", 103: "18/04/2006", 104: "18.04.2006", 105: "18-04-2006", 106: "18 Apr 2006",
		107: "Apr 18, 2006", 108: "09:58:04", 109: "Apr 18 2006  9:58:04:570AM", 110: "04-18-2006", 111: "2006/04/18", 112: "20060418",
		113: "18 Apr 2006 09:58:04:570", 114: "09:58:04:570", 120: "2006-04-18 09:58:04", 121: "2006-04-18 09:58:04.570", 126: "2006-04-18T09:58:04.570",
	} {
		cases = append(cases, converted{"DATETIME", at, "VARCHAR(30)", style, `"` + want + `"`, 0})
	}
	for _, style := range []int{-2, 15, 19, 26, 99, 115, 122, 132, 1 << 40} {
		cases = append(cases, converted{"DATETIME", at, "VARCHAR(30)", style, "", 281})
	}
	checkConversions(t, append(cases,
		converted{"DATETIME", `"2012-11-07T18:26:20"`, "VARCHAR(30)", 126, `"2012-11-07T18:26:20"`, 0},
		converted{"SMALLDATETIME", `"2012-11-07T18:26:00"`, "VARCHAR(30)", 121, `"2012-11-07 18:26:00.000"`, 0},
		converted{"DATE", `"2012-11-07"`, "VARCHAR(30)", 100, `"Nov  7 2012"`, 0},
		converted{"DATETIME2(0)", `"2012-11-07T18:26:20"`, "VARCHAR(30)", 121, `"2012-11-07 18:26:20"`, 0},
		converted{"TIME(2)", `"18:26:20"`, "VARCHAR(30)", 121, `"18:26:20.00"`, 0},
		converted{"DATETIME", `"2011-05-07"`, "VARCHAR(12)", 3, `"07/05/11"`, 0},
	))
	for _, style := range []int{127, 130, 131} {
		if err := sqltypes.CheckStyle(sqltypes.DateTimeType, mustParse(t, "VARCHAR(30)"), style); err == nil || !strings.Contains(err.Error(), "not supported") {
			t.Errorf("style %d: %v", style, err)
		}
	}
}

func TestDatesReadInStyles(t *testing.T) {
	checkConversions(t, []converted{
		{"VARCHAR(30)", `"18/04/2006"`, "DATETIME", 103, `"2006-04-18T00:00:00"`, 0},
		{"VARCHAR(30)", `"04/18/2006"`, "DATETIME", 101, `"2006-04-18T00:00:00"`, 0},
		{"VARCHAR(30)", `"04/05/2006"`, "DATE", 103, `"2006-05-04"`, 0},
		{"VARCHAR(30)", `"04/05/06"`, "DATE", 3, `"2006-05-04"`, 0},
		{"VARCHAR(30)", `"18/04/2006"`, "DATETIME", 101, "", 242},
		{"VARCHAR(30)", `"18.04.2006 10:00"`, "DATETIME2(0)", 104, `"2006-04-18T10:00:00"`, 0},
		{"VARCHAR(30)", `"20060418"`, "DATETIME", 112, `"2006-04-18T00:00:00"`, 0},
		{"VARCHAR(30)", `"2006-04-18T10:00:00Z"`, "DATETIME", 127, `"2006-04-18T10:00:00"`, 0},
		{"VARCHAR(30)", `"2006-04-18 10:00:00"`, "DATETIME", 126, "", 241},
		{"VARCHAR(30)", `"Apr 18 2006  9:58AM"`, "DATETIME", 100, `"2006-04-18T09:58:00"`, 0},
		{"VARCHAR(30)", `"09:58:04"`, "DATETIME", 108, `"1900-01-01T09:58:04"`, 0},
		{"VARCHAR(30)", `"04/18/06"`, "DATETIME", 101, "", 0}, // refused, without a number
	}[:11])
	v, err := sqltypes.CastStyle(sqltypes.Text("04/18/06"), mustParse(t, "VARCHAR(30)"), sqltypes.DateTimeType, 101)
	if err == nil || numberOf(err) != 0 {
		t.Errorf("a year of two digits in style 101: %v, %v", v, err)
	}
}

// Every DATETIME of whole milliseconds is the nearest of the three digits that DATETIME has.
func TestDateTimeRoundsToTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		millis := rapid.Int64Range(-4_600_000_000_000, 253_000_000_000_000).Draw(t, "milliseconds since 1970")
		at := time.UnixMilli(millis).UTC()
		v, err := sqltypes.DecodeJSON(sqltypes.DateTimeType, []byte(at.Format(`"2006-01-02T15:04:05.000"`)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := time.Parse("2006-01-02T15:04:05.999", v.Str)
		if err != nil {
			t.Fatal(err)
		}
		if d := got.Sub(at); d < -2*time.Millisecond || d > 2*time.Millisecond || !strings.Contains("037", got.Format(".000")[3:]) {
			t.Fatalf("%s is %s", at, v.Str)
		}
		again, err := sqltypes.Convert(v, sqltypes.DateTimeType, sqltypes.DateTime2Type)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := sqltypes.Convert(again, sqltypes.DateTime2Type, sqltypes.DateTimeType); err != nil || back != v {
			t.Fatalf("%s is %s as a DATETIME2, and back %s, %v", v.Str, again.Str, back.Str, err)
		}
	})
}

func FuzzDateText(f *testing.F) {
	for _, s := range []string{"Apr 15, 1996", "15 April 1996 4:30 PM", "4/15/96", "19960415 14:30:20.9", "1996-04-15T14:30:20Z", "14:30:20:999", "12:01 AM", "2007-05-08 12:35:29.1234567 +12:15", "10:00 1996 apr"} {
		f.Add(s)
	}
	types := []sqltypes.Type{sqltypes.DateType, {Kind: sqltypes.Time, Scale: 3}, sqltypes.DateTimeType, sqltypes.SmallDateTimeType, sqltypes.DateTime2Type}
	text := sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range types {
			v, err := sqltypes.Convert(sqltypes.Text(s), text, typ)
			if err != nil {
				continue
			}
			if again, err := sqltypes.Convert(v, text, typ); err != nil || again != v {
				t.Fatalf("%q is %s as %s, and that is %s, %v", s, v.Str, typ, again.Str, err)
			}
		}
	})
}
