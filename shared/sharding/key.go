package sharding

import (
	"strconv"
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// Slots is the fixed number of slots, whatever the number of shards.
const Slots = 5040

// Hash returns the 32-bit FNV-1a hash of the bytes of a canonical key
// (http://www.isthe.com/chongo/tech/comp/fnv/). It is written out because
// hash/fnv would allocate for each key.
func Hash(key string) uint32 {
	const offset, prime = 2166136261, 16777619
	h := uint32(offset)
	for i := range len(key) {
		h ^= uint32(key[i])
		h *= prime
	}
	return h
}

// Slot returns the slot of a canonical key, 0 to Slots-1.
func Slot(key string) int { return int(Hash(key) % Slots) }

// CanonicalKey returns the text that represents a shard key's value: two values are equal to the
// database exactly if their keys are:
//
//   - integers: decimal digits without a plus sign or leading zeros; BIT is 0 or 1
//   - strings: their UTF-8 bytes without trailing spaces, which T-SQL's =
//     ignores (string shard keys have a binary, case-sensitive collation)
//   - binary: upper-case hex digits after 0x, as on the wire
//   - all others: their canonical text
//
// v must have been converted to t. NULL has no shard and is refused with null_violation; REAL and
// FLOAT are refused, because equality of floats depends on rounding.
func CanonicalKey(t sqltypes.Type, v sqltypes.Value) (string, error) {
	if v.IsNull() {
		p := api.NewProblem(api.CodeNullViolation, "the shard key is NULL").
			Hinted("send a value for the shard key: it determines the row's shard")
		p.SQLNumber = mssqlerr.NullViolation
		return "", p
	}
	if err := CheckKeyType(t); err != nil {
		return "", err
	}
	switch v.Form {
	case sqltypes.FormInt:
		return strconv.FormatInt(v.Int, 10), nil
	case sqltypes.FormBytes:
		wire := sqltypes.AppendJSON(nil, t, v)
		return string(wire[1 : len(wire)-1]), nil
	}
	if t.Kind.IsString() {
		return strings.TrimRight(v.Str, " "), nil
	}
	return v.Str, nil
}

// CheckKeyType returns nil if a column of type t may be a shard key.
func CheckKeyType(t sqltypes.Type) error {
	switch t.Kind {
	case sqltypes.Real, sqltypes.Float, sqltypes.Invalid:
		return api.NewProblem(api.CodeUnsupported, "a column of type %s cannot be a shard key", t).
			Hinted("use an integer, a string, DECIMAL, a date or UNIQUEIDENTIFIER")
	}
	return nil
}
