package service_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// benchWorker is a worker with a table of 10,000 rows.
func benchWorker(b *testing.B) *client.Worker {
	b.Helper()
	url, stop := start(b, config(b))
	w := client.NewWorker(url, "tok")
	b.Cleanup(func() {
		w.Close()
		if err := stop(); err != nil {
			b.Error(err)
		}
	})
	f := api.Fence{Term: 1, MapVersion: 1}
	if _, err := w.CreateDB(b.Context(), &api.DBRequest{DB: "B", Fence: f}); err != nil {
		b.Fatal(err)
	}
	create := api.Statement{SQL: `CREATE TABLE "T" ("id" INTEGER NOT NULL PRIMARY KEY, "name" TEXT NOT NULL, "_slot" INTEGER NOT NULL)`,
		Table: "T", Effect: api.EffectCreateTable, Definition: benchTable()}
	insert := benchInsert()
	for i := range 10_000 {
		insert.Rows = append(insert.Rows, jsontext.Value(fmt.Sprintf(`[%d,"Ada Lovelace %d",0]`, i, i)))
	}
	if _, err := w.Exec(b.Context(), &api.ExecRequest{DB: "B", Fence: f, Statements: []api.Statement{create, insert}}); err != nil {
		b.Fatal(err)
	}
	return w
}

func benchTable() *api.TableDef {
	return &api.TableDef{Name: "T", PrimaryKey: []string{"id"}, ShardKey: "id",
		Columns: []api.ColumnDef{{Name: "id", Type: "INT"}, {Name: "name", Type: "NVARCHAR(50)"}}}
}

func benchInsert() api.Statement {
	return api.Statement{SQL: `INSERT INTO "T" ("id", "name", "_slot") VALUES (@p1, @p2, @p3)`, Table: "T",
		SchemaVersion: benchTable().Version(), Effect: api.EffectInsert,
		Types: []string{"INT", "NVARCHAR(50)", "INT"}, Columns: []string{"id", "name", "_slot"}}
}

// BenchmarkPointQuery reads one row by its key, client and worker in one process. BenchmarkEcho
// is the baseline.
func BenchmarkPointQuery(b *testing.B) {
	w := benchWorker(b)
	q := api.QueryRequest{DB: "B", SQL: `SELECT "id", "name" FROM "T" WHERE "id" = @p1`, Types: []string{"INT"},
		ResultTypes: []string{"INT", "NVARCHAR(50)"},
		Schemas:     map[string]string{"T": benchTable().Version()}}
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for n := 0; pb.Next(); n++ {
			mine := q
			mine.Params = jsontext.Value(fmt.Sprintf("[%d]", n%10_000))
			s, err := w.Query(b.Context(), &mine)
			if err != nil {
				b.Error(err)
				return
			}
			for err == nil {
				_, err = s.NextBlock()
			}
			if s.Close(); err != io.EOF || s.Rows() != 1 {
				b.Error(s.Rows(), err)
				return
			}
		}
	})
}

// BenchmarkInsert inserts one durable row per request.
func BenchmarkInsert(b *testing.B) {
	w := benchWorker(b)
	var next atomic.Int64
	next.Store(10_000)
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			st := benchInsert()
			st.Rows = []jsontext.Value{jsontext.Value(fmt.Sprintf(`[%d,"Ada Lovelace",0]`, next.Add(1)))}
			if _, err := w.Exec(b.Context(), &api.ExecRequest{DB: "B", Fence: api.Fence{Term: 1, MapVersion: 1}, Statements: []api.Statement{st}}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkEcho is a bare net/http exchange of bodies of the same sizes.
func BenchmarkEcho(b *testing.B) {
	answer := []byte(strings.Repeat("x", 150))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(answer)
	}))
	b.Cleanup(srv.Close)
	hc := &http.Client{Transport: client.NewTransport()}
	body := []byte(strings.Repeat("y", 250))
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			resp, err := hc.Post(srv.URL, api.MediaJSON, bytes.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	})
	hc.CloseIdleConnections()
}
