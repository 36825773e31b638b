package sqltypes_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

// naiveLike implements LIKE by its definition, one character at a time.
func naiveLike(p, v []rune) bool {
	switch {
	case len(p) == 0:
		return len(v) == 0
	case p[0] == '%':
		return naiveLike(p[1:], v) || len(v) > 0 && naiveLike(p, v[1:])
	case len(v) == 0:
		return false
	case p[0] == '[' && len(p) >= 5 && p[2] == '-' && p[4] == ']':
		return p[1] <= v[0] && v[0] <= p[3] && naiveLike(p[5:], v[1:])
	}
	return (p[0] == '_' || p[0] == v[0]) && naiveLike(p[1:], v[1:])
}

func TestLikeAgreesWithItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOfN(rapid.SampledFrom([]rune("abcé")), 0, 10, -1).Draw(t, "value")
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "é", "%", "_", "[a-c]"}), 0, 8).Draw(t, "pattern")
		pattern := strings.Join(parts, "")
		if got, want := like(t, pattern, value, sqltypes.LikeRules{}), naiveLike([]rune(pattern), []rune(value)); got != want {
			t.Fatalf("Like(%q, %q) is %v", pattern, value, got)
		}
	})
}

func TestLikeSetsEscapesAndCase(t *testing.T) {
	for _, c := range []struct {
		pattern, value, escape string
		want                   bool
	}{
		{"100!%", "100%", "!", true},
		{"100!%", "1000", "!", false},
		{"100%%", "100%", "%", true},
		{"[abc]x", "Bx", "", true},
		{"[^abc]x", "Bx", "", false},
		{"[^a-c]x", "Dx", "", true},
		{"[]]", "]", "", true},
		{"[[]x]", "[x]", "", true},
		{"[a-", "[a-", "", false}, // an unclosed set matches nothing
		{"%[", "x[", "", false},
		{"x[^", "x[", "", false},
		{"x!", "x", "!", false}, // nor does a pattern that ends in its escape character
		{"x!", "x!", "!", false},
		{"%!", "a%", "!", false},
		{"x!!", "x!", "!", true},
		{"a%%b", "aXXb", "", true},
		{"", "", "", true},
		{"%", "", "", true},
		{"_", "", "", false},
		{"a", "A", "", true},
		{"k", "\u212a", "", true}, // the Kelvin sign
	} {
		rules := sqltypes.LikeRules{Fold: true}
		if c.escape != "" {
			var err error
			if rules, err = rules.WithEscape(c.escape); err != nil {
				t.Fatal(err)
			}
		}
		if got := like(t, c.pattern, c.value, rules); got != c.want {
			t.Errorf("Like(%q, %q) is %v", c.pattern, c.value, got)
		}
	}
}

func TestEscapeIsOneCharacter(t *testing.T) {
	for _, escape := range []string{"", "ab", "é!"} {
		if _, err := (sqltypes.LikeRules{}).WithEscape(escape); numberOf(err) != 506 {
			t.Errorf("WithEscape(%q): %v", escape, err)
		}
	}
}

func TestLikePaddedIgnoresTrailingSpacesOfTheValueOnly(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		want           bool
	}{
		{"ab", "ab   ", true}, {"ab ", "ab   ", true}, {"ab   ", "ab   ", true}, {"ab ", "ab", false},
		{"%b", "ab  ", true}, {"a_", "ab  ", true}, {"ab_", "ab  ", true}, {"ab_", "ab", false},
		{"", "   ", true}, {"", " a", false}, {"a", "a b", false}, {"%a", "a b ", false}, {"b", " b", false},
	} {
		if got := like(t, c.pattern, c.value, sqltypes.LikeRules{Fold: true, Padded: true}); got != c.want {
			t.Errorf("Like(%q, %q) is %v", c.pattern, c.value, got)
		}
	}
}

func TestLikeRulesFollowTheTypes(t *testing.T) {
	for _, c := range []struct {
		value, pattern string
		binary         bool
		want           sqltypes.LikeRules
	}{
		{"CHAR(4)", "VARCHAR(4)", false, sqltypes.LikeRules{Fold: true, Padded: true}},
		{"VARCHAR(4)", "VARCHAR(4)", true, sqltypes.LikeRules{Padded: true}},
		{"CHAR(4)", "NVARCHAR(4)", false, sqltypes.LikeRules{Fold: true}},
		{"NCHAR(4)", "VARCHAR(4)", true, sqltypes.LikeRules{}},
	} {
		if got := sqltypes.LikeRulesOf(mustParse(t, c.value), mustParse(t, c.pattern), c.binary); got != c.want {
			t.Errorf("%s LIKE %s, binary %v: %+v", c.value, c.pattern, c.binary, got)
		}
	}
}

func FuzzLikeNeverPanics(f *testing.F) {
	f.Add("%a[b-]_!", "xabc", "!")
	f.Add("[", "[", "")
	f.Fuzz(func(t *testing.T, pattern, value, escape string) {
		rules, _ := sqltypes.LikeRules{Fold: true}.WithEscape(escape)
		_, _ = sqltypes.Like(pattern, value, rules) // a long pattern is refused
		if utf8.ValidString(value) && !like(t, "%", value, sqltypes.LikeRules{}) {
			t.Errorf("%% does not match %q", value)
		}
	})
}

func like(t interface {
	Helper()
	Fatal(...any)
}, pattern, value string, rules sqltypes.LikeRules) bool {
	t.Helper()
	ok, err := sqltypes.Like(pattern, value, rules)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// Nothing interrupts a match, so its time is bounded.
func TestLikeIsBounded(t *testing.T) {
	long := strings.Repeat("a", sqltypes.MaxPattern)
	for name, c := range map[string]struct{ pattern, value string }{
		"a long pattern": {long + "a", "a"},
		"backtracking":   {"%" + long[2:] + "b", strings.Repeat("a", 1_000_000)},
		"sets":           {"%[" + strings.Repeat("b", 7900) + "]_b", strings.Repeat("a", 1_000_000)},
		"unclosed sets":  {"%" + strings.Repeat("[", 7000), strings.Repeat("a", 1_000_000)},
	} {
		_, err := sqltypes.Like(c.pattern, c.value, sqltypes.LikeRules{Fold: true})
		if e, ok := errors.AsType[*sqltypes.Error](err); !ok || e.Reason != sqltypes.TooComplex || e.Number != 0 {
			t.Errorf("%s: %v, want it refused as too complex", name, err)
		}
	}
	// Usual patterns over long values are not.
	if ok, err := sqltypes.Like("%needle%", strings.Repeat("hay", 2_000_000)+"needle", sqltypes.LikeRules{Fold: true}); !ok || err != nil {
		t.Errorf("a search in 6 MB: %v, %v", ok, err)
	}
}
