package console

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/history"
	"shardeck/tui/keymap"
	"shardeck/tui/screen"
)

// sqlMaster is a master that answers statements: two rows for SELECT, a plan for explain,
// a refusal for "wrong", endless rows for "forever" and nothing for "hang".
type sqlMaster struct {
	t    *testing.T
	seen []*api.SQLRequest
}

func (s *sqlMaster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == api.PathQueries {
		w.Header().Set("Content-Type", api.MediaJSON)
		_ = json.MarshalWrite(w, &api.QueriesResponse{})
		return
	}
	req := new(api.SQLRequest)
	if err := json.UnmarshalRead(r.Body, req); err != nil {
		s.t.Error(err)
	}
	s.seen = append(s.seen, req)
	route := api.Route{Kind: api.RouteScatter, Shards: []int{0, 1, 2}, Why: "there is no condition"}
	switch {
	case strings.Contains(req.SQL, "wrong"):
		p := api.NewProblem(api.CodeSyntax, "this is wrong").Hinted("fix it").At("sql")
		at := strings.Index(req.SQL, "wrong")
		p.Offset, p.RequestID = &at, "r-1"
		w.Header().Set("Content-Type", api.MediaProblem)
		w.WriteHeader(p.Status)
		_ = json.MarshalWrite(w, p)
	case strings.Contains(req.SQL, "COUNT(*)"):
		w.Header().Set("Content-Type", api.MediaNDJSON)
		fmt.Fprint(w, `{"columns":[{"name":"","type":"INT"}]}`+"\n[12]\n"+`{"end":{"rows":1}}`+"\n")
	case strings.Contains(req.SQL, "hang"):
		<-r.Context().Done()
	case req.Explain:
		w.Header().Set("Content-Type", api.MediaJSON)
		_ = json.MarshalWrite(w, &api.SQLResponse{Explain: &api.Explain{Plan: []byte(`{"route":{"kind":"scatter","shards":[0,1,2],"why":"there is no condition"}}`),
			Steps: []api.ExplainStep{{Name: "merge", Detail: "by a"}}}})
	case req.IsSelect():
		w.Header().Set("Content-Type", api.MediaNDJSON)
		fmt.Fprintln(w, `{"columns":[{"name":"a","type":"INT"},{"name":"b","type":"NVARCHAR(10)"}]}`)
		n := 2
		for i := 0; i < n || strings.Contains(req.SQL, "forever") && r.Context().Err() == nil; i++ {
			fmt.Fprintf(w, "[%d,%q]\n", 41+i, strings.Repeat("x", 1+i%2))
		}
		_ = json.MarshalWrite(w, &api.StreamEnd{End: api.EndInfo{Rows: int64(n), Route: &route, Query: &api.StatementInfo{MS: 4.2}}})
		fmt.Fprintln(w)
	default:
		affected := int64(7)
		w.Header().Set("Content-Type", api.MediaJSON)
		_ = json.MarshalWrite(w, &api.SQLResponse{RowsAffected: &affected, EndInfoJSON: api.EndInfoJSON{Route: route}})
	}
}

func driveSQL(t *testing.T) (*driver, *sqlMaster) {
	t.Helper()
	return driveSQLWith(t, func(*Options) {})
}

// driveSQLWith is driveSQL with other options.
func driveSQLWith(t *testing.T, change func(*Options)) (*driver, *sqlMaster) {
	t.Helper()
	m := &sqlMaster{t: t}
	srv := httptest.NewServer(m)
	t.Cleanup(srv.Close)
	w := newWorld()
	w.sql = client.NewMaster(srv.URL)
	d := driveWith(t, w, change)
	d.wait(2 * time.Second)
	d.keys("e")
	return d, m
}

// write replaces the text in the editor.
func (d *driver) write(text string) {
	d.t.Helper()
	if d.m.query.Text() != "" {
		d.send(keyMsg("alt+A"))
		d.send(keyMsg("backspace"))
	}
	d.send(keymap.Paste{Text: text})
}

func TestRunsStatementAndShowsRows(t *testing.T) {
	d, m := driveSQL(t)
	d.shows("Query · SchoolDB", "SELECT TOP (20) *", "FROM Students")
	d.keys("f5")
	d.shows("✓ 2 rows in 4.2 ms", "shards 0, 1, 2", "there is no condition", "NVARCHAR(10)", "41")
	if got := m.seen[0]; got.DB != "SchoolDB" || *got.MaxRows != screen.DefaultMaxRows || got.Explain {
		t.Errorf("currentMaster %+v", got)
	}
	d.keys("ctrl+x")
	d.shows("Plan", "merge", "planned in")
	d.wait(time.Second)
	d.keys("esc", "esc")
	d.shows("MapReduce count")
	d.keys("e")
	d.shows("planned in") // as it was left
	d.write("DELETE FROM Students WHERE gpa < 1")
	d.keys("f5")
	d.shows("Run this?", "DELETE FROM Students WHERE gpa < 1", "→ 12 rows in SchoolDB, shards 0, 1, 2: there is no condition", "▸ Cancel")
	if last := m.seen[len(m.seen)-1]; last.SQL != "SELECT COUNT(*) FROM Students WHERE gpa < 1" || last.Explain {
		t.Errorf("it counts by %+v", last)
	}
	d.keys("enter")
	if last := m.seen[len(m.seen)-1]; !last.IsSelect() {
		t.Errorf("a write that was not confirmed ran: %+v", last)
	}
	d.keys("f5")
	d.wait(time.Second)
	d.keys("f5")
	d.shows("7 rows affected")
	d.write("DELETE FROM wrong")
	d.keys("f5")
	d.shows("this is wrong", "nothing was sent")
	d.keys("ctrl+r")
	d.shows("✗   DELETE FROM wrong", "syntax_error")
	d.keys("esc")
	d.write("SELECT wrong")
	d.keys("alt+enter")
	d.shows("this is wrong", "line 1  SELECT wrong", "fix it", "syntax error")
}

// A write whose master dies goes on through another one, with the same key, and the screen says so.
func TestWriteGoesOnThroughTheOtherMaster(t *testing.T) {
	var mu sync.Mutex
	var keys []string
	serve := func(answer http.HandlerFunc) string {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == api.PathHealth {
				fmt.Fprint(w, "{}")
				return
			}
			mu.Lock()
			keys = append(keys, r.Header.Get(api.HeaderIdempotencyKey))
			mu.Unlock()
			_, _ = io.Copy(io.Discard, r.Body)
			answer(w, r)
		}))
		t.Cleanup(srv.Close)
		return srv.URL
	}
	dying := serve(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	other := serve(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"rows_affected":1,"route":{"kind":"point","shards":[1],"why":"x"},"shards":[],"row_count":0}`)
	})
	masters := client.NewCluster([]string{dying, other})
	defer masters.Close()
	d := drive(t, newWorld())
	d.m.sql = masters
	d.wait(2 * time.Second)
	d.keys("e")
	d.m.query.Update(screen.OptionsChosen{Options: screen.RunOptions{YesWrites: true}})
	d.write("DELETE FROM Students WHERE student_id = 1")
	d.keys("f5")
	d.settle()
	d.shows("✓ 1 row affected", "▲ used "+strings.TrimPrefix(other, "http://")+"; "+strings.TrimPrefix(dying, "http://")+": its answer was lost")
	mu.Lock()
	defer mu.Unlock()
	if k := slices.Compact(slices.Clone(keys)); len(k) != 1 || k[0] == "" || len(keys) < 2 {
		t.Errorf("the keys are %q", keys)
	}
}

func TestTypedTextIsNotACommand(t *testing.T) {
	d, _ := driveSQL(t)
	d.write("")
	before := d.m.theme.Name()
	d.keys("q", "c", "T", "p", "?", "K", "1", "e")
	if got := d.m.query.Text(); got != "qcTp?K1e" || d.w.counts != 0 || d.m.paused || d.m.theme.Name() != before || len(d.m.stack) != 2 {
		t.Errorf("the text is %q", got)
	}
	d.send(keymap.Paste{Text: "\r\npasted"})
	d.send(keyMsg(" "))
	if got := d.m.query.Text(); got != "qcTp?K1e\r\npasted " {
		t.Errorf("the text is %q", got)
	}
	d.keys("f1")
	d.shows("Ctrl-X", "earlier statement")
	d.keys("esc", "ctrl+t", "down", "enter")
	d.shows("Query · SchoolDB")
	if d.m.table != "Teachers" {
		t.Errorf("the table is %s", d.m.table)
	}
}

func TestEscAndCtrlCCancelStatement(t *testing.T) {
	for _, key := range []string{"esc", "ctrl+c"} {
		d, _ := driveSQL(t)
		d.write("SELECT hang")
		_, cmd := d.m.Update(keyMsg("f5"))
		answer := make(chan tea.Msg, 1)
		go func() { answer <- cmd() }()
		d.shows("running")
		if _, quit := d.m.Update(keyMsg(key)); quit != nil {
			t.Fatalf("%s quits", key)
		}
		d.shows("cancelling on the shards")
		d.send(<-answer)
		d.settle()
		d.shows("cancelled after")
		d.send(keyMsg(key)) // meant for the statement
		d.shows("already finished", "cancelled after")
	}
}

func TestAnswerArrivesWhileAnotherScreenIsShown(t *testing.T) {
	d, _ := driveSQL(t)
	d.send(keyMsg("f5"))
	d.send(keyMsg("f1"))
	d.settle()
	d.keys("esc")
	d.shows("✓ 2 rows")
}

func TestConsoleLoadsAndSavesHistory(t *testing.T) {
	d, _ := driveSQL(t)
	d.keys("esc", "esc")
	d.m.opts.HistoryFile = filepath.Join(t.TempDir(), "statements.jsonl")
	if err := history.Append(d.m.opts.HistoryFile, history.Started(&history.Entry{ID: "e", SQL: "SELECT earlier"})); err != nil {
		t.Fatal(err)
	}
	d.keys("e", "ctrl+p")
	d.shows("SELECT earlier")
	d.keys("f5")
	d.write("SELECT 2")
	d.keys("f5")
	entries, err := history.Load(d.m.opts.HistoryFile)
	var got []string
	for _, e := range entries {
		got = append(got, e.SQL+" "+e.Outcome+" "+strconv.FormatInt(e.Rows, 10))
	}
	if diff := cmp.Diff([]string{"SELECT earlier  -1", "SELECT earlier ok 2", "SELECT 2 ok 2"}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	d.m.opts.HistoryFile = t.TempDir() // a directory: it cannot be written
	d.write("SELECT 3")
	d.keys("f5")
	d.wait(time.Second)
	d.keys("esc", "esc")
	d.shows("statements are not saved")
}

func TestBackgroundWorksRunSideBySide(t *testing.T) {
	d, _ := driveSQL(t)
	var done []string
	for _, name := range []string{"sort", "plot"} {
		d.pending = append(d.pending, d.m.act(screen.Work{Run: func(context.Context) func() screen.Intent {
			return func() screen.Intent { done = append(done, name); return nil }
		}}))
	}
	d.settle()
	slices.Sort(done)
	if !slices.Equal(done, []string{"plot", "sort"}) {
		t.Errorf("only %q arrived", done)
	}
}
