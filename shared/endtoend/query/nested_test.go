package query

import (
	"testing"

	"shardeck/shared/api"
)

// The rows of the tables are in rig_test.go; the answers below are worked out from these by hand.
// Houses is a reference table.
var nestedSchema = []string{
	"CREATE TABLE Houses (house INT PRIMARY KEY, name NVARCHAR(20) NOT NULL) WITH (DISTRIBUTION = REPLICATE)",
	"CREATE TABLE T1 (id INT PRIMARY KEY) WITH (DISTRIBUTION = HASH(id))",
	"INSERT INTO Houses VALUES (1, 'Elm'), (2, 'Oak'), (4, 'Yew')",
}

var nestedQuestions = []question{
	{name: "IN a subquery that is run first", sql: "SELECT id FROM Students WHERE class IN (SELECT class FROM Students WHERE gpa > 3.2) ORDER BY id", want: "[1]\n[2]\n[3]\n[5]\n[7]\n[10]"},
	{name: "IN a subquery by the shard key", sql: "SELECT id FROM Students WHERE id IN (SELECT student FROM Marks WHERE points = 10) ORDER BY id", want: "[1]\n[3]\n[7]"},
	{name: "NOT IN a subquery with a NULL has no rows", sql: "SELECT id FROM Students WHERE id NOT IN (SELECT class FROM Students)", want: ""},
	{name: "NOT IN by the shard key", sql: "SELECT id FROM Students WHERE id NOT IN (SELECT student FROM Marks) ORDER BY id", want: "[2]\n[4]\n[5]\n[6]\n[8]"},
	{name: "EXISTS by the shard key", sql: "SELECT id FROM Students s WHERE EXISTS (SELECT * FROM Marks m WHERE m.student = s.id AND m.points > 10) ORDER BY id", want: "[1]\n[10]"},
	{name: "NOT EXISTS by the shard key", sql: "SELECT id FROM Students s WHERE class IS NOT NULL AND NOT EXISTS (SELECT 1 FROM Marks WHERE student = s.id) ORDER BY id", want: "[2]\n[5]\n[8]"},
	{name: "EXISTS of nothing in common", sql: "SELECT COUNT(*) FROM Students WHERE EXISTS (SELECT 1 FROM Nothing)", want: "[0]"},
	{name: "a scalar subquery that is run first", sql: "SELECT id FROM Students WHERE gpa = (SELECT MAX(gpa) FROM Students)", want: "[6]"},
	{name: "a scalar subquery routes", sql: "SELECT name FROM Students WHERE id = (SELECT MAX(student) FROM Marks)", want: `["Zoe"]`},
	{name: "a scalar subquery for each row", sql: "SELECT id, (SELECT SUM(points) FROM Marks WHERE student = s.id) AS p, (SELECT COUNT(*) FROM Marks m WHERE m.student = s.id) AS n FROM Students s WHERE class = 1 ORDER BY id",
		types: "INT, INT, INT", want: "[1,30,2]\n[2,null,0]\n[7,15,2]"},
	{name: "an average for each row", sql: "SELECT id, (SELECT AVG(points * 1.0) FROM Marks WHERE student = s.id) AS a FROM Students s WHERE id IN (1, 2, 7) ORDER BY id", want: "[1,\"15.000000\"]\n[2,null]\n[7,\"7.500000\"]"},
	{name: "the first row for each row", sql: "SELECT id, (SELECT TOP (1) points FROM Marks WHERE student = s.id ORDER BY points DESC) AS best FROM Students s WHERE id IN (7, 8) ORDER BY id", want: "[7,10]\n[8,null]"},
	{name: "a scalar subquery without rows is NULL", sql: "SELECT (SELECT v FROM Nothing) AS v, 1 AS one", want: "[null,1]"},
	{name: "a subquery in HAVING", sql: "SELECT class FROM Students GROUP BY class HAVING COUNT(*) = (SELECT COUNT(*) FROM Rooms) - 1 ORDER BY class", want: "[1]\n[2]"},
	{name: "a derived table by the shard key", sql: "SELECT s.id, t.n FROM Students s JOIN (SELECT student, COUNT(*) AS n FROM Marks GROUP BY student) AS t ON t.student = s.id ORDER BY s.id", want: "[1,2]\n[3,1]\n[7,2]\n[10,2]"},
	{name: "a derived table of groups over all shards", sql: "SELECT MAX(n), COUNT(*) FROM (SELECT class, COUNT(*) AS n FROM Students GROUP BY class) AS t", want: "[3,4]"},
	{name: "a derived table joined on another column", sql: "SELECT s.id, t.n FROM Students s JOIN (SELECT class, COUNT(*) AS n FROM Students GROUP BY class) AS t ON t.class = s.class WHERE s.id < 4 ORDER BY s.id", want: "[1,3]\n[2,3]\n[3,3]"},
	{name: "a derived table with TOP", sql: "SELECT AVG(gpa) FROM (SELECT TOP (2) gpa FROM Students ORDER BY gpa DESC) AS t(gpa)", want: `["3.750000"]`},
	{name: "a derived table with DISTINCT", sql: "SELECT COUNT(*) FROM (SELECT DISTINCT gpa FROM Students) AS t", want: "[6]"},
	{name: "common table expressions see those before them", sql: "WITH a AS (SELECT class, COUNT(*) AS n FROM Students GROUP BY class), b(most) AS (SELECT MAX(n) FROM a) SELECT class FROM a JOIN b ON n = most ORDER BY class", want: "[1]\n[2]"},
	{name: "VALUES beside a table", sql: "SELECT v.n, s.name FROM (VALUES (1, 'x'), (8, 'y'), (9, 'z')) AS v(n, t) LEFT JOIN (SELECT 8 AS id, 'e' AS name) AS s ON s.id = v.n ORDER BY v.n", want: "[1,null]\n[8,\"e\"]\n[9,null]"},
	{name: "UNION removes duplicates over all shards", sql: "SELECT class FROM Students UNION SELECT no FROM Marks ORDER BY class", types: "INT", want: "[null]\n[1]\n[2]\n[3]"},
	{name: "UNION ALL keeps them", sql: "SELECT class FROM Students WHERE class < 2 UNION ALL SELECT no FROM Marks WHERE no = 2 ORDER BY 1 DESC", want: "[2]\n[2]\n[2]\n[1]\n[1]\n[1]"},
	{name: "EXCEPT", sql: "SELECT id FROM Students EXCEPT SELECT student FROM Marks ORDER BY id", want: "[2]\n[4]\n[5]\n[6]\n[8]"},
	{name: "INTERSECT binds tighter than UNION", sql: "SELECT 9 AS n UNION SELECT id FROM Students INTERSECT SELECT student FROM Marks ORDER BY n OFFSET 1 ROWS FETCH NEXT 3 ROWS ONLY", want: "[3]\n[7]\n[9]"},
	{name: "parentheses group set operators", sql: "(SELECT 1 UNION SELECT 2) EXCEPT SELECT 1", want: "[2]"},
	{name: "set operators ignore case", sql: "SELECT name FROM Students WHERE id IN (1, 3) UNION SELECT 'ADA'", want: `["Ada"]`},
	{name: "set operators of a text key do not", sql: "SELECT code FROM Rooms WHERE code = 'A1' INTERSECT SELECT 'a1'", want: ""},
	{name: "set operators convert to a common type", sql: "SELECT 1 UNION ALL SELECT 2.5", types: "DECIMAL(11,1)", want: "[\"1.0\"]\n[\"2.5\"]", loose: true},
	{name: "a set with an aggregate that needs the master", sql: "SELECT id, SUM(DISTINCT gpa) FROM Students WHERE id < 3 GROUP BY id UNION ALL SELECT 9, 1.5 ORDER BY 1", want: "[1,\"3.50\"]\n[2,\"2.25\"]\n[9,\"1.50\"]"},
	{name: "a set as a derived table", sql: "SELECT COUNT(*), SUM(x) FROM (SELECT id AS x FROM Students UNION ALL SELECT student FROM Marks) AS t", want: "[16,85]"},
	{name: "tables with commas", sql: "SELECT s.id, m.no FROM Students s, Marks m WHERE m.student = s.id AND s.class = 2 ORDER BY s.id, m.no", want: "[3,1]\n[10,1]\n[10,2]"},
	{name: "RIGHT JOIN", sql: "SELECT m.no, s.id FROM Marks m RIGHT JOIN Students s ON m.student = s.id AND m.points = 5 WHERE s.class = 1 ORDER BY s.id", want: "[null,1]\n[null,2]\n[1,7]"},
	{name: "the ON of a RIGHT JOIN does not choose the shards", sql: "SELECT m.no, s.id FROM Marks m RIGHT JOIN Students s ON m.student = s.id AND s.id IN (1, 3) WHERE s.id = 7", want: "[null,7]"},
	{name: "a comma, and a condition that no row satisfies", sql: "SELECT COUNT(*) FROM Students s, Marks m WHERE s.id = m.student AND s.id IS NULL", want: "[0]"},
	{name: "NOT EXISTS with a condition that no row satisfies", sql: "SELECT id FROM Students s WHERE class = 2 AND NOT EXISTS (SELECT 1 FROM Marks m WHERE m.student = s.id AND m.no IS NULL) ORDER BY id", want: "[3]\n[5]\n[10]"},
	{name: "a comparison with a CASE that compares strings", sql: "SELECT id FROM Students WHERE CASE WHEN name > N'zzz' THEN gpa ELSE 10.5 END > gpa ORDER BY id", want: "[1]\n[2]\n[3]\n[4]\n[6]\n[7]\n[10]"},
	{name: "DISTINCT over windows in different orders", sql: "SELECT DISTINCT RANK() OVER (ORDER BY class) AS r, DENSE_RANK() OVER (ORDER BY gpa) AS d FROM Students WHERE class = 1 ORDER BY r, d", want: "[1,1]\n[1,2]\n[1,3]"},
	{name: "FULL JOIN", sql: "SELECT s.id, l.v FROM Students s FULL JOIN Lonely l ON l.id = s.id AND s.id = 8 WHERE s.class = 1 OR s.id IS NULL ORDER BY s.id", want: "[null,5]\n[1,null]\n[2,null]\n[7,null]"},
	{name: "a reference table is joined on anything", sql: "SELECT h.name, COUNT(*) AS n FROM Students s JOIN Houses h ON h.house = s.class GROUP BY h.name ORDER BY h.name", want: "[\"Elm\",3]\n[\"Oak\",3]"},
	{name: "a reference table on the right of a LEFT JOIN", sql: "SELECT s.id, h.name FROM Students s LEFT JOIN Houses h ON h.house = s.id ORDER BY s.id OFFSET 0 ROWS FETCH NEXT 4 ROWS ONLY", want: "[1,\"Elm\"]\n[2,\"Oak\"]\n[3,null]\n[4,\"Yew\"]"},
	{name: "a reference table alone is counted once", sql: "SELECT COUNT(*), MAX(name) FROM Houses", want: `[3,"Yew"]`},
	{name: "CROSS JOIN with a reference table", sql: "SELECT COUNT(*) FROM Students CROSS JOIN Houses", want: "[27]"},
	{name: "a reference table in a correlated subquery", sql: "SELECT id, (SELECT name FROM Houses h WHERE h.house = s.class) AS house FROM Students s WHERE gpa > 3 ORDER BY id", want: "[1,\"Elm\"]\n[3,\"Oak\"]\n[6,null]"},
	{name: "windows by the shard key", sql: "SELECT student, no, ROW_NUMBER() OVER (PARTITION BY student ORDER BY points DESC) AS r FROM Marks ORDER BY student, no", want: "[1,1,2]\n[1,2,1]\n[3,1,1]\n[7,1,2]\n[7,2,1]\n[10,1,1]\n[10,2,2]"},
	{name: "windows over all shards", sql: "SELECT id, RANK() OVER (ORDER BY gpa DESC) AS r, SUM(class) OVER (PARTITION BY class) AS c, LAG(id) OVER (ORDER BY id) AS p FROM Students WHERE gpa IS NOT NULL ORDER BY id",
		types: "INT, BIGINT, INT, INT", want: "[1,2,3,null]\n[2,5,3,1]\n[3,2,4,2]\n[4,7,null,3]\n[6,1,null,4]\n[7,4,3,6]\n[10,5,4,7]"},
	{name: "windows over groups", sql: "SELECT class, COUNT(*) AS n, RANK() OVER (ORDER BY COUNT(*) DESC) AS r, SUM(COUNT(*)) OVER () AS total FROM Students GROUP BY class ORDER BY class", want: "[null,2,3,9]\n[1,3,1,9]\n[2,3,1,9]\n[3,1,4,9]"},
	{name: "the best of each group", sql: "SELECT class, id FROM (SELECT class, id, ROW_NUMBER() OVER (PARTITION BY class ORDER BY gpa DESC, id) AS r FROM Students) AS t WHERE r = 1 ORDER BY class", want: "[null,6]\n[1,1]\n[2,3]\n[3,8]"},
	{name: "a running sum", sql: "SELECT id, SUM(id) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS s FROM Students WHERE id < 5 ORDER BY id DESC", want: "[4,10]\n[3,6]\n[2,3]\n[1,1]"},
	{name: "TOP WITH TIES of windows", sql: "SELECT TOP (1) WITH TIES id, RANK() OVER (ORDER BY gpa) AS r FROM Students WHERE gpa > 2 ORDER BY RANK() OVER (ORDER BY gpa)", want: "[2,1]\n[10,1]", loose: true},
	{name: "without FROM", sql: "SELECT 1 + 1 AS two, UPPER('x') AS x WHERE 1 = 1", want: `[2,"X"]`},
	{name: "without FROM, beside a reference table", sql: "SELECT 1 AS a WHERE 2 IN (SELECT house FROM Houses) AND 3 NOT IN (SELECT house FROM Houses)", want: "[1]"},
	{name: "without FROM and without rows", sql: "SELECT 1 WHERE 1 = 2", want: ""},
	{name: "without FROM, aggregated", sql: "SELECT COUNT(*), MAX(5)", want: "[1,5]"},
	{name: "the tables of the catalog", sql: "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME LIKE 'Ma%' ORDER BY 1", want: "[\"Made\"]\n[\"Marks\"]"},
	{name: "the columns of the catalog", sql: "SELECT c.name, c.is_nullable FROM sys.tables t JOIN sys.columns c ON c.object_id = t.object_id WHERE t.name = 'Marks' ORDER BY c.column_id",
		want: "[\"student\",false]\n[\"no\",false]\n[\"points\",true]"},
	{name: "the keys of the catalog", sql: "SELECT CONSTRAINT_TYPE FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS WHERE TABLE_NAME = 'Houses'", want: `["PRIMARY KEY"]`},
	{name: "a string that is split", sql: "SELECT value, ordinal FROM STRING_SPLIT('b,,a', ',', 1) ORDER BY value", want: "[\"\",2]\n[\"a\",3]\n[\"b\",1]"},
	{name: "a series beside a table", sql: "SELECT g.value FROM GENERATE_SERIES(1, 5) AS g WHERE g.value NOT IN (SELECT house FROM Houses) ORDER BY 1", want: "[3]\n[5]"},
}

// nestedWrites run in this order; made is the table Made after each.
var nestedWrites = []struct {
	sql  string
	rows int64
	made string
}{
	{"INSERT INTO Made (id) VALUES (1), (2), (3), (7), (9)", 5, "[1,7]\n[2,7]\n[3,7]\n[7,7]\n[9,7]"},
	{"UPDATE Made SET n = (SELECT SUM(points) FROM Marks m WHERE m.student = Made.id) WHERE id < 9", 4, "[1,30]\n[2,null]\n[3,10]\n[7,15]\n[9,7]"},
	{"UPDATE Made SET n = 0 WHERE EXISTS (SELECT 1 FROM Made other WHERE other.id = Made.id AND other.n > 12)", 2, "[1,0]\n[2,null]\n[3,10]\n[7,0]\n[9,7]"},
	{"DELETE FROM Made WHERE NOT EXISTS (SELECT 1 FROM Students WHERE Students.id = Made.id)", 1, "[1,0]\n[2,null]\n[3,10]\n[7,0]"},
	{"DELETE FROM Made WHERE n = (SELECT MAX(n) FROM Made)", 1, "[1,0]\n[2,null]\n[7,0]"},
	{"DELETE FROM Made WHERE id IN (SELECT id FROM Students)", 3, ""},
	{"INSERT INTO T1 VALUES (1), (2), (3)", 3, ""},
	{"DELETE FROM T1 WHERE EXISTS (SELECT 1 FROM Marks WHERE student = T1.id)", 2, ""}, // its name may be an alias
}

var nestedRefusals = []refusal{
	{name: "a correlated subquery over other shards", req: sqlOf("SELECT id FROM Students s WHERE EXISTS (SELECT 1 FROM Marks m WHERE m.points > s.gpa)"), code: api.CodeUnsupported, at: "EXISTS", says: "m.student = outer.key"},
	{name: "a subquery of several rows as a value", req: sqlOf("SELECT (SELECT id FROM Students) AS x"), code: api.CodeInvalidField, number: 512, at: "(SELECT id", says: "MAX"},
	{name: "a correlated subquery of several rows as a value", req: sqlOf("SELECT (SELECT points FROM Marks WHERE student = s.id) AS x FROM Students s"), code: api.CodeInvalidField, number: 512, says: "MAX"},
	{name: "a subquery of several columns", req: sqlOf("SELECT id FROM Students WHERE id IN (SELECT student, no FROM Marks)"), code: api.CodeInvalidField, number: 116, says: "one column"},
	{name: "an outer join that keeps what every shard has", req: sqlOf("SELECT h.name, s.id FROM Houses h LEFT JOIN Students s ON s.class = h.house"), code: api.CodeUnsupported, at: "LEFT", says: "inner join"},
	{name: "a FULL JOIN on other columns", req: sqlOf("SELECT s.id FROM Students s FULL JOIN Marks m ON m.no = s.class"), code: api.CodeUnsupported, at: "FULL", says: "m.student"},
	{name: "a recursive common table expression", req: sqlOf("WITH r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r"), code: api.CodeUnsupported, at: "r AS", says: "recursive"},
	{name: "queries of different widths", req: sqlOf("SELECT 1 UNION SELECT 1, 2"), code: api.CodeInvalidField, number: 205, at: "SELECT 1, 2"},
	{name: "an order that is no column of a set", req: sqlOf("SELECT id FROM Students UNION SELECT 1 ORDER BY id + 1"), code: api.CodeUnsupported, number: 104, at: "+ 1"},
	{name: "a derived table with an unnamed column", req: sqlOf("SELECT * FROM (SELECT COUNT(*) FROM Students) AS t"), code: api.CodeInvalidField, number: 8155, says: "AS"},
	{name: "a derived table with equal names", req: sqlOf("SELECT * FROM (SELECT id, id FROM Students) AS t"), code: api.CodeAmbiguousColumn, number: 8156},
	{name: "a derived table with an order", req: sqlOf("SELECT * FROM (SELECT id FROM Students ORDER BY id) AS t"), code: api.CodeSyntax, number: 1033, at: "id) AS"},
	{name: "a window in WHERE", req: sqlOf("SELECT id FROM Students WHERE ROW_NUMBER() OVER (ORDER BY id) = 1"), code: api.CodeUnsupported, number: 4108, at: "ROW_NUMBER", says: "outer query"},
	{name: "a rank without an order", req: sqlOf("SELECT RANK() OVER (PARTITION BY class) FROM Students"), code: api.CodeSyntax, number: 4112, at: "OVER"},
	{name: "a window function without OVER", req: sqlOf("SELECT RANK() FROM Students"), code: api.CodeSyntax, number: 10753, at: "RANK"},
	{name: "DISTINCT over a window", req: sqlOf("SELECT COUNT(DISTINCT class) OVER () FROM Students"), code: api.CodeUnsupported, number: 10759, at: "COUNT"},
	{name: "a view that is none", req: sqlOf("SELECT * FROM sys.objects"), code: api.CodeUnsupported, number: 208, at: "sys", says: "INFORMATION_SCHEMA.TABLES"},
	{name: "a series that is too long", req: sqlOf("SELECT COUNT(*) FROM GENERATE_SERIES(1, 1000000)"), code: api.CodeTooComplex, at: "GENERATE_SERIES"},
	{name: "a step with too many rows", req: sqlOf("SELECT COUNT(*) FROM (SELECT TOP (200000) a.value FROM GENERATE_SERIES(0, 999) a CROSS JOIN GENERATE_SERIES(0, 999) b) AS t"), code: api.CodeTooComplex, says: "run beforehand"},
}

func TestNestedQueriesAnswerAsOneDatabase(t *testing.T) {
	b := startBoth(t)
	b.run(t, nestedSchema)
	for _, q := range nestedQuestions {
		t.Run(q.name, func(t *testing.T) { b.ask(t, &q) })
	}
	for _, w := range nestedWrites {
		t.Run(w.sql, func(t *testing.T) {
			b.write(t, w.sql, w.rows)
			b.ask(t, &question{sql: "SELECT id, n FROM Made ORDER BY id", want: w.made})
		})
	}
	for _, x := range nestedRefusals {
		t.Run(x.name, func(t *testing.T) {
			req := x.req
			req.DB = dbName
			_, err := b.three.Query(t.Context(), &req)
			x.check(t, "three shards", err)
		})
	}
}
