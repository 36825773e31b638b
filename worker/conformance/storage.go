package conformance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// Storage takes the data directory away from the worker while it is written to, in each way of a
// few: the worker must acknowledge nothing from then on, say so in /health, and have kept every
// row that it acknowledged before. start starts a worker with the embedded engine, whose data
// directory is dirOf(dir); the test stops it.
func Storage(t *testing.T, start func(t *testing.T, dir string) Process, dirOf func(dir string) string) {
	for name, take := range map[string]func(t *testing.T, dir string) (kept string){
		"moved": func(t *testing.T, dir string) string {
			must(t, os.Rename(dir, dir+".old"))
			return dir + ".old"
		},
		"removed": func(t *testing.T, dir string) string {
			must(t, os.RemoveAll(dir))
			return ""
		},
		"replaced by a copy": func(t *testing.T, dir string) string {
			must(t, os.CopyFS(dir+".new", os.DirFS(dir)))
			must(t, os.Rename(dir, dir+".old"))
			must(t, os.Rename(dir+".new", dir))
			return dir + ".old"
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			p := start(t, root)
			j := newStorageJournal(t, p)
			j.insertUntilRefused(t, func() string { return take(t, dirOf(root)) })
			j.wantFailing(t)
			p.Stop()
			if j.kept == "" {
				return
			}
			must(t, os.RemoveAll(dirOf(root)))
			must(t, os.Rename(j.kept, dirOf(root)))
			p = start(t, root)
			defer p.Stop()
			j.wantRows(t, p)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// storageJournal is what writers know about their rows.
type storageJournal struct {
	w     *client.Worker
	table *api.TableDef
	kept  string // where the original files are

	mu    sync.Mutex
	acked map[int64]bool
}

// storageFence is that of the writers.
var storageFence = api.Fence{Term: 1, MapVersion: 1}

func newStorageJournal(t *testing.T, p Process) *storageJournal {
	t.Helper()
	j := &storageJournal{w: storageClient(t, p), acked: map[int64]bool{},
		table: &api.TableDef{Name: "T", Columns: []api.ColumnDef{{Name: "id", Type: "BIGINT"}}}}
	_, err := j.w.CreateDB(t.Context(), &api.DBRequest{DB: "A", Fence: storageFence})
	must(t, err)
	_, err = j.w.Exec(t.Context(), &api.ExecRequest{DB: "A", Fence: storageFence, Statements: []api.Statement{
		{SQL: `CREATE TABLE "T" ("id" INTEGER NOT NULL)`, Table: "T", Effect: api.EffectCreateTable, Definition: j.table},
	}})
	must(t, err)
	return j
}

func storageClient(t *testing.T, p Process) *client.Worker {
	transport := client.NewTransport()
	t.Cleanup(transport.CloseIdleConnections)
	return client.NewWorker(p.URL, p.Token, client.WithTransport(transport))
}

func (j *storageJournal) insert(ctx context.Context, id int64) error {
	st := api.Statement{SQL: `INSERT INTO "T" ("id") VALUES (@p1)`, Table: "T", Effect: api.EffectInsert, SchemaVersion: j.table.Version(),
		Types: []string{"BIGINT"}, Columns: []string{"id"}, Rows: []jsontext.Value{jsontext.Value(fmt.Sprintf("[%d]", id))}}
	_, err := j.w.Exec(ctx, &api.ExecRequest{DB: "A", Fence: storageFence, Statements: []api.Statement{st}})
	return err
}

// insertUntilRefused has writers insert, takes the directory away meanwhile, and checks that
// nothing which began afterwards is acknowledged.
func (j *storageJournal) insertUntilRefused(t *testing.T, take func() string) {
	t.Helper()
	var next atomic.Int64
	var taken atomic.Bool
	var wg sync.WaitGroup
	enough := make(chan struct{})
	for range 8 {
		wg.Go(func() {
			for {
				id, late := next.Add(1), taken.Load()
				err := j.insert(t.Context(), id)
				if c := api.CodeOf(err); c == api.CodeStorageFailed || c == api.CodeOutcomeUnknown {
					return
				}
				if err != nil || late {
					t.Errorf("row %d: %v; acknowledged after its file was gone: %v", id, err, late && err == nil)
					return
				}
				j.mu.Lock()
				j.acked[id] = true
				if len(j.acked) == 100 {
					close(enough)
				}
				j.mu.Unlock()
			}
		})
	}
	stopped := make(chan struct{})
	go func() {
		wg.Wait()
		close(stopped)
	}()
	select {
	case <-enough:
	case <-stopped:
		t.Fatal("the writers have stopped before anything happened")
	}
	j.kept = take()
	taken.Store(true)
	<-stopped
}

// wantFailing checks what the worker says about itself, and that it refuses everything.
func (j *storageJournal) wantFailing(t *testing.T) {
	t.Helper()
	h, err := j.w.Health(t.Context())
	must(t, err)
	if h.Status != api.WorkerFailing || h.Storage == nil || h.Storage.Code != api.StorageRemoved || h.Storage.Since.IsZero() {
		t.Errorf("health %+v, %+v", h, h.Storage)
	} else if h.Storage.Problem != api.StorageRemoved.Problem() || strings.ContainsAny(h.Storage.Problem, `/\`) {
		t.Errorf("the problem is %q", h.Storage.Problem)
	}
	st, err := j.w.Stats(t.Context())
	must(t, err)
	if len(st.Storage) == 0 || filepath.Base(st.Storage[0].Path) == "." {
		t.Errorf("the statistics say %+v", st.Storage)
	}
	for { // each file is noticed on its own, at the latest when it is next checked
		err := j.insert(t.Context(), -1)
		s, qerr := j.w.Query(t.Context(), &api.QueryRequest{DB: "A", SQL: `SELECT "id" FROM "T"`, ResultTypes: []string{"BIGINT"}})
		if qerr == nil {
			s.Close()
		}
		if api.CodeOf(err) == api.CodeStorageFailed && api.CodeOf(qerr) == api.CodeStorageFailed {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// wantRows checks that every acknowledged row exists.
func (j *storageJournal) wantRows(t *testing.T, p Process) {
	t.Helper()
	e := &env{T: t, w: storageClient(t, p)}
	rows := e.rows(&api.QueryRequest{DB: "A", SQL: `SELECT "id" FROM "T"`, ResultTypes: []string{"BIGINT"}})
	for _, row := range rows {
		id, err := strconv.ParseInt(strings.Trim(row, "[]"), 10, 64)
		must(t, err)
		delete(j.acked, id)
	}
	if len(j.acked) > 0 {
		t.Errorf("%d acknowledged rows are lost: %v", len(j.acked), j.acked)
	}
}
