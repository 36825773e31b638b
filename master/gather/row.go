package gather

import (
	"cmp"
	"strings"

	"shardeck/master/plan"
	"shardeck/shared/jsonrow"
	"shardeck/shared/sqltypes"
)

// compareValues compares two values by one key.
func compareValues(k *plan.MergeKey, a, b sqltypes.Value) int { return compareBy(k, &a, &b) }

func compareBy(k *plan.MergeKey, a, b *sqltypes.Value) int {
	var c int
	switch {
	case a.Form == sqltypes.FormInt && b.Form == sqltypes.FormInt:
		c = cmp.Compare(a.Int, b.Int)
	case k.Binary && a.Form == sqltypes.FormText && b.Form == sqltypes.FormText:
		c = sqltypes.CompareBinary(a.Str, b.Str)
	default:
		c = sqltypes.Compare(k.Type, *a, *b)
	}
	if k.Desc {
		return -c
	}
	return c
}

func compareKeys(keys []plan.MergeKey, a, b []sqltypes.Value) int {
	for i := range keys {
		if c := compareBy(&keys[i], &a[i], &b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// outOfOrder reports whether a row with the keys b may not follow one with the keys a. It
// accepts what SQL Server orders differently: it orders strings by UTF-16 code units, and
// ignores trailing zeros of binary values.
func outOfOrder(keys []plan.MergeKey, a, b []sqltypes.Value) bool {
	for i := range keys {
		c := compareBy(&keys[i], &a[i], &b[i])
		if c > 0 {
			c = compareOnServer(&keys[i], a[i], b[i])
		}
		if c != 0 {
			return c > 0
		}
	}
	return false
}

// compareOnServer is compareValues by SQL Server's order.
func compareOnServer(k *plan.MergeKey, a, b sqltypes.Value) int {
	if a.IsNull() || b.IsNull() {
		return compareValues(k, a, b)
	}
	switch {
	case k.Type.Kind.IsString():
		c := sqltypes.CompareUTF16(a.Str, b.Str, k.Binary)
		if k.Desc {
			return -c
		}
		return c
	case k.Type.Kind.IsBinary():
		a.Str, b.Str = strings.TrimRight(a.Str, "\x00"), strings.TrimRight(b.Str, "\x00")
	}
	return compareValues(k, a, b)
}

// DecodeRow appends the values of a row, a JSON array without a newline, in wire form and of these
// types. It fails with shard_bad_answer. split is scratch memory.
func DecodeRow(dst []sqltypes.Value, split *jsonrow.Splitter, row []byte, types []sqltypes.Type) ([]sqltypes.Value, error) {
	if !split.Split(row, len(types)) {
		return dst, errGarbage()
	}
	for i, t := range types {
		v, err := sqltypes.DecodeWire(t, split.Element(row, i))
		if err != nil {
			return dst, errGarbage()
		}
		dst = append(dst, v)
	}
	return dst, nil
}
