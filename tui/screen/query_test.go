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

const groupedStatement = "SELECT major, COUNT(*) AS students,\n  AVG(gpa) AS average -- by shard, then here\nFROM Students\nWHERE gpa >= 2.5\nGROUP BY major\nORDER BY average DESC"

func queryParts(n int) []api.ShardResult {
	var parts []api.ShardResult
	for i := range n {
		parts = append(parts, api.ShardResult{Shard: i, Worker: fmt.Sprint("worker-", 8081+i), Rows: int64(12 - i), MS: 3.2 - float64(i)/2})
	}
	return parts
}

func groupedResult() *Result {
	var rows lines
	r := took(NewResult(groupedStatement), 6*time.Millisecond)
	columns := []api.Column{{Name: "major", Type: "NVARCHAR(40)"}, {Name: "students", Type: "INT"}, {Name: "average", Type: "DECIMAL(38,6)"}}
	for i, m := range []string{"Mathematics", "Philosophy", "Computer Science", "東アジア研究", "Biology"} {
		rows = append(rows, fmt.Appendf(nil, "[%q,%d,\"3.%d01234\"]", m, 912-i*101, 9-i))
	}
	rows = append(rows, []byte(`[null,77,null]`))
	return r.Head(columns, rows).End(&api.EndInfo{Shards: queryParts(3), Query: &api.StatementInfo{MS: 4.2},
		Route: &api.Route{Kind: api.RouteScatter, Shards: []int{0, 1, 2}, Why: "the condition does not fix student_id"}})
}

// wideResult has more rows and columns than fit, and values that are too long.
var wideResult = sync.OnceValue(func() *Result {
	columns := []api.Column{{Name: "student_id", Type: "INT"}, {Name: "name", Type: "NVARCHAR(60)"}, {Name: "email", Type: "VARCHAR(120)"}, {Name: "essay", Type: "NVARCHAR(MAX)"}}
	for i := range 8 {
		columns = append(columns, api.Column{Name: fmt.Sprintf("measure_%d", i), Type: "DECIMAL(12,3)"})
	}
	r := took(NewResult("SELECT * FROM Students"), 40*time.Millisecond)
	var rows lines
	for i := range manyRows {
		rows = append(rows, fmt.Appendf(nil, `[%d,"Student \u001b[31mNo. %d","s%d@students.example.edu",%q,"1.500","2.250",null,"-4.000","5.125","6.000","7.000","8.000"]`, i+1, i+1, i, strings.Repeat("It was a dark and stormy night; ", 5)))
	}
	return r.Head(columns, rows).End(&api.EndInfo{Shards: queryParts(3), Query: &api.StatementInfo{MS: 31, Truncated: true},
		Route: &api.Route{Kind: api.RouteScatter, Shards: []int{0, 1, 2}, Why: "there is no condition"}})
})

func pointResult() *Result {
	r := took(NewResult("SELECT name FROM Students WHERE student_id IN (7, 42)"), time.Millisecond)
	return r.Head([]api.Column{{Name: "name", Type: "NVARCHAR(60)"}}, lines{[]byte(`["Ada Lovelace"]`)}).End(&api.EndInfo{Shards: queryParts(2), Query: &api.StatementInfo{MS: 0.8}, Route: &api.Route{Kind: api.RouteSubset, Shards: []int{0, 1},
		Keys: []api.RouteKey{{Key: "7", Hash: 3826002220, Slot: 2140, Shard: 1}, {Key: "42", Hash: 3508255680, Slot: 0, Shard: 0}}, Why: "student_id is in slots 2140, 0"}})
}

func failedResult() *Result {
	sql := "SELECT nam\nFROM Students"
	at := 7
	p := api.NewProblem(api.CodeUnknownColumn, "there is no column nam in Students").Hinted("did you mean name?").At("sql")
	p.Offset, p.SQLNumber, p.RequestID = &at, 207, "bd786dfeb8cc7f90"
	return took(NewResult(sql), 2*time.Millisecond).Failed(p)
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
	return took(NewResult(groupedStatement), 3*time.Millisecond).Answer(&api.SQLResponse{Explain: e})
}

// manyRows is how many rows the widest result has.
const manyRows = 1000

func took(r *Result, d time.Duration) *Result {
	r.Took = d
	return r
}

// queryWith returns the screen after a statement was run or explained, with its result.
func queryWith(text, key string, r *Result) *Query {
	q := NewQuery(QueryOptions{Statements: []string{"SELECT 1", text}, YesWrites: true})
	runs(q, noon.Add(-3*time.Second), key, r)
	return q
}

func queryScenes() map[string]*Query {
	scrolled := queryWith("SELECT * FROM Students", "f5", wideResult())
	press(scrolled, noon, "tab", "right", "right", "right", "pgdown", "down")
	affected := int64(3)
	empty := took(NewResult("SELECT 1 WHERE 1 = 0"), time.Millisecond).Head([]api.Column{{Type: "INT"}}, lines{}).
		End(&api.EndInfo{Route: &api.Route{Kind: api.RouteNone, Shards: []int{}, Why: "the condition can never hold"}})
	partial := groupedResult()
	partial.Partial = []api.Problem{*api.NewProblem(api.CodeShardUnavailable, "down").On(1, "worker-1")}
	partial.Shards = slices.Delete(slices.Clone(partial.Shards), 1, 2)
	cancelling := queryWith(groupedStatement, "f5", nil)
	press(cancelling, noon, "esc")
	awaiting := queryWith(groupedStatement, "f5", nil)
	awaiting.Update(QueryProgress{At: noon.Add(-100 * time.Millisecond), Running: underWay()})
	return map[string]*Query{
		"query-awaiting": awaiting,
		"query-new":      NewQuery(QueryOptions{Statements: []string{groupedStatement}}),
		"query-no-answer": queryWith("SELECT 1", "f5", took(NewResult("SELECT 1"), 2*time.Millisecond).Failed(
			api.NewProblem(api.CodeShardUnavailable, "the master at http://127.0.0.1:8080 cannot be reached: connection refused").Hinted("start the master, or look at its log"))),
		"query-running":  queryWith(groupedStatement, "f5", nil),
		"query-ending":   cancelling,
		"query-group":    queryWith(groupedStatement, "f5", groupedResult()),
		"query-wide":     queryWith("SELECT * FROM Students", "f5", wideResult()),
		"query-scrolled": scrolled,
		"query-keys":     queryWith(pointResult().SQL, "f5", pointResult()),
		"query-failed":   queryWith(failedResult().SQL, "f5", failedResult()),
		"query-canceled": queryWith(groupedStatement, "f5", took(NewResult(groupedStatement), 2*time.Second).Failed(api.NewProblem(api.CodeCanceled, "cancelled"))),
		"query-plan":     queryWith(groupedStatement, "ctrl+x", planResult()),
		"query-none":     queryWith("SELECT 1 WHERE 1 = 0", "f5", empty),
		"query-partial":  queryWith(groupedStatement, "f5", partial),
		"query-write": queryWith("DELETE FROM t", "f5", took(NewResult("DELETE FROM t"), time.Millisecond).Answer(&api.SQLResponse{RowsAffected: &affected,
			EndInfoJSON: api.EndInfoJSON{Shards: queryParts(3), Route: api.Route{Kind: api.RouteScatter, Shards: []int{0, 1, 2}, Why: "all_shards was asked for"}}})),
	}
}

func TestQueryScreenMatchesGoldenFiles(t *testing.T) {
	th := newTheme(t, theme.Mono, termenv.Ascii)
	v := viewOf(metadata(3))
	for _, size := range [][2]int{{80, 24}, {160, 45}} {
		for name, q := range queryScenes() {
			golden(t, fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), Render(th, size[0], size[1], v, &Dashboard{}, q)+"\n")
		}
	}
	golden(t, "query-group-50x12", Render(th, 50, 12, v, &Dashboard{}, queryScenes()["query-group"])+"\n")
}

func TestQueryScreenHasTerminalSize(t *testing.T) {
	themes := []*theme.Theme{newTheme(t, theme.Dark, termenv.TrueColor), newTheme(t, theme.Mono, termenv.ANSI)}
	v := longNames()
	scenes := queryScenes()
	for width := 1; width <= 210; width += 1 + width/2 {
		for height := 1; height <= 70; height += 1 + height/2 {
			for name, q := range scenes {
				for i, stack := range [][]Screen{{q}, {q, NewHelp(q.Commands(v), false)}} {
					if wrong := checkFrame(Render(themes[i], width, height, v, append([]Screen{&Dashboard{}}, stack...)...), width, height); wrong != "" {
						t.Fatalf("%s at %dx%d: %s", name, width, height, wrong)
					}
				}
			}
		}
	}
}

func TestValuesCannotBreakQueryScreen(t *testing.T) {
	th := newTheme(t, theme.Dark, termenv.TrueColor)
	v := viewOf(metadata(3))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`(\x1b\[[0-9;]*[A-Za-z]|[\x{1F1E6}-\x{1F1FF}]|[\x{AC00}-\x{AD00}]|[\x{0300}-\x{0310}]|\x{200D}|\n|a)*`))
		w, h := rapid.IntRange(0, 200).Draw(t, "width"), rapid.IntRange(1, 60).Draw(t, "height")
		r := NewResult(text.Draw(t, "sql"))
		n := rapid.IntRange(1, 5).Draw(t, "columns")
		var columns []api.Column
		for range n {
			columns = append(columns, api.Column{Name: text.Draw(t, "name"), Type: text.Draw(t, "type")})
		}
		var rows lines
		for range rapid.IntRange(0, 4).Draw(t, "rows") {
			row := []byte("[")
			for i := range n {
				if i > 0 {
					row = append(row, ',')
				}
				row, _ = jsontext.AppendQuote(row, strings.ToValidUTF8(text.Draw(t, "value"), "?"))
			}
			rows = append(rows, append(row, ']'))
		}
		r.Head(columns, rows)
		r.End(&api.EndInfo{Route: &api.Route{Kind: api.RouteSubset, Shards: []int{1}, Why: text.Draw(t, "why"), Keys: []api.RouteKey{{Key: text.Draw(t, "key")}}},
			Shards: []api.ShardResult{{Shard: 1, Worker: text.Draw(t, "worker"), Rows: rapid.Int64().Draw(t, "n"), MS: rapid.Float64().Draw(t, "ms")}}})
		if rapid.Bool().Draw(t, "fails") {
			p := api.NewProblem(api.CodeSyntax, "%s", text.Draw(t, "detail")).At("sql").Hinted("%s", text.Draw(t, "hint"))
			at := rapid.Int().Draw(t, "offset")
			p.Offset = &at
			r.Failed(p)
		}
		q := queryWith("x"+r.SQL, "f5", r)
		if wrong := checkFrame(Render(th, w, h, v, &Dashboard{}, q), w, h); wrong != "" {
			t.Fatal(wrong)
		}
	})
}

// endOf is the end of a result's stream.
func endOf(r *Result) *api.EndInfo {
	return &api.EndInfo{Route: r.Route, Shards: r.Shards}
}
