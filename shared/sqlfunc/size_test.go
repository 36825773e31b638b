package sqlfunc_test

import (
	"errors"
	"strings"
	"testing"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// No function may make a value larger than the bound, whatever its arguments: also one that is
// added to the table later.
func TestNoNativeExceedsTheMaximumSize(t *testing.T) {
	large := []string{
		strings.Repeat("x", sqltypes.MaxValueBytes),
		strings.Repeat("ɐ", sqltypes.MaxValueBytes/2), // 3 bytes in upper case
		strings.Repeat("Ⱥ", sqltypes.MaxValueBytes/2), // 3 bytes in lower case
	}
	text := sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}
	grown := map[string]bool{}
	for _, n := range sqlfunc.Natives() {
		for _, s := range large {
			count := n.MaxArgs
			if n.Variadic {
				count = n.MinArgs + 1
			}
			args := make([]sqltypes.Value, count)
			for i := range args {
				args[i] = sqltypes.Value{Form: sqltypes.FormText, Str: s, Int: 1 << 40}
			}
			// Every type argument is accepted as the type of these values.
			v, err := n.Call(args, func(string) (sqltypes.Type, error) { return text, nil })
			if e, ok := errors.AsType[*sqltypes.Error](err); ok && e.Reason == sqltypes.TooLong {
				grown[n.Name] = true
			}
			if err == nil && len(v.Str) > sqltypes.MaxValueBytes {
				t.Errorf("%s returns %d bytes", n.Name, len(v.Str))
			}
		}
	}
	for _, name := range []string{"sd_concat", "sd_upper", "sd_lower"} {
		if !grown[name] {
			t.Errorf("%s did not refuse a result that is too large", name)
		}
	}
}
