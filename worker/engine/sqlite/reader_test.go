package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"shardeck/shared/api"
)

func TestACallersErrorEndsTheQuery(t *testing.T) {
	e := school(t, Config{})
	mustExec(t, e, request(insert(student(1), student(2))))
	full := errors.New("the pipe is broken")
	n := 0
	err := e.Query(t.Context(), selectAll(""), func([]byte) error { n++; return full })
	if !errors.Is(err, full) || n != 1 {
		t.Errorf("%d rows and %v, want 1 and the caller's error", n, err)
	}
	if got := len(rows(t, e, selectAll(""))); got != 2 {
		t.Errorf("the next query has %d rows", got)
	}
}

// endless is a query that runs until it is interrupted.
func endless() *api.QueryRequest {
	return &api.QueryRequest{
		DB:          "SchoolDB",
		SQL:         `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < @p1`,
		Types:       []string{"INT"},
		Params:      []byte(`[0]`),
		ResultTypes: []string{"BIGINT"},
	}
}

func TestQueriesEndWithTheirContext(t *testing.T) {
	e := school(t, Config{})
	timed := endless()
	timed.TimeoutMS = 10
	if err := e.Query(t.Context(), timed, nil); api.CodeOf(err) != api.CodeShardTimeout {
		t.Errorf("timeout: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(5*time.Millisecond, cancel)
	if err := e.Query(ctx, endless(), nil); api.CodeOf(err) != api.CodeCanceled {
		t.Errorf("cancelled: %v", err)
	}
	if err := e.Query(ctx, endless(), nil); api.CodeOf(err) != api.CodeCanceled {
		t.Errorf("cancelled before: %v", err)
	}
}

func TestDropInterruptsReadersAndRefusesWaitingOnes(t *testing.T) {
	e := school(t, Config{Dir: t.TempDir(), Suffix: "GO", Readers: 2})
	var wg sync.WaitGroup
	for range 6 { // more than the number of readers
		wg.Go(func() {
			err := e.Query(context.Background(), endless(), nil)
			if api.CodeOf(err) != api.CodeUnknownDatabase {
				t.Errorf("Query: %v, want %s", err, api.CodeUnknownDatabase)
			}
		})
	}
	db, err := e.database("SchoolDB")
	if err != nil {
		t.Fatal(err)
	}
	for db.readers.waiting.Load() < 4 {
		time.Sleep(time.Millisecond)
	}
	if _, err := e.DropDB(t.Context(), "schooldb", fence1); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if _, err := e.Exec(t.Context(), request(insert(student(1)))); api.CodeOf(err) != api.CodeUnknownDatabase {
		t.Errorf("Exec after the drop: %v", err)
	}
}

func TestDropDoesNotWaitForAReaderWhoseCallerIsStuck(t *testing.T) {
	e := school(t, Config{Dir: t.TempDir(), Suffix: "GO", DropTimeout: 10 * time.Millisecond})
	mustExec(t, e, request(insert(student(1), student(2), student(3))))
	reading, proceed, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		first := true
		ended <- e.Query(context.Background(), selectAll(""), func([]byte) error {
			if first {
				close(reading)
				first = false
			}
			<-proceed
			return nil
		})
	}()
	<-reading
	if _, err := e.DropDB(t.Context(), "SchoolDB", fence1); err != nil {
		t.Fatal(err)
	}
	// A new database with the same name is independent of what the stuck reader still holds.
	if _, err := e.CreateDB(t.Context(), "SchoolDB", fence1); err != nil {
		t.Fatal(err)
	}
	mustExec(t, e, request(createStudents()))
	mustExec(t, e, request(insert(student(7))))
	close(proceed)
	if err := <-ended; api.CodeOf(err) != api.CodeUnknownDatabase {
		t.Errorf("the stuck query: %v", err)
	}
	mustExec(t, e, request(insert(student(8))))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, e.cfg.Dir)
	if got := rows(t, e, selectAll("")); len(got) != 2 {
		t.Errorf("rows %v, want 2", got)
	}
}

func TestAQueryNeverReadsASchemaItWasNotCheckedFor(t *testing.T) {
	e := school(t, Config{})
	wide := studentsDef
	wide.Columns = append(wide.Columns[:len(wide.Columns):len(wide.Columns)], api.ColumnDef{Name: "extra", Type: "INT", Nullable: true})
	drop := api.Statement{SQL: `DROP TABLE "Students"`, Table: "Students", Effect: api.EffectDropTable}
	createWide := api.Statement{
		SQL:   `CREATE TABLE "Students" ("student_id" INTEGER PRIMARY KEY, "name" TEXT, "age" INTEGER, "gpa" TEXT, "extra" INTEGER, "_slot" INTEGER NOT NULL)`,
		Table: "Students", Effect: api.EffectCreateTable, Definition: &wide,
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for _, q := range []struct {
		version string
		name    string
	}{{studentsDef.Version(), `["narrow"]`}, {wide.Version(), `["wide"]`}} {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				req := &api.QueryRequest{
					DB: "SchoolDB", SQL: `SELECT "name" FROM "Students"`, ResultTypes: []string{"NVARCHAR(50)"},
					Schemas: map[string]string{"Students": q.version},
				}
				err := e.Query(context.Background(), req, func(line []byte) error {
					if string(line) != q.name {
						return fmt.Errorf("read %s with the other schema", line)
					}
					return nil
				})
				if c := api.CodeOf(err); err != nil && c != api.CodeStaleSchema && c != api.CodeUnknownTable {
					t.Error(err)
				}
			}
		})
	}
	for range 20 {
		for _, next := range []api.Statement{createWide, createStudents()} {
			// The row is inserted along with the table: a reader sees both or neither.
			fill := api.Statement{
				SQL: `INSERT INTO "Students" ("student_id", "name", "_slot") VALUES (1, 'wide', 1)`, Table: "Students",
				Effect: api.EffectInsert, SchemaVersion: next.Definition.Version(),
			}
			if next.Definition.Version() == studentsDef.Version() {
				fill.SQL = `INSERT INTO "Students" ("student_id", "name", "_slot") VALUES (1, 'narrow', 1)`
			}
			mustExec(t, e, request(drop, next, fill))
		}
	}
	close(stop)
	wg.Wait()
	if n := rowCount(t, e); n != 1 {
		t.Errorf("%d rows counted, want 1", n)
	}
}

// All the queries the engine promises run concurrently, even if none of their callers takes more
// than a row: a master relies on it to avoid a deadlock between its reads. Afterwards only a few
// readers stay open.
func TestQueriesWithSlowCallersRunConcurrently(t *testing.T) {
	e := school(t, Config{})
	mustExec(t, e, request(insert(student(1), student(2))))
	var running, ended sync.WaitGroup
	proceed := make(chan struct{})
	running.Add(defaultReaders)
	for range defaultReaders {
		ended.Go(func() {
			rows := 0
			err := e.Query(t.Context(), selectAll(""), func([]byte) error {
				if rows++; rows == 1 {
					running.Done()
				}
				<-proceed
				return nil
			})
			if err != nil || rows != 2 {
				t.Errorf("%d rows, %v", rows, err)
			}
		})
	}
	running.Wait()
	close(proceed)
	ended.Wait()
	db, err := e.database("SchoolDB")
	if err != nil {
		t.Fatal(err)
	}
	db.readers.mu.Lock()
	defer db.readers.mu.Unlock()
	if open, idle := len(db.readers.open), len(db.readers.idle); open != idle || idle != keepIdle {
		t.Errorf("%d readers are open and %d idle, want %d", open, idle, keepIdle)
	}
}
