package service_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/sharding"
	"shardeck/shared/testcluster"
)

const logTable = "shardeck_intents"

// testHiddenLog: clients neither see the log nor can they name it.
func testHiddenLog(t *testing.T, c *testcluster.Cluster, s *school) {
	ctx := t.Context()
	st, err := c.Worker(0).Stats(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for _, d := range st.Databases {
		if d.Name == s.db {
			tables = len(d.Tables)
		}
	}
	if tables != 2 {
		t.Fatalf("the worker has %d tables, want Students and the log", tables)
	}
	testcluster.Await(t, "the stats to be known", func(ctx context.Context) (bool, string) {
		m, err := s.m.Metadata(ctx)
		if err != nil {
			return false, err.Error()
		}
		for _, d := range m.Databases {
			if d.Name == s.db {
				return len(d.Tables) == 1 && d.Tables[0].Name == "Students" && len(m.Drift) == 0, fmt.Sprintf("%+v, drift %+v", d.Tables, m.Drift)
			}
		}
		return false, "no database"
	})
	for name, run := range map[string]func() error{
		"create-table": func() error {
			_, err := s.m.CreateTable(ctx, &api.CreateTableRequest{DB: s.db, Table: "Shardeck_Intents", Columns: studentColumns})
			return err
		},
		"delete-table": func() error {
			_, err := s.m.DeleteTable(ctx, &api.DeleteTableRequest{DB: s.db, Table: logTable})
			return err
		},
		"select": func() error {
			_, err := s.m.Select(ctx, &api.SelectRequest{DB: s.db, Table: logTable})
			return err
		},
		"insert": func() error {
			_, err := s.m.Insert(ctx, &api.InsertRequest{DB: s.db, Table: logTable, Data: row(1, "x")})
			return err
		},
	} {
		p := mustFail(t, run(), api.CodeInvalidIdentifier, -1)
		if !strings.Contains(p.Detail, "reserved") || p.Field != "table" {
			t.Errorf("%s: %v", name, p)
		}
	}
	for _, sql := range []string{
		"CREATE TABLE shardeck_intents (id INT)", "DROP TABLE shardeck_intents", "DROP TABLE IF EXISTS [SHARDECK_INTENTS]",
		"SELECT * FROM shardeck_intents", "SELECT s.name FROM Students s JOIN shardeck_intents i ON i.intent_id = s.student_id",
		"DELETE FROM shardeck_intents WHERE intent_id = 'x'", "UPDATE shardeck_intents SET kind = 'x' WHERE intent_id = 'x'",
		"INSERT INTO shardeck_intents (intent_id) VALUES ('x')",
	} {
		_, err := s.m.Query(ctx, &api.SQLRequest{DB: s.db, SQL: sql})
		if p := mustFail(t, err, api.CodeInvalidIdentifier, -1); !strings.Contains(p.Detail, "reserved") {
			t.Errorf("%s: %v", sql, p)
		}
	}
}

// TestOnlyWritesOfSeveralShardsAreLogged: with and without an Idempotency-Key.
func TestOnlyWritesOfSeveralShardsAreLogged(t *testing.T) {
	p := newPair(t)
	s := newSchool(t, p.master(), "School")
	var mu sync.Mutex
	logged, keyed, sent := 0, 0, 0
	p.a.refusing(func(_ int, path, body string) bool {
		mu.Lock()
		defer mu.Unlock()
		if path == api.WorkerExecPath && strings.Contains(body, "Students") {
			sent++
			if strings.Contains(body, logTable) {
				logged++
			}
			if strings.Contains(body, `"idempotency":{`) {
				keyed++
			}
		}
		return false
	})
	check := func(what string, wantSent, wantLogged, wantKeyed int, run func() error) {
		t.Helper()
		if err := run(); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if sent != wantSent || logged != wantLogged || keyed != wantKeyed {
			t.Errorf("%s: %d parts, %d with an intent, %d with a key; want %d, %d, %d", what, sent, logged, keyed, wantSent, wantLogged, wantKeyed)
		}
		sent, logged, keyed = 0, 0, 0
	}
	insert := func(ids []int, opts ...client.CallOption) func() error {
		return func() error {
			req := &api.InsertRequest{DB: s.db, Table: "Students"}
			for _, id := range ids {
				req.Rows = append(req.Rows, row(id, "x"))
			}
			_, err := s.m.Insert(t.Context(), req, opts...)
			return err
		}
	}
	many := func(from int) (ids []int) {
		for i := range 30 {
			ids = append(ids, from+i)
		}
		return ids
	}
	check("a row", 1, 0, 0, insert([]int{1}))
	check("a row with a key", 1, 0, 1, insert([]int{2}, client.IdempotencyKey("a")))
	check("rows of all shards", 3, 1, 3, insert(many(100)))
	check("rows of all shards with a key", 3, 1, 3, insert(many(200), client.IdempotencyKey("b")))
	check("rows of all shards, replayed", 3, 1, 3, insert(many(200), client.IdempotencyKey("b")))
	check("an update of one row", 1, 0, 0, func() error {
		_, err := s.m.Query(t.Context(), &api.SQLRequest{DB: s.db, SQL: "UPDATE Students SET name = 'y' WHERE student_id = 1"})
		return err
	})
	p.awaitEmptyLogs(s.db)
}

// TestAShardThatMissesItsPartGetsItLater: a write or a change of the schema that does not reach a
// shard is answered with what is known, and completed once the shard can be reached.
func TestAShardThatMissesItsPartGetsItLater(t *testing.T) {
	p := newPair(t)
	m := p.master()
	s := newSchool(t, m, "School")
	const lost = 2
	unreachable := func(table string) {
		p.a.refusing(func(worker int, _, body string) bool { return worker == lost && strings.Contains(body, table) })
	}
	names := func(err error) {
		t.Helper()
		problem := mustFail(t, err, api.CodeOutcomeUnknown, -1)
		if len(problem.Applied) != 2 || len(problem.Causes) != 1 || *problem.Causes[0].Shard != lost || !strings.Contains(problem.Hint, "the primary completes it") {
			t.Errorf("%v: applied %+v, causes %+v, hint %q", problem, problem.Applied, problem.Causes, problem.Hint)
		}
	}

	// The home of the write must be another shard than the lost one.
	key := ""
	for i := 0; ; i++ {
		if key = fmt.Sprintf("key-%d", i); homeOf(key) != lost {
			break
		}
	}
	req := &api.InsertRequest{DB: s.db, Table: "Students"}
	for id := range 30 {
		req.Rows = append(req.Rows, row(id, "x"))
	}
	unreachable("Students")
	_, err := m.Insert(t.Context(), req, client.IdempotencyKey(key))
	names(err)
	problem := api.AsProblem(err)
	if problem.Rows == nil || problem.Rows.Unknown.Count == 0 || problem.Rows.NotInserted.Count != 0 {
		t.Errorf("rows %+v", problem.Rows)
	}
	p.a.refusing(nil)
	p.awaitEmptyLogs(s.db)
	if n := s.count(); n != 30 {
		t.Errorf("%d rows in the end", n)
	}

	unreachable("Late")
	_, err = m.CreateTable(t.Context(), &api.CreateTableRequest{DB: s.db, Table: "Late", Columns: studentColumns})
	names(err)
	// Nothing else changes the database meanwhile.
	_, err = m.CreateTable(t.Context(), &api.CreateTableRequest{DB: s.db, Table: "Another", Columns: studentColumns})
	if refused := mustFail(t, err, api.CodeShardUnavailable, -1); !strings.Contains(refused.Detail, "create table School.Late") {
		t.Errorf("%v", refused)
	}
	p.a.refusing(nil)
	full := "Late(0) Students"
	await := func(what string, ok func(shape string) bool) {
		t.Helper()
		testcluster.Await(t, what, func(context.Context) (bool, string) {
			got := p.shape(s.db)
			return !slices.ContainsFunc(got, func(s string) bool { return !ok(s) }), fmt.Sprint(got)
		})
	}
	await("the table to be everywhere", func(shape string) bool {
		return strings.HasPrefix(shape, full) && strings.Contains(shape, logTable+"(0)")
	})
	// A repetition of the statement that was completed meanwhile.
	_, err = m.CreateTable(t.Context(), &api.CreateTableRequest{DB: s.db, Table: "Late", Columns: studentColumns})
	mustFail(t, err, api.CodeTableExists, -1)

	unreachable("Late")
	_, err = m.DeleteTable(t.Context(), &api.DeleteTableRequest{DB: s.db, Table: "Late"})
	names(err)
	p.a.refusing(nil)
	await("the table to be nowhere", func(shape string) bool {
		return !strings.Contains(shape, "Late") && strings.Contains(shape, logTable+"(0)")
	})
}

// TestATableThatAShardRefusesIsCreatedNowhere: another table of the name appears on a shard after the
// primary has looked.
func TestATableThatAShardRefusesIsCreatedNowhere(t *testing.T) {
	p := newPair(t)
	m := p.master()
	s := newSchool(t, m, "School")
	const other = 2
	w := p.c.Worker(other)
	var once sync.Once
	p.a.refusing(func(worker int, _, body string) bool {
		if worker == other && strings.Contains(body, "CREATE TABLE") && strings.Contains(body, "Clash") {
			once.Do(func() {
				st, err := w.State(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				def := &api.TableDef{Name: "Clash", Columns: []api.ColumnDef{{Name: "other", Type: "INT"}}}
				_, err = w.Exec(t.Context(), &api.ExecRequest{DB: s.db, Fence: st.Fence, Statements: []api.Statement{{
					SQL: `CREATE TABLE "Clash" ("other" INTEGER NOT NULL, "_slot" INTEGER NOT NULL) STRICT`, Table: "Clash", Effect: api.EffectCreateTable, Definition: def,
				}}})
				if err != nil {
					t.Error(err)
				}
			})
		}
		return false
	})
	_, err := m.CreateTable(t.Context(), &api.CreateTableRequest{DB: s.db, Table: "Clash", Columns: studentColumns})
	problem := mustFail(t, err, api.CodeTableExists, other)
	if len(problem.Applied) != 0 || len(problem.Causes) != 3 || !strings.Contains(problem.Detail, "no shard keeps the table") {
		t.Errorf("%v: applied %+v, causes %+v", problem, problem.Applied, problem.Causes)
	}
	bare := "Students(0) " + logTable + "(0)"
	if got := p.shape(s.db); !slices.Equal(got, []string{bare, bare, "Clash(0) " + bare}) {
		t.Errorf("%q", got)
	}
}

// TestTheSameStatementCompletesWhatItLeft: it is answered as if it had been the first.
func TestTheSameStatementCompletesWhatItLeft(t *testing.T) {
	p := newPair(t)
	m := p.master()
	s := newSchool(t, m, "School")
	var mu sync.Mutex
	left := 1
	p.a.refusing(func(worker int, _, body string) bool {
		mu.Lock()
		defer mu.Unlock()
		if worker == 2 && strings.Contains(body, "Twice") && left > 0 {
			left--
			return true
		}
		return false
	})
	req := &api.CreateTableRequest{DB: s.db, Table: "Twice", Columns: studentColumns}
	_, err := m.CreateTable(t.Context(), req)
	mustFail(t, err, api.CodeOutcomeUnknown, -1)
	resp, err := m.CreateTable(t.Context(), req)
	if err != nil && api.CodeOf(err) != api.CodeTableExists { // the primary was faster
		t.Fatal(err)
	}
	if err == nil && (len(resp.Shards) != 3 || resp.Definition == nil) {
		t.Errorf("%+v", resp)
	}
}

// TestADatabaseWithoutALogGetsOne: it was created by an older version. Until then its writes are
// as they were.
func TestADatabaseWithoutALogGetsOne(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1})
	for i := range c.Workers {
		w := c.Worker(i)
		st, err := w.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.CreateDB(t.Context(), &api.DBRequest{DB: "Old", Fence: st.Fence}); err != nil {
			t.Fatal(err)
		}
	}
	p := &pair{t: t, c: c}
	p.awaitShape("Old", logTable+"(0)")
	s := &school{t, c.Master(0), "Old"}
	if _, err := s.m.CreateTable(t.Context(), s.createTable()); err != nil {
		t.Fatal(err)
	}
	s.fill(30)
	if n := s.count(); n != 30 {
		t.Errorf("%d rows", n)
	}
}

// TestDriftOffersBothWays: after half a DROP, creating the table again is not the only way on, and
// the hint says what becomes of the rows.
func TestDriftOffersBothWays(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1})
	s := newSchool(t, c.Master(0), "School")
	s.fill(60)
	w := c.Worker(1)
	st, err := w.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	for _, d := range st.Databases[0].Tables {
		if d.Definition.Name != "Students" {
			continue
		}
		rows = d.Rows
		_, err := w.Exec(t.Context(), &api.ExecRequest{DB: s.db, Fence: st.State.Fence, Statements: []api.Statement{{
			SQL: `DROP TABLE "Students"`, Table: "Students", SchemaVersion: d.Definition.Version(), Effect: api.EffectDropTable,
		}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	testcluster.Await(t, "drift", func(ctx context.Context) (bool, string) {
		m, err := s.m.Metadata(ctx)
		if err != nil || len(m.Drift) != 1 {
			return false, "none yet"
		}
		for _, part := range []string{"shard 1 lacks", "delete-table has left half done", fmt.Sprintf("%d rows remain on shards 0, 2", 60-rows),
			"the same create-table again creates it empty", "delete-table drops the rest with its rows"} {
			if !strings.Contains(m.Drift[0].Detail, part) {
				return false, fmt.Sprintf("%q lacks %q", m.Drift[0].Detail, part)
			}
		}
		return true, ""
	})
}

// homeOf returns the shard of three that a key hashes to.
func homeOf(key string) int { return sharding.Slot(key) % 3 }
