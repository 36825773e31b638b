package sqltypes_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

// A common beginning, however long and of whatever characters, makes no difference.
func TestACommonPrefixDoesNotChangeTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.OneOf(rapid.StringOfN(rapid.SampledFrom([]rune("aÉ😀 \t")), 0, 20, -1), genText()).Draw(t, "prefix") + "x"
		a, b := genText().Draw(t, "a"), genText().Draw(t, "b")
		if got, want := sqltypes.CompareText(prefix+a, prefix+b), sqltypes.CompareText("x"+a, "x"+b); got != want {
			t.Fatalf("%q and %q compare as %d, after %q as %d", a, b, want, prefix, got)
		}
	})
}

func TestCompareUTF16OrdersCodeUnits(t *testing.T) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("aAzÉé\ud7ff\ue000\uffff😀\U0010ffff")), 0, 5, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		units := func(s string) []uint16 { return utf16.Encode([]rune(s)) }
		if got, want := sqltypes.CompareUTF16(a+"  ", b, true), slices.Compare(units(a), units(b)); got != want {
			t.Fatalf("%q and %q compare as %d, want %d", a, b, got, want)
		}
		// These characters are ordered alike in lower case.
		if got, want := sqltypes.CompareUTF16(a, b+" ", false), slices.Compare(units(strings.ToLower(a)), units(strings.ToLower(b))); got != want {
			t.Fatalf("%q and %q compare as %d ignoring case, want %d", a, b, got, want)
		}
	})
	if sqltypes.CompareUTF16("a\t", "a", true) >= 0 {
		t.Error("the shorter string is not padded with spaces")
	}
}
