package conformance

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/contracttest"
)

// RoundsVar names the environment variable with the number of rounds of [Durability].
const RoundsVar = "SHARDECK_KILL_ROUNDS"

// durabilityRounds are 5, or 1 with -short, unless the environment says otherwise.
func durabilityRounds(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv(RoundsVar)); err == nil && n > 0 {
		return n
	}
	if testing.Short() {
		return 1
	}
	return 5
}

// Durability repeatedly kills the worker under load, and checks each time that every acknowledged
// row exists exactly once, that no row is duplicated, that the row counts are right, and that a
// write with an unknown outcome can be repeated with its Idempotency-Key. kill ends the process
// at once; restart starts it again on the same data at the same URL.
func Durability(t *testing.T, f Fixture, kill, restart func()) {
	doc, err := contracttest.Load(api.WorkerOpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{f: f, doc: doc}
	t.Cleanup(s.rt().CloseIdleConnections)
	e := s.env(t)
	// No key, so that a row written twice is visible.
	tb := e.table(many())
	j := &journal{state: map[int64]outcome{}}
	for round := range durabilityRounds(t) {
		load(e, tb, j, round, kill)
		restart()
		s.rt().CloseIdleConnections()
		j.check(e, tb)
		j.repeat(e, tb)
		j.check(e, tb)
	}
	acked := 0
	for _, o := range j.state {
		if o == acknowledged {
			acked++
		}
	}
	t.Logf("%d rows acknowledged and found, no duplicates", acked)
}

// outcome is what a writer knows about its row.
type outcome uint8

const (
	acknowledged outcome = iota + 1
	unknown              // sent, response lost
	refused              // certainly not written
)

type journal struct {
	mu    sync.Mutex
	next  int64
	state map[int64]outcome
}

func (j *journal) id() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.next++
	return j.next
}

func (j *journal) note(id int64, o outcome) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state[id] = o
}

func insertOne(tb *table, f api.Fence, id int64) *api.ExecRequest {
	key := fmt.Sprintf("row %d", id)
	return &api.ExecRequest{DB: tb.db, Fence: f, Statements: []api.Statement{tb.insert(fmt.Sprintf("[%d]", id))},
		Idempotency: &api.Idempotency{Key: key, Hash: hash(key)}}
}

// load lets writers insert and kills the worker meanwhile.
func load(e *env, tb *table, j *journal, round int, kill func()) {
	const writers = 16
	f := e.fence()
	w := e.plain()
	ctx, cancel := context.WithCancel(e.Context())
	defer cancel()
	var acks atomic.Int64
	enough := make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for ctx.Err() == nil {
				id := j.id()
				_, err := w.Exec(ctx, insertOne(tb, f, id))
				switch {
				case err == nil:
					j.note(id, acknowledged)
					// Each round kills at a different point of the group commit.
					if acks.Add(1) == int64(150+37*round) {
						once.Do(func() { close(enough) })
					}
				case api.CodeOf(err) == api.CodeOutcomeUnknown:
					j.note(id, unknown)
					return
				case api.CodeOf(err) == api.CodeShardUnavailable:
					j.note(id, refused)
					return
				default:
					j.note(id, unknown)
					e.Errorf("a write under load: %v", err)
					once.Do(func() { close(enough) })
					return
				}
			}
		})
	}
	select {
	case <-enough:
	case <-e.Context().Done():
	}
	kill()
	wg.Wait()
}

// check compares the table with the journal.
func (j *journal) check(e *env, tb *table) {
	e.Helper()
	rows := e.rows(tb.query(`ORDER BY "id"`, "id"))
	seen := map[int64]int{}
	for _, r := range rows {
		id, err := strconv.ParseInt(strings.Trim(r, `[]"`), 10, 64)
		if err != nil {
			e.Fatal(err)
		}
		seen[id]++
	}
	for id, o := range j.state {
		switch n := seen[id]; {
		case n > 1:
			e.Errorf("row %d exists %d times", id, n)
		case o == acknowledged && n == 0:
			e.Errorf("row %d was acknowledged and is lost", id)
		case o == refused && n > 0:
			e.Errorf("row %d was reported as not written but exists", id)
		}
		delete(seen, id)
	}
	for id := range seen {
		e.Errorf("row %d was never written", id)
	}
	e.same("rows in the statistics", int64(len(rows)), tb.count())
	if e.Failed() {
		e.FailNow()
	}
}

// repeat resends the writes of unknown outcome.
func (j *journal) repeat(e *env, tb *table) {
	e.Helper()
	f := e.fence()
	for id, o := range j.state {
		if o != unknown {
			continue
		}
		if _, err := e.w.Exec(e.Context(), insertOne(tb, f, id)); err != nil {
			e.Fatalf("repeating row %d: %v", id, err)
		}
		j.state[id] = acknowledged
	}
}
