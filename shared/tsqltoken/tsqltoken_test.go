package tsqltoken

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tokens returns the tokens of text, without their offsets.
func tokens(text string) []Token {
	var all []Token
	s := NewScanner(text)
	for t := (Token{}); s.Next(&t); {
		t.Start, t.End = 0, 0
		all = append(all, t)
	}
	return all
}

// The expected values follow the references in the package documentation.
func TestTextIsTokenized(t *testing.T) {
	word := func(s string) Token { return Token{Kind: KindWord, Text: s} }
	op := func(o Operator, s string) Token { return Token{Kind: KindOp, Op: o, Text: s} }
	for _, c := range []struct {
		name, text string
		want       []Token
	}{
		{"nothing", " \t\r\n", nil},
		{"keywords in any case", "select Null", []Token{{Kind: KindWord, Keyword: Select, Text: "select"}, {Kind: KindWord, Keyword: Null, Text: "Null"}}},
		{"a reserved word outside the grammar", "waitfor", []Token{{Kind: KindWord, Keyword: Reserved, Text: "waitfor"}}},
		{"words that are also names", "user offset _x9", []Token{word("user"), word("offset"), word("_x9")}},
		{"delimited names", `[a]]b] "c""d" [select]`, []Token{{Kind: KindQuoted, Text: "a]b"}, {Kind: KindQuoted, Text: `c"d`}, {Kind: KindQuoted, Text: "select"}}},
		{"strings", "'it''s' N'x' n'y' ''", []Token{{Kind: KindString, Text: "it's"}, {Kind: KindNString, Text: "x"}, {Kind: KindNString, Text: "y"}, {Kind: KindString}}},
		{"numbers", "42 3.50 .5 5. 1e3 1.5E-7", []Token{{Kind: KindInt, Text: "42"}, {Kind: KindDecimal, Text: "3.50"}, {Kind: KindDecimal, Text: ".5"},
			{Kind: KindDecimal, Text: "5."}, {Kind: KindFloat, Text: "1e3"}, {Kind: KindFloat, Text: "1.5E-7"}}},
		{"binary constants", "0xC0FFEE 0x 0XaB", []Token{{Kind: KindBinary, Text: "C0FFEE"}, {Kind: KindBinary}, {Kind: KindBinary, Text: "aB"}}},
		{"parameters", "@p1 @Select", []Token{{Kind: KindParam, Text: "p1"}, {Kind: KindParam, Text: "Select"}}},
		{"operators", "<=>=<>!=!<!>=<", []Token{op(OpLe, "<="), op(OpGe, ">="), op(OpNe, "<>"), op(OpNe, "!="), op(OpGe, "!<"), op(OpLe, "!>"), op('=', "="), op('<', "<")}},
		{"a line comment", "1--x\n2", []Token{{Kind: KindInt, Text: "1"}, {Kind: KindComment, Text: "--x"}, {Kind: KindInt, Text: "2"}}},
		{"nested comments", "/* a /* b */ c */d", []Token{{Kind: KindComment, Text: "/* a /* b */ c */"}, word("d")}},
		{"quotes in a comment, comments in a string", "/*'*/'/*'", []Token{{Kind: KindComment, Text: "/*'*/"}, {Kind: KindString, Text: "/*"}}},
		{"an unterminated nested comment", "/* /* */", []Token{{Kind: KindComment, Fault: Unclosed, Text: "/* /* */"}}},
		{"overlapping comment marks", "/*/", []Token{{Kind: KindComment, Fault: Unclosed, Text: "/*/"}}},
		{"an open string", "'a''", []Token{{Kind: KindString, Fault: Unclosed, Text: "'a''"}}},
		{"an open name", "[a]]", []Token{{Kind: KindQuoted, Fault: Unclosed, Text: "[a]]"}}},
		{"empty names", `[] ""`, []Token{{Kind: KindQuoted, Fault: EmptyName}, {Kind: KindQuoted, Fault: EmptyName}}},
		{"faulty parameters", "@ @@rowcount", []Token{{Kind: KindParam, Fault: NoName}, {Kind: KindParam, Fault: GlobalVariable, Text: "rowcount"}}},
		{"faulty numbers", "1e+ 1x 0xfg 1.2.", []Token{{Kind: KindFloat, Fault: NoExponent, Text: "1e+"}, {Kind: KindInt, Fault: GoesOn, Text: "1"}, word("x"),
			{Kind: KindBinary, Fault: GoesOn, Text: "f"}, word("g"), {Kind: KindDecimal, Fault: GoesOn, Text: "1.2"}, op('.', ".")}},
		{"strays", "!#\u00e9DROP\xff", []Token{{Kind: KindStray, Text: "!"}, {Kind: KindStray, Text: "#"}, {Kind: KindStray, Text: "\u00e9"},
			{Kind: KindWord, Keyword: Drop, Text: "DROP"}, {Kind: KindStray, Text: "\xff"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, tokens(c.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKeywordTableHasEachWordOnceAndEachKeyword(t *testing.T) {
	seen, has := map[string]bool{}, map[Keyword]bool{NoKeyword: true}
	for _, w := range table {
		if seen[w.text] {
			t.Errorf("%s appears in the table more than once", w.text)
		}
		seen[w.text], has[w.keyword] = true, true
		if w.text != strings.ToUpper(w.text) || len(w.text) > maxWord {
			t.Errorf("%s is not in upper case, or is longer than maxWord", w.text)
		}
		for _, text := range []string{w.text, strings.ToLower(w.text)} {
			if lookup(text) != w.keyword || useOf(text) != w.use {
				t.Errorf("%s is not found", text)
			}
		}
		if useOf(w.text+"x") != 0 || useOf(w.text[:len(w.text)-1]+"\u00e9") != 0 {
			t.Errorf("a name that begins with %s is found as a word", w.text[:len(w.text)-1])
		}
	}
	for kw := range keywords {
		if !has[kw] {
			t.Errorf("keyword %d has no word", kw)
		}
	}
	if len(table) > 255 {
		t.Error("the index stores a row number in one byte")
	}
}

func TestWhatAWordIsFor(t *testing.T) {
	for _, c := range []struct {
		word                          string
		keyword                       Keyword
		reserved, word_, bare, inCond bool
	}{
		{"gpa", NoKeyword, false, false, true, true},
		{"and", And, true, true, false, true},
		{"Select", Select, true, true, false, false},
		{"MERGE", Reserved, true, true, false, false},
		{"user", NoKeyword, true, true, false, true},
		{"offset", NoKeyword, false, true, true, true},
		{"a b", NoKeyword, false, false, false, true},
		{"9a", NoKeyword, false, false, false, true},
		{"", NoKeyword, false, false, false, true},
	} {
		kw := lookup(c.word)
		if kw != c.keyword || IsReserved(c.word) != c.reserved || IsWord(c.word) != c.word_ || IsBareName(c.word) != c.bare || kw.InCondition() != c.inCond {
			t.Errorf("%q: keyword %d, reserved %v, word %v, bare %v, in a condition %v", c.word, kw, IsReserved(c.word), IsWord(c.word), IsBareName(c.word), kw.InCondition())
		}
	}
}

func TestScanningAllocatesNothing(t *testing.T) {
	text := "SELECT TOP (5) [a], N'b' FROM t WHERE x <= 1.5e3 AND y = @p -- done"
	if n := testing.AllocsPerRun(100, func() {
		s := NewScanner(text)
		var t Token
		for s.Next(&t) {
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Tokens and the white space between them make up the text exactly.
func FuzzTokensCoverTheText(f *testing.F) {
	for _, s := range []string{"SELECT [a]]b] FROM 'c''d' -- e\n/* f /* g */ */;", "[", "'", "/*", "--", "\xff", "1e+0x@@!", "N'\u00e9' \u00e9\v#t $1", "/*/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := NewScanner(text)
		end := 0
		var tok Token
		for s.Next(&tok) {
			if tok.Start < end || tok.End <= tok.Start || tok.End > len(text) {
				t.Fatalf("%q: %+v behind %d", text, tok, end)
			}
			if gap := text[end:tok.Start]; strings.Trim(gap, " \t\r\n") != "" {
				t.Fatalf("%q: %q is not in any token", text, gap)
			}
			if tok.Kind == KindEnd {
				t.Fatalf("%q: KindEnd counts as a token", text)
			}
			end = tok.End
		}
		if rest := text[end:]; strings.Trim(rest, " \t\r\n") != "" {
			t.Fatalf("%q: %q is not in any token", text, rest)
		}
		if s.Next(&tok) || tok.Kind != KindEnd || tok.Start != len(text) {
			t.Fatalf("%q does not stay at its end: %+v", text, tok)
		}
	})
}

func BenchmarkScanPointSelect(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		s := NewScanner("SELECT student_id, name, gpa FROM Students WHERE student_id = 12345")
		var t Token
		for s.Next(&t) {
		}
	}
}

func TestWordsAreThoseOfTheGrammar(t *testing.T) {
	words := Words()
	if !slices.IsSorted(words) {
		t.Errorf("not sorted: %q", words)
	}
	for _, w := range []string{"SELECT", "NULL", "OFFSET", "LEFT"} {
		if !slices.Contains(words, w) {
			t.Errorf("%s is missing", w)
		}
	}
	for _, w := range []string{"MERGE", "PIVOT", "BACKUP", "STUDENTS"} {
		if slices.Contains(words, w) {
			t.Errorf("%s is no word of the grammar", w)
		}
	}
}
