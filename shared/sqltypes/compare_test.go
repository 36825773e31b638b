package sqltypes_test

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

func TestCompareText(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"a", "A", 0}, {"a", "a   ", 0}, {"", "   ", 0}, {"a", " a", 1}, {"a", "b", -1}, {"B", "a", 1}, {"ab", "a", 1},
		{"a", "á", -1}, {"É", "é", 0}, {"ÉCOLE", "école ", 0}, {"ß", "ẞ", 0}, {"σ", "ς", 0}, {"K", "\u212a", 0}, {"Zoë", "ZOË", 0},
		{"a_b", "aZb", -1}, {"a\xff", "a\xfe", 1}, {"\xff", "\uFFFD", 1}, {"ж", "Ж", 0}, {"ab", "aB c", -1},
		{"İ", "i", 1}, {"ı", "i", 1}, {"I", "ı", -1}, {"Ж", "з", -1}, {"ж", "З", -1}, {"Ÿ", "ā", -1}, {"µ", "μ", 0}, {"Å", "\u212b", 0},
		{"a", "a\t", 1}, {"a", "a  \tb", 1}, {"a\t", "a !", -1}, {"é", "É\n", 1}, {"", "\x00", 1}, {"", " x", -1},
	} {
		if got := cmp.Compare(sqltypes.CompareText(c.a, c.b), 0); got != c.want {
			t.Errorf("CompareText(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := cmp.Compare(sqltypes.CompareText(c.b, c.a), 0); got != -c.want {
			t.Errorf("CompareText(%q, %q) = %d, want %d", c.b, c.a, got, -c.want)
		}
	}
}

func TestCompareBinaryIsCaseSensitiveAndIgnoresTrailingSpaces(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"a", "A", 1}, {"a", "a ", 0}, {"a", "a\t", -1}, {"Z", "a", -1}, {"\uFFFF", "\U0001F600", -1}} {
		if got := cmp.Compare(sqltypes.CompareBinary(c.a, c.b), 0); got != c.want {
			t.Errorf("CompareBinary(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// The order is that of Microsoft's documentation of SqlGuid.CompareTo: the last six bytes are the
// most significant; the first three groups compare from their last byte.
func TestCompareGUIDIsSQLServersOrder(t *testing.T) {
	want := []string{
		"01000000-0000-0000-0000-000000000000",
		"00010000-0000-0000-0000-000000000000",
		"00000100-0000-0000-0000-000000000000",
		"00000001-0000-0000-0000-000000000000",
		"00000000-0100-0000-0000-000000000000",
		"00000000-0001-0000-0000-000000000000",
		"00000000-0000-0100-0000-000000000000",
		"00000000-0000-0001-0000-000000000000",
		"00000000-0000-0000-0001-000000000000",
		"00000000-0000-0000-0100-000000000000",
		"00000000-0000-0000-0000-000000000001",
		"00000000-0000-0000-0000-000000000100",
		"00000000-0000-0000-0000-000000010000",
		"00000000-0000-0000-0000-000001000000",
		"00000000-0000-0000-0000-000100000000",
		"00000000-0000-0000-0000-010000000000",
	}
	got := slices.Clone(want)
	slices.Sort(got)
	slices.SortFunc(got, sqltypes.CompareGUID)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestNullSortsFirst(t *testing.T) {
	for _, name := range fuzzTypes {
		typ := mustParse(t, name)
		if sqltypes.Compare(typ, sqltypes.Null(), sqltypes.Null()) != 0 {
			t.Errorf("%s: NULL and NULL do not compare equal", name)
		}
		for _, v := range []sqltypes.Value{sqltypes.Int64(-1 << 63), sqltypes.Text(""), sqltypes.Bytes(nil), sqltypes.Float64(-1)} {
			if sqltypes.Compare(typ, sqltypes.Null(), v) >= 0 || sqltypes.Compare(typ, v, sqltypes.Null()) <= 0 {
				t.Errorf("%s: NULL does not come before %+v", name, v)
			}
		}
	}
}

// genText draws strings that are often equal but not identical.
func genText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringOfN(rapid.SampledFrom([]rune("aAbBzZ_ éÉßẞσςΣKkK\t😀")), 0, 5, -1),
		rapid.String(),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 5), func(b []byte) string { return string(b) }),
	)
}

func genDecimal() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`-?[0-9]{1,4}(\.[0-9]{1,4})?`),
		rapid.StringMatching(`-?0{1,3}(\.0{1,3})?`),
		rapid.StringMatching(`-?[0-9]{30,38}(\.[0-9]{1,38})?`),
	)
}

func TestComparisonsAreTotalOrders(t *testing.T) {
	for name, c := range map[string]struct {
		gen     *rapid.Generator[string]
		compare func(a, b string) int
	}{
		"text":    {genText(), sqltypes.CompareText},
		"binary":  {genText(), sqltypes.CompareBinary},
		"decimal": {rapid.OneOf(genDecimal(), genText()), sqltypes.CompareDecimal},
		"guid":    {rapid.OneOf(rapid.StringMatching(`[01]{8}-[01]{4}-[01]{4}-[01]{4}-[01]{12}`), genText()), sqltypes.CompareGUID},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				a, b, d := c.gen.Draw(t, "a"), c.gen.Draw(t, "b"), c.gen.Draw(t, "c")
				ab, ba := c.compare(a, b), c.compare(b, a)
				if cmp.Compare(ab, 0) != -cmp.Compare(ba, 0) {
					t.Fatalf("compare(%q, %q) = %d but reversed %d", a, b, ab, ba)
				}
				if c.compare(a, a) != 0 {
					t.Fatalf("%q is not equal to itself", a)
				}
				s := []string{a, b, d}
				slices.SortFunc(s, c.compare)
				if c.compare(s[0], s[1]) > 0 || c.compare(s[1], s[2]) > 0 || c.compare(s[0], s[2]) > 0 {
					t.Fatalf("not transitive over %q", s)
				}
				if ab == 0 && cmp.Compare(c.compare(a, d), 0) != cmp.Compare(c.compare(b, d), 0) {
					t.Fatalf("%q and %q are equal but differ against %q", a, b, d)
				}
			})
		})
	}
}

func TestCompareTextAgreesWithEqualFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), genText().Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s }).Draw(t, "b")
		if rapid.Bool().Draw(t, "alike") {
			b = strings.ToUpper(a)
		}
		want := strings.EqualFold(strings.TrimRight(a, " "), strings.TrimRight(b, " "))
		if got := sqltypes.CompareText(a, b) == 0; got != want {
			t.Fatalf("CompareText(%q, %q) equal: %v, EqualFold: %v", a, b, got, want)
		}
	})
}

// Every character equals the members of its Unicode folding orbit and no others.
func TestCompareTextFoldsAsUnicodeDoes(t *testing.T) {
	orbits := map[string][]string{}
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if sqltypes.CompareText(string(r), string(f)) != 0 {
				t.Errorf("%U and %U differ", r, f)
			}
		}
		folded := string(unicode.ToLower(unicode.ToUpper(r)))
		orbits[folded] = append(orbits[folded], string(r))
	}
	for _, group := range orbits {
		for _, s := range group[1:] {
			if got, want := sqltypes.CompareText(group[0], s) == 0, strings.EqualFold(group[0], s); got != want {
				t.Errorf("%q and %q equal: %v, want %v", group[0], s, got, want)
			}
		}
	}
}

func TestCompareDecimalAgreesWithRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genDecimal().Draw(t, "a"), genDecimal().Draw(t, "b")
		ra, _ := new(big.Rat).SetString(a)
		rb, _ := new(big.Rat).SetString(b)
		if got, want := cmp.Compare(sqltypes.CompareDecimal(a, b), 0), ra.Cmp(rb); got != want {
			t.Fatalf("CompareDecimal(%s, %s) = %d, want %d", a, b, got, want)
		}
	})
}
