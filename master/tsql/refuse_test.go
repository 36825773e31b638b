package tsql

import (
	"errors"
	"strings"
	"testing"

	"shardeck/shared/api"
)

// refusal is a statement with ^ before the fault, the code and words of the
// problem's detail, and words of its hint.
type refusal struct {
	text string
	code api.Code
	says string
	hint string
}

func checkRefusal(t *testing.T, r refusal) {
	t.Helper()
	at := strings.IndexByte(r.text, '^')
	text := strings.Replace(r.text, "^", "", 1)
	_, err := parseOne(text)
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		t.Errorf("%.80q: got %v, want a problem", text, err)
		return
	}
	if p.Code != r.code || p.Offset == nil || *p.Offset != at || !strings.Contains(p.Detail, r.says) || !strings.Contains(p.Hint, r.hint) {
		got := -1
		if p.Offset != nil {
			got = *p.Offset
		}
		t.Errorf("%.80q:\ngot  %s at %d: %s; %s\nwant %s at %d with %q and %q", text, p.Code, got, p.Detail, p.Hint, r.code, at, r.says, r.hint)
	}
	if p.Hint == "" && p.Code != api.CodeSyntax {
		t.Errorf("%.80q: %s, but not what to do instead", text, p.Detail)
	}
}

func TestWhatTSQLHasBeyondTheSubsetIsRefusedByName(t *testing.T) {
	for _, r := range []refusal{
		{"^EXEC sp_help", "", "stored procedures (EXEC)", "one at a time"},
		{"^BEGIN TRAN", "", "transactions over several statements", "INSERT"},
		{"^COMMIT", "", "COMMIT", "atomic"},
		{"^MERGE t USING u ON t.a = u.a WHEN MATCHED THEN DELETE;", "", "MERGE", "UPDATE"},
		{"TRUNCATE TABLE t ^WITH (PARTITIONS (1))", "", "partitions", "DELETE"},
		{"TRUNCATE TABLE t ^WHERE a = 1", "", "WHERE", "DELETE FROM"},
		{"TRUNCATE TABLE t^, u", "", "several tables", "one"},
		{"ALTER ^DATABASE x SET RECOVERY SIMPLE", "", "ALTER DATABASE", "ADD"},
		{"ALTER TABLE t ^DROP COLUMN a", "", "DROP", "another table"},
		{"ALTER TABLE t ^ALTER COLUMN a BIGINT", "", "ALTER", "another column"},
		{"ALTER TABLE t ADD ^CONSTRAINT c UNIQUE (a)", "", "ADD CONSTRAINT", "CREATE TABLE"},
		{"ALTER TABLE t ADD ^PRIMARY KEY (a)", "", "ADD PRIMARY", "CREATE TABLE"},
		{"ALTER TABLE t ADD a INT ^UNIQUE", "", "a key", "CREATE TABLE"},
		{"ALTER TABLE t ADD a INT ^IDENTITY", "", "IDENTITY", "of your own"},
		{"CREATE ^CLUSTERED INDEX i ON t (a)", "", "CLUSTERED", "leave"},
		{"CREATE INDEX i ON t (a) ^INCLUDE (b)", "", "INCLUDE", "behind"},
		{"CREATE INDEX i ON t (a) ^WHERE a > 1", "", "filtered", "all rows"},
		{"CREATE INDEX i ON t (a) WITH (^DROP_EXISTING = ON)", "", "DROP_EXISTING", "leave it out"},
		{"DROP INDEX t^.i", "", "table.index", "ON t"},
		{"DROP INDEX a ON t^, b ON t", "", "several indexes", "one DROP INDEX"},
		{"^GRANT SELECT ON t TO x", "", "GRANT", "token"},
		{"^IF 1 = 1 SELECT a FROM t", "", "IF", "program"},
		{"^WHILE 1 = 1 PRINT 'x'", "", "WHILE", "program"},
		{"^KILL 53", "", "KILL", "DELETE /queries/{id}"},
		{"^EXPLAIN SELECT a FROM t", "", "EXPLAIN", "explain: true"},
		{"^SHOW TABLES", "", "SHOW", "/metadata"},
		{"CREATE ^DATABASE x", "", "CREATE DATABASE", "/create-db"},
		{"CREATE ^UNIQUE INDEX i ON t (a)", "", "CREATE UNIQUE INDEX", "PRIMARY KEY"},
		{"CREATE ^VIEW v AS SELECT a FROM t", "", "CREATE VIEW", "query itself"},
		{"DROP ^DATABASE x", "", "DROP DATABASE", "/drop-db"},
		{"SELECT a FROM t WHERE a = 1 ^GO", "", "GO in the middle of a line", "line of its own"},
		{"SELECT a FROM t WHERE a > ^ALL (SELECT 1)", "", "ALL", "MAX"},
		{"SELECT a FROM t WHERE a = ^ANY (SELECT 1)", "", "ANY", "EXISTS"},
		{"SELECT a FROM (^t JOIN u ON t.a = u.a)", "", "parentheses around the tables", "derived table"},
		{"SELECT a FROM t ^CROSS APPLY u", "", "CROSS APPLY", "JOIN"},
		{"SELECT SUM(a) OVER ^w FROM t", "", "named window", "parentheses"},
		{"SELECT SUM(a) OVER (ORDER BY a RANGE ^1 PRECEDING) FROM t", "", "RANGE", "ROWS"},
		{"SELECT a ^INTO u FROM t", "", "SELECT ... INTO", "CREATE TABLE"},
		{"SELECT a FROM t ^CROSS APPLY f(t.a)", "", "CROSS APPLY", ""},
		{"SELECT a FROM t ^OUTER APPLY f(t.a)", "", "OUTER APPLY", "LEFT JOIN"},
		{"SELECT a FROM t ^NATURAL JOIN u", "", "NATURAL", "ON"},
		{"SELECT a FROM t JOIN u ^USING (a)", "", "USING", "ON"},
		{"SELECT a FROM t INNER ^HASH JOIN u ON t.a = u.a", "", "join hints (HASH)", ""},
		{"SELECT a FROM t WITH (^READPAST)", "", "table hint", "NOLOCK"},
		{"SELECT a FROM t AS x WITH (NOLOCK, ^FASTEST)", "", "table hint", "NOLOCK"},
		{"SELECT a FROM ^OPENROWSET('x')", "", "OPENROWSET", ""},
		{"SELECT a FROM openjson^('[1]')", "", "table-valued functions", ""},
		{"SELECT a FROM ^#temp", "", "temporary tables", "ordinary"},
		{"SELECT a FROM ^@t", "", "variable (@t)", ""},
		{"SELECT a FROM ^other.t", "", "schemas other than dbo", "db_name"},
		{"SELECT a FROM ^srv.db.dbo.t", "", "names of servers", "db_name"},
		{"SELECT ^db.x.t.a FROM t", "", "schemas other than dbo", "db_name"},
		{"SELECT a FROM t ^PIVOT (SUM(a) FOR b IN ([1])) p", "", "PIVOT", "CASE"},
		{"SELECT a FROM t ^TABLESAMPLE (10 PERCENT)", "", "TABLESAMPLE", "WHERE"},
		{"SELECT a FROM t ^FOR JSON PATH", "", "FOR JSON", "the answer is JSON"},
		{"SELECT a FROM t OPTION (^QUICKLY)", "", "query hint", "MAXDOP"},
		{"SELECT a FROM t WHERE a = 1 ^OPTION RECOMPILE", "", "OPTION", "leave"},
		{"SELECT a FROM t ^LIMIT 5", "", "LIMIT", "TOP (n)"},
		{"SELECT a FROM t ORDER BY a ^LIMIT 5", "", "LIMIT", "OFFSET n ROWS"},
		{"SELECT a FROM t ^OFFSET 5 ROWS", "", "without ORDER BY", "ORDER BY"},
		{"SELECT a FROM t ORDER BY a ^NULLS LAST", "", "NULLS", "NULL sorts"},
		{"SELECT TOP 5 ^PERCENT a FROM t", "", "PERCENT", "TOP (n)"},
		{"SELECT TOP (a ^+ 1) a FROM t", "", "neither an integer nor a parameter", "before you send it"},
		{"SELECT TOP (^1.5) a FROM t", "", "neither an integer nor a parameter", ""},
		{"SELECT a FROM t ORDER BY a OFFSET 0 ROWS FETCH NEXT 5 ROWS ^WITH TIES", "", "WITH TIES", "TOP (n) WITH TIES"},
		{"SELECT MAX(a) ^WITHIN GROUP (ORDER BY a) FROM t", "", "WITHIN", ""},
		{"SELECT a FROM t GROUP BY ^ROLLUP (a)", "", "ROLLUP", "each grouping"},
		{"SELECT a FROM t GROUP BY ^GROUPING SETS ((a), ())", "", "GROUPING", "each grouping"},
		{"SELECT a FROM t GROUP BY a ^WITH ROLLUP", "", "WITH ROLLUP", "each grouping"},
		{"SELECT a FROM t GROUP BY ^ALL a", "", "GROUP BY ALL", ""},
		{"SELECT ^@@ROWCOUNT FROM t", "", "@@ROWCOUNT", ""},
		{"SELECT ^NEXT VALUE FOR s FROM t", "", "sequences", ""},
		{"SELECT ^dbo.f(a) FROM t", "", "user-defined functions (dbo.f)", ""},
		{"SELECT a ^AT TIME ZONE 'UTC' FROM t", "", "AT TIME ZONE", ""},
		{"SELECT CAST(a AS ^DATETIMEOFFSET) FROM t", "", "DATETIMEOFFSET", "DATETIME2"},
		{"SELECT a FROM t WHERE a IS ^DISTINCT FROM b", "", "DISTINCT FROM", "IS NULL"},
		{"SELECT a FROM t WHERE a = ^?", "", "parameters", "@name"},
		{"SELECT a FROM t WHERE ^CONTAINS(a, 'x')", "", "CONTAINS", "LIKE"},
		{"INSERT INTO t ^EXEC p", "", "INSERT ... EXEC", "VALUES"},
		{"INSERT INTO t ^DEFAULT VALUES", "", "DEFAULT VALUES", "(DEFAULT, ...)"},
		{"INSERT ^TOP (1) INTO t VALUES (1)", "", "INSERT TOP", ""},
		{"INSERT INTO t (a) OUTPUT inserted.a ^INTO u VALUES (1)", "", "OUTPUT ... INTO", "the answer"},
		{"INSERT INTO t (a) OUTPUT ^@x = inserted.a VALUES (1)", "", "no variable", "SELECT @x"},
		{"INSERT INTO t (a) VALUES (1) ^RETURNING a", "", "RETURNING", "SELECT"},
		{"INSERT INTO t VALUES (1) ^ON CONFLICT DO NOTHING", "", "ON CONFLICT", "UPDATE"},
		{"UPDATE ^TOP (5) t SET a = 1", "", "UPDATE TOP", "WHERE"},
		{"UPDATE t SET a = 1 FROM t ^JOIN u ON t.a = u.a", "", "further tables", ""},
		{"UPDATE t SET a = 1 ^OUTPUT deleted.a", "", "UPDATE with OUTPUT", "SELECT before or after"},
		{"DELETE FROM t ^OUTPUT deleted.* WHERE a = 1", "", "DELETE with OUTPUT", "SELECT before"},
		{"UPDATE t SET ^@x = 1", "", "variable @x", ""},
		{"UPDATE t ^x SET a = 1", "", "alias", "FROM Table AS t"},
		{"UPDATE t SET a = 1 WHERE ^CURRENT OF c", "", "cursors", ""},
		{"DELETE ^TOP (5) FROM t", "", "DELETE TOP", "WHERE"},
		{"DELETE t FROM t ^JOIN u ON t.a = u.a", "", "further tables", ""},
		{"UPDATE x SET a = 1 FROM t AS x^, u", "", "further tables", "subquery"},
		{"UPDATE t SET a = 1 ^FROM u AS x", "", "does not name", "subquery"},
		{"DELETE t FROM ^(SELECT a FROM t) AS t", "", "anything but the table", "subquery"},
		{"INSERT INTO t (a) ^WITH x AS (SELECT 1 AS a) SELECT a FROM x", "", "before INSERT", "WITH"},
		{"DELETE FROM t ^x WHERE a = 1", "", "alias", ""},
		{"DELETE FROM t WHERE a = 1 ^LIMIT 1", "", "LIMIT", ""},
		{"CREATE TABLE ^IF NOT EXISTS t (a INT)", "", "IF NOT EXISTS", "leave"},
		{"CREATE TABLE t ^AS SELECT a FROM u", "", "AS SELECT", ""},
		{"CREATE TABLE t (a INT ^IDENTITY(1,1))", "", "IDENTITY", "of your own"},
		{"CREATE TABLE t (a INT, ^CHECK (a > 1))", "", "CHECK", "before you send"},
		{"CREATE TABLE t (a INT, CONSTRAINT c ^FOREIGN KEY (a) REFERENCES u (a))", "", "FOREIGN", "another shard"},
		{"CREATE TABLE t (a INT, ^INDEX i (a))", "", "INDEX", "CREATE INDEX"},
		{"CREATE TABLE t (a INT, b ^AS a + 1)", "", "AS", ""},
		{"CREATE TABLE t (a ^TEXT)", "", "TEXT", "NVARCHAR(MAX)"},
		{"CREATE TABLE t (a INT DEFAULT ^GETDATE())", "", "GETDATE", ""},
		{"CREATE TABLE t (a INT) ^ON [PRIMARY]", "", "filegroups", "DISTRIBUTION"},
		{"CREATE TABLE t (a INT) WITH (^DATA_COMPRESSION = PAGE)", "", "DATA_COMPRESSION", "DISTRIBUTION"},
		{"CREATE TABLE t (a INT) WITH (DISTRIBUTION = HASH(a, ^b))", "", "several columns", ""},
		{"CREATE TABLE t (a INT) WITH (DISTRIBUTION = HASH(a), ^HEAP)", "", "table options", ""},
		{"DROP TABLE a^, b", "", "several tables", "one DROP TABLE"},
	} {
		r.code = api.CodeUnsupported
		checkRefusal(t, r)
	}
}

func TestSyntaxErrorsSayWhatWasFoundAndWhatWasExpected(t *testing.T) {
	for _, r := range []refusal{
		{"^", "", "empty", "SELECT"},
		{"-- nothing^", "", "empty", ""},
		{"^SELEC a FROM t", "", "expected a statement, found the name SELEC", "SELECT"},
		{"SELECT ^FROM t", "", "SELECT names no columns", "*"},
		{"SELECT a^, FROM t", "", "no column follows this comma", "remove it"},
		{"SELECT a FROM ^WHERE a = 1", "", "expected the name of a table, found WHERE", "[where]"},
		{"SELECT a b ^c FROM t", "", "expected a comma, AS, an alias or FROM, found the name c", ""},
		{"SELECT a AS ^FROM t", "", "expected a name for the column after AS, found FROM", ""},
		{"SELECT a ^> 1 FROM t", "", "found a condition", "CASE WHEN"},
		{"SELECT a FROM t WHERE ^", "", "found the end", ""},
		{"SELECT a FROM t WHERE ^a GROUP BY a", "", "expected a condition, found a value", "a = 1"},
		{"SELECT a FROM t WHERE a = 1 ^2", "", "expected AND, OR, GROUP BY, HAVING, ORDER BY or the end of the SELECT, found the number 2", ""},
		{"SELECT a FROM t GROUP BY a ^WHERE a = 1", "", "found WHERE", "in the order"},
		{"SELECT a FROM t GROUP ^a", "", "expected BY", ""},
		{"SELECT a FROM t ORDER BY a ASC ^b", "", "expected ASC, DESC, a comma, OFFSET", ""},
		{"SELECT a FROM t ORDER BY a OFFSET 5 ^FETCH NEXT 1 ROWS ONLY", "", "expected ROWS", ""},
		{"SELECT a FROM t ORDER BY a OFFSET ^-1 ROWS", "", "negative", ""},
		{"SELECT a FROM t ORDER BY a ^FETCH NEXT 1 ROWS ONLY", "", "FETCH requires OFFSET", "OFFSET 0 ROWS"},
		{"SELECT TOP 5 a FROM t ORDER BY a ^OFFSET 5 ROWS", "", "TOP and OFFSET", ""},
		{"SELECT ^TOP 5 WITH TIES a FROM t", "", "requires ORDER BY", ""},
		{"SELECT TOP 5 ^DISTINCT a FROM t", "", "DISTINCT must come before TOP", "SELECT DISTINCT TOP"},
		{"SELECT a FROM t JOIN u ^WHERE a = 1", "", "expected ON", ""},
		{"SELECT a FROM t LEFT ^u ON a = b", "", "expected JOIN", ""},
		{"SELECT LEN(a ^FROM t", "", "expected a comma or ) after an argument of LEN, found FROM", ""},
		{"SELECT SUM(^*) FROM t", "", "only COUNT and COUNT_BIG take *", ""},
		{"SELECT LEN(^DISTINCT a) FROM t", "", "only aggregates take DISTINCT", ""},
		{"SELECT CASE ^END FROM t", "", "expected a value", ""},
		{"SELECT CASE a ^END FROM t", "", "expected WHEN, found END", ""},
		{"SELECT CASE WHEN a = 1 ^END FROM t", "", "expected THEN, found END", ""},
		{"SELECT CASE WHEN ^a THEN 1 END FROM t", "", "expected a condition", ""},
		{"SELECT CASE a WHEN 1 THEN 2 ^FROM t", "", "expected WHEN, ELSE or END", ""},
		{"SELECT CAST(a^, INT) FROM t", "", "expected AS and a type", ""},
		{"SELECT CONVERT(INT^) FROM t", "", "expected a comma and the value", ""},
		{"SELECT a FROM t ^/* open /* */", "", "comment is not closed", "*/"},
		{"SELECT ^@ FROM t", "", "no name", ""},
		{"SELECT 'it's^' FROM t", "", "not closed", ""},
		{"SELECT a^\xa0FROM t", "", "UTF-8", ""},
		{"INSERT INTO t (a, b) VALUES ^(1)", "", "1 values, and 2 columns", ""},
		{"INSERT INTO t (a) VALUES (1), ^(1, 2)", "", "2 values, and 1 columns", ""},
		{"INSERT INTO t VALUES (1), ^(1, 2)", "", "first row has 1", ""},
		{"INSERT INTO t VALUES (^)", "", "expected a value", ""},
		{"INSERT INTO t (a ^VALUES (1)", "", "expected a comma or )", ""},
		{"INSERT INTO t VALUES (1) ^(2)", "", "expected a comma and another row", ""},
		{"INSERT INTO t ^x VALUES (1)", "", "expected ( and columns, VALUES or SELECT", ""},
		{"UPDATE t ^a = 1", "", "expected SET", ""},
		{"UPDATE t SET a ^> 1", "", "expected = after", ""},
		{"UPDATE t SET a = 1 ^b = 2", "", "expected a comma, FROM, WHERE or the end", ""},
		{"UPDATE t SET a = b ^= 1", "", "found a condition", ""},
		{"UPDATE t SET ^u.a = 1", "", "u is not the table", ""},
		{"DELETE ^WHERE a = 1", "", "expected the name of a table", ""},
		{"DELETE FROM t WHERE a = 1 ^b", "", "expected AND, OR or the end of the DELETE", ""},
		{"CREATE TABLE t^", "", "expected ( and the columns", ""},
		{"CREATE TABLE t (^)", "", "expected the name of a column", ""},
		{"^CREATE TABLE t (PRIMARY KEY (a))", "", "no columns", ""},
		{"CREATE TABLE t (a^)", "", "expected a type", ""},
		{"CREATE TABLE t (a INT ^b INT)", "", "found the name b", ""},
		{"CREATE TABLE t (a INT PRIMARY KEY, ^b INT PRIMARY KEY)", "", "two primary keys", "PRIMARY KEY (a, b)"},
		{"CREATE TABLE t (a INT PRIMARY KEY, ^PRIMARY KEY (a))", "", "two primary keys", ""},
		{"CREATE TABLE t (a INT, CONSTRAINT c ^b INT)", "", "expected PRIMARY KEY or UNIQUE", ""},
		{"CREATE TABLE t (a INT) WITH (DISTRIBUTION = ^a)", "", "expected HASH(column)", ""},
		{"DROP TABLE IF ^t", "", "expected EXISTS", ""},
		{"DROP TABLE t ^x", "", "expected the end of the DROP TABLE", ""},
	} {
		r.code = api.CodeSyntax
		checkRefusal(t, r)
	}
}

func TestStatementsThatAskTooMuchAreRefused(t *testing.T) {
	for _, r := range []refusal{
		{strings.Repeat(" ", MaxText) + "^ ", "", "bytes long", ""},
		{"SELECT a FROM t WHERE a IN (" + strings.Repeat("1,", MaxList) + "^1)", "", "more than 100000 values", ""},
		{"SELECT " + strings.Repeat("(", MaxDepth) + "^" + strings.Repeat("(", 100_000), "", "nested", ""},
		{"SELECT " + strings.Repeat("f(", MaxDepth) + "f^(" + strings.Repeat("f(", 100_000), "", "nested", ""},
		{"SELECT " + strings.Repeat("CASE ", MaxDepth) + "^" + strings.Repeat("CASE ", 100_000), "", "nested", ""},
		{"SELECT " + strings.Repeat("CASE WHEN ", MaxDepth) + "^" + strings.Repeat("CASE WHEN ", 50_000), "", "nested", ""},
		{"SELECT " + strings.Repeat("CAST(", MaxDepth) + "CAST^(" + strings.Repeat("CAST(", 50_000), "", "nested", ""},
		{"SELECT " + strings.Repeat("CONVERT(INT, ", MaxDepth) + "CONVERT^(" + strings.Repeat("INT, CONVERT(", 50_000), "", "nested", ""},
		{"SELECT " + strings.Repeat("IIF(a=1,1,", MaxDepth) + "IIF^(" + strings.Repeat("IIF(a=1,1,", 50_000), "", "nested", ""},
		{"SELECT a FROM t WHERE " + strings.Repeat("NOT ", MaxDepth) + "^" + strings.Repeat("NOT ", 100_000), "", "nested", ""},
		{"SELECT " + strings.Repeat("1+", MaxDepth) + "1^" + strings.Repeat("+1", 100_000), "", "deep", ""},
		{"SELECT a FROM t ORDER BY " + strings.Repeat("a,", MaxOrderBy) + "^a", "", "32 items", ""},
		{"SELECT a FROM t GROUP BY " + strings.Repeat("a,", MaxOrderBy) + "^a", "", "32 items", ""},
		{"SELECT " + strings.Repeat("a,", MaxColumns) + "^a FROM t", "", "4096 columns", ""},
		{"SELECT a FROM t" + strings.Repeat(" JOIN t ON 1=1", MaxTables-1) + " ^JOIN t ON 1=1", "", "32 tables", ""},
		{"INSERT INTO t VALUES (" + strings.Repeat("1,", MaxColumns) + "^1)", "", "4096 values", ""},
		{"UPDATE t SET " + strings.Repeat("a=1,", MaxColumns) + "^a=1", "", "4096 columns", ""},
		{"CREATE TABLE t (" + strings.Repeat("a INT,", MaxColumns) + "^a INT)", "", "4096 columns", ""},
	} {
		r.code = api.CodeTooComplex
		checkRefusal(t, r)
	}
}
