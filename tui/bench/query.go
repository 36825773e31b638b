package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// shardTarget allows the master 0.3 of the slowest shard's time in addition, joinTarget 0.25.
const (
	shardTarget = 1 / 1.3
	joinTarget  = 0.8
)

// monthsTable is a reference table: every shard has its twelve rows.
const monthsTable = "Months"

// statement is a T-SQL statement over the big table, and the columns of its fragments.
type statement struct {
	name, sql string
	rows      int
	target    float64
	columns   []api.Column // of a worker's rows
}

var statements = []statement{
	{
		"ORDER BY ... TOP (10)", "SELECT TOP (10) student_id, name, gpa FROM " + bigTable + " ORDER BY gpa DESC, student_id", 10, shardTarget,
		[]api.Column{{Name: "student_id", Type: "BIGINT"}, {Name: "name", Type: "NVARCHAR(60)"}, {Name: "gpa", Type: "DECIMAL(3,2)"}},
	},
	{
		// Years repeat every 15 rows and months every 12, which makes 60 dates.
		"GROUP BY", "SELECT enrolled, COUNT(*) AS n, AVG(gpa) AS mean FROM " + bigTable + " GROUP BY enrolled ORDER BY enrolled", 60, shardTarget,
		[]api.Column{{Name: "enrolled", Type: "DATE"}, {Name: "n", Type: "BIGINT"}, {Name: "sum", Type: "DECIMAL(38,2)"}, {Name: "count", Type: "BIGINT"}},
	},
	{
		"JOIN a reference table", "SELECT m.label, COUNT(*) AS n, AVG(s.gpa) AS mean FROM " + bigTable + " AS s JOIN " + monthsTable +
			" AS m ON m.month = MONTH(s.enrolled) GROUP BY m.label ORDER BY m.label", 12, joinTarget,
		[]api.Column{{Name: "label", Type: "NVARCHAR(20)"}, {Name: "n", Type: "BIGINT"}, {Name: "sum", Type: "DECIMAL(38,2)"}, {Name: "count", Type: "BIGINT"}},
	},
}

// ensureMonths creates the reference table that the big one is joined with.
func (r *rig) ensureMonths(ctx context.Context) error {
	create := "CREATE TABLE " + monthsTable + " (month INT PRIMARY KEY, label NVARCHAR(20) NOT NULL) WITH (DISTRIBUTION = REPLICATE)"
	if _, err := r.master.Query(ctx, &api.SQLRequest{DB: benchDB, SQL: create}); err != nil {
		return err
	}
	insert := "INSERT INTO " + monthsTable + " VALUES "
	for m := 1; m <= 12; m++ {
		if m > 1 {
			insert += ", "
		}
		insert += fmt.Sprintf("(%d, N'%s')", m, time.Month(m))
	}
	_, err := r.master.Query(ctx, &api.SQLRequest{DB: benchDB, SQL: insert})
	return err
}

// queries compares T-SQL through the master with its fragments alone, and a stream of
// every row with a raw scan of as many files as there are shards.
func (r *rig) queries(ctx context.Context) error {
	if err := r.ensureBig(ctx); err != nil {
		return err
	}
	if err := r.ensureMonths(ctx); err != nil {
		return err
	}
	workers, err := r.workers(ctx)
	if err != nil {
		return err
	}
	defer func() {
		for _, w := range workers {
			w.Close()
		}
	}()
	for i := range statements {
		if err := r.overShards(ctx, &statements[i], workers); err != nil {
			return err
		}
	}
	return r.queryScans(ctx)
}

// workers returns clients of the cluster's workers, shard 0 first.
func (r *rig) workers(ctx context.Context) ([]*client.Worker, error) {
	token, err := os.ReadFile(filepath.Join(r.cluster.Dir(), "token"))
	if err != nil {
		return nil, err
	}
	meta, err := r.master.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	var workers []*client.Worker
	for _, s := range meta.Workers {
		workers = append(workers, client.NewWorker(s.URL, strings.TrimSpace(string(token))))
	}
	return workers, nil
}

// overShards compares a statement with the slowest of its fragments: run one at a time,
// as if on separate machines, and in parallel, as they share this one.
func (r *rig) overShards(ctx context.Context, st *statement, workers []*client.Worker) error {
	plan, err := r.master.Query(ctx, &api.SQLRequest{DB: benchDB, SQL: st.sql, Explain: true})
	if err != nil {
		return err
	}
	ask := func(i int) error {
		return fragment(ctx, workers[plan.Explain.Fragments[i].Shard], &plan.Explain.Fragments[i], st.columns)
	}
	n := len(plan.Explain.Fragments)
	alone := func() (float64, error) {
		var slowest time.Duration
		for i := range n {
			start := time.Now()
			if err := ask(i); err != nil {
				return 0, err
			}
			slowest = max(slowest, time.Since(start))
		}
		return 1 / slowest.Seconds(), nil
	}
	atOnce := func() (float64, error) {
		errs := make([]error, n)
		var wg sync.WaitGroup
		start := time.Now()
		for i := range n {
			wg.Go(func() { errs[i] = ask(i) })
		}
		wg.Wait()
		return 1 / time.Since(start).Seconds(), errors.Join(errs...)
	}
	name := fmt.Sprintf("%s over %d rows", st.name, r.cmd.Rows)
	ours := func() (float64, error) { return r.runOnce(ctx, st) }
	got, err := ratios(r.cmd.Rounds, ours, atOnce)
	if err != nil {
		return err
	}
	r.report.ratio(name, 1, "the slowest shard, in parallel", got, st.target)
	if got, err = ratios(r.cmd.Rounds, ours, alone); err != nil {
		return err
	}
	target := st.target
	if runtime.NumCPU() < n {
		target = 0 // the shards cannot each have a CPU, as they have one at a time
	}
	r.report.ratio(name, 1, "the slowest shard, each alone", got, target)
	return nil
}

// runOnce runs a statement through the master once and returns statements per second.
func (r *rig) runOnce(ctx context.Context, st *statement) (float64, error) {
	start := time.Now()
	resp, err := r.master.Query(ctx, &api.SQLRequest{DB: benchDB, SQL: st.sql})
	if err != nil {
		return 0, err
	}
	took := time.Since(start)
	if len(resp.Rows) != st.rows {
		return 0, fmt.Errorf("%s returned %d rows, not %d", st.sql, len(resp.Rows), st.rows)
	}
	return 1 / took.Seconds(), nil
}

// fragment runs a fragment on a worker and reads its rows to the end.
func fragment(ctx context.Context, w *client.Worker, f *api.ExplainFragment, columns []api.Column) error {
	types := make([]string, len(columns))
	for i := range columns {
		types[i] = columns[i].Type
	}
	if len(f.Statements) != 1 {
		return fmt.Errorf("shard %d has %d statements", f.Shard, len(f.Statements))
	}
	st := &f.Statements[0]
	req := &api.QueryRequest{DB: benchDB, SQL: st.SQL, Types: st.Types, ResultTypes: types}
	if len(st.Params) > 0 {
		req.Params = st.Params[0]
	}
	stream, err := w.Query(ctx, req)
	if err != nil {
		return err
	}
	defer stream.Close()
	for {
		if _, err := stream.NextBlock(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// queryScans streams SELECT * through the backup master, as [rig.scans] does.
func (r *rig) queryScans(ctx context.Context) error {
	var files [3]*rawDB
	for i := range files {
		f, err := openRaw(ctx, r.dir, fmt.Sprintf("part-%d.db", i))
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.bulk(ctx, r.part(i), r.part(i+1)); err != nil {
			return err
		}
		files[i] = f
	}
	master := r.cluster.Masters()[1]
	body := fmt.Appendf(nil, `{"db_name":%q,"sql":%q}`, benchDB, "SELECT * FROM "+bigTable)
	got, err := ratios(r.cmd.Rounds,
		func() (float64, error) { return r.streamAll(ctx, master+api.PathQuery, body) },
		func() (float64, error) {
			start := time.Now()
			for i, f := range files {
				if _, err := f.scan(ctx, r.part(i+1)-r.part(i)); err != nil {
					return 0, err
				}
			}
			return float64(r.cmd.Rows) / time.Since(start).Seconds(), nil
		})
	if err != nil {
		return err
	}
	r.report.ratio(fmt.Sprintf("SELECT * of %d rows", r.cmd.Rows), 1, "raw scan of three files", got, 0.5)
	return r.scanMemory()
}

// part is the first row of part i of three.
func (r *rig) part(i int) int { return r.cmd.Rows * i / 3 }
