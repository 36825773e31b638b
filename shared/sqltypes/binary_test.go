package sqltypes_test

import (
	"testing"

	"shardeck/shared/sqltypes"
)

// The first are the examples of functions/cast-and-convert-transact-sql; the others follow from its
// text, and from data-types/binary-and-varbinary-transact-sql: integers are cut off and padded on the left.
func TestBinaryConversions(t *testing.T) {
	const none = sqltypes.NoStyle
	checkConversions(t, []converted{
		{"VARBINARY(30)", `"0x4E616D65"`, "CHAR(8)", 1, `"0x4E616D"`, 0},
		{"VARBINARY(30)", `"0x4E616D65"`, "CHAR(8)", 2, `"4E616D65"`, 0},
		{"VARBINARY(30)", `"0x4E616D65"`, "VARCHAR(8)", 0, `"Name"`, 0},
		{"VARBINARY(30)", `"0x41"`, "NVARCHAR(30)", none, `"A"`, 0},
		{"NVARCHAR(30)", `"A"`, "VARBINARY(30)", none, `"0x4100"`, 0},
		{"VARCHAR(30)", `"Name"`, "BINARY(8)", 0, `"0x4E616D6500000000"`, 0},
		{"VARCHAR(30)", `"0x4E616D65"`, "BINARY(8)", 1, `"0x4E616D6500000000"`, 0},
		{"VARCHAR(30)", `"4E616D65"`, "VARBINARY(2)", 2, `"0x4E61"`, 0},
		{"VARCHAR(30)", `"4E616D6"`, "VARBINARY(8)", 2, "", 8114},
		{"VARCHAR(30)", `"4E616D65"`, "VARBINARY(8)", 1, "", 8114},
		{"VARBINARY(30)", `"0x4E"`, "VARCHAR(30)", 3, "", 281},
		{"INT", "1", "VARBINARY(30)", none, `"0x00000001"`, 0},
		{"INT", "-2", "BINARY(6)", none, `"0x0000FFFFFFFE"`, 0},
		{"INT", "123456", "BINARY(2)", none, `"0xE240"`, 0},
		{"TINYINT", "255", "VARBINARY(30)", none, `"0xFF"`, 0},
		{"VARBINARY(30)", `"0xE240"`, "INT", none, "57920", 0},
		{"VARBINARY(30)", `"0xFFFFFFFE"`, "INT", none, "-2", 0},
		{"VARBINARY(30)", `"0x0100000002"`, "INT", none, "2", 0},
		{"VARBINARY(30)", `"0x8000"`, "SMALLINT", none, "-32768", 0},
	})
	for _, c := range []struct{ from, to, v string }{{"VARBINARY(9)", "VARCHAR(9)", "\x80"}, {"VARBINARY(9)", "NVARCHAR(9)", "\x00\xD8"}, {"VARCHAR(9)", "VARBINARY(9)", "é"}} {
		v := sqltypes.Bytes([]byte(c.v))
		if c.from[3] == 'C' {
			v = sqltypes.Text(c.v)
		}
		if got, err := sqltypes.Cast(v, mustParse(t, c.from), mustParse(t, c.to)); err == nil {
			t.Errorf("%q of %s is %v as %s, although its characters depend on a code page", c.v, c.from, got, c.to)
		}
	}
}

// functions/cast-and-convert-transact-sql, section "float and real styles".
func TestFloatsAsTextInStyles(t *testing.T) {
	checkConversions(t, []converted{
		{"FLOAT", "1234567.5", "VARCHAR(30)", 0, `"1.23457e+006"`, 0},
		{"FLOAT", "1234567.5", "VARCHAR(30)", 1, `"1.2345675e+006"`, 0},
		{"FLOAT", "1234567.5", "VARCHAR(30)", 2, `"1.234567500000000e+006"`, 0},
		{"FLOAT", "0.1", "VARCHAR(30)", 3, `"1.0000000000000001e-001"`, 0},
		{"FLOAT", "0.1", "VARCHAR(30)", 7, `"0.1"`, 0},
		{"INT", "5", "VARCHAR(30)", 120, `"5"`, 0},
	})
}

func TestTryCast(t *testing.T) {
	text := mustParse(t, "VARCHAR(20)")
	for _, c := range []struct {
		v, to  string
		style  int
		null   bool
		number int
	}{
		{"test", "FLOAT", sqltypes.NoStyle, true, 0},
		{"300", "TINYINT", sqltypes.NoStyle, true, 0},
		{"2023-02-30", "DATETIME", sqltypes.NoStyle, true, 0},
		{"2023-02-28", "DATETIME", sqltypes.NoStyle, false, 0},
		{"2023-02-28", "DATETIME", 99, false, 281},
	} {
		v, err := sqltypes.TryCast(sqltypes.Text(c.v), text, mustParse(t, c.to), c.style)
		if numberOf(err) != c.number || err == nil && v.IsNull() != c.null {
			t.Errorf("TRY_CONVERT(%s, %q, %d) is %v, %v", c.to, c.v, c.style, v, err)
		}
	}
}
