package service_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

// countries creates a database with the reference table Countries.
func countries(t *testing.T, m *client.Master, db string) {
	t.Helper()
	if _, err := m.CreateDB(t.Context(), &api.CreateDBRequest{DB: db}); err != nil {
		t.Fatal(err)
	}
	sql(t, m, db, "CREATE TABLE Countries (code CHAR(2) PRIMARY KEY, name NVARCHAR(50) NOT NULL UNIQUE, size INT) WITH (DISTRIBUTION = REPLICATE)")
}

// sql runs a statement that must succeed.
func sql(t *testing.T, m *client.Master, db, text string) *api.SQLResponse {
	t.Helper()
	resp, err := m.Query(t.Context(), &api.SQLRequest{DB: db, SQL: text})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return resp
}

// copyOf returns the rows of a reference table on one shard, in the order of their key.
func copyOf(t *testing.T, c *testcluster.Cluster, shard int, db string) []string {
	t.Helper()
	rows, err := c.Worker(shard).Query(t.Context(), &api.QueryRequest{
		DB: db, SQL: `SELECT "code", "name", "size", "_slot" FROM "Countries" ORDER BY "code"`, ResultTypes: []string{"CHAR(2)", "NVARCHAR(50)", "INT", "INT"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	list := []string{}
	for {
		block, err := rows.NextBlock()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, strings.Split(strings.TrimRight(string(block), "\n"), "\n")...)
	}
}

func testReferenceTable(t *testing.T, c *testcluster.Cluster, primary, backup *client.Master) {
	countries(t, primary, "Copies")
	resp := sql(t, primary, "Copies", "INSERT INTO Countries VALUES ('CH', N'Switzerland', 41), ('AT', N'Austria', 83), ('FR', N'France', 640)")
	if *resp.RowsAffected != 3 || len(resp.Shards) != 3 {
		t.Errorf("an insert of 3 rows affected %d, on %d shards", *resp.RowsAffected, len(resp.Shards))
	}
	want := copyOf(t, c, 0, "Copies")
	if len(want) != 3 {
		t.Errorf("shard 0 has %q", want)
	}
	for shard := 1; shard < 3; shard++ {
		if diff := cmp.Diff(want, copyOf(t, c, shard, "Copies")); diff != "" {
			t.Errorf("shard %d differs from shard 0:\n%s", shard, diff)
		}
	}
	// Every shard gets its turn, and every one answers the same.
	served := map[int]bool{}
	for range 12 {
		resp := sql(t, backup, "Copies", "SELECT COUNT(*) AS n, SUM(size) AS s FROM Countries")
		if len(resp.Rows) != 1 || string(resp.Rows[0]) != "[3,764]" || len(resp.Shards) != 1 || resp.Route.Kind != api.RouteCopy {
			t.Fatalf("a count of a reference table is %s of %+v", resp.Rows, resp.Shards)
		}
		served[resp.Shards[0].Shard] = true
	}
	if len(served) != 3 {
		t.Errorf("only the shards %v served reads", served)
	}
	count, err := backup.Count(t.Context(), &api.MapReduceCountRequest{DB: "Copies", Table: "Countries"})
	if err != nil || count.Total != 3 {
		t.Errorf("counted %+v, %v", count, err)
	}
	_, err = primary.Select(t.Context(), &api.SelectRequest{DB: "Copies", Table: "Countries", ShardKey: jsontext.Value(`"CH"`)})
	if p := mustFail(t, err, api.CodeInvalidField, -1); p.Field != "shard_key" {
		t.Errorf("the shard key is refused at %q", p.Field)
	}
	resp = sql(t, primary, "Copies", "UPDATE Countries SET size = size + 1 WHERE code <> 'FR'")
	if *resp.RowsAffected != 2 {
		t.Errorf("an update of 2 rows affected %d", *resp.RowsAffected)
	}
	_, err = primary.Query(t.Context(), &api.SQLRequest{DB: "Copies", SQL: "INSERT INTO Countries VALUES ('XX', N'France', 1)"})
	mustFail(t, err, api.CodeDuplicateKey, -1)
	deleted, err := primary.Delete(t.Context(), &api.DeleteRequest{DB: "Copies", Table: "Countries", Condition: "size > 100"})
	if err != nil || deleted.RowsAffected != 1 {
		t.Errorf("a delete of one row: %+v, %v", deleted, err)
	}
	defer func() {
		if resp := sql(t, primary, "Copies", "TRUNCATE TABLE Countries"); *resp.RowsAffected != 2 || resp.Query.Statement != "TRUNCATE TABLE" || len(resp.Shards) != 3 {
			t.Errorf("truncating a table of 2 rows answered %+v", resp)
		}
	}()
	for shard := range 3 {
		if diff := cmp.Diff([]string{`["AT","Austria",84,0]`, `["CH","Switzerland",42,0]`}, copyOf(t, c, shard, "Copies")); diff != "" {
			t.Errorf("shard %d:\n%s", shard, diff)
		}
	}
}
