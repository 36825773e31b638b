package statement

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// An EncodingError says that a text is not UTF-8.
type EncodingError struct {
	// Encoding is what it seems to be, such as "UTF-16LE"; "" if that cannot be told.
	Encoding string
	// Line and Column are where the first invalid byte is, counted from 1; Byte is it.
	Line, Column int
	Byte         byte
}

// Error says what was found and how to convert it.
func (e *EncodingError) Error() string {
	if e.Encoding != "" {
		return fmt.Sprintf("it is in %s, not UTF-8; convert it first, as by: iconv -f %s -t UTF-8", e.Encoding, e.Encoding)
	}
	return fmt.Sprintf("it is not UTF-8: byte 0x%02X at line %d, column %d; if it is in Windows-1252 convert it first, as by: iconv -f WINDOWS-1252 -t UTF-8", e.Byte, e.Line, e.Column)
}

// marks are byte order marks, the longer first where one begins with another.
var marks = []struct{ mark, encoding string }{
	{"\xff\xfe\x00\x00", "UTF-32LE"}, {"\x00\x00\xfe\xff", "UTF-32BE"},
	{"\xff\xfe", "UTF-16LE"}, {"\xfe\xff", "UTF-16BE"},
	{"+/v8", "UTF-7"}, {"+/v9", "UTF-7"}, {"+/v+", "UTF-7"}, {"+/v/", "UTF-7"},
	{"\x84\x31\x95\x33", "GB18030"},
}

// utf8Mark is skipped: many editors on Windows begin a file with it.
var utf8Mark = []byte("\xef\xbb\xbf")

// Decode returns the text without a byte order mark. The error is an [*EncodingError].
func Decode(b []byte) (string, error) {
	for _, m := range marks {
		if bytes.HasPrefix(b, []byte(m.mark)) {
			return "", &EncodingError{Encoding: m.encoding}
		}
	}
	b = bytes.TrimPrefix(b, utf8Mark)
	if e := unmarked(b); e != "" {
		return "", &EncodingError{Encoding: e}
	}
	if !utf8.Valid(b) {
		return "", firstInvalid(b)
	}
	return string(b), nil
}

// unmarked recognizes UTF-16 without a mark by its zeros: a statement begins with at least
// two characters of ASCII, and T-SQL has no character of code 0.
func unmarked(b []byte) string {
	switch {
	case len(b) < 4:
	case b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		return "UTF-16LE"
	case b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0:
		return "UTF-16BE"
	}
	return ""
}

func firstInvalid(b []byte) *EncodingError {
	e := &EncodingError{Line: 1, Column: 1}
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			e.Byte = b[0]
			return e
		case r == '\n':
			e.Line, e.Column = e.Line+1, 1
		default:
			e.Column++
		}
		b = b[n:]
	}
	return e
}
