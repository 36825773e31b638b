package demo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/cli"
)

// tourStatement is the tour's T-SQL statement: each group has rows on all shards, and an
// average of averages would be wrong.
const tourStatement = `SELECT TOP (5) major, COUNT(*) AS students, AVG(gpa) AS average
FROM Students
WHERE gpa IS NOT NULL AND active = 1
GROUP BY major
ORDER BY average DESC, major`

// statement runs a SELECT with a GROUP BY over all shards and checks it against the
// sample data.
func (t *tour) statement(ctx context.Context) error {
	t.sql(tourStatement)
	resp, err := t.primary().Query(ctx, &api.SQLRequest{DB: demoDB, SQL: tourStatement})
	if err != nil {
		return fmt.Errorf("the statement: %w", err)
	}
	tb := (&cli.Table{}).Right(1, 2).Row("MAJOR", "STUDENTS", "AVERAGE")
	var got []string
	for _, r := range resp.Rows {
		cells := cli.Cells(r)
		row := make([]any, len(cells))
		for i, c := range cells {
			row[i] = c
		}
		tb.Row(row...)
		got = append(got, strings.Join(cells, "|"))
	}
	t.table(tb)
	t.expect(slices.Equal(got, bestMajors(t.students, 5)), "the groups, the exact averages and the order match those computed here from %d students", len(t.students))
	t.expect(len(resp.Shards) == workerCount, "all %d shards ran it in parallel", len(resp.Shards))
	return nil
}

// sql prints a statement.
func (t *tour) sql(text string) {
	for line := range strings.Lines(text) {
		t.line("  %s", strings.TrimSuffix(line, "\n"))
	}
}

// bestMajors computes the tour's statement: major|students|average.
func bestMajors(students []student, n int) []string {
	type group struct {
		major           string
		count, hundreds int64
	}
	groups := map[string]*group{}
	for _, s := range filter(students, func(s *student) bool { return s.GPA != "" && s.Active }) {
		g := groups[s.Major]
		if g == nil {
			g = &group{major: s.Major}
			groups[s.Major] = g
		}
		points, err := strconv.ParseInt(strings.Replace(s.GPA, ".", "", 1), 10, 64)
		if err != nil {
			return nil // the sample data has no other format
		}
		g.count++
		g.hundreds += points
	}
	var all []*group
	for _, g := range groups {
		all = append(all, g)
	}
	// T-SQL's AVG of a DECIMAL has six decimals and truncates the rest.
	millionths := func(g *group) int64 { return g.hundreds * 10_000 / g.count }
	slices.SortFunc(all, func(a, b *group) int {
		return cmp.Or(cmp.Compare(millionths(b), millionths(a)), cmp.Compare(a.major, b.major)) // NULL is "" here, and first as in T-SQL
	})
	var rows []string
	for _, g := range all[:min(n, len(all))] {
		m := millionths(g)
		rows = append(rows, fmt.Sprintf("%s|%d|%d.%06d", cmp.Or(g.major, "NULL"), g.count, m/1_000_000, m%1_000_000))
	}
	return rows
}

// explain shows how the statement is divided between the shards and the master, and what
// each did.
func (t *tour) explain(ctx context.Context) error {
	resp, err := t.primary().Query(ctx, &api.SQLRequest{DB: demoDB, SQL: tourStatement, Explain: true, Analyze: true})
	if err != nil {
		return fmt.Errorf("explaining the statement: %w", err)
	}
	e := resp.Explain
	if e == nil {
		t.expect(false, "the answer is a plan")
		return nil
	}
	for _, l := range answer.Plan(e) {
		if l.Kind == answer.Blank {
			t.printf("\n")
			continue
		}
		t.line("  %s%s", strings.Repeat("  ", l.Depth), l.Text)
	}
	var sent int64
	for _, f := range e.Fragments {
		if f.Rows != nil {
			sent += *f.Rows
		}
	}
	majors := map[string]bool{}
	for i := range t.students {
		majors[t.students[i].Major] = true
	}
	t.expect(len(e.Fragments) == workerCount && sent > 0 && sent <= int64(workerCount*len(majors)),
		"the shards sent %d partial results for %d students", sent, len(t.students))

	const byKey = "SELECT name FROM Students WHERE student_id = 40 + 2"
	t.sql(byKey)
	resp, err = t.primary().Query(ctx, &api.SQLRequest{DB: demoDB, SQL: byKey, Explain: true})
	if err != nil {
		return fmt.Errorf("explaining a select by key: %w", err)
	}
	if resp.Explain == nil {
		t.expect(false, "the answer is a plan")
		return nil
	}
	if r := answer.PlanRoute(resp.Explain); r != nil {
		for i := range r.Keys {
			t.line("  %s", answer.Key(&r.Keys[i]))
		}
	}
	t.expect(len(resp.Explain.Fragments) == 1, "a statement that fixes the key is planned for one shard")
	return nil
}
