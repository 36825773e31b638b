package enginetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

func (s *suite) testQuery(t *testing.T) {
	s.group(t, map[string]func(*rig){
		"parameters, types and order":               (*rig).testQueryForms,
		"rows arrive before the last is known":      (*rig).testStreams,
		"a cancelled query ends":                    (*rig).testCancel,
		"a query ends at its time":                  (*rig).testTimeout,
		"a slow reader blocks nobody":               (*rig).testSlowReader,
		"bad parameters and columns are refused":    (*rig).testBadQuery,
		"a row that is too large is refused":        (*rig).testRowTooLarge,
		"acknowledged writes are visible to others": (*rig).testReadYourWrites,
		"any name of a table":                       (*rig).testNamesOfTables,
		"order over many rows":                      (*rig).testOrderOverManyRows,
	})
}

// endless is a query whose last row is never reached.
func (r *rig) endless() *api.QueryRequest { return r.numbers(1 << 60) }

func (r *rig) numbers(n int64) *api.QueryRequest {
	return &api.QueryRequest{DB: dbName, SQL: r.s.dialect.Numbers(n), ResultTypes: []string{"BIGINT"}}
}

func (r *rig) testQueryForms() {
	tb := students()
	r.mustCreate(tb)
	r.wantRows(tb.selectAll())
	r.mustExec(request(tb.insert(student(2), student(1), `[3,"a \"b\"\\\n",null,null]`)))
	r.wantRows(tb.selectAll(), student(1), student(2), `[3,"a \"b\"\\\n",null,null]`)
	r.wantRows(tb.selectWhere(`"student_id" IN (@p2, @p1) AND "age" = @p3`, []string{"INT", "INT", "TINYINT"}, `[1, "2", 20]`), student(1), student(2))
	r.wantRows(tb.selectWhere(`"student_id" = @p1 OR "student_id" = @p1 + 1`, []string{"INT"}, `[1]`), student(1), student(2))
	r.wantRows(tb.selectWhere(`"age" = @p1`, []string{"INT"}, `[null]`))
	r.wantRows(&api.QueryRequest{
		DB: dbName, SQL: `SELECT COUNT(*), SUM("age"), MAX("gpa"), MIN("name") FROM "Students"`,
		ResultTypes: []string{"BIGINT", "INT", "DECIMAL(3,2)", "NVARCHAR(50)"},
	}, `[3,40,"3.50","a \"b\"\\\n"]`)
	r.wantRows(&api.QueryRequest{DB: dbName, SQL: "SELECT 1, 2, NULL", ResultTypes: []string{"INT", "BIGINT", "NVARCHAR(5)"}}, "[1,2,null]")
}

var errEnough = errors.New("that is enough")

func (r *rig) testStreams() {
	rows := 0
	err := r.e.Query(r.Context(), r.endless(), func(line []byte) error {
		rows++
		if want := fmt.Sprintf("[%d]", rows); string(line) != want {
			r.Errorf("row %d is %s", rows, line)
		}
		if rows == 100 {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) || rows != 100 {
		r.Errorf("%d rows and %v, want 100 and the caller's own error", rows, err)
	}
	r.wantRows(r.numbers(3), "[1]", "[2]", "[3]")
}

func (r *rig) testCancel() {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	rows := 0
	err := r.e.Query(ctx, r.endless(), func([]byte) error {
		if rows++; rows == 10 {
			cancel()
		}
		return nil
	})
	r.problem(err, api.CodeCanceled)
	// Before it began: nothing may be done at all.
	err = r.e.Query(ctx, r.numbers(5), func([]byte) error {
		r.Error("a query cancelled beforehand returned a row")
		return nil
	})
	r.problem(err, api.CodeCanceled)
	if _, err := r.e.Exec(ctx, request(r.create(students()))); err == nil {
		r.Error("a write cancelled beforehand was done")
	}
	// A cancelled query must leave its connection usable.
	for range 20 {
		r.wantRows(r.numbers(2), "[1]", "[2]")
	}
}

func (r *rig) testTimeout() {
	req := r.endless()
	req.SQL = "SELECT COUNT(*) FROM (" + strings.TrimSuffix(req.SQL, ";") + ") AS n"
	req.TimeoutMS = 30
	r.problem(r.e.Query(r.Context(), req, ignoreRow), api.CodeShardTimeout)
	rows := r.endless()
	rows.TimeoutMS = 300
	r.problem(r.e.Query(r.Context(), rows, ignoreRow), api.CodeShardTimeout)
	r.wantRows(r.numbers(2), "[1]", "[2]")
}

func (r *rig) testSlowReader() {
	tb := students()
	long := &table{def: api.TableDef{
		Name:       "Essays",
		Columns:    []api.ColumnDef{{Name: "id", Type: "INT"}, {Name: "text", Type: "NVARCHAR(MAX)"}},
		PrimaryKey: []string{"id"}, ShardKey: "id",
	}}
	r.mustCreate(tb, long)
	// More than the buffers of a connection hold, so that a worker's query waits for its reader too.
	const essays = 40
	text := strings.Repeat("x", 512<<10)
	for id := range essays {
		r.mustExec(request(long.insert(fmt.Sprintf(`[%d,"%s"]`, id, text))))
	}
	rows := 0
	err := r.e.Query(r.Context(), long.selectAll(), func([]byte) error {
		if rows++; rows > 1 {
			return nil
		}
		// The query is in progress and stops here until all this is done.
		r.mustExec(request(long.delete(fmt.Sprintf(`"id" = %d`, essays-1), nil)))
		r.mustExec(request(tb.insert(student(1), student(2), student(3))))
		r.mustExec(request(tb.delete(`"student_id" = 3`, nil)))
		r.wantRows(tb.selectAll(), student(1), student(2))
		r.stats()
		return nil
	})
	if err != nil || rows != essays {
		r.Errorf("%d rows, %v; want the %d of when the query began", rows, err, essays)
	}
}

func (r *rig) testBadQuery() {
	tb := students()
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(student(1))))
	where := `"student_id" = @p1`
	for name, req := range map[string]*api.QueryRequest{
		"value of another type": tb.selectWhere(where, []string{"INT"}, `["one"]`),
		"value out of range":    tb.selectWhere(where, []string{"INT"}, `[3000000000]`),
		"too few values":        tb.selectWhere(where, []string{"INT"}, `[]`),
		"too many values":       tb.selectWhere(where, []string{"INT"}, `[1,2]`),
		"no array":              tb.selectWhere(where, []string{"INT"}, `{"p1":1}`),
		"unknown type":          tb.selectWhere(where, []string{"TEXT"}, `[1]`),
		"no such column":        tb.selectWhere(`"nobody" = @p1`, []string{"INT"}, `[1]`),
		"too few types":         tb.selectWhere(`"student_id" = @p2`, []string{"INT"}, `[1]`),
		"no name":               tb.selectWhere(`"student_id" = ? OR 1 = 1`, nil, `[]`),
		"no name and a type":    tb.selectWhere(`"student_id" = @p1 OR "student_id" = ?`, []string{"INT"}, `[1]`),
		"another name":          tb.selectWhere(`"student_id" = @other OR 1 = 1`, nil, `[]`),
	} {
		if err := r.e.Query(r.Context(), req, ignoreRow); err == nil || api.AsProblem(err).Status/100 != 4 {
			r.Errorf("%s: %v, want a problem of the request", name, err)
		}
	}
	columns := tb.selectAll()
	columns.ResultTypes = columns.ResultTypes[:2]
	if err := r.e.Query(r.Context(), columns, ignoreRow); err == nil {
		r.Error("a query with fewer columns than its text was not refused")
	}
	r.wantRows(tb.selectAll(), student(1))
}

// testRowTooLarge: rows beyond api.MaxRow can be stored, one column at a time or with characters
// that JSON escapes. Reading them is refused by name, and the shorter parts of them can be read.
func (r *rig) testRowTooLarge() {
	tb := &table{def: api.TableDef{
		Name: "Documents",
		Columns: []api.ColumnDef{
			{Name: "id", Type: "INT"}, {Name: "a", Type: "NVARCHAR(MAX)", Nullable: true}, {Name: "b", Type: "VARBINARY(MAX)", Nullable: true},
		},
		PrimaryKey: []string{"id"}, ShardKey: "id",
	}, output: r.s.dialect.Output}
	r.mustCreate(tb)
	plain, escaped := strings.Repeat("x", sqltypes.MaxValueBytes), strings.Repeat(`\u0001`, 3_000_000)
	binary := "0x" + strings.Repeat("AB", sqltypes.MaxValueBytes)
	for _, row := range []string{`[1,"` + plain + `",null]`, `[2,"` + escaped + `",null]`, `[3,null,"` + binary + `"]`} {
		r.mustExec(request(tb.insert(row))) // one at a time: a request over HTTP has a size limit
	}
	r.mustExec(request(tb.update(`"b" = @p1`, `"id" = 1`, []string{"VARBINARY(MAX)"}, `["`+binary+`"]`)))

	for _, id := range []string{"[1]", "[2]"} {
		p := r.problem(r.e.Query(r.Context(), tb.selectWhere(`"id" = @p1`, []string{"INT"}, id), func(line []byte) error {
			r.Errorf("row %s of %d bytes was returned", id, len(line))
			return nil
		}), api.CodeTooComplex)
		if p != nil && (!strings.Contains(p.Detail, "16777216") || !strings.Contains(p.Hint, "SUBSTRING")) {
			r.Errorf("the problem is %q, %q", p.Detail, p.Hint)
		}
	}
	r.wantRows(tb.selectWhere(`"id" = 3`, nil, ""), `[3,null,"`+binary+`"]`)
	r.wantRows(&api.QueryRequest{DB: dbName, SQL: `SELECT "id" FROM "Documents" ORDER BY "id"`, ResultTypes: []string{"INT"}}, "[1]", "[2]", "[3]")
	// One byte more than a value may have.
	p := r.refused(request(tb.insert(`[4,"`+plain+`x",null]`)), api.CodeValueTooLong)
	if p.SQLNumber != 0 || !strings.Contains(p.Detail, fmt.Sprint(sqltypes.MaxValueBytes)) || p.Hint == "" || p.Field != "statements[0].rows[0][1]" || p.Column != "a" {
		r.Errorf("a value of one byte too many: %+v", p)
	}
}

// testNamesOfTables: a worker that wraps statements must not hide a table by a name of its own.
func (r *rig) testNamesOfTables() {
	for _, name := range []string{"q", "r", "T", "c0", "sd_q", "result", "rows"} {
		tb := values("INT")
		tb.def.Name = name
		r.mustCreate(tb)
		r.mustExec(request(tb.insert("[1,5]", "[2,7]")))
		r.wantRows(tb.selectAll(), "[1,5]", "[2,7]")
		r.wantRows(tb.selectWhere(`"v" > @p1 -- ;`+"\n", []string{"INT"}, "[6]"), "[2,7]")
		r.mustExec(request(tb.drop()))
	}
}

// testOrderOverManyRows: rows that come in several pieces keep the order of the statement.
func (r *rig) testOrderOverManyRows() {
	const n = 20_000
	tb := values("INT")
	r.mustCreate(tb)
	var rows, want []string
	for i := range n {
		rows = append(rows, fmt.Sprintf("[%d,%d]", i, i*7919%n)) // 7919 is prime: each value once
		want = append(want, fmt.Sprintf("[%d]", n-1-i))
	}
	for i := 0; i < n; i += 1000 {
		r.mustExec(request(tb.insert(rows[i : i+1000]...)))
	}
	r.wantRows(&api.QueryRequest{DB: dbName, SQL: `SELECT "v" FROM "Vals" ORDER BY "v" DESC`, ResultTypes: []string{"INT"}, Schemas: map[string]string{"Vals": tb.def.Version()}}, want...)
	r.wantRows(&api.QueryRequest{
		DB: dbName, SQL: `SELECT "v" FROM "Vals" WHERE "v" < 3 UNION ALL SELECT "id" FROM "Vals" WHERE "id" > 19997 ORDER BY 1 DESC`,
		ResultTypes: []string{"INT"},
	}, "[19999]", "[19998]", "[2]", "[1]", "[0]")
}

func (r *rig) testReadYourWrites() {
	tb := students()
	r.mustCreate(tb)
	for i := range 50 {
		r.mustExec(request(tb.insert(student(i))))
		if n := len(r.rows(tb.selectAll())); n != i+1 {
			r.Fatalf("%d rows after %d inserts", n, i+1)
		}
	}
}

func (s *suite) testDatabases(t *testing.T) {
	s.group(t, map[string]func(*rig){
		"create, list, drop":            (*rig).testCreateDrop,
		"databases are isolated":        (*rig).testIsolation,
		"drop ends the running queries": (*rig).testDropUnderQuery,
		"drop does not wait forever":    (*rig).testDropUnderStuckReader,
	})
}

func (r *rig) databases() []string {
	r.Helper()
	names := []string{}
	for _, db := range r.stats() {
		names = append(names, db.Name)
	}
	return names
}

func (r *rig) testCreateDrop() {
	physical, err := r.e.CreateDB(r.Context(), "Second", fence1)
	if err != nil || !strings.HasPrefix(physical, "Second") {
		r.Fatalf("CreateDB: %q, %v", physical, err)
	}
	for _, name := range []string{dbName, "Second", "SECOND", "second"} {
		_, err := r.e.CreateDB(r.Context(), name, fence1)
		r.problem(err, api.CodeDatabaseExists)
	}
	if diff := gocmp.Diff([]string{dbName, "Second"}, r.databases()); diff != "" {
		r.Errorf("databases (-want +got):\n%s", diff)
	}
	if n := len(r.stats()[1].Tables); n != 0 {
		r.Errorf("a new database has %d tables", n)
	}
	dropped, err := r.e.DropDB(r.Context(), "SECOND", fence1)
	if err != nil || dropped != physical {
		r.Errorf("DropDB: %q, %v, want %q", dropped, err, physical)
	}
	_, err = r.e.DropDB(r.Context(), "Second", fence1)
	r.problem(err, api.CodeUnknownDatabase)
	req := request(r.create(students()))
	req.DB = "Second"
	r.refused(req, api.CodeUnknownDatabase)
	query := r.numbers(1)
	query.DB = "Second"
	r.problem(r.e.Query(r.Context(), query, ignoreRow), api.CodeUnknownDatabase)
	r.reopen()
	if diff := gocmp.Diff([]string{dbName}, r.databases()); diff != "" {
		r.Errorf("databases after reopening (-want +got):\n%s", diff)
	}
	if _, err := r.e.CreateDB(r.Context(), "Second", fence1); err != nil {
		r.Errorf("CreateDB after DropDB: %v", err)
	}
}

func (r *rig) testIsolation() {
	tb := students()
	r.mustCreate(tb)
	r.mustExec(keyed("k", "aa", tb.insert(student(1))))
	if _, err := r.e.CreateDB(r.Context(), "Second", fence1); err != nil {
		r.Fatalf("CreateDB: %v", err)
	}
	req := request(tb.insert(student(1)))
	req.DB = "Second"
	r.refused(req, api.CodeUnknownTable)
	req = request(r.create(tb))
	req.DB = "Second"
	r.mustExec(req)
	r.wantCount(tb, 1)
	if _, err := r.e.DropDB(r.Context(), dbName, fence1); err != nil {
		r.Fatalf("DropDB: %v", err)
	}
	if _, err := r.e.CreateDB(r.Context(), dbName, fence1); err != nil {
		r.Fatalf("CreateDB: %v", err)
	}
	// The previous database of that name is gone with all its contents, including keys.
	r.refused(request(tb.insert(student(1))), api.CodeUnknownTable)
	r.mustCreate(tb)
	if resp := r.mustExec(keyed("k", "aa", tb.insert(student(1)))); resp.Replayed {
		r.Error("a key survived its database")
	}
	r.wantCount(tb, 1)
}

// dropUnder drops the database while a query has returned one row; next decides what the query's
// caller does with every row after that.
func (r *rig) dropUnder(next func(dropped <-chan error)) {
	started, dropped, ended := make(chan struct{}), make(chan error, 1), make(chan error, 1)
	go func() {
		rows := 0
		ended <- r.e.Query(r.Context(), r.endless(), func([]byte) error {
			if rows++; rows == 1 {
				close(started)
				next(dropped)
			}
			return nil
		})
	}()
	<-started
	_, err := r.e.DropDB(r.Context(), dbName, fence1)
	dropped <- err
	if err != nil {
		r.Errorf("DropDB: %v", err)
	}
	if err := <-ended; err == nil {
		r.Error("an endless query over a dropped database succeeded")
	} else if _, ok := errors.AsType[*api.Problem](err); !ok {
		r.Errorf("the query ended with %v, which is not a problem", err)
	}
	if got := r.databases(); len(got) != 0 {
		r.Errorf("databases %v after the last was dropped", got)
	}
	if _, err := r.e.CreateDB(r.Context(), dbName, fence1); err != nil {
		r.Errorf("CreateDB after DropDB: %v", err)
	}
	tb := students()
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(student(1))))
	r.wantCount(tb, 1)
}

func (r *rig) testDropUnderQuery() { r.dropUnder(func(<-chan error) {}) }

// testDropUnderStuckReader: the query's caller does not return before the drop does.
func (r *rig) testDropUnderStuckReader() { r.dropUnder(func(dropped <-chan error) { <-dropped }) }

// testReopen repeatedly writes, reopens and reads everything back.
func (s *suite) testReopen(t *testing.T) {
	r := s.start(t)
	tb := students()
	r.mustCreate(tb)
	want := []string{}
	for round := range 4 {
		for i := range 5 {
			id := round*5 + i
			r.mustExec(request(tb.insert(student(id))))
			want = append(want, student(id))
		}
		before := r.stats()
		r.reopen()
		if diff := gocmp.Diff(before, r.stats()); diff != "" {
			t.Errorf("round %d: Stats (-before +after):\n%s", round, diff)
		}
		r.wantRows(tb.selectAll(), want...)
		r.wantCount(tb, int64(len(want)))
		r.refused(request(tb.insert(student(0))), api.CodeDuplicateKey)
	}
}
