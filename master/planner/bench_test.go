package planner_test

import (
	"testing"

	"shardeck/master/planner"
)

// BenchmarkPointSelect parses and plans the most common kind of statement.
func BenchmarkPointSelect(b *testing.B) {
	c, m := newCatalog(b), newMap(b, 3)
	b.ReportAllocs()
	for b.Loop() {
		st, err := parseOne("SELECT student_id, name, gpa FROM Students WHERE student_id = 12345")
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := planner.Statement(c, m, "School", st, planner.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGroups parses and plans a statement with groups over a join.
func BenchmarkGroups(b *testing.B) {
	c, m := newCatalog(b), newMap(b, 3)
	b.ReportAllocs()
	for b.Loop() {
		st, err := parseOne(`SELECT s.level, COUNT(*) AS n, AVG(e.grade) AS mean FROM Students s JOIN Enrollments e ON s.student_id = e.student_id
			WHERE s.age BETWEEN 18 AND 30 GROUP BY s.level HAVING COUNT(*) > 5 ORDER BY mean DESC`)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := planner.Statement(c, m, "School", st, planner.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
