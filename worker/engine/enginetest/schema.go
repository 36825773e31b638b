package enginetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"shardeck/shared/api"
)

func (s *suite) testSchema(t *testing.T) {
	s.group(t, map[string]func(*rig){
		"tables are listed as they were defined": (*rig).testListed,
		"create and drop are refused if there is nothing to do": func(r *rig) {
			tb := students()
			r.refused(request(tb.drop()), api.CodeUnknownTable)
			r.mustCreate(tb)
			r.refused(request(r.create(tb)), api.CodeTableExists)
			again := students()
			again.def.Name = strings.ToUpper(again.def.Name)
			r.refused(request(r.create(again)), api.CodeTableExists)
			r.mustExec(request(tb.drop()))
			r.refused(request(tb.insert(student(1))), api.CodeUnknownTable)
			r.problem(r.e.Query(r.Context(), tb.selectAll(), ignoreRow), api.CodeUnknownTable)
			r.refused(request(tb.drop()), api.CodeUnknownTable)
		},
		"another version is refused":         (*rig).testStaleSchema,
		"an index is created with its table": (*rig).testIndex,
		"a table is altered":                 (*rig).testAlter,
		"an ALTER is refused as a whole":     (*rig).testAlterRefused,
		"a recreated table is empty": func(r *rig) {
			tb := students()
			r.mustCreate(tb)
			r.mustExec(request(tb.insert(student(1), student(2))))
			r.mustExec(request(tb.drop()))
			r.mustCreate(tb)
			r.wantCount(tb, 0)
			r.mustExec(request(tb.insert(student(1))))
			r.wantCount(tb, 1)
		},
	})
}

func (r *rig) testListed() {
	a, b := students(), &table{def: api.TableDef{
		Name:    "Grades",
		Columns: []api.ColumnDef{{Name: "k", Type: "BIGINT"}, {Name: "g", Type: "DECIMAL(5,2)", Nullable: true, Default: "1.5"}},
		Unique:  [][]string{{"k", "g"}}, ShardKey: "k",
	}}
	r.mustCreate(a, b)
	r.mustExec(request(a.insert(student(1))))
	want := []api.TableStats{{Definition: b.def, Rows: 0}, {Definition: a.def, Rows: 1}}
	for _, when := range []string{"at once", "after reopening"} {
		got := r.stats()
		if len(got) != 1 || got[0].Name != dbName || !strings.HasPrefix(got[0].Physical, dbName) {
			r.Fatalf("%s: databases %+v", when, got)
		}
		if diff := gocmp.Diff(want, got[0].Tables, cmpopts.EquateEmpty()); diff != "" {
			r.Errorf("%s: tables (-want +got):\n%s", when, diff)
		}
		r.reopen()
	}
}

// testIndex: a master's create-table may include an index; no client's name can contain the
// colons of its name.
func (r *rig) testIndex() {
	tb := students()
	index := tb.statement(api.EffectCreateIndex, `CREATE INDEX "ix:Students:name" ON "Students" ("name")`, nil)
	r.mustExec(request(r.create(tb), index))
	r.wantCount(tb, 0)
	r.mustExec(request(tb.insert(student(1))))
	r.mustExec(request(tb.drop()))
	r.mustExec(request(r.create(tb), index))
	if got := r.stats(); len(got[0].Tables) != 1 {
		r.Errorf("an index shows as a table: %+v", got[0].Tables)
	}
}

// alter is a statement that turns the table into another.
func (tb *table) alter(to *table, sql string) api.Statement {
	st := tb.statement(api.EffectAlterTable, sql, nil)
	def := to.def
	st.Definition = &def
	return st
}

// add is a statement that adds the last column of a table to the one that lacks it.
func (r *rig) add(tb, with *table) api.Statement {
	return tb.alter(with, r.s.dialect.AddColumn(&tb.def, with.def.Columns[len(with.def.Columns)-1]))
}

// more is the table with further columns.
func (tb *table) more(columns ...api.ColumnDef) *table {
	with := &table{def: tb.def, output: tb.output}
	with.def.Columns = append(slices.Clone(tb.def.Columns), columns...)
	return with
}

// The columns that testAlter adds; existing rows get the default of the second.
var (
	columnA = api.ColumnDef{Name: "a", Type: "INT", Nullable: true}
	columnB = api.ColumnDef{Name: "b", Type: "TINYINT", Default: "5"}
)

// testAlter adds columns and an index to a table with rows, in one request and in several.
func (r *rig) testAlter() {
	tb := students()
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(student(1), student(2))))
	one, two := tb.more(columnA), tb.more(columnA, columnB)
	resp := r.mustExec(request(r.add(tb, one), r.add(one, two)))
	if diff := gocmp.Diff([]int64{0, 0}, resp.RowsAffected); diff != "" {
		r.Errorf("rows affected: %s", diff)
	}
	r.refused(request(tb.insert(student(3))), api.CodeStaleSchema)
	r.problem(r.e.Query(r.Context(), tb.selectAll(), ignoreRow), api.CodeStaleSchema)
	r.mustExec(request(two.insert(`[3,"Student 3",20,"3.50",7,8]`)))
	want := []string{
		`[1,"Student 1",20,"3.50",null,5]`, `[2,"Student 2",20,"3.50",null,5]`, `[3,"Student 3",20,"3.50",7,8]`,
	}
	r.wantRows(two.selectAll(), want...)
	indexed := two.more()
	indexed.def.Indexes = []api.IndexDef{{Name: "by_a", Columns: []api.IndexColumn{{Name: "a", Descending: true}}}}
	r.mustExec(request(two.alter(indexed, `CREATE INDEX "by_a" ON "Students" ("a" DESC)`)))
	// An index changes no version, so that statements for the definition before remain valid.
	r.mustExec(request(two.update(`"a" = 9`, `"a" = 7`, nil)))
	want[2] = `[3,"Student 3",20,"3.50",9,8]`
	for _, when := range []string{"at once", "after reopening"} {
		got := r.stats()
		if diff := gocmp.Diff([]api.TableStats{{Definition: indexed.def, Rows: 3}}, got[0].Tables, cmpopts.EquateEmpty()); diff != "" {
			r.Errorf("%s: tables (-want +got):\n%s", when, diff)
		}
		r.wantRows(two.selectAll(), want...)
		r.reopen()
	}
	r.mustExec(request(indexed.alter(two, r.s.dialect.DropIndex("by_a", "Students"))))
	if got := r.stats(); len(got[0].Tables[0].Definition.Indexes) > 0 {
		r.Errorf("a dropped index is still listed: %+v", got[0].Tables)
	}
	// The name is free again.
	r.mustExec(request(two.alter(indexed, `CREATE INDEX "by_a" ON "Students" ("a" DESC)`)))
}

// testAlterRefused: nothing remains of a request that is refused, or that is answered from its record.
func (r *rig) testAlterRefused() {
	tb := students()
	one, two := tb.more(columnA), tb.more(columnA, columnB)
	r.refused(request(r.add(tb, one)), api.CodeUnknownTable)
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(student(1))))
	first := r.add(tb, one)
	r.refused(request(first, first), api.CodeStaleSchema)
	_, err := r.e.Exec(r.Context(), request(first, one.alter(two, first.SQL)))
	r.wantClientError("adding a column twice", err)
	r.refused(request(first, one.insert(`[2,"x",1,"1.00",5]`)), api.CodeInvalidField)
	r.refused(request(tb.insert(student(2)), first), api.CodeInvalidField)
	other := first
	other.Definition = nil
	_, err = r.e.Exec(r.Context(), request(other))
	r.problem(err, api.CodeInvalidField, api.CodeMissingField)
	for _, sql := range []string{
		`UPDATE "Students" SET "age" = 1`, `DROP TABLE "Students"`, `DELETE FROM "Students"`, first.SQL + "; " + first.SQL,
	} {
		st := first
		st.SQL = sql
		_, err := r.e.Exec(r.Context(), request(st))
		r.wantClientError("altering by "+sql, err)
	}
	// Not even under another effect.
	st := tb.update(`"age" = 1`, "1 = 1", nil)
	st.SQL = first.SQL
	_, err = r.e.Exec(r.Context(), request(st))
	r.wantClientError("an update that alters", err)
	r.wantRows(tb.selectAll(), student(1))

	r.mustExec(keyed("alter", "alter", first))
	if resp := r.mustExec(keyed("alter", "alter", first)); !resp.Replayed {
		r.Error("the same ALTER again is not a replay")
	}
	r.wantCount(one, 1)
}

func (r *rig) testStaleSchema() {
	tb := students()
	other := students()
	other.def.Columns[3].Type = "DECIMAL(4,2)"
	r.mustCreate(tb)
	for _, st := range []api.Statement{
		other.insert(student(1)), other.update(`"age" = 1`, "1 = 1", nil), other.delete("1 = 1", nil), other.drop(),
	} {
		r.refused(request(st), api.CodeStaleSchema)
	}
	r.refused(request(tb.insert(student(1)), other.insert(student(2))), api.CodeStaleSchema)
	r.wantCount(tb, 0)
	err := r.e.Query(r.Context(), other.selectAll(), func([]byte) error {
		r.Error("a query for another version returned a row")
		return nil
	})
	r.problem(err, api.CodeStaleSchema)
	none := students()
	none.def.Name = "Nobody"
	r.problem(r.e.Query(r.Context(), none.selectAll(), ignoreRow), api.CodeUnknownTable)

	// Dropped and recreated with the other definition: now the first is stale.
	r.mustExec(request(tb.drop(), r.create(other)))
	r.refused(request(tb.insert(student(1))), api.CodeStaleSchema)
	r.mustExec(request(other.insert(student(1))))
	r.wantCount(other, 1)
}

func ignoreRow([]byte) error { return nil }

// hostileNames must all be refused as names of databases and tables.
var hostileNames = []string{
	"", "1st", "a b", "a;b", "a'b", `a"b`, "a]b", "a[b", "a--b", "a/b", `a\b`, "../up", "a.b", "a\x00b", "a\nb", "_hidden", "sqlite_master\x00",
	"ſtudents", "Ѕtudents", "студенты", "a%", "@p1", strings.Repeat("x", api.MaxIdentifier+1), `x" (a INT); DROP TABLE "Students`,
}

// testNames tries names and SQL that try to reach outside their database.
func (s *suite) testNames(t *testing.T) {
	r := s.start(t)
	tb := students()
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(student(1))))
	before := r.stats()
	for _, name := range hostileNames {
		_, err := r.e.CreateDB(t.Context(), name, fence1)
		r.problem(err, api.CodeInvalidIdentifier, api.CodeMissingField)
		_, err = r.e.DropDB(t.Context(), name, fence1)
		r.problem(err, api.CodeInvalidIdentifier, api.CodeMissingField, api.CodeUnknownDatabase)
		req := request(tb.insert(student(2)))
		req.DB = name
		r.expect(fmt.Sprintf("exec in %q", name), req, api.CodeInvalidIdentifier, api.CodeMissingField, api.CodeUnknownDatabase)
		query := tb.selectAll()
		query.DB = name
		r.problem(r.e.Query(t.Context(), query, ignoreRow), api.CodeInvalidIdentifier, api.CodeMissingField, api.CodeUnknownDatabase)

		st := tb.insert(student(2))
		st.Table = name
		r.expect(fmt.Sprintf("a write to %q", name), request(st), api.CodeInvalidIdentifier, api.CodeMissingField, api.CodeUnknownTable)
		hostile := students()
		hostile.def.Name = name
		r.expect(fmt.Sprintf("creating %q", name), request(r.create(hostile)), api.CodeInvalidIdentifier, api.CodeMissingField)
	}
	r.testHostileText(tb)
	r.testHostileValues(tb)
	if diff := gocmp.Diff(before, r.stats()); diff != "" {
		t.Errorf("the state has changed (-before +after):\n%s", diff)
	}
	r.wantRows(tb.selectAll(), student(1))
}

func (r *rig) expect(what string, req *api.ExecRequest, want ...api.Code) {
	r.Helper()
	_, err := r.e.Exec(r.Context(), req)
	if err == nil {
		r.Fatalf("%s was done; want %s", what, want)
	}
	r.problem(err, want...)
}

// testHostileText sends SQL that is not the single expected statement. A worker trusts its
// master's SQL, but not so far that a mistake of the master could end a transaction or write
// through a query.
func (r *rig) testHostileText(tb *table) {
	r.Helper()
	query := func(sql string) {
		r.Helper()
		req := &api.QueryRequest{DB: dbName, SQL: sql, ResultTypes: []string{"INT"}}
		r.wantClientError(fmt.Sprintf("query of %q", sql), r.e.Query(r.Context(), req, ignoreRow))
	}
	for _, sql := range []string{
		"", ";", "-- nothing", "no SQL at all", `SELECT '`, "COMMIT", "ROLLBACK", "BEGIN",
		`DELETE FROM "Students"; DELETE FROM "Students"`, `DELETE FROM "Students"; COMMIT`,
		`INSERT INTO "Students" ("student_id", "name", "_slot") VALUES (20, 'x', 0); DELETE FROM "Students"`,
	} {
		_, err := r.e.Exec(r.Context(), request(tb.insert(student(2)), tb.statement(api.EffectDelete, sql, nil)))
		r.wantClientError(fmt.Sprintf("exec of %q", sql), err)
		query(sql)
	}
	for _, sql := range []string{
		"SELECT", `SELECT "student_id" FROM "Nowhere"`, `SELECT "nothing" FROM "Students"`, "SELECT @p1", "SELECT 1, 2",
		"SELECT 1; SELECT 2", `SELECT 1; DROP TABLE "Students"`,
		tb.delete("1 = 1", nil).SQL, tb.update(`"age" = 1`, "1 = 1", nil).SQL, tb.drop().SQL, tb.insert(student(2)).SQL,
		`INSERT INTO "Students" ("student_id", "name", "_slot") VALUES (20, 'x', 0)`,
	} {
		query(sql)
	}
}

// wantClientError fails the test unless err is a problem of the request, rather than of the
// worker.
func (r *rig) wantClientError(what string, err error) {
	r.Helper()
	if err == nil || api.AsProblem(err).Status/100 != 4 {
		r.Errorf("%s: %v, want a problem of the request", what, err)
	}
}

// testHostileValues sends rows that do not match their types, and values that look like SQL.
func (r *rig) testHostileValues(tb *table) {
	r.Helper()
	types := []string{"INT", "NVARCHAR(50)", "TINYINT", "DECIMAL(3,2)"}
	for _, row := range []string{
		"null", "1", "{}", "[]", "[1]", `[2,"a",1,"1",5]`, `[2,["a"],1,"1"]`, `[[2],"a",1,"1"]`, `[2,{"a":1},1,"1"]`, `[{},"a",1,"1"]`,
	} {
		st := tb.insert()
		st.Rows = []jsontext.Value{jsontext.Value(row)}
		if open, ok := strings.CutSuffix(row, "]"); ok && row != "[]" {
			st.Rows[0] = jsontext.Value(open + ",0]")
		}
		_, err := r.e.Exec(r.Context(), request(st))
		r.wantClientError("the row "+row, err)
		where := `"student_id" = @p1 AND "name" = @p2 AND "age" = @p3 AND "gpa" = @p4`
		r.wantClientError("the parameters "+row, r.e.Query(r.Context(), tb.selectWhere(where, types, row), ignoreRow))
	}
	for _, typ := range []string{"", "TEXT", "INT; DROP TABLE", "NVARCHAR(0)", "DECIMAL(99,1)"} {
		st := tb.insert(student(2))
		st.Types[1] = typ
		_, err := r.e.Exec(r.Context(), request(st))
		r.wantClientError(fmt.Sprintf("the type %q", typ), err)
	}
	_, err := r.e.Exec(r.Context(), request(tb.insert()))
	r.wantClientError("an insert without its rows", err)
	text := `"x'; DROP TABLE \"Students\"; --"`
	r.mustExec(request(tb.insert(`[2,` + text + `,1,"1"]`)))
	r.wantRows(tb.selectWhere(`"name" = @p1`, []string{"NVARCHAR(50)"}, "["+text+"]"), `[2,`+text+`,1,"1.00"]`)
	r.mustExec(request(tb.delete(`"student_id" = 2`, nil)))
}
