package planner

import (
	"testing"

	"shardeck/master/bind"
	"shardeck/shared/sqltypes"
)

func TestKeySets(t *testing.T) {
	all := keySet{all: true}
	a, b := newKeySet([]string{"3", "1", "2", "1"}), newKeySet([]string{"2", "4", "3"})
	for name, tt := range map[string]struct{ got, want keySet }{
		"sorted and deduplicated": {a, keySet{keys: []string{"1", "2", "3"}}},
		"intersection":            {a.intersect(b), keySet{keys: []string{"2", "3"}}},
		"all with a set":          {all.intersect(a), a},
		"a set with all":          {a.intersect(all), a},
		"a set with none":         {a.intersect(keySet{}), keySet{keys: []string{}}},
	} {
		if tt.got.all != tt.want.all || len(tt.got.keys) != len(tt.want.keys) {
			t.Errorf("%s: got %v, want %v", name, tt.got, tt.want)
			continue
		}
		for i := range tt.got.keys {
			if tt.got.keys[i] != tt.want.keys[i] {
				t.Errorf("%s: got %v, want %v", name, tt.got, tt.want)
			}
		}
	}
}

func TestConcatTypesAreBounded(t *testing.T) {
	v := func(k sqltypes.Kind, n int) sqltypes.Type { return sqltypes.Type{Kind: k, Length: n} }
	for _, tt := range []struct{ l, r, want sqltypes.Type }{
		{v(sqltypes.VarChar, 5), v(sqltypes.Char, 3), v(sqltypes.VarChar, 8)},
		{v(sqltypes.VarChar, 5), v(sqltypes.NVarChar, 3), v(sqltypes.NVarChar, 8)},
		{v(sqltypes.VarChar, 5000), v(sqltypes.VarChar, 5000), v(sqltypes.VarChar, 8000)},
		{v(sqltypes.NChar, 3000), v(sqltypes.VarChar, 5000), v(sqltypes.NVarChar, 4000)},
		{v(sqltypes.VarChar, sqltypes.Max), v(sqltypes.VarChar, 1), v(sqltypes.VarChar, sqltypes.Max)},
	} {
		if got := bind.ConcatType(tt.l, tt.r); got != tt.want {
			t.Errorf("%s + %s: got %s, want %s", tt.l, tt.r, got, tt.want)
		}
	}
}
