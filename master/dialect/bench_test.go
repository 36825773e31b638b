package dialect_test

import (
	"fmt"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/planner"
	"shardeck/shared/api"
)

// BenchmarkPointSelect parses, plans and renders a point select.
func BenchmarkPointSelect(b *testing.B) {
	table, m, d := newTable(b, studentsTable), newMap(b, 3), sqlite(b)
	req := &api.SelectRequest{DB: "School", Table: "Students", Columns: api.NameList{"student_id", "name", "gpa"}, Condition: "student_id = 12345"}
	b.ReportAllocs()
	for b.Loop() {
		p, err := planner.Select(table, m, req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := d.Query(p, &p.Fragments[0]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInsert1000 plans and renders a batch of a thousand rows of six columns.
func BenchmarkInsert1000(b *testing.B) {
	table, m, d := newTable(b, studentsTable), newMap(b, 3), sqlite(b)
	req := &api.InsertRequest{DB: "School", Table: "Students"}
	for i := range 1000 {
		req.Rows = append(req.Rows, *decode[api.Object[jsontext.Value]](b, fmt.Sprintf(
			`{"student_id": %d, "name": "Student number %d", "email": "student%d@example.org", "gpa": "3.%02d", "age": %d, "born": "2001-02-03"}`,
			i, i, i, i%100, 18+i%10)))
	}
	b.ReportAllocs()
	for b.Loop() {
		p, err := planner.Insert(table, m, req)
		if err != nil {
			b.Fatal(err)
		}
		for i := range p.Fragments {
			if _, err := d.Exec(p, &p.Fragments[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkIn10000 plans and renders an IN list of ten thousand keys.
func BenchmarkIn10000(b *testing.B) {
	table, m, d := newTable(b, studentsTable), newMap(b, 3), sqlite(b)
	condition := []byte("student_id IN (0")
	for i := range 9_999 {
		condition = fmt.Appendf(condition, ", %d", i)
	}
	req := &api.SelectRequest{DB: "School", Table: "Students", Condition: string(condition) + ")"}
	b.ReportAllocs()
	for b.Loop() {
		p, err := planner.Select(table, m, req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := d.Query(p, &p.Fragments[0]); err != nil {
			b.Fatal(err)
		}
	}
}
