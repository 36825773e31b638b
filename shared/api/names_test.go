package api_test

import (
	"strings"
	"testing"

	"shardeck/shared/api"
)

func TestCheckIdentifier(t *testing.T) {
	for _, name := range []string{"a", "Students", "student_id", "T1", strings.Repeat("a", api.MaxIdentifier)} {
		if p := api.CheckIdentifier("table", name); p != nil {
			t.Errorf("%q: %v", name, p)
		}
	}
	for name, code := range map[string]api.Code{
		"":                         api.CodeMissingField,
		"1a":                       api.CodeInvalidIdentifier,
		"_slot":                    api.CodeInvalidIdentifier,
		"a b":                      api.CodeInvalidIdentifier,
		"a-b":                      api.CodeInvalidIdentifier,
		"a.b":                      api.CodeInvalidIdentifier,
		`a"b`:                      api.CodeInvalidIdentifier,
		"a'b":                      api.CodeInvalidIdentifier,
		"a]b":                      api.CodeInvalidIdentifier,
		"[a]":                      api.CodeInvalidIdentifier,
		"a;b":                      api.CodeInvalidIdentifier,
		"a--":                      api.CodeInvalidIdentifier,
		"a\x00":                    api.CodeInvalidIdentifier,
		"a\n":                      api.CodeInvalidIdentifier,
		"\u0430bc":                 api.CodeInvalidIdentifier, // a Cyrillic a
		"stu\u200bdent":            api.CodeInvalidIdentifier, // a zero-width space
		"T\uff11":                  api.CodeInvalidIdentifier, // a full-width 1
		"\u017ftudents":            api.CodeInvalidIdentifier, // a long s, which folds to s
		"../etc":                   api.CodeInvalidIdentifier,
		strings.Repeat("a", 101):   api.CodeInvalidIdentifier,
		strings.Repeat("\xff", 10): api.CodeInvalidIdentifier,
	} {
		p := api.CheckIdentifier("table", name)
		if p == nil || p.Code != code || p.Field != "table" || p.Hint == "" {
			t.Errorf("%q: got %v, want %s at table with a hint", name, p, code)
		}
	}
}

func FuzzCheckIdentifierAdmitsOnlyPlainASCII(f *testing.F) {
	f.Add("Students")
	f.Add("a]; DROP TABLE x--")
	f.Fuzz(func(t *testing.T, name string) {
		if api.CheckIdentifier("f", name) != nil {
			return
		}
		const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
		if name == "" || len(name) > api.MaxIdentifier || strings.Trim(name, allowed) != "" || strings.HasPrefix(name, api.ReservedPrefix) {
			t.Errorf("%q was accepted", name)
		}
	})
}

func TestSameNameIgnoresCase(t *testing.T) {
	if !api.SameName("Student_ID", "student_id") || api.SameName("a", "b") {
		t.Error("name comparison must be case-insensitive")
	}
}
