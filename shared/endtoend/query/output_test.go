package query

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// outputs run in this order. What they answer is worked out by hand; then the table of the question has the
// rows after each.
var outputs = []struct {
	sql, types, want string
	rows             int64
	question
}{
	{sql: "INSERT INTO Copied (id, name, gpa) OUTPUT inserted.id, Inserted.n, inserted.gpa * 2 AS twice VALUES (3, N'x', 1.25), (1, N'y', NULL), (2, N'z', 7.0)",
		types: "INT, INT, DECIMAL(5,1)", want: "[3,7,\"2.6\"]\n[1,7,null]\n[2,7,\"14.0\"]", rows: 3,
		question: question{sql: "SELECT id, gpa FROM Copied ORDER BY id", want: "[1,null]\n[2,\"7.0\"]\n[3,\"1.3\"]"}},
	{sql: "INSERT Copied OUTPUT inserted.* VALUES (4, 'a ', DEFAULT, NULL)",
		types: "INT, NVARCHAR(5), DECIMAL(3,1), INT", want: `[4,"a ",null,null]`, rows: 1,
		question: question{sql: "SELECT COUNT(*) FROM Copied", want: "[4]"}},
	{sql: "INSERT INTO Copied (id, name) OUTPUT UPPER(inserted.name) + N'!', CASE WHEN inserted.gpa IS NULL THEN 'none' ELSE 'some' END AS g, 1 AS one SELECT id, name FROM Students WHERE id IN (7, 10)",
		types: "NVARCHAR(6), VARCHAR(4), INT", want: "[\"BOB!\",\"none\",1]\n[\"ZOE!\",\"none\",1]", rows: 2,
		question: question{sql: "SELECT id FROM Copied WHERE id > 4 ORDER BY id", want: "[7]\n[10]"}},
	{sql: "INSERT INTO Copied (id, name) OUTPUT inserted.id SELECT id, name FROM Students WHERE class = 99",
		types: "INT", want: "", rows: 0,
		question: question{sql: "SELECT COUNT(*) FROM Copied", want: "[6]"}},
	{sql: "WITH top1 AS (SELECT MAX(points) AS p FROM Marks) INSERT INTO Spread (name, n) OUTPUT inserted.n - 1 SELECT N'top', p FROM top1",
		types: "INT", want: "[19]", rows: 1,
		question: question{sql: "SELECT name, n FROM Spread", want: `["top",20]`}},
	{sql: "INSERT INTO Kept OUTPUT inserted.id, LEN(inserted.name) VALUES (5, N'five'), (6, NULL)",
		types: "INT, INT", want: "[5,4]\n[6,null]", rows: 2,
		question: question{sql: "SELECT id, name FROM Kept ORDER BY id", want: "[5,\"five\"]\n[6,null]"}},
}

// outputRefusals write nothing.
var outputRefusals = []refusal{
	{name: "an expression that fails", req: sqlOf("INSERT INTO Copied (id, name, n) OUTPUT 1 / inserted.n VALUES (90, N'x', 1), (91, N'x', 0)"), code: api.CodeDivideByZero, number: 8134},
	{name: "a row that is refused", req: sqlOf("INSERT INTO Copied (id, name) OUTPUT inserted.id VALUES (1, N'x')"), code: api.CodeDuplicateKey, number: 2627},
	{name: "a column that is not qualified", req: sqlOf("INSERT INTO Copied (id, name) OUTPUT id VALUES (90, N'x')"), code: api.CodeUnknownColumn, number: 207, at: "id VALUES", says: "inserted.id"},
	{name: "a deleted row of an INSERT", req: sqlOf("INSERT INTO Copied (id, name) OUTPUT deleted.id VALUES (90, N'x')"), code: api.CodeUnknownTable, number: 4104, at: "deleted"},
	{name: "an aggregate", req: sqlOf("INSERT INTO Copied (id, name) OUTPUT MAX(inserted.id) VALUES (90, N'x')"), code: api.CodeUnsupported, number: 158, at: "MAX"},
	{name: "a subquery", req: sqlOf("INSERT INTO Copied (id, name) OUTPUT (SELECT 1) VALUES (90, N'x')"), code: api.CodeUnsupported, number: 10705, at: "(SELECT"},
	{name: "INTO", req: sqlOf("INSERT INTO Copied (id, name) OUTPUT inserted.id INTO Kept VALUES (90, N'x')"), code: api.CodeUnsupported, at: "INTO Kept", says: "leave INTO out"},
	{name: "OUTPUT of an UPDATE", req: sqlOf("UPDATE Copied SET n = 1 OUTPUT deleted.n WHERE id = 1"), code: api.CodeUnsupported, at: "OUTPUT", says: "before or after"},
	{name: "OUTPUT of a DELETE", req: sqlOf("DELETE FROM Copied OUTPUT deleted.* WHERE id = 1"), code: api.CodeUnsupported, at: "OUTPUT", says: "before it"},
	{name: "more than is held", req: sqlOf("INSERT INTO Spread (n) OUTPUT REPLICATE(CAST('x' AS VARCHAR(MAX)), 4000000) VALUES " + strings.Repeat("(90), ", 9) + "(90)"), code: api.CodeTooComplex, says: "several statements"},
}

func TestInsertsAnswerTheirRows(t *testing.T) {
	b := startBoth(t)
	b.run(t, copiedSchema)
	for _, o := range outputs {
		t.Run(o.sql, func(t *testing.T) {
			b.each(func(name string, m *client.Master) {
				resp, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: o.sql})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if got := lines(resp.Rows); sorted(got) != sorted(o.want) || resp.Columns == nil || types(resp.Columns) != o.types {
					t.Errorf("%s: the types %s and rows\n%s\nwant %s and\n%s", name, types(resp.Columns), got, o.types, o.want)
				}
				if resp.RowsAffected == nil || *resp.RowsAffected != o.rows || resp.RowCount != o.rows {
					t.Errorf("%s: %v rows affected and %d answered, want %d", name, resp.RowsAffected, resp.RowCount, o.rows)
				}
			})
			b.ask(t, &o.question)
		})
	}
	for _, x := range outputRefusals {
		t.Run(x.name, func(t *testing.T) {
			req := x.req
			req.DB = dbName
			_, err := b.three.Query(t.Context(), &req)
			x.check(t, "three shards", err)
		})
	}
	b.ask(t, &question{sql: "SELECT (SELECT COUNT(*) FROM Copied WHERE id >= 90 OR n = 1) + (SELECT COUNT(*) FROM Spread WHERE n = 90)", want: "[0]"})
}

// TestARepetitionAnswersTheSameRowsOrNone: the rows of OUTPUT are computed again when an INSERT is repeated
// with its Idempotency-Key, unless they could be others.
func TestARepetitionAnswersTheSameRowsOrNone(t *testing.T) {
	m := start(t, 3).Master(0)
	query := func(sql, key string) *api.SQLResponse {
		t.Helper()
		most := int64(2)
		resp, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: sql, MaxRows: &most}, client.IdempotencyKey(key))
		if err != nil {
			t.Fatalf("%s\n%v", sql, err)
		}
		return resp
	}
	for i, c := range []struct {
		sql  string
		same bool
	}{
		{"INSERT INTO Made (id, label) OUTPUT inserted.id, inserted.n VALUES (1, N'a'), (2, N'b'), (3, N'c')", true},
		{"INSERT INTO Made (id, n) OUTPUT inserted.n + 1 VALUES (4, 4)", true},
		{"INSERT INTO Made (id, label) OUTPUT inserted.label VALUES (5, CAST(SYSDATETIME() AS TIME))", false},
		{"INSERT INTO Made (id) OUTPUT SYSDATETIME() VALUES (6)", false},
		{"INSERT INTO Made (id) OUTPUT inserted.id SELECT id + 10 FROM Lonely", false},
	} {
		t.Run(c.sql, func(t *testing.T) {
			key := fmt.Sprint("output-", i)
			first, again := query(c.sql, key), query(c.sql, key)
			switch {
			case first.Rows == nil || first.Replayed || !again.Replayed || *again.RowsAffected != *first.RowsAffected:
				t.Errorf("first %+v\nand then %+v", first, again)
			case first.Query.Truncated != (*first.RowsAffected > 2) || first.RowCount != min(2, *first.RowsAffected):
				t.Errorf("of %d rows, %d were answered (truncated: %v)", *first.RowsAffected, first.RowCount, first.Query.Truncated)
			case c.same:
				if diff := cmp.Diff(first.Rows, again.Rows); diff != "" {
					t.Error(diff)
				}
			case again.Columns != nil || again.Rows != nil || len(again.Query.Notes) != 1 || !strings.Contains(again.Query.Notes[0], "not known any more"):
				t.Errorf("the repetition answered %+v", again)
			}
		})
	}
}
