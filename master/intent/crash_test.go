package intent_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/dialect"
	"shardeck/master/intent"
	"shardeck/shared/api"
	"shardeck/worker/engine/sqlite"
)

// The tests of this file run intents on engines, one for each shard, and stop the master at each of
// its requests: before the request arrives, or after it was executed and its answer is lost.

const (
	shards = 3
	host   = 1
	db     = "School"
)

type cluster struct {
	t       *testing.T
	engines []*sqlite.Engine
	term    uint64
}

func newCluster(t *testing.T) *cluster {
	c := &cluster{t: t}
	t.Cleanup(c.close)
	for i := range shards {
		e, err := sqlite.Open(t.Context(), sqlite.Config{Dir: filepath.Join(t.TempDir(), fmt.Sprint(i)), Suffix: "GO"})
		if err != nil {
			t.Fatal(err)
		}
		c.engines = append(c.engines, e)
	}
	return c
}

// close ends the engines, each of which watches its files. The tests have hundreds of clusters.
func (c *cluster) close() {
	for _, e := range c.engines {
		_ = e.Close()
	}
	c.engines = nil
}

// master is one master's view of the cluster. It dies at its request number dieAt, 0 for never.
type master struct {
	c     *cluster
	fence api.Fence
	log   *intent.Log

	mu       sync.Mutex
	requests int
	dieAt    int
	executed bool // the last request is executed
	dead     bool
	down     map[int]bool
	onExec   func(shard int, req *api.ExecRequest)
}

// newMaster returns a master that leads under the next term.
func (c *cluster) newMaster(dieAt int, executed bool) *master {
	c.t.Helper()
	c.term++
	m := &master{c: c, fence: api.Fence{Term: c.term, MapVersion: 1}, dieAt: dieAt, executed: executed}
	for i, e := range c.engines {
		_, err := e.SetState(c.t.Context(), api.StateUpdate{Fence: m.fence, Leader: fmt.Sprintf("http://m%d", c.term), Shard: fmt.Sprintf("%d/%d", i, shards)})
		if err != nil {
			c.t.Fatal(err)
		}
	}
	m.log = &intent.Log{Shards: m, Timeout: 10 * time.Second}
	return m
}

// request counts a request and reports whether it is executed, and whether its answer arrives.
func (m *master) request(shard int) (execute, answer bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead || m.down[shard] {
		return false, false
	}
	m.requests++
	if m.requests == m.dieAt {
		m.dead = true
		return m.executed, false
	}
	return true, true
}

func (m *master) lost(shard int) *api.Problem {
	if m.down[shard] {
		return api.NewProblem(api.CodeShardUnavailable, "down").On(shard, m.Worker(shard))
	}
	return api.NewProblem(api.CodeOutcomeUnknown, "lost").On(shard, m.Worker(shard))
}

func (m *master) Count() int                           { return shards }
func (m *master) Worker(shard int) string              { return fmt.Sprintf("worker-%d", shard) }
func (m *master) Dialect(int) (dialect.Dialect, error) { return dialect.SQLite{}, nil }

func call[T any](m *master, shard int, run func() (T, error)) (none T, p *api.Problem) {
	execute, answer := m.request(shard)
	var v T
	var err error
	if execute {
		v, err = run()
	}
	switch {
	case !answer:
		return none, m.lost(shard)
	case err != nil:
		return none, api.AsProblem(err).On(shard, m.Worker(shard))
	}
	return v, nil
}

func (m *master) Exec(ctx context.Context, shard int, req *api.ExecRequest) (*api.ExecResponse, *api.Problem) {
	if m.onExec != nil {
		m.onExec(shard, req)
	}
	return call(m, shard, func() (*api.ExecResponse, error) { return m.c.engines[shard].Exec(ctx, req) })
}

func (m *master) CreateDB(ctx context.Context, shard int, req *api.DBRequest) (*api.DBResponse, *api.Problem) {
	return call(m, shard, func() (*api.DBResponse, error) {
		physical, err := m.c.engines[shard].CreateDB(ctx, req.DB, req.Fence)
		return &api.DBResponse{DB: req.DB, Physical: physical}, err
	})
}

func (m *master) DropDB(ctx context.Context, shard int, req *api.DBRequest) *api.Problem {
	_, p := call(m, shard, func() (string, error) { return m.c.engines[shard].DropDB(ctx, req.DB, req.Fence) })
	return p
}

func (m *master) Stats(ctx context.Context, shard int) (*api.WorkerStats, *api.Problem) {
	return call(m, shard, func() (*api.WorkerStats, error) {
		dbs, err := m.c.engines[shard].Stats(ctx)
		st := &api.WorkerStats{Databases: dbs}
		intent.Take(st)
		return st, err
	})
}

func (m *master) Query(ctx context.Context, shard int, req *api.QueryRequest) ([]jsontext.Value, *api.Problem) {
	return call(m, shard, func() (rows []jsontext.Value, err error) {
		return rows, m.c.engines[shard].Query(ctx, req, func(line []byte) error {
			rows = append(rows, slices.Clone(line))
			return nil
		})
	})
}

// recover executes all intents of all logs, as a new primary does.
func (m *master) recover() []*intent.Result {
	m.c.t.Helper()
	var results []*intent.Result
	for shard := range shards {
		st, p := m.Stats(m.c.t.Context(), shard)
		if p != nil {
			continue
		}
		for _, d := range st.Databases {
			if d.Log == nil {
				continue
			}
			entries, p := m.log.List(m.c.t.Context(), shard, d.Name)
			if p != nil {
				continue
			}
			for _, e := range entries {
				r, p := m.log.Load(m.c.t.Context(), e)
				if p != nil || r == nil {
					continue
				}
				results = append(results, m.log.Finish(m.c.t.Context(), m.fence, shard, r))
			}
		}
	}
	return results
}

// run begins and executes a change.
func (m *master) run(r *intent.Record) *intent.Result {
	if _, p := m.log.Begin(m.c.t.Context(), m.fence, host, r); p != nil {
		return nil
	}
	return m.log.Finish(m.c.t.Context(), m.fence, host, r)
}

func definition(columns ...string) *api.TableDef {
	def := &api.TableDef{Name: "T", ShardKey: "id", PrimaryKey: []string{"id"}}
	for _, c := range columns {
		def.Columns = append(def.Columns, api.ColumnDef{Name: c, Type: "INT"})
	}
	return def
}

func createTable(def *api.TableDef) *intent.Record {
	return &intent.Record{ID: intent.NewID(), Kind: intent.CreateTable, DB: db, Table: def.Name, Version: def.Version(), Definition: def, Shards: []int{0, 1, 2}}
}

func dropTable(def *api.TableDef) *intent.Record {
	v := def.Version()
	return &intent.Record{ID: intent.NewID(), Kind: intent.DropTable, DB: db, Table: def.Name, Versions: map[int]string{0: v, 1: v, 2: v}, Shards: []int{0, 1, 2}}
}

func changeDB(kind intent.Kind) *intent.Record {
	return &intent.Record{ID: intent.NewID(), Kind: kind, DB: db, Shards: []int{0, 1, 2}}
}

// state describes each shard: its database, log entries, and the version and rows of T.
func (c *cluster) state() [shards]string {
	c.t.Helper()
	var list [shards]string
	for i, e := range c.engines {
		dbs, err := e.Stats(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		st := &api.WorkerStats{Databases: dbs}
		intent.Take(st)
		list[i] = "-"
		for _, d := range st.Databases {
			list[i] = d.Name
			if d.Log == nil {
				list[i] += " without a log"
			} else if d.Log.Rows > 0 {
				list[i] += fmt.Sprintf(" with %d intents", d.Log.Rows)
			}
			for _, t := range d.Tables {
				list[i] += fmt.Sprintf(", %s of %d columns with %d rows", t.Definition.Name, len(t.Definition.Columns), t.Rows)
			}
		}
	}
	return list
}

func all(s string) [shards]string { return [shards]string{s, s, s} }

// TestEveryCrashPointOfASchemaChange: the master dies at each request, and its successor at each
// of its own (the first, or each with SHARDECK_LONG=1). In the end a change is done on
// all shards or on none.
func TestEveryCrashPointOfASchemaChange(t *testing.T) {
	table := definition("id", "x")
	other := definition("id", "y", "z")
	const empty, full = "School", "School, T of 2 columns with 0 rows"
	for name, tt := range map[string]struct {
		before []func() *intent.Record
		change func() *intent.Record
		ends   [][shards]string
		spoil  bool // shard 2 has another table of the name
	}{
		"create table": {[]func() *intent.Record{func() *intent.Record { return changeDB(intent.CreateDB) }},
			func() *intent.Record { return createTable(table) }, [][shards]string{all(empty), all(full)}, false},
		"create a table that one shard refuses": {[]func() *intent.Record{func() *intent.Record { return changeDB(intent.CreateDB) }},
			func() *intent.Record { return createTable(table) }, [][shards]string{{empty, empty, "School, T of 3 columns with 0 rows"}}, true},
		"drop table": {[]func() *intent.Record{func() *intent.Record { return changeDB(intent.CreateDB) }, func() *intent.Record { return createTable(table) }},
			func() *intent.Record { return dropTable(table) }, [][shards]string{all(empty), all(full)}, false},
		"create db": {nil, func() *intent.Record { return changeDB(intent.CreateDB) },
			// The host alone: left before the intent was written, see master/service.
			[][shards]string{all("-"), all(empty), {"-", "School without a log", "-"}, {"-", empty, "-"}}, false},
		"drop db": {[]func() *intent.Record{func() *intent.Record { return changeDB(intent.CreateDB) }, func() *intent.Record { return createTable(table) }},
			func() *intent.Record { return changeDB(intent.DropDB) }, [][shards]string{all("-"), all(full)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			points, completed := 0, false
			for first := 1; !completed; first++ {
				for _, executed := range []bool{false, true} {
					for second := 1; ; second++ {
						c := newCluster(t)
						m := c.newMaster(0, false)
						for _, before := range tt.before {
							if res := m.run(before()); res == nil || !res.Finished {
								t.Fatalf("before: %+v", res)
							}
						}
						if tt.spoil {
							r := createTable(other)
							r.Shards = []int{2}
							if res := m.run(r); res == nil || !res.Finished || res.Undone != nil {
								t.Fatalf("spoiling: %+v", res)
							}
						}
						m = c.newMaster(first, executed)
						m.run(tt.change())
						points++
						completed = completed || !m.dead
						// Its successor dies too, unless it has fewer requests to send than that.
						next := c.newMaster(second, executed)
						next.recover()
						if next.dead {
							c.newMaster(0, false).recover()
						}
						if got := c.state(); !slices.Contains(tt.ends, got) {
							t.Fatalf("died at request %d (executed: %v), the successor at %d: %q, want one of %q", first, executed, second, got, tt.ends)
						}
						c.close()
						if !next.dead || second == 1 && os.Getenv("SHARDECK_LONG") == "" {
							break
						}
					}
				}
			}
			t.Logf("%d pairs of crash points", points)
		})
	}
}

func insertInto(def *api.TableDef, ids ...int) []api.Statement {
	st := api.Statement{
		SQL: `INSERT INTO "T" ("id", "x", "_slot") VALUES (@p1, @p2, @p3)`, Table: "T", SchemaVersion: def.Version(), Effect: api.EffectInsert,
		Types: []string{"INT", "INT", "INT"}, Columns: []string{"id", "x", "_slot"},
	}
	for _, id := range ids {
		st.Rows = append(st.Rows, jsontext.Value(fmt.Sprintf("[%d,0,%d]", id, id)))
	}
	return []api.Statement{st}
}

// addOne is not idempotent, unlike an insert into a key: a repetition shows.
func addOne(def *api.TableDef) []api.Statement {
	return []api.Statement{{SQL: `UPDATE "T" SET "x" = "x" + 1`, Table: "T", SchemaVersion: def.Version(), Effect: api.EffectUpdate}}
}

// write sends a write as a master does: the host first, with the intent.
func (m *master) write(statements func(shard int) []api.Statement) *intent.Record {
	r := &intent.Record{ID: intent.NewID(), Kind: intent.Write, DB: db}
	r.Idempotency = intent.NewKey(r.ID, "")
	for shard := range shards {
		if shard != host {
			r.Parts = append(r.Parts, intent.Part{Shard: shard, Statements: statements(shard)})
		}
	}
	st, err := m.log.Statement(host, r)
	if err != nil {
		m.c.t.Fatal(err)
	}
	ctx := m.c.t.Context()
	_, p := m.Exec(ctx, host, &api.ExecRequest{DB: db, Fence: m.fence, Idempotency: r.Idempotency, Statements: append(statements(host), *st)})
	if p != nil {
		return r
	}
	for _, part := range r.Parts {
		if _, p = m.Exec(ctx, part.Shard, &api.ExecRequest{DB: db, Fence: m.fence, Idempotency: r.Idempotency, Statements: part.Statements}); p != nil {
			return r
		}
	}
	_ = m.log.Remove(ctx, m.fence, host, db, r.ID)
	return r
}

// xs returns the sum of x of each shard.
func (c *cluster) xs() (sums [shards]string) {
	c.t.Helper()
	for i, e := range c.engines {
		err := e.Query(c.t.Context(), &api.QueryRequest{DB: db, SQL: `SELECT coalesce(sum("x"), 0) FROM "T"`, ResultTypes: []string{"BIGINT"}}, func(line []byte) error {
			sums[i] = string(line)
			return nil
		})
		if err != nil {
			c.t.Fatal(err)
		}
	}
	return sums
}

func (c *cluster) withTable(def *api.TableDef) *master {
	c.t.Helper()
	m := c.newMaster(0, false)
	for _, r := range []*intent.Record{changeDB(intent.CreateDB), createTable(def)} {
		if res := m.run(r); res == nil || !res.Finished {
			c.t.Fatalf("%+v", res)
		}
	}
	return m
}

// TestEveryCrashPointOfAWrite: whichever requests are lost, each shard applies its part exactly
// once, or none does.
func TestEveryCrashPointOfAWrite(t *testing.T) {
	def := definition("id", "x")
	completed := false
	for first := 1; !completed; first++ {
		for _, executed := range []bool{false, true} {
			for second := 1; ; second++ {
				c := newCluster(t)
				m := c.withTable(def)
				m.write(func(shard int) []api.Statement { return insertInto(def, shard, 10+shard) })
				m = c.newMaster(first, executed)
				m.write(func(int) []api.Statement { return addOne(def) })
				completed = completed || !m.dead
				next := c.newMaster(second, executed)
				next.recover()
				if next.dead {
					c.newMaster(0, false).recover()
				}
				none := first == 1 && !executed
				want := map[bool][shards]string{true: all("[0]"), false: all("[2]")}[none]
				if got := c.xs(); got != want {
					t.Fatalf("died at request %d (executed: %v), the successor at %d: %v, want %v", first, executed, second, got, want)
				}
				if got := c.state(); got != all("School, T of 2 columns with 2 rows") {
					t.Fatalf("died at request %d (executed: %v), the successor at %d: %q", first, executed, second, got)
				}
				c.close()
				if !next.dead {
					break
				}
			}
		}
	}
}

// TestAPartIsNotSentAgainOnceItIsDone: a worker forgets a key after a day, while another shard may
// be down for longer.
func TestAPartIsNotSentAgainOnceItIsDone(t *testing.T) {
	def := definition("id", "x")
	c := newCluster(t)
	m := c.withTable(def)
	m.write(func(shard int) []api.Statement { return insertInto(def, shard) })
	m = c.newMaster(1, true) // it dies once the host has its part
	r := m.write(func(int) []api.Statement { return addOne(def) })
	next := c.newMaster(0, false)
	next.down = map[int]bool{2: true}
	if res := next.recover(); len(res) != 1 || res[0].Finished {
		t.Fatalf("%+v", res)
	}
	last := c.newMaster(0, false)
	sent := map[int]bool{}
	var mu sync.Mutex
	last.onExec = func(shard int, req *api.ExecRequest) {
		mu.Lock()
		defer mu.Unlock()
		if req.Idempotency != nil && req.Idempotency.Key == r.Idempotency.Key {
			sent[shard] = true
		}
	}
	if res := last.recover(); len(res) != 1 || !res[0].Finished {
		t.Fatalf("%+v", res)
	}
	if sent[0] || !sent[2] || c.xs() != all("[1]") {
		t.Errorf("sent to %v, sums %v", sent, c.xs())
	}
}

// TestARefusedPartIsFinal: it is reported, and the intent is gone.
func TestARefusedPartIsFinal(t *testing.T) {
	def := definition("id", "x")
	c := newCluster(t)
	m := c.withTable(def)
	m.write(func(shard int) []api.Statement { return insertInto(def, shard) })
	m = c.newMaster(1, true)
	m.write(func(shard int) []api.Statement {
		if shard == 2 {
			return insertInto(def, 7, 2) // 2 is taken
		}
		return insertInto(def, 100+shard)
	})
	res := c.newMaster(0, false).recover()
	if len(res) != 1 || !res[0].Finished {
		t.Fatalf("%+v", res)
	}
	for _, o := range res[0].Outcomes {
		switch {
		case o.Shard == 0 && (o.State != intent.Applied || o.Rows != 1):
			t.Errorf("%+v", o)
		case o.Shard == 2 && (o.State != intent.Refused || o.Problem.Code != api.CodeDuplicateKey):
			t.Errorf("%+v", o)
		}
	}
	if got := c.state(); got != [shards]string{"School, T of 2 columns with 2 rows", "School, T of 2 columns with 2 rows", "School, T of 2 columns with 1 rows"} {
		t.Errorf("%q", got)
	}
}

// TestADemotedMasterFinishesNothing: the workers refuse its term, and the intent stays.
func TestADemotedMasterFinishesNothing(t *testing.T) {
	def := definition("id", "x")
	c := newCluster(t)
	old := c.withTable(def)
	r := dropTable(def)
	if _, p := old.log.Begin(t.Context(), old.fence, host, r); p != nil {
		t.Fatal(p)
	}
	next := c.newMaster(0, false)
	if res := old.log.Finish(t.Context(), old.fence, host, r); res.Finished || res.Stale == nil || res.Stale.Code != api.CodeStaleTerm {
		t.Fatalf("%+v", res)
	}
	if got := c.state(); got[0] != "School, T of 2 columns with 0 rows" || got[host] != "School with 1 intents, T of 2 columns with 0 rows" {
		t.Errorf("%q", got)
	}
	if res := next.recover(); len(res) != 1 || !res[0].Finished || c.state() != all("School") {
		t.Errorf("%+v, %q", res, c.state())
	}
}

// TestADelayedRequestHasNoEffect: a create that is undone, and a drop that was completed, arrive
// once more, under the same term.
func TestADelayedRequestHasNoEffect(t *testing.T) {
	table, other := definition("id", "x"), definition("id", "y", "z")
	c := newCluster(t)
	m := c.newMaster(0, false)
	m.run(changeDB(intent.CreateDB))
	spoil := createTable(other)
	spoil.Shards = []int{2}
	m.run(spoil)
	var mu sync.Mutex
	var delayed []*api.ExecRequest
	m.onExec = func(shard int, req *api.ExecRequest) {
		mu.Lock()
		defer mu.Unlock()
		if shard == 0 && len(req.Statements) > 0 && req.Statements[0].Table == "T" {
			delayed = append(delayed, req)
		}
	}
	if res := m.run(createTable(table)); !res.Finished || res.Undone == nil {
		t.Fatalf("%+v", res)
	}
	m.onExec = nil
	for _, req := range delayed {
		_, _ = c.engines[0].Exec(t.Context(), req)
	}
	if got := c.state(); len(delayed) != 2 || got[0] != "School" {
		t.Errorf("%d requests, then %q", len(delayed), got)
	}
}

// TestATableWithRowsIsNotUndone: somebody has used it already.
func TestATableWithRowsIsNotUndone(t *testing.T) {
	table, other := definition("id", "x"), definition("id", "y", "z")
	c := newCluster(t)
	m := c.newMaster(0, false)
	m.run(changeDB(intent.CreateDB))
	spoil := createTable(other)
	spoil.Shards = []int{2}
	m.run(spoil)
	r := createTable(table)
	m = c.newMaster(0, false)
	m.down = map[int]bool{2: true}
	if res := m.run(r); res.Finished || res.Undone != nil {
		t.Fatalf("%+v", res)
	}
	if _, err := c.engines[0].Exec(t.Context(), &api.ExecRequest{DB: db, Fence: m.fence, Statements: insertInto(table, 1)}); err != nil {
		t.Fatal(err)
	}
	m.down = nil
	res := m.recover()
	if len(res) != 1 || !res[0].Finished || res[0].Undone == nil {
		t.Fatalf("%+v", res)
	}
	if got := c.state(); got != [shards]string{"School, T of 2 columns with 1 rows", "School", "School, T of 3 columns with 0 rows"} {
		t.Errorf("%q", got)
	}
}
