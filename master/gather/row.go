package gather

import (
	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

// compareValues compares two values by one key.
func compareValues(k *plan.MergeKey, a, b sqltypes.Value) int {
	var c int
	if k.Binary && a.Form == sqltypes.FormText && b.Form == sqltypes.FormText {
		c = sqltypes.CompareBinary(a.Str, b.Str)
	} else {
		c = sqltypes.Compare(k.Type, a, b)
	}
	if k.Desc {
		return -c
	}
	return c
}

func compareKeys(keys []plan.MergeKey, a, b []sqltypes.Value) int {
	for i := range keys {
		if c := compareValues(&keys[i], a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}
