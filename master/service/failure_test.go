package service_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

// keyOn returns an id above 10,000 whose row is on the shard.
func (s *school) keyOn(shard int) int {
	s.t.Helper()
	for id := 10_001; id < 11_000; id++ {
		resp, err := s.query(func(r *api.SelectRequest) { r.Condition = fmt.Sprintf("student_id = %d", id) })
		if err != nil {
			s.t.Fatal(err)
		}
		if slices.Equal(resp.Route.Shards, []int{shard}) {
			return id
		}
	}
	s.t.Fatalf("no key is routed to shard %d", shard)
	return 0
}

func awaitState(t *testing.T, m *client.Master, shard int, want api.ShardState) {
	t.Helper()
	testcluster.Await(t, fmt.Sprintf("shard %d to be %s", shard, want), func(ctx context.Context) (bool, string) {
		h, err := m.Health(ctx)
		if err != nil {
			return false, err.Error()
		}
		return h.Shards[shard].State == want, fmt.Sprintf("%+v", h.Shards)
	})
}

func TestLostShardIsNamedAndDoesNotAffectOthers(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	s.fill(60)
	lost, other := s.keyOn(1), s.keyOn(2)
	c.Workers[1].Kill(t)

	// Only a read of several shards can do without one of them.
	suggests := func(err error, want bool) {
		t.Helper()
		p := mustFail(t, err, api.CodeShardUnavailable, 1)
		if strings.Contains(p.Hint, "allow_partial") != want || !strings.Contains(p.Hint, "start the worker") {
			t.Errorf("the hint is %q", p.Hint)
		}
	}
	_, err := s.query(func(*api.SelectRequest) {})
	suggests(err, true)
	_, err = s.query(func(r *api.SelectRequest) { r.OrderBy = "student_id" })
	suggests(err, true)
	_, err = s.query(func(r *api.SelectRequest) { r.Condition = fmt.Sprintf("student_id = %d", lost) })
	suggests(err, false)
	_, err = m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(lost, "Lost")})
	suggests(err, false)
	_, err = m.Count(t.Context(), &api.MapReduceCountRequest{DB: s.db, Table: "Students"})
	suggests(err, true)

	if _, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(other, "Other")}); err != nil {
		t.Errorf("a row of another shard: %v", err)
	}
	partial, err := s.query(func(r *api.SelectRequest) { r.AllowPartial = true })
	if err != nil || len(partial.Partial) != 1 || *partial.Partial[0].Shard != 1 || partial.RowCount == 0 || partial.RowCount > 60 {
		t.Errorf("a partial answer: %+v, %v", partial, err)
	}
	count, err := m.Count(t.Context(), &api.MapReduceCountRequest{DB: s.db, Table: "Students", AllowPartial: true})
	if err != nil || count.Total != partial.RowCount || len(count.Partial) != 1 || len(count.Shards) != 2 {
		t.Errorf("a partial count: %+v, %v", count, err)
	}

	awaitState(t, m, 1, api.ShardDown)
	_, err = m.CreateDB(t.Context(), &api.CreateDBRequest{DB: "Another"})
	mustFail(t, err, api.CodeShardUnavailable, 1)
	meta, err := m.Metadata(t.Context())
	if err != nil || len(meta.Databases) != 1 || meta.Databases[0].Tables[0].RowsPerShard[1] == nil {
		t.Errorf("the last known stats of a lost shard are missing, or a rejected database exists: %+v, %v", meta, err)
	}

	c.Workers[1].Restart(t)
	awaitState(t, m, 1, api.ShardUp)
	if _, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(lost, "Found")}); err != nil {
		t.Errorf("after the restart: %v", err)
	}
	if n := s.count(); n != 62 {
		t.Errorf("%d rows", n)
	}
}

func TestPausedShardTimesOutWithinTheDeadline(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1, Env: []string{"MASTER_REQUEST_TIMEOUT=500ms", "MASTER_PROBE_TIMEOUT=700ms"}})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	s.fill(60)
	id := s.keyOn(2)
	c.Workers[2].Pause(t)

	_, err := s.query(func(*api.SelectRequest) {})
	mustFail(t, err, api.CodeShardTimeout, 2)
	partial, err := s.query(func(r *api.SelectRequest) { r.AllowPartial = true; r.OrderBy = "student_id" })
	if err != nil || len(partial.Partial) != 1 || partial.Partial[0].Code != api.CodeShardTimeout {
		t.Errorf("a partial answer: %+v, %v", partial, err)
	}
	// The outcome of a write that was sent is unknown. The same key makes a retry safe.
	write := func() (*api.WriteResponse, error) {
		return m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(id, "Once")}, client.IdempotencyKey("retry"))
	}
	// Over a connection that is new it is not sent, as the worker has to prove itself first.
	_, err = write()
	if code := api.CodeOf(err); code != api.CodeOutcomeUnknown && code != api.CodeShardTimeout {
		t.Errorf("a write to a paused worker: %v", err)
	}
	if _, err := m.Health(t.Context()); err != nil {
		t.Errorf("health must not wait for workers: %v", err)
	}
	awaitState(t, m, 2, api.ShardDown)

	c.Workers[2].Resume(t)
	awaitState(t, m, 2, api.ShardUp)
	if resp, err := write(); err != nil || resp.RowsAffected != 1 {
		t.Errorf("the repeated write: %+v, %v", resp, err)
	}
	if n := s.count(); n != 61 {
		t.Errorf("%d rows", n)
	}
}

// TestStreamThatLosesAShardEndsInAnError: the error names the shard, with and without an
// order.
func TestStreamThatLosesAShardEndsInAnError(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 2, Masters: 1})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	wide := &api.InsertRequest{DB: s.db, Table: "Students"}
	for round := range 60 {
		wide.Rows = nil
		for i := range 1000 {
			wide.Rows = append(wide.Rows, row(1_000_000+round*1000+i, strings.Repeat("x", 40)))
		}
		if _, err := m.Insert(t.Context(), wide); err != nil {
			t.Fatal(err)
		}
	}
	for _, order := range []string{"", "student_id"} {
		st, err := m.SelectStream(t.Context(), &api.SelectRequest{DB: s.db, Table: "Students", OrderBy: order})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.NextBlock(); err != nil {
			t.Fatal(err)
		}
		c.Workers[1].Kill(t)
		for err == nil {
			_, err = st.NextBlock()
		}
		_ = st.Close()
		if errors.Is(err, io.EOF) {
			t.Errorf("ordered by %q: the stream ended without an error after %d rows", order, st.Rows())
		} else if p := api.AsProblem(err); p.Shard == nil || *p.Shard != 1 {
			t.Errorf("ordered by %q: %v does not name the shard", order, err)
		}
		c.Workers[1].Restart(t)
		awaitState(t, m, 1, api.ShardUp)
	}
}

func TestFailoverAfterTheLossOfThePrimary(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2})
	backup := c.Master(1)
	s := newSchool(t, c.Master(0), "School").via(backup)
	s.fill(30)
	c.Masters[0].Kill(t)
	dry, err := backup.Failover(t.Context(), &api.FailoverRequest{DryRun: true})
	if err != nil || slices.ContainsFunc(dry.Checks, func(ck api.FailoverCheck) bool { return ck.Name == "the primary answers" && ck.OK }) {
		t.Errorf("a dry run right after the primary was killed: %+v, %v", dry, err)
	}
	s.fill30to60()

	resp, err := backup.Failover(t.Context(), &api.FailoverRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Term != 2 || resp.Primary != c.Masters[1].URL || resp.Previous != c.Masters[0].URL || len(resp.Steps) < 8 {
		t.Errorf("%+v", resp)
	}
	if _, err := backup.CreateDB(t.Context(), &api.CreateDBRequest{DB: "After"}); err != nil {
		t.Errorf("the new primary cannot change the schema: %v", err)
	}
	if n := s.count(); n != 60 {
		t.Errorf("%d rows", n)
	}
	_, err = backup.Failover(t.Context(), &api.FailoverRequest{})
	mustFail(t, err, api.CodeAlreadyPrimary, -1)

	c.Masters[0].Restart(t) // it is still configured as primary
	old := c.Master(0)
	testcluster.Await(t, "the old primary to follow", func(ctx context.Context) (bool, string) {
		h, err := old.Health(ctx)
		if err != nil {
			return false, err.Error()
		}
		return h.Role == api.RoleBackup && h.Primary == c.Masters[1].URL && h.Term == 2, fmt.Sprintf("%+v", h)
	})
	_, err = old.CreateDB(t.Context(), &api.CreateDBRequest{DB: "Old"})
	if p := mustFail(t, err, api.CodeNotPrimary, -1); p.Primary != c.Masters[1].URL {
		t.Errorf("the primary is reported as %q", p.Primary)
	}

	c.Masters[1].Restart(t) // it is configured as backup, but holds the term
	testcluster.Await(t, "the new primary to resume", func(ctx context.Context) (bool, string) {
		h, err := backup.Health(ctx)
		if err != nil {
			return false, err.Error()
		}
		return h.Role == api.RolePrimary && h.Term == 2, fmt.Sprintf("%+v", h)
	})
}

// fill30to60 inserts the students 31 to 60.
func (s *school) fill30to60() {
	s.t.Helper()
	req := &api.InsertRequest{DB: s.db, Table: "Students"}
	for id := 31; id <= 60; id++ {
		req.Rows = append(req.Rows, row(id, "Later"))
	}
	if _, err := s.m.Insert(s.t.Context(), req); err != nil {
		s.t.Fatal(err)
	}
}

// TestPrimaryPausedDuringFailover: the first rejection by a worker demotes it. It continues
// to write rows in the new term, but not to change the schema.
func TestPrimaryPausedDuringFailover(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2})
	old, backup := c.Master(0), c.Master(1)
	s := newSchool(t, old, "School")
	c.Masters[0].Pause(t)
	start := time.Now()
	resp, err := backup.Failover(t.Context(), &api.FailoverRequest{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the failover took %s; it reported %g ms", time.Since(start), resp.TotalMS)
	c.Masters[0].Resume(t)
	if _, err := old.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(1, "Late")}); err != nil {
		t.Errorf("a row through the old primary: %v", err)
	}
	_, err = old.CreateDB(t.Context(), &api.CreateDBRequest{DB: "Late"})
	if code := api.CodeOf(err); code != api.CodeNotPrimary {
		t.Errorf("a database through the old primary: %v", err)
	}
	if n := s.via(backup).count(); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestFailoverRequiresAMajority(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2})
	backup := c.Master(1)
	c.Workers[0].Kill(t)
	c.Workers[1].Kill(t)
	awaitState(t, backup, 0, api.ShardDown)
	awaitState(t, backup, 1, api.ShardDown)
	_, err := backup.Failover(t.Context(), &api.FailoverRequest{})
	mustFail(t, err, api.CodeFailoverFailed, -1)
	c.Workers[0].Restart(t)
	// With two of three it would succeed, but as the primary is alive, there is time to mend the third.
	_, err = backup.Failover(t.Context(), &api.FailoverRequest{})
	if p := mustFail(t, err, api.CodeFailoverFailed, -1); !strings.Contains(p.Detail, "shard 1 (worker-1) is down; nothing was changed") {
		t.Error(p.Detail)
	}
	dry, err := backup.Failover(t.Context(), &api.FailoverRequest{DryRun: true})
	if err != nil || dry.Problem == nil || dry.Term != 1 {
		t.Errorf("a dry run: %+v, %v", dry, err)
	}
	if _, err := backup.Failover(t.Context(), &api.FailoverRequest{Force: true}); err != nil {
		t.Fatalf("with two of three workers: %v", err)
	}
	// The third gets the term when it comes back.
	c.Workers[1].Restart(t)
	w := c.Worker(1)
	testcluster.Await(t, "the last worker to have the term", func(ctx context.Context) (bool, string) {
		st, err := w.State(ctx)
		if err != nil {
			return false, err.Error()
		}
		return st.Term == 2 && st.Leader == c.Masters[1].URL, fmt.Sprintf("%+v", st)
	})
}

// TestManyConcurrentScans: more scans of all shards than are admitted at a time, through
// both masters and next to some clients that do not read, all get their answers.
func TestManyConcurrentScans(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2})
	s := newSchool(t, c.Master(0), "School")
	wide := &api.InsertRequest{DB: s.db, Table: "Students"}
	const rows = 3000
	for i := range rows {
		wide.Rows = append(wide.Rows, row(i, strings.Repeat("x", 40)))
	}
	if _, err := s.m.Insert(t.Context(), wide); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 5 { // fewer than are admitted at a time
		if _, err := s.m.SelectStream(ctx, &api.SelectRequest{DB: s.db, Table: "Students"}); err != nil {
			t.Fatal(err) // the stream is never read
		}
	}
	errs := make([]error, 60)
	var wg sync.WaitGroup
	for i := range errs {
		m := c.Master(i % 2)
		wg.Go(func() { errs[i] = scan(t.Context(), m, s.db, rows) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if n := s.count(); n != rows {
		t.Errorf("%d rows, want %d", n, rows)
	}
}

// scan reads a table's stream to the end.
func scan(ctx context.Context, m *client.Master, db string, want int64) error {
	st, err := m.SelectStream(ctx, &api.SelectRequest{DB: db, Table: "Students"})
	if err != nil {
		return err
	}
	defer st.Close()
	for err == nil {
		_, err = st.NextBlock()
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	if st.Rows() != want {
		return fmt.Errorf("a scan returned %d rows, want %d", st.Rows(), want)
	}
	return nil
}
