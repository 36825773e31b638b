package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

var studentsDef = api.TableDef{
	Name: "Students",
	Columns: []api.ColumnDef{
		{Name: "student_id", Type: "INT"},
		{Name: "name", Type: "NVARCHAR(50)"},
		{Name: "age", Type: "TINYINT", Nullable: true},
		{Name: "gpa", Type: "DECIMAL(3,2)", Nullable: true},
	},
	PrimaryKey: []string{"student_id"},
	ShardKey:   "student_id",
}

const studentsDDL = `CREATE TABLE "Students" (
	"student_id" INTEGER NOT NULL,
	"name" TEXT COLLATE SHARDECK_TEXT NOT NULL CONSTRAINT "ck_2628_name" CHECK (length("name") <= 50),
	"age" INTEGER CONSTRAINT "ck_8115_age" CHECK ("age" BETWEEN 0 AND 255),
	"gpa" TEXT COLLATE SHARDECK_DECIMAL,
	"_slot" INTEGER NOT NULL,
	PRIMARY KEY ("student_id"))`

const insertStudent = `INSERT INTO "Students" ("student_id", "name", "age", "gpa", "_slot") VALUES (@p1, @p2, @p3, @p4, @p5)`

var insertColumns = []string{"student_id", "name", "age", "gpa", "_slot"}

var insertTypes = []string{"INT", "NVARCHAR(50)", "TINYINT", "DECIMAL(3,2)", "INT"}

var fence1 = api.Fence{Term: 1, MapVersion: 1}

func open(t testing.TB, dir string) *Engine {
	t.Helper()
	return openWith(t, Config{Dir: dir, Suffix: "GO"})
}

func openWith(t testing.TB, cfg Config) *Engine {
	t.Helper()
	e, err := Open(context.Background(), cfg)
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

// school opens an engine with SchoolDB.Students in it.
func school(t testing.TB, cfg Config) *Engine {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir, cfg.Suffix = t.TempDir(), "GO"
	}
	e := openWith(t, cfg)
	if _, err := e.CreateDB(t.Context(), "SchoolDB", fence1); err != nil {
		t.Fatalf("CreateDB: %v", err)
	}
	mustExec(t, e, &api.ExecRequest{Statements: []api.Statement{createStudents()}})
	return e
}

func createStudents() api.Statement {
	def := studentsDef
	return api.Statement{SQL: studentsDDL, Table: "Students", Effect: api.EffectCreateTable, Definition: &def}
}

func insert(rows ...string) api.Statement {
	st := api.Statement{
		SQL: insertStudent, Table: "Students", Effect: api.EffectInsert,
		SchemaVersion: studentsDef.Version(), Types: insertTypes, Columns: insertColumns,
	}
	for _, r := range rows {
		st.Rows = append(st.Rows, jsontext.Value(r))
	}
	return st
}

func request(statements ...api.Statement) *api.ExecRequest {
	return &api.ExecRequest{DB: "SchoolDB", Fence: fence1, Statements: statements}
}

func mustExec(t testing.TB, e *Engine, req *api.ExecRequest) *api.ExecResponse {
	t.Helper()
	req.DB, req.Fence = "SchoolDB", fence1
	resp, err := e.Exec(t.Context(), req)
	if err != nil {
		t.Fatalf("Exec: %v", err)
	}
	return resp
}

func student(id int) string { return fmt.Sprintf(`[%d,"Student %d",20,"3.50",%d]`, id, id, id%5040) }

func selectAll(where string) *api.QueryRequest {
	return &api.QueryRequest{
		DB:          "SchoolDB",
		SQL:         `SELECT "student_id", "name", "age", "gpa" FROM "Students" ` + where,
		ResultTypes: []string{"INT", "NVARCHAR(50)", "TINYINT", "DECIMAL(3,2)"},
		Schemas:     map[string]string{"Students": studentsDef.Version()},
	}
}

func rows(t testing.TB, e *Engine, req *api.QueryRequest) []string {
	t.Helper()
	var got []string
	if err := e.Query(t.Context(), req, func(line []byte) error {
		got = append(got, string(line))
		return nil
	}); err != nil {
		t.Fatalf("Query: %v", err)
	}
	return got
}

func rowCount(t testing.TB, e *Engine) int64 {
	t.Helper()
	all, err := e.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all[0].Tables[0].Rows
}

func TestInsertedRowsAreReadBackInWireForm(t *testing.T) {
	e := school(t, Config{})
	resp := mustExec(t, e, request(insert(`[1, "Zoë \"Z\"", 19, 3.5, 1]`, `[2,"Bob",null,null,2]`)))
	if diff := cmp.Diff([]int64{2}, resp.RowsAffected); diff != "" {
		t.Error(diff)
	}
	want := []string{`[1,"Zoë \"Z\"",19,"3.50"]`, `[2,"Bob",null,null]`}
	if diff := cmp.Diff(want, rows(t, e, selectAll(`ORDER BY "student_id"`))); diff != "" {
		t.Error(diff)
	}
	if n := rowCount(t, e); n != 2 {
		t.Errorf("Stats counts %d rows, want 2", n)
	}
}

func TestARefusedRowNamesNumberColumnAndRow(t *testing.T) {
	e := school(t, Config{})
	mustExec(t, e, request(insert(student(1))))
	for name, c := range map[string]struct {
		row    string
		code   api.Code
		number int
		column string
	}{
		"duplicate key":    {student(1), api.CodeDuplicateKey, 2627, "student_id"},
		"null":             {`[3,null,20,"3.50",3]`, api.CodeNullViolation, 515, "name"},
		"text too long":    {`[3,"` + strings.Repeat("x", 51) + `",20,"3.50",3]`, api.CodeValueTooLong, 2628, "name"},
		"int out of range": {`[3000000000,"x",20,"3.50",3]`, api.CodeOutOfRange, 8115, "student_id"},
		"tinyint":          {`[3,"x",256,"3.50",3]`, api.CodeOutOfRange, 8115, "age"},
		"decimal overflow": {`[3,"x",20,"30.50",3]`, api.CodeOutOfRange, 8115, "gpa"},
		"no number":        {`["a","x",20,"3.50",3]`, api.CodeConversionFailed, 245, "student_id"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := e.Exec(t.Context(), request(insert(student(2), c.row)))
			p, ok := errors.AsType[*api.Problem](err)
			if !ok {
				t.Fatalf("Exec: %v, want a problem", err)
			}
			if p.Code != c.code || p.SQLNumber != c.number || p.Column != c.column || p.Row == nil || *p.Row != 1 {
				t.Errorf("got %s number %d column %q row %v: %s", p.Code, p.SQLNumber, p.Column, p.Row, p.Detail)
			}
			if n := rowCount(t, e); n != 1 {
				t.Errorf("%d rows after a refused request, want 1", n)
			}
		})
	}
}

func TestConcurrentInsertsShareCommitsAndCountExactly(t *testing.T) {
	e := school(t, Config{})
	const clients, each = 32, 20
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := range each {
				// Every fifth request fails half way: it must leave nothing behind.
				req := request(insert(student(c*each + i)))
				if i%5 == 4 {
					req = request(insert(student(100000+c*each+i), student(c*each+i-1)))
				}
				_, err := e.Exec(t.Context(), req)
				if i%5 == 4 != (api.CodeOf(err) == api.CodeDuplicateKey) {
					t.Errorf("client %d request %d: %v", c, i, err)
				}
			}
		})
	}
	wg.Wait()
	want := int64(clients * each * 4 / 5)
	if n := rowCount(t, e); n != want {
		t.Errorf("Stats counts %d rows, want %d", n, want)
	}
	if n := len(rows(t, e, selectAll(""))); int64(n) != want {
		t.Errorf("%d rows exist, want %d", n, want)
	}
}

func TestACancelledQueryEnds(t *testing.T) {
	e := school(t, Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := e.Query(ctx, &api.QueryRequest{
		DB:          "SchoolDB",
		SQL:         `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n`,
		ResultTypes: []string{"BIGINT"},
	}, func([]byte) error { return nil })
	if api.CodeOf(err) != api.CodeShardTimeout {
		t.Errorf("Query: %v, want %s", err, api.CodeShardTimeout)
	}
}
