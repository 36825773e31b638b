package endtoend_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/sharding"
	"shardeck/shared/testcluster"
)

// maxComplaints bounds the number of wrong rows listed.
const maxComplaints = 20

// verify compares the stored rows with the ledger in every available way.
func verify(r *rig, l *ledger, slots *sharding.Map) {
	r.t.Helper()
	perShard := verifyPlaces(r, slots)
	for i, m := range r.masters {
		verifyRows(r, l, i)
		count, err := m.Count(r.t.Context(), &api.MapReduceCountRequest{DB: db, Table: ledgerTable})
		if err != nil {
			r.t.Fatal(err)
		}
		counted := make([]int64, workers)
		for _, s := range count.Shards {
			counted[s.Shard] = s.Rows
		}
		if diff := cmp.Diff(perShard, counted); diff != "" {
			r.t.Errorf("the shards' rows and master %d's map-reduce-count differ:\n%s", i, diff)
		}
		verifyMetadata(r, m, perShard)
	}
}

// verifyRows compares every row, as gathered by a master, with the ledger.
func verifyRows(r *rig, l *ledger, master int) {
	r.t.Helper()
	st, err := r.masters[master].SelectStream(r.t.Context(), &api.SelectRequest{DB: db, Table: ledgerTable, Columns: api.NameList{"id", "value"}})
	if err != nil {
		r.t.Fatal(err)
	}
	found := map[int64][]string{}
	eachRow(r, st, func(id int64, value string) { found[id] = append(found[id], value) })

	var wrong []string
	for id, want := range l.rows {
		got := found[id]
		delete(found, id)
		good := len(got) == 0
		switch want.fate {
		case present:
			good = len(got) == 1 && got[0] == want.value
		case unsure:
			good = good || len(got) == 1 && got[0] == want.value
		}
		if !good {
			wrong = append(wrong, fmt.Sprintf("row %d should be %s %q, and is %q", id, [...]string{"absent", "present", "absent or once"}[want.fate], want.value, got))
		}
	}
	for id, got := range found {
		wrong = append(wrong, fmt.Sprintf("row %d was never written, but is %q", id, got))
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		r.t.Errorf("through master %d, %d rows are wrong:\n%s", master, len(wrong), strings.Join(wrong[:min(len(wrong), maxComplaints)], "\n"))
	}
}

// eachRow reads a stream of rows of a number and one other value.
func eachRow[V any](r *rig, st *client.RowStream, row func(id int64, v V)) {
	r.t.Helper()
	defer st.Close()
	for {
		block, err := st.NextBlock()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			r.t.Fatal(err)
		}
		for line := range strings.Lines(string(block)) {
			var fields [2]jsontext.Value
			var id int64
			var v V
			err := json.Unmarshal([]byte(line), &fields)
			if err == nil {
				err = errors.Join(json.Unmarshal(fields[0], &id), json.Unmarshal(fields[1], &v))
			}
			if err != nil {
				r.t.Fatalf("row %s: %v", line, err)
			}
			row(id, v)
		}
	}
}

// verifyPlaces asks each worker directly: each row is on the shard of its key, and its slot is
// stored with it. It returns the number of rows by shard.
func verifyPlaces(r *rig, slots *sharding.Map) []int64 {
	r.t.Helper()
	perShard := make([]int64, workers)
	for shard, w := range r.shards {
		st, err := w.Query(r.t.Context(), &api.QueryRequest{DB: db, SQL: `SELECT "id", "_slot" FROM "` + ledgerTable + `"`,
			ResultTypes: []string{"BIGINT", "INT"}})
		if err != nil {
			r.t.Fatal(err)
		}
		eachRow(r, st, func(id int64, slot int) {
			perShard[shard]++
			if at := slots.Route(key(id)); at.Shard != shard || at.Slot != slot {
				r.t.Errorf("row %d is on shard %d with slot %d, and belongs on shard %d with slot %d", id, shard, slot, at.Shard, at.Slot)
			}
		})
	}
	return perShard
}

// verifyMetadata waits for a probe that saw the last write, and requires that there is no drift.
func verifyMetadata(r *rig, m *client.Master, perShard []int64) {
	r.t.Helper()
	testcluster.Await(r.t, fmt.Sprintf("the metadata to count %v rows and no drift", perShard), func(ctx context.Context) (bool, string) {
		meta, err := m.Metadata(ctx)
		if err != nil {
			return false, err.Error()
		}
		at := slices.IndexFunc(meta.Databases, func(d api.DatabaseInfo) bool { return d.Name == db })
		if at < 0 {
			return false, "the database is missing"
		}
		tables := meta.Databases[at].Tables
		i := slices.IndexFunc(tables, func(t api.TableInfo) bool { return t.Name == ledgerTable })
		if i < 0 {
			return false, "the table is missing"
		}
		var got []int64
		for _, n := range tables[i].RowsPerShard {
			if n != nil {
				got = append(got, *n)
			}
		}
		return slices.Equal(got, perShard) && len(meta.Drift) == 0, fmt.Sprintf("%v, drift %+v", got, meta.Drift)
	})
}
