package statement

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// The bytes are those of iconv.
func TestDecode(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "",
		"SELECT 'é'":                   "SELECT 'é'",
		"\xef\xbb\xbfSELECT 1":         "SELECT 1",
		"a\xef\xbb\xbfb":               "a\ufeffb", // no mark, but a character of the text
		"SELECT '\t\x01\x00\r\n'":      "SELECT '\t\x01\x00\r\n'",
		"SELECT '\xef\xbf\xbd'":        "SELECT '\uFFFD'",
		"\xef\xbb\xbf\xef\xbb\xbfGO\n": "\ufeffGO\n",
	} {
		if got, err := Decode([]byte(in)); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func TestOtherEncodingsAreRefusedByName(t *testing.T) {
	for in, want := range map[string]string{
		"\xff\xfeS\x00E\x00":             "UTF-16LE",
		"\xfe\xff\x00S\x00E":             "UTF-16BE",
		"S\x00E\x00L\x00":                "UTF-16LE",
		"\x00S\x00E\x00L":                "UTF-16BE",
		"\xff\xfe\x00\x00S\x00\x00\x00":  "UTF-32LE",
		"\x00\x00\xfe\xff\x00\x00\x00S":  "UTF-32BE",
		"SELECT\n 'caf\xe9'":             "byte 0xE9 at line 2, column 6",
		"SELECT '\x83\x65'":              "byte 0x83 at line 1, column 9",
		"SELECT '\xc3":                   "byte 0xC3 at line 1, column 9",
		"SELECT '\xed\xa0\x80' -- CESU":  "byte 0xED at line 1, column 9",
		"\xef\xbb\xbfSELECT 'na\xefve';": "byte 0xEF at line 1, column 11",
	} {
		got, err := Decode([]byte(in))
		if _, ok := errors.AsType[*EncodingError](err); !ok || got != "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func FuzzDecodeAltersNothing(f *testing.F) {
	f.Add([]byte("SELECT 1"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := Decode(in)
		if err == nil && (!utf8.ValidString(got) || got != strings.TrimPrefix(string(in), "\xef\xbb\xbf")) {
			t.Errorf("%q became %q", in, got)
		}
	})
}
