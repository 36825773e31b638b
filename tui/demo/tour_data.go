package demo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/sharding"
	"shardeck/tui/cli"
)

// pioneers returns the rows that the tour inserts one by one.
func pioneers() []student {
	return []student{
		{ID: 7, Name: "Ada Lovelace", Email: "ada@students.example.edu", Major: "Mathematics", GPA: "4.00", Credits: 180, Enrolled: "2023-09-01", Active: true},
		{ID: 42, Name: "李 小龙", Major: "Philosophy", GPA: "3.70", Credits: 96, Enrolled: "2024-09-01", Active: true},
		{ID: 1001, Name: "Siobhán O'Brien", Email: "siobhan@students.example.edu", Enrolled: "2026-08-31", Active: true},
	}
}

func (t *tour) create(ctx context.Context) error {
	db, table, err := createSchema(ctx, t.primary())
	if err != nil {
		return err
	}
	if db == nil || table == nil || table.Definition == nil {
		return errNotEmpty
	}
	def := table.Definition
	tb := &cli.Table{}
	for _, c := range def.Columns {
		null := "NOT NULL"
		if c.Nullable {
			null = "NULL"
		}
		tb.Row(c.Name, c.Type, null, c.Default)
	}
	t.table(tb)
	t.expect(len(db.Shards) == workerCount && len(table.Shards) == workerCount, "%s and its table exist on all %d shards", demoDB, workerCount)
	t.expect(def.ShardKey == "student_id", "rows are placed by %s", def.ShardKey)
	return nil
}

func (t *tour) insertRouted(ctx context.Context) error {
	slots, err := sharding.NewMap(workerCount)
	if err != nil {
		return err
	}
	tb := (&cli.Table{}).Right(0, 2, 4, 6).Row("KEY", "", "FNV-1a-32", "", "SLOT (% 5040)", "", "SHARD", "WORKER", "TIME", "NAME")
	agree, placed := true, true
	for _, s := range pioneers() {
		resp, err := t.primary().Insert(ctx, &api.InsertRequest{DB: demoDB, Table: demoTable, Data: s.row()})
		if err != nil {
			return fmt.Errorf("inserting student %d: %w", s.ID, err)
		}
		t.students = append(t.students, s)
		if len(resp.Route.Keys) != 1 || len(resp.Shards) != 1 {
			placed = false
			continue
		}
		k, sh := resp.Route.Keys[0], resp.Shards[0]
		tb.Row(k.Key, "->", k.Hash, "->", k.Slot, "->", k.Shard, sh.Worker, fmt.Sprintf("%.2f ms", sh.MS), s.Name)
		want := slots.Route(strconv.FormatInt(s.ID, 10))
		agree = agree && k == want && sh.Shard == want.Shard
		placed = placed && resp.RowsAffected == 1 && resp.Route.Kind == api.RoutePoint
	}
	t.table(tb)
	t.expect(placed, "each row went to exactly one shard")
	t.expect(agree, "the master's hash, slot and shard are those computed here")
	return nil
}

func (t *tour) selectByKey(ctx context.Context) error {
	want := pioneers()[1]
	byKey, err := t.primary().Select(ctx, &api.SelectRequest{DB: demoDB, Table: demoTable, ShardKey: jsontext.Value(strconv.FormatInt(want.ID, 10))})
	if err != nil {
		return fmt.Errorf("selecting student %d: %w", want.ID, err)
	}
	t.line("shard_key 42: %s, %s", byKey.Route.Kind, byKey.Route.Why)
	t.rowsTable(byKey)
	row := want.row()
	match := len(byKey.Rows) == 1
	if match {
		for i, cell := range cli.Cells(byKey.Rows[0]) {
			match = match && i < len(row) && cell == cli.Cells(jsontext.Value("[" + string(row[i].Value) + "]"))[0]
		}
	}
	t.expect(match, "the row is the one inserted, including NULL and the script")
	t.expect(byKey.Route.Kind == api.RoutePoint && len(byKey.Shards) == 1, "only one shard was queried")

	in, err := t.primary().Select(ctx, &api.SelectRequest{DB: demoDB, Table: demoTable, Columns: api.NameList{"student_id", "name"},
		Condition: "student_id IN (7, 42) AND name LIKE N'A%'"})
	if err != nil {
		return fmt.Errorf("selecting by IN: %w", err)
	}
	t.line("condition student_id IN (7, 42) AND name LIKE N'A%%': %s, %s", in.Route.Kind, in.Route.Why)
	t.rowsTable(in)
	t.expect(len(in.Rows) == 1 && cli.Cells(in.Rows[0])[0] == "7" && len(in.Shards) <= 2, "the keys in the condition limited it to %d of %d shards", len(in.Shards), workerCount)
	return nil
}

// rowsTable prints rows with the name last: in some terminals a name in a right-to-left
// script would reorder the cells after it.
func (t *tour) rowsTable(resp *api.SelectResponse) {
	order := make([]int, 0, len(resp.Columns))
	last := -1
	tb := &cli.Table{}
	for i, c := range resp.Columns {
		if c.Name == "name" {
			last = i
			continue
		}
		order = append(order, i)
	}
	if last >= 0 {
		order = append(order, last)
	}
	line := func(cells []string) {
		var row []any
		for _, i := range order {
			if i < len(cells) {
				row = append(row, cells[i])
			}
		}
		tb.Row(row...)
	}
	var head []string
	for _, c := range resp.Columns {
		head = append(head, strings.ToUpper(c.Name))
	}
	line(head)
	for _, r := range resp.Rows {
		line(cli.Cells(r))
	}
	t.table(tb)
}

func (t *tour) load(ctx context.Context) error {
	students := newGenerator(sampleSeed, firstStudentID).batch(t.rows)
	sum, err := loadStudents(ctx, t.primary(), students, func(done int) {
		if done%2000 == 0 || done == len(students) {
			t.line("%6d of %d", done, len(students))
		}
	})
	if err != nil {
		return err
	}
	t.students = append(t.students, students...)
	t.line("%.0f rows/s; by shard %v", float64(sum.Rows)/max(sum.Took.Seconds(), 1e-6), sum.PerShard)
	t.expect(sum.Rows == int64(len(students)), "%d rows are acknowledged and durable", sum.Rows)
	want := placement(students)
	t.expect(sum.PerShard == want, "each shard has the rows whose keys map to it")
	return nil
}

// placement counts students by the shard that their key maps to.
func placement(students []student) (per [workerCount]int64) {
	for _, s := range students {
		per[sharding.Slot(strconv.FormatInt(s.ID, 10))%workerCount]++
	}
	return per
}

func (t *tour) scatter(ctx context.Context) error {
	limit := int64(5)
	resp, err := t.primary().Select(ctx, &api.SelectRequest{DB: demoDB, Table: demoTable,
		Columns: api.NameList{"student_id", "gpa", "major", "name"}, Condition: "major IS NOT NULL AND gpa < 3.99",
		OrderBy: "gpa DESC, student_id", Limit: &limit})
	if err != nil {
		return fmt.Errorf("the best five below 3.99: %w", err)
	}
	t.line("where major IS NOT NULL AND gpa < 3.99 order by gpa DESC, student_id limit 5")
	t.rowsTable(resp)
	want := filter(t.students, func(s *student) bool { return s.Major != "" && s.GPA != "" && s.GPA < "3.99" })
	slices.SortFunc(want, func(a, b student) int { return cmp.Or(cmp.Compare(b.GPA, a.GPA), cmp.Compare(a.ID, b.ID)) })
	want = want[:min(5, len(want))]
	same := len(resp.Rows) == len(want)
	for i := range min(len(resp.Rows), len(want)) {
		same = same && cli.Cells(resp.Rows[i])[0] == strconv.FormatInt(want[i].ID, 10)
	}
	t.expect(same, "the rows and their order match sorting all %d students here", len(t.students))
	t.expect(resp.Route.Kind == api.RouteScatter && len(resp.Shards) == workerCount, "all %d shards ran it in parallel", len(resp.Shards))
	return nil
}

func filter(students []student, keep func(*student) bool) []student {
	var kept []student
	for i := range students {
		if keep(&students[i]) {
			kept = append(kept, students[i])
		}
	}
	return kept
}

func (t *tour) count(ctx context.Context) error {
	resp, err := t.primary().Count(ctx, &api.MapReduceCountRequest{DB: demoDB, Table: demoTable})
	if err != nil {
		return fmt.Errorf("counting: %w", err)
	}
	cli.PrintCount(t.out, "         ", resp)
	t.expect(resp.Total == int64(len(t.students)), "the total is the number of inserted rows, %d", len(t.students))
	t.expect(parts(resp) == placement(t.students), "each shard's count is the number of keys that map to it")
	return nil
}

func parts(resp *api.MapReduceCountResponse) (per [workerCount]int64) {
	for _, s := range resp.Shards {
		if s.Shard >= 0 && s.Shard < workerCount {
			per[s.Shard] += s.Rows
		}
	}
	return per
}

func (t *tour) countGroups(ctx context.Context) error {
	resp, err := t.primary().Count(ctx, &api.MapReduceCountRequest{DB: demoDB, Table: demoTable,
		Condition: "gpa >= 3.5", GroupBy: api.NameList{"major"}})
	if err != nil {
		return fmt.Errorf("counting by major: %w", err)
	}
	t.line("where gpa >= 3.5 group by major")
	if len(resp.Groups) > 0 {
		cli.PrintGroups(t.out, "         ", resp, 6)
	}
	want := map[string]int64{}
	for _, s := range filter(t.students, func(s *student) bool { return s.GPA >= "3.5" }) {
		want[cmp.Or(s.Major, "NULL")]++
	}
	same := len(resp.Groups) == len(want)
	var sum int64
	for _, g := range resp.Groups {
		sum += g.Count
		same = same && want[cli.Cells(g.Key)[0]] == g.Count
	}
	t.expect(same, "the %d groups, including NULL, match those counted here", len(want))
	t.expect(sum == resp.Total, "the groups add up to the total, %d", resp.Total)
	return nil
}
