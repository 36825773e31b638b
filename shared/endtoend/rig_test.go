package endtoend_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

const (
	db = "Chaos"
	// intentTable is the masters' log of unfinished statements, in each database.
	intentTable = "shardeck_intents"
	// workers is the number of shards of each test.
	workers = 3
	// callTimeout is longer than a hasty master's own deadline, so that a live master responds
	// first.
	callTimeout = 2 * time.Second
	// settleTimeout bounds the wait for a condition when all processes are running.
	settleTimeout = 2 * time.Minute
)

// timing sets the masters' timeouts. Hasty ones make a paused process cost a test one second
// instead of ten; patient ones are for tests that expect a specific response, which a busy
// machine must not change.
type timing []string

var (
	hasty   = timing{"MASTER_REQUEST_TIMEOUT=1s", "MASTER_PROBE_INTERVAL=100ms", "MASTER_PROBE_TIMEOUT=500ms"}
	patient = timing{"MASTER_REQUEST_TIMEOUT=2s", "MASTER_PROBE_INTERVAL=100ms", "MASTER_PROBE_TIMEOUT=2s"}
)

// scale picks the size of a test: with -short, by default, and with SHARDECK_LONG.
func scale(short, usual, long int) int {
	switch {
	case os.Getenv("SHARDECK_LONG") != "":
		return long
	case testing.Short():
		return short
	}
	return usual
}

// seeded returns the seed of a random test and logs it.
func seeded(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if s := os.Getenv("SHARDECK_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("SHARDECK_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("seed: SHARDECK_SEED=%d", seed)
	return seed
}

// rig is a running cluster with a client of each master.
type rig struct {
	t       *testing.T
	c       *testcluster.Cluster
	masters []*client.Master
	shards  []*client.Worker
}

// newRig starts a cluster of Go workers.
func newRig(t *testing.T, masters int, timing timing) *rig {
	t.Helper()
	return newRigOf(t, nil, masters, timing)
}

// newRigOf starts a cluster whose workers are the commands, or Go workers where there is none.
func newRigOf(t *testing.T, commands [][]string, masters int, timing timing) *rig {
	t.Helper()
	return startRig(t, testcluster.Options{Workers: workers, WorkerCommands: commands, Masters: masters, Env: timing})
}

func startRig(t *testing.T, o testcluster.Options) *rig {
	t.Helper()
	r := &rig{t: t, c: testcluster.Start(t, o)}
	for i := range o.Masters {
		r.masters = append(r.masters, r.c.Master(i))
	}
	for i := range o.Workers {
		r.shards = append(r.shards, r.c.Worker(i))
	}
	return r
}

// table creates a table, and the database with the first one. A hasty master may give up on
// either; retrying completes it.
func (r *rig) table(name string, columns api.Object[string], shardKey string) {
	r.t.Helper()
	testcluster.Await(r.t, "the database to be created", func(ctx context.Context) (bool, string) {
		_, err := r.masters[0].CreateDB(ctx, &api.CreateDBRequest{DB: db})
		return err == nil || api.CodeOf(err) == api.CodeDatabaseExists, fmt.Sprint(err)
	})
	req := &api.CreateTableRequest{DB: db, Table: name, Columns: columns, ShardKey: shardKey}
	testcluster.Await(r.t, "the table to be created", func(ctx context.Context) (bool, string) {
		_, err := r.masters[0].CreateTable(ctx, req)
		return err == nil || api.CodeOf(err) == api.CodeTableExists, fmt.Sprint(err)
	})
}

// bounce kills and restarts every process, so that in-memory state, such as abandoned requests,
// is gone.
func (r *rig) bounce() {
	r.t.Helper()
	for _, n := range append(r.c.Masters, r.c.Workers...) {
		if n.Running() {
			n.Kill(r.t)
		}
	}
	for _, n := range append(r.c.Workers, r.c.Masters...) {
		n.Restart(r.t)
	}
	for i := range r.c.Masters {
		r.c.AwaitReady(i)
	}
}

// awaitCompletion waits until the primary has completed what the failures left half done.
func (r *rig) awaitCompletion() {
	r.t.Helper()
	testcluster.Await(r.t, "the logs of unfinished statements to be empty", func(ctx context.Context) (bool, string) {
		for i, w := range r.shards {
			st, err := w.Stats(ctx)
			if err != nil {
				return false, err.Error()
			}
			for _, d := range st.Databases {
				for _, table := range d.Tables {
					if table.Definition.Name == intentTable && table.Rows > 0 {
						return false, fmt.Sprintf("%d in %s on shard %d", table.Rows, d.Name, i)
					}
				}
			}
		}
		return true, ""
	})
}

// retryable reports whether a write may be resent with its key: it may not have been applied
// everywhere, and it was not refused for its content.
func retryable(err error) bool {
	switch api.CodeOf(err) {
	case api.CodeOutcomeUnknown, api.CodePartialFailure, api.CodeCanceled:
		return true
	}
	return notDone(api.CodeOf(err))
}

// notDone reports whether a code guarantees that nothing was done, because of the cluster's state
// and not the request's content.
func notDone(code api.Code) bool {
	switch code {
	case api.CodeShardUnavailable, api.CodeShardTimeout, api.CodeShardBadAnswer, api.CodeOverloaded,
		api.CodeStaleTerm, api.CodeStaleMap, api.CodeStaleSchema, api.CodeStorageFailed, api.CodeWrongShard, api.CodeWorkerUnproven:
		return true
	}
	return false
}

// mustFail checks the code of an error and, if shard is not negative, the shard it names.
func mustFail(t *testing.T, err error, code api.Code, shard int) *api.Problem {
	t.Helper()
	if api.CodeOf(err) != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	p := api.AsProblem(err)
	if shard >= 0 && (p.Shard == nil || *p.Shard != shard) {
		t.Fatalf("%v does not name shard %d", err, shard)
	}
	return p
}

func awaitHealth(t *testing.T, m *client.Master, what string, ok func(*api.Health) bool) *api.Health {
	t.Helper()
	var got *api.Health
	testcluster.Await(t, what, func(ctx context.Context) (bool, string) {
		h, err := m.Health(ctx)
		if err != nil {
			return false, err.Error()
		}
		got = h
		return ok(h), fmt.Sprintf("%+v", h)
	})
	return got
}

func number(n int64) jsontext.Value { return jsontext.Value(strconv.FormatInt(n, 10)) }

func text(s string) jsontext.Value { return jsontext.Value(strconv.Quote(s)) }
