package service_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

// awaitReason waits until /health is degraded, for a reason that contains the text.
func awaitReason(t *testing.T, m *client.Master, text string) {
	t.Helper()
	testcluster.Await(t, "health to say: "+text, func(ctx context.Context) (bool, string) {
		h, err := m.Health(ctx)
		if err != nil {
			return false, err.Error()
		}
		said := slices.ContainsFunc(h.Reasons, func(r string) bool { return strings.Contains(r, text) })
		return said && h.Status != api.StatusOK, strings.Join(h.Reasons, "; ")
	})
}

func awaitOK(t *testing.T, m *client.Master) {
	t.Helper()
	testcluster.Await(t, "health to be ok", func(ctx context.Context) (bool, string) {
		h, err := m.Health(ctx)
		if err != nil {
			return false, err.Error()
		}
		return h.Status == api.StatusOK && len(h.Reasons) == 0, strings.Join(h.Reasons, "; ")
	})
}

// TestAnEmptiedShardIsNotJustFilledAgain: a worker comes back without its data. Nothing is
// written to it, no term is installed, the schema is frozen, and its rows come back with its
// directory, or are given up explicitly.
func TestAnEmptiedShardIsNotJustFilledAgain(t *testing.T) {
	dir := t.TempDir()
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2, DataDir: dir})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	s.fill(60)
	lost := s.keyOn(1)
	data, aside := filepath.Join(dir, c.Workers[1].Name), filepath.Join(dir, "aside")
	c.Workers[1].Stop(t)
	if err := os.Rename(data, aside); err != nil {
		t.Fatal(err)
	}
	c.Workers[1].Restart(t)
	awaitState(t, m, 1, api.ShardEmptied)
	awaitReason(t, m, "lost this shard's rows")

	insert := &api.InsertRequest{DB: s.db, Table: "Students", Data: row(lost, "New")}
	_, err := m.Insert(t.Context(), insert)
	if p := mustFail(t, err, api.CodeShardEmptied, 1); !strings.Contains(p.Hint, "restore") || !strings.Contains(p.Hint, "accept_empty_shards: [1]") {
		t.Errorf("the hint is %q", p.Hint)
	}
	_, err = m.CreateDB(t.Context(), &api.CreateDBRequest{DB: s.db})
	if p := mustFail(t, err, api.CodeShardUnavailable, 1); !strings.Contains(p.Hint, "accept_empty_shards: [1]") {
		t.Errorf("the hint is %q", p.Hint)
	}
	if _, err := c.Master(1).Failover(t.Context(), &api.FailoverRequest{Force: true}); err != nil {
		t.Errorf("a failover without it: %v", err)
	}
	if st, err := c.Worker(1).State(t.Context()); err != nil || st.Term != 0 || st.Shard != "" {
		t.Errorf("the emptied worker has been given %+v, %v", st, err)
	}

	c.Workers[1].Stop(t)
	emptied := filepath.Join(dir, "emptied")
	if err := os.Rename(data, emptied); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(aside, data); err != nil {
		t.Fatal(err)
	}
	c.Workers[1].Restart(t)
	awaitOK(t, m)
	if n := s.count(); n != 60 {
		t.Errorf("%d rows after the directory was restored", n)
	}

	c.Workers[1].Stop(t)
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	c.Workers[1].Restart(t)
	m = c.Master(1)
	awaitState(t, m, 1, api.ShardEmptied)
	_, err = c.Master(0).CreateDB(t.Context(), &api.CreateDBRequest{DB: s.db, AcceptEmptyShards: []int{1}})
	mustFail(t, err, api.CodeNotPrimary, -1)
	awaitState(t, c.Master(0), 1, api.ShardEmptied) // a refused request has given nothing up
	_, err = m.CreateDB(t.Context(), &api.CreateDBRequest{DB: s.db, AcceptEmptyShards: []int{0}})
	if p := mustFail(t, err, api.CodeInvalidField, -1); p.Field != "accept_empty_shards" {
		t.Error(p)
	}
	if _, err := m.CreateDB(t.Context(), &api.CreateDBRequest{DB: s.db, AcceptEmptyShards: []int{1}}); err != nil {
		t.Fatalf("giving the rows up: %v", err)
	}
	if _, err := m.CreateTable(t.Context(), s.createTable()); err != nil {
		t.Fatal(err)
	}
	awaitOK(t, m)
	if _, err := m.Insert(t.Context(), insert); err != nil {
		t.Error(err)
	}
}

// TestLostFilesAreAnAlarm: somebody removes a running worker's data directory. It acknowledges
// nothing any more, and /health of the master says why.
func TestLostFilesAreAnAlarm(t *testing.T) {
	dir := t.TempDir()
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1, DataDir: dir})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	s.fill(60)
	lost, other := s.keyOn(1), s.keyOn(2)
	if err := os.RemoveAll(filepath.Join(dir, c.Workers[1].Name)); err != nil {
		t.Fatal(err)
	}
	_, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(lost, "Lost")})
	if code := api.CodeOf(err); code != api.CodeStorageFailed && code != api.CodeOutcomeUnknown {
		t.Errorf("a write to removed files: %v", err)
	}
	awaitState(t, m, 1, api.ShardFailing)
	awaitReason(t, m, api.StorageRemoved.Problem())
	_, err = m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(lost, "Lost")})
	mustFail(t, err, api.CodeStorageFailed, 1)
	if _, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(other, "Kept")}); err != nil {
		t.Errorf("another shard: %v", err)
	}
	_, err = m.CreateDB(t.Context(), &api.CreateDBRequest{DB: "Another"})
	mustFail(t, err, api.CodeShardUnavailable, 1)
}

// TestAHungShardIsNotWaitedFor: with a timeout of ten minutes, what needs a hung shard is refused
// all the same, in flight or not, and what can do without it is answered.
func TestAHungShardIsNotWaitedFor(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1, Env: []string{"MASTER_REQUEST_TIMEOUT=10m", "MASTER_PROBE_TIMEOUT=500ms"}})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	s.fill(60)
	lost := s.keyOn(2)
	c.Workers[2].Pause(t)
	_, err := s.query(func(*api.SelectRequest) {}) // in flight when the hang is noticed
	mustFail(t, err, api.CodeShardTimeout, 2)
	partial, err := s.query(func(r *api.SelectRequest) { r.AllowPartial = true })
	if err != nil || len(partial.Partial) != 1 {
		t.Errorf("a partial answer: %+v, %v", partial, err)
	}
	_, err = m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(lost, "Late")})
	mustFail(t, err, api.CodeShardTimeout, 2) // refused, so certainly not written
	c.Workers[2].Resume(t)
	awaitOK(t, m)
	if n := s.count(); n != 60 {
		t.Errorf("%d rows", n)
	}
	testWriteToAShardThatHangs(t, c, s, lost)
}

// testWriteToAShardThatHangs: a write in flight ends when the shard counts as hung, its outcome unknown.
// Meanwhile, nothing else is sent to the shard; afterwards the first request is answered as usual.
func testWriteToAShardThatHangs(t *testing.T, c *testcluster.Cluster, s *school, lost int) {
	m := s.m
	write := func() (*api.WriteResponse, error) {
		return m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(lost, "Once")}, client.IdempotencyKey("once"))
	}
	if _, err := s.query(func(r *api.SelectRequest) { r.Condition = fmt.Sprintf("student_id = %d", lost) }); err != nil {
		t.Fatal(err) // there is a connection to the worker now
	}
	c.Workers[2].Pause(t)
	_, err := write()
	if p := mustFail(t, err, api.CodeOutcomeUnknown, 2); !strings.Contains(p.Detail, "shard 2 (worker-2) has been down since ") {
		t.Errorf("the write: %s", p.Detail)
	}
	before := traffic(t, m, 0)
	refused := func(what string, err error, code api.Code) {
		t.Helper()
		if p := mustFail(t, err, code, 2); !strings.Contains(p.Detail, "shard 2 (worker-2)") || !strings.Contains(p.Detail, "down") {
			t.Errorf("%s: %s", what, p.Detail)
		}
	}
	_, err = s.query(func(r *api.SelectRequest) { r.OrderBy = "student_id" })
	refused("a scatter", err, api.CodeShardTimeout)
	_, err = m.Count(t.Context(), &api.MapReduceCountRequest{DB: s.db, Table: "Students"})
	refused("a count", err, api.CodeShardTimeout)
	_, err = write()
	refused("a write", err, api.CodeShardTimeout)
	_, err = m.CreateDB(t.Context(), &api.CreateDBRequest{DB: "Another"})
	refused("a schema change", err, api.CodeShardUnavailable)
	partial, err := m.Count(t.Context(), &api.MapReduceCountRequest{DB: s.db, Table: "Students", AllowPartial: true})
	if err != nil || len(partial.Partial) != 1 || len(partial.Shards) != 2 {
		t.Errorf("a partial count: %+v, %v", partial, err)
	}
	check, err := m.SecurityCheck(t.Context())
	if err != nil || check.OK || check.Workers[2].Problem == nil || !strings.Contains(check.Workers[2].Problem.Detail, "has been down since") || !check.Workers[1].OK {
		t.Errorf("a security check: %+v, %v", check, err)
	}
	after := traffic(t, m, 0)
	if sh := after.Shards[2].Since(&before.Shards[2]); sh.Requests != 0 || sh.InFlight != 0 {
		t.Errorf("a shard that hangs was sent something: %+v", sh)
	}
	c.Workers[2].Resume(t)
	awaitState(t, m, 2, api.ShardUp)
	if resp, err := write(); err != nil || resp.RowsAffected != 1 {
		t.Errorf("the write, repeated: %+v, %v", resp, err)
	}
	if n := s.count(); n != 61 {
		t.Errorf("%d rows", n)
	}
}
