package parity

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/sqlservertest"
	"shardeck/shared/testcluster"
)

var rewrite = flag.Bool("update", false, "rewrite the corpus's answers from one SQLite shard, for review")

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// Patient, since a server may be slow to create a database.
var patient = []string{"MASTER_REQUEST_TIMEOUT=60s", "MASTER_PROBE_TIMEOUT=10s"}

func TestOneSQLiteShard(t *testing.T) {
	runAll(t, testcluster.Options{Workers: 1, Masters: 1, Env: patient}, *rewrite, "sqlite")
}

func TestThreeSQLiteShards(t *testing.T) {
	runAll(t, testcluster.Options{Workers: 3, Masters: 1, Env: patient}, false, "sqlite")
}

func TestAShardInEachLanguage(t *testing.T) {
	commands := testcluster.Mixed(t)
	runAll(t, testcluster.Options{Workers: len(commands), WorkerCommands: commands, Masters: 1, Env: patient}, false, "sqlite")
}

func TestThreeSQLServerShards(t *testing.T) {
	server := sqlservertest.New(t)
	what := []string{"sqlserver"}
	if sqlservertest.IsBabelfish(t, server.DSN()) {
		what = append(what, "babelfish")
	}
	suffix := server.Suffix(t)
	runAll(t, testcluster.Options{Workers: 3, Masters: 1, Env: patient, SQLServer: server.DSN(), Suffix: suffix}, false, what...)
}

// ways are the ways to send a statement of the corpus to a master: as a request of the endpoint
// for its kind, and as text.
var ways = map[string]func(text string) (request, error){
	endpointsWay: parse,
	queryWay:     func(text string) (request, error) { return verbatim(text), nil },
}

const (
	endpointsWay = "endpoints"
	queryWay     = "query"
)

// runAll runs the corpus on a cluster for which the conditions in what hold, each way.
func runAll(t *testing.T, o testcluster.Options, write bool, what ...string) {
	corpus := readCorpus(t)
	m := testcluster.Start(t, o).Master(0)
	for _, file := range slices.Sorted(maps.Keys(corpus)) {
		name := strings.TrimSuffix(filepath.Base(file), ".slt")
		t.Run(name, func(t *testing.T) {
			for way, read := range ways {
				run := &runner{
					file: file, records: corpus[file], what: append(slices.Clone(what), way), m: m, read: read,
					db: way + "_" + strings.ReplaceAll(name, "-", "_"), write: write && way == endpointsWay,
				}
				t.Run(way, run.all)
			}
		})
	}
}

// runner runs the records of one file.
type runner struct {
	file, db string
	records  []*record
	what     []string // conditions that hold
	m        *client.Master
	read     func(text string) (request, error)
	write    bool
}

// all runs the file in a database of its own.
func (run *runner) all(t *testing.T) {
	// Babelfish cannot create several databases concurrently; retrying completes the request.
	testcluster.Await(t, "the database to be created", func(ctx context.Context) (bool, string) {
		_, err := run.m.CreateDB(ctx, &api.CreateDBRequest{DB: run.db})
		return err == nil || api.CodeOf(err) == api.CodeDatabaseExists, fmt.Sprint(err)
	})
	for _, r := range run.records {
		if r.runsOn(run.what) {
			run.record(t, r)
		}
	}
	if _, err := run.m.DropDB(t.Context(), &api.DropDBRequest{DB: run.db}); err != nil {
		t.Error(err)
	}
	if !run.write || t.Failed() {
		return
	}
	if err := os.WriteFile(run.file, formatFile(run.records), 0o644); err != nil {
		t.Error(err)
	}
}

func (run *runner) record(t *testing.T, r *record) {
	t.Helper()
	req, err := run.read(r.text)
	if err != nil {
		t.Fatalf("%s:%d: %v", run.file, r.line, err)
	}
	got, err := req.send(t.Context(), run.m, run.db)
	switch {
	case r.code != "":
		p := api.AsProblem(err)
		if err == nil || p.Code != r.code || r.number != 0 && p.SQLNumber != r.number {
			t.Errorf("%s:%d: %s\ngot  %v, number %d\nwant %s, number %d", run.file, r.line, r.text, err, numberOf(p), r.code, r.number)
		}
		return
	case err != nil:
		t.Errorf("%s:%d: %s\n%v, number %d", run.file, r.line, r.text, err, api.AsProblem(err).SQLNumber)
		return
	case !r.query:
		if r.rows >= 0 && got.changed != r.rows {
			t.Errorf("%s:%d: %s\naffected %d rows, want %d", run.file, r.line, r.text, got.changed, r.rows)
		}
		return
	}
	rows := got.rows
	if r.fold {
		for i := range rows {
			rows[i] = folded(t, rows[i])
		}
	}
	if !r.ordered {
		slices.Sort(rows)
	}
	if run.write {
		r.put(got.columns, rows)
		return
	}
	want := append([]string{r.columns}, r.answer...)
	if diff := cmp.Diff(want, append([]string{got.columns}, rows...)); diff != "" {
		t.Errorf("%s:%d: %s\n(-want +got)\n%s", run.file, r.line, r.text, diff)
	}
}

func numberOf(p *api.Problem) int {
	if p == nil {
		return 0
	}
	return p.SQLNumber
}

// folded returns the texts of a row in lower case and without trailing spaces.
func folded(t *testing.T, row string) string {
	t.Helper()
	var values []any
	if err := json.Unmarshal([]byte(row), &values); err != nil {
		t.Fatalf("%s: %v", row, err)
	}
	for i, v := range values {
		if s, ok := v.(string); ok {
			values[i] = strings.TrimRight(strings.ToLower(s), " ")
		}
	}
	b, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
