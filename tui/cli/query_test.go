package cli

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shardeck/shared/api"
)

// queryServer is a master that passes decoded POST /query requests to answer.
func queryServer(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, req *api.SQLRequest)) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == api.PathHealth {
			fmt.Fprint(w, "{}")
			return
		}
		req := new(api.SQLRequest)
		if err := json.UnmarshalRead(r.Body, req); err != nil || r.URL.Path != api.PathQuery {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		answer(w, r, req)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// streamed answers a SELECT with these rows and a complete end.
func streamed(columns []api.Column, end api.EndInfo, rows ...string) func(http.ResponseWriter, *http.Request, *api.SQLRequest) {
	return func(w http.ResponseWriter, _ *http.Request, _ *api.SQLRequest) {
		w.Header().Set("Content-Type", api.MediaNDJSON)
		end.Rows = int64(len(rows))
		head, _ := json.Marshal(api.StreamHead{Columns: columns})
		last, _ := json.Marshal(api.StreamEnd{End: end})
		fmt.Fprintf(w, "%s\n", head)
		for _, row := range rows {
			fmt.Fprintf(w, "%s\n", row)
		}
		fmt.Fprintf(w, "%s\n", last)
	}
}

func refusing(p *api.Problem) func(http.ResponseWriter, *http.Request, *api.SQLRequest) {
	return func(w http.ResponseWriter, _ *http.Request, _ *api.SQLRequest) {
		w.Header().Set("Content-Type", api.MediaProblem)
		w.WriteHeader(p.Status)
		_ = json.MarshalWrite(w, p)
	}
}

var (
	studentColumns = []api.Column{{Name: "student_id", Type: "INT"}, {Name: "name", Type: "NVARCHAR(60)"}, {Name: "gpa", Type: "DECIMAL(3,2)"}, {Name: "", Type: "BIT"}}
	studentRows    = []string{`[7,"Ada Lovelace","4.00",true]`, `[42,"李 小龙",null,false]`, `[10001,"\u001b[31mred\u001b[0m\nx","3.70",null]`}
	scattered      = &api.Route{Kind: api.RouteScatter, Shards: []int{0, 1, 2}, Why: "no condition fixes student_id"}
)

// runQuery runs a query and returns its outputs and exit code.
func runQuery(t *testing.T, q *Query, in string, columns int) (out, errOut string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	if q.DB == "" {
		q.DB = "SchoolDB"
	}
	err := q.Run(t.Context(), Streams{In: strings.NewReader(in), Out: &o, Err: &e, Columns: columns})
	Report(&e, err, q.JSON)
	return o.String(), e.String(), ExitCode(err)
}

func TestQueryPrintsAlignedTable(t *testing.T) {
	end := api.EndInfo{Route: scattered, Query: &api.StatementInfo{MS: 4.2, Truncated: true}}
	url := queryServer(t, streamed(studentColumns, end, studentRows...))
	for name, columns := range map[string]int{"query-pipe.txt": 0, "query-terminal-80.txt": 80, "query-terminal-30.txt": 30} {
		out, errOut, code := runQuery(t, &Query{Connection: Connection{Master: []string{url}}, SQL: "SELECT *, active FROM Students"}, "", columns)
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", name, code, errOut)
		}
		golden(t, name, []byte(out+"--- standard error\n"+errOut))
		for line := range strings.Lines(out) {
			if w := ansi.StringWidth(strings.TrimSuffix(line, "\n")); columns > 0 && w > columns {
				t.Errorf("%s: a line of %d cells: %q", name, w, line)
			}
		}
	}
}

func TestQueryNamesShardsThatAnswered(t *testing.T) {
	end := api.EndInfo{Route: scattered, Query: &api.StatementInfo{MS: 4.11}, Partial: []api.Problem{*api.NewProblem(api.CodeShardUnavailable, "connection refused").On(1, "worker-8082")}}
	url := queryServer(t, streamed([]api.Column{{Name: "n", Type: "INT"}}, end, "[6667]"))
	_, errOut, code := runQuery(t, &Query{Connection: Connection{Master: []string{url}}, SQL: "SELECT COUNT(*) AS n FROM Students", AllowPartial: true}, "", 0)
	want := "1 row in 4.11 ms from shards 0, 2, without shard 1: no condition fixes student_id\n" +
		"! PARTIAL, omitted: shard_unavailable (shard 1, worker-8082): connection refused\n"
	if diff := cmp.Diff(want, errOut); diff != "" || code != ExitFailed {
		t.Errorf("exit code %d (-want +got):\n%s", code, diff)
	}
}

func TestQueryPrintsJSONAndCSV(t *testing.T) {
	end := api.EndInfo{Route: scattered, Shards: []api.ShardResult{{Shard: 0, Rows: 3}}, Query: &api.StatementInfo{MS: 4.2}}
	url := queryServer(t, streamed(studentColumns[:3], end, `[7,"","4.00"]`, `[42,"a \"b\", c",null]`, "[1,\"\u009b31m\",\"1.00\"]"))
	out, _, code := runQuery(t, &Query{Connection: Connection{Master: []string{url}}, SQL: "SELECT 1", JSON: true}, "", 0)
	var got api.SQLResponse
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v: %s", code, err, out)
	}
	if got.RowCount != 3 || len(got.Rows) != 3 || got.Route.Why != scattered.Why || strings.Contains(out, "\u009b") {
		t.Errorf("got %s", out)
	}
	out, _, _ = runQuery(t, &Query{Connection: Connection{Master: []string{url}}, SQL: "SELECT 1", CSV: true}, "", 0)
	want := "student_id,name,gpa\r\n7,\"\",4.00\r\n42,\"a \"\"b\"\", c\",\r\n1,\u009b31m,1.00\r\n"
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
	out, _, _ = runQuery(t, &Query{Connection: Connection{Master: []string{url}}, SQL: "SELECT 1", CSV: true}, "", 80)
	if !strings.Contains(out, `\x9b31m`) {
		t.Errorf("a terminal is sent %q", out)
	}
}

func TestQueryShowsErrorLocation(t *testing.T) {
	sql := "SELECT name\n\tFROM Studnts -- 李\nWHERE 1 = 1"
	at := strings.Index(sql, "Studnts")
	p := api.NewProblem(api.CodeUnknownTable, "there is no table Studnts").Hinted("did you mean Students?").At("sql")
	p.Offset, p.RequestID = &at, "r-1"
	url := queryServer(t, refusing(p))
	_, errOut, code := runQuery(t, &Query{Connection: Connection{Master: []string{url}}, SQL: sql}, "", 80)
	want := "error: " + url + ": unknown_table at sql: there is no table Studnts\n" +
		"  line 2:  FROM Studnts -- 李\n" +
		"                ^\n" +
		"  next:  did you mean Students?\n" +
		"  id:    r-1 (the services' logs have it)\n"
	if diff := cmp.Diff(want, errOut); diff != "" || code != ExitRefused {
		t.Errorf("exit code %d (-want +got):\n%s", code, diff)
	}
	long := "SELECT " + strings.Repeat("x, ", 10_000)
	at = len(long) - 2
	_, errOut, _ = runQuery(t, &Query{Connection: Connection{Master: []string{url}}, SQL: long}, "", 80)
	if len(errOut) > 1000 || !strings.Contains(errOut, "…") {
		t.Errorf("a long statement is written out: %d bytes", len(errOut))
	}
}

func TestQueryReportsTruncatedStream(t *testing.T) {
	for name, last := range map[string]string{
		"cut":    "",
		"failed": `{"error":{"type":"x","title":"x","status":503,"detail":"connection lost","code":"shard_unavailable","request_id":"r","shard":2,"worker":"worker-8083"}}` + "\n",
	} {
		url := queryServer(t, func(w http.ResponseWriter, _ *http.Request, _ *api.SQLRequest) {
			w.Header().Set("Content-Type", api.MediaNDJSON)
			fmt.Fprintf(w, "{\"columns\":[{\"name\":\"n\",\"type\":\"INT\"}]}\n[1]\n[2]\n%s", last)
		})
		for _, asJSON := range []bool{false, true} {
			out, errOut, code := runQuery(t, &Query{Connection: Connection{Master: []string{url}}, SQL: "SELECT n FROM t", JSON: asJSON}, "", 0)
			if code != ExitRefused || !strings.Contains(errOut, "incomplete") {
				t.Errorf("%s: exit code %d: %s", name, code, errOut)
			}
			if asJSON && (!jsontext.Value(strings.TrimSpace(out)).IsValid() || !strings.Contains(out, `"error":`)) {
				t.Errorf("%s: %s", name, out)
			}
			if name == "failed" && !strings.Contains(errOut, "worker-8083") {
				t.Errorf("the shard is not named: %s", errOut)
			}
		}
	}
}

func TestQuerySendsFlagsAndInput(t *testing.T) {
	var got *api.SQLRequest
	url := queryServer(t, func(w http.ResponseWriter, r *http.Request, req *api.SQLRequest) {
		got = req
		refusing(api.NewProblem(api.CodeSyntax, "no"))(w, r, req)
	})
	file := filepath.Join(t.TempDir(), "q.sql")
	if err := os.WriteFile(file, []byte("SELECT 'file'"), 0o600); err != nil {
		t.Fatal(err)
	}
	most := int64(10)
	conn := Connection{Master: []string{url}, Timeout: 3 * time.Second}
	for name, c := range map[string]struct {
		q    *Query
		want string
	}{
		"argument": {&Query{SQL: "SELECT 'arg'"}, "SELECT 'arg'"},
		"stdin":    {&Query{}, "SELECT 'in'"},
		"dash":     {&Query{SQL: "-"}, "SELECT 'in'"},
		"file":     {&Query{File: file}, "SELECT 'file'"},
	} {
		c.q.Connection, c.q.MaxRows, c.q.AllShards = conn, &most, true
		c.q.Param = []string{"id=42", "@name=Ada", `zip="01"`, "none=null", "big=01", `list=[1]`}
		runQuery(t, c.q, "SELECT 'in'", 0)
		params, err := json.Marshal(got.Params)
		if err != nil || string(params) != `{"id":42,"name":"Ada","zip":"01","none":null,"big":"01","list":"[1]"}` {
			t.Errorf("%s: %s, %v", name, params, err)
		}
		if got.SQL != c.want || got.DB != "SchoolDB" || *got.MaxRows != 10 || !got.AllShards || got.TimeoutMS != 3000 || got.Explain {
			t.Errorf("%s: %+v", name, got)
		}
	}
	runQuery(t, &Query{Connection: conn, SQL: "SELECT 1", Analyze: true}, "", 0)
	if !got.Explain || !got.Analyze {
		t.Errorf("--analyze: %+v", got)
	}
}

func TestQueryRejectsInvalidUsage(t *testing.T) {
	less := int64(-1)
	for name, q := range map[string]*Query{
		"nothing":            {},
		"twice":              {SQL: "SELECT 1", File: "x"},
		"no such file":       {File: filepath.Join(t.TempDir(), "none")},
		"too long":           {SQL: "-"},
		"param without name": {SQL: "SELECT 1", Param: []string{"=1"}},
		"param twice":        {SQL: "SELECT 1", Param: []string{"a=1", "@A=2"}},
		"negative rows":      {SQL: "SELECT 1", MaxRows: &less},
		"CSV of a plan":      {SQL: "SELECT 1", CSV: true, Explain: true},
	} {
		in := ""
		if name == "too long" {
			in = strings.Repeat(" ", maxStatement+1)
		}
		if _, errOut, code := runQuery(t, q, in, 0); code != ExitUsage {
			t.Errorf("%s: exit code %d: %s", name, code, errOut)
		}
	}
}

func TestQueryReportsWrites(t *testing.T) {
	n := int64(2)
	point := api.Route{Kind: api.RoutePoint, Shards: []int{1}, Why: "order_id = 1 is in slot 3964, which shard 1 holds"}
	resp := &api.SQLResponse{RowsAffected: &n, EndInfoJSON: api.EndInfoJSON{Route: point, Query: &api.StatementInfo{Statement: "UPDATE", MS: 3.5}}}
	url := queryServer(t, func(w http.ResponseWriter, _ *http.Request, _ *api.SQLRequest) {
		w.Header().Set("Content-Type", api.MediaJSON)
		_ = json.MarshalWrite(w, resp)
	})
	out, errOut, code := runQuery(t, &Query{Connection: Connection{Master: []string{url}}, SQL: "UPDATE t SET a = 1 WHERE order_id = 1"}, "", 0)
	if out != "" || code != 0 || errOut != "2 rows affected in 3.50 ms on shard 1: order_id = 1 is in slot 3964, which shard 1 holds\n" {
		t.Errorf("exit code %d, %q, %q", code, out, errOut)
	}
	refuse := queryServer(t, refusing(func() *api.Problem {
		p := api.NewProblem(api.CodeShardKeyRequired, "this would touch every shard").Hinted("send all_shards: true if that is intended")
		p.RequestID = "r"
		return p
	}()))
	_, errOut, _ = runQuery(t, &Query{Connection: Connection{Master: []string{refuse}}, SQL: "DELETE FROM t"}, "", 0)
	if !strings.Contains(errOut, "--all-shards") {
		t.Errorf("the flag is not suggested: %s", errOut)
	}
}

func TestWriteIsRepeatedThroughTheOtherMaster(t *testing.T) {
	n := int64(1)
	var mu sync.Mutex
	var keys []string
	record := func(r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		keys = append(keys, r.Header.Get(api.HeaderIdempotencyKey))
	}
	lost := queryServer(t, func(_ http.ResponseWriter, r *http.Request, _ *api.SQLRequest) {
		record(r)
		panic(http.ErrAbortHandler)
	})
	other := queryServer(t, func(w http.ResponseWriter, r *http.Request, _ *api.SQLRequest) {
		record(r)
		w.Header().Set("Content-Type", api.MediaJSON)
		_ = json.MarshalWrite(w, &api.SQLResponse{RowsAffected: &n, EndInfoJSON: api.EndInfoJSON{Route: api.Route{Kind: api.RoutePoint, Shards: []int{1}, Why: "x"}}})
	})
	_, errOut, code := runQuery(t, &Query{Connection: Connection{Master: []string{lost, other}}, SQL: "INSERT INTO t VALUES (1)"}, "", 0)
	if code != 0 || !strings.HasPrefix(errOut, "note: the write was sent to the master at "+lost+" and then lost") || !strings.Contains(errOut, "; used "+other+" instead\n1 row affected") {
		t.Errorf("exit code %d: %s", code, errOut)
	}
	mu.Lock()
	sent := slices.Clone(keys)
	mu.Unlock()
	if k := slices.Compact(slices.Clone(sent)); len(k) != 1 || k[0] == "" || len(sent) < 2 {
		t.Errorf("the keys are %q", sent)
	}
	_, errOut, code = runQuery(t, &Query{Connection: Connection{Master: []string{lost, deadAddress(t)}}, SQL: "DELETE FROM t", IdempotencyKey: "k-1", AllShards: true}, "", 0)
	if code != ExitRefused || !strings.Contains(errOut, "then lost") || !strings.Contains(errOut, "--idempotency-key k-1: nothing is applied twice") {
		t.Errorf("exit code %d: %s", code, errOut)
	}
}

func TestQueryPrintsPlan(t *testing.T) {
	url := queryServer(t, func(w http.ResponseWriter, _ *http.Request, req *api.SQLRequest) {
		w.Header().Set("Content-Type", api.MediaJSON)
		_ = json.MarshalWrite(w, &api.SQLResponse{Explain: samplePlan(req.Analyze)})
	})
	for name, analyze := range map[string]bool{"query-explain.txt": false, "query-analyze.txt": true} {
		out, errOut, code := runQuery(t, &Query{Connection: Connection{Master: []string{url}}, SQL: "SELECT 1", Explain: true, Analyze: analyze}, "", 0)
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, errOut)
		}
		golden(t, name, []byte(out))
	}
	out, _, _ := runQuery(t, &Query{Connection: Connection{Master: []string{url}}, SQL: "SELECT 1", Explain: true, JSON: true}, "", 0)
	var got api.SQLResponse
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Explain.Fragments) != 3 {
		t.Errorf("%v: %s", err, out)
	}
}

func samplePlan(analyze bool) *api.Explain {
	e := &api.Explain{
		Plan: jsontext.Value(`{"op":"select","route":{"kind":"subset","shards":[0,1,2],"keys":[{"key":"7","hash":3826002220,"slot":2140,"shard":1}],"keys_total":9,"why":"student_id has 9 values"}}`),
		Steps: []api.ExplainStep{
			{Name: "scatter", Detail: "3 shards at once"},
			{Name: "merge", Detail: "by gpa DESC"},
			{Name: "limit", Detail: "10"},
		},
	}
	for i := range 3 {
		f := api.ExplainFragment{Shard: i, Worker: fmt.Sprint("worker-", 8081+i), Engine: "sqlite", Statements: []api.ExplainStatement{{
			SQL: `SELECT "name", "gpa" FROM "Students" WHERE "gpa" >= @p1 ORDER BY "gpa" DESC LIMIT 10`, Types: []string{"DECIMAL(3,2)"}, Params: []jsontext.Value{jsontext.Value(`["3.50"]`)},
		}}}
		if i == 2 {
			f.Statements[0].Params = []jsontext.Value{jsontext.Value(`["3.60"]`)}
		}
		if analyze {
			rows, ms := int64(10), 1.25+float64(i)
			f.Rows, f.MS = &rows, &ms
		}
		e.Fragments = append(e.Fragments, f)
	}
	if analyze {
		rows, ms := int64(10), 0.02
		e.Steps[2].Rows, e.Steps[2].MS = &rows, &ms
	}
	return e
}

func TestInterruptedQueryCancelsStatement(t *testing.T) {
	ended := make(chan struct{})
	url := queryServer(t, func(w http.ResponseWriter, r *http.Request, _ *api.SQLRequest) {
		w.Header().Set("Content-Type", api.MediaNDJSON)
		fmt.Fprint(w, "{\"columns\":[{\"name\":\"n\",\"type\":\"INT\"}]}\n[1]\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done() // the client is gone
		close(ended)
	})
	ctx, cancel := context.WithCancel(t.Context())
	out := writerFunc(func(b []byte) (int, error) { return len(b), nil })
	var errOut bytes.Buffer
	time.AfterFunc(50*time.Millisecond, cancel) // before or within the stream: the result is the same
	err := (&Query{Connection: Connection{Master: []string{url}}, SQL: "SELECT n FROM t", DB: "d"}).Run(ctx, Streams{Out: out, Err: &errOut})
	if ExitCode(err) != ExitInterrupted {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
	<-ended
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestTableFitsTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 120).Draw(t, "width")
		n := rapid.IntRange(1, 12).Draw(t, "columns")
		columns := make([]api.Column, n)
		for i := range columns {
			columns[i] = api.Column{Name: rapid.String().Draw(t, "name"), Type: rapid.SampledFrom([]string{"INT", "NVARCHAR(9)"}).Draw(t, "type")}
		}
		var b bytes.Buffer
		s := newSheet(&b, width)
		_ = s.head(columns)
		for range rapid.IntRange(0, 5).Draw(t, "rows") {
			row, err := json.Marshal(rapid.SliceOfN(rapid.String(), n, n).Draw(t, "row"))
			if err != nil {
				t.Skip("not UTF-8")
			}
			if err := s.block(append(row, '\n')); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.end(nil, nil); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if w := ansi.StringWidth(strings.TrimSuffix(line, "\n")); w > width {
				t.Fatalf("a line of %d cells for %d: %q", w, width, line)
			}
		}
	})
}

func TestQueriesListsAndCancels(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodDelete && r.URL.Path == "/queries/abc":
			w.WriteHeader(http.StatusNoContent)
		case r.Method == http.MethodDelete:
			refusing(api.NewProblem(api.CodeUnknownQuery, "no such statement"))(w, r, nil)
		default:
			w.Header().Set("Content-Type", api.MediaJSON)
			_ = json.MarshalWrite(w, &api.QueriesResponse{Queries: []api.RunningQuery{
				{ID: "abc", DB: "SchoolDB", SQL: "SELECT\n  name\x1b[2J FROM Students", Shards: []int{0, 1, 2}, MS: 1234, Rows: 17,
					Parts: []api.RunningPart{{State: api.PartAnswering}, {ShardResult: api.ShardResult{Shard: 1}, State: api.PartAwaited},
						{ShardResult: api.ShardResult{Shard: 2}, State: api.PartAwaited}}},
			}})
		}
	}))
	defer srv.Close()
	conn := Connection{Master: []string{srv.URL, deadAddress(t)}, Timeout: 5 * time.Second}
	var out, errOut bytes.Buffer
	if err := (&QueriesList{Connection: conn}).Run(t.Context(), Streams{Out: &out, Err: &errOut}); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`17 +0, 1, 2 +1, 2 +SchoolDB`).MatchString(out.String()) {
		t.Errorf("the shards awaited are not listed:\n%s", out.String())
	}
	if !strings.Contains(out.String(), `SELECT name\x1b[2J FROM Students`) || !strings.Contains(errOut.String(), "note: ") {
		t.Errorf("%s%s", out.String(), errOut.String())
	}
	if err := (&QueriesCancel{Connection: conn, ID: "abc"}).Run(t.Context(), Streams{Out: &out, Err: &errOut}); err != nil {
		t.Error(err)
	}
	err := (&QueriesCancel{Connection: Connection{Master: []string{srv.URL}, Timeout: time.Second}, ID: "x"}).Run(t.Context(), Streams{Out: &out, Err: &errOut})
	if api.CodeOf(err) != api.CodeUnknownQuery {
		t.Errorf("got %v", err)
	}
}

func TestSingleColumnOfNullReadsBackFromCSV(t *testing.T) {
	url := queryServer(t, streamed(studentColumns[:1], api.EndInfo{Route: scattered}, `[null]`, `[""]`, `["NULL"]`))
	out, _, _ := runQuery(t, &Query{Connection: Connection{Master: []string{url}}, SQL: "SELECT 1", CSV: true}, "", 0)
	if diff := cmp.Diff("student_id\r\nNULL\r\n\"\"\r\n\"NULL\"\r\n", out); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
}
