package batch

import (
	"testing"

	"shardeck/shared/sqltypes"
)

func mustType(t *testing.T, s string) sqltypes.Type {
	t.Helper()
	typ, err := sqltypes.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

func TestParametersAreDeclaredByTheirTypes(t *testing.T) {
	var types []sqltypes.Type
	for _, s := range []string{"INT", "VARCHAR(50)", "nvarchar(max)", "DECIMAL(10,2)", "datetime2", "varbinary(8)", "BIT", "FLOAT"} {
		types = append(types, mustType(t, s))
	}
	const want = "@p1 INT, @p2 VARCHAR(50), @p3 NVARCHAR(MAX), @p4 DECIMAL(10,2), @p5 DATETIME2(7), @p6 VARBINARY(8), @p7 BIT, @p8 FLOAT"
	if got := declare(types); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := declare(nil); got != "" {
		t.Errorf("no parameters are declared %q", got)
	}
}

func TestParameterNames(t *testing.T) {
	for i, want := range map[int]string{0: "p1", 15: "p16", 16: "p17", 2047: "p2048"} {
		if got := ParameterName(i); got != want {
			t.Errorf("parameter %d is %s", i, got)
		}
	}
}
