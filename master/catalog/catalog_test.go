package catalog

import (
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"shardeck/shared/api"
)

func def(name string, columns ...string) api.TableDef {
	d := api.TableDef{Name: name}
	for _, c := range columns {
		d.Columns = append(d.Columns, api.ColumnDef{Name: c, Type: "INT"})
	}
	return d
}

func stats(db string, tables ...api.TableStats) *api.WorkerStats {
	return &api.WorkerStats{Databases: []api.DatabaseStats{{Name: db, Tables: tables}}}
}

func rows(d api.TableDef, n int64) api.TableStats { return api.TableStats{Definition: d, Rows: n} }

func ptr(n int64) *int64 { return &n }

func TestTheDefinitionOfMostShardsCounts(t *testing.T) {
	narrow, wide := def("T", "a"), def("T", "a", "b")
	for name, tt := range map[string]struct {
		stats []*api.WorkerStats
		want  int // columns
	}{
		"all agree":           {[]*api.WorkerStats{stats("S", rows(wide, 0)), stats("S", rows(wide, 0))}, 2},
		"the majority":        {[]*api.WorkerStats{stats("S", rows(narrow, 0)), stats("S", rows(wide, 0)), stats("S", rows(wide, 0))}, 2},
		"the lowest of equal": {[]*api.WorkerStats{stats("S", rows(narrow, 0)), stats("S", rows(wide, 0))}, 1},
		"one heard of three":  {[]*api.WorkerStats{nil, stats("S", rows(wide, 0)), nil}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := Build(nil, tt.stats, slog.New(slog.DiscardHandler))
			table, err := s.Table("s", "t")
			if err != nil {
				t.Fatal(err)
			}
			if got := len(table.Columns); got != tt.want {
				t.Errorf("the table has %d columns, want %d", got, tt.want)
			}
		})
	}
}

func TestUnknownNamesAreToldApart(t *testing.T) {
	s := Build(nil, []*api.WorkerStats{stats("School", rows(def("T", "a"), 0))}, slog.New(slog.DiscardHandler))
	if _, err := s.Table("Nope", "T"); api.CodeOf(err) != api.CodeUnknownDatabase {
		t.Errorf("an unknown database: %v", err)
	}
	if _, err := s.Table("School", "Nope"); api.CodeOf(err) != api.CodeUnknownTable {
		t.Errorf("an unknown table: %v", err)
	}
	if name, ok := s.Database("SCHOOL"); !ok || name != "School" {
		t.Errorf("the database is called %q", name)
	}
}

func TestUnchangedTablesAreUsedAgain(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	a := Build(nil, []*api.WorkerStats{stats("S", rows(def("T", "a"), 1), rows(def("U", "a"), 1))}, log)
	b := Build(a, []*api.WorkerStats{stats("S", rows(def("T", "a"), 2), rows(def("U", "a", "b"), 1))}, log)
	for name, same := range map[string]bool{"T": true, "U": false} {
		x, _ := a.Table("S", name)
		y, _ := b.Table("S", name)
		if (x == y) != same {
			t.Errorf("table %s: used again is %t", name, x == y)
		}
	}
}

func TestDescribe(t *testing.T) {
	d, other := def("T", "a"), def("T", "b")
	infos, drift := Describe([]*api.WorkerStats{
		stats("S", rows(d, 30)), stats("S", rows(d, 10)), stats("S"), nil, {}, stats("S", rows(other, 20)),
	})
	wantInfos := []api.DatabaseInfo{{Name: "S", Shards: []int{0, 1, 2, 5}, Tables: []api.TableInfo{{
		Name: "T", Definition: d, Rows: 60,
		RowsPerShard: []*int64{ptr(30), ptr(10), nil, nil, nil, ptr(20)}, Skew: 1.5,
	}}}}
	if diff := cmp.Diff(wantInfos, infos); diff != "" {
		t.Error(diff)
	}
	type place struct {
		Kind   string
		Shards []int
	}
	var got []place
	for _, dr := range drift {
		got = append(got, place{dr.Kind, dr.Shards})
	}
	want := []place{{"missing_database", []int{4}}, {"missing_table", []int{2}}, {"definition", []int{5}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	infos, drift = Describe(nil)
	if infos == nil || drift == nil || len(infos)+len(drift) > 0 {
		t.Error("nothing is described as something, or as null")
	}
}

func TestRowsOfAReferenceTableCountOnce(t *testing.T) {
	d := def("T", "a")
	d.Distribution = api.Replicate
	infos, _ := Describe([]*api.WorkerStats{stats("S", rows(d, 6)), stats("S", rows(d, 7)), nil, stats("S", rows(d, 7))})
	want := []api.TableInfo{{Name: "T", Definition: d, Rows: 7, RowsPerShard: []*int64{ptr(6), ptr(7), nil, ptr(7)}, Skew: 1}}
	if diff := cmp.Diff(want, infos[0].Tables); diff != "" {
		t.Error(diff)
	}
}

// TestEditsLeaveTheirInputAlone: snapshots share slices, so an edit that wrote to
// one would change the past.
func TestEditsLeaveTheirInputAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{"a", "b", "c"})
		var st api.WorkerStats
		want := map[string]map[string]bool{}
		for range rapid.IntRange(1, 30).Draw(t, "edits") {
			before := st
			copied := clone(before)
			db, table := names.Draw(t, "db"), names.Draw(t, "table")
			switch rapid.IntRange(0, 3).Draw(t, "edit") {
			case 0:
				AddDatabase(&st, db, db+"GO", &api.TableDef{Name: "log"})
				if want[db] == nil {
					want[db] = map[string]bool{}
				}
			case 1:
				DropDatabase(&st, db)
				delete(want, db)
			case 2:
				d := def(table, "x")
				AddTable(&st, db, &d)
				if want[db] != nil {
					want[db][table] = true
				}
			case 3:
				DropTable(&st, db, table)
				delete(want[db], table)
			}
			if diff := cmp.Diff(copied, before, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("an edit wrote to its input: %s", diff)
			}
		}
		for _, db := range []string{"a", "b", "c"} {
			if HasDatabase(&st, db) != (want[db] != nil) {
				t.Fatalf("database %s: %v", db, st.Databases)
			}
			for _, table := range []string{"a", "b", "c"} {
				if found, _ := FindTable(&st, db, table); (found != nil) != want[db][table] {
					t.Fatalf("table %s.%s: %v", db, table, st.Databases)
				}
			}
		}
		if !SameSchema(&st, &st) {
			t.Fatal("a schema is not the same as itself")
		}
	})
}

func clone(st api.WorkerStats) api.WorkerStats {
	var c api.WorkerStats
	for _, d := range st.Databases {
		d.Tables = append([]api.TableStats(nil), d.Tables...)
		c.Databases = append(c.Databases, d)
	}
	return c
}
