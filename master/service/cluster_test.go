package service_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// school is a database with a table Students on some cluster.
type school struct {
	t  *testing.T
	m  *client.Master
	db string
}

var studentColumns = api.Object[string]{
	{Name: "student_id", Value: "INT PRIMARY KEY"},
	{Name: "name", Value: "NVARCHAR(40) NOT NULL"},
	{Name: "gpa", Value: "DECIMAL(3,2)"},
	{Name: "major", Value: "NVARCHAR(20)"},
}

func newSchool(t *testing.T, m *client.Master, db string) *school {
	t.Helper()
	s := &school{t, m, db}
	if _, err := m.CreateDB(t.Context(), &api.CreateDBRequest{DB: db}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.CreateTable(t.Context(), s.createTable()); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *school) createTable() *api.CreateTableRequest {
	return &api.CreateTableRequest{DB: s.db, Table: "Students", Columns: studentColumns}
}

// via returns the same school accessed through another master.
func (s *school) via(m *client.Master) *school { return &school{s.t, m, s.db} }

func row(id int, name string) api.Object[jsontext.Value] {
	text, _ := json.Marshal(name)
	return api.Object[jsontext.Value]{
		{Name: "student_id", Value: jsontext.Value(fmt.Sprint(id))},
		{Name: "name", Value: text},
		{Name: "gpa", Value: jsontext.Value(fmt.Sprintf(`"%d.%d0"`, id%4, id%10))},
		{Name: "major", Value: jsontext.Value(fmt.Sprintf(`"%s"`, []string{"Math", "CS", "cs", "Art"}[id%4]))},
	}
}

// fill inserts the students 1 to n.
func (s *school) fill(n int) {
	s.t.Helper()
	req := &api.InsertRequest{DB: s.db, Table: "Students"}
	for id := 1; id <= n; id++ {
		req.Rows = append(req.Rows, row(id, fmt.Sprintf("Student %d", id)))
		if len(req.Rows) == 1000 || id == n {
			if _, err := s.m.Insert(s.t.Context(), req); err != nil {
				s.t.Fatal(err)
			}
			req.Rows = nil
		}
	}
}

func (s *school) query(change func(*api.SelectRequest)) (*api.SelectResponse, error) {
	req := &api.SelectRequest{DB: s.db, Table: "Students", Columns: api.NameList{"student_id"}}
	change(req)
	return s.m.Select(s.t.Context(), req)
}

// ids runs a query for student_id and returns the ids in the order of the answer.
func (s *school) ids(change func(*api.SelectRequest)) []string {
	s.t.Helper()
	resp, err := s.query(change)
	if err != nil {
		s.t.Fatal(err)
	}
	list := []string{}
	for _, r := range resp.Rows {
		list = append(list, strings.Trim(string(r), "[]"))
	}
	return list
}

func (s *school) count() int64 {
	s.t.Helper()
	resp, err := s.m.Count(s.t.Context(), &api.MapReduceCountRequest{DB: s.db, Table: "Students"})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.Total
}

func ptr[T any](v T) *T { return &v }

// mustFail checks the code of an error and, unless shard is -1, the shard that it names.
func mustFail(t *testing.T, err error, code api.Code, shard int) *api.Problem {
	t.Helper()
	p, ok := errors.AsType[*api.Problem](err)
	if !ok || p.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	if shard >= 0 && (p.Shard == nil || *p.Shard != shard) {
		t.Fatalf("%v does not name shard %d", err, shard)
	}
	return p
}

// TestServing runs on one healthy cluster; each test has a database of its own.
func TestServing(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2})
	primary, backup := c.Master(0), c.Master(1)
	t.Run("reads gather rows from the shards", func(t *testing.T) { testReads(t, newSchool(t, primary, "Reads")) })
	t.Run("counts are reduced", func(t *testing.T) { testCounts(t, newSchool(t, primary, "Counts")) })
	t.Run("writes are routed by key", func(t *testing.T) { testWrites(t, newSchool(t, primary, "Writes"), backup) })
	t.Run("a stream passes through completely", func(t *testing.T) { testStream(t, newSchool(t, primary, "Streams")) })
	t.Run("a client that disconnects releases the shards", func(t *testing.T) { testCancel(t, newSchool(t, primary, "Leaving")) })
	t.Run("only the primary changes the schema", func(t *testing.T) { testSchema(t, c, primary, backup) })
	t.Run("a partial schema change is completed", func(t *testing.T) { testHalfDone(t, c, primary) })
	t.Run("a table is altered", func(t *testing.T) { testAlter(t, newSchool(t, primary, "Altered"), backup) })
	t.Run("a partial change of a table is seen and completed", func(t *testing.T) { testAlterHalfDone(t, c, newSchool(t, primary, "AlteredInPart")) })
	t.Run("the other master detects a changed table", func(t *testing.T) { testStaleSchema(t, newSchool(t, primary, "Stale"), backup) })
	t.Run("a reference table is on every shard", func(t *testing.T) { testReferenceTable(t, c, primary, backup) })
	t.Run("the guards are probed", func(t *testing.T) { testSecurity(t, primary) })
	t.Run("invalid requests are rejected", func(t *testing.T) { testRefusals(t, newSchool(t, primary, "Refusals")) })
	t.Run("events", func(t *testing.T) { testEvents(t, primary) })
	t.Run("the log is hidden", func(t *testing.T) { testHiddenLog(t, c, newSchool(t, primary, "Logged")) })
	t.Run("metadata describes the cluster", func(t *testing.T) { testMetadata(t, newSchool(t, primary, "Described")) })
}

func testReads(t *testing.T, s *school) {
	s.fill(30)
	for name, tt := range map[string]struct {
		change func(*api.SelectRequest)
		want   []string
	}{
		"one key":                {func(r *api.SelectRequest) { r.Condition = "student_id = 7" }, []string{"7"}},
		"one key by shard_key":   {func(r *api.SelectRequest) { r.ShardKey = jsontext.Value("7") }, []string{"7"}},
		"an order over shards":   {func(r *api.SelectRequest) { r.OrderBy, r.Limit = "student_id DESC", ptr(int64(3)) }, []string{"30", "29", "28"}},
		"an order not selected":  {func(r *api.SelectRequest) { r.OrderBy, r.Limit = "gpa DESC, student_id", ptr(int64(2)) }, []string{"19", "7"}},
		"a page":                 {func(r *api.SelectRequest) { r.OrderBy, r.Limit, r.Offset = "student_id", ptr(int64(2)), ptr(int64(10)) }, []string{"11", "12"}},
		"an offset past the end": {func(r *api.SelectRequest) { r.OrderBy, r.Offset = "student_id", ptr(int64(100)) }, []string{}},
		"no row":                 {func(r *api.SelectRequest) { r.Condition = "student_id = 7 AND student_id = 8" }, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, s.ids(tt.change)); diff != "" {
				t.Error(diff)
			}
		})
	}
	all := s.ids(func(*api.SelectRequest) {})
	slices.Sort(all)
	if len(slices.Compact(all)) != 30 {
		t.Errorf("a scatter returned %d distinct rows", len(all))
	}
	if got := s.ids(func(r *api.SelectRequest) { r.Limit = ptr(int64(5)) }); len(got) != 5 {
		t.Errorf("a limit of 5 returned %d rows", len(got))
	}
}

func testCounts(t *testing.T, s *school) {
	s.fill(40)
	resp, err := s.m.Count(t.Context(), &api.MapReduceCountRequest{DB: s.db, Table: "Students", GroupBy: api.NameList{"major"}, Condition: "student_id > 4"})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Total != 36 || len(resp.Shards) != 3 {
		t.Errorf("total %d of %d shards", resp.Total, len(resp.Shards))
	}
	sum := int64(0)
	got := map[string]int64{}
	for _, g := range resp.Groups {
		parts := int64(0)
		for _, n := range g.Shards {
			parts += n
		}
		if parts != g.Count {
			t.Errorf("the parts of %s add up to %d, not %d", g.Key, parts, g.Count)
		}
		sum += g.Count
		got[strings.ToLower(string(g.Key))] = g.Count
	}
	if diff := cmp.Diff(map[string]int64{`["art"]`: 9, `["cs"]`: 18, `["math"]`: 9}, got); diff != "" || sum != resp.Total {
		t.Errorf("groups add up to %d: %s", sum, diff)
	}
}

func testWrites(t *testing.T, s *school, backup *client.Master) {
	s.via(backup).fill(12)
	if n := s.count(); n != 12 {
		t.Fatalf("%d rows after an insert through the backup", n)
	}
	set := api.Object[jsontext.Value]{{Name: "name", Value: jsontext.Value(`"Renamed"`)}}
	up, err := s.m.Update(t.Context(), &api.UpdateRequest{DB: s.db, Table: "Students", Set: set, Condition: "student_id IN (1, 2, 3, 99)"})
	if err != nil || up.RowsAffected != 3 {
		t.Fatalf("%+v, %v", up, err)
	}
	del, err := s.m.Delete(t.Context(), &api.DeleteRequest{DB: s.db, Table: "Students", Condition: "name = 'Renamed'", ShardKey: jsontext.Value("2")})
	if err != nil || del.RowsAffected != 1 {
		t.Fatalf("%+v, %v", del, err)
	}
	got := s.ids(func(r *api.SelectRequest) { r.Condition, r.OrderBy = "name = 'renamed'", "student_id" })
	if diff := cmp.Diff([]string{"1", "3"}, got); diff != "" {
		t.Error(diff)
	}

	// Row 1 exists: its shard rejects all of its rows, and the answer lists which
	// these are.
	req := &api.InsertRequest{DB: s.db, Table: "Students"}
	for id := 100; id < 120; id++ {
		req.Rows = append(req.Rows, row(id, "New"))
	}
	req.Rows[13] = row(1, "Again")
	_, err = s.m.Insert(t.Context(), req)
	p := mustFail(t, err, api.CodePartialFailure, -1)
	if len(p.Causes) != 1 || p.Causes[0].Code != api.CodeDuplicateKey || p.Causes[0].SQLNumber != 2627 || *p.Causes[0].Row != 13 {
		t.Errorf("causes %+v", p.Causes)
	}
	applied := int64(0)
	for _, a := range p.Applied {
		applied += a.Rows
	}
	if n := s.count(); n != 11+applied {
		t.Errorf("%d rows, with %d reported as applied", n, applied)
	}
	if p.Rows == nil || int64(p.Rows.Inserted.Count) != applied {
		t.Fatalf("rows %+v, with %d reported as applied", p.Rows, applied)
	}
	s.wantOutcomes(p, "student_id BETWEEN 100 AND 119", func(i int) int { return 100 + i }, 20, 13)

	// All shards reject their rows; and an insert of a single row.
	req.Rows = []api.Object[jsontext.Value]{row(1, "Again"), row(3, "Again")}
	_, err = s.m.Insert(t.Context(), req)
	p = mustFail(t, err, api.CodeDuplicateKey, -1)
	if p.Rows == nil || p.Rows.NotInserted.String() != "rows 0-1" || p.Rows.Inserted.Count+p.Rows.Unknown.Count != 0 {
		t.Errorf("rows %+v", p.Rows)
	}
	req.Rows = req.Rows[:1]
	_, err = s.m.Insert(t.Context(), req)
	if p = mustFail(t, err, api.CodeDuplicateKey, -1); p.Rows != nil {
		t.Errorf("rows of a single-row insert: %+v", p.Rows)
	}
	req.Rows = nil
	for id := 200; id < 220; id++ {
		req.Rows = append(req.Rows, row(id, "Newer"))
	}
	req.Rows[13] = row(1, "Again")

	// A repeated write is answered from the stored result, whichever master gets it.
	one := &api.InsertRequest{DB: s.db, Table: "Students", Data: row(1000, "Once")}
	for i, m := range []*client.Master{s.m, backup, s.m} {
		resp, err := m.Insert(t.Context(), one, client.IdempotencyKey("once"))
		if err != nil || resp.RowsAffected != 1 || resp.Replayed != (i > 0) {
			t.Errorf("attempt %d: %+v, %v", i, resp, err)
		}
	}
	_, err = backup.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(1000, "Twice")}, client.IdempotencyKey("once"))
	mustFail(t, err, api.CodeIdempotencyMismatch, -1)

	// Another request with the same key is detected wherever its rows are.
	before := s.count()
	for shard := range 3 {
		_, err = backup.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(s.keyOn(shard), "Other")}, client.IdempotencyKey("once"))
		mustFail(t, err, api.CodeIdempotencyMismatch, -1)
	}
	_, err = s.m.Insert(t.Context(), req, client.IdempotencyKey("once"))
	mustFail(t, err, api.CodeIdempotencyMismatch, -1)
	if n := s.count(); n != before {
		t.Errorf("%d rows after rejected requests, %d before", n, before)
	}
	// A request for several shards is replayed as a whole.
	several := &api.InsertRequest{DB: s.db, Table: "Students"}
	for i := range 9 {
		several.Rows = append(several.Rows, row(3000+i, "Several"))
	}
	for i, m := range []*client.Master{s.m, backup} {
		resp, err := m.Insert(t.Context(), several, client.IdempotencyKey("several"))
		if err != nil || resp.RowsAffected != 9 || resp.Replayed != (i > 0) || len(resp.Shards) != 3 {
			t.Errorf("attempt %d at several rows: %+v, %v", i, resp, err)
		}
	}
}

func testStream(t *testing.T, s *school) {
	const n = 20_000
	s.fill(n)
	for _, order := range []string{"", "student_id"} {
		st, err := s.m.SelectStream(t.Context(), &api.SelectRequest{DB: s.db, Table: "Students", OrderBy: order})
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = st.NextBlock()
		}
		if !errors.Is(err, io.EOF) || st.Rows() != n || len(st.End().Shards) != 3 {
			t.Errorf("ordered by %q: %d rows, then %v", order, st.Rows(), err)
		}
		_ = st.Close()
	}
	// As one JSON document that exceeds the buffer.
	if got := s.ids(func(r *api.SelectRequest) { r.OrderBy = "student_id DESC" }); len(got) != n || got[0] != fmt.Sprint(n) {
		t.Errorf("%d rows in JSON, the first %s", len(got), got[0])
	}
}

func testCancel(t *testing.T, s *school) {
	s.fill(5000)
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		st, err := s.m.SelectStream(ctx, &api.SelectRequest{DB: s.db, Table: "Students", OrderBy: "name"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.NextBlock(); err != nil {
			t.Fatal(err)
		}
		cancel()
		_ = st.Close()
	}
	testcluster.Await(t, "the shards to be idle", func(ctx context.Context) (bool, string) {
		m, err := s.m.Metadata(ctx)
		if err != nil {
			return false, err.Error()
		}
		for _, w := range m.Workers {
			if w.Traffic.InFlight > 0 {
				return false, fmt.Sprintf("%+v", w.Traffic)
			}
		}
		return true, ""
	})
}
