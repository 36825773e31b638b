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
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
)

const groupedStatement = "SELECT major, COUNT(*) AS students,\n  AVG(gpa) AS average -- by shard, then here\nFROM Students\nWHERE gpa >= 2.5\nGROUP BY major\nORDER BY average DESC"

func queryParts(n int) []api.ShardResult {
	var parts []api.ShardResult
	for i := range n {
		parts = append(parts, api.ShardResult{Shard: i, Worker: fmt.Sprint("worker-", 8081+i), Rows: int64(12 - i), MS: 3.2 - float64(i)/2})
	}
	return parts
}

func groupedResult() *Result {
	r := NewResult(groupedStatement, 6*time.Millisecond).Head([]api.Column{{Name: "major", Type: "NVARCHAR(40)"}, {Name: "students", Type: "INT"}, {Name: "average", Type: "DECIMAL(38,6)"}})
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
	return NewResult(groupedStatement, 3*time.Millisecond).Answer(&api.SQLResponse{Explain: e})
}

// queryWith returns the screen after a statement was run or explained, with its result.
func queryWith(text, key string, r *Result, width, height int) *Query {
	q := NewQuery([]string{"SELECT 1", text})
	q.Update(Resized{Width: width, Height: height})
	press(q, noon.Add(-3*time.Second), key)
	if r != nil {
		q.Update(QueryEnded{At: noon, Result: r})
	}
	return q
}

func queryScenes(width, height int) map[string]*Query {
	scrolled := queryWith("SELECT * FROM Students", "f5", wideResult(), width, height)
	press(scrolled, noon, "tab", "right", "right", "right", "pgdown", "down")
	affected := int64(3)
	empty := NewResult("SELECT 1 WHERE 1 = 0", time.Millisecond).Head([]api.Column{{Type: "INT"}}).
		End(&api.EndInfo{Route: &api.Route{Kind: api.RouteNone, Shards: []int{}, Why: "the condition can never hold"}})
	partial := groupedResult()
	partial.Partial = []api.Problem{*api.NewProblem(api.CodeShardUnavailable, "down").On(1, "worker-1")}
	partial.Shards = slices.Delete(slices.Clone(partial.Shards), 1, 2)
	cancelling := queryWith(groupedStatement, "f5", nil, width, height)
	press(cancelling, noon, "esc")
	return map[string]*Query{
		"query-new": NewQuery([]string{groupedStatement}),
		"query-no-answer": queryWith("SELECT 1", "f5", NewResult("SELECT 1", 2*time.Millisecond).Failed(
			api.NewProblem(api.CodeShardUnavailable, "the master at http://127.0.0.1:8080 cannot be reached: connection refused").Hinted("start the master, or look at its log")), width, height),
		"query-running":  queryWith(groupedStatement, "f5", nil, width, height),
		"query-ending":   cancelling,
		"query-group":    queryWith(groupedStatement, "f5", groupedResult(), width, height),
		"query-wide":     queryWith("SELECT * FROM Students", "f5", wideResult(), width, height),
		"query-scrolled": scrolled,
		"query-keys":     queryWith(pointResult().SQL, "f5", pointResult(), width, height),
		"query-failed":   queryWith(failedResult().SQL, "f5", failedResult(), width, height),
		"query-canceled": queryWith(groupedStatement, "f5", NewResult(groupedStatement, 2*time.Second).Failed(api.NewProblem(api.CodeCanceled, "cancelled")), width, height),
		"query-plan":     queryWith(groupedStatement, "ctrl+x", planResult(), width, height),
		"query-none":     queryWith("SELECT 1 WHERE 1 = 0", "f5", empty, width, height),
		"query-partial":  queryWith(groupedStatement, "f5", partial, width, height),
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
				for i, stack := range [][]Screen{{q}, {q, NewHelp(q.Commands(v), false)}} {
					if wrong := checkFrame(Render(themes[i], width, height, v, append([]Screen{&Dashboard{}}, stack...)...), width, height); wrong != "" {
						t.Fatalf("%s at %dx%d: %s", name, width, height, wrong)
					}
				}
			}
		}
	}
}

func TestQueryEditorTakesDashboardKeysAsText(t *testing.T) {
	q := NewQuery(nil)
	for _, c := range "q?1ct [Tp]:" {
		if in := press(q, noon, string(c)); in != nil {
			t.Fatalf("%q in the editor means %T", c, in)
		}
	}
	if got := q.Text(); got != "q?1ct [Tp]:" {
		t.Errorf("typed %q", got)
	}
	Paste(q, "\nq")
	if got := q.Text(); got != "q?1ct [Tp]:\nq" {
		t.Errorf("pasted: %q", got)
	}
	press(q, noon, "tab")
	for key, want := range map[string]Intent{"q": nil, "esc": Close{}, "ctrl+t": PickTable{}} {
		if in := press(q, noon, key); in != want {
			t.Errorf("%q on the result means %T", key, in)
		}
	}
}

func TestOneStatementRunsAtATimeAndIsCancelledOnce(t *testing.T) {
	q := NewQuery([]string{"SELECT 1"})
	if in := press(q, noon, "alt+enter"); in != (RunQuery{SQL: "SELECT 1"}) || !q.Running() {
		t.Fatalf("it runs %v", in)
	}
	for _, key := range []string{"f5", "ctrl+x"} {
		if in := press(q, noon, key); in != (keymap.Say{Text: "a statement is running"}) {
			t.Errorf("%s while it runs means %T", key, in)
		}
	}
	if in := press(q, noon, "esc"); in != (CancelQuery{}) || q.Running() {
		t.Errorf("Esc means %T", in)
	}
	if in := press(q, noon, "esc"); in != (keymap.Say{Text: "it is being cancelled"}) {
		t.Errorf("a second Esc means %T", in)
	}
	q.Update(QueryEnded{At: noon, Result: NewResult("SELECT 1", time.Second).Failed(api.NewProblem(api.CodeCanceled, "cancelled"))})
	if in := press(q, noon.Add(justEnded-1), "esc"); in != (keymap.Say{Text: "already finished"}) {
		t.Errorf("Esc just after the end means %T", in)
	}
	if in := press(q, noon.Add(justEnded), "esc"); in != (Close{}) {
		t.Errorf("then Esc means %T", in)
	}
}

func TestPlanIsToggledByItsKey(t *testing.T) {
	q := queryWith(groupedStatement, "f5", groupedResult(), 80, 24)
	in := press(q, noon, "ctrl+x")
	if in != (RunQuery{SQL: groupedStatement, Explain: true}) {
		t.Fatalf("it asks for %v", in)
	}
	q.Update(QueryEnded{At: noon, Result: planResult()})
	if !q.showPlan {
		t.Fatal("the plan is not shown")
	}
	if in = press(q, noon, "ctrl+x"); in != nil || q.showPlan {
		t.Error("the rows are not shown again")
	}
}

func TestStatementsAreRecalled(t *testing.T) {
	q := NewQuery([]string{"a", "b"})
	press(q, noon, "c") // "cb", a draft
	q.Update(HistoryLoaded{Statements: []string{"old"}})
	for i, step := range []struct{ key, want string }{
		{"ctrl+p", "b"}, {"ctrl+up", "a"}, {"ctrl+p", "old"}, {"ctrl+p", "old"}, {"ctrl+n", "a"}, {"ctrl+down", "b"}, {"ctrl+n", "cb"}, {"ctrl+n", "cb"},
	} {
		if press(q, noon, step.key); q.Text() != step.want {
			t.Fatalf("step %d, %s: %q, not %q", i, step.key, q.Text(), step.want)
		}
	}
	press(q, noon, "f5")
	q.Update(QueryEnded{At: noon, Result: failedResult()})
	if press(q, noon, "ctrl+p"); q.Text() != "b" {
		t.Errorf("the statement before the last is %q", q.Text())
	}
	if press(q, noon, "ctrl+n"); q.Text() != "cb" {
		t.Errorf("the statement that ran is gone: %q", q.Text())
	}
}

func TestScrollStaysWithinResult(t *testing.T) {
	q := queryWith("SELECT 1", "f5", wideResult(), 80, 24)
	press(q, noon, "tab", "end")
	if q.at.row+q.visible() != ResultRows {
		t.Errorf("the end shows rows from %d on, %d of them", q.at.row, q.visible())
	}
	rapid.Check(t, func(t *rapid.T) {
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			press(q, noon, rapid.SampledFrom([]string{"up", "down", "left", "right", "pgup", "pgdown", "home", "end", "tab"}).Draw(t, "key"))
		}
		if q.at.row < 0 || q.at.row >= ResultRows || q.at.column < 0 || q.at.column >= 12 {
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
