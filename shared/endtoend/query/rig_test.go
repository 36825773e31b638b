package query

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

const dbName = "School"

// The shards of rows, on three shards, by key: 7 and 10 are on shard 0; 1, 2, 4 and 8 on 1; 3, 5
// and 6 on 2; rooms B1 and Lab on 0, A2 on 1, A1 on 2.
var schema = []string{
	"CREATE TABLE Students (id INT PRIMARY KEY, name NVARCHAR(20) NULL, class INT NULL, gpa DECIMAL(4,2) NULL) WITH (DISTRIBUTION = HASH(id))",
	"CREATE TABLE Marks (student INT, no TINYINT, points INT NULL, PRIMARY KEY (student, no)) WITH (DISTRIBUTION = HASH(student))",
	"CREATE TABLE Rooms (code NVARCHAR(10) PRIMARY KEY, seats INT NOT NULL) WITH (DISTRIBUTION = HASH(code))",
	"CREATE TABLE Lonely (id INT PRIMARY KEY, v INT NULL) WITH (DISTRIBUTION = HASH(id))",
	"CREATE TABLE Nothing (id INT PRIMARY KEY, v INT NULL, d DECIMAL(9,2) NULL) WITH (DISTRIBUTION = HASH(id))",
	"CREATE TABLE Made (id INT PRIMARY KEY, label NVARCHAR(20) NOT NULL DEFAULT 'none', n INT DEFAULT 7) WITH (DISTRIBUTION = HASH(id))",
	`INSERT INTO Students (id, name, class, gpa) VALUES
		(1, 'Ada', 1, 3.5), (2, 'bob', 1, 2.25), (3, 'ada', 2, 3.5), (4, NULL, NULL, 1), (5, 'Eve', 2, NULL),
		(6, 'Dan', NULL, 4), (7, 'Bob', 1, 3), (8, 'eve', 3, NULL), (10, 'Zoe', 2, 2.25)`,
	"INSERT INTO Marks VALUES (1, 1, 10), (1, 2, 20), (3, 1, 10), (7, 1, 5), (7, 2, 10), (10, 1, 20), (10, 2, NULL)",
	"INSERT INTO Rooms VALUES ('A1', 30), ('A2', 10), ('B1', 20), ('Lab', 5)",
	"INSERT INTO Lonely VALUES (7, 5)",
}

// start starts a cluster with the tables above.
func start(t *testing.T, shards int, env ...string) *testcluster.Cluster {
	t.Helper()
	c := testcluster.Start(t, testcluster.Options{
		Workers: shards, Masters: 1,
		Env: append([]string{"MASTER_REQUEST_TIMEOUT=60s", "MASTER_PROBE_TIMEOUT=10s"}, env...),
	})
	m := c.Master(0)
	if _, err := m.CreateDB(t.Context(), &api.CreateDBRequest{DB: dbName}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range schema {
		if _, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: sql}); err != nil {
			t.Fatalf("%d shards: %s\n%v", shards, sql, err)
		}
	}
	return c
}

// both are the same database on three shards and on one.
type both struct{ three, one *client.Master }

func startBoth(t *testing.T) *both {
	t.Helper()
	return &both{start(t, 3).Master(0), start(t, 1).Master(0)}
}

// each calls f for both.
func (b *both) each(f func(name string, m *client.Master)) {
	f("three shards", b.three)
	f("one shard", b.one)
}

// run runs statements on both.
func (b *both) run(t *testing.T, statements []string) {
	t.Helper()
	b.each(func(name string, m *client.Master) {
		for _, sql := range statements {
			if _, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: sql}); err != nil {
				t.Fatalf("%s: %s\n%v", name, sql, err)
			}
		}
	})
}

// write runs a write on both, which is to affect that many rows.
func (b *both) write(t *testing.T, sql string, rows int64) {
	t.Helper()
	b.each(func(name string, m *client.Master) {
		resp, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: sql, AllShards: true})
		if err != nil || resp.RowsAffected == nil || *resp.RowsAffected != rows {
			t.Errorf("%s: %v, %+v; want %d rows", name, err, resp, rows)
		}
	})
}

// lines formats rows one per line.
func lines(rows []jsontext.Value) string {
	all := make([]string, len(rows))
	for i, r := range rows {
		all[i] = string(r)
	}
	return strings.Join(all, "\n")
}

// sorted sorts lines, for unordered results.
func sorted(text string) string {
	all := strings.Split(text, "\n")
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// types returns the types of a result's columns.
func types(columns []api.Column) string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.Type
	}
	return strings.Join(all, ", ")
}

func params(members ...api.Member[jsontext.Value]) api.Object[jsontext.Value] {
	return api.Object[jsontext.Value](members)
}

func param(name, value string) api.Member[jsontext.Value] {
	return api.Member[jsontext.Value]{Name: name, Value: jsontext.Value(value)}
}
