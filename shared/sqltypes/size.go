package sqltypes

// MaxValueBytes bounds every string and binary value, stored or computed: the bytes of a binary
// value, or of a string in UTF-8. SQL Server allows 2 GB; with this bound an expression's
// intermediate results fit in memory, and a value at the bound fits in a row on the wire even as
// hex digits.
const MaxValueBytes = 8_000_000

// CheckSize refuses a string or binary value of more than [MaxValueBytes].
func CheckSize(v Value) error { return checkSize(len(v.Str)) }

// checkSize refuses a value of n bytes if that exceeds [MaxValueBytes].
func checkSize(n int) error {
	if n <= MaxValueBytes {
		return nil
	}
	return newError(0, TooLong, "a string or binary value has %d bytes; Shardeck allows %d", n, MaxValueBytes).
		hinted("use a shorter value, or a SUBSTRING of it")
}
