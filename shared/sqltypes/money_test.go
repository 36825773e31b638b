package sqltypes_test

import (
	"testing"

	"shardeck/shared/sqltypes"
)

// converted is a conversion by CAST, or by CONVERT with a style.
type converted struct {
	from, value, to string
	style           int
	want            string // the wire form
	number          int    // or else the number of the error
}

func checkConversions(t *testing.T, cases []converted) {
	t.Helper()
	for _, c := range cases {
		from, to := mustParse(t, c.from), mustParse(t, c.to)
		v, err := sqltypes.DecodeJSON(from, []byte(c.value))
		if err != nil {
			t.Fatal(err)
		}
		got, err := sqltypes.CastStyle(v, from, to, c.style)
		if number := numberOf(err); number != c.number {
			t.Errorf("CONVERT(%s, %s of %s, %d): %s, %v; want %s, error %d", c.to, c.value, c.from, c.style, sqltypes.AppendJSON(nil, to, got), err, c.want, c.number)
			continue
		}
		if c.number != 0 {
			continue
		}
		if wire := string(sqltypes.AppendJSON(nil, to, got)); wire != c.want {
			t.Errorf("CONVERT(%s, %s of %s, %d) is %s, want %s", c.to, c.value, c.from, c.style, wire, c.want)
		}
	}
}

// The values are those of data-types/money-and-smallmoney-transact-sql, data-types/char-and-varchar-transact-sql
// and functions/cast-and-convert-transact-sql, or follow from their text.
func TestMoneyConversions(t *testing.T) {
	const none = sqltypes.NoStyle
	checkConversions(t, []converted{
		{"MONEY", "10.6496", "INT", none, "11", 0},
		{"MONEY", "-10.6496", "INT", none, "-11", 0},
		{"MONEY", "1453719.4653", "VARCHAR(12)", 1, `"1,453,719.47"`, 0},
		{"MONEY", "172524.4512", "VARCHAR(12)", 1, `"172,524.45"`, 0},
		{"MONEY", "4235.9819", "VARCHAR(12)", 0, `"4235.98"`, 0},
		{"MONEY", "4235.9819", "VARCHAR(12)", none, `"4235.98"`, 0},
		{"MONEY", "4235.9819", "VARCHAR(12)", 2, `"4235.9819"`, 0},
		{"MONEY", "4235.9819", "VARCHAR(12)", 126, `"4235.9819"`, 0},
		{"MONEY", "3510.92", "VARCHAR(12)", 1, `"3,510.92"`, 0},
		{"MONEY", "-999.995", "VARCHAR(12)", 1, `"-1,000.00"`, 0},
		{"MONEY", "-0.001", "VARCHAR(12)", none, `"0.00"`, 0},
		{"MONEY", "1234.5", "VARCHAR(4)", none, "", 234},
		{"MONEY", "214748.3648", "SMALLMONEY", none, "", 8115},
		{"SMALLMONEY", "-214748.3648", "MONEY", none, `"-214748.3648"`, 0},
		{"BIGINT", `"922337203685478"`, "MONEY", none, "", 8115},
		{"FLOAT", "1e14", "MONEY", none, `"100000000000000.0000"`, 0},
		{"DECIMAL(10,6)", `"1.234550"`, "MONEY", none, `"1.2346"`, 0},
		{"MONEY", "1.2346", "DECIMAL(10,2)", none, `"1.23"`, 0},
		{"MONEY", "0.5", "BIT", none, "true", 0},
		{"VARCHAR(20)", `"$ -1,234.5"`, "MONEY", none, `"-1234.5000"`, 0},
		{"VARCHAR(20)", `"- $1,,234.5"`, "MONEY", none, `"-1234.5000"`, 0},
		{"VARCHAR(20)", `"--1"`, "MONEY", none, "", 235},
		{"VARCHAR(20)", `"$$1"`, "MONEY", none, "", 235},
		{"VARCHAR(20)", `"1.2.3"`, "MONEY", none, "", 235},
		{"VARCHAR(20)", `"1,2.3,4"`, "MONEY", none, "", 235},
	})
}

// language-elements/divide-transact-sql shows that a quotient is cut off; a product is rounded.
func TestMoneyArithmetic(t *testing.T) {
	money := sqltypes.MoneyType
	for _, c := range []struct {
		op         sqltypes.Op
		a, b, want string
		number     int
	}{
		{sqltypes.OpDiv, "250000", "12", `"20833.3333"`, 0},
		{sqltypes.OpDiv, "300000", "12", `"25000.0000"`, 0},
		{sqltypes.OpDiv, "-2", "3", `"-0.6666"`, 0},
		{sqltypes.OpMul, "0.01", "0.005", `"0.0001"`, 0},
		{sqltypes.OpAdd, "922337203685477.5807", "0.0001", "", 8115},
		{sqltypes.OpSub, "-922337203685477.5807", "0.0001", `"-922337203685477.5808"`, 0},
		{sqltypes.OpMod, "10.75", "3", `"1.7500"`, 0},
		{sqltypes.OpDiv, "1", "0", "", 8134},
	} {
		a, errA := sqltypes.DecodeJSON(money, []byte(c.a))
		b, errB := sqltypes.DecodeJSON(money, []byte(c.b))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		v, err := sqltypes.Arith(c.op, money, a, b)
		if got := string(sqltypes.AppendJSON(nil, money, v)); numberOf(err) != c.number || err == nil && got != c.want {
			t.Errorf("%s %s %s = %s, %v; want %s, error %d", c.a, c.op, c.b, got, err, c.want, c.number)
		}
	}
	least, _ := sqltypes.DecodeJSON(money, []byte("-922337203685477.5808"))
	if v, err := sqltypes.Abs(money, least); numberOf(err) != 8115 {
		t.Errorf("ABS of the least MONEY is %v, %v", v, err)
	}
}
