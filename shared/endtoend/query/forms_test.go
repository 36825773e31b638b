package query

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// post sends a request as is with the given Accept header.
func post(t *testing.T, m *client.Master, accept string, req *api.SQLRequest) *http.Response {
	t.Helper()
	req.DB = dbName
	body, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.URL()+api.PathQuery, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", api.MediaJSON)
	r.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// whole reads a 200 response to its end.
func whole(t *testing.T, resp *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v: %s", resp.StatusCode, err, text)
	}
	return string(text)
}

func forms(t *testing.T, b *both) {
	t.Run("CSV quotes what must be quoted", func(t *testing.T) {
		b.each(func(name string, m *client.Master) {
			resp := post(t, m, api.MediaCSV, &api.SQLRequest{
				SQL:    "SELECT @q AS [a \"name\", with a comma], @e AS e, @n AS n, @l AS l, @d AS d, @b AS b FROM Lonely",
				Params: params(param("q", `"say \"hi\", you"`), param("e", `""`), param("n", "null"), param("l", `"a\nb ü"`), param("d", "1.50"), param("b", "true")),
			})
			const want = "\"a \"\"name\"\", with a comma\",e,n,l,d,b\r\n\"say \"\"hi\"\", you\",\"\",,\"a\nb ü\",1.50,true\r\n"
			if diff := cmp.Diff(want, whole(t, resp)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if got := resp.Trailer.Get(api.TrailerTruncated); got != "false" {
				t.Errorf("%s: the trailer is %q", name, got)
			}
		})
	})
	t.Run("CSV without rows is just its header", func(t *testing.T) {
		if got := whole(t, post(t, b.three, api.MediaCSV, &api.SQLRequest{SQL: "SELECT id, v FROM Nothing"})); got != "id,v\r\n" {
			t.Errorf("%q", got)
		}
	})
	t.Run("a refused CSV request is a problem document", func(t *testing.T) {
		resp := post(t, b.three, api.MediaCSV, &api.SQLRequest{SQL: "SELECT 1 / (id - 7) AS x FROM Students"})
		var p api.Problem
		if err := json.UnmarshalRead(resp.Body, &p); err != nil || p.Code != api.CodeDivideByZero || resp.StatusCode != p.Status {
			t.Errorf("status %d, %v: %+v", resp.StatusCode, err, p)
		}
	})
	for _, sql := range []string{
		"SELECT id FROM Students", "SELECT id FROM Students ORDER BY id", "SELECT id, COUNT(*) FROM Students GROUP BY id",
		"SELECT DISTINCT id FROM Students", "SELECT id, COUNT(*) AS n FROM Students GROUP BY id ORDER BY n, id",
	} {
		t.Run("max_rows of "+sql, func(t *testing.T) {
			b.each(func(name string, m *client.Master) {
				for most, truncated := range map[int64]bool{0: true, 1: true, 4: true, 8: true, 9: false, 10: false} {
					cutShort(t, name, m, sql, most, truncated)
				}
			})
		})
	}
}

// cutShort requests, in each format, a limited number of nine rows.
func cutShort(t *testing.T, name string, m *client.Master, sql string, most int64, truncated bool) {
	t.Helper()
	rows := int(min(most, 9))
	req := &api.SQLRequest{DB: dbName, SQL: sql, MaxRows: &most}
	resp, err := m.Query(t.Context(), req)
	if err != nil || len(resp.Rows) != rows || resp.Query == nil || resp.Query.Truncated != truncated {
		t.Errorf("%s: JSON of %d rows at most: %v, %+v", name, most, err, resp)
	}
	st, err := m.QueryStream(t.Context(), req)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	defer st.Close()
	for err == nil {
		_, err = st.NextBlock()
	}
	if err != io.EOF || int(st.Rows()) != rows || st.End().Query == nil || st.End().Query.Truncated != truncated {
		t.Errorf("%s: NDJSON of %d rows at most: %v, %d rows, %+v", name, most, err, st.Rows(), st.End())
	}
	csv := post(t, m, api.MediaCSV, req)
	if n := strings.Count(whole(t, csv), "\r\n") - 1; n != rows || (csv.Trailer.Get(api.TrailerTruncated) == "true") != truncated {
		t.Errorf("%s: CSV of %d rows at most: %d rows, trailer %v", name, most, n, csv.Trailer)
	}
}

// plans requests plans instead of results.
func plans(t *testing.T, m *client.Master) {
	t.Run("a point select explains its route", func(t *testing.T) {
		resp := explained(t, m, &api.SQLRequest{SQL: "SELECT name FROM Students WHERE id = @id", Params: params(param("id", "7"))})
		if len(resp.Route.Shards) != 1 || resp.Route.Shards[0] != 0 || len(resp.Route.Keys) != 1 || resp.Route.Why == "" {
			t.Errorf("%+v", resp.Route)
		}
		if len(resp.Explain.Fragments) != 1 || len(resp.Explain.Fragments[0].Statements) != 1 || resp.Explain.Fragments[0].Statements[0].SQL == "" {
			t.Errorf("%+v", resp.Explain.Fragments)
		}
		if len(resp.Rows) > 0 || resp.Explain.Fragments[0].Rows != nil {
			t.Error("it was executed")
		}
	})
	t.Run("analyze counts rows and measures times", func(t *testing.T) {
		resp := explained(t, m, &api.SQLRequest{SQL: "SELECT class, COUNT(*) FROM Students GROUP BY class HAVING COUNT(*) > 1", Analyze: true})
		var names []string
		for _, s := range resp.Explain.Steps {
			names = append(names, s.Name)
		}
		if diff := cmp.Diff([]string{"route", "scatter", "merge", "group", "having"}, names); diff != "" {
			t.Error(diff)
		}
		last := resp.Explain.Steps[len(resp.Explain.Steps)-1]
		if last.Rows == nil || *last.Rows != 3 || resp.RowCount != 3 {
			t.Errorf("the last step has %v rows and the answer %d, want 3", last.Rows, resp.RowCount)
		}
		var sent int64
		for _, f := range resp.Explain.Fragments {
			if f.Rows == nil || f.MS == nil {
				t.Fatalf("shard %d has no rows or no time", f.Shard)
			}
			sent += *f.Rows
		}
		if scatter := resp.Explain.Steps[1]; scatter.Rows == nil || *scatter.Rows != sent || sent < 4 {
			t.Errorf("the shards sent %d rows; the step says %v", sent, scatter.Rows)
		}
	})
	for name, sql := range map[string]string{
		"a contradiction uses no shard": "SELECT id FROM Students WHERE id = 1 AND id IN (2, 3)",
		"a folded contradiction":        "SELECT id FROM Students WHERE 1 + 1 = 3",
	} {
		t.Run(name, func(t *testing.T) {
			if resp := explained(t, m, &api.SQLRequest{SQL: sql}); len(resp.Route.Shards) != 0 || len(resp.Explain.Fragments) != 0 {
				t.Errorf("%+v", resp.Route)
			}
		})
	}
	t.Run("a write is explained and not run", func(t *testing.T) {
		resp := explained(t, m, &api.SQLRequest{SQL: "DELETE FROM Students WHERE id IN (1, 7)"})
		if diff := cmp.Diff([]int{0, 1}, resp.Route.Shards); diff != "" {
			t.Error(diff)
		}
		left, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: "SELECT COUNT(*) FROM Students"})
		if err != nil || lines(left.Rows) != "[9]" {
			t.Errorf("%v, %v", left, err)
		}
	})
}

func explained(t *testing.T, m *client.Master, req *api.SQLRequest) *api.SQLResponse {
	t.Helper()
	req.DB, req.Explain = dbName, true
	resp, err := m.Query(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Explain == nil {
		t.Fatal("there is no plan")
	}
	return resp
}
