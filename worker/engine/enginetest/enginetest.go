// Package enginetest is the suite that every engine.Engine must pass. An engine's own test calls
// [Run] with a way to open it and the SQL in which databases differ; the suite knows nothing else
// about the database. worker/conformance calls [RunRemote] with engines that are worker processes,
// so that the same tests hold every worker in any language.
//
// It tests what the interface and shared/api promise, through the interface only. How an engine
// keeps its promises (files, locks, crashes during a commit) is covered by the engine's own
// tests.
package enginetest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	gocmp "github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/worker/engine"
)

// Open opens the engine over dir, an empty directory or one left by an engine that this function
// opened and that was closed since. An engine that keeps its data elsewhere uses dir as an
// identifier. The suite closes the engine.
type Open func(t *testing.T, dir string) engine.Engine

// Run runs the whole suite as subtests of t.
func Run(t *testing.T, d Dialect, open Open) {
	s := &suite{dialect: d, open: open}
	s.run(t)
	t.Run("InProcess", s.testInProcess)
}

// RunRemote runs the suite over engines that are reached over HTTP: all of it but what
// [suite.testInProcess] tests.
func RunRemote(t *testing.T, d Dialect, open Open) {
	s := &suite{dialect: d, open: open, remote: true}
	s.run(t)
}

func (s *suite) run(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"Types", s.testTypes},
		{"Values", s.testValues},
		{"Constraints", s.testConstraints},
		{"Counts", s.testCounts},
		{"Atomicity", s.testAtomicity},
		{"Fence", s.testFence},
		{"State", s.testState},
		{"Schema", s.testSchema},
		{"Idempotency", s.testIdempotency},
		{"Concurrency", s.testConcurrency},
		{"Query", s.testQuery},
		{"Databases", s.testDatabases},
		{"Names", s.testNames},
		{"Reopen", s.testReopen},
	} {
		t.Run(c.name, c.run)
	}
}

type suite struct {
	dialect Dialect
	open    Open
	remote  bool
}

// group runs the cases of one part of the suite, each on its own engine.
func (s *suite) group(t *testing.T, cases map[string]func(*rig)) {
	names := make([]string, 0, len(cases))
	for name := range cases {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		t.Run(name, func(t *testing.T) { cases[name](s.start(t)) })
	}
}

// dbName is the logical database of each rig.
const dbName = "SchoolDB"

// fence1 is the fence of the rigs' writes unless a test sets another.
var fence1 = api.Fence{Term: 1, MapVersion: 1}

// rig is an open engine with an empty database, and common operations on it. Its must methods end
// the test if the engine refuses.
type rig struct {
	*testing.T
	s   *suite
	dir string
	e   engine.Engine
}

func (s *suite) start(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, s: s, dir: t.TempDir()}
	r.e = s.open(t, r.dir)
	t.Cleanup(func() { r.close() })
	if _, err := r.e.CreateDB(t.Context(), dbName, fence1); err != nil {
		t.Fatalf("CreateDB: %v", err)
	}
	return r
}

func (r *rig) close() {
	r.Helper()
	if r.e == nil {
		return
	}
	if err := r.e.Close(); err != nil {
		r.Errorf("Close: %v", err)
	}
	r.e = nil
}

// reopen closes the engine and opens it again on the same data.
func (r *rig) reopen() {
	r.Helper()
	r.close()
	r.e = r.s.open(r.T, r.dir)
}

// request is a request by the first master for the rig's database.
func request(statements ...api.Statement) *api.ExecRequest {
	return &api.ExecRequest{DB: dbName, Fence: fence1, Statements: statements}
}

// keyed is request with an Idempotency-Key and a hash of content, which stands for the client's
// request.
func keyed(key, content string, statements ...api.Statement) *api.ExecRequest {
	req := request(statements...)
	req.Idempotency = idempotency(key, content)
	return req
}

func idempotency(key, content string) *api.Idempotency {
	sum := sha256.Sum256([]byte(content))
	return &api.Idempotency{Key: key, Hash: hex.EncodeToString(sum[:])}
}

func (r *rig) mustExec(req *api.ExecRequest) *api.ExecResponse {
	r.Helper()
	resp, err := r.e.Exec(r.Context(), req)
	if err != nil {
		r.Fatalf("Exec: %v", err)
	}
	return resp
}

func (r *rig) mustCreate(tables ...*table) {
	r.Helper()
	for _, tb := range tables {
		r.mustExec(request(r.create(tb)))
	}
}

// refused runs a request that must fail with the code, and returns the problem.
func (r *rig) refused(req *api.ExecRequest, want api.Code) *api.Problem {
	r.Helper()
	resp, err := r.e.Exec(r.Context(), req)
	if err == nil {
		r.Fatalf("Exec: %+v, want %s", resp, want)
	}
	return r.problem(err, want)
}

// problem ends the test unless err is a problem with one of the codes.
func (r *rig) problem(err error, want ...api.Code) *api.Problem {
	r.Helper()
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		r.Fatalf("%v is not a problem; want %s", err, want)
	}
	if !slices.Contains(want, p.Code) {
		r.Fatalf("%s (%v), want %s", p.Code, p, want)
	}
	if p.Detail == "" {
		r.Errorf("the problem %s does not say what happened", p.Code)
	}
	return p
}

// rows returns the rows of a query in wire form.
func (r *rig) rows(req *api.QueryRequest) []string {
	r.Helper()
	rows := []string{}
	err := r.e.Query(r.Context(), req, func(line []byte) error {
		if !jsontext.Value(line).IsValid() || slices.Contains(line, '\n') {
			r.Errorf("%q is not a row on one line", line)
		}
		rows = append(rows, string(line))
		return nil
	})
	if err != nil {
		r.Fatalf("Query %s: %v", req.SQL, err)
	}
	return rows
}

func (r *rig) wantRows(req *api.QueryRequest, want ...string) {
	r.Helper()
	if want == nil {
		want = []string{}
	}
	got := r.rows(req)
	if r.s.remote {
		want, got = r.spelled(want), r.spelled(got)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		r.Errorf("rows (-want +got):\n%s", diff)
	}
}

// count returns a table's row count from Stats, after comparing it with the actual rows.
func (r *rig) count(tb *table) int64 {
	r.Helper()
	counted := int64(-1)
	for _, db := range r.stats() {
		for _, ts := range db.Tables {
			if db.Name == dbName && ts.Definition.Name == tb.def.Name {
				counted = ts.Rows
			}
		}
	}
	if there := int64(len(r.rows(tb.selectAll()))); counted != there {
		r.Errorf("Stats counts %d rows in %s, but there are %d", counted, tb.def.Name, there)
	}
	return counted
}

func (r *rig) wantCount(tb *table, want int64) {
	r.Helper()
	if got := r.count(tb); got != want {
		r.Errorf("%s has %d rows, want %d", tb.def.Name, got, want)
	}
}

// stats returns the result of Stats, ordered by name and without sizes.
func (r *rig) stats() []api.DatabaseStats {
	r.Helper()
	all, err := r.e.Stats(r.Context())
	if err != nil {
		r.Fatalf("Stats: %v", err)
	}
	all = slices.Clone(all)
	for i := range all {
		all[i].SizeBytes = 0
		all[i].Tables = slices.Clone(all[i].Tables)
		slices.SortFunc(all[i].Tables, func(a, b api.TableStats) int { return cmp.Compare(a.Definition.Name, b.Definition.Name) })
	}
	slices.SortFunc(all, func(a, b api.DatabaseStats) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func (r *rig) state() api.WorkerState {
	r.Helper()
	st, err := r.e.State(r.Context())
	if err != nil {
		r.Fatalf("State: %v", err)
	}
	return st
}
