package conformance

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
)

// fill inserts the ids 1 to n. It is unchecked, as validating so many rows against the document
// takes longer than everything else.
func (tb *table) fill(n int) (rows []string) {
	tb.e.Helper()
	for i := 1; i <= n; i++ {
		rows = append(rows, fmt.Sprintf("[%d]", i))
	}
	w := tb.e.plain()
	for from := 0; from < n; from += 5000 {
		if _, err := w.Exec(tb.e.Context(), tb.request(tb.insert(rows[from:min(n, from+5000)]...))); err != nil {
			tb.e.Fatal(err)
		}
	}
	return rows
}

func streams(e *env) {
	tb := e.table(many())
	e.same("an empty table", []string{}, e.rows(tb.query("", "id")))
	want := tb.fill(20_000)
	// Validating a row against the document takes longer than sending it, so only a part is
	// checked.
	e.same("some rows", want[:1000], e.rows(tb.query(`WHERE "id" <= 1000 ORDER BY "id"`, "id")))
	all, err := e.tryRows(e.plain(), tb.query(`ORDER BY "id"`, "id"))
	if err != nil {
		e.Fatal(err)
	}
	e.same("many rows", want, all)

	q := tb.query(`WHERE "id" BETWEEN @p2 AND @p1 ORDER BY "id"`, "id")
	q.Types, q.Params = []string{"INT", "BIGINT"}, jsontext.Value(`[3,"2"]`)
	e.same("parameters out of order", []string{"[2]", "[3]"}, e.rows(q))

	q = &api.QueryRequest{DB: tb.db, SQL: `SELECT 1, 2, NULL`, ResultTypes: []string{"INT", "BIGINT", "NVARCHAR(5)"}}
	e.same("values in order", []string{"[1,2,null]"}, e.rows(q))

	p := e.tableIn(tb.db, people())
	long := strings.Repeat("ä", 2<<20)
	p.exec(p.insert(`[1,"a","` + long + `"]`))
	e.same("a row of 4 MiB", 1, len(e.rows(p.query("", "id", "note"))))
}

func streamsThatFail(e *env) {
	tb := e.table(many())
	tb.fill(20_000)
	result := []string{"INT"}
	for _, at := range []int{1, 20_000} {
		rows, err := e.tryRows(e.plain(), &api.QueryRequest{DB: tb.db, SQL: e.f.Dialect.FailsLate(at), ResultTypes: result})
		p := e.want(err, api.CodeDivideByZero)
		if p.SQLNumber != 8134 || len(rows) >= at {
			e.Errorf("failing at row %d: %d rows, number %d", at, len(rows), p.SQLNumber)
		}
	}
	for _, sql := range []string{
		`NOT SQL`, `SELECT`, `SELECT "id" FROM "Nowhere"`, `SELECT "nothing" FROM "Many"`,
		`SELECT 1; SELECT 2`, `SELECT 1; DROP TABLE "Many"`,
		`INSERT INTO "Many" ("id", "_slot") VALUES (0, 0)`, `DELETE FROM "Many"`, `DROP TABLE "Many"`,
		`SELECT @p1`, `SELECT 1, 2`, `BEGIN`, `COMMIT`,
	} {
		_, err := e.tryRows(e.w, &api.QueryRequest{DB: tb.db, SQL: sql, ResultTypes: result})
		if p := api.AsProblem(err); err == nil || p.Status < 400 || p.Status >= 500 {
			e.Errorf("query of %q: %v", sql, err)
		}
	}
	e.same("rows after all that", int64(20_000), tb.count())
}

// cancelledStreams opens more endless streams than a worker has connections to its database,
// abandons them, and expects the worker to recover.
func cancelledStreams(e *env) {
	tb := e.table(many())
	want := tb.fill(10)
	endless := &api.QueryRequest{DB: tb.db, SQL: e.f.Dialect.Endless, ResultTypes: []string{"INT"}}
	w := e.plain()
	for range 12 {
		s, err := w.Query(e.Context(), endless)
		if err != nil {
			e.Fatal(err)
		}
		for range 3 {
			if _, err := s.NextBlock(); err != nil {
				e.Fatal(err)
			}
		}
		s.Close()
	}
	e.same("rows after the cancelled streams", want, e.rows(tb.query(`ORDER BY "id"`, "id")))
	tb.exec(tb.insert("[11]"))
	// A drop does not wait forever for a reader that has stopped reading.
	s, err := w.Query(e.Context(), endless)
	if err != nil {
		e.Fatal(err)
	}
	defer s.Close()
	if _, err := e.w.DropDB(e.Context(), &api.DBRequest{DB: tb.db, Fence: e.fence()}); err != nil {
		e.Errorf("dropping a database that is being read: %v", err)
	}
}

func queryTimeout(e *env) {
	db := e.database()
	q := &api.QueryRequest{DB: db, SQL: e.f.Dialect.Endless, ResultTypes: []string{"INT"}, TimeoutMS: 300}
	_, err := e.tryCount(q)
	e.want(err, api.CodeShardTimeout)
}

// tryCount reads a stream without keeping its rows.
func (e *env) tryCount(q *api.QueryRequest) (int64, error) {
	s, err := e.plain().Query(e.Context(), q)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	for {
		if _, err := s.NextBlock(); err != nil {
			return s.Rows(), err
		}
	}
}
