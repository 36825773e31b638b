package differential

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite" // the plain database

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

const dbName = "Diff"

// shardCounts are the cluster sizes that every statement runs on.
var shardCounts = []int{1, 2, 3, 7}

// seed returns the seed of a run and logs it.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := rand.Uint64()
	if s := os.Getenv("SHARDECK_SEED"); s != "" {
		var err error
		if n, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("SHARDECK_SEED: %v", err)
		}
	}
	t.Logf("seed: SHARDECK_SEED=%d", n)
	return n
}

// size returns the number of random schemas of a run and of statements per schema.
func size() (rounds, statements int) {
	switch {
	case os.Getenv("SHARDECK_LONG") != "":
		return 40, 1000
	case testing.Short():
		return 1, 100
	}
	return 2, 300
}

// startAll starts the clusters and returns their masters by number of shards.
func startAll(t *testing.T) map[int]*client.Master {
	t.Helper()
	masters := map[int]*client.Master{}
	for _, shards := range shardCounts {
		c := testcluster.Start(t, testcluster.Options{Workers: shards, Masters: 1, Env: []string{"MASTER_REQUEST_TIMEOUT=60s", "MASTER_PROBE_TIMEOUT=10s"}})
		masters[shards] = c.Master(0)
	}
	return masters
}

// TestRandomStatements checks that the number of shards does not affect results.
func TestRandomStatements(t *testing.T) {
	masters := startAll(t)
	g := &generator{Rand: rand.New(rand.NewPCG(seed(t), 1))}
	rounds, statements := size()
	for round := range rounds {
		t.Run(strconv.Itoa(round), func(t *testing.T) {
			r := newRun(t, g, masters)
			defer r.drop()
			answered := 0
			for i := range statements {
				if i%10 == 9 {
					r.change(g.change(r.schema))
				} else if r.query(g.query(r.schema)) {
					answered++
				}
				if t.Failed() {
					return
				}
			}
			t.Logf("%d statements, %d of them returned rows", statements, answered)
			if answered < statements/4 { // a table may be empty
				t.Errorf("only %d of %d statements returned rows: too few for a meaningful test", answered, statements)
			}
		})
	}
}

// schema is a random schema.
type schema struct {
	tables []*table
	joined []*table // whose keys have the same type
}

// run is one schema on all the databases.
type run struct {
	*testing.T
	schema  *schema
	plain   *sql.DB
	masters map[int]*client.Master
}

func newRun(t *testing.T, g *generator, masters map[int]*client.Master) *run {
	t.Helper()
	plain, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	plain.SetMaxOpenConns(1) // another connection would be another database
	r := &run{T: t, schema: &schema{}, plain: plain, masters: masters}
	for shards, m := range masters {
		if _, err := m.CreateDB(t.Context(), &api.CreateDBRequest{DB: dbName}); err != nil {
			t.Fatalf("%d shards: %v", shards, err)
		}
	}
	for i := range 2 {
		tb := &table{name: "T" + strconv.Itoa(i), columns: []column{{"id", whole, false}}}
		for j, k := range []kind{whole, text, money, day, flag, pick(g.Rand, whole, text), pick(g.Rand, text, money)} {
			tb.columns = append(tb.columns, column{"c" + strconv.Itoa(j), k, g.chance(70)})
		}
		r.schema.tables = append(r.schema.tables, tb)
		r.create(tb)
		for range pick(g.Rand, 0, 2, 8, 12) {
			r.change(g.insert(tb, 5))
		}
	}
	r.schema.joined = r.schema.tables
	return r
}

func (r *run) drop() {
	for shards, m := range r.masters {
		if _, err := m.DropDB(r.Context(), &api.DropDBRequest{DB: dbName}); err != nil {
			r.Errorf("%d shards: %v", shards, err)
		}
	}
	_ = r.plain.Close()
}

func (r *run) create(tb *table) {
	r.Helper()
	var a, b []string
	for i, c := range tb.columns {
		x := c.name + " " + map[kind]string{whole: "INT", text: "NVARCHAR(20)", money: "DECIMAL(9,2)", day: "DATE", flag: "BIT"}[c.kind]
		y := c.name + " " + map[kind]string{whole: "INTEGER", text: "TEXT", money: "INTEGER", day: "TEXT", flag: "INTEGER"}[c.kind]
		if !c.nullable {
			x += " NOT NULL"
		}
		if i == 0 {
			x += " PRIMARY KEY"
			y += " PRIMARY KEY"
		}
		a, b = append(a, x), append(b, y)
	}
	if _, err := r.plain.Exec("CREATE TABLE " + tb.name + " (" + strings.Join(b, ", ") + ")"); err != nil {
		r.Fatal(err)
	}
	text := "CREATE TABLE " + tb.name + " (" + strings.Join(a, ", ") + ") WITH (DISTRIBUTION = HASH(id))"
	for shards, m := range r.masters {
		if _, err := m.Query(r.Context(), &api.SQLRequest{DB: dbName, SQL: text}); err != nil {
			r.Fatalf("%d shards: %s\n%v", shards, text, err)
		}
	}
}

// change runs a write on all databases and compares the numbers of rows changed.
func (r *run) change(st *statement) {
	r.Helper()
	res, err := r.plain.Exec(st.plain)
	if err != nil {
		r.Fatalf("%s\nplain: %s\n%v", st.tsql, st.plain, err)
	}
	want, _ := res.RowsAffected()
	for shards, m := range r.masters {
		resp, err := m.Query(r.Context(), &api.SQLRequest{DB: dbName, SQL: st.tsql, AllShards: true})
		if err != nil {
			r.Errorf("%d shards: %s\n%v", shards, st.tsql, err)
			continue
		}
		if resp.RowsAffected == nil || *resp.RowsAffected != want {
			r.Errorf("%d shards: %s\nplain: %s\nchanged %v rows, want %d", shards, st.tsql, st.plain, resp.RowsAffected, want)
		}
	}
}

// query runs a SELECT on all databases and compares. It reports whether there were rows.
func (r *run) query(st *statement) bool {
	r.Helper()
	want, err := r.plainRows(st)
	if err != nil {
		r.Fatalf("%s\nplain: %s\n%v", st.tsql, st.plain, err)
	}
	var columns []api.Column
	for _, shards := range shardCounts {
		resp, err := r.masters[shards].Query(r.Context(), &api.SQLRequest{DB: dbName, SQL: st.tsql})
		if err != nil {
			r.Errorf("%d shards: %s\n%v", shards, st.tsql, err)
			continue
		}
		if columns == nil {
			columns = resp.Columns
		}
		if diff := cmp.Diff(columns, resp.Columns); diff != "" {
			r.Errorf("%d shards: %s\ncolumns, for the previous number of shards (-) and this one (+):\n%s", shards, st.tsql, diff)
		}
		got := make([][]string, len(resp.Rows))
		for i, row := range resp.Rows {
			got[i] = r.wireRow(st, row)
		}
		r.compare(st, shards, want, got)
	}
	return len(want) > 0
}

func (r *run) compare(st *statement, shards int, want, got [][]string) {
	r.Helper()
	want, got = slices.Clone(want), slices.Clone(got)
	if st.ties > 0 {
		prefix := func(rows [][]string) (keys [][]string) {
			for _, row := range rows {
				keys = append(keys, row[:st.ties])
			}
			return keys
		}
		if diff := cmp.Diff(prefix(want), prefix(got)); diff != "" {
			r.Errorf("%d shards: %s\nplain: %s\nthe order (-want +got):\n%s", shards, st.tsql, st.plain, diff)
			return
		}
	}
	if !st.ordered {
		slices.SortFunc(want, slices.Compare)
		slices.SortFunc(got, slices.Compare)
	}
	if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
		r.Errorf("%d shards: %s\nplain: %s\n(-want +got):\n%s", shards, st.tsql, st.plain, diff)
	}
}

// plainRows are the rows of the plain database, each value formatted as wireRow does.
func (r *run) plainRows(st *statement) ([][]string, error) {
	rows, err := r.plain.Query(st.plain)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all [][]string
	for rows.Next() {
		values := make([]any, len(st.out))
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := make([]string, len(values))
		for i, v := range values {
			if row[i] = fmt.Sprint(v); v == nil {
				row[i] = "NULL"
			}
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// wireRow formats the values of a wire row as SQLite returns them.
func (r *run) wireRow(st *statement, row jsontext.Value) []string {
	r.Helper()
	var values []any
	if err := json.Unmarshal(row, &values); err != nil || len(values) != len(st.out) {
		r.Fatalf("%s\n%s is not a row of %d values", st.tsql, row, len(st.out))
	}
	texts := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case nil:
			texts[i] = "NULL"
		case bool:
			texts[i] = map[bool]string{false: "0", true: "1"}[v]
		case float64:
			texts[i] = strconv.FormatFloat(v, 'f', -1, 64)
		case string:
			switch st.out[i] {
			case text:
				texts[i] = strings.ToLower(v)
			case money:
				texts[i] = unscaled(v, 2)
			case micro:
				texts[i] = unscaled(v, 6)
			default:
				texts[i] = v
			}
		}
	}
	return texts
}

// unscaled removes the point of a number with that many fraction digits.
func unscaled(s string, scale int) string {
	whole, frac, _ := strings.Cut(s, ".")
	if len(frac) != scale {
		return s + " has not " + strconv.Itoa(scale) + " digits after the point"
	}
	digits := strings.TrimLeft(strings.TrimPrefix(whole, "-")+frac, "0")
	switch {
	case digits == "":
		return "0"
	case strings.HasPrefix(whole, "-"):
		return "-" + digits
	}
	return digits
}
