package answer

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shardeck/shared/api"
)

func TestCells(t *testing.T) {
	got := Cells(jsontext.Value(`[1,"a\"b",null,true,"9007199254740993","",1.5e300,"NULL"]`), 0)
	want := []Cell{{Text: "1"}, {Text: `a"b`}, {Text: "NULL", Null: true}, {Text: "true"}, {Text: "9007199254740993"}, {}, {Text: "1.5e300"}, {Text: "NULL"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := Cells(jsontext.Value(`["李小龙"]`), 4); got[0].Text != "李…" {
		t.Errorf("cut to %q", got[0].Text)
	}
	if got := Cells(jsontext.Value(`{"broken"`), 0); len(got) != 1 {
		t.Errorf("a malformed array gives %v", got)
	}
}

func TestCausesOmitTheProblemItself(t *testing.T) {
	down := func(shard int) api.Problem { return *api.NewProblem(api.CodeShardUnavailable, "down").On(shard, "w") }
	p := down(1)
	p.Causes = []api.Problem{down(1), down(2)}
	if got := Causes(&p); len(got) != 1 || *got[0].Shard != 2 || len(p.Causes) != 2 {
		t.Errorf("got %v", got)
	}
	other := api.NewProblem(api.CodePartialFailure, "1 of 2 shards succeeded")
	other.Causes = []api.Problem{down(1)}
	if got := Causes(other); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestLocate(t *testing.T) {
	sql := "SELECT a\r\nFROM b\nWHERE c"
	for offset, want := range map[int]Fault{
		0:   {1, "", "SELECT a"},
		7:   {1, "SELECT ", "a"},
		10:  {2, "", "FROM b"},
		15:  {2, "FROM ", "b"},
		-5:  {1, "", "SELECT a"},
		999: {3, "WHERE c", ""},
	} {
		if d := cmp.Diff(want, Locate(sql, offset)); d != "" {
			t.Errorf("at %d: %s", offset, d)
		}
	}
	for sql, want := range map[string]Fault{
		"select 1\n":          {1, "select 1", ""},
		"select 1 \r\n\n  \n": {1, "select 1", " "},
		"select\n1 +\n":       {2, "1 +", ""},
		" \n":                 {1, "", " "},
	} {
		if d := cmp.Diff(want, Locate(sql, len(sql))); d != "" {
			t.Errorf("at the end of %q: %s", sql, d)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		sql := rapid.String().Draw(t, "sql")
		f := Locate(sql, rapid.Int().Draw(t, "offset"))
		if !strings.Contains(sql, f.Before+f.After) || f.Line < 1 {
			t.Fatalf("%+v is not in %q", f, sql)
		}
	})
}

func TestPlanOfUnknownVersionIsShown(t *testing.T) {
	lines := Plan(&api.Explain{Plan: jsontext.Value(`7`), Steps: []api.ExplainStep{{Name: "merge", Detail: "by x"}}})
	if len(lines) != 2 || lines[0].Text != "Master" {
		t.Errorf("%+v", lines)
	}
}

func TestPlanShortensInsertRows(t *testing.T) {
	s := api.ExplainStatement{SQL: "INSERT", ParamsRows: 1000}
	for range 5 {
		s.Params = append(s.Params, jsontext.Value(`[1,null]`))
	}
	var texts []string
	for _, l := range Plan(&api.Explain{Fragments: []api.ExplainFragment{{Shard: 1, Worker: "w", Engine: "sqlite", Statements: []api.ExplainStatement{s}}}}) {
		texts = append(texts, l.Text)
	}
	want := "Shard 1: w, sqlite|INSERT|row 1: 1, NULL|row 2: 1, NULL|row 3: 1, NULL|… and 997 rows more"
	if got := strings.Join(texts, "|"); !strings.HasSuffix(got, want) {
		t.Errorf("got %s", got)
	}
}
