package sqltypes_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"shardeck/shared/sqltypes"
)

func wantTooLarge(t *testing.T, what string, err error) {
	t.Helper()
	e, ok := errors.AsType[*sqltypes.Error](err)
	if !ok || e.Reason != sqltypes.TooLong || e.Number != 0 || !strings.Contains(e.Msg, strconv.Itoa(sqltypes.MaxValueBytes)) || e.Hint == "" {
		t.Errorf("%s: %+v, want too long with the limit, a hint and no number", what, err)
	}
}

func TestValuesHaveAMaximumSize(t *testing.T) {
	most := strings.Repeat("x", sqltypes.MaxValueBytes)
	hex := `"0x` + strings.Repeat("AB", sqltypes.MaxValueBytes)
	for _, typ := range []string{"VARCHAR(MAX)", "NVARCHAR(MAX)"} {
		typ := mustParse(t, typ)
		if v, err := sqltypes.DecodeJSON(typ, []byte(`"`+most+`"`)); err != nil || v.Str != most {
			t.Errorf("the largest %s: %v", typ, err)
		}
		_, err := sqltypes.DecodeJSON(typ, []byte(`"`+most+`x"`))
		wantTooLarge(t, "decoded as "+typ.String(), err)
		_, err = sqltypes.Convert(sqltypes.Text(most+"x"), typ, typ)
		wantTooLarge(t, "assigned to "+typ.String(), err)
		_, err = sqltypes.Cast(sqltypes.Text(most+"x"), typ, typ)
		wantTooLarge(t, "cast to "+typ.String(), err)

		if v, err := sqltypes.Concat(typ, sqltypes.Text(most[1:]), sqltypes.Text("y")); err != nil || len(v.Str) != len(most) {
			t.Errorf("the largest concatenation as %s: %v", typ, err)
		}
		v, err := sqltypes.Concat(typ, sqltypes.Text(most), sqltypes.Text("y"))
		wantTooLarge(t, "concatenated as "+typ.String(), err)
		if v.Str != "" {
			t.Errorf("the refused concatenation was made")
		}
	}
	typ := mustParse(t, "VARBINARY(MAX)")
	if v, err := sqltypes.DecodeJSON(typ, []byte(hex+`"`)); err != nil || len(v.Str) != sqltypes.MaxValueBytes {
		t.Errorf("the largest binary value: %v", err)
	}
	_, err := sqltypes.DecodeJSON(typ, []byte(hex+`00"`))
	wantTooLarge(t, "binary", err)
}
