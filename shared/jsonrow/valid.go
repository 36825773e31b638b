package jsonrow

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Valid reports whether a row is an array of exactly n plain values: strings that are terminated,
// in UTF-8 and without raw control characters, and words of the characters of numbers, true, false
// and null. It does not check the syntax of these words, nor what follows a backslash, so that
// a row that is passed through costs one fast scan.
func Valid(row []byte, n int) bool {
	if len(row) < 2 || row[0] != '[' || row[len(row)-1] != ']' {
		return false
	}
	// The last bracket ends every loop below. It is not part of a value, as it is not a word and
	// a string must end before it.
	last := len(row) - 1
	i := 1
	for ; n > 0; n-- {
		if row[i] == ' ' {
			i = skipSpaces(row, i)
		}
		switch start := i; {
		case row[i] == '"':
			if i = plainStringEnd(row, i+1); i < 0 {
				return false
			}
		default:
			for wordBytes[row[i]] {
				i++
			}
			if i == start {
				return false
			}
		}
		if row[i] == ' ' {
			i = skipSpaces(row, i)
		}
		if n > 1 {
			if row[i] != ',' {
				return false
			}
			i++
		}
	}
	return i == last || skipSpaces(row, i) == last
}

// wordBytes are the characters of values that are not strings.
var wordBytes = func() (set [256]bool) {
	for _, c := range "0123456789+-.eE" + "truefalsn" {
		set[c] = true
	}
	return set
}()

func skipSpaces(row []byte, i int) int {
	for row[i] == ' ' {
		i++
	}
	return i
}

// Bytes of a word of eight, each with the same value.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// plainStringEnd returns the offset after the string whose text begins at start, or -1 if it is
// unterminated, has a raw control character or is not UTF-8.
func plainStringEnd(row []byte, start int) int {
	i := start
	var seen uint64 // the bytes seen, combined by or
	for {
		for i+8 <= len(row) {
			x := binary.LittleEndian.Uint64(row[i:])
			// Of each expression, the lowest bit set belongs to the first byte sought.
			quote, slash := x^('"'*ones), x^('\\'*ones)
			control := ^((x &^ highs) + 0x60*ones) &^ x
			found := (control | (quote-ones)&^quote | (slash-ones)&^slash) & highs
			if found == 0 {
				seen |= x
				i += 8
				continue
			}
			n := bits.TrailingZeros64(found) // 7 more than 8 times the number of bytes before it
			seen |= x & (1<<(n&^7) - 1)
			i += n >> 3
			break
		}
		if i >= len(row)-1 {
			return -1
		}
		switch c := row[i]; {
		case c == '"':
			if seen&highs != 0 && !utf8.Valid(row[start:i]) {
				return -1
			}
			return i + 1
		case c < ' ':
			return -1
		case c == '\\':
			if i++; i >= len(row) || row[i] < ' ' {
				return -1
			}
			seen |= uint64(row[i])
		default:
			seen |= uint64(c)
		}
		i++
	}
}
