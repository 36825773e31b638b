package conformance

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/worker/engine/enginetest"
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
}

func streamsThatFail(e *env) {
	tb := e.table(many())
	tb.fill(20_000)
	result := []string{"BIGINT"}
	for _, at := range []int{1, 20_000} {
		rows, err := e.tryRows(e.plain(), &api.QueryRequest{DB: tb.db, SQL: failsLate(e.f.Dialect, at), ResultTypes: result})
		p := e.want(err, api.CodeDivideByZero)
		if p.SQLNumber != 8134 || len(rows) >= at {
			e.Errorf("failing at row %d: %d rows, number %d", at, len(rows), p.SQLNumber)
		}
	}
	e.same("rows after all that", int64(20_000), tb.count())
}

// failsLate is a SELECT from the table Many, whose column id counts from 1, that divides by zero in
// row n but not before.
func failsLate(d enginetest.Dialect, n int) string {
	return "SELECT " + d.Divide("1", strconv.Itoa(n)+` - "id"`) + ` FROM "Many" ORDER BY "id"`
}

// cancelledStreams opens more endless streams than a worker has connections to its database,
// abandons them, and expects the worker to recover.
func cancelledStreams(e *env) {
	tb := e.table(many())
	want := tb.fill(10)
	endless := &api.QueryRequest{DB: tb.db, SQL: e.f.Dialect.Numbers(1 << 60), ResultTypes: []string{"BIGINT"}}
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
}

// Shutdown stops the worker with [Process.Stop] while a client does not read its endless result:
// the worker must give up on it after its grace, so that the stop does not fail, and must not
// pretend that the result was complete.
func Shutdown(t *testing.T, p Process, d enginetest.Dialect) {
	transport := client.NewTransport()
	defer transport.CloseIdleConnections()
	w := client.NewWorker(p.URL, p.Token, client.WithTransport(transport))
	if _, err := w.CreateDB(t.Context(), &api.DBRequest{DB: "Stopped", Fence: api.Fence{Term: 1, MapVersion: 1}}); err != nil {
		t.Fatal(err)
	}
	s, err := w.Query(t.Context(), &api.QueryRequest{DB: "Stopped", SQL: d.Numbers(1 << 60), ResultTypes: []string{"BIGINT"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.NextBlock(); err != nil {
		t.Fatal(err)
	}
	p.Stop()
	for err == nil {
		_, err = s.NextBlock()
	}
	if errors.Is(err, io.EOF) {
		t.Error("the stream of a stopped worker ended as if it were complete")
	}
	if _, err := w.State(t.Context()); api.CodeOf(err) != api.CodeShardUnavailable {
		t.Errorf("a stopped worker: %v, want %s", err, api.CodeShardUnavailable)
	}
}
