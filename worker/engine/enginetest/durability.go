package enginetest

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

// Durability repeatedly kills the engine's process under load, and checks each time that every
// acknowledged row exists exactly once, that no row is duplicated, that the row counts are right,
// and that a write with an unknown outcome can be repeated with its Idempotency-Key. kill ends the
// process at once; restart starts it again on the same data, for the same engine.
func Durability(t *testing.T, d Dialect, open Open, kill, restart func()) {
	r := (&suite{dialect: d, open: open, remote: true}).start(t)
	// No key, so that a row written twice is visible.
	tb := &table{def: api.TableDef{Name: "Many", Columns: []api.ColumnDef{{Name: "id", Type: "BIGINT"}}}}
	r.mustCreate(tb)
	j := &journal{state: map[int64]outcome{}}
	for round := range durabilityRounds(t) {
		j.load(r, tb, round, kill)
		restart()
		j.check(r, tb)
		j.repeat(r, tb)
		j.check(r, tb)
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

func insertOne(tb *table, id int64) *api.ExecRequest {
	key := fmt.Sprintf("row %d", id)
	return keyed(key, key, tb.insert(fmt.Sprintf("[%d]", id)))
}

// load lets writers insert and kills the process meanwhile.
func (j *journal) load(r *rig, tb *table, round int, kill func()) {
	const writers = 16
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	var acks atomic.Int64
	enough := make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for ctx.Err() == nil {
				id := j.id()
				_, err := r.e.Exec(ctx, insertOne(tb, id))
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
					r.Errorf("a write under load: %v", err)
					once.Do(func() { close(enough) })
					return
				}
			}
		})
	}
	select {
	case <-enough:
	case <-r.Context().Done():
	}
	kill()
	wg.Wait()
}

// check compares the table with the journal.
func (j *journal) check(r *rig, tb *table) {
	r.Helper()
	rows := r.rows(tb.selectAll())
	seen := map[int64]int{}
	for _, row := range rows {
		id, err := strconv.ParseInt(strings.Trim(row, `[]"`), 10, 64)
		if err != nil {
			r.Fatal(err)
		}
		seen[id]++
	}
	for id, o := range j.state {
		switch n := seen[id]; {
		case n > 1:
			r.Errorf("row %d exists %d times", id, n)
		case o == acknowledged && n == 0:
			r.Errorf("row %d was acknowledged and is lost", id)
		case o == refused && n > 0:
			r.Errorf("row %d was reported as not written but exists", id)
		}
		delete(seen, id)
	}
	for id := range seen {
		r.Errorf("row %d was never written", id)
	}
	r.wantCount(tb, int64(len(rows)))
	if r.Failed() {
		r.FailNow()
	}
}

// repeat resends the writes of unknown outcome.
func (j *journal) repeat(r *rig, tb *table) {
	r.Helper()
	for id, o := range j.state {
		if o != unknown {
			continue
		}
		r.mustExec(insertOne(tb, id))
		j.state[id] = acknowledged
	}
}
