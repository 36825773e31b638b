package sqlserver

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/sqlservertest"
	"shardeck/worker/engine/sqlserver/batch"
)

// These tests cover what is specific to this engine. They need a server; see sqlservertest.

var term1 = api.Fence{Term: 1, MapVersion: 1}

func openTest(t *testing.T, d *sqlservertest.Databases, suffix string, change ...func(*Config)) *Engine {
	t.Helper()
	cfg := Config{DSN: d.DSN(), Suffix: suffix, DropTimeout: 2 * time.Second}
	for _, c := range change {
		c(&cfg)
	}
	e, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return e
}

var studentsDef = api.TableDef{
	Name: "Students",
	Columns: []api.ColumnDef{
		{Name: "student_id", Type: "INT"}, {Name: "gpa", Type: "DECIMAL(3,2)", Nullable: true},
	},
	PrimaryKey: []string{"student_id"}, ShardKey: "student_id",
}

func insertStudents(rows ...string) api.Statement {
	st := api.Statement{
		SQL: "INSERT INTO [dbo].[Students] ([student_id], [gpa], [_slot]) VALUES (@p1, @p2, @p3)", Table: "Students",
		Effect: api.EffectInsert, SchemaVersion: studentsDef.Version(), Types: []string{"INT", "DECIMAL(3,2)", "INT"},
		Columns: []string{"student_id", "gpa", "_slot"},
	}
	for _, r := range rows {
		st.Rows = append(st.Rows, jsontext.Value(r))
	}
	return st
}

// school creates a database with a table of students.
func school(t *testing.T, e *Engine) {
	t.Helper()
	if _, err := e.CreateDB(t.Context(), "SchoolDB", term1); err != nil {
		t.Fatalf("CreateDB: %v", err)
	}
	mustExec(t, e, api.Statement{
		SQL:   `CREATE TABLE [dbo].[Students] ([student_id] INT NOT NULL PRIMARY KEY, [gpa] DECIMAL(3,2) NULL, [_slot] INT NOT NULL)`,
		Table: "Students", Effect: api.EffectCreateTable, Definition: &studentsDef,
	})
}

func exec(ctx context.Context, e *Engine, st ...api.Statement) (*api.ExecResponse, error) {
	return e.Exec(ctx, &api.ExecRequest{DB: "SchoolDB", Fence: term1, Statements: st})
}

func mustExec(t *testing.T, e *Engine, st ...api.Statement) *api.ExecResponse {
	t.Helper()
	resp, err := exec(t.Context(), e, st...)
	if err != nil {
		t.Fatalf("Exec: %v", err)
	}
	return resp
}

// counted returns the number of rows by the engine's count and the actual number.
func counted(t *testing.T, e *Engine) (recorded, actual int64) {
	t.Helper()
	all, err := e.Stats(t.Context())
	if err != nil || len(all) != 1 || len(all[0].Tables) != 1 {
		t.Fatalf("Stats: %+v, %v", all, err)
	}
	err = e.Query(t.Context(), &api.QueryRequest{
		DB: "SchoolDB", SQL: "SELECT [student_id] FROM [dbo].[Students]", ResultTypes: []string{"INT"},
	}, func([]byte) error { actual++; return nil })
	if err != nil {
		t.Fatalf("Query: %v", err)
	}
	return all[0].Tables[0].Rows, actual
}

func wantCounted(t *testing.T, e *Engine, want int64) {
	t.Helper()
	if recorded, actual := counted(t, e); recorded != want || actual != want {
		t.Errorf("%d rows are counted and %d exist, want %d", recorded, actual, want)
	}
}

func studentRows(first, n int) []string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf(`[%d,"%d.25",%d]`, first+i, i%10, i%5040)
	}
	return rows
}

func TestManyRowsBehaveLikeFew(t *testing.T) {
	d := sqlservertest.New(t)
	e := openTest(t, d, d.Suffix(t))
	school(t, e)
	resp := mustExec(t, e, insertStudents(studentRows(0, 3*bulkRows)...), insertStudents(studentRows(1000, batch.MaxExecutions+20)...))
	if diff := cmp.Diff([]int64{3 * bulkRows, batch.MaxExecutions + 20}, resp.RowsAffected); diff != "" {
		t.Errorf("rows affected (-want +got):\n%s", diff)
	}
	wantCounted(t, e, 3*bulkRows+batch.MaxExecutions+20)

	// A bulk copy does not report which row was at fault, but the caller must be told.
	for name, at := range map[string]int{"by copy": 2 * bulkRows, "by rows": batch.MaxExecutions + 10} {
		rows := studentRows(5000, at+10)
		rows[at] = `[7,"1",0]`
		p := api.AsProblem(func() error { _, err := exec(t.Context(), e, insertStudents(rows...)); return err }())
		if p == nil || p.Code != api.CodeDuplicateKey || p.Row == nil || *p.Row != at {
			t.Errorf("%s: %+v, want duplicate_key at row %d", name, p, at)
		}
	}
	wantCounted(t, e, 3*bulkRows+batch.MaxExecutions+20)
}

func TestRecoveryAfterACrash(t *testing.T) {
	d := sqlservertest.New(t)
	suffix := d.Suffix(t)
	e := openTest(t, d, suffix)
	school(t, e)
	for name, state := range map[string]string{"Half": batch.RecordCreating, "Gone": batch.RecordDropping, "Never": batch.RecordCreating} {
		r := record{name: name, physical: name + suffix, state: state}
		if err := e.addRecord(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if name != "Never" { // the crash happened before CREATE DATABASE
			if err := e.createPhysical(t.Context(), r.physical); err != nil {
				t.Fatal(err)
			}
		}
	}
	again := openTest(t, d, suffix)
	all, err := again.records(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]record{{"SchoolDB", "SchoolDB" + suffix, batch.RecordReady}}, all, cmp.AllowUnexported(record{})); diff != "" {
		t.Errorf("records after the second start (-want +got):\n%s", diff)
	}
	for _, name := range []string{"Half", "Gone"} {
		if there, err := databaseExists(t.Context(), again.state.DB, name+suffix); err != nil || there {
			t.Errorf("%s still exists (%v)", name, err)
		}
	}
	wantCounted(t, again, 0)
}

// TestTwoEnginesOnOneServer: a second worker process takes over while the first is still writing.
// What it stores applies to both.
func TestTwoEnginesOnOneServer(t *testing.T) {
	d := sqlservertest.New(t)
	suffix := d.Suffix(t)
	first, second := openTest(t, d, suffix), openTest(t, d, suffix)
	school(t, first)
	mustExec(t, second, insertStudents(`[-1,null,0]`)) // a database created by the other engine
	const writers = 4
	var acknowledged atomic.Int64
	var wg sync.WaitGroup
	var ready sync.WaitGroup
	ready.Add(writers)
	for w := range writers {
		wg.Go(func() {
			for i := 0; ; i++ {
				_, err := exec(t.Context(), first, insertStudents(fmt.Sprintf("[%d,null,0]", w*1_000_000+i)))
				if i == 0 {
					ready.Done()
				}
				if err != nil {
					if api.CodeOf(err) != api.CodeStaleTerm {
						t.Errorf("writer %d: %v, want %s", w, err, api.CodeStaleTerm)
					}
					return
				}
				acknowledged.Add(1)
			}
		})
	}
	ready.Wait()
	if _, err := second.SetState(t.Context(), api.StateUpdate{Fence: api.Fence{Term: 2, MapVersion: 1}, Leader: "http://b", Shard: "0/3"}); err != nil {
		t.Errorf("SetState: %v", err)
	}
	_, after := counted(t, second)
	wg.Wait()
	recorded, end := counted(t, second)
	// SQL Server locks the fence from its check to the commit. Babelfish ignores REPEATABLEREAD: a
	// write that was checked just before may commit just after.
	if end != after && !strings.Contains(first.Version(), "Babelfish") {
		t.Errorf("%d rows of term 1 came after SetState had returned", end-after)
	}
	if want := acknowledged.Load() + 1; end != want || recorded != want {
		t.Errorf("%d rows exist and %d are counted, %d were acknowledged", end, recorded, want)
	}
}

func TestOneKeyOnTwoEnginesIsExecutedOnce(t *testing.T) {
	d := sqlservertest.New(t)
	suffix := d.Suffix(t)
	engines := []*Engine{openTest(t, d, suffix), openTest(t, d, suffix)}
	school(t, engines[0])
	var fresh atomic.Int64
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			resp, err := engines[i%2].Exec(t.Context(), &api.ExecRequest{
				DB: "SchoolDB", Fence: term1, Idempotency: &api.Idempotency{Key: "k\x00é", Hash: "aa"},
				Statements: []api.Statement{insertStudents(`[1,null,0]`)},
			})
			switch {
			case err != nil:
				t.Errorf("Exec: %v", err)
			case !resp.Replayed:
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	if fresh.Load() != 1 {
		t.Errorf("the request was executed %d times", fresh.Load())
	}
	wantCounted(t, engines[0], 1)
}

// TestADeadlockIsRetried has two writers lock two rows in opposite orders.
func TestADeadlockIsRetried(t *testing.T) {
	d := sqlservertest.New(t)
	e := openTest(t, d, d.Suffix(t))
	school(t, e)
	mustExec(t, e, insertStudents(`[1,"0",0]`, `[2,"0",0]`))
	raise := func(id int) api.Statement {
		return api.Statement{
			SQL: fmt.Sprintf("UPDATE [dbo].[Students] SET [gpa] = [gpa] + 0.01 WHERE [student_id] = %d", id), Table: "Students",
			Effect: api.EffectUpdate, SchemaVersion: studentsDef.Version(),
		}
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for range 5 {
				if _, err := exec(t.Context(), e, raise(1+w%2), raise(2-w%2)); err != nil {
					t.Errorf("Exec: %v", err)
				}
			}
		})
	}
	wg.Wait()
	var got []string
	err := e.Query(t.Context(), &api.QueryRequest{
		DB: "SchoolDB", SQL: "SELECT [gpa] FROM [dbo].[Students]", ResultTypes: []string{"DECIMAL(3,2)"},
	}, func(line []byte) error { got = append(got, string(line)); return nil })
	if diff := cmp.Diff([]string{`["0.20"]`, `["0.20"]`}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// wire is a proxy that can be cut.
type wire struct {
	net.Listener
	to    string
	mu    sync.Mutex
	conns []net.Conn
	// dropReplies discards what the server sends, so that requests arrive and responses do not.
	dropReplies atomic.Bool
	swallowed   chan struct{}
}

func (w *wire) serve() {
	for {
		in, err := w.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", w.to)
		if err != nil {
			in.Close()
			continue
		}
		w.mu.Lock()
		w.conns = append(w.conns, in, out)
		w.mu.Unlock()
		go func() { _, _ = io.Copy(out, in); out.Close() }()
		go func() {
			defer in.Close()
			buf := make([]byte, 32<<10)
			for {
				n, err := out.Read(buf)
				if err != nil {
					return
				}
				if w.dropReplies.Load() {
					select {
					case w.swallowed <- struct{}{}:
					default:
					}
					return // the response is lost along with the connection
				}
				if _, err := in.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
	}
}

func TestALostResponseLeavesTheOutcomeUnknown(t *testing.T) {
	d := sqlservertest.New(t)
	u, err := url.Parse(d.DSN())
	if err != nil || u.Host == "" {
		t.Skip("NOT RUN: the server is not given as a URL, so that no proxy can be put before it")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: l, to: u.Host, swallowed: make(chan struct{}, 1)}
	go w.serve()
	t.Cleanup(func() { l.Close() })
	suffix := d.Suffix(t)
	direct := openTest(t, d, suffix)
	school(t, direct)
	u.Host = l.Addr().String()
	e := openTest(t, d, suffix, func(c *Config) { c.DSN = u.String() })
	mustExec(t, e, insertStudents(`[1,null,0]`))
	w.dropReplies.Store(true)
	_, err = exec(t.Context(), e, insertStudents(`[2,null,0]`))
	if api.CodeOf(err) != api.CodeOutcomeUnknown {
		t.Errorf("%v, want %s", err, api.CodeOutcomeUnknown)
	}
	<-w.swallowed // so the server had responded: the row exists
	wantCounted(t, direct, 2)
	w.dropReplies.Store(false)
	mustExec(t, e, insertStudents(`[3,null,0]`))
	wantCounted(t, direct, 3)
}
