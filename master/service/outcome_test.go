package service_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

// wantOutcomes compares the reported outcomes of an insert's n rows with the rows that
// exist. Row i has the id idOf(i); the row with index fault must not be inserted.
func (s *school) wantOutcomes(p *api.Problem, condition string, idOf func(i int) int, n, fault int) {
	s.t.Helper()
	exists := map[string]bool{}
	for _, id := range s.ids(func(r *api.SelectRequest) { r.Condition = condition }) {
		exists[id] = true
	}
	reported := map[int]string{}
	for name, set := range map[string]api.RowSet{"inserted": p.Rows.Inserted, "not inserted": p.Rows.NotInserted, "unknown": p.Rows.Unknown} {
		count := 0
		for _, r := range set.Ranges {
			for i := r[0]; i <= r[1]; i++ {
				count++
				if reported[i] != "" {
					s.t.Errorf("row %d is reported as %s and as %s", i, reported[i], name)
				}
				reported[i] = name
				if found := exists[fmt.Sprint(idOf(i))]; i != fault && name != "unknown" && found != (name == "inserted") {
					s.t.Errorf("row %d is reported as %s, but found: %v", i, name, found)
				}
			}
		}
		if count != set.Count || set.Truncated {
			s.t.Errorf("%s counts %d rows and lists %d", name, set.Count, count)
		}
	}
	if len(reported) != n || fault >= 0 && reported[fault] != "not inserted" {
		s.t.Errorf("%d of %d rows are reported; the invalid one as %q", len(reported), n, reported[fault])
	}
	if !strings.Contains(p.Detail, p.Rows.String()) || !strings.Contains(p.Detail, " inserted, ") {
		s.t.Errorf("%q does not say which rows were inserted", p.Detail)
	}
}

// TestMultiShardWriteFailsIfAShardIsKnownToBeDown: it is rejected before anything is sent,
// like a schema change.
func TestMultiShardWriteFailsIfAShardIsKnownToBeDown(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	s.fill(60)
	on := [3]int{s.keyOn(0), s.keyOn(1), s.keyOn(2)}
	for _, id := range on[:2] {
		if _, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(id, "Here")}); err != nil {
			t.Fatal(err)
		}
	}
	c.Workers[1].Kill(t)
	awaitState(t, m, 1, api.ShardDown)

	both := fmt.Sprintf("student_id IN (%d, %d)", on[0], on[1])
	set := api.Object[jsontext.Value]{{Name: "name", Value: jsontext.Value(`"Changed"`)}}
	for name, write := range map[string]func() error{
		"insert": func() error {
			_, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Rows: []api.Object[jsontext.Value]{row(on[2], "a"), row(on[1]+100_000, "b"), row(on[0]+100_000, "c"), row(777_777, "d")}})
			return err
		},
		"update": func() error {
			_, err := m.Update(t.Context(), &api.UpdateRequest{DB: s.db, Table: "Students", Set: set, Condition: both})
			return err
		},
		"delete": func() error {
			_, err := m.Delete(t.Context(), &api.DeleteRequest{DB: s.db, Table: "Students", Condition: both})
			return err
		},
		"sql": func() error {
			_, err := m.Query(t.Context(), &api.SQLRequest{DB: s.db, SQL: "DELETE FROM Students", AllShards: true})
			return err
		},
	} {
		p := mustFail(t, write(), api.CodeShardUnavailable, 1)
		if !strings.Contains(p.Detail, "this request wrote nothing") || !strings.Contains(p.Detail, "worker-1") || len(p.Applied) != 0 {
			t.Errorf("%s: %q, applied %+v", name, p.Detail, p.Applied)
		}
		if name == "insert" && (p.Rows == nil || p.Rows.NotInserted.String() != "rows 0-3" || p.Rows.Inserted.Count+p.Rows.Unknown.Count != 0) {
			t.Errorf("rows %+v", p.Rows)
		}
	}
	// A write that needs only shards that are up succeeds.
	if _, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(on[2], "Other")}); err != nil {
		t.Errorf("a row of another shard: %v", err)
	}
	c.Workers[1].Restart(t)
	awaitState(t, m, 1, api.ShardUp)
	if n := s.count(); n != 63 {
		t.Errorf("%d rows, want 63", n)
	}
	if got := s.ids(func(r *api.SelectRequest) { r.Condition = "name = 'Changed'" }); len(got) != 0 {
		t.Errorf("changed: %v", got)
	}
}

// TestInsertReportsRowOutcomes: by index, whatever the outcome on each shard.
func TestInsertReportsRowOutcomes(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1, Env: []string{"MASTER_REQUEST_TIMEOUT=700ms", "MASTER_PROBE_TIMEOUT=5s"}})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	taken := s.keyOn(1)
	if _, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(taken, "Here")}); err != nil {
		t.Fatal(err)
	}
	req := &api.InsertRequest{DB: s.db, Table: "Students"}
	const n = 60
	for i := range n {
		req.Rows = append(req.Rows, row(20_000+i, "New"))
	}
	const fault = 30
	req.Rows[fault] = row(taken, "Again")
	// The key's home, which is sent its part first, is the shard that accepts it.
	home, key := -1, ""
	for i := 0; home != 0; i++ {
		key = fmt.Sprintf("outcomes-%d", i)
		home = homeOf(key)
	}
	c.Workers[2].Pause(t)
	_, err := m.Insert(t.Context(), req, client.IdempotencyKey(key))
	c.Workers[2].Resume(t)
	p := mustFail(t, err, api.CodeOutcomeUnknown, -1)
	if p.Rows == nil || p.Rows.Inserted.Count == 0 || p.Rows.NotInserted.Count < 2 || p.Rows.Unknown.Count == 0 {
		t.Fatalf("rows %+v", p.Rows)
	}
	if len(p.Applied) != 1 || p.Applied[0].Shard != 0 || len(p.Causes) != 2 || !strings.Contains(p.Detail, "the outcome of 1 is unknown (2)") {
		t.Errorf("%q with applied %+v, causes %+v", p.Detail, p.Applied, p.Causes)
	}
	if !strings.Contains(p.Hint, "the primary completes it") {
		t.Errorf("the hint is %q", p.Hint)
	}
	awaitState(t, m, 2, api.ShardUp)
	s.wantOutcomes(p, "student_id BETWEEN 20000 AND 20059", func(i int) int { return 20_000 + i }, n, fault)

	// The primary completes it, but for what was refused, and says so.
	events := followEvents(t, m, "")
	for events.Scan() {
		if text := events.Text(); strings.Contains(text, `"kind":"write"`) {
			for _, part := range []string{"insert of rows of School.Students", "shard 1 refused it (duplicate_key", fmt.Sprintf("shard 2 applied it to %d rows", p.Rows.Unknown.Count)} {
				if !strings.Contains(text, part) {
					t.Errorf("the event is %s, want it to say %q", text, part)
				}
			}
			break
		}
	}
	got := s.ids(func(r *api.SelectRequest) { r.Condition = "student_id BETWEEN 20000 AND 20059" })
	if want := p.Rows.Inserted.Count + p.Rows.Unknown.Count; len(got) != want {
		t.Errorf("%d rows in the end, want %d", len(got), want)
	}
}
