package statement

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSplit(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" \n;; ", nil},
		{"-- only a comment\n", nil},
		{"SELECT 1", []string{"SELECT 1"}},
		{"SELECT 1;", []string{"SELECT 1"}},
		{" SELECT 1 ; SELECT 2 ", []string{"SELECT 1", "SELECT 2"}},
		{"SELECT ';', [a;b], \"c;d\" -- e;\n, 1 /* ; /* ; */ ; */ + 1;x", []string{"SELECT ';', [a;b], \"c;d\" -- e;\n, 1 /* ; /* ; */ ; */ + 1", "x"}},
		{"SELECT 1\nGO\nSELECT 2\ngo\n", []string{"SELECT 1", "SELECT 2"}},
		{"SELECT 1\r\nGO\r\nSELECT 2\r\nGo 3\r\n", []string{"SELECT 1", "SELECT 2 x3"}},
		{"a;b\nGO 2 -- twice\nc", []string{"a x2", "b x2", "c"}},
		{"a;\nGO 2\nb", []string{"a x2", "b"}},
		{"a\n/* x */ GO /* y */\nb", []string{"a", "b"}},
		{"GO\nGO\na", []string{"a"}},
		{"a\nGO\nGO 5\nb\nGO", []string{"a", "b"}},
		{"SELECT go FROM t", []string{"SELECT go FROM t"}},
		{"SELECT 1 AS\nGO, 2", []string{"SELECT 1 AS\nGO, 2"}},
		{"SELECT '\nGO\n'", []string{"SELECT '\nGO\n'"}},
		{"/*\nGO\n*/ a", []string{"/*\nGO\n*/ a"}},
		{"a\nGO 99999999999999999999\nb", []string{"a\nGO 99999999999999999999\nb"}},
		{"a; -- about a\n-- about b\nb", []string{"a", "-- about b\nb"}},
		{"-- first\na -- behind\n", []string{"-- first\na"}},
		{"SELECT 'open; SELECT 2", []string{"SELECT 'open; SELECT 2"}},
	} {
		var got []string
		for _, s := range Split(tc.text) {
			text := s.Text(tc.text)
			if s.Repeat != 1 {
				text += fmt.Sprintf(" x%d", s.Repeat)
			}
			got = append(got, text)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%q is split into %q, not %q", tc.text, got, tc.want)
		}
	}
}

// TestAt marks the cursor as | and the statement it is at in the right value.
func TestAt(t *testing.T) {
	for text, want := range map[string]string{
		"|":                  "",
		" | \n":              "",
		"|\n a; b":           "a",
		"a|; b":              "a",
		"a;| b":              "a",
		"a; |b":              "b",
		"a;\n|\n\nb":         "a",
		"a;\n\n|b":           "b",
		"a;|b":               "b",
		"a\nGO\n|\nb":        "a",
		"a\nG|O\nb":          "a",
		"a; -- abo|ut a\nb":  "a",
		"a;\n-- abo|ut b\nb": "-- about b\nb",
		"a; b;\n\n|":         "b",
	} {
		at := strings.IndexByte(text, '|')
		text = text[:at] + text[at+1:]
		all := Split(text)
		got := ""
		if i := At(all, at); i >= 0 {
			got = all[i].Text(text)
		}
		if got != want {
			t.Errorf("at %d of %q is %q, not %q", at, text, got, want)
		}
	}
}

func TestKind(t *testing.T) {
	for text, want := range map[string]Kind{
		"select 1":                    Read,
		"-- x\n/* y */ SELECT 1":      Read,
		"(SELECT 1)":                  Read,
		"SELECT 'INTO'":               Read,
		"SELECT a INTO t2 FROM t":     Write,
		"WITH c AS (SELECT 1) SELECT": Read,
		"WITH c AS (SELECT 1), d (x) AS (SELECT 2) DELETE FROM c": Write,
		"WITH c AS (DELETE FROM t) SELECT 1":                      Write, // no T-SQL, but better asked about
		"SELECT 1 DELETE t":                                       Write, // two statements
		"EXEC p INSERT t VALUES (1)":                              Write,
		"EXEC select_it SELECT 1":                                 Other,
		"SELECT [DELETE], 'DELETE', @delete FROM t -- DELETE":     Read,
		"CREATE TABLE t (a INT REFERENCES u ON DELETE CASCADE)":   Definition,
		"insert into t values (1)":                                Write,
		"UPDATE t SET a = 1":                                      Write,
		"DELETE t":                                                Write,
		"MERGE t USING s":                                         Write,
		"TRUNCATE TABLE t":                                        Write,
		"CREATE TABLE t (a INT)":                                  Definition,
		"DROP TABLE t":                                            Definition,
		"ALTER TABLE t ADD a INT":                                 Definition,
		"EXEC p":                                                  Other,
		"":                                                        Other,
		"[SELECT]":                                                Other,
	} {
		if got := kindOf(text); got != want {
			t.Errorf("%q is %v, not %v", text, got, want)
		}
		if all := Split(text); len(all) == 1 && all[0].Kind != want {
			t.Errorf("%q is %v when split, not %v", text, all[0].Kind, want)
		}
	}
}

func TestEachStatementHasItsKind(t *testing.T) {
	var got []Kind
	for _, s := range Split("SELECT 1; DELETE t; SELECT a INTO b\nGO\nSELECT 2; DROP TABLE t") {
		got = append(got, s.Kind)
	}
	if want := []Kind{Read, Write, Write, Read, Definition}; !slices.Equal(got, want) {
		t.Errorf("got %v, not %v", got, want)
	}
}

var pieces = []string{"SELECT ", "a", "1", " ", "\n", "\r\n", ";", "GO", "\nGO\n", "GO 2\n", "'", "--", "/*", "*/", "[", "]", "\"", "-- x\n", "(", ")", "é", "\x00", "\t"}

// TestRangesAddUp puts a text together again: statements in order, separators, and between
// them nothing but blanks, comments, stray semicolons and GO.
func TestRangesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 30).Draw(t, "text"), "")
		all := Split(text)
		var b strings.Builder
		end := 0
		for _, s := range all {
			if s.From < end || s.To <= s.From || s.End < s.To || s.Repeat < 0 {
				t.Fatalf("%q: %+v after %d", text, s, end)
			}
			gap, sep := text[end:s.From], text[s.To:s.End]
			if n := len(Split(gap)); n > 0 {
				t.Fatalf("%q: %d statements were lost in %q", text, n, gap)
			}
			if n := len(Split("\n" + sep)); n > 0 {
				t.Fatalf("%q: the separator %q is a statement", text, sep)
			}
			one := s.Text(text)
			// A GO that is a part of the statement may stand in a line of its own without the rest.
			if again := Split(one); !strings.Contains(one, "GO") && (len(again) != 1 || again[0].From != 0 || again[0].To != len(one)) {
				t.Fatalf("%q: %q is split again: %+v", text, one, again)
			}
			b.WriteString(gap + one + sep)
			end = s.End
		}
		if n := len(Split(text[end:])); n > 0 {
			t.Fatalf("%q: %d statements were lost at the end", text, n)
		}
		if b.WriteString(text[end:]); b.String() != text {
			t.Fatalf("%q is put together as %q", text, b.String())
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	text := strings.Repeat("INSERT INTO students (id, name) VALUES (1, N'Zoë');\n", 10_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Split(text)
	}
}

// kindOf returns the kind of the only statement of a text.
func kindOf(text string) Kind {
	if all := Split(text); len(all) > 0 {
		return all[0].Kind
	}
	return Other
}

// TestTogether: what a batch with variables is made of is sent together.
func TestTogether(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT 1; SELECT 2":                                               "SELECT 1 (read) | SELECT 2 (read)",
		"DECLARE @x INT = 1; SELECT @x; SELECT 2":                          "DECLARE @x INT = 1; SELECT @x; SELECT 2 (read)",
		"SELECT 1\nGO\nDECLARE @x INT; SET @x = 2\nGO 3\nSELECT 3":         "SELECT 1 (read) | DECLARE @x INT; SET @x = 2 (read) ×3 | SELECT 3 (read)",
		"DECLARE @x INT; SET @x = 1; DELETE FROM t WHERE a = @x; SELECT 1": "DECLARE @x INT; SET @x = 1; DELETE FROM t WHERE a = @x; SELECT 1 (write)",
		"SELECT 1; DECLARE @x INT; SELECT @x -- end\n":                     "SELECT 1; DECLARE @x INT; SELECT @x (read)",
		"DECLARE @x INT; EXEC p":                                           "DECLARE @x INT; EXEC p (other)",
		"":                                                                 "",
	} {
		var got []string
		for _, s := range Together(Split(text)) {
			line := s.Text(text) + " (" + s.Kind.String() + ")"
			if s.Repeat > 1 {
				line += " ×" + fmt.Sprint(s.Repeat)
			}
			got = append(got, line)
		}
		if text := strings.Join(got, " | "); text != want {
			t.Errorf("got  %s\nwant %s", text, want)
		}
	}
}

func TestAlone(t *testing.T) {
	all := Split("SELECT 1; SELECT 2\nGO\nSELECT 3; DECLARE @x INT; SELECT @x\nGO\nSELECT 4")
	for i, want := range []bool{true, true, false, false, false, true} {
		if got := Alone(all, i); got != want {
			t.Errorf("statement %d: %v", i, got)
		}
	}
}
