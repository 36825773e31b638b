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

// cluster is a running cluster.
type cluster struct {
	name   string // for messages
	master *client.Master
}

// startAll starts clusters of each size.
func startAll(t *testing.T) []cluster {
	t.Helper()
	var all []cluster
	for _, shards := range shardCounts {
		all = append(all, start(t, fmt.Sprintf("%d shards", shards), testcluster.Options{Workers: shards}))
	}
	return all
}

// startMixed starts a cluster with a worker in each language, and one of one shard to compare with.
func startMixed(t *testing.T) []cluster {
	t.Helper()
	commands := testcluster.Mixed(t)
	return []cluster{
		start(t, "1 shard", testcluster.Options{Workers: 1}),
		start(t, "the mixed cluster", testcluster.Options{Workers: len(commands), WorkerCommands: commands}),
	}
}

func start(t *testing.T, name string, o testcluster.Options) cluster {
	t.Helper()
	o.Masters, o.Env = 1, []string{"MASTER_REQUEST_TIMEOUT=60s", "MASTER_PROBE_TIMEOUT=10s"}
	return cluster{name, testcluster.Start(t, o).Master(0)}
}

// TestRandomStatements checks that the number of shards does not affect results.
func TestRandomStatements(t *testing.T) {
	rounds, statements := size()
	randomStatements(t, startAll(t), rounds, statements)
}

// TestRandomStatementsOnAMixedCluster checks that neither the languages of the workers do.
func TestRandomStatementsOnAMixedCluster(t *testing.T) {
	rounds, statements := size()
	randomStatements(t, startMixed(t), max(1, rounds/4), statements)
}

func randomStatements(t *testing.T, clusters []cluster, rounds, statements int) {
	t.Helper()
	g := &generator{Rand: rand.New(rand.NewPCG(seed(t), 1))}
	for round := range rounds {
		t.Run(strconv.Itoa(round), func(t *testing.T) {
			r := newRun(t, g, clusters)
			defer r.drop()
			answered := 0
			for i := range statements {
				if i%10 == 9 {
					st := g.change(r.schema)
					r.change(st)
					r.query(st.table.all())
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
	tables    []*table
	sharded   []*table // by their keys, which have the same type
	reference *table
}

// run is one schema on all the databases.
type run struct {
	*testing.T
	schema   *schema
	plain    *sql.DB
	clusters []cluster
}

func newRun(t *testing.T, g *generator, clusters []cluster) *run {
	t.Helper()
	plain, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	plain.SetMaxOpenConns(1) // another connection would be another database
	r := &run{T: t, schema: &schema{}, plain: plain, clusters: clusters}
	for _, c := range clusters {
		if _, err := c.master.CreateDB(t.Context(), &api.CreateDBRequest{DB: dbName}); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
	}
	for _, name := range []string{"T0", "T1", "R"} {
		tb := &table{name: name, columns: []column{{"id", whole, false}}}
		for j, k := range []kind{whole, text, money, day, flag, pick(g.Rand, whole, text), pick(g.Rand, text, money)} {
			tb.columns = append(tb.columns, column{"c" + strconv.Itoa(j), k, g.chance(70)})
		}
		r.schema.tables = append(r.schema.tables, tb)
		batches := pick(g.Rand, 0, 2, 8, 12)
		if name == "R" {
			r.schema.reference, batches = tb, pick(g.Rand, 1, 2, 3)
		} else {
			r.schema.sharded = append(r.schema.sharded, tb)
		}
		r.create(tb)
		for range batches {
			r.change(g.insert(tb, 5))
		}
	}
	return r
}

func (r *run) drop() {
	for _, c := range r.clusters {
		if _, err := c.master.DropDB(r.Context(), &api.DropDBRequest{DB: dbName}); err != nil {
			r.Errorf("%s: %v", c.name, err)
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
	how := "HASH(id)"
	if tb == r.schema.reference {
		how = "REPLICATE"
	}
	text := "CREATE TABLE " + tb.name + " (" + strings.Join(a, ", ") + ") WITH (DISTRIBUTION = " + how + ")"
	for _, c := range r.clusters {
		if _, err := c.master.Query(r.Context(), &api.SQLRequest{DB: dbName, SQL: text}); err != nil {
			r.Fatalf("%s: %s\n%v", c.name, text, err)
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
	for _, c := range r.clusters {
		resp, err := c.master.Query(r.Context(), &api.SQLRequest{DB: dbName, SQL: st.tsql, AllShards: true})
		if err != nil {
			r.Errorf("%s: %s\n%v", c.name, st.tsql, err)
			continue
		}
		switch got := resp.RowsAffected; {
		case got == nil:
			r.Errorf("%s: %s\nno count of the rows changed", c.name, st.tsql)
		case *got != want:
			r.Errorf("%s: %s\nplain: %s\nchanged %d rows, want %d", c.name, st.tsql, st.plain, *got, want)
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
	for _, c := range r.clusters {
		resp, err := c.master.Query(r.Context(), &api.SQLRequest{DB: dbName, SQL: st.tsql})
		if err != nil {
			r.Errorf("%s: %s\n%v", c.name, st.tsql, err)
			continue
		}
		if columns == nil {
			columns = resp.Columns
		}
		if diff := cmp.Diff(columns, resp.Columns); diff != "" {
			r.Errorf("%s: %s\ncolumns, for the previous cluster (-) and this one (+):\n%s", c.name, st.tsql, diff)
		}
		got := make([][]string, len(resp.Rows))
		for i, row := range resp.Rows {
			got[i] = r.wireRow(st, row)
		}
		r.compare(st, c.name, want, got)
	}
	return len(want) > 0
}

func (r *run) compare(st *statement, name string, want, got [][]string) {
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
			r.Errorf("%s: %s\nplain: %s\nthe order (-want +got):\n%s", name, st.tsql, st.plain, diff)
			return
		}
	}
	if !st.ordered {
		slices.SortFunc(want, slices.Compare)
		slices.SortFunc(got, slices.Compare)
	}
	if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
		r.Errorf("%s: %s\nplain: %s\n(-want +got):\n%s", name, st.tsql, st.plain, diff)
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
