package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/sharding"
	"shardeck/shared/testcluster"
)

// awaitCopies waits until all shards have the same rows and no write is unfinished, and returns the rows.
func (p *pair) awaitCopies(db string) (rows []string) {
	p.t.Helper()
	p.awaitEmptyLogs(db)
	testcluster.Await(p.t, "the copies to agree", func(context.Context) (bool, string) {
		rows = copyOf(p.t, p.c, 0, db)
		for shard := 1; shard < len(p.c.Workers); shard++ {
			if diff := cmp.Diff(rows, copyOf(p.t, p.c, shard, db)); diff != "" {
				return false, fmt.Sprintf("shard 0 (-) and shard %d (+):\n%s", shard, diff)
			}
		}
		return true, ""
	})
	return rows
}

// TestAPrimaryKilledWhileItWritesCopies: at each request of a write, with and without a key. The next
// primary completes it before it writes anything else, and the order of writes shows in the rows.
func TestAPrimaryKilledWhileItWritesCopies(t *testing.T) {
	p := newPair(t)
	countries(t, p.master(), "Copies")
	sql(t, p.master(), "Copies", "INSERT INTO Countries VALUES ('CH', N'Switzerland', 1)")
	reached := 0
	for at := 1; at <= 12; at++ {
		var opts []client.CallOption
		if at%4 >= 2 {
			opts = append(opts, client.IdempotencyKey(fmt.Sprint("key-", at)))
		}
		statement := func(m *client.Master) error {
			_, err := m.Query(t.Context(), &api.SQLRequest{DB: "Copies", SQL: "UPDATE Countries SET size = size % 1000 * 2"}, opts...)
			return err
		}
		if !p.killAt(at, at%2 == 0, statement) {
			break
		}
		reached = at
		testcluster.Await(t, "a write of the next primary", func(ctx context.Context) (bool, string) {
			_, err := p.master().Query(ctx, &api.SQLRequest{DB: "Copies", SQL: "UPDATE Countries SET size = size + 1"})
			return err == nil, fmt.Sprint(err)
		})
		if rows := p.awaitCopies("Copies"); len(rows) != 1 {
			t.Fatalf("there are %q", rows)
		}
	}
	if reached < 4 {
		t.Errorf("the primary died at only %d points", reached)
	}
}

// TestAPartThatDoesNotArrive: the answer says which shards have applied the write, later ones are
// refused by name, and once the shard answers all copies have it.
func TestAPartThatDoesNotArrive(t *testing.T) {
	p := newPair(t)
	countries(t, p.master(), "Copies")
	sql(t, p.master(), "Copies", "INSERT INTO Countries VALUES ('CH', N'Switzerland', 1)")
	var stopped atomic.Bool
	stopped.Store(true)
	p.a.refusing(func(worker int, path, body string) bool {
		return stopped.Load() && worker == 1 && strings.Contains(body, `"Countries"`) && !strings.Contains(body, logTable)
	})
	// The home of the key is shard 0, so that shard 1 gets its part second.
	_, err := p.master().Query(t.Context(), &api.SQLRequest{DB: "Copies", SQL: "INSERT INTO Countries VALUES ('AT', N'Austria', 2)"},
		client.IdempotencyKey(keyAt(t, 0, 3)))
	problem := mustFail(t, err, api.CodeOutcomeUnknown, -1)
	if len(problem.Applied) != 2 || len(problem.Causes) != 1 || *problem.Causes[0].Shard != 1 || !strings.Contains(problem.Hint, "primary completes it") {
		t.Errorf("the answer tells %+v", problem)
	}
	_, err = p.master().Query(t.Context(), &api.SQLRequest{DB: "Copies", SQL: "DELETE FROM Countries"})
	if problem := mustFail(t, err, api.CodeShardUnavailable, 1); !strings.Contains(problem.Detail, "earlier write to the reference table Countries") {
		t.Errorf("a later write is refused with %v", problem)
	}
	stopped.Store(false)
	if diff := cmp.Diff([]string{`["AT","Austria",2,0]`, `["CH","Switzerland",1,0]`}, p.awaitCopies("Copies")); diff != "" {
		t.Error(diff)
	}
	resp, err := p.master().Query(t.Context(), &api.SQLRequest{DB: "Copies", SQL: "INSERT INTO Countries VALUES ('AT', N'Austria', 2)"},
		client.IdempotencyKey(keyAt(t, 0, 3)))
	if err != nil || !resp.Replayed || *resp.RowsAffected != 1 {
		t.Errorf("the same request again: %+v, %v", resp, err)
	}
}

// keyAt returns an Idempotency-Key whose home is the shard.
func keyAt(t *testing.T, shard, shards int) string {
	t.Helper()
	m, err := sharding.NewMap(shards)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		if key := fmt.Sprint("a-key-", i); m.Shard(sharding.Slot(key)) == shard {
			return key
		}
	}
	t.Fatal("no key has that home")
	return ""
}

// TestWritersOfCopiesWhileProcessesDie: through both masters, while a worker is killed, the primary is
// killed, and the lead is handed over. All copies end with the same rows, and no acknowledged write is
// lost or done twice.
func TestWritersOfCopiesWhileProcessesDie(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2, Env: []string{"MASTER_REQUEST_TIMEOUT=1s", "MASTER_PROBE_INTERVAL=100ms"}})
	p := &pair{t: t, c: c}
	countries(t, c.Master(0), "Copies")
	sql(t, c.Master(0), "Copies", "INSERT INTO Countries VALUES ('CH', N'Switzerland', 0)")
	ctx, stop := context.WithCancel(t.Context())
	var acknowledged, unknown atomic.Int64
	var wg sync.WaitGroup
	masters := [2]*client.Master{c.Master(0), c.Master(1)}
	for writer := range 4 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				m := masters[(writer+i)%2]
				_, err := m.Query(t.Context(), &api.SQLRequest{DB: "Copies", SQL: "UPDATE Countries SET size = size + 1, name = CASE WHEN size % 2 = 0 THEN N'even' ELSE N'odd' END"})
				switch {
				case err == nil:
					acknowledged.Add(1)
				case !errors.As(err, new(*api.Problem)), api.CodeOf(err) == api.CodeOutcomeUnknown:
					unknown.Add(1)
				}
			}
		})
	}
	pause := func() { time.Sleep(700 * time.Millisecond) }
	pause()
	c.Workers[1].Kill(t)
	pause()
	c.Workers[1].Restart(t)
	pause()
	if _, err := c.Master(1).Failover(t.Context(), nil); err != nil {
		t.Error(err)
	}
	pause()
	c.Masters[1].Kill(t)
	if _, err := c.Master(0).Failover(t.Context(), &api.FailoverRequest{Force: true}); err != nil {
		t.Error(err)
	}
	pause()
	c.Masters[1].Restart(t)
	pause()
	stop()
	wg.Wait()
	rows := p.awaitCopies("Copies")
	if len(rows) != 1 {
		t.Fatalf("there are %q", rows)
	}
	var size int64
	fields := strings.Split(rows[0], ",")
	if _, err := fmt.Sscan(fields[2], &size); err != nil {
		t.Fatal(err)
	}
	if a, u := acknowledged.Load(), unknown.Load(); a < 10 || size < a || size > a+u {
		t.Errorf("the row was written %d times, %d of them acknowledged, %d unknown", size, a, u)
	}
	t.Logf("%d writes acknowledged, %d unknown, %d done", acknowledged.Load(), unknown.Load(), size)
}
