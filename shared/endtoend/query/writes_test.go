package query

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// step is a statement and its effect.
type step struct {
	req      api.SQLRequest
	affected int64 // rows changed; -1: it is a SELECT, or changes the schema
	want     string
}

// changes are run in order.
var changes = []step{
	{sqlOf("INSERT INTO Made (id) VALUES (1), (3), (7)"), 3, ""},
	{sqlOf("INSERT INTO Made (n, label, id) VALUES (NULL, DEFAULT, 10), (2, N'it''s', 4)"), 2, ""},
	{sqlOf("SELECT id, label, n FROM Made ORDER BY id"), -1, "[1,\"none\",7]\n[3,\"none\",7]\n[4,\"it's\",2]\n[7,\"none\",7]\n[10,\"none\",null]"},
	{api.SQLRequest{SQL: "UPDATE Made SET n = n + @by, label = UPPER(label) WHERE n = 7", AllShards: true, Params: params(param("by", "10"))}, 3, ""},
	{sqlOf("UPDATE Made SET n = 0 WHERE id IN (10, 4, 99)"), 2, ""},
	{sqlOf("UPDATE Made SET n = 1 WHERE id = 1 AND id = 3"), 0, ""},
	{sqlOf("SELECT id, label, n FROM Made ORDER BY id"), -1, "[1,\"NONE\",17]\n[3,\"NONE\",17]\n[4,\"it's\",0]\n[7,\"NONE\",17]\n[10,\"none\",0]"},
	{sqlOf("DELETE FROM Made WHERE id = 3"), 1, ""},
	{api.SQLRequest{SQL: "DELETE FROM Made WHERE n = 17", AllShards: true}, 2, ""},
	{sqlOf("SELECT COUNT(*), SUM(id) FROM Made"), -1, "[2,14]"},
	{api.SQLRequest{SQL: "DELETE FROM Made", AllShards: true}, 2, ""},
	{sqlOf("SELECT COUNT(*), SUM(id) FROM Made"), -1, "[0,null]"},
	{sqlOf("DROP TABLE IF EXISTS NotThere"), -1, ""},
	{sqlOf("CREATE TABLE Brief (id INT PRIMARY KEY, s VARCHAR(5)) WITH (DISTRIBUTION = HASH(id))"), -1, ""},
	{sqlOf("INSERT Brief VALUES (1, 'a'), (7, 'b')"), 2, ""},
	{sqlOf("SELECT s, id FROM Brief ORDER BY s DESC"), -1, "[\"b\",7]\n[\"a\",1]"},
	{sqlOf("DROP TABLE IF EXISTS Brief"), -1, ""},

	// Uniqueness is checked at the end of the statement: keys may be shifted and swapped.
	{sqlOf("CREATE TABLE Parts (user_id INT, part INT, label NVARCHAR(10) NOT NULL, PRIMARY KEY (user_id, part), UNIQUE (user_id, label))"), -1, ""},
	{sqlOf("INSERT Parts VALUES (1, 1, 'a'), (1, 2, 'b'), (1, 3, 'c'), (7, 1, 'a'), (7, 2, 'b')"), 5, ""},
	{sqlOf("UPDATE Parts SET part = part + 1 WHERE user_id = 1"), 3, ""},
	{sqlOf("SELECT part, label FROM Parts WHERE user_id = 1 ORDER BY part"), -1, "[2,\"a\"]\n[3,\"b\"]\n[4,\"c\"]"},
	{api.SQLRequest{SQL: "UPDATE Parts SET part = part - @by WHERE user_id IN (1, 7)", Params: params(param("by", "1"))}, 5, ""},
	{sqlOf("UPDATE Parts SET part = CASE part WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE part END WHERE user_id = 1"), 3, ""},
	{api.SQLRequest{SQL: "UPDATE Parts SET label = CASE label WHEN 'a' THEN 'b' WHEN 'b' THEN 'a' ELSE label END", AllShards: true}, 5, ""},
	{sqlOf("SELECT user_id, part, label FROM Parts ORDER BY user_id, part"), -1,
		"[1,1,\"a\"]\n[1,2,\"b\"]\n[1,3,\"c\"]\n[7,0,\"b\"]\n[7,1,\"a\"]"},
}

func writes(t *testing.T, b *both) {
	b.each(func(name string, m *client.Master) {
		for _, s := range changes {
			s.req.DB = dbName
			resp, err := m.Query(t.Context(), &s.req)
			if err != nil {
				t.Fatalf("%s: %s\n%v", name, s.req.SQL, err)
			}
			if diff := cmp.Diff(s.want, lines(resp.Rows)); diff != "" {
				t.Errorf("%s: %s (-want +got)\n%s", name, s.req.SQL, diff)
			}
			got := int64(-1)
			if resp.RowsAffected != nil {
				got = *resp.RowsAffected
			}
			if got != s.affected {
				t.Errorf("%s: %s\nchanged %d rows, want %d", name, s.req.SQL, got, s.affected)
			}
		}
		clashes(t, name, m)
		again(t, name, m)
		_, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: "SELECT s FROM Brief"})
		if api.CodeOf(err) != api.CodeUnknownTable {
			t.Errorf("%s: a dropped table: %v", name, err)
		}
	})
}

// clashes sends updates of Parts that end in a duplicate: each is refused and changes nothing.
func clashes(t *testing.T, name string, m *client.Master) {
	const all = "SELECT user_id, part, label FROM Parts ORDER BY user_id, part"
	before, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: all})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, sql := range []string{
		"UPDATE Parts SET part = 3 WHERE user_id = 1",
		"UPDATE Parts SET part = part + 1 WHERE user_id = 1 AND part < 3",
		"UPDATE Parts SET label = 'same' WHERE user_id = 7",
	} {
		_, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: sql})
		if p := api.AsProblem(err); p == nil || p.Code != api.CodeDuplicateKey || p.SQLNumber != 2627 {
			t.Errorf("%s: %s: %v, want duplicate_key with number 2627", name, sql, err)
		}
		after, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: all})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(lines(before.Rows), lines(after.Rows)); diff != "" {
			t.Errorf("%s: %s (-before +after)\n%s", name, sql, diff)
		}
	}
}

// again sends a write twice with one key, and then a different one with the same key.
func again(t *testing.T, name string, m *client.Master) {
	const add = "INSERT INTO Made (id) VALUES (20), (21), (22)"
	key := client.IdempotencyKey("made-once")
	for i, replayed := range []bool{false, true} {
		resp, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: add}, key)
		switch {
		case err != nil:
			t.Errorf("%s: try %d: %v", name, i, err)
		case resp.Replayed != replayed || resp.RowsAffected == nil || *resp.RowsAffected != 3:
			t.Errorf("%s: try %d: replayed %v, %v rows", name, i, resp.Replayed, resp.RowsAffected)
		}
	}
	_, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: "INSERT INTO Made (id) VALUES (20), (21), (23)"}, key)
	if api.CodeOf(err) != api.CodeIdempotencyMismatch && api.CodeOf(err) != api.CodePartialFailure {
		t.Errorf("%s: another write with the same key: %v", name, err)
	}
	resp, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: "SELECT COUNT(*) FROM Made WHERE id BETWEEN 20 AND 22"})
	if err != nil || lines(resp.Rows) != "[3]" {
		t.Errorf("%s: %v, %v", name, resp, err)
	}
}
