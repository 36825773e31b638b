package dialect_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shardeck/master/gather"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/shared/api"
	"shardeck/shared/sharding"
)

// shardedDB is a database over several engines, which is accessed as a master does, but
// without a network.
type shardedDB struct {
	catalog
	m      *sharding.Map
	shards []*testDB
}

func newShardedDB(t testing.TB, shards int, tables ...string) *shardedDB {
	s := &shardedDB{catalog: newCatalog(t, tables...), m: newMap(t, shards)}
	for range shards {
		s.shards = append(s.shards, newDB(t, tables...))
	}
	return s
}

func (s *shardedDB) plan(text string) (*plan.Plan, error) {
	st, err := parseOne(text)
	if err != nil {
		return nil, err
	}
	p, _, err := planner.Statement(s, s.m, "School", st, planner.Options{AllShards: true, Session: testSession})
	return p, err
}

func (s *shardedDB) write(t testing.TB, text string) {
	t.Helper()
	p, err := s.plan(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	for _, f := range p.Fragments {
		one := *p
		one.Fragments = []plan.Fragment{f}
		if _, err := s.shards[f.Shard].exec(t, &one); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// rowSource is a shard's answer, one row per block.
type rowSource struct{ rows []string }

func (s *rowSource) NextBlock() ([]byte, error) {
	if len(s.rows) == 0 {
		return nil, io.EOF
	}
	row := s.rows[0]
	s.rows = s.rows[1:]
	return append([]byte(row), '\n'), nil
}

// read returns the rows of a SELECT.
func (s *shardedDB) read(t testing.TB, text string) ([]string, error) {
	p, err := s.plan(text)
	if err != nil {
		return nil, err
	}
	var g gather.Gathering
	for _, f := range p.Fragments {
		one := *p
		one.Fragments = []plan.Fragment{f}
		rows, err := s.shards[f.Shard].rows(t, &one)
		if err != nil {
			return nil, err
		}
		g.Sources = append(g.Sources, &rowSource{rows})
	}
	var out strings.Builder
	sink := func(block []byte, _ int64) error {
		out.Write(block)
		return nil
	}
	switch {
	case p.Final != nil:
		err = g.Finish(p, sink)
	case len(p.Merge) > 0:
		err = g.Merge(gather.Order{
			Keys: p.Merge, Hidden: p.Hidden, Columns: len(p.Columns), Distinct: p.Distinct, Limit: p.Limit, Offset: p.Offset,
			Ties: p.Ties, TieKeys: p.TieKeys,
		}, sink)
	case len(p.Fragments) > 0:
		err = g.Concat(p.Limit, p.Offset, sink)
	}
	return strings.Fields(strings.ReplaceAll(out.String(), " ", "_")), err
}

// fill inserts the same rows into every database: keys on every shard, NULLs, spellings
// that compare equal, and frequent values.
func fill(t testing.TB, rows int, all ...*shardedDB) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	for id := range rows {
		student := fmt.Sprintf("INSERT INTO Students (student_id, name, gpa, score, age, level, big, born, active) VALUES (%d, %s, %s, %s, %s, %s, %s, %s, %d)", id,
			pick("'Ann'", "'ANN'", "'bob'", "'Bob'", "'cy'", "N'Dörte'", "N'DÖRTE'"), pick("NULL", "0", "1.5", "3.25", "-2.5"), pick("NULL", "0.5", "1", "2"),
			pick("NULL", "1", "2", "3", "-4"), pick("NULL", "1", "2", "3"), pick("NULL", "1", "9007199254740993"), pick("NULL", "'2001-02-03'", "'2002-12-31'"), r.IntN(2))
		var grades []string
		for c := range r.IntN(4) {
			grades = append(grades, fmt.Sprintf("(%d, '%c', %s, %s)", id, 'A'+c, pick("NULL", "1.5", "2", "4.5"), pick("NULL", "1", "5", "7")))
		}
		for _, s := range all {
			s.write(t, student)
			if len(grades) > 0 {
				s.write(t, "INSERT INTO Grades (student_id, course, grade, points) VALUES "+strings.Join(grades, ", "))
			}
		}
	}
}

var (
	selectValues = []string{"name", "gpa", "score", "age", "level", "big", "born", "age + level", "UPPER(name)", "gpa * 2", "YEAR(born)", "COALESCE(age, level)",
		"CASE WHEN age > 1 THEN 'x' ELSE name END", "ISNULL(gpa, 7)", "LEN(name)", "CAST(age AS VARCHAR(10))", "ABS(gpa)", "name + 'x'"}
	selectAggregates = []string{"COUNT(*)", "COUNT(age)", "SUM(age)", "SUM(gpa)", "AVG(gpa)", "AVG(age)", "MIN(name)", "MAX(born)", "MIN(gpa)", "MAX(score)", "SUM(score)",
		"COUNT(DISTINCT name)", "SUM(DISTINCT age)", "AVG(DISTINCT gpa)", "COUNT(DISTINCT level)", "SUM(age) + COUNT(*)", "MAX(age) - MIN(age)", "COUNT_BIG(big)"}
	selectFilters = []string{"", " WHERE level = 2", " WHERE age > 1 OR name = 'ann'", " WHERE student_id IN (1, 5, 9, 33)", " WHERE student_id = 4", " WHERE gpa IS NULL AND active = 1", " WHERE 1 = 0",
		" WHERE name LIKE '[ab]%' AND NOT age = 3"}
)

// drawSelect draws a statement with a total order: by all columns of the answer and the
// key, or by all columns of a group.
func drawSelect(t *rapid.T) string {
	filter := rapid.SampledFrom(selectFilters).Draw(t, "filter")
	dir := func() string { return rapid.SampledFrom([]string{"", " DESC"}).Draw(t, "dir") }
	values := rapid.SliceOfNDistinct(rapid.SampledFrom(selectValues), 1, 3, rapid.ID[string]).Draw(t, "values")
	list := slices.Clone(values)
	group, having, distinct := "", "", ""
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0: // rows
		values = append(values, "student_id")
	case 1:
		distinct = "DISTINCT "
	case 2:
		if rapid.IntRange(0, 4).Draw(t, "distinct") == 0 {
			distinct = "DISTINCT "
		}
		group = " GROUP BY " + strings.Join(values, ", ")
		aggregates := rapid.SliceOfNDistinct(rapid.SampledFrom(selectAggregates), 0, 4, rapid.ID[string]).Draw(t, "aggregates")
		list = append(list, aggregates...)
		having = rapid.SampledFrom([]string{"", " HAVING COUNT(*) > 2", " HAVING SUM(age) IS NOT NULL AND COUNT(DISTINCT name) < 3"}).Draw(t, "having")
		if len(aggregates) > 0 && !strings.Contains(aggregates[0], "score") && rapid.Bool().Draw(t, "by aggregate") {
			values = append([]string{aggregates[0]}, values...)
		}
	}
	order := make([]string, len(values))
	for i, v := range values {
		order[i] = v + dir()
	}
	if len(order) > 1 && rapid.Bool().Draw(t, "reversed") {
		slices.Reverse(order)
	}
	top, fetch := "", ""
	switch rapid.IntRange(0, 3).Draw(t, "window") {
	case 0:
		top = fmt.Sprintf("TOP (%d) ", rapid.IntRange(0, 9).Draw(t, "n"))
	case 1:
		fetch = fmt.Sprintf(" OFFSET %d ROWS", rapid.IntRange(0, 12).Draw(t, "skip"))
		if rapid.Bool().Draw(t, "fetch") {
			fetch += fmt.Sprintf(" FETCH NEXT %d ROWS ONLY", rapid.IntRange(1, 9).Draw(t, "n"))
		}
	}
	return "SELECT " + distinct + top + strings.Join(list, ", ") + " FROM Students" + filter + group + having + " ORDER BY " + strings.Join(order, ", ") + fetch
}

// The answers of three shards and of one are equal, except for the spelling of values that
// compare equal.
func TestThreeShardsAgreeWithOne(t *testing.T) {
	one, three := newShardedDB(t, 1, studentsTable, gradesTable), newShardedDB(t, 3, studentsTable, gradesTable)
	fill(t, 60, one, three)
	rapid.Check(t, func(rt *rapid.T) {
		text := drawSelect(rt)
		want, err := one.read(t, text)
		if err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		got, err := three.read(t, text)
		if err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		fold(want)
		if fold(got); !slices.Equal(got, want) {
			rt.Fatalf("%s\nthree shards %v\none shard    %v", text, got, want)
		}
	})
}

func fold(rows []string) {
	for i := range rows {
		rows[i] = strings.ToLower(rows[i])
	}
}

// TestAnswersOfSeveralShards compares with T-SQL's answers over rows on all of three
// shards, or on none.
func TestAnswersOfSeveralShards(t *testing.T) {
	s := newShardedDB(t, 3, studentsTable, gradesTable)
	s.write(t, `INSERT INTO Students (student_id, name, gpa, age, level) VALUES (1, 'Ann', 1, 10, 1), (2, 'bob', 2, NULL, 1), (3, 'ANN', 4, 15, 2),
		(4, 'cy', NULL, 20, NULL), (5, 'cy', 3, 20, NULL), (6, 'dan', 3, 1, 2), (7, 'Bob', 3, 2, 3)`)
	s.write(t, "INSERT INTO Grades (student_id, course, grade) VALUES (1, 'A', 1), (1, 'B', 2), (3, 'A', 4), (7, 'A', NULL)")
	for _, tt := range []struct{ name, text, want string }{
		{"AVG of integers is truncated, of decimals has six fraction digits", "SELECT AVG(age), AVG(gpa), COUNT(*) FROM Students", `[11,"2.666666",7]`},
		{"DISTINCT aggregates across shards", "SELECT COUNT(DISTINCT name), COUNT(DISTINCT level), SUM(DISTINCT age), AVG(DISTINCT gpa) FROM Students", `[4,3,48,"2.500000"]`},
		{"aggregates of no rows", "SELECT COUNT(*), SUM(age), AVG(gpa), MIN(name), COUNT(DISTINCT age) FROM Students WHERE level = 99", `[0,null,null,null,0]`},
		{"aggregates of no shard", "SELECT COUNT(*), MAX(age) FROM Students WHERE student_id = 1 AND student_id = 2", `[0,null]`},
		{"groups of no shard", "SELECT level, COUNT(*) FROM Students WHERE 1 = 0 GROUP BY level", ``},
		{"NULL is the first group", "SELECT level, COUNT(*), SUM(gpa) FROM Students GROUP BY level", `[null,2,"3.00"] [1,2,"3.00"] [2,2,"7.00"] [3,1,"3.00"]`},
		{"groups are case-insensitive", "SELECT UPPER(name), COUNT(*) FROM Students GROUP BY UPPER(name) ORDER BY 2 DESC, 1", `["ANN",2] ["BOB",2] ["CY",2] ["DAN",1]`},
		{"NULLs are last when descending", "SELECT gpa, student_id FROM Students ORDER BY gpa DESC, 2", `["4.00",3] ["3.00",5] ["3.00",6] ["3.00",7] ["2.00",2] ["1.00",1] [null,4]`},
		{"ties", "SELECT TOP 2 WITH TIES student_id FROM Students ORDER BY gpa DESC", `3 5 6 7`},
		{"ties with DISTINCT", "SELECT DISTINCT TOP 1 WITH TIES level, age FROM Students WHERE level > 0 ORDER BY level", `[1,null] [1,10]`},
		{"ties of groups ordered by keys", "SELECT TOP 1 WITH TIES level, age, COUNT(*) FROM Students WHERE level > 0 GROUP BY age, level ORDER BY level", `[1,null,1] [1,10,1]`},
		{"ties of groups ordered otherwise", "SELECT TOP 1 WITH TIES level, COUNT(*) AS n FROM Students GROUP BY level ORDER BY n DESC", `[null,2] [1,2] [2,2]`},
		{"ties of groups with DISTINCT", "SELECT DISTINCT TOP 1 WITH TIES COUNT(*) AS n, MIN(gpa) FROM Students GROUP BY level ORDER BY n DESC", `[2,"1.00"] [2,"3.00"]`},
		{"ties of all", "SELECT TOP 1 WITH TIES 7 AS x FROM Students WHERE level = 1 ORDER BY x", `[7] [7]`},
		{"DISTINCT constants of groups", "SELECT DISTINCT 7 FROM Students GROUP BY level", `[7]`},
		{"OFFSET across shards", "SELECT student_id FROM Students ORDER BY age DESC, student_id OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY", `[3] [1] [7]`},
		{"HAVING", "SELECT level FROM Students GROUP BY level HAVING MIN(gpa) >= 3 ORDER BY level DESC", `[3] [2] [null]`},
		{"a left join", "SELECT s.student_id, COUNT(g.course), SUM(g.grade) FROM Students s LEFT JOIN Grades g ON g.student_id = s.student_id GROUP BY s.student_id HAVING s.student_id < 4", `[1,2,"3.0"] [2,0,null] [3,1,"4.0"]`},
		{"an inner join", "SELECT s.name, g.course FROM Students s JOIN Grades g ON g.student_id = s.student_id ORDER BY g.course DESC, s.student_id", `["Ann","B"] ["Ann","A"] ["ANN","A"] ["Bob","A"]`},
		{"DISTINCT of groups", "SELECT DISTINCT COUNT(*) AS n FROM Students GROUP BY level ORDER BY n DESC", `[2] [1]`},
		{"a branch not taken", "SELECT level, CASE WHEN COUNT(*) > 5 THEN 1/0 ELSE COUNT(*) END FROM Students WHERE level = 3 GROUP BY level", `[3,1]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := s.read(t, tt.text)
			got := strings.Join(rows, " ")
			if tt.name == "ties" { // unordered except by grade
				slices.Sort(rows[1:])
				got = strings.NewReplacer("[", "", "]", "").Replace(strings.Join(rows, " "))
			}
			if err != nil || got != tt.want {
				t.Errorf("%s\ngot  %s, %v\nwant %s", tt.text, got, err, tt.want)
			}
		})
	}
	for text, number := range map[string]int{
		"SELECT 10 / SUM(age - 15) FROM Students WHERE student_id = 3":              8134,
		"SELECT SUM(age + 1073741824) FROM Students":                                8115,
		"SELECT level FROM Students GROUP BY level HAVING 1 / (COUNT(*) - 2) > 100": 8134,
	} {
		if _, err := s.read(t, text); err == nil || api.AsProblem(err).SQLNumber != number {
			t.Errorf("%s: got %v, want number %d", text, err, number)
		}
	}
}
