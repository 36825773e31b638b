package screen

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/tui/history"
	"shardeck/tui/keymap"
)

// tabled is a view with a table whose columns are known.
func tabled() *View {
	m := metadata(3)
	m.Databases[0].Tables[0].Definition = api.TableDef{Name: "Students", ShardKey: "student_id", PrimaryKey: []string{"student_id"}, Columns: []api.ColumnDef{
		{Name: "student_id", Type: "INT"}, {Name: "name", Type: "NVARCHAR(60)"}, {Name: "major", Type: "NVARCHAR(40)", Nullable: true}, {Name: "gpa", Type: "DECIMAL(3,2)", Nullable: true},
	}}
	return viewOf(m)
}

// runs presses a key that runs statements, as the console carries them out, and ends the first
// with a result, unless that is nil.
func runs(q *Query, at time.Time, key string, r *Result) {
	run, ok := press(q, at, key).(RunQueries)
	if !ok {
		panic(key + " runs nothing")
	}
	var entries []history.Entry
	for i, p := range run.Pieces {
		entries = append(entries, history.Entry{ID: fmt.Sprint(len(q.history), i), SQL: p.SQL, At: at, Rows: -1})
	}
	if run.Explain {
		entries = nil
	}
	q.Update(QueriesStarted{At: at, Run: run, Entries: entries})
	if r != nil {
		q.Update(QueryEnded{At: noon, Result: r})
		q.Update(QueriesDone{At: noon})
	}
}

// pressOn presses keys on the screen of a view.
func pressOn(q *Query, v *View, names ...string) Intent {
	var in Intent
	for _, n := range names {
		k := keymap.Key{Name: n, At: v.Now}
		if len([]rune(n)) == 1 {
			k.Text = n
		}
		in, _ = Press(q, v, k)
	}
	return in
}

func TestQueryEditorTakesDashboardKeysAsText(t *testing.T) {
	q := NewQuery(QueryOptions{})
	for _, c := range "q?1ct [Tp]:" {
		if in := press(q, noon, string(c)); in != nil {
			t.Fatalf("%q in the editor means %T", c, in)
		}
	}
	if got := q.Text(); got != "q?1ct [Tp]:" {
		t.Errorf("typed %q", got)
	}
	Paste(q, "\r\n\tq\x00")
	Type(q, keymap.Typed{Text: "f5"})
	if got := q.Text(); got != "q?1ct [Tp]:\r\n\tq\x00f5" {
		t.Errorf("pasted: %q", got)
	}
	press(q, noon, "tab")
	for key, want := range map[string]Intent{"q": nil, "esc": keymap.Say{Text: "Esc again goes back to the dashboard"}, "ctrl+t": PickTable{}} {
		if in := press(q, noon, key); in != want {
			t.Errorf("%q on the result means %T", key, in)
		}
	}
}

func TestColonListsCommandsInVimsNormalMode(t *testing.T) {
	q := NewQuery(QueryOptions{Vim: true})
	if in := press(q, noon, ":"); in != (ShowPalette{}) {
		t.Errorf("in normal mode : means %v", in)
	}
	if press(q, noon, "i", ":"); q.Text() != ":" {
		t.Errorf("in insert mode the text is %q", q.Text())
	}
}

func TestNoLetterClosesTheResult(t *testing.T) {
	for r := ' '; r <= '~'; r++ {
		q := queryWith("SELECT * FROM Students", "f5", wideResult())
		press(q, noon.Add(time.Minute), "tab")
		if in := press(q, noon.Add(time.Minute), string(r)); in == (Close{}) || in == (Quit{}) {
			t.Errorf("%q closes the screen", r)
		}
	}
}

func TestOneRunAtATimeAndIsCancelledOnce(t *testing.T) {
	q := NewQuery(QueryOptions{Statements: []string{"SELECT 1"}})
	runs(q, noon, "alt+enter", nil)
	if !q.Running() {
		t.Fatal("it does not run")
	}
	for _, key := range []string{"f5", "ctrl+x", "f8"} {
		if in, ok := press(q, noon, key).(keymap.Say); !ok || !strings.Contains(in.Text, "is running") {
			t.Errorf("%s while it runs means %v", key, in)
		}
	}
	if in := press(q, noon, "esc"); in != (CancelQuery{}) || q.Running() {
		t.Errorf("Esc means %T", in)
	}
	if in := press(q, noon, "esc"); in != (keymap.Say{Text: "it is being cancelled"}) {
		t.Errorf("a second Esc means %T", in)
	}
	q.Update(QueryEnded{At: noon, Result: took(NewResult("SELECT 1"), time.Second).Failed(api.NewProblem(api.CodeCanceled, "cancelled"))})
	q.Update(QueriesDone{At: noon})
	if in := press(q, noon.Add(justEnded-1), "esc"); in != (keymap.Say{Text: "already finished"}) {
		t.Errorf("Esc just after the end means %T", in)
	}
	if in := press(q, noon.Add(justEnded), "esc"); in == (Close{}) {
		t.Error("one Esc leaves the screen")
	}
	if in := press(q, noon.Add(justEnded+leaveWithin), "esc"); in == (Close{}) {
		t.Error("an Esc long after the first leaves the screen")
	}
	if in := press(q, noon.Add(justEnded+leaveWithin+time.Second), "esc"); in != (Close{}) {
		t.Errorf("then Esc means %T", in)
	}
}

func TestStatementAtCursorSelectionOrAllRuns(t *testing.T) {
	pieces := func(in Intent) []string {
		run, ok := in.(RunQueries)
		if !ok {
			return []string{fmt.Sprint(in)}
		}
		var all []string
		for _, p := range run.Pieces {
			all = append(all, fmt.Sprintf("%d: %s", p.At, p.SQL))
		}
		return all
	}
	q := NewQuery(QueryOptions{})
	Paste(q, "SELECT 1;\nSELECT 2\nGO\nSELECT 3")
	for _, c := range []struct {
		name string
		do   func() Intent
		want []string
	}{
		{"at the end", func() Intent { return press(q, noon, "f5") }, []string{"22: SELECT 3"}},
		{"at the start", func() Intent { return press(q, noon, "ctrl+home", "f5") }, []string{"0: SELECT 1"}},
		{"in the second", func() Intent { return press(q, noon, "down", "alt+enter") }, []string{"10: SELECT 2"}},
		{"all", func() Intent { return press(q, noon, "f8") }, []string{"0: SELECT 1", "10: SELECT 2", "22: SELECT 3"}},
		{"a selection", func() Intent { q.tab().editor.Select(17, 18); return press(q, noon, "f5") }, []string{"17: 2"}},
	} {
		if diff := cmp.Diff(c.want, pieces(c.do())); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestWritesAreAskedFor(t *testing.T) {
	for sql, want := range map[string]bool{"SELECT 1": false, "DELETE FROM t": true, "-- x\nUPDATE t SET a = 1": true, "INSERT INTO t VALUES (1)": true,
		"CREATE TABLE t (a INT)": true, "DROP TABLE t": true, "WITH x AS (SELECT 1 AS a) SELECT a FROM x": false, "EXEC p": true} {
		q := NewQuery(QueryOptions{Statements: []string{sql}})
		if run, ok := press(q, noon, "f5").(RunQueries); !ok || run.Ask != want {
			t.Errorf("%s: asked for %v", sql, run.Ask)
		}
		q = NewQuery(QueryOptions{Statements: []string{sql}, YesWrites: true})
		if run, ok := press(q, noon, "f5").(RunQueries); !ok || run.Ask {
			t.Errorf("%s: asked for in spite of --yes-writes", sql)
		}
		if run, ok := press(q, noon, "f6").(RunQueries); !ok || run.Ask || !run.Explain {
			t.Errorf("%s: its plan is %+v", sql, run)
		}
	}
}

func TestPlanIsToggledByItsKey(t *testing.T) {
	q := queryWith(groupedStatement, "f5", groupedResult())
	runs(q, noon, "ctrl+x", planResult())
	if !q.tab().showPlan {
		t.Fatal("the plan is not shown")
	}
	if in := press(q, noon, "ctrl+x"); in != nil || q.tab().showPlan {
		t.Error("the rows are not shown again")
	}
}

func TestStatementsAreRecalled(t *testing.T) {
	q := NewQuery(QueryOptions{Statements: []string{"a", "b"}})
	press(q, noon, "c") // "cb", a draft made of "b"
	q.Update(HistoryLoaded{Entries: []history.Entry{{SQL: "old"}}})
	for i, step := range []struct{ key, want string }{
		{"ctrl+p", "a"}, {"ctrl+p", "old"}, {"ctrl+p", "old"}, {"ctrl+n", "a"}, {"ctrl+down", "b"}, {"ctrl+n", "cb"},
	} {
		if press(q, noon, step.key); q.Text() != step.want {
			t.Fatalf("step %d, %s: %q, not %q", i, step.key, q.Text(), step.want)
		}
	}
}

// No walk through the history loses a text: each is in an editor or in the history.
func TestNoDraftIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := NewQuery(QueryOptions{Statements: []string{"SELECT 1", "SELECT 2"}})
		var drafts []string
		for i := range rapid.IntRange(1, 25).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				text := fmt.Sprintf("<draft %d>", i)
				Paste(q, text)
				drafts = append(drafts, text)
			case 1:
				press(q, noon, "alt+t")
			case 2:
				press(q, noon, "alt+0")
			case 3:
				q.Update(HistoryChosen{SQL: "SELECT 1"})
			default:
				press(q, noon, rapid.SampledFrom([]string{"ctrl+p", "ctrl+n"}).Draw(t, "key"))
			}
		}
		for _, d := range drafts {
			kept := false
			for _, e := range q.history {
				kept = kept || strings.Contains(e.SQL, d)
			}
			for _, tab := range q.tabs {
				kept = kept || strings.Contains(tab.editor.Text(), d) || strings.Contains(tab.walk.draft, d)
			}
			if !kept {
				t.Fatalf("%s is lost; %d entries", d, len(q.history))
			}
		}
	})
}

func TestCellIsEditedByKey(t *testing.T) {
	v := tabled()
	result := func(sql string, columns ...string) *Query {
		r := NewResult(sql)
		var all []api.Column
		for _, c := range columns {
			all = append(all, api.Column{Name: c, Type: "INT"})
		}
		r.DB = "SchoolDB"
		q := queryWith(sql, "f5", r.Head(all, lines{[]byte(`[42,"Ada"]`)}))
		press(q, noon.Add(time.Minute), "tab")
		return q
	}
	ask, ok := pressOn(result("SELECT student_id, name FROM Students", "student_id", "name"), v, "right", "e").(AskValue)
	if !ok {
		t.Fatalf("it asks %+v", ask)
	}
	press(ask.Prompt, noon, "ctrl+u", "O", "'")
	run, ok := press(ask.Prompt, noon, "enter").(CloseAnd).Then.(RunQueries)
	if want := "UPDATE Students SET name = N'O''' WHERE student_id = 42 AND name = N'Ada'"; !ok || !run.Ask || len(run.Pieces) != 2 || run.Pieces[0].SQL != want {
		t.Errorf("it runs %+v", run)
	}
	for _, c := range []struct{ sql, want string }{
		{"SELECT student_id, UPPER(name) AS name FROM Students", "without expressions"},
		{"SELECT student_id, major name FROM Students", "without expressions"},
		{"SELECT student_id, name FROM Students s JOIN O o ON o.id = s.id", "JOIN"},
		{"SELECT student_id, name FROM Unknown", "not known"},
	} {
		if say, ok := pressOn(result(c.sql, "student_id", "name"), v, "right", "e").(keymap.Say); !ok || !strings.Contains(say.Text, c.want) {
			t.Errorf("%s: %v", c.sql, say)
		}
	}
	other := result("SELECT student_id, name FROM Students", "student_id", "name")
	other.shown().DB = "ShopDB" // which another SchoolDB was chosen after
	if say, ok := pressOn(other, v, "right", "e").(keymap.Say); !ok || !strings.Contains(say.Text, "these rows are of ShopDB") {
		t.Errorf("rows of another database: %v", say)
	}
	if say, ok := pressOn(result("SELECT student_id, name FROM Students", "student_id", "name"), v, "e").(keymap.Say); !ok || !strings.Contains(say.Text, "shard key") {
		t.Errorf("the shard key: %v", say)
	}
	if say, ok := pressOn(result("SELECT gpa, name FROM Students", "gpa", "name"), v, "right", "e").(keymap.Say); !ok || !strings.Contains(say.Text, "select the key too (student_id)") {
		t.Errorf("without the key: %v", say)
	}
}

func TestCompletionFollowsWhatIsTyped(t *testing.T) {
	v := tabled()
	q := NewQuery(QueryOptions{})
	q.Commands(v)
	Paste(q, "SELECT  FROM Students")
	for range len(" FROM Students") {
		pressOn(q, v, "left")
	}
	pressOn(q, v, "g", "p")
	if !q.popup.open() || q.popup.found.Items[0].Text != "gpa" {
		t.Fatalf("items %+v", q.popup.found.Items)
	}
	pressOn(q, v, "tab")
	if q.Text() != "SELECT gpa FROM Students" || q.popup.open() {
		t.Errorf("the text is %q", q.Text())
	}
	pressOn(q, v, "ctrl+z")
	if q.Text() != "SELECT gp FROM Students" {
		t.Errorf("after undo the text is %q", q.Text())
	}
	pressOn(q, v, "x", "esc")
	if q.popup.open() {
		t.Error("Esc leaves the list open")
	}
}
