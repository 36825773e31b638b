package service_test

import (
	"fmt"
	"slices"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/sharding"
	"shardeck/shared/testcluster"
)

func traffic(t *testing.T, m *client.Master, after uint64) *api.TrafficReport {
	t.Helper()
	got, err := m.Traffic(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Requests of all kinds are counted, their errors by whose fault they are, and the shards that were
// sent something; and a request with a key is listed with the way by which it found its shard.
func TestTrafficCountsWhatClientsAskFor(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	id := s.keyOn(1)
	before := traffic(t, m, 0)
	for range 3 { // none of these counts
		_, _ = m.Health(t.Context())
		_, _ = m.Metadata(t.Context())
		_, _ = m.Queries(t.Context())
		traffic(t, m, 0)
	}
	if _, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(id, "New")}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Query(t.Context(), &api.SQLRequest{DB: s.db, SQL: fmt.Sprintf("SELECT name FROM Students WHERE student_id = %d", id)}); err != nil {
		t.Fatal(err)
	}
	s.count()
	if _, err := m.Query(t.Context(), &api.SQLRequest{DB: s.db, SQL: "SELEC"}); err == nil {
		t.Fatal("a syntax error succeeded")
	}
	after := traffic(t, m, before.Recent[len(before.Recent)-1].Seq)
	clients := after.Clients.Since(&before.Clients)
	if clients.Requests != 4 || clients.Errors != 0 || clients.InFlight != 0 {
		t.Errorf("an insert, a point read, a count and a syntax error are counted as %+v", clients)
	}
	var timed uint64
	for _, l := range clients.Latency {
		timed += l.Requests
	}
	if timed != 4 {
		t.Errorf("%d durations of 4 requests: %+v", timed, clients.Latency)
	}
	for shard, want := range []uint64{1, 3, 1} { // the count goes to all of them
		if n := after.Shards[shard].Since(&before.Shards[shard]).Requests; n < want {
			t.Errorf("shard %d was sent %d requests, not %d", shard, n, want)
		}
	}
	slots, err := sharding.NewMap(3)
	if err != nil {
		t.Fatal(err)
	}
	key := slots.Route(fmt.Sprint(id))
	var ops []string
	for _, r := range after.Recent {
		ops = append(ops, r.Op)
		if r.Op == "count" {
			if r.Key != nil || len(r.Shards) != 3 {
				t.Errorf("the count is listed as %+v", r)
			}
			continue
		}
		if r.Key == nil || *r.Key != key || !slices.Equal(r.Shards, []int{1}) || r.Table != "Students" || r.Code != "" {
			t.Errorf("a request with the key %d is listed as %+v, its route is %+v", id, r, key)
		}
	}
	if !slices.Equal(ops, []string{"insert", "select", "count"}) {
		t.Errorf("recent requests are %q", ops)
	}

	// What fails because a shard is gone is an error, and named.
	c.Workers[1].Kill(t)
	awaitState(t, m, 1, api.ShardDown)
	before = traffic(t, m, 0)
	if _, err := m.Select(t.Context(), &api.SelectRequest{DB: s.db, Table: "Students"}); err == nil {
		t.Fatal("a read without one of its shards succeeded")
	}
	after = traffic(t, m, before.Recent[len(before.Recent)-1].Seq)
	if d := after.Clients.Since(&before.Clients); d.Requests != 1 || d.Errors != 1 {
		t.Errorf("a failed read is counted as %+v", d)
	}
	if r := after.Recent; len(r) != 1 || r[0].Code != api.CodeShardUnavailable {
		t.Errorf("a failed read is listed as %+v", r)
	}
}
