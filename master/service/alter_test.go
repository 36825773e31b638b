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
	"shardeck/shared/testcluster"
)

func (s *school) run(sql string) (*api.SQLResponse, error) {
	return s.m.Query(s.t.Context(), &api.SQLRequest{DB: s.db, SQL: sql, AllShards: true})
}

func (s *school) mustRun(sql string) *api.SQLResponse {
	s.t.Helper()
	resp, err := s.run(sql)
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return resp
}

// testAlter alters a table through one master and uses it at once through both.
func testAlter(t *testing.T, s *school, backup *client.Master) {
	s.fill(9)
	other := s.via(backup)
	if n := other.count(); n != 9 {
		t.Fatalf("%d rows", n)
	}
	resp := s.mustRun("ALTER TABLE Students ADD level INT NOT NULL DEFAULT 3, city NVARCHAR(20), wide NVARCHAR(900)")
	if c, _ := resp.Definition.Column("city"); c == nil || len(resp.Shards) != 3 {
		t.Errorf("the answer to ALTER TABLE is %+v", resp)
	}
	if got := other.mustRun("SELECT SUM(level) AS s, COUNT(city) AS n FROM Students").Rows; len(got) != 1 || string(got[0]) != "[27,0]" {
		t.Errorf("the rows that exist have %s", got)
	}
	s.mustRun("CREATE INDEX by_city ON Students (city DESC, level)")
	other.mustRun("UPDATE Students SET city = N'Bern' WHERE student_id < 4")
	if got := s.mustRun("SELECT COUNT(*) AS n FROM Students WHERE city = N'BERN'").Rows; string(got[0]) != "[3]" {
		t.Errorf("by the index: %s", got)
	}
	view := s.mustRun(`SELECT i.index_id, i.type_desc, c.column_id, c.is_descending_key FROM sys.indexes AS i
		JOIN sys.index_columns AS c ON c.object_id = i.object_id AND c.index_id = i.index_id
		JOIN sys.tables AS t ON t.object_id = i.object_id WHERE t.name = 'Students' AND i.name = 'by_city' ORDER BY c.key_ordinal`).Rows
	_, at := resp.Definition.Column("city")
	if want := fmt.Sprintf(`[2,"NONCLUSTERED",%d,true] [2,"NONCLUSTERED",%d,false]`, at+1, at); len(view) != 2 || string(view[0])+" "+string(view[1]) != want {
		t.Errorf("sys.indexes has %s, want %s", view, want)
	}
	for sql, number := range map[string]int{
		"ALTER TABLE Students ADD city NVARCHAR(20)":          2705,
		"ALTER TABLE Students ADD x INT, X INT":               2705,
		"ALTER TABLE Students ADD x INT NOT NULL":             4901,
		"CREATE INDEX by_city ON Students (city DESC, level)": 1913,
		"CREATE INDEX by_city ON Students (level)":            1913,
		"CREATE INDEX x ON Students (nope)":                   1911,
		"CREATE INDEX x ON Students (city, city)":             1909,
		"CREATE INDEX x ON Students (wide)":                   1944,
		"DROP INDEX nope ON Students":                         3701,
		"CREATE INDEX x ON Nope (a)":                          208,
	} {
		_, err := s.run(sql)
		if p := api.AsProblem(err); err == nil || p.SQLNumber != number || p.Hint == "" {
			t.Errorf("%s: %v (%d), want %d and a hint", sql, err, p.SQLNumber, number)
		}
	}
	_, err := other.run("ALTER TABLE Students ADD x INT")
	mustFail(t, err, api.CodeNotPrimary, -1)
}

// testAlterHalfDone: a shard that lacks a change, which nothing in a log completes, is seen as drift, and
// the same statement completes it. One that has lost the table gets it with its indexes.
func testAlterHalfDone(t *testing.T, c *testcluster.Cluster, s *school) {
	s.fill(9)
	alter := func(shard int, sql string, change func(def *api.TableDef)) {
		t.Helper()
		w := c.Worker(shard)
		st, err := w.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range st.Databases {
			for _, table := range d.Tables {
				if d.Name != s.db || table.Definition.Name != "Students" {
					continue
				}
				def := table.Definition
				def.Columns = slices.Clone(def.Columns)
				change(&def)
				if _, err := w.Exec(t.Context(), &api.ExecRequest{DB: s.db, Fence: st.State.Fence, Statements: []api.Statement{{
					SQL: sql, Table: "Students", SchemaVersion: table.Definition.Version(), Effect: api.EffectAlterTable, Definition: &def,
				}}}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	drift := func(kind string, shards ...int) {
		t.Helper()
		meta, err := s.m.Metadata(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range meta.Drift {
			if d.DB == s.db && d.Kind == kind && slices.Equal(d.Shards, shards) {
				return
			}
		}
		t.Errorf("drift %+v, want %s on %v", meta.Drift, kind, shards)
	}
	refresh := func() { _, _ = s.run("SELECT nope FROM Students") } // has the master ask the workers
	alter(1, `ALTER TABLE "Students" ADD "extra" INTEGER`, func(def *api.TableDef) {
		def.Columns = append(def.Columns, api.ColumnDef{Name: "extra", Type: "INT", Nullable: true})
	})
	refresh()
	drift("definition", 1)
	if resp := s.mustRun("ALTER TABLE Students ADD extra INT"); len(resp.Shards) != 2 {
		t.Errorf("the column is completed on %+v", resp.Shards)
	}
	s.mustRun("CREATE INDEX by_name ON Students (name)")
	alter(2, `DROP INDEX "index:Students:by_name"`, func(def *api.TableDef) { def.Indexes = nil })
	refresh()
	drift("indexes", 2)
	if resp := s.mustRun("CREATE INDEX by_name ON Students (name)"); len(resp.Shards) != 1 || resp.Shards[0].Shard != 2 {
		t.Errorf("the index is completed on %+v", resp.Shards)
	}
	// Each shard lacks another index.
	s.mustRun("CREATE INDEX by_extra ON Students (extra)")
	alter(0, `DROP INDEX "index:Students:by_name"`, func(def *api.TableDef) { def.Indexes = def.Indexes[1:] })
	alter(1, `DROP INDEX "index:Students:by_extra"`, func(def *api.TableDef) { def.Indexes = def.Indexes[:1] })
	refresh()
	s.mustRun("CREATE INDEX by_name ON Students (name)")
	s.mustRun("CREATE INDEX by_extra ON Students (extra)")
	meta, err := s.m.Metadata(t.Context())
	if err != nil || slices.ContainsFunc(meta.Drift, func(d api.Drift) bool { return d.DB == s.db }) {
		t.Errorf("drift remains: %+v, %v", meta.Drift, err)
	}
	st, err := c.Worker(1).State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Worker(1).DropDB(t.Context(), &api.DBRequest{DB: s.db, Fence: st.Fence}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Worker(1).CreateDB(t.Context(), &api.DBRequest{DB: s.db, Fence: st.Fence}); err != nil {
		t.Fatal(err)
	}
	create := s.createTable()
	create.Columns = append(create.Columns, api.Object[string]{{Name: "extra", Value: "INT"}}...)
	table, err := s.m.CreateTable(t.Context(), create)
	if err != nil || len(table.Shards) != 1 || len(table.Definition.Indexes) != 2 {
		t.Fatalf("completing the table: %+v, %v", table, err)
	}
}

// TestAWriteIsCompletedInATableThatHasBeenAltered: the rows of a write that an ALTER TABLE overtook on
// one shard arrive there, in the table as it is by then.
func TestAWriteIsCompletedInATableThatHasBeenAltered(t *testing.T) {
	p := newPair(t)
	s := newSchool(t, p.master(), "School")
	p.awaitEmptyLogs(s.db)
	p.a.refusing(func(worker int, path, body string) bool {
		return worker == 2 && path == api.WorkerExecPath && strings.Contains(body, "INSERT INTO \\\"Students")
	})
	req := &api.InsertRequest{DB: s.db, Table: "Students"}
	for id := 1; id <= 30; id++ {
		req.Rows = append(req.Rows, row(id, "Late"))
	}
	_, err := s.m.Insert(t.Context(), req)
	if err == nil {
		t.Fatal("the shard has the rows already")
	}
	s.mustRun("ALTER TABLE Students ADD added INT NOT NULL DEFAULT 7")
	p.a.refusing(nil)
	p.awaitEmptyLogs(s.db)
	if n := s.count(); n != 30 {
		t.Errorf("%d rows after %v, want 30", n, err)
	}
	if got := s.mustRun("SELECT SUM(added) AS n FROM Students").Rows; string(got[0]) != "[210]" {
		t.Errorf("the rows have %s, want 7 each", got)
	}
}

// TestWritesGoOnWhileATableIsAltered: no statement fails because columns and indexes come and go, and each
// row is there once.
func TestWritesGoOnWhileATableIsAltered(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2})
	s := newSchool(t, c.Master(0), "School")
	const writers, rows = 3, 20
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var written [writers]int
	for w := range writers {
		via := c.Master(w % 2)
		wg.Go(func() {
			for id := 1 + w*1_000_000; ctx.Err() == nil; id += rows {
				req := &api.InsertRequest{DB: s.db, Table: "Students"}
				for k := range rows {
					req.Rows = append(req.Rows, row(id+k, "Name"))
				}
				if _, err := via.Insert(t.Context(), req); err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				written[w] += rows
			}
		})
	}
	for n := range 10 {
		s.mustRun(fmt.Sprintf("ALTER TABLE Students ADD c%d INT NOT NULL DEFAULT %d", n, n))
		s.mustRun(fmt.Sprintf("CREATE INDEX i%d ON Students (c%d, name)", n, n))
		if n%2 == 1 {
			s.mustRun(fmt.Sprintf("DROP INDEX i%d ON Students", n))
		}
	}
	stop()
	wg.Wait()
	total := written[0] + written[1] + written[2]
	want := fmt.Sprintf("[%d,%d]", total, 9*total)
	if got := s.mustRun("SELECT COUNT(*) AS n, SUM(c9) AS s FROM Students").Rows; string(got[0]) != want {
		t.Errorf("there are %s, want %s", got[0], want)
	}
}
