package demo

import (
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/sqltypes"
)

func TestStudentsAreDeterministic(t *testing.T) {
	a := newGenerator(sampleSeed, firstStudentID).batch(500)
	b := newGenerator(sampleSeed, firstStudentID).batch(500)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("two runs of one seed differ:\n%s", diff)
	}
	if cmp.Equal(a, newGenerator(sampleSeed+1, firstStudentID).batch(500)) {
		t.Error("another seed gives the same students")
	}
}

func TestStudentsFitTable(t *testing.T) {
	columns := studentColumns()
	types := make([]sqltypes.Type, len(columns))
	for i, c := range columns {
		words, _, _ := strings.Cut(c.Value, " ")
		var err error
		if types[i], err = sqltypes.Parse(words); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range newGenerator(sampleSeed, firstStudentID).batch(10_000) {
		for i, m := range s.row() {
			if m.Name != columns[i].Name {
				t.Fatalf("member %d is %s, want %s", i, m.Name, columns[i].Name)
			}
			v, err := sqltypes.DecodeJSON(types[i], m.Value)
			if err != nil {
				t.Fatalf("student %d: %s %s: %v", s.ID, m.Name, m.Value, err)
			}
			if v.IsNull() && strings.Contains(columns[i].Value, "NOT NULL") {
				t.Fatalf("student %d: %s is NULL", s.ID, m.Name)
			}
		}
	}
}

func TestStudentsAreVaried(t *testing.T) {
	students := newGenerator(sampleSeed, firstStudentID).batch(10_000)
	names, ids, nulls := map[string]bool{}, map[int64]bool{}, map[string]int{}
	scripts := map[string]int{}
	for _, s := range students {
		names[s.Name], ids[s.ID] = true, true
		for column, empty := range map[string]bool{"email": s.Email == "", "major": s.Major == "", "gpa": s.GPA == ""} {
			if empty {
				nulls[column]++
			}
		}
		for name, table := range unicode.Scripts {
			if name != "Common" && name != "Inherited" && strings.IndexFunc(s.Name, func(r rune) bool { return unicode.Is(table, r) }) >= 0 {
				scripts[name]++
			}
		}
		if strings.IndexFunc(s.Email, func(r rune) bool { return r > 126 || r < 33 }) >= 0 {
			t.Fatalf("the address %q is not plain ASCII", s.Email)
		}
	}
	if len(ids) != len(students) {
		t.Errorf("%d ids for %d students", len(ids), len(students))
	}
	if len(names) < 500 {
		t.Errorf("only %d names", len(names))
	}
	if len(scripts) < 15 {
		t.Errorf("only %d scripts: %v", len(scripts), scripts)
	}
	for _, column := range []string{"email", "major", "gpa"} {
		if share := float64(nulls[column]) / float64(len(students)); share < 0.01 || share > 0.2 {
			t.Errorf("%.0f %% of %s are NULL", 100*share, column)
		}
	}
	for shard, n := range placement(students) {
		if n < 3000 || n > 3700 {
			t.Errorf("shard %d would hold %d of %d", shard, n, len(students))
		}
	}
}
