package screen

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/muesli/termenv"
	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/tui/theme"
)

const groupStatement = "SELECT major, COUNT(*) AS students,\n  AVG(gpa) AS average -- by shard, then here\nFROM Students\nWHERE gpa >= 2.5\nGROUP BY major\nORDER BY average DESC"

func queryParts(n int) []api.ShardResult {
	var parts []api.ShardResult
	for i := range n {
		parts = append(parts, api.ShardResult{Shard: i, Worker: fmt.Sprint("worker-", 8081+i), Rows: int64(12 - i), MS: 3.2 - float64(i)/2})
	}
	return parts
}

func groupResult() *Result {
	r := NewResult(groupStatement, 6*time.Millisecond).Head([]api.Column{{Name: "major", Type: "NVARCHAR(40)"}, {Name: "students", Type: "INT"}, {Name: "average", Type: "DECIMAL(38,6)"}})
	for i, m := range []string{"Mathematics", "Philosophy", "Computer Science", "東アジア研究", "Biology"} {
		r.Row(jsontext.Value(fmt.Sprintf("[%q,%d,\"3.%d01234\"]", m, 912-i*101, 9-i)))
	}
	r.Row(jsontext.Value(`[null,77,null]`))
	return r.End(&api.EndInfo{Shards: queryParts(3), Query: &api.StatementInfo{MS: 4.2},
		Route: &api.Route{Kind: api.RouteScatter, Shards: []int{0, 1, 2}, Why: "the condition does not fix student_id"}})
}

// wideResult has more rows and columns than fit, and values that are too long.
var wideResult = sync.OnceValue(func() *Result {
	columns := []api.Column{{Name: "student_id", Type: "INT"}, {Name: "name", Type: "NVARCHAR(60)"}, {Name: "email", Type: "VARCHAR(120)"}, {Name: "essay", Type: "NVARCHAR(MAX)"}}
	for i := range 8 {
		columns = append(columns, api.Column{Name: fmt.Sprintf("measure_%d", i), Type: "DECIMAL(12,3)"})
	}
	r := NewResult("SELECT * FROM Students", 40*time.Millisecond).Head(columns)
	for i := range ResultRows {
		r.Row(jsontext.Value(fmt.Sprintf(`[%d,"Student \u001b[31mNo. %d","s%d@students.example.edu",%q,"1.500","2.250",null,"-4.000","5.125","6.000","7.000","8.000"]`, i+1, i+1, i, strings.Repeat("It was a dark and stormy night; ", 5))))
	}
	return r.End(&api.EndInfo{Shards: queryParts(3), Query: &api.StatementInfo{MS: 31, Truncated: true},
		Route: &api.Route{Kind: api.RouteScatter, Shards: []int{0, 1, 2}, Why: "there is no condition"}})
})

func pointResult() *Result {
	r := NewResult("SELECT name FROM Students WHERE student_id IN (7, 42)", time.Millisecond).Head([]api.Column{{Name: "name", Type: "NVARCHAR(60)"}})
	r.Row(jsontext.Value(`["Ada Lovelace"]`))
	return r.End(&api.EndInfo{Shards: queryParts(2), Query: &api.StatementInfo{MS: 0.8}, Route: &api.Route{Kind: api.RouteSubset, Shards: []int{0, 1},
		Keys: []api.RouteKey{{Key: "7", Hash: 3826002220, Slot: 2140, Shard: 1}, {Key: "42", Hash: 3508255680, Slot: 0, Shard: 0}}, Why: "student_id is in slots 2140, 0"}})
}

func failedResult() *Result {
	sql := "SELECT nam\nFROM Students"
	at := 7
	p := api.NewProblem(api.CodeUnknownColumn, "there is no column nam in Students").Hinted("did you mean name?").At("sql")
	p.Offset, p.SQLNumber, p.RequestID = &at, 207, "bd786dfeb8cc7f90"
	return NewResult(sql, 2*time.Millisecond).Failed(p)
}

func planResult() *Result {
	e := &api.Explain{
		Plan:  jsontext.Value(`{"op":"select","route":{"kind":"scatter","shards":[0,1,2],"why":"the condition does not fix student_id"}}`),
		Steps: []api.ExplainStep{{Name: "scatter", Detail: "3 shards at once"}, {Name: "merge", Detail: "by major"}, {Name: "group", Detail: "by major: COUNT, AVG"}, {Name: "sort", Detail: "by average DESC"}},
	}
	for i := range 3 {
		e.Fragments = append(e.Fragments, api.ExplainFragment{Shard: i, Worker: "w", Engine: "sqlite", Statements: []api.ExplainStatement{{
			SQL:   `SELECT t0."major", count(*), sd_sum_dec(t0."gpa", 38, 2), count(t0."gpa") FROM "Students" AS t0 WHERE t0."gpa" >= @p1 GROUP BY t0."major" ORDER BY t0."major"`,
			Types: []string{"DECIMAL(3,2)"}, Params: []jsontext.Value{jsontext.Value(`["2.50"]`)},
		}}})
	}
	return NewResult(groupStatement, 3*time.Millisecond).Answer(&api.SQLResponse{Explain: e})
}

// queryWith returns the screen after a statement was run or explained, with its result.
func queryWith(text, key string, r *Result, width, height int) *Query {
	var s Screen = NewQuery([]string{"SELECT 1", text})
	s, _ = s.Update(Resized{Width: width, Height: height})
	s, _ = press(s, noon.Add(-3*time.Second), key)
	if r != nil {
		s, _ = s.Update(QueryEnded{At: noon, Result: r})
	}
	return s.(*Query)
}

func queryScenes(width, height int) map[string]*Query {
	scrolled, _ := press(queryWith("SELECT * FROM Students", "ctrl+r", wideResult(), width, height), noon, "tab", "right", "right", "right", "pgdown", "down")
	affected := int64(3)
	empty := NewResult("SELECT 1 WHERE 1 = 0", time.Millisecond).Head([]api.Column{{Type: "INT"}}).
		End(&api.EndInfo{Route: &api.Route{Kind: api.RouteNone, Shards: []int{}, Why: "the condition can never hold"}})
	partial := groupResult()
	partial.Partial = []api.Problem{*api.NewProblem(api.CodeShardUnavailable, "down").On(1, "worker-1")}
	partial.Shards = slices.Delete(slices.Clone(partial.Shards), 1, 2)
	cancelling, _ := press(queryWith(groupStatement, "ctrl+r", nil, width, height), noon, "esc")
	return map[string]*Query{
		"query-new": NewQuery([]string{groupStatement}),
		"query-no-answer": queryWith("SELECT 1", "ctrl+r", NewResult("SELECT 1", 2*time.Millisecond).Failed(
			api.NewProblem(api.CodeShardUnavailable, "the master at http://127.0.0.1:8080 cannot be reached: connection refused").Hinted("start the master, or look at its log")), width, height),
		"query-running":  queryWith(groupStatement, "ctrl+r", nil, width, height),
		"query-ending":   cancelling.(*Query),
		"query-group":    queryWith(groupStatement, "ctrl+r", groupResult(), width, height),
		"query-wide":     queryWith("SELECT * FROM Students", "ctrl+r", wideResult(), width, height),
		"query-scrolled": scrolled.(*Query),
		"query-keys":     queryWith(pointResult().SQL, "ctrl+r", pointResult(), width, height),
		"query-failed":   queryWith(failedResult().SQL, "ctrl+r", failedResult(), width, height),
		"query-canceled": queryWith(groupStatement, "ctrl+r", NewResult(groupStatement, 2*time.Second).Failed(api.NewProblem(api.CodeCanceled, "cancelled")), width, height),
		"query-plan":     queryWith(groupStatement, "ctrl+x", planResult(), width, height),
		"query-none":     queryWith("SELECT 1 WHERE 1 = 0", "f5", empty, width, height),
		"query-partial":  queryWith(groupStatement, "f5", partial, width, height),
		"query-write": queryWith("DELETE FROM t", "f5", NewResult("DELETE FROM t", time.Millisecond).Answer(&api.SQLResponse{RowsAffected: &affected,
			EndInfoJSON: api.EndInfoJSON{Shards: queryParts(3), Route: api.Route{Kind: api.RouteScatter, Shards: []int{0, 1, 2}, Why: "all_shards was asked for"}}}), width, height),
	}
}

func TestQueryScreenMatchesGoldenFiles(t *testing.T) {
	th := newTheme(t, theme.Mono, termenv.Ascii)
	v := viewOf(metadata(3))
	for _, size := range [][2]int{{80, 24}, {160, 45}} {
		for name, q := range queryScenes(size[0], size[1]) {
			golden(t, fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), Render(th, size[0], size[1], v, &Dashboard{}, q)+"\n")
		}
	}
	golden(t, "query-group-50x12", Render(th, 50, 12, v, &Dashboard{}, queryScenes(50, 12)["query-group"])+"\n")
}

func TestQueryScreenHasTerminalSize(t *testing.T) {
	themes := []*theme.Theme{newTheme(t, theme.Dark, termenv.TrueColor), newTheme(t, theme.Mono, termenv.ANSI)}
	v := longNames()
	for width := 1; width <= 210; width += 1 + width/5 {
		for height := 1; height <= 70; height += 1 + height/3 {
			for name, q := range queryScenes(width, height) {
				for i, stack := range [][]Screen{{q}, {q, NewQueryHelp(nil)}} {
					if wrong := checkFrame(Render(themes[i], width, height, v, &Dashboard{}, stack...), width, height); wrong != "" {
						t.Fatalf("%s at %dx%d: %s", name, width, height, wrong)
					}
				}
			}
		}
	}
}

func TestQueryEditorTakesDashboardKeysAsText(t *testing.T) {
	var s Screen = NewQuery(nil)
	for _, c := range "q?1ct [Tp]" {
		name := string(c)
		var in Intent
		if s, in = s.Update(Key{Name: name, Text: name, At: noon}); in != nil {
			t.Fatalf("%q in the editor means %T", name, in)
		}
	}
	if got := s.(*Query).editor.Text(); got != "q?1ct [Tp]" {
		t.Errorf("typed %q", got)
	}
	s, _ = s.Update(Pasted{Text: "\r\nq"})
	if got := s.(*Query).editor.Text(); got != "q?1ct [Tp]\nq" {
		t.Errorf("pasted: %q", got)
	}
	s, _ = press(s, noon, "tab")
	for key, want := range map[string]Intent{"q": Close{}, "?": ShowHelp{}, "f1": ShowHelp{}, "esc": Close{}, "ctrl+t": PickTable{}} {
		if _, in := press(s, noon, key); in != want {
			t.Errorf("%q on the result means %T", key, in)
		}
	}
}

func TestOneStatementRunsAtATimeAndIsCancelledOnce(t *testing.T) {
	var s Screen = NewQuery([]string{"SELECT 1"})
	s, in := press(s, noon, "alt+enter")
	if in != (RunQuery{SQL: "SELECT 1"}) || !s.(*Query).Running() {
		t.Fatalf("it runs %v", in)
	}
	for _, key := range []string{"ctrl+r", "f5", "ctrl+x"} {
		if _, in := press(s, noon, key); in != nil {
			t.Errorf("%s while it runs means %T", key, in)
		}
	}
	s, in = press(s, noon, "esc")
	if in != (CancelQuery{}) || s.(*Query).Running() {
		t.Errorf("Esc means %T", in)
	}
	if s, in = press(s, noon, "esc", "ctrl+c"); in != nil {
		t.Errorf("a second Esc means %T", in)
	}
	s, _ = s.Update(QueryEnded{At: noon, Result: NewResult("SELECT 1", time.Second).Failed(api.NewProblem(api.CodeCanceled, "cancelled"))})
	if _, in = press(s, noon, "esc"); in != (Close{}) {
		t.Errorf("then Esc means %T", in)
	}
}

func TestPlanIsToggledByItsKey(t *testing.T) {
	q := queryWith(groupStatement, "ctrl+r", groupResult(), 80, 24)
	s, in := press(q, noon, "ctrl+x")
	if in != (RunQuery{SQL: groupStatement, Explain: true}) {
		t.Fatalf("it asks for %v", in)
	}
	s, _ = s.Update(QueryEnded{At: noon, Result: planResult()})
	if !s.(*Query).showPlan {
		t.Fatal("the plan is not shown")
	}
	if s, in = press(s, noon, "ctrl+x"); in != nil || s.(*Query).showPlan {
		t.Error("the rows are not shown again")
	}
}

func TestStatementsAreRecalled(t *testing.T) {
	text := func(s Screen) string { return s.(*Query).editor.Text() }
	var s Screen = NewQuery([]string{"a", "b"})
	s, _ = s.Update(Key{Name: "c", Text: "c", At: noon}) // "cb", a draft
	s, _ = s.Update(HistoryLoaded{Statements: []string{"old"}})
	for i, step := range []struct{ key, want string }{
		{"ctrl+p", "b"}, {"ctrl+up", "a"}, {"ctrl+p", "old"}, {"ctrl+p", "old"}, {"ctrl+n", "a"}, {"ctrl+down", "b"}, {"ctrl+n", "cb"}, {"ctrl+n", "cb"},
	} {
		if s, _ = press(s, noon, step.key); text(s) != step.want {
			t.Fatalf("step %d, %s: %q, not %q", i, step.key, text(s), step.want)
		}
	}
	s, _ = press(s, noon, "ctrl+r")
	s, _ = s.Update(QueryEnded{At: noon, Result: failedResult()})
	if s, _ = press(s, noon, "ctrl+p"); text(s) != "b" {
		t.Errorf("the statement before the last is %q", text(s))
	}
	if s, _ = press(s, noon, "ctrl+n"); text(s) != "cb" {
		t.Errorf("the statement that ran is gone: %q", text(s))
	}
}

func TestScrollStaysWithinResult(t *testing.T) {
	var s Screen = queryWith("SELECT 1", "f5", wideResult(), 80, 24)
	s, _ = press(s, noon, "tab", "end")
	q := s.(*Query)
	if q.at.row+q.visible() != ResultRows {
		t.Errorf("the end shows rows from %d on, %d of them", q.at.row, q.visible())
	}
	rapid.Check(t, func(t *rapid.T) {
		s := s
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			s, _ = press(s, noon, rapid.SampledFrom([]string{"up", "down", "left", "right", "pgup", "pgdown", "home", "end", "tab"}).Draw(t, "key"))
		}
		if q := s.(*Query); q.at.row < 0 || q.at.row >= ResultRows || q.at.column < 0 || q.at.column >= 12 {
			t.Fatalf("%+v", q.at)
		}
	})
}

func TestValuesCannotBreakQueryScreen(t *testing.T) {
	th := newTheme(t, theme.Dark, termenv.TrueColor)
	v := viewOf(metadata(3))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`(\x1b\[[0-9;]*[A-Za-z]|[\x{1F1E6}-\x{1F1FF}]|[\x{AC00}-\x{AD00}]|[\x{0300}-\x{0310}]|\x{200D}|\n|a)*`))
		w, h := rapid.IntRange(0, 200).Draw(t, "width"), rapid.IntRange(1, 60).Draw(t, "height")
		r := NewResult(text.Draw(t, "sql"), 0)
		n := rapid.IntRange(1, 5).Draw(t, "columns")
		var columns []api.Column
		for range n {
			columns = append(columns, api.Column{Name: text.Draw(t, "name"), Type: text.Draw(t, "type")})
		}
		r.Head(columns)
		for range rapid.IntRange(0, 4).Draw(t, "rows") {
			row := []byte("[")
			for i := range n {
				if i > 0 {
					row = append(row, ',')
				}
				row, _ = jsontext.AppendQuote(row, strings.ToValidUTF8(text.Draw(t, "value"), "?"))
			}
			r.Row(append(row, ']'))
		}
		r.End(&api.EndInfo{Route: &api.Route{Kind: api.RouteSubset, Shards: []int{1}, Why: text.Draw(t, "why"), Keys: []api.RouteKey{{Key: text.Draw(t, "key")}}},
			Shards: []api.ShardResult{{Shard: 1, Worker: text.Draw(t, "worker"), Rows: rapid.Int64().Draw(t, "n"), MS: rapid.Float64().Draw(t, "ms")}}})
		if rapid.Bool().Draw(t, "fails") {
			p := api.NewProblem(api.CodeSyntax, "%s", text.Draw(t, "detail")).At("sql").Hinted("%s", text.Draw(t, "hint"))
			at := rapid.Int().Draw(t, "offset")
			p.Offset = &at
			r.Failed(p)
		}
		q := queryWith(r.SQL+"x", "f5", r, w, h)
		if wrong := checkFrame(Render(th, w, h, v, &Dashboard{}, q), w, h); wrong != "" {
			t.Fatal(wrong)
		}
	})
}
