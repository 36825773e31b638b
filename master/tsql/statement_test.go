package tsql

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shardeck/shared/api"
)

func TestStatementsArePrintedInTheirCanonicalForm(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"all columns", "select * from Students", "SELECT * FROM Students"},
		{"a semicolon at the end", " ; SELECT a FROM t ; ;", "SELECT a FROM t"},
		{"comments", "-- first\nSELECT /* a /* nested */ one */ a--b\r\n, b FROM t -- last", "SELECT a, b FROM t"},
		{"dbo, brackets and quotes", `SELECT [a b], "c d" FROM [dbo]."my table" WHERE dbo.t.x = 1`, "SELECT [a b], [c d] FROM [my table] WHERE t.x = 1"},
		{"words that T-SQL reserves", "SELECT key, [user], [plan] FROM [order]", "SELECT [key], [user], [plan] FROM [order]"},
		{"columns of a table", "SELECT s.*, dbo.e . *, s.a FROM s JOIN e ON s.id = e.id", "SELECT s.*, e.*, s.a FROM s JOIN e ON s.id = e.id"},
		{"aliases with and without AS", "SELECT a AS x, b y, c [z z], d 'in quotes', w = e + 1 FROM t AS u", "SELECT a AS x, b AS y, c AS [z z], d AS [in quotes], e + 1 AS w FROM t AS u"},
		{"an alias of a table without AS", "SELECT s.a FROM Students s WHERE s.a = 1", "SELECT s.a FROM Students AS s WHERE s.a = 1"},
		{"DISTINCT and ALL", "SELECT DISTINCT a FROM t", "SELECT DISTINCT a FROM t"},
		{"ALL", "SELECT ALL a FROM t", "SELECT a FROM t"},
		{"TOP without parentheses", "SELECT TOP 5 * FROM t", "SELECT TOP (5) * FROM t"},
		{"TOP with a parameter", "SELECT DISTINCT TOP (@n) a FROM t", "SELECT DISTINCT TOP (@n) a FROM t"},
		{"TOP WITH TIES", "SELECT TOP (3) WITH TIES a FROM t ORDER BY a DESC", "SELECT TOP (3) WITH TIES a FROM t ORDER BY a DESC"},
		{"OFFSET", "SELECT a FROM t ORDER BY a OFFSET 5 ROW", "SELECT a FROM t ORDER BY a OFFSET 5 ROWS"},
		{"OFFSET and FETCH", "SELECT a FROM t ORDER BY a, b DESC OFFSET (@o) ROWS FETCH FIRST 1 ROW ONLY", "SELECT a FROM t ORDER BY a, b DESC OFFSET @o ROWS FETCH NEXT 1 ROWS ONLY"},
		{"joins", "SELECT a FROM t INNER JOIN u ON t.k=u.k LEFT OUTER JOIN v w ON w.k=t.k AND w.x>1 WHERE a=1",
			"SELECT a FROM t JOIN u ON t.k = u.k LEFT JOIN v AS w ON w.k = t.k AND w.x > 1 WHERE a = 1"},
		{"LEFT the function", "SELECT LEFT(a, 2) FROM t LEFT JOIN u ON t.k = u.k", "SELECT LEFT(a, 2) FROM t LEFT JOIN u ON t.k = u.k"},
		{"grouping", "SELECT city, COUNT(*), AVG(gpa) a FROM t GROUP BY city, YEAR(born) HAVING COUNT(*) > 1 AND MAX(gpa) < 4 ORDER BY AVG(gpa) DESC",
			"SELECT city, COUNT(*), AVG(gpa) AS a FROM t GROUP BY city, YEAR(born) HAVING COUNT(*) > 1 AND MAX(gpa) < 4 ORDER BY AVG(gpa) DESC"},
		{"aggregates", "SELECT count_big(*), count(distinct x), sum(all x), count(x) FROM t", "SELECT COUNT_BIG(*), COUNT(DISTINCT x), SUM(x), COUNT(x) FROM t"},
		{"functions", "SELECT coalesce(a,b,1), nullif(a,0), datepart(year, d), getdate(), isnull(upper(a),'') FROM t", "SELECT COALESCE(a, b, 1), NULLIF(a, 0), DATEPART(year, d), GETDATE(), ISNULL(UPPER(a), '') FROM t"},
		{"CASE", "SELECT case when a=1 or b=2 then 'x' when c is null then 'y' else z end, case a+1 when 1 then 2 end FROM t",
			"SELECT CASE WHEN a = 1 OR b = 2 THEN 'x' WHEN c IS NULL THEN 'y' ELSE z END, CASE a + 1 WHEN 1 THEN 2 END FROM t"},
		{"IIF is a CASE", "SELECT IIF(a > 1, 'x', 'y') FROM t", "SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END FROM t"},
		{"CAST and CONVERT", "SELECT cast(a as decimal(10, 2)), convert([nvarchar](max), b), convert(varchar(10), d, 120), cast(x as double precision) FROM t",
			"SELECT CAST(a AS DECIMAL(10,2)), CAST(b AS NVARCHAR(MAX)), CONVERT(VARCHAR(10), d, 120), CAST(x AS FLOAT) FROM t"},
		{"parameters", "SELECT @a FROM t WHERE x IN (@b, @c_1) AND y LIKE @d", "SELECT @a FROM t WHERE x IN (@b, @c_1) AND y LIKE @d"},
		{"words that are only sometimes words", "SELECT rows, [offset], hash, next FROM only ORDER BY key", "SELECT rows, offset, hash, next FROM only ORDER BY [key]"},
		{"INSERT", "insert Students values (1, N'x', -2.5, NULL, DEFAULT, @p)", "INSERT INTO Students VALUES (1, N'x', -2.5, NULL, DEFAULT, @p)"},
		{"INSERT of rows", "INSERT INTO dbo.t (a, [b c]) VALUES (1, 2), (1+2, UPPER('x'));", "INSERT INTO t (a, [b c]) VALUES (1, 2), (1 + 2, UPPER('x'))"},
		{"INSERT with OUTPUT", "insert t (a) output inserted.a, Inserted.[b c] x, inserted.*, n = inserted.a + 1 values (1)",
			"INSERT INTO t (a) OUTPUT inserted.a, Inserted.[b c] AS x, inserted.*, inserted.a + 1 AS n VALUES (1)"},
		{"INSERT of a query with OUTPUT", "INSERT t OUTPUT inserted.a SELECT a FROM u", "INSERT INTO t OUTPUT inserted.a SELECT a FROM u"},
		{"a table called output", "INSERT INTO output (output) SELECT output FROM output", "INSERT INTO output (output) SELECT output FROM output"},
		{"UPDATE", "update t set a = a + 1, t.b = default, [c] = @p where id = 5", "UPDATE t SET a = a + 1, b = DEFAULT, c = @p WHERE id = 5"},
		{"UPDATE of all", "UPDATE t SET a = NULL", "UPDATE t SET a = NULL"},
		{"DELETE", "delete t where a in (1,2)", "DELETE FROM t WHERE a IN (1, 2)"},
		{"DELETE FROM", "DELETE FROM dbo.t", "DELETE FROM t"},
		{"TRUNCATE TABLE", "truncate table dbo.[t];", "TRUNCATE TABLE t"},
		{"CREATE TABLE", "CREATE TABLE t (id INT NOT NULL PRIMARY KEY NONCLUSTERED, [name] [nvarchar](50) NULL CONSTRAINT df DEFAULT (N'x'), u INT UNIQUE)",
			"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, name NVARCHAR(50) NULL DEFAULT N'x', u INT UNIQUE)"},
		{"constraints of the table", "CREATE TABLE dbo.t (a INT, b INT, CONSTRAINT pk PRIMARY KEY CLUSTERED (a ASC, b DESC), UNIQUE (b, a), CONSTRAINT u2 UNIQUE NONCLUSTERED (a),)",
			"CREATE TABLE t (a INT, b INT, PRIMARY KEY (a, b), UNIQUE (b, a), UNIQUE (a))"},
		{"a shard key", "CREATE TABLE t (a INT) WITH (DISTRIBUTION = HASH([a]))", "CREATE TABLE t (a INT) WITH (DISTRIBUTION = HASH(a))"},
		{"rows spread", "CREATE TABLE t (a INT /* c */ NOT NULL) WITH (distribution=round_robin);", "CREATE TABLE t (a INT NOT NULL) WITH (DISTRIBUTION = ROUND_ROBIN)"},
		{"rows replicated", "CREATE TABLE t (a INT) WITH (DISTRIBUTION = replicate)", "CREATE TABLE t (a INT) WITH (DISTRIBUTION = REPLICATE)"},
		{"DROP TABLE", "drop table dbo.t", "DROP TABLE t"},
		{"ADD columns", "alter table dbo.t add a int, [b] DECIMAL(5,2) not null constraint d default (1.5) , c date default '2020-01-02' with values;",
			"ALTER TABLE t ADD a INT, b DECIMAL(5,2) NOT NULL DEFAULT 1.5, c DATE DEFAULT '2020-01-02' WITH VALUES"},
		{"CREATE INDEX", "create nonclustered index i on dbo.t ([a] desc, b asc) with (online = on, fillfactor = 80)", "CREATE INDEX i ON t (a DESC, b)"},
		{"DROP INDEX", "drop index if exists i on dbo.t", "DROP INDEX IF EXISTS i ON t"},
		{"DROP TABLE IF EXISTS", "DROP TABLE IF EXISTS t;", "DROP TABLE IF EXISTS t"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := parseOne(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := Format(s); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			reparseStatement(t, s)
		})
	}
}

func TestATreeSaysWhereItsPartsStand(t *testing.T) {
	text := "SELECT TOP (2) a, t.*, n = COUNT(*)\nFROM dbo.t JOIN u x ON t.k = x.k\nWHERE CASE WHEN a = 1 THEN @p END = CAST(a AS INT)"
	s, err := parseOne(text)
	if err != nil {
		t.Fatal(err)
	}
	sel := s.(*Select)
	where := sel.Where.(*Compare)
	for want, at := range map[string]int{
		"SELECT": sel.Pos(), "TOP": sel.Top.At, "a, t.*": sel.List[0].At, "t.*": sel.List[1].At, "n = COUNT": sel.List[2].At, "COUNT": sel.List[2].X.Pos(),
		"dbo.t": sel.From.At, "JOIN": sel.Joins[0].At, "u x": sel.Joins[0].Table.At, "CASE": where.L.Pos(), "WHEN": where.L.(*Case).Whens[0].At,
		"@p": where.L.(*Case).Whens[0].Then.Pos(), "CAST": where.R.Pos(),
	} {
		if !strings.HasPrefix(text[at:], want) {
			t.Errorf("%s stands at %q", want, text[at:min(at+10, len(text))])
		}
	}
	s, err = parseOne("CREATE TABLE t (a INT, b  DECIMAL(3, 2)  NOT NULL , PRIMARY KEY (a)) WITH (DISTRIBUTION = HASH(b))")
	if err != nil {
		t.Fatal(err)
	}
	c := s.(*CreateTable)
	if diff := cmp.Diff([]string{"INT", "DECIMAL(3, 2)  NOT NULL"}, []string{c.Columns[0].Text, c.Columns[1].Text}); diff != "" {
		t.Error(diff)
	}
	if c.Columns[1].Name.At != 23 || c.PrimaryKey[0].At != 65 || c.ShardKey.At != 95 {
		t.Errorf("names at %d, %d and %d", c.Columns[1].Name.At, c.PrimaryKey[0].At, c.ShardKey.At)
	}
}

func TestLargeStatementsAreRead(t *testing.T) {
	for name, text := range map[string]string{
		"100,000 values in IN": "SELECT a FROM t WHERE a IN (" + strings.Repeat("1,", MaxList-1) + "1)",
		"100,000 rows":         "INSERT INTO t VALUES " + strings.Repeat("(1),", 99_999) + "(1)",
		"100,000 ORs":          "SELECT a FROM t WHERE " + strings.Repeat("a=1 OR ", 99_999) + "a=1",
		"a long string":        "SELECT a FROM t WHERE a = '" + strings.Repeat("x''", (MaxText-30)/3) + "'",
		"a long comment":       "SELECT a FROM t /*" + strings.Repeat("/**/", (MaxText-30)/4) + "*/",
		"50,000 arguments":     "SELECT COALESCE(" + strings.Repeat("a, ", 50_000) + "1) FROM t",
		"20,000 branches":      "SELECT CASE a " + strings.Repeat("WHEN 1 THEN 2 ", 20_000) + "END FROM t",
	} {
		if _, err := parseOne(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// reparseStatement checks that what s prints as parses to the same tree.
func reparseStatement(t interface{ Fatalf(string, ...any) }, s Statement) {
	text := Format(s)
	again, err := parseOne(text)
	if api.CodeOf(err) == api.CodeTooComplex {
		return // the parentheses that are printed for a sign count as depth
	}
	if err != nil {
		t.Fatalf("printed %q, which does not parse: %v", text, err)
	}
	if diff := cmp.Diff(s, again, ignoreOffsets, ignoreText); diff != "" {
		t.Fatalf("printed %q, which parses to another tree:\n%s", text, diff)
	}
}

// ignoreText leaves out how a column definition was written.
var ignoreText = cmp.FilterPath(func(p cmp.Path) bool {
	return p.Last().String() == ".Text" && p.Index(-2).Type().Name() == "TableColumn"
}, cmp.Ignore())

func TestPrintingAndParsingOfStatementsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reparseStatement(t, drawStatement(t))
	})
}

// FuzzParse: nothing panics, each statement says where it is, and what it prints as parses to the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"SELECT DISTINCT TOP (5) WITH TIES a AS x, t.*, y = COUNT(DISTINCT b) FROM dbo.t AS u LEFT JOIN v ON u.k = v.k WHERE a IN (1, @p) GROUP BY a HAVING SUM(b) > 1 ORDER BY a DESC",
		"SELECT CASE a WHEN 1 THEN 'x' ELSE NULL END, CAST(b AS NVARCHAR(MAX)), CONVERT(INT, c, 1), IIF(a=1,2,3) FROM t ORDER BY 1 OFFSET 5 ROWS FETCH NEXT @n ROWS ONLY;",
		"INSERT INTO [t] (a, b) VALUES (1, DEFAULT), (N'x', -2.5)", "INSERT INTO t OUTPUT inserted.*, inserted.a + 1 AS n SELECT a FROM u", "UPDATE t SET a = DEFAULT, t.b = b * 2 WHERE c IS NULL", "DELETE t WHERE a = 1",
		"CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b [decimal](10,2) CONSTRAINT d DEFAULT (-1), UNIQUE (a, b)) WITH (DISTRIBUTION = HASH(a))",
		"DROP TABLE IF EXISTS t; -- c", "SELECT 1 /* /* */ */", "WITH x AS (SELECT 1) SELECT * FROM x", "SELECT a FROM t; DROP TABLE t", "SELECT (((((", "SELECT a.b.c.d.* FROM x..y",
		"SELECT [a]]b], \"c\"\"d\" FROM t WHERE NOT - - -1 > @x", "select @a = 1", "CREATE TABLE t (", "SELECT TOP 5 PERCENT * FROM t LIMIT 3", "/*", "@", "@@x", "1/-1/-1",
		"SELECT 1; SELECT 2", "SELECT 1\nGO\nDECLARE @x INT = 1 SET @x += 2", "SELECT @a = 1, @b = c FROM t WITH (NOLOCK) OPTION (RECOMPILE)",
		"USE x; SET NOCOUNT ON", "DECLARE @t TABLE (a INT)", "GO 5", "SELECT a FROM t (NOLOCK", "SET @x", "DECLARE", "OPTION (", "SELECT 1 OPTION ()", ";", "GO",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		items, err := Parse(text)
		if err != nil {
			checkProblem(t, err, text)
			if p, _ := errors.AsType[*api.Problem](err); p.Code == api.CodeUnsupported && p.Hint == "" {
				t.Fatalf("%v does not say what to do instead", err)
			}
			return
		}
		if len(items) == 0 || len(items) > MaxStatements {
			t.Fatalf("%d statements", len(items))
		}
		at := -1
		for _, it := range items {
			s := it.Statement
			word := s.Verb()
			if _, with := s.(*With); with {
				word = "WITH"
			}
			if p := s.Pos(); p <= at || p+3 > len(text) || !strings.EqualFold(text[p:p+3], word[:3]) || it.Line != 1+strings.Count(text[:p], "\n") {
				t.Fatalf("%s at %d, in line %d, of %q", s.Verb(), p, it.Line, text)
			}
			at = s.Pos()
			reparseStatement(t, s)
		}
	})
}

func BenchmarkParsePointSelect(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseOne("SELECT student_id, name, gpa FROM dbo.Students WHERE student_id = 12345"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseLongIn(b *testing.B) {
	text := "SELECT a FROM t WHERE a IN (" + strings.Repeat("1234567,", MaxList-1) + "1)"
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseOne(text); err != nil {
			b.Fatal(err)
		}
	}
}
