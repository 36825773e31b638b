package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/shared/api"
	"shardeck/shared/sharding"
)

// Every row of a batch goes to the shard that holds its slot, with its own values,
// whatever the order in which rows name their columns.
func TestInsertRoutesEachRowByKeyAndKeepsItsIndex(t *testing.T) {
	table := newTable(t, studentsTable)
	rapid.Check(t, func(t *rapid.T) {
		m, err := sharding.NewMap(rapid.IntRange(1, 7).Draw(t, "shards"))
		if err != nil {
			t.Fatal(err)
		}
		req := &api.InsertRequest{}
		var ids []int
		for i := range rapid.IntRange(1, 40).Draw(t, "rows") {
			id := rapid.IntRange(-1000, 1000).Draw(t, "id")
			members := []api.Member[jsontext.Value]{
				{Name: "student_id", Value: fmt.Append(nil, id)},
				{Name: "name", Value: fmt.Appendf(nil, `"row %d"`, i)},
			}
			if rapid.Bool().Draw(t, "age") {
				members = append(members, api.Member[jsontext.Value]{Name: "AGE", Value: fmt.Append(nil, i)})
			}
			if rapid.Bool().Draw(t, "reversed") {
				slices.Reverse(members)
			}
			ids = append(ids, id)
			req.Rows = append(req.Rows, members)
		}
		p, err := planner.Insert(table, m, req)
		if err != nil {
			t.Fatal(err)
		}
		seen := make([]bool, len(ids))
		for fi, f := range p.Fragments {
			if p.Route.Shards[fi] != f.Shard || len(f.Rows) != len(f.RowIndex) || len(f.Rows) == 0 {
				t.Fatalf("fragment %d is %+v, the route %+v", fi, f, p.Route)
			}
			for i, row := range f.Rows {
				at := f.RowIndex[i]
				if seen[at] {
					t.Fatalf("row %d appears twice", at)
				}
				seen[at] = true
				var values []any
				if err := json.Unmarshal(row, &values); err != nil {
					t.Fatal(err)
				}
				slot := sharding.Slot(fmt.Sprint(ids[at]))
				if values[0] != float64(ids[at]) || values[1] != fmt.Sprintf("row %d", at) || values[len(values)-1] != float64(slot) || m.Shard(slot) != f.Shard {
					t.Fatalf("row %d with id %d became %s on shard %d", at, ids[at], row, f.Shard)
				}
			}
		}
		if i := slices.Index(seen, false); i >= 0 {
			t.Fatalf("row %d is lost", i)
		}
	})
}

// A batch with an invalid row is rejected as a whole, and the error names the row and
// the column.
func TestInsertErrorNamesRowAndColumn(t *testing.T) {
	table := newTable(t, studentsTable)
	row := func(text string) api.Object[jsontext.Value] {
		var o api.Object[jsontext.Value]
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	_, err := planner.Insert(table, newMap(t, 3), &api.InsertRequest{Rows: []api.Object[jsontext.Value]{
		row(`{"student_id": 1, "name": "a", "age": 1}`),
		row(`{"student_id": 2, "name": "b", "age": 3000000000}`),
	}})
	p := api.AsProblem(err)
	if p.Code != api.CodeOutOfRange || p.Field != "rows[1].age" || p.Row == nil || *p.Row != 1 || p.Column != "age" || p.SQLNumber != 8115 {
		t.Errorf("got %+v", p)
	}
}

// A column that a row omits must not keep the previous row's value.
func TestInsertDoesNotReuseValuesOfThePreviousRow(t *testing.T) {
	table := newTable(t, studentsTable)
	var req api.InsertRequest
	if err := json.Unmarshal([]byte(`{"rows": [{"student_id": 1, "name": "a", "age": 7, "gpa": 2}, {"student_id": 1, "name": "b"}]}`), &req); err != nil {
		t.Fatal(err)
	}
	p, err := planner.Insert(table, newMap(t, 1), &req)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(p.Fragments[0].Rows[1]), `[1,"b",null,"0.00",null,true,null,null,null,null,null,null,null,3964]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A shard_key that would be rounded to another key must not reach that key's rows.
func TestNonIntegerShardKeyIsRejectedForIntegerColumn(t *testing.T) {
	table, m := newTable(t, studentsTable), newMap(t, 3)
	for _, raw := range []string{`1.5`, `1e0`, `0.1`, `true`, `false`, `""`, `"  "`} {
		key := jsontext.Value(raw)
		for name, plan := range map[string]func() (*plan.Plan, error){
			"select": func() (*plan.Plan, error) { return planner.Select(table, m, &api.SelectRequest{ShardKey: key}) },
			"delete": func() (*plan.Plan, error) {
				return planner.Delete(table, m, &api.DeleteRequest{ShardKey: key, Condition: "age = 1"})
			},
		} {
			_, err := plan()
			if p := api.AsProblem(err); p == nil || p.Code != api.CodeInvalidField || p.Field != "shard_key" || p.Hint == "" {
				t.Errorf("%s with shard_key %s: got %v", name, raw, err)
			}
		}
	}
	for _, raw := range []string{`1`, `"1"`, `"01"`, `-7`} {
		if _, err := planner.Select(table, m, &api.SelectRequest{ShardKey: jsontext.Value(raw)}); err != nil {
			t.Errorf("shard_key %s: %v", raw, err)
		}
	}
}

func TestLikePatternLengthLimit(t *testing.T) {
	table, m := newTable(t, studentsTable), newMap(t, 3)
	for n, code := range map[int]api.Code{8000: "", 8001: api.CodeTooComplex} {
		_, err := planner.Select(table, m, &api.SelectRequest{Condition: "name LIKE '" + strings.Repeat("a", n) + "'"})
		if p := api.AsProblem(err); (p == nil) != (code == "") || p != nil && (p.Code != code || p.Field != "condition") {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
}

// In T-SQL a word without quotes, or in double quotes, is a column.
func TestHintForUnquotedString(t *testing.T) {
	table, m := newTable(t, studentsTable), newMap(t, 3)
	for condition, want := range map[string]string{
		`name = Zebulon`:   "N'Zebulon'",
		`name = "Zebulon"`: "N'Zebulon'",
		`name = "O'Brien"`: "N'O''Brien'",
		`nmae = N'x'`:      "did you mean name?",
	} {
		_, err := planner.Select(table, m, &api.SelectRequest{Condition: condition})
		if p := api.AsProblem(err); p == nil || p.Code != api.CodeUnknownColumn || !strings.Contains(p.Hint, want) {
			t.Errorf("%s: %v, want %q", condition, p, want)
		}
	}
}
