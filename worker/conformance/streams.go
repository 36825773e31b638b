package conformance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/worker/engine/enginetest"
)

// numbers is a query of the integers from 1 to n, in order.
func (e *env) numbers(db string, n int64) *api.QueryRequest {
	return &api.QueryRequest{DB: db, SQL: e.f.Dialect.Numbers(n), ResultTypes: []string{"BIGINT"}}
}

// from is a query of numbers.
func (e *env) from(db string, n int64, columns, rest string) *api.QueryRequest {
	q := e.numbers(db, n)
	q.SQL = "SELECT " + columns + " FROM (" + q.SQL + ") AS n " + rest
	return q
}

func streams(e *env) {
	db := e.database()
	e.same("no rows", []string{}, e.rows(e.from(db, 3, "i", "WHERE i > 3")))
	// The document is compared with short streams only.
	for _, n := range []int64{1, 1000, 20_000} {
		var want []string
		for i := range n {
			want = append(want, fmt.Sprintf("[%d]", i+1))
		}
		e.same("rows", want, e.rows(e.numbers(db, n)))
	}
}

func streamsThatFail(e *env) {
	db := e.database()
	for _, at := range []int{1, 1000, 20_000} {
		q := e.from(db, 30_000, e.f.Dialect.Divide("1", strconv.Itoa(at)+" - i"), "")
		rows, err := e.tryRows(q)
		p := e.want(err, api.CodeDivideByZero)
		if p.SQLNumber != 8134 || len(rows) >= at {
			e.Errorf("failing at row %d: %d rows, number %d", at, len(rows), p.SQLNumber)
		}
		// Nothing of it is left for whoever gets the connection next.
		e.same("rows after a failure", []string{"[1]", "[2]"}, e.rows(e.numbers(db, 2)))
	}
}

// cancelledStreams opens more endless streams than a worker has connections to its database,
// abandons them, and expects the worker to recover.
func cancelledStreams(e *env) {
	db := e.database()
	for range 12 {
		s, err := e.w.Query(e.Context(), e.numbers(db, 1<<60))
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
	e.same("rows after the cancelled streams", []string{"[1]", "[2]"}, e.rows(e.numbers(db, 2)))
	e.database()
}

// unreadStreams leaves endless streams unread, fewer than a worker can have, and expects it to
// serve others meanwhile: for as long as it waits for those clients, it has nothing to do.
func unreadStreams(e *env) {
	db := e.database()
	def := &api.TableDef{Name: "Documents", Columns: []api.ColumnDef{{Name: "id", Type: "INT"}, {Name: "doc", Type: "NVARCHAR(MAX)"}}, PrimaryKey: []string{"id"}, ShardKey: "id"}
	_, err := e.w.Exec(e.Context(), &api.ExecRequest{DB: db, Fence: e.fence(), Statements: []api.Statement{
		{SQL: e.f.Dialect.CreateTable(def), Table: def.Name, Effect: api.EffectCreateTable, Definition: def},
		{
			SQL: `INSERT INTO "Documents" ("id", "doc", "_slot") VALUES (@p1, @p2, @p3)`, Table: def.Name, SchemaVersion: def.Version(), Effect: api.EffectInsert,
			Types: []string{"INT", "NVARCHAR(MAX)", "INT"}, Columns: []string{"id", "doc", "_slot"},
			Rows: []jsontext.Value{jsontext.Value(`[1,"` + strings.Repeat("x", 1<<20) + `",0]`)},
		},
	}})
	if err != nil {
		e.Fatal(err)
	}
	q := e.from(db, 1<<60, `i, (SELECT "doc" FROM "Documents")`, "") // large rows fill all buffers soon
	q.ResultTypes = append(q.ResultTypes, "NVARCHAR(MAX)")
	body, err := json.Marshal(q)
	if err != nil {
		e.Fatal(err)
	}
	for range 24 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(e.f.URL, "http://"))
		if err != nil {
			e.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			e.Fatal(err)
		}
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
			api.WorkerQueryPath, api.HeaderToken, e.f.Token, api.MediaJSON, len(body), body)
		// To close the body would be to read it.
		if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
			e.Fatal(err)
		}
	}
	// A worker cuts off clients that do not read only after 30 seconds.
	ctx, cancel := context.WithTimeout(e.Context(), 20*time.Second)
	defer cancel()
	for range 10 {
		time.Sleep(100 * time.Millisecond) // the streams fill their buffers meanwhile
		s, err := e.w.Query(ctx, e.numbers(db, 2))
		if err != nil {
			e.Fatal(err)
		}
		if _, err := s.NextBlock(); err != nil {
			e.Error(err)
		}
		s.Close()
	}
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
