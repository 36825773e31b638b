package sharding

import (
	"strconv"
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// Slots is the number of slots there are, whatever the number of shards.
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

// CanonicalKey returns the one text that stands for a shard key's value, such
// that two values are equal to the database exactly when their keys are:
//
//   - integers: decimal digits without a plus or zeros to spare; BIT is 0 or 1
//   - strings: their UTF-8 bytes without the spaces at the end, which T-SQL's =
//     does not see (string shard keys have a binary collation, so case counts)
//   - binary: capital hex digits after 0x, as on the wire
//   - all others: their canonical text
//
// v must have been converted to t. NULL places no row and is refused with
// null_violation; REAL and FLOAT are refused, as what is equal to a float depends
// on its rounding.
func CanonicalKey(t sqltypes.Type, v sqltypes.Value) (string, error) {
	if v.IsNull() {
		p := api.NewProblem(api.CodeNullViolation, "the shard key is NULL").
			Hinted("send a value for the shard key: it decides where the row lives")
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

// CheckKeyType returns nil when a column of type t may be a shard key.
func CheckKeyType(t sqltypes.Type) error {
	switch t.Kind {
	case sqltypes.Real, sqltypes.Float, sqltypes.Invalid:
		return api.NewProblem(api.CodeUnsupported, "a column of type %s cannot be a shard key", t).
			Hinted("use an integer, a string, DECIMAL, a date or UNIQUEIDENTIFIER")
	}
	return nil
}
