package query

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// question is a SELECT and its expected result.
type question struct {
	name   string
	sql    string
	params api.Object[jsontext.Value]
	types  string // of the columns; empty: not checked
	want   string // rows, one per line
	loose  bool   // the rows have no order
}

var questions = []question{
	{name: "OFFSET and FETCH count over all shards", sql: "SELECT id FROM Students ORDER BY id OFFSET 3 ROWS FETCH NEXT 4 ROWS ONLY",
		want: "[4]\n[5]\n[6]\n[7]"},
	{name: "OFFSET alone skips over all shards", sql: "SELECT id FROM Students ORDER BY id DESC OFFSET 7 ROWS", want: "[2]\n[1]"},
	{name: "OFFSET beyond the last row leaves none", sql: "SELECT id FROM Students ORDER BY id OFFSET 9 ROWS FETCH NEXT 5 ROWS ONLY", want: ""},
	{name: "FETCH of groups", sql: "SELECT class, COUNT(*) FROM Students GROUP BY class ORDER BY class OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY",
		want: "[1,3]\n[2,3]"},
	{name: "TOP counts over all shards", sql: "SELECT TOP (2) id FROM Students ORDER BY gpa DESC, id", want: "[6]\n[1]"},
	{name: "TOP WITH TIES finds ties on other shards", sql: "SELECT TOP (2) WITH TIES id, gpa FROM Students ORDER BY gpa DESC",
		want: "[6,\"4.00\"]\n[1,\"3.50\"]\n[3,\"3.50\"]", loose: true},
	{name: "TOP WITH TIES of NULLs", sql: "SELECT TOP (1) WITH TIES id FROM Students ORDER BY gpa", want: "[5]\n[8]", loose: true},
	{name: "TOP WITH TIES of groups", sql: "SELECT TOP (1) WITH TIES class, COUNT(*) AS n FROM Students GROUP BY class ORDER BY n DESC",
		want: "[1,3]\n[2,3]", loose: true},
	{name: "TOP 0 has no rows", sql: "SELECT TOP (0) id FROM Students ORDER BY id", types: "INT", want: ""},
	{name: "AVG of integers cuts toward zero", sql: "SELECT AVG(points), AVG(-points), AVG(id) FROM Marks JOIN Students ON student = id",
		types: "INT, INT, INT", want: "[12,-12,5]"},
	{name: "AVG of decimals is exact", sql: "SELECT AVG(gpa), SUM(gpa), COUNT(gpa) FROM Students",
		types: "DECIMAL(38,6), DECIMAL(38,2), INT", want: `["2.785714","19.50",7]`},
	{name: "AVG is not the mean of the shards' means", sql: "SELECT class, AVG(gpa) FROM Students WHERE class IN (1, 2) GROUP BY class ORDER BY class",
		want: "[1,\"2.916666\"]\n[2,\"2.875000\"]"},
	{name: "COUNT DISTINCT counts what several shards have once", sql: "SELECT COUNT(DISTINCT gpa), COUNT(gpa), COUNT(*), COUNT(DISTINCT name) FROM Students",
		want: "[5,7,9,5]"},
	{name: "SUM and AVG DISTINCT", sql: "SELECT SUM(DISTINCT points), AVG(DISTINCT points), SUM(points) FROM Marks", types: "INT, INT, INT", want: "[35,11,75]"},
	{name: "DISTINCT aggregates of each group", sql: "SELECT no, COUNT(DISTINCT points), SUM(DISTINCT points) FROM Marks GROUP BY no ORDER BY no",
		want: "[1,3,35]\n[2,2,30]"},
	{name: "two DISTINCT arguments", sql: "SELECT COUNT(DISTINCT class), COUNT(DISTINCT gpa) FROM Students", want: "[3,5]"},
	{name: "NULL comes first ascending", sql: "SELECT class, id FROM Students ORDER BY class, id",
		want: "[null,4]\n[null,6]\n[1,1]\n[1,2]\n[1,7]\n[2,3]\n[2,5]\n[2,10]\n[3,8]"},
	{name: "NULL comes last descending", sql: "SELECT TOP (3) gpa, id FROM Students WHERE class > 1 ORDER BY gpa DESC, id DESC",
		want: "[\"3.50\",3]\n[\"2.25\",10]\n[null,8]"},
	{name: "NULL is a group", sql: "SELECT class, COUNT(*), SUM(gpa) FROM Students GROUP BY class ORDER BY class",
		want: "[null,2,\"5.00\"]\n[1,3,\"8.75\"]\n[2,3,\"5.75\"]\n[3,1,null]"},
	{name: "grouping of text is case-insensitive", sql: "SELECT LOWER(name), COUNT(*) FROM Students GROUP BY LOWER(name) ORDER BY 1",
		want: "[null,1]\n[\"ada\",2]\n[\"bob\",2]\n[\"dan\",1]\n[\"eve\",2]\n[\"zoe\",1]"},
	{name: "empty shards", sql: "SELECT COUNT(*), SUM(v), MIN(v), MAX(v), AVG(v) FROM Lonely", want: "[1,5,5,5,5]"},
	{name: "rows of one shard", sql: "SELECT * FROM Lonely ORDER BY v", want: "[7,5]"},
	{name: "an empty table has no rows", sql: "SELECT * FROM Nothing ORDER BY id", types: "INT, INT, DECIMAL(9,2)", want: ""},
	{name: "aggregates without rows are one row", sql: "SELECT COUNT(*), COUNT(v), SUM(v), AVG(d), MIN(d), COUNT(DISTINCT v) FROM Nothing",
		types: "INT, INT, INT, DECIMAL(38,6), DECIMAL(9,2), INT", want: "[0,0,null,null,null,0]"},
	{name: "groups without rows are none", sql: "SELECT v, COUNT(*) FROM Nothing GROUP BY v", want: ""},
	{name: "aggregates where no shard is asked", sql: "SELECT COUNT(*), MAX(gpa) FROM Students WHERE id = 1 AND id = 2", want: "[0,null]"},
	{name: "HAVING alone makes one group", sql: "SELECT 5 FROM Students HAVING 1 = 1", want: "[5]"},
	{name: "HAVING alone makes one group of no rows", sql: "SELECT 5 FROM Nothing HAVING 1 = 1", want: "[5]"},
	{name: "GROUP BY an expression that folds to a constant", sql: "SELECT 5 FROM Students GROUP BY COALESCE('a', name)", want: "[5]"},
	{name: "GROUP BY an expression that folds to a constant, without rows", sql: "SELECT 5 FROM Nothing GROUP BY CASE WHEN id IS NULL THEN v END", want: ""},
	{name: "an ON condition does not route a LEFT JOIN", sql: "SELECT s.id, m.points FROM Students s LEFT JOIN Marks m ON s.id = m.student AND s.id = 7 WHERE s.class = 1 ORDER BY s.id, m.no",
		want: "[1,null]\n[2,null]\n[7,5]\n[7,10]"},
	{name: "a condition on the right of a LEFT JOIN routes", sql: "SELECT s.id, m.points FROM Students s LEFT JOIN Marks m ON s.id = m.student WHERE m.student = 7 ORDER BY m.no", want: "[7,5]\n[7,10]"},
	{name: "a key of another type", sql: "SELECT id FROM Students WHERE id IN (7.0, ' 8 ', 10e0, 2147483648, 5.5, NULL) ORDER BY id", want: "[7]\n[8]\n[10]"},
	{name: "OFFSET and FETCH of the largest numbers", sql: "SELECT id FROM Students ORDER BY id OFFSET 8 ROWS FETCH NEXT 9223372036854775807 ROWS ONLY", want: "[10]"},
	{name: "HAVING without groups", sql: "SELECT COUNT(*) FROM Students HAVING COUNT(*) > 9", want: ""},
	{name: "HAVING sees the whole group", sql: "SELECT class FROM Students GROUP BY class HAVING COUNT(*) >= 3 ORDER BY class", want: "[1]\n[2]"},
	{name: "HAVING by expressions not in the select list", sql: "SELECT class FROM Students GROUP BY class HAVING MAX(gpa) - MIN(gpa) > 1 OR SUM(gpa) IS NULL ORDER BY class DESC",
		want: "[3]\n[2]\n[1]\n[null]"},
	{name: "expressions over aggregates", sql: "SELECT SUM(gpa) / COUNT(gpa) AS a, COUNT(*) * 10 + 1 AS b, CASE WHEN MIN(gpa) < 2 THEN 'low' ELSE 'high' END AS c FROM Students",
		want: `["2.785714",91,"low"]`},
	{name: "ORDER BY an aggregate", sql: "SELECT class, COUNT(*) FROM Students GROUP BY class ORDER BY COUNT(*) DESC, class DESC",
		want: "[2,3]\n[1,3]\n[null,2]\n[3,1]"},
	{name: "ORDER BY an aggregate not in the select list", sql: "SELECT TOP (2) class FROM Students GROUP BY class ORDER BY AVG(gpa) DESC", want: "[1]\n[2]"},
	{name: "DISTINCT across all shards", sql: "SELECT DISTINCT class FROM Students ORDER BY class DESC", want: "[3]\n[2]\n[1]\n[null]"},
	{name: "DISTINCT and TOP", sql: "SELECT DISTINCT TOP (3) gpa FROM Students ORDER BY gpa", want: "[null]\n[\"1.00\"]\n[\"2.25\"]"},
	{name: "DISTINCT without an order", sql: "SELECT DISTINCT class, gpa FROM Students WHERE class = 2", want: "[2,\"3.50\"]\n[2,\"2.25\"]\n[2,null]", loose: true},
	{name: "DISTINCT of aggregates", sql: "SELECT DISTINCT COUNT(*) FROM Students GROUP BY class ORDER BY 1", want: "[1]\n[2]\n[3]"},
	{name: "LEFT JOIN keeps unmatched rows", sql: "SELECT s.id, m.points FROM Students s LEFT JOIN Marks m ON s.id = m.student WHERE s.id IN (1, 2, 7, 8, 10) ORDER BY s.id, m.no",
		want: "[1,10]\n[1,20]\n[2,null]\n[7,5]\n[7,10]\n[8,null]\n[10,20]\n[10,null]"},
	{name: "LEFT JOIN finds unmatched rows", sql: "SELECT s.id FROM Students s LEFT JOIN Marks m ON s.id = m.student WHERE m.student IS NULL ORDER BY s.id",
		want: "[2]\n[4]\n[5]\n[6]\n[8]"},
	{name: "an ON condition does not filter like WHERE", sql: "SELECT s.id, m.points FROM Students s LEFT JOIN Marks m ON s.id = m.student AND m.points > 10 WHERE s.class = 1 ORDER BY s.id",
		want: "[1,20]\n[2,null]\n[7,null]"},
	{name: "GROUP BY over a join", sql: "SELECT s.class, COUNT(*) AS n, COUNT(m.no) AS marks, SUM(m.points) AS points FROM Students s LEFT JOIN Marks m ON m.student = s.id GROUP BY s.class ORDER BY s.class",
		want: "[null,2,0,null]\n[1,5,4,45]\n[2,4,3,30]\n[3,1,0,null]"},
	{name: "a table joined to itself", sql: "SELECT a.student, a.no, b.no FROM Marks a JOIN Marks b ON a.student = b.student AND a.no < b.no ORDER BY a.student",
		want: "[1,1,2]\n[7,1,2]\n[10,1,2]"},
	{name: "a text key", sql: "SELECT code, seats FROM Rooms WHERE code IN ('A1', 'Lab', 'A2 ') ORDER BY seats", want: "[\"Lab\",5]\n[\"A2\",10]\n[\"A1\",30]"},
	{name: "a text key is case-sensitive", sql: "SELECT code FROM Rooms WHERE code = 'a1'", want: ""},
	{name: "a composite key", sql: "SELECT points FROM Marks WHERE student = 7 AND no = 2", want: "[10]"},
	{name: "parameters of each type", sql: "SELECT @i AS i, @b AS b, @d AS d, @s AS s, @t AS t, @n AS n, id FROM Students WHERE id = @i",
		params: params(param("i", "7"), param("b", "9007199254740991"), param("d", "12.50"), param("s", `"it's"`), param("t", "true"), param("n", "null")),
		want:   `[7,9007199254740991,"12.50","it's",true,null,7]`},
	{name: "a parameter with an exponent is a FLOAT", sql: "SELECT @f * 2 AS f FROM Lonely", params: params(param("f", "1.5e1")), types: "FLOAT", want: "[30]"},
	{name: "a parameter is a value, never text", sql: "SELECT COUNT(*) FROM Students WHERE name = @n", params: params(param("n", `"' OR 1 = 1 --"`)), want: "[0]"},
	{name: "functions and CASE in every clause", sql: "SELECT UPPER(SUBSTRING(name, 1, 1)) AS c, COUNT(*) AS n FROM Students WHERE LEN(name) = 3 GROUP BY UPPER(SUBSTRING(name, 1, 1)) HAVING COUNT(*) = CASE WHEN MAX(id) > 100 THEN 1 ELSE 2 END ORDER BY UPPER(SUBSTRING(name, 1, 1)) DESC",
		want: "[\"E\",2]\n[\"B\",2]\n[\"A\",2]"},
}

func TestThreeShardsAnswerAsOne(t *testing.T) {
	b := startBoth(t)
	t.Run("rows", func(t *testing.T) {
		for _, q := range questions {
			t.Run(q.name, func(t *testing.T) { b.ask(t, &q) })
		}
	})
	t.Run("refusals", func(t *testing.T) { refusals(t, b) })
	t.Run("writes", func(t *testing.T) { writes(t, b) })
	t.Run("forms", func(t *testing.T) { forms(t, b) })
	t.Run("plans", func(t *testing.T) { plans(t, b.three) })
}

func (b *both) ask(t *testing.T, q *question) {
	var columns []api.Column
	b.each(func(name string, m *client.Master) {
		resp, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: q.sql, Params: q.params})
		if err != nil {
			t.Errorf("%s: %s\n%v", name, q.sql, err)
			return
		}
		got, want := lines(resp.Rows), q.want
		if q.loose {
			got, want = sorted(got), sorted(want)
		}
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s: %s (-want +got)\n%s", name, q.sql, diff)
		}
		if columns != nil {
			if diff := cmp.Diff(columns, resp.Columns); diff != "" {
				t.Errorf("%s: the columns of three shards (-) differ from those of one (+):\n%s", q.sql, diff)
			}
		}
		columns = resp.Columns
		if q.types != "" && types(columns) != q.types {
			t.Errorf("%s: %s is of types %s, want %s", name, q.sql, types(columns), q.types)
		}
		if int(resp.RowCount) != len(resp.Rows) {
			t.Errorf("%s: row_count is %d for %d rows", name, resp.RowCount, len(resp.Rows))
		}
	})
}
