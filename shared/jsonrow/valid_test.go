package jsonrow

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestValid(t *testing.T) {
	for _, c := range []struct {
		row  string
		n    int
		want bool
	}{
		{`[]`, 0, true}, {`[]`, 1, false}, {`[1]`, 0, false}, {`[ ]`, 0, true},
		{`[1]`, 1, true}, {`[1]`, 2, false}, {`[1,2]`, 1, false}, {`[1, 2]`, 2, true}, {`[ 1 , "a" ]`, 2, true},
		{`[-1.5e+300,null,true,false]`, 4, true},
		{`["a,b]"]`, 1, true}, {`["a,b"]`, 2, false}, {`["a\",\"b"]`, 1, true}, {`["a\\","b"]`, 2, true}, {`["é\u0001\n"]`, 1, true},
		{"[\"a\x01\"]", 1, false}, {"[\"longer than a word\x1f\"]", 1, false}, {"[\"a\\\x01\"]", 1, false}, {"[1,\t2]", 2, false},
		{"[\"a\xff\"]", 1, false}, {"[\"longer than a word\xff and more\"]", 1, false}, {"[\"\\\xff\"]", 1, false}, {"[\"a\x7f\"]", 1, true},
		{`["a]`, 1, false}, {`["a\"]`, 1, false}, {`["a\`, 1, false}, {`["a"`, 1, false}, {`[1`, 1, false}, {`[`, 1, false}, {``, 0, false}, {`1`, 1, false},
		{`[1,]`, 2, false}, {`[,1]`, 2, false}, {`[,]`, 2, false}, {`[1]]`, 1, false}, {`[1] `, 1, false}, {`["a" "b"]`, 2, false}, {`["a"1]`, 1, false},
		{`[[1]]`, 1, false}, {`[{"a":1}]`, 1, false}, {`[{}]`, 1, false}, {`[<]`, 1, false},
	} {
		if got := Valid([]byte(c.row), c.n); got != c.want {
			t.Errorf("%q of %d values: %v, want %v", c.row, c.n, got, c.want)
		}
	}
}

// Every row that JSON allows is valid with its number of values and no other; no row is valid
// with a character in a string that JSON does not allow there, wherever it is.
func TestValidAgreesWithJSON(t *testing.T) {
	text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune(`",]\ `))))
	rapid.Check(t, func(t *rapid.T) {
		var parts []string
		for range rapid.IntRange(0, 5).Draw(t, "values") {
			var v any = rapid.Float64().Draw(t, "number")
			if rapid.Bool().Draw(t, "string") {
				v = text.Draw(t, "text")
			}
			b, err := json.Marshal(v)
			if err != nil {
				t.Skip("infinite")
			}
			parts = append(parts, string(b))
		}
		row := "[" + strings.Join(parts, ",") + "]"
		for n := range 7 {
			if got := Valid([]byte(row), n); got != (n == len(parts)) {
				t.Fatalf("%q is valid with %d values: %v", row, n, got)
			}
		}
		bad := rapid.SampledFrom([]string{"\x00", "\x1f", "\xff", "\n"}).Draw(t, "bad")
		s := text.Filter(utf8.ValidString).Draw(t, "before")
		quoted, _ := json.Marshal(s)
		at := rapid.IntRange(1, len(quoted)-1).Draw(t, "at")
		row = fmt.Sprintf(`[1,%s%s%s]`, quoted[:at], bad, quoted[at:])
		if Valid([]byte(row), 2) {
			t.Fatalf("%q is valid", row)
		}
	})
}

func BenchmarkValid(b *testing.B) {
	for name, row := range map[string]string{
		"short": `[12345,"Student number 12345","student@example.org","3.45",21,"2001-02-03"]`,
		"long":  `[12345,"` + strings.Repeat("Student number 12345 ", 50) + `"]`,
	} {
		b.Run(name, func(b *testing.B) {
			n, row := strings.Count(row, ",")+1, []byte(row)
			b.SetBytes(int64(len(row)))
			for b.Loop() {
				if !Valid(row, n) {
					b.Fatal("not valid")
				}
			}
		})
	}
}
