package complete

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/tsqltoken"
	"shardeck/tui/statement"
)

var school = Schema{
	Databases: []string{"SchoolDB"},
	Tables: []Table{
		{Name: "Students", ShardKey: "id", Columns: []Column{{"id", "INT"}, {"name", "NVARCHAR(50)"}, {"avg_gpa", "DECIMAL(3,2)"}}},
		{Name: "Courses", Columns: []Column{{"id", "INT"}, {"title", "NVARCHAR(50)"}, {"full title", "NVARCHAR(90)"}}},
		{Name: "Order Lines", Columns: []Column{{"order", "INT"}}},
	},
	Params: func() []string { return []string{"name", "number"} },
}

// at returns the completion at the | of a text.
func complete(text string, at int, s Schema) Completion {
	return Complete(text, statement.Split(text), at, s)
}

func signature(text string, at int) (Call, bool) {
	return Signature(text, statement.Split(text), at)
}

func at(text string) Completion {
	i := strings.IndexByte(text, '|')
	return complete(text[:i]+text[i+1:], i, school)
}

func texts(c Completion) []string {
	var all []string
	for _, i := range c.Items {
		all = append(all, i.Text)
	}
	return all
}

// TestBest has the first items; "-" stands for none at all.
func TestBest(t *testing.T) {
	for text, want := range map[string]string{
		"|":                 "SELECT, INSERT INTO, UPDATE, DELETE FROM, CREATE TABLE, DROP TABLE",
		"sel|":              "select",
		"Sel|":              "SELECT",
		"SELECT 1; UP|":     "UPDATE",
		"SELECT 1\nGO\nin|": "insert into",

		// Tables.
		"SELECT * FROM |":                   "Students, Courses, [Order Lines], SchoolDB",
		"SELECT * FROM stu|":                "Students",
		"SELECT * FROM [ord|":               "[Order Lines]",
		"SELECT * FROM [ord|] WHERE":        "[Order Lines]",
		"SELECT * FROM dents|":              "Students",
		"SELECT * FROM cses|":               "Courses",
		"SELECT * FROM Students s JOIN co|": "Courses",
		"SELECT * FROM Students s, co|":     "Courses",
		"INSERT INTO s|":                    "Students, SchoolDB, Courses, [Order Lines]",
		"UPDATE s|":                         "Students, SchoolDB, Courses, [Order Lines]",
		"DELETE FROM co|":                   "Courses",
		"DROP TABLE co|":                    "Courses",
		"SELECT * FROM SchoolDB.|":          "dbo",
		"SELECT * FROM SchoolDB.dbo.co|":    "Courses",
		"SELECT * FROM SchoolDB..co|":       "Courses",

		// Columns, with the tables before and after the cursor.
		"SELECT | FROM Students":                                        "id, name, avg_gpa, Students",
		"SELECT gpa| FROM Students":                                     "avg_gpa",
		"SELECT * FROM Students WHERE na|":                              "name",
		"SELECT * FROM Students ORDER BY av|":                           "avg_gpa, avg(",
		"SELECT s.| FROM Students s":                                    "id, name, avg_gpa",
		"SELECT s.| FROM Students AS s":                                 "id, name, avg_gpa",
		"SELECT Students.n| FROM Students":                              "name",
		"SELECT c.f| FROM Students s JOIN Courses c ON s.id = c.id":     "[full title]",
		"SELECT i| FROM Students s JOIN Courses c ON 1 = 1":             "s.id, c.id",
		"SELECT * FROM Students s JOIN Courses c ON c.i|":               "id",
		"SELECT [fu| FROM Courses":                                      "[full title]",
		"SELECT o| FROM [Order Lines]":                                  "[order]",
		"UPDATE Students SET n|":                                        "name",
		"UPDATE Students SET name = 'x' WHERE i|":                       "id",
		"INSERT INTO Students (i|":                                      "id",
		"INSERT INTO Students (id, n|":                                  "name",
		"SELECT COUNT(i|) FROM Students":                                "id",
		"SELECT tit|":                                                   "title",
		"SELECT * FROM Students WHERE id IN (SELECT t| FROM Courses)":   "title",
		"SELECT na| FROM Courses WHERE id IN (SELECT id FROM Students)": "db_name(",

		// What goes on after a value, and what begins one.
		"SELECT id |":                               "FROM",
		"SELECT * |":                                "FROM",
		"SELECT COUNT(*) f|":                        "from",
		"SELECT TOP 5 | FROM Students":              "id, name",
		"SELECT * FROM Students WHERE id = 1 a|":    "and",
		"SELECT id, n| FROM Students":               "name",
		"SELECT id * n| FROM Students":              "name",
		"SELECT * FROM Students WHERE id = 1 AND |": "id, name",

		// Functions, keywords, parameters, types and parts.
		"select subs| from Students":              "substring(",
		"SELECT SUBS|(name, 1, 2)":                "SUBSTRING",
		"SELECT * FROM Students wh|":              "where",
		"SELECT * FROM Students WHERE id = 1 or|": "or, order by",
		"SELECT * FROM Students OR|":              "ORDER BY",
		"SELECT * FROM Students ORDER |":          "BY",
		"INSERT |":                                "INTO",
		"INSERT INTO Students |":                  "VALUES, SELECT",
		"SELECT * FROM Students WHERE name = @n|": "@name, @number",
		"SELECT * FROM Students WHERE name = @|":  "@name, @number",
		"SELECT CAST(id AS nv|":                   "nvarchar",
		"SELECT DATEPART(mo|":                     "month",
		"CREATE TABLE t (a uniq|":                 "uniqueidentifier, unique",
		"INSERT INTO Students VALUES (na|":        "db_name(", // and no column

		// Nothing.
		"SELECT 'na|":                "-",
		"SELECT 'na|' FROM Students": "-",
		"SELECT 'na'|":               "-",
		"-- se|":                     "-",
		"/* se| */":                  "-",
		"SELECT 12|":                 "-",
		"SELECT @@na|":               "-",
		"SELECT id AS na|":           "-",
		"CREATE TABLE st|":           "-",
		"SELECT name| FROM Students": "-", // it is complete
	} {
		got := strings.Join(texts(at(text)), ", ")
		if got == "" {
			got = "-"
		}
		if got != want && (want == "-" || !strings.HasPrefix(got+", ", want+", ")) {
			t.Errorf("%q completes to %.80q, not %q", text, got, want)
		}
	}
}

func TestWhatIsReplaced(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT na|me2 FROM Students": "name2",
		"SELECT [na|":                 "[na",
		"SELECT [na| FROM Students":   "[na",
		"SELECT [na|x] FROM Students": "[nax]",
		"SELECT @na|m":                "@nam",
		"SELECT |x":                   "",
		"SELECT s.n| FROM Students s": "n",
	} {
		c := at(text)
		if got := strings.Replace(text, "|", "", 1)[c.From:c.To]; got != want {
			t.Errorf("%q replaces %q, not %q", text, got, want)
		}
	}
}

func TestDetails(t *testing.T) {
	c := at("SELECT id| FROM Students WHERE 1 = 1 AND s.x")
	if len(c.Items) != 0 {
		t.Errorf("a complete column is completed by %v", texts(c))
	}
	for text, want := range map[string]Item{
		"SELECT i| FROM Students": {Text: "id", Kind: KindColumn, Detail: "INT · Students", Help: "the shard key: a condition on it reaches one shard"},
		"SELECT * FROM Stud|":     {Text: "Students", Kind: KindTable, Detail: "3 columns", Help: "sharded by id"},
		"SELECT LOWE|":            {Text: "LOWER(", Kind: KindFunction, Detail: sqlfunc.Lookup("LOWER").Usage(), Help: sqlfunc.Lookup("LOWER").Help},
	} {
		if c := at(text); len(c.Items) == 0 || c.Items[0] != want {
			t.Errorf("%q completes to %+v, not %+v", text, c.Items, want)
		}
	}
}

// TestEveryFunctionIsOffered takes the functions from their table.
// TestOnlyTheStatementIsLookedAt types behind and within what is too long.
func TestOnlyTheStatementIsLookedAt(t *testing.T) {
	values := "INSERT INTO Students VALUES " + strings.Repeat("(1, 'x', 2), ", MaxStatement/13)
	for text, want := range map[string]bool{
		values + "(1, LE|":                   false,
		values + "(1, 'x', 2); SELECT LE|":   true,
		"SELECT LE|; " + values:              true,
		values + ";\nGO\n\nSELECT LE|\nGO\n": true,
	} {
		c := at(text)
		if found := slices.Contains(texts(c), "LEN("); found != want || c.TooLong == want {
			t.Errorf("%.20q … %q: LEN is offered: %v, too long: %v", text, text[max(len(text)-20, 0):], found, c.TooLong)
		}
	}
}

func TestEveryFunctionIsOffered(t *testing.T) {
	for _, f := range sqlfunc.All() {
		if !strings.Contains(f.Usage(), "(") {
			continue
		}
		if c := at("SELECT " + f.Name[:len(f.Name)-1] + "|"); !slices.Contains(texts(c), f.Name+"(") {
			t.Errorf("%s is not offered: %v", f.Name, texts(c))
		}
	}
}

func TestSignature(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT SUBSTRING(|":                     "SUBSTRING 0",
		"SELECT SUBSTRING(name, |":               "SUBSTRING 1",
		"SELECT SUBSTRING(name, LEN(a), (1 + |2": "SUBSTRING 2",
		"SELECT SUBSTRING(name, LEN(a|":          "LEN 0",
		"SELECT SUBSTRING(name, ',(', |":         "SUBSTRING 2",
		"SELECT SUBSTR|ING(name, 1, 2)":          "SUBSTRING -1",
		"SELECT SUBSTRING(name, 1, 2) |":         "-",
		"SELECT CHARINDEX(|":                     "CHARINDEX 0",
		"SELECT (|":                              "-",
		"SELECT COUNT(x); SELECT |":              "-",
		"|":                                      "-",
	} {
		i := strings.IndexByte(text, '|')
		c, ok := signature(text[:i]+text[i+1:], i)
		got := "-"
		if ok {
			got = fmt.Sprint(c.Name, " ", c.Arg)
			if f := sqlfunc.Lookup(c.Name); f != nil && (c.Usage != f.Usage() || c.Help != f.Help) || c.Help == "" {
				t.Errorf("%q: %+v", text, c)
			}
		}
		if got != want {
			t.Errorf("%q is in %s, not %s", text, got, want)
		}
	}
}

// TestAnyTextCompletes holds every completion to what is true of all.
func TestAnyTextCompletes(t *testing.T) {
	pieces := []string{"SELECT ", "FROM ", "JOIN ", "INSERT ", "INTO ", "UPDATE ", "DELETE ", "SET ", "VALUES ", "CREATE ", "TABLE ", "AS ", "ORDER BY ", "CAST", "CONVERT(",
		"DATEPART(", "Students ", "s", "id", ".", ",", "(", ")", "[", "]", "'", "@", "n", "=", ";", "\nGO\n", "--", "/*", "*/", "1", "\"", "é", "\xff", " "}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 25).Draw(t, "text"), "")
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		c := complete(text, at, school)
		if c.From > at || c.To < at || c.To > len(text) || len(c.Items) > MaxItems {
			t.Fatalf("%q at %d: %d to %d", text, at, c.From, c.To)
		}
		if !strings.HasSuffix(text[:at], c.Prefix) {
			t.Fatalf("%q at %d has the prefix %q", text, at, c.Prefix)
		}
		for _, item := range c.Items {
			if item.Kind == KindTable || item.Kind == KindColumn && !strings.Contains(item.Text, ".") {
				scan := tsqltoken.NewScanner(item.Text)
				var token tsqltoken.Token
				if !scan.Next(&token) || token.End != len(item.Text) || token.Kind == tsqltoken.KindWord && tsqltoken.IsReserved(token.Text) {
					t.Fatalf("%q is no name", item.Text)
				}
			}
		}
		signature(text, at)
	})
}

func BenchmarkComplete(b *testing.B) {
	var s Schema
	for i := range 1000 {
		t := Table{Name: fmt.Sprintf("table_%d", i)}
		for j := range 50 {
			t.Columns = append(t.Columns, Column{Name: fmt.Sprintf("column_%d_%d", i, j), Type: "INT"})
		}
		s.Tables = append(s.Tables, t)
	}
	for _, text := range []string{"SELECT c|", "SELECT x|", "SELECT * FROM t|", "SELECT * FROM ble9|", "SELECT c| FROM table_7 a JOIN table_999 b ON 1 = 1"} {
		b.Run(text, func(b *testing.B) {
			i := strings.IndexByte(text, '|')
			plain := text[:i] + text[i+1:]
			for b.Loop() {
				complete(plain, i, s)
			}
		})
	}
	b.Run("in 10,000 lines", func(b *testing.B) {
		text := strings.Repeat("INSERT INTO table_1 VALUES (1, N'Zoë');\n", 10_000) + "SELECT c"
		all := statement.Split(text)
		for b.Loop() {
			Complete(text, all, len(text), s)
		}
	})
}
