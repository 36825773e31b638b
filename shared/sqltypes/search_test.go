package sqltypes

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// letters are characters whose case mappings change their length in UTF-8, and others.
var letters = rapid.StringOfN(rapid.RuneFrom([]rune("aAbBßİıſsSKkK ɐⱯȺⱥ😀")), 0, 12, -1)

func TestSearchingIgnoresCaseByTheCollation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, part := letters.Draw(t, "string"), letters.Draw(t, "part")
		start := rapid.Int64Range(-2, 14).Draw(t, "start")
		runes, want := []rune(s), []rune(part)
		expect := int64(0)
		for i := max(0, int(start)-1); len(want) > 0 && i+len(want) <= len(runes); i++ {
			equal := true
			for j := range want {
				equal = equal && foldRune(runes[i+j]) == foldRune(want[j])
			}
			if equal {
				expect = int64(i + 1)
				break
			}
		}
		if got := CharIndex(part, s, start, false); got != expect {
			t.Fatalf("CharIndex(%q, %q, %d) = %d, want %d", part, s, start, got, expect)
		}
		// Replacing each occurrence by itself, or by nothing, keeps or removes whole characters.
		unbounded := Type{Kind: NVarChar, Length: Max}
		without, err := Replace(unbounded, s, part, "", false)
		if err != nil || !utf8.ValidString(without.Str) {
			t.Fatalf("Replace(%q, %q) = %q, %v", s, part, without.Str, err)
		}
		gone := utf8.RuneCountInString(s) - utf8.RuneCountInString(without.Str)
		if len(want) > 0 && gone%len(want) != 0 || len(want) == 0 && gone != 0 || expect > 0 && start <= 1 && gone == 0 {
			t.Fatalf("Replace(%q, %q) = %q", s, part, without.Str)
		}
	})
}

func TestReplaceStopsAtTheBound(t *testing.T) {
	many := strings.Repeat("a", 5000)
	if v, err := Replace(Type{Kind: VarChar, Length: 8000}, many, "a", "bcd", false); err != nil || len(v.Str) != 8000 {
		t.Errorf("%d bytes, %v", len(v.Str), err)
	}
	if v, err := Replace(Type{Kind: NVarChar, Length: 4000}, many, "A", "é", true); err != nil || v.Str != many[:4000] {
		t.Errorf("%d bytes, %v", len(v.Str), err)
	}
	if _, err := Replace(Type{Kind: VarChar, Length: Max}, many, "a", strings.Repeat("x", 5000), false); err == nil {
		t.Error("25 million bytes were made")
	}
	if v, err := Replicate(Type{Kind: NVarChar, Length: 4000}, "é", 1<<62); err != nil || utf8.RuneCountInString(v.Str) != 4000 {
		t.Errorf("%d bytes, %v", len(v.Str), err)
	}
	if _, err := Replicate(Type{Kind: NVarChar, Length: Max}, "é", 1<<62); err == nil {
		t.Error("2^63 bytes were made")
	}
}

func TestPatIndexFindsTheFirstMatchOfLike(t *testing.T) {
	texts := rapid.StringOfN(rapid.RuneFrom([]rune("abB ")), 0, 8, -1)
	patterns := rapid.StringOfN(rapid.RuneFrom([]rune("abB_%")), 1, 5, -1)
	rapid.Check(t, func(t *rapid.T) {
		s, pattern := texts.Draw(t, "string"), patterns.Draw(t, "pattern")
		rules := LikeRules{Fold: rapid.Bool().Draw(t, "fold")}
		got, err := PatIndex(pattern, s, rules)
		if err != nil {
			t.Fatal(err)
		}
		matches, err := Like(pattern, s, rules)
		if err != nil || matches != (got > 0) {
			t.Fatalf("PatIndex(%q, %q) = %d, but LIKE is %v (%v)", pattern, s, got, matches, err)
		}
		rest := strings.TrimLeft(pattern, "%")
		for i := range max(0, int(got)-1) {
			if earlier, _ := Like(rest, s[i:], rules); earlier {
				t.Fatalf("PatIndex(%q, %q) = %d, but %d matches", pattern, s, got, i+1)
			}
		}
	})
	if _, err := PatIndex("%a%b%c", strings.Repeat("ab", 1<<20), LikeRules{}); err == nil {
		t.Error("a search that takes too long was not refused")
	}
}
