package contract

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

func state(term, version uint64, leader string) api.WorkerState {
	return api.WorkerState{Fence: api.Fence{Term: term, MapVersion: version}, Leader: leader, Shard: "0/3"}
}

func TestAFenceIsComparedAndRaised(t *testing.T) {
	cur := state(5, 5, "http://a")
	for _, c := range []struct {
		name  string
		f     api.Fence
		code  api.Code // of CheckFence; empty: accepted
		after api.WorkerState
	}{
		{"the same", api.Fence{Term: 5, MapVersion: 5}, "", cur},
		{"a newer term has no leader yet", api.Fence{Term: 6, MapVersion: 5}, "", state(6, 5, "")},
		{"a newer map", api.Fence{Term: 5, MapVersion: 6}, "", state(5, 6, "http://a")},
		{"an older term", api.Fence{Term: 4, MapVersion: 9}, api.CodeStaleTerm, cur},
		{"an older map", api.Fence{Term: 9, MapVersion: 4}, api.CodeStaleMap, cur},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := CheckFence(&cur, c.f)
			if (p == nil) != (c.code == "") || p != nil && (p.Code != c.code || p.Primary != "http://a") {
				t.Errorf("CheckFence: %v, want %q", p, c.code)
			}
			after, newer := RaiseFence(cur, c.f)
			if diff := cmp.Diff(c.after, after); diff != "" || newer != (c.after != cur) {
				t.Errorf("RaiseFence: newer %v (-want +got):\n%s", newer, diff)
			}
		})
	}
}

func TestUpdateStateFollowsTheRules(t *testing.T) {
	for _, c := range []struct {
		name    string
		cur, up api.WorkerState
		want    api.Code
	}{
		{"a newer term", state(1, 1, "a"), state(2, 1, "b"), ""},
		{"a term without a leader", state(2, 1, ""), state(2, 1, "b"), ""},
		{"a term held by another", state(2, 1, "a"), state(2, 1, "b"), api.CodeStaleTerm},
		{"an older map", state(2, 2, "a"), state(3, 1, "a"), api.CodeStaleMap},
		{"another shard", state(2, 2, "a"), api.WorkerState{Fence: api.Fence{Term: 3, MapVersion: 2}, Leader: "a", Shard: "1/3"}, api.CodeWrongShard},
	} {
		next, p := UpdateState(c.cur, api.StateUpdate(c.up))
		switch {
		case c.want == "" && (p != nil || next != c.up):
			t.Errorf("%s: %v, %v", c.name, next, p)
		case c.want != "" && (p == nil || p.Code != c.want || next != c.cur):
			t.Errorf("%s: %v, %v, want %s", c.name, next, p, c.want)
		}
	}
}

func TestARefusedValueIsLocated(t *testing.T) {
	_, err := DecodeExec(&api.ExecRequest{Statements: []api.Statement{{
		SQL: "INSERT", Table: "t", Effect: api.EffectInsert, Types: []string{"INT", "TINYINT"}, Columns: []string{"b", "a"},
		Rows: []jsontext.Value{jsontext.Value("[1,2]"), jsontext.Value("[1,256]")},
	}}})
	p := api.AsProblem(err)
	if p == nil || p.Field != "statements[0].rows[1][1]" || p.Column != "a" || p.Row == nil || *p.Row != 1 || p.SQLNumber != 8115 {
		t.Errorf("%+v", p)
	}
}

// A value that SQL Server has no number for, such as one beyond the bound of all values, is located
// like any other.
func TestAValueWithoutANumberIsLocated(t *testing.T) {
	long := `"` + strings.Repeat("x", sqltypes.MaxValueBytes+1) + `"`
	_, err := DecodeExec(&api.ExecRequest{Statements: []api.Statement{{
		SQL: "INSERT", Table: "t", Effect: api.EffectInsert, Types: []string{"INT", "NVARCHAR(MAX)"}, Columns: []string{"b", "a"},
		Rows: []jsontext.Value{jsontext.Value(`[1,"x"]`), jsontext.Value("[1," + long + "]")},
	}}})
	p := api.AsProblem(err)
	if p == nil || p.SQLNumber != 0 || p.Field != "statements[0].rows[1][1]" || p.Column != "a" || p.Row == nil || *p.Row != 1 {
		t.Errorf("%+v", p)
	}
}

// FuzzRows: no text makes AppendRow fail other than with an error, and each accepted row has a
// value for each type.
func FuzzRows(f *testing.F) {
	for _, s := range []string{"[1,\"a\"]", "[1,\"a\",]", "[", "[1,\"\\", "[null, null]", "[1 2]", "[[1],{}]", "[1,\"a\"] x"} {
		f.Add([]byte(s))
	}
	types, err := ParseTypes([]string{"INT", "NVARCHAR(5)"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		values, _, err := AppendRow(nil, types, row)
		if err == nil && (len(values) != len(types) || !jsontext.Value(row).IsValid()) {
			t.Errorf("%q was accepted as %v", row, values)
		}
		var _ []sqltypes.Value = values
	})
}
