package answer

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

func TestNamesAndCounts(t *testing.T) {
	for _, c := range []struct{ name, got, want string }{
		{"a column", Name(api.Column{Name: "gpa"}), "gpa"},
		{"an expression without an alias", Name(api.Column{Type: "INT"}), "(no name)"},
		{"no rows", Rows(0), "0 rows"},
		{"one row", Rows(1), "1 row"},
		{"many rows", Rows(1_000_000), "1000000 rows"},
		{"no shard", Shards(nil), "no shard"},
		{"one shard", Shards([]int{2}), "shard 2"},
		{"some shards", Shards([]int{0, 1, 7}), "shards 0, 1, 7"},
		{"as many as are named", Shards([]int{0, 1, 2, 3, 4, 5, 6, 7}), "shards 0, 1, 2, 3, 4, 5, 6, 7"},
		{"more than are named", Shards([]int{0, 1, 2, 3, 4, 5, 6, 7, 8}), "9 shards"},
		{"a route", Route(&api.Route{Shards: []int{1}, Why: "id = 1 is in slot 3964"}), "shard 1: id = 1 is in slot 3964"},
		{"a route without a reason", Route(&api.Route{Shards: []int{0, 2}}), "shards 0, 2"},
		{"all shards answered", Answered(&api.Route{Shards: []int{0, 1}, Why: "all"}, nil), "shards 0, 1: all"},
		{"one shard did not answer", Answered(&api.Route{Shards: []int{0, 1, 2}, Why: "no condition"}, []api.Problem{*api.NewProblem(api.CodeShardUnavailable, "down").On(1, "w")}), "shards 0, 2, without shard 1: no condition"},
		{"two shards did not answer", AnsweredShards(&api.Route{Shards: []int{0, 1, 2}}, []api.Problem{*api.NewProblem(api.CodeShardUnavailable, "down").On(2, "w"), *api.NewProblem(api.CodeShardUnavailable, "down").On(0, "w")}), "shard 1, without shards 0, 2"},
		// FNV-1a-32 of "1" is 873244444, its slot 873244444 % 5040 = 3964, its shard of three 3964 % 3 = 1.
		{"a key", Key(&api.RouteKey{Key: "1", Hash: 873244444, Slot: 3964, Shard: 1}), "1 → FNV-1a 873244444 → slot 3964 → shard 1"},
		{"all keys listed", MoreKeys(&api.Route{Keys: make([]api.RouteKey, 2), KeysTotal: 2}), ""},
		{"no total", MoreKeys(&api.Route{Keys: make([]api.RouteKey, 2)}), ""},
		{"more keys than listed", MoreKeys(&api.Route{Keys: make([]api.RouteKey, 8), KeysTotal: 100}), "… and 92 more keys"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

func TestNumeric(t *testing.T) {
	for typ, want := range map[string]bool{
		"TINYINT": true, "SMALLINT": true, "INT": true, "BIGINT": true, "DECIMAL(10,2)": true, "REAL": true, "FLOAT": true,
		"BIT": false, "NVARCHAR(50)": false, "VARCHAR(MAX)": false, "DATE": false, "DATETIME2(7)": false, "VARBINARY(8)": false, "UNIQUEIDENTIFIER": false, "": false,
	} {
		if got := Numeric(api.Column{Type: typ}); got != want {
			t.Errorf("%s: %v", typ, got)
		}
	}
}

func TestCellsOfMalformedRows(t *testing.T) {
	for _, c := range []struct {
		row   string
		limit int
		want  []Cell
	}{
		{"[]", 0, []Cell{}},
		{` [ "a" , null ] `, 0, []Cell{{Text: "a"}, {Text: "NULL", Null: true}}},
		{`["a, ]b"]`, 0, []Cell{{Text: "a, ]b"}}},
		{`["abc"]`, 3, []Cell{{Text: "abc"}}},
		{`["abcd"]`, 3, []Cell{{Text: "abc…"}}},
		{`[12345]`, 3, []Cell{{Text: "123…"}}},
		{`["\ud800"]`, 0, []Cell{{Text: `"\ud800"`}}}, // half of a surrogate pair is shown as it is
		{`[1,2`, 0, []Cell{{Text: `[1,2`}}},
		{`not a row`, 5, []Cell{{Text: "not a…"}}},
		{``, 0, []Cell{{Text: ""}}},
	} {
		if diff := cmp.Diff(c.want, Cells(jsontext.Value(c.row), c.limit)); diff != "" {
			t.Errorf("%q: %s", c.row, diff)
		}
	}
}

func ref[T any](v T) *T { return &v }

// text formats the lines of a plan.
func text(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.Repeat("  ", l.Depth) + [...]string{"", "# ", "sql ", "= ", "", "~ "}[l.Kind] + l.Text + "\n")
	}
	return b.String()
}

func TestPlan(t *testing.T) {
	point := api.ExplainStatement{SQL: "SELECT [a]\nFROM [t]", Types: []string{"INT", "NVARCHAR(10)"}, Params: []jsontext.Value{jsontext.Value(`[1,"x",null]`)}}
	on := func(shard int, engine string, st ...api.ExplainStatement) api.ExplainFragment {
		return api.ExplainFragment{Shard: shard, Worker: "w" + string(rune('0'+shard)), Engine: engine, Statements: st}
	}
	other := point
	other.Params = []jsontext.Value{jsontext.Value(`[2,"x",null]`)}
	for _, c := range []struct {
		name string
		plan api.Explain
		want string
	}{
		{"nothing", api.Explain{Plan: jsontext.Value(`{}`)}, ""},
		{"a route with its keys", api.Explain{Plan: jsontext.Value(`{"route":{"kind":"point","shards":[1],"why":"id = 1","keys_total":3,
			"keys":[{"key":"1","hash":873244444,"slot":3964,"shard":1}]}}`)}, `
# Route: point
  shard 1: id = 1
  = 1 → FNV-1a 873244444 → slot 3964 → shard 1
  ~ … and 2 more keys
`},
		{"one shard with parameters", api.Explain{Plan: jsontext.Value(`{}`), Fragments: []api.ExplainFragment{on(1, "sqlite", point)}}, `
# Shard 1: w1, sqlite
  sql SELECT [a]
  sql FROM [t]
    = @p1 = 1  INT
    = @p2 = x  NVARCHAR(10)
    = @p3 = NULL
`},
		{"shards that are sent the same, and one that is not", api.Explain{Plan: jsontext.Value(`{}`), Fragments: []api.ExplainFragment{
			on(0, "sqlite", api.ExplainStatement{SQL: "A"}), on(1, "sqlite", api.ExplainStatement{SQL: "A"}), on(2, "sqlserver", api.ExplainStatement{SQL: "A"}),
		}}, `
# Shards 0, 1: each is sent the same, sqlite
  sql A

# Shard 2: w2, sqlserver
  sql A
`},
		{"other parameters are other work", api.Explain{Plan: jsontext.Value(`{}`), Fragments: []api.ExplainFragment{
			on(0, "sqlite", api.ExplainStatement{SQL: "A", Params: point.Params}), on(1, "sqlite", api.ExplainStatement{SQL: "A", Params: other.Params}),
		}}, `
# Shard 0: w0, sqlite
  sql A
    = @p1 = 1
    = @p2 = x
    = @p3 = NULL

# Shard 1: w1, sqlite
  sql A
    = @p1 = 2
    = @p2 = x
    = @p3 = NULL
`},
		{"what was measured", api.Explain{Plan: jsontext.Value(`{}`), Fragments: []api.ExplainFragment{
			{Shard: 2, Worker: "w2", Engine: "sqlite", Statements: []api.ExplainStatement{{SQL: "A"}}, Rows: ref(int64(1)), MS: ref(0.254)},
		}, Steps: []api.ExplainStep{{Name: "route", Detail: "one shard"}, {Name: "limit", Detail: "5", Rows: ref(int64(2))}, {Name: "sort", Detail: "by a", MS: ref(1.0)}}}, `
# Shard 2: w2, sqlite
  sql A
  shard 2, w2: 1 row in 0.25 ms

# Master
  1 route  one shard
  2 limit  5  (2 rows)
  3 sort   by a  (1.00 ms)
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), text(Plan(&c.plan))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlanRouteOfMalformedPlans(t *testing.T) {
	for _, plan := range []string{`{}`, `7`, `{"route":null}`, `{"route":{"kind":1}}`, ``} {
		if r := PlanRoute(&api.Explain{Plan: jsontext.Value(plan)}); r != nil {
			t.Errorf("%q: %+v", plan, r)
		}
	}
}
