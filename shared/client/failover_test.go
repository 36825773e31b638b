package client_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

// ledger is a table without a primary key, so that a row that is inserted twice is there twice.
type ledger struct {
	t       *testing.T
	masters *client.Cluster
	next    atomic.Int64
	done    atomic.Int64 // acknowledged writes
}

func newLedger(t *testing.T, c *testcluster.Cluster) *ledger {
	t.Helper()
	l := &ledger{t: t, masters: client.NewCluster([]string{c.Masters[0].URL, c.Masters[1].URL})}
	t.Cleanup(l.masters.Close)
	if _, err := l.masters.CreateDB(t.Context(), &api.CreateDBRequest{DB: "Ledger"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.masters.CreateTable(t.Context(), &api.CreateTableRequest{DB: "Ledger", Table: "Entries", ShardKey: "id",
		Columns: api.Object[string]{{Name: "id", Value: "INT NOT NULL"}}}); err != nil {
		t.Fatal(err)
	}
	return l
}

// write inserts rows until stop is closed: one, or several on more than one shard. Every insert has
// to succeed, however the masters fare.
func (l *ledger) write(stop <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		req := &api.InsertRequest{DB: "Ledger", Table: "Entries"}
		for range 1 + n%3 {
			id := jsontext.Value(strconv.FormatInt(l.next.Add(1), 10))
			req.Rows = append(req.Rows, api.Object[jsontext.Value]{{Name: "id", Value: id}})
		}
		resp, err := l.masters.Insert(l.t.Context(), req)
		if err != nil || resp.RowsAffected != int64(len(req.Rows)) {
			l.t.Errorf("an insert: %+v, %v", resp, err)
			return
		}
		l.done.Add(1)
	}
}

// during keeps writers busy before, while and after the masters are disturbed.
func (l *ledger) during(disturb func()) {
	l.t.Helper()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { l.write(stop) })
	}
	l.goesOn()
	disturb()
	l.goesOn()
	close(stop)
	wg.Wait()
}

// goesOn waits for writes that began after now.
func (l *ledger) goesOn() {
	l.t.Helper()
	want := l.done.Load() + 20
	testcluster.Await(l.t, "writes", func(context.Context) (bool, string) {
		return l.done.Load() >= want || l.t.Failed(), fmt.Sprintf("%d of %d", l.done.Load(), want)
	})
}

// verify compares the rows, read as a stream, with the rows that were inserted: each exactly once.
func (l *ledger) verify() {
	l.t.Helper()
	rows, err := l.masters.QueryStream(l.t.Context(), &api.SQLRequest{DB: "Ledger", SQL: "SELECT id FROM Entries"})
	if err != nil {
		l.t.Fatal(err)
	}
	got, _, err := collect(rows)
	if err != nil {
		l.t.Fatal(err)
	}
	counts := map[string]int{}
	for _, r := range got {
		counts[r]++
	}
	for id := int64(1); id <= l.next.Load(); id++ {
		if n := counts[fmt.Sprintf("[%d]", id)]; n != 1 {
			l.t.Errorf("row %d is there %d times", id, n)
		}
	}
	count, err := l.masters.Count(l.t.Context(), &api.MapReduceCountRequest{DB: "Ledger", Table: "Entries"})
	if err != nil || count.Total != l.next.Load() {
		l.t.Errorf("counted %+v, %v; %d rows were inserted", count, err, l.next.Load())
	}
}

// leads waits until one of the running masters is the primary, and returns its number.
func leads(t *testing.T, c *testcluster.Cluster, among ...int) (leader int) {
	t.Helper()
	masters := map[int]*client.Master{}
	for _, i := range among {
		masters[i] = c.Master(i)
	}
	testcluster.Await(t, "a primary", func(ctx context.Context) (bool, string) {
		text := ""
		for i, m := range masters {
			h, err := m.Health(ctx)
			if err == nil && h.Role == api.RolePrimary {
				leader = i
				return true, ""
			}
			text += fmt.Sprintf("%+v, %v; ", h, err)
		}
		return false, text
	})
	return leader
}

func TestEveryInsertIsAppliedOnceWhateverHappensToTheMasters(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2,
		Env: []string{"MASTER_LEASE=sqlitefile", "MASTER_LEASE_FILE=" + filepath.Join(t.TempDir(), "lease.db")}})
	l := newLedger(t, c)

	at := leads(t, c, 0, 1)
	l.masters.Prefer(c.Masters[at].URL)
	l.during(func() {
		c.Masters[at].Kill(t)
		// A schema change right after that waits for the backup to take over by itself.
		if _, err := l.masters.CreateDB(t.Context(), &api.CreateDBRequest{DB: "AfterTheKill"}); err != nil {
			t.Errorf("a schema change: %v", err)
		}
		leads(t, c, 1-at)
		c.Masters[at].Restart(t)
	})
	l.verify()

	c.AwaitReady(at)
	at = leads(t, c, 0, 1)
	l.masters.Prefer(c.Masters[at].URL)
	l.during(func() {
		if _, err := c.Master(1-at).Failover(t.Context(), &api.FailoverRequest{Reason: "a test"}); err != nil {
			t.Errorf("a planned failover: %v", err)
		}
	})
	l.verify()

	at = leads(t, c, 0, 1)
	l.masters.Prefer(c.Masters[at].URL)
	l.during(func() {
		c.Masters[at].Pause(t)
		leads(t, c, 1-at)
		l.goesOn()
		c.Masters[at].Resume(t) // and it carries out what it still holds, with the keys of the repetitions
	})
	l.verify()
}

// With a manual lease nobody takes over: reads and row writes go on through the backup, and a schema
// change is refused in the end.
func TestBackupServesWhileThereIsNoPrimary(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	c := testcluster.Start(t, testcluster.Options{Workers: 2, Masters: 2})
	l := newLedger(t, c)
	stream, err := l.masters.QueryStream(t.Context(), &api.SQLRequest{DB: "Ledger", SQL: "SELECT id FROM Entries"})
	if err != nil {
		t.Fatal(err)
	}
	stream.Close()
	l.during(func() { c.Masters[0].Kill(t) })
	l.verify()
	var seen []string
	ctx := client.WithAttempts(t.Context(), func(a client.Attempt) { seen = append(seen, a.Master) })
	if _, err := l.masters.CreateDB(ctx, &api.CreateDBRequest{DB: "Refused"}); api.CodeOf(err) != api.CodeNotPrimary {
		t.Errorf("a schema change without a primary: %v", err)
	}
	if !slices.Contains(seen, c.Masters[0].URL) || !slices.Contains(seen, c.Masters[1].URL) {
		t.Errorf("tried %v", seen)
	}
	if _, err := c.Master(1).Failover(t.Context(), &api.FailoverRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.masters.CreateDB(t.Context(), &api.CreateDBRequest{DB: "Accepted"}); err != nil {
		t.Error(err)
	}
}

// A key is stored on a shard of its own first, which may be the one that is down: then another key is
// chosen, as long as nothing was written under the first.
func TestWritesToOtherShardsGoOnWhileOneIsDown(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2})
	l := newLedger(t, c)
	c.Workers[2].Kill(t)
	testcluster.Await(t, "the shard to be seen down", func(ctx context.Context) (bool, string) {
		h, err := c.Master(0).Health(ctx)
		return err == nil && h.Shards[2].State == api.ShardDown, fmt.Sprintf("%+v, %v", h, err)
	})
	for id := range 60 {
		plan, err := l.masters.Query(t.Context(), &api.SQLRequest{DB: "Ledger", SQL: fmt.Sprintf("SELECT id FROM Entries WHERE id = %d", id), Explain: true})
		if err != nil {
			t.Fatal(err)
		}
		row := api.Object[jsontext.Value]{{Name: "id", Value: jsontext.Value(strconv.Itoa(id))}}
		_, err = l.masters.Insert(t.Context(), &api.InsertRequest{DB: "Ledger", Table: "Entries", Data: row})
		down := plan.Explain.Fragments[0].Shard == 2
		switch {
		case down && api.CodeOf(err) != api.CodeShardUnavailable:
			t.Errorf("row %d of the shard that is down: %v", id, err)
		case !down && err != nil:
			t.Errorf("row %d of shard %d: %v", id, plan.Explain.Fragments[0].Shard, err)
		}
		if down {
			break // each of these takes a while, since the shard may come back
		}
	}
}
