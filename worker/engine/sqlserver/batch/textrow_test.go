package batch

import (
	"testing"

	"shardeck/shared/sqltypes"
)

func TestTextsAreWrittenInWireForm(t *testing.T) {
	for _, c := range []struct {
		typ  string
		v    sqltypes.Value
		want string // empty: refused
	}{
		{"BIGINT", sqltypes.Text("-9223372036854775808"), `"-9223372036854775808"`},
		{"BIGINT", sqltypes.Text("42"), "42"},
		{"INT", sqltypes.Int64(-7), "-7"},
		{"BIT", sqltypes.Int64(1), "true"},
		{"DECIMAL(38,10)", sqltypes.Text("1234567890123456789012345678.0123456789"), `"1234567890123456789012345678.0123456789"`},
		{"DECIMAL(5,2)", sqltypes.Text("-0.50"), `"-0.50"`},
		{"FLOAT", sqltypes.Float64(1e300), "1e+300"},
		{"FLOAT", sqltypes.Int64(2), "2"},
		{"FLOAT", sqltypes.Text("2.50"), "2.5"},
		{"REAL", sqltypes.Float64(float64(float32(0.1))), "0.1"},
		{"NVARCHAR(20)", sqltypes.Text("a\"\n😀"), `"a\"\n😀"`},
		{"VARBINARY(5)", sqltypes.Bytes([]byte{0, 0xFF}), `"0x00FF"`},
		{"VARBINARY(5)", sqltypes.Bytes(nil), `"0x"`},
		{"UNIQUEIDENTIFIER", sqltypes.Text("6f9619ff-8b86-d011-b42d-00c04fc964ff"), `"6F9619FF-8B86-D011-B42D-00C04FC964FF"`},
		{"DATE", sqltypes.Text("0001-01-01"), `"0001-01-01"`},
		{"TIME(7)", sqltypes.Text("23:59:59.9999999"), `"23:59:59.9999999"`},
		{"TIME(0)", sqltypes.Text("20:24:00.5000000"), `"20:24:00.5"`}, // as the Go worker writes what the server sends
		{"DATETIME2(7)", sqltypes.Text("9999-12-31 23:59:59.9999999"), `"9999-12-31T23:59:59.9999999"`},
		{"DATETIME2(3)", sqltypes.Text("2026-11-22 20:24:00.000"), `"2026-11-22T20:24:00"`},
		{"DATE", sqltypes.Null(), "null"},
		{"BIGINT", sqltypes.Null(), "null"},
		{"BIGINT", sqltypes.Text("1.5"), ""},
		{"INT", sqltypes.Bytes([]byte{1}), ""},
		{"NVARCHAR(5)", sqltypes.Int64(1), ""},
		{"DATETIME2(7)", sqltypes.Text("yesterday"), ""},
		{"DATETIME2(7)", sqltypes.Float64(1), ""},
		{"VARBINARY(5)", sqltypes.Text("x"), ""},
		{"FLOAT", sqltypes.Text("x"), ""},
	} {
		got, err := AppendText([]byte("before"), mustType(t, c.typ), c.v)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s %v: got %s, want an error", c.typ, c.v, got)
			}
			continue
		}
		if err != nil || string(got) != "before"+c.want {
			t.Errorf("%s %v: got %s, %v; want %s", c.typ, c.v, got, err, c.want)
		}
	}
}
