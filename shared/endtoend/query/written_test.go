package query

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// copiedSchema has a table for each way of distribution, beside those of rig_test.go.
var copiedSchema = []string{
	"CREATE TABLE Copied (id INT PRIMARY KEY, name NVARCHAR(5) NOT NULL, gpa DECIMAL(3,1), n INT DEFAULT 7) WITH (DISTRIBUTION = HASH(id))",
	"CREATE TABLE Spread (name NVARCHAR(20), n INT) WITH (DISTRIBUTION = ROUND_ROBIN)",
	"CREATE TABLE Kept (id INT PRIMARY KEY, name NVARCHAR(20)) WITH (DISTRIBUTION = REPLICATE)",
}

// copiedWrites run in this order; the table of the question has the rows after each.
var copiedWrites = []struct {
	sql  string
	rows int64
	question
}{
	{"INSERT INTO Copied (id, name, gpa) SELECT id, name, gpa FROM Students WHERE name IS NOT NULL AND class = 1", 3,
		question{sql: "SELECT id, name, gpa, n FROM Copied ORDER BY id", want: "[1,\"Ada\",\"3.5\",7]\n[2,\"bob\",\"2.3\",7]\n[7,\"Bob\",\"3.0\",7]"}},
	{"INSERT INTO Copied SELECT id + 100, UPPER(name), NULL, n + 1 FROM Copied WHERE id < 7", 2,
		question{sql: "SELECT id, name, gpa, n FROM Copied WHERE id > 100 ORDER BY id", want: "[101,\"ADA\",null,8]\n[102,\"BOB\",null,8]"}},
	{"WITH best AS (SELECT student, MAX(points) AS p FROM Marks GROUP BY student) INSERT INTO Copied (n, id, name) SELECT p, student + 200, N'x' FROM best WHERE p IS NOT NULL", 4,
		question{sql: "SELECT id, n FROM Copied WHERE id > 200 ORDER BY id", want: "[201,20]\n[203,10]\n[207,10]\n[210,20]"}},
	{"INSERT INTO Spread (SELECT name, COUNT(*) FROM Students GROUP BY name)", 6,
		question{sql: "SELECT COUNT(*), SUM(n) FROM Spread", want: "[6,9]"}},
	{"INSERT Kept SELECT id, name FROM Students WHERE class = 1 UNION ALL SELECT 9, N'Nina'", 4,
		question{sql: "SELECT id, name FROM Kept ORDER BY id", want: "[1,\"Ada\"]\n[2,\"bob\"]\n[7,\"Bob\"]\n[9,\"Nina\"]"}},
	{"INSERT INTO Kept SELECT id, name FROM Students WHERE class = 99", 0,
		question{sql: "SELECT COUNT(*) FROM Kept", want: "[4]"}},
	{"INSERT INTO Copied (id, name) SELECT id, N'y' FROM Students WHERE class = 99", 0,
		question{sql: "SELECT COUNT(*) FROM Copied", want: "[9]"}},
	{"UPDATE c SET c.n = c.n + 1, gpa = 1 FROM Copied AS c WHERE c.id = 101", 1,
		question{sql: "SELECT n, gpa FROM Copied WHERE id = 101", want: `[9,"1.0"]`}},
	{"UPDATE Copied SET n = (SELECT COUNT(*) FROM Marks m WHERE m.student = c.id) FROM Copied c WHERE c.id < 100", 3,
		question{sql: "SELECT id, n FROM Copied WHERE id < 100 ORDER BY id", want: "[1,2]\n[2,0]\n[7,2]"}},
	{"WITH few AS (SELECT id FROM Copied WHERE n = 0) UPDATE Copied SET n = -1 WHERE id IN (SELECT id FROM few)", 1,
		question{sql: "SELECT id FROM Copied WHERE n = -1", want: "[2]"}},
	{"DELETE c FROM Copied AS c WHERE c.n = -1", 1,
		question{sql: "SELECT COUNT(*) FROM Copied", want: "[8]"}},
	{"WITH old AS (SELECT id FROM Copied WHERE id > 200) DELETE FROM Copied WHERE id IN (SELECT id FROM old)", 4,
		question{sql: "SELECT id FROM Copied ORDER BY id", want: "[1]\n[7]\n[101]\n[102]"}},
	{"DELETE FROM Copied FROM Copied WHERE id = 102", 1,
		question{sql: "SELECT id FROM Copied ORDER BY id", want: "[1]\n[7]\n[101]"}},
}

var copiedRefusals = []refusal{
	{name: "too few columns are selected", req: sqlOf("INSERT INTO Copied (id, name) SELECT id FROM Students"), code: api.CodeSyntax, number: 120, at: "SELECT"},
	{name: "too many columns are selected", req: sqlOf("INSERT INTO Copied (id) SELECT id, name FROM Students"), code: api.CodeSyntax, number: 121, at: "SELECT"},
	{name: "other columns than the table has", req: sqlOf("INSERT INTO Copied SELECT id, name FROM Students"), code: api.CodeSyntax, number: 213, at: "SELECT"},
	{name: "a NULL for a column without", req: sqlOf("INSERT INTO Copied (id, name) SELECT id, name FROM Students"), code: api.CodeNullViolation, number: 515},
	{name: "a string that is too long", req: sqlOf("INSERT INTO Copied (id, name) SELECT id, N'longer than five' FROM Students"), code: api.CodeValueTooLong, number: 2628},
	{name: "a key that exists", req: sqlOf("INSERT INTO Copied (id, name) SELECT id, N'x' FROM Copied"), code: api.CodeDuplicateKey, number: 2627},
	{name: "a common table expression that is written to", req: sqlOf("WITH c AS (SELECT id FROM Copied) DELETE FROM c"), code: api.CodeUnsupported, at: "c", says: "subquery"},
	{name: "more rows than are read first", req: sqlOf("INSERT INTO Copied (id, name) SELECT a.value * 1000 + b.value, N'x' FROM GENERATE_SERIES(0, 999) a CROSS JOIN GENERATE_SERIES(0, 999) b"), code: api.CodeTooComplex, says: "run beforehand"},
}

func TestWritesOfWhatIsReadAnswerAsOneDatabase(t *testing.T) {
	b := startBoth(t)
	b.run(t, copiedSchema)
	for _, w := range copiedWrites {
		t.Run(w.sql, func(t *testing.T) {
			b.write(t, w.sql, w.rows)
			b.ask(t, &w.question)
		})
	}
	for _, x := range copiedRefusals {
		t.Run(x.name, func(t *testing.T) {
			req := x.req
			req.DB, req.AllShards = dbName, true
			_, err := b.three.Query(t.Context(), &req)
			x.check(t, "three shards", err)
		})
	}
}

// TestARepetitionWritesNothingElse: a write of what was read is repeated with its Idempotency-Key when
// what it reads has changed.
func TestARepetitionWritesNothingElse(t *testing.T) {
	m := start(t, 3).Master(0)
	query := func(sql string, key ...client.CallOption) *api.SQLResponse {
		t.Helper()
		resp, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: sql, AllShards: true}, key...)
		if err != nil {
			t.Fatalf("%s\n%v", sql, err)
		}
		return resp
	}
	for _, sql := range copiedSchema {
		query(sql)
	}
	for _, c := range []struct{ key, first, change, after string }{
		// Keys are on shard 0, 1 and 2 in turn, so that the home has rows, or none.
		{"a", "INSERT INTO Copied (id, name) SELECT id, N'x' FROM Lonely", "INSERT INTO Lonely VALUES (1, 1), (2, 2), (3, 3)", "SELECT COUNT(*) FROM Copied"},
		{"b", "INSERT INTO Copied (id, name) SELECT id + 10, N'x' FROM Lonely", "DELETE FROM Lonely WHERE id > 1", "SELECT COUNT(*) FROM Copied"},
		{"c", "INSERT INTO Copied (id, name) SELECT id + 20, N'x' FROM Nothing", "INSERT INTO Nothing (id) VALUES (1), (2), (3)", "SELECT COUNT(*) FROM Copied"},
		{"d", "UPDATE Copied SET n = n + 1 WHERE id IN (SELECT id + 10 FROM Nothing)", "INSERT INTO Nothing (id) VALUES (4), (5), (6), (7)", "SELECT SUM(n) FROM Copied"},
		{"e", "DELETE FROM Copied WHERE id > (SELECT MIN(id) + 11 FROM Nothing)", "DELETE FROM Nothing WHERE id < 5", "SELECT COUNT(*) FROM Copied"},
	} {
		t.Run(c.first, func(t *testing.T) {
			first := query(c.first, client.IdempotencyKey(c.key))
			before := query(c.after).Rows
			query(c.change)
			again := query(c.first, client.IdempotencyKey(c.key))
			if !again.Replayed || *again.RowsAffected != *first.RowsAffected {
				t.Errorf("first %d rows, and the repetition %d (replayed: %v)", *first.RowsAffected, *again.RowsAffected, again.Replayed)
			}
			if diff := cmp.Diff(before, query(c.after).Rows); diff != "" {
				t.Errorf("the repetition has written (-before +after):\n%s", diff)
			}
		})
	}
}
