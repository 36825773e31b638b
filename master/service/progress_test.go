package service_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/sharding"
	"shardeck/shared/testcluster"
)

// TestARunningStatementShowsWhoIsAwaited: one worker is paused while statements run.
func TestARunningStatementShowsWhoIsAwaited(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1, Env: []string{"MASTER_REQUEST_TIMEOUT=50s", "MASTER_PROBE_TIMEOUT=50s"}})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	s.fill(60)
	const paused = 1
	lost := s.keyOn(paused)
	for _, tt := range []struct {
		name, sql string
		states    map[int]api.PartState // while one is paused
	}{
		{"scatter", "SELECT student_id FROM Students ORDER BY student_id",
			map[int]api.PartState{0: api.PartAnswering, 1: api.PartAwaited, 2: api.PartAnswering}},
		{"point", fmt.Sprintf("SELECT name FROM Students WHERE student_id = %d", lost), map[int]api.PartState{1: api.PartAwaited}},
		{"point-write", fmt.Sprintf("UPDATE Students SET name = N'x' WHERE student_id = %d", lost), map[int]api.PartState{1: api.PartAwaited}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.Workers[paused].Pause(t)
			ended := make(chan error, 1)
			go func() {
				_, err := m.Query(t.Context(), &api.SQLRequest{DB: s.db, SQL: tt.sql}, client.RequestID("mine-"+tt.name))
				ended <- err
			}()
			run := awaitStates(t, m, "mine-"+tt.name, tt.states)
			if run.Route == nil || run.Route.Why == "" || !cmp.Equal(run.Route.Shards, run.Shards) || len(run.Shards) != len(tt.states) {
				t.Errorf("its route is %+v, its shards %v", run.Route, run.Shards)
			}
			for _, p := range run.Parts {
				if p.Worker != fmt.Sprintf("worker-%d", p.Shard) || p.MS <= 0 || (p.WaitingMS > 0) != (p.Shard == paused) {
					t.Errorf("part %+v", p)
				}
			}
			c.Workers[paused].Resume(t)
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("write", func(t *testing.T) { awaitedWrite(t, c, s, paused) })
}

// awaitedWrite inserts rows on all shards under a key whose home is the paused shard, so that no other
// shard is sent anything, and then under one whose home is another.
func awaitedWrite(t *testing.T, c *testcluster.Cluster, s *school, paused int) {
	m := s.m
	for name, tt := range map[string]struct {
		home   int
		states map[int]api.PartState
	}{
		"at home":   {paused, map[int]api.PartState{0: api.PartPending, 1: api.PartAwaited, 2: api.PartPending}},
		"elsewhere": {0, map[int]api.PartState{0: api.PartDone, 1: api.PartAwaited, 2: api.PartDone}},
	} {
		key := name[:2]
		for i := 0; homeOf(key) != tt.home; i++ {
			key = fmt.Sprint(name[:2], i)
		}
		from := 1000 * (tt.home + 1)
		sql := "INSERT INTO Students (student_id, name) VALUES "
		rows := map[int]int64{}
		for id := from; id < from+40; id++ {
			sql += fmt.Sprintf("(%d, N'x'), ", id)
			rows[sharding.Slot(fmt.Sprint(id))%3]++
		}
		sql = strings.TrimSuffix(sql, ", ")
		c.Workers[paused].Pause(t)
		ended := make(chan error, 1)
		go func() {
			_, err := m.Query(t.Context(), &api.SQLRequest{DB: s.db, SQL: sql}, client.RequestID("mine-"+key), client.IdempotencyKey(key))
			ended <- err
		}()
		run := awaitStates(t, m, "mine-"+key, tt.states)
		for _, p := range run.Parts {
			// The home stores what the write intends, too; that row is not the client's.
			want := int64(0)
			if p.State == api.PartDone {
				want = rows[p.Shard]
			}
			if p.Rows != want {
				t.Errorf("%s: shard %d has %d rows, not %d", name, p.Shard, p.Rows, want)
			}
		}
		c.Workers[paused].Resume(t)
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// awaitStates waits until the shards' parts of the statement with that request id have the states.
func awaitStates(t *testing.T, m *client.Master, requestID string, want map[int]api.PartState) (run api.RunningQuery) {
	t.Helper()
	testcluster.Await(t, "the shards to be as far as they can be", func(ctx context.Context) (bool, string) {
		list, err := m.Queries(ctx)
		if err != nil {
			return false, err.Error()
		}
		for _, run = range list.Queries {
			got := map[int]api.PartState{}
			for _, p := range run.Parts {
				got[p.Shard] = p.State
			}
			if run.RequestID == requestID && cmp.Equal(got, want) {
				return true, ""
			}
		}
		return false, fmt.Sprintf("%+v", list.Queries)
	})
	return run
}
