package demo

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/sharding"
	"shardeck/tui/cli"
)

const (
	// drillTable begins the name of the table that a drill writes to, which exists only while it runs. The
	// drill's tag follows, so that no table of the user's is taken for it.
	drillTable = "DrillWrites_"
	// laneEvery is the pause between two requests of a lane.
	laneEvery = 50 * time.Millisecond
	// laneTimeout bounds a request. A client needs about six seconds to give up a master that hangs.
	laneTimeout = 12 * time.Second
)

// tally counts the requests of one kind to one shard.
type tally struct {
	sent, failed, unknown int
	answered              time.Time     // the latest success
	gap                   time.Duration // the longest time from one success to the next
	lastErr               string
}

// took records a request that ended at a time.
func (t *tally) took(at time.Time, err error) {
	t.sent++
	switch {
	case err == nil:
		if !t.answered.IsZero() {
			t.gap = max(t.gap, at.Sub(t.answered))
		}
		t.answered = at
	case api.CodeOf(err) == api.CodeOutcomeUnknown:
		t.unknown++
		t.lastErr = err.Error()
	default:
		t.failed++
		t.lastErr = err.Error()
	}
}

// silence is the longest gap, including one that has not ended.
func (t *tally) silence(now time.Time) time.Duration {
	if t.answered.IsZero() {
		return t.gap
	}
	return max(t.gap, now.Sub(t.answered))
}

// lane is what a drill sends to one shard: point reads and single-row inserts, one after the other.
type lane struct {
	shard         int
	reads, writes tally
	acked         []int64
	keys          []int64 // of students of this shard
}

// drillLoad is the traffic of a drill. It is a client like any other, so it sees what they see.
type drillLoad struct {
	cluster *client.Cluster
	table   string
	begun   bool   // the table may exist
	tag     string // of the Idempotency-Keys, so that no two drills share one
	slots   *sharding.Map
	cancel  context.CancelFunc
	ended   sync.WaitGroup

	mu      sync.Mutex
	stopped time.Time
	lanes   []*lane
}

// newDrillLoad returns the load, which has not begun.
func newDrillLoad(masters []string, rows int) (*drillLoad, error) {
	slots, err := sharding.NewMap(workerCount)
	if err != nil {
		return nil, err
	}
	tag := strconv.FormatInt(time.Now().UnixNano(), 36)
	l := &drillLoad{cluster: client.NewCluster(masters), slots: slots, tag: tag, table: drillTable + tag}
	for i := range workerCount {
		l.lanes = append(l.lanes, &lane{shard: i, keys: keysOf(slots, i, max(rows, 1))})
	}
	return l, nil
}

// keysOf returns keys of the first n students that are on a shard, at least one.
func keysOf(slots *sharding.Map, shard, n int) []int64 {
	var keys []int64
	for id := int64(firstStudentID); id < int64(firstStudentID+n) || len(keys) == 0; id++ {
		if slots.Route(strconv.FormatInt(id, 10)).Shard == shard {
			keys = append(keys, id)
		}
	}
	return keys
}

// begin creates the table and starts the requests.
func (l *drillLoad) begin(ctx context.Context) error {
	l.begun = true
	_, err := l.cluster.CreateTable(ctx, &api.CreateTableRequest{DB: demoDB, Table: l.table, ShardKey: "id", Columns: api.Object[string]{
		{Name: "id", Value: "BIGINT PRIMARY KEY"}, {Name: "lane", Value: "INT NOT NULL"}}})
	if err != nil {
		return fmt.Errorf("creating the table of the drill: %w", err)
	}
	ctx, l.cancel = context.WithCancel(ctx)
	for _, each := range l.lanes {
		l.ended.Go(func() { l.read(ctx, each) })
		l.ended.Go(func() { l.write(ctx, each) })
	}
	return nil
}

// end stops the requests and waits for those in flight.
func (l *drillLoad) end() {
	if l.cancel == nil {
		return
	}
	l.cancel()
	l.ended.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped.IsZero() {
		l.stopped = time.Now()
	}
}

// now is the time until which gaps count: that of the end of the requests, once they have ended.
func (l *drillLoad) now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped.IsZero() {
		return time.Now()
	}
	return l.stopped
}

// close removes the table and closes connections.
func (l *drillLoad) close(ctx context.Context) error {
	l.end()
	defer l.cluster.Close()
	if !l.begun {
		return nil
	}
	var err error
	gone := func(ctx context.Context) bool { // it takes a primary, which there may not be yet
		_, err = l.cluster.DeleteTable(ctx, &api.DeleteTableRequest{DB: demoDB, Table: l.table})
		return err == nil || api.CodeOf(err) == api.CodeUnknownTable
	}
	if late := until(ctx, gone); late != nil {
		return fmt.Errorf("removing the table %s of the drill: %w", l.table, errors.Join(late, err))
	}
	return nil
}

func (l *drillLoad) read(ctx context.Context, lane *lane) {
	for i := 0; pause(ctx, laneEvery); i++ {
		key := jsontext.Value(strconv.FormatInt(lane.keys[i%len(lane.keys)], 10))
		err := bounded(ctx, func(ctx context.Context) error {
			_, err := l.cluster.Select(ctx, &api.SelectRequest{DB: demoDB, Table: demoTable, ShardKey: key})
			return err
		})
		l.record(&lane.reads, err, func() {})
	}
}

func (l *drillLoad) write(ctx context.Context, lane *lane) {
	for id := int64(1); pause(ctx, laneEvery); id++ {
		for l.slots.Route(strconv.FormatInt(id, 10)).Shard != lane.shard {
			id++
		}
		key := client.IdempotencyKey(l.homeKey(lane.shard, id))
		err := bounded(ctx, func(ctx context.Context) error {
			_, err := l.cluster.Insert(ctx, &api.InsertRequest{DB: demoDB, Table: l.table, Data: api.Object[jsontext.Value]{
				{Name: "id", Value: jsontext.Value(strconv.FormatInt(id, 10))},
				{Name: "lane", Value: jsontext.Value(strconv.Itoa(lane.shard))}}}, key)
			return err
		})
		l.record(&lane.writes, err, func() { lane.acked = append(lane.acked, id) })
	}
}

// homeKey returns an Idempotency-Key whose home is the shard of the row, so that what the write
// needs is that shard alone.
func (l *drillLoad) homeKey(shard int, id int64) string {
	for n := 0; ; n++ {
		key := fmt.Sprintf("drill-%s-%d-%d", l.tag, id, n)
		if l.slots.Shard(sharding.Slot(key)) == shard {
			return key
		}
	}
}

// bounded calls f with a deadline that does not end early if the drill does: a request that is cut
// off would count as a failure.
func bounded(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), laneTimeout)
	defer cancel()
	return f(ctx)
}

func (l *drillLoad) record(t *tally, err error, ok func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.took(time.Now(), err)
	if err == nil {
		ok()
	}
}

// laneState is a copy of a lane's tallies.
type laneState struct {
	shard         int
	reads, writes tally
	acked         int
}

// state returns a copy of all tallies.
func (l *drillLoad) state() []laneState {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]laneState, len(l.lanes))
	for i, each := range l.lanes {
		all[i] = laneState{each.shard, each.reads, each.writes, len(each.acked)}
	}
	return all
}

// answeredSince reports whether every shard has answered a read and a write since a time.
func (l *drillLoad) answeredSince(at time.Time) bool {
	for _, s := range l.state() {
		if !s.reads.answered.After(at) || !s.writes.answered.After(at) {
			return false
		}
	}
	return true
}

// missing counts the acknowledged writes that are not in the table, once the requests have ended.
func (l *drillLoad) missing(ctx context.Context) (missing, acked int, err error) {
	resp, err := l.cluster.Select(ctx, &api.SelectRequest{DB: demoDB, Table: l.table, Columns: api.NameList{"id"}})
	if err != nil {
		return 0, 0, fmt.Errorf("reading the writes again: %w", err)
	}
	there := make(map[string]bool, len(resp.Rows))
	for _, row := range resp.Rows {
		there[cli.Cells(row)[0]] = true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, each := range l.lanes {
		for _, id := range each.acked {
			acked++
			if !there[strconv.FormatInt(id, 10)] {
				missing++
			}
		}
	}
	return missing, acked, nil
}
