package service_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"shardeck/shared/api"
	"shardeck/shared/testcluster"
)

// byHand runs a statement on one worker, behind the masters' backs.
func byHand(t *testing.T, c *testcluster.Cluster, shard int, db, table string, effect api.Effect, text string) {
	t.Helper()
	w := c.Worker(shard)
	st, err := w.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range st.Databases {
		for _, ts := range d.Tables {
			if d.Name != db || ts.Definition.Name != table {
				continue
			}
			_, err := w.Exec(t.Context(), &api.ExecRequest{DB: db, Fence: st.State.Fence, Statements: []api.Statement{
				{SQL: text, Table: table, SchemaVersion: ts.Definition.Version(), Effect: effect},
			}})
			if err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("shard %d has no table %s.%s", shard, db, table)
}

// TestCopiesThatDifferAreFoundAndRepaired: after rows of one copy were changed by hand.
func TestCopiesThatDifferAreFoundAndRepaired(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2, Env: []string{"MASTER_PROBE_INTERVAL=100ms"}})
	p := &pair{t: t, c: c}
	primary, backup := c.Master(0), c.Master(1)
	countries(t, primary, "Copies")
	var values []string
	for i := range 26 * 26 {
		values = append(values, fmt.Sprintf("('%c%c', N'Country %d', %d)", 'A'+i/26, 'A'+i%26, i, i))
	}
	sql(t, primary, "Copies", "INSERT INTO Countries VALUES "+strings.Join(values, ", "))
	want := copyOf(t, c, 0, "Copies")
	byHand(t, c, 1, "Copies", "Countries", api.EffectDelete, `DELETE FROM "Countries" WHERE "size" < 100`)
	byHand(t, c, 1, "Copies", "Countries", api.EffectInsert, `INSERT INTO "Countries" ("code", "name", "size", "_slot") VALUES ('11', 'Country 5', 1, 0)`)
	byHand(t, c, 1, "Copies", "Countries", api.EffectUpdate, `UPDATE "Countries" SET "name" = 'Other ' || "size" WHERE "size" > 600`)

	// The numbers of rows show it on every master, the comparison of rows on the primary.
	testcluster.Await(t, "the backup to see different numbers of rows", func(ctx context.Context) (bool, string) {
		m, err := backup.Metadata(ctx)
		if err != nil {
			return false, err.Error()
		}
		return len(m.Drift) == 1 && m.Drift[0].Kind == "copy" && slices.Equal(m.Drift[0].Shards, []int{1}) &&
			strings.Contains(m.Drift[0].Detail, "577 on shard 1") && strings.Contains(m.Drift[0].Detail, "shardeck repair Copies Countries"), fmt.Sprintf("%+v", m.Drift)
	})
	testcluster.Await(t, "the primary to tell how the copies differ", func(ctx context.Context) (bool, string) {
		m, err := primary.Metadata(ctx)
		if err != nil {
			return false, err.Error()
		}
		return len(m.Drift) == 1 && strings.Contains(m.Drift[0].Detail, "shard 1 lacks 100 of its rows, has 1 others, and 75 differ"), fmt.Sprintf("%+v", m.Drift)
	})
	testcluster.Await(t, "the health to tell it", func(ctx context.Context) (bool, string) {
		h, err := primary.Health(ctx)
		return err == nil && h.Status == api.StatusDegraded && strings.Contains(strings.Join(h.Reasons, " "), "copies of the reference table"), fmt.Sprintf("%+v, %v", h, err)
	})

	req := &api.RepairTableRequest{DB: "Copies", Table: "countries", DryRun: true}
	check := func(wantResults ...api.CopyResult) {
		t.Helper()
		resp, err := primary.RepairTable(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wantResults, resp.Shards, cmpopts.IgnoreFields(api.CopyResult{}, "Worker")); diff != "" || resp.FromShard == nil || *resp.FromShard == 1 {
			t.Errorf("from %v:\n%s", resp.FromShard, diff)
		}
		if (resp.Shards[1].Missing == 0 || !req.DryRun) != resp.Equal {
			t.Errorf("the copies are equal: %v", resp.Equal)
		}
	}
	whole := func(shard int) api.CopyResult { return api.CopyResult{Shard: shard, Rows: 676} }
	check(whole(0), api.CopyResult{Shard: 1, Rows: 577, Missing: 100, Extra: 1, Different: 75}, whole(2))
	_, err := backup.RepairTable(t.Context(), req)
	mustFail(t, err, api.CodeNotPrimary, -1)
	req.DryRun = false
	check(whole(0), api.CopyResult{Shard: 1, Rows: 577, Missing: 100, Extra: 1, Different: 75, Deleted: 76, Inserted: 175}, whole(2))
	if diff := cmp.Diff(want, p.awaitCopies("Copies")); diff != "" {
		t.Error(diff)
	}
	check(whole(0), whole(1), whole(2))
	testcluster.Await(t, "the drift to end", func(ctx context.Context) (bool, string) {
		for _, m := range []int{0, 1} {
			meta, err := c.Master(m).Metadata(ctx)
			if err != nil || len(meta.Drift) > 0 {
				return false, fmt.Sprintf("%+v, %v", meta, err)
			}
		}
		return true, ""
	})
	// A copy named by the request counts, whatever the others have.
	byHand(t, c, 2, "Copies", "Countries", api.EffectDelete, `DELETE FROM "Countries" WHERE "size" <> 7`)
	req.FromShard = ptr(2)
	if resp, err := primary.RepairTable(t.Context(), req); err != nil || !resp.Equal || resp.Shards[0].Deleted != 675 {
		t.Errorf("a repair from shard 2: %+v, %v", resp, err)
	}
	if diff := cmp.Diff([]string{`["AH","Country 7",7,0]`}, p.awaitCopies("Copies")); diff != "" {
		t.Error(diff)
	}
}

// TestCopiesWithoutAKeyAreRepaired: rows that are equal count as often as they occur.
func TestCopiesWithoutAKeyAreRepaired(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1})
	m := c.Master(0)
	if _, err := m.CreateDB(t.Context(), &api.CreateDBRequest{DB: "Copies"}); err != nil {
		t.Fatal(err)
	}
	columns := api.Object[string]{{Name: "code", Value: "CHAR(2)"}, {Name: "name", Value: "NVARCHAR(20)"}, {Name: "size", Value: "INT"}}
	if _, err := m.CreateTable(t.Context(), &api.CreateTableRequest{DB: "Copies", Table: "Countries", Columns: columns, Distribution: api.Replicate}); err != nil {
		t.Fatal(err)
	}
	sql(t, m, "Copies", "INSERT INTO Countries VALUES ('CH', N'x', 1), ('CH', N'x', 1), ('CH', N'X', 1), (NULL, NULL, NULL), (NULL, NULL, NULL), ('AT', N'y', NULL)")
	sorted := func(shard int) []string { return slices.Sorted(slices.Values(copyOf(t, c, shard, "Copies"))) }
	want := sorted(0)
	byHand(t, c, 2, "Copies", "Countries", api.EffectInsert, `INSERT INTO "Countries" ("code", "name", "size", "_slot") VALUES (NULL, NULL, NULL, 0), ('CH', 'X', 1, 0), ('AT', 'y', 0, 0)`)
	byHand(t, c, 2, "Copies", "Countries", api.EffectUpdate, `UPDATE "Countries" SET "name" = 'X' WHERE "code" = 'CH'`)
	resp, err := m.RepairTable(t.Context(), &api.RepairTableRequest{DB: "Copies", Table: "Countries"})
	if err != nil || !resp.Equal {
		t.Fatalf("%+v, %v", resp, err)
	}
	for shard := range 3 {
		if diff := cmp.Diff(want, sorted(shard)); diff != "" {
			t.Errorf("shard %d:\n%s", shard, diff)
		}
	}
	_, err = m.RepairTable(t.Context(), &api.RepairTableRequest{DB: "Copies", Table: "Countries", FromShard: ptr(3)})
	mustFail(t, err, api.CodeInvalidField, -1)
	sql(t, m, "Copies", "CREATE TABLE Sharded (id INT PRIMARY KEY) WITH (DISTRIBUTION = HASH(id))")
	_, err = m.RepairTable(t.Context(), &api.RepairTableRequest{DB: "Copies", Table: "Sharded"})
	mustFail(t, err, api.CodeInvalidField, -1)
	_, err = m.RepairTable(t.Context(), &api.RepairTableRequest{DB: "Copies", Table: "Nope"})
	mustFail(t, err, api.CodeUnknownTable, -1)
}
