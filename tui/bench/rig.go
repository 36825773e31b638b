package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/childproc"
	"shardeck/shared/client"
	"shardeck/tui/demo"
)

const (
	benchDB    = "BenchDB"
	smallTable = "Students"
	bigTable   = "Big"
	// batchRows is the size of the batches of the bulk measurements.
	batchRows = 1000
	// smallRows is the number of rows that point selects choose from.
	smallRows = 10_000
	// loaders is the number of clients that fill tables between measurements.
	loaders = 4
	// baselineWait bounds the start and the stop of a baseline process.
	baselineWait = 30 * time.Second
)

// rig is shared by the measurements: a cluster, the echo baseline, a directory for raw
// files, and one connection pool for both sides.
type rig struct {
	cmd    *Command
	report report
	http   *http.Client
	dir    string

	deployment
	echo     string
	baseline []*childproc.Child

	// nextID is the key of the next inserted row, so that no two measurements collide.
	nextID atomic.Int64
	filled bool // bigTable and rawBig have been created
	rawBig *rawDB
}

// deployment is a cluster with the benchmark's database.
type deployment struct {
	cluster *demo.Cluster
	primary string
	master  *client.Master // client of the primary
	load    *http.Client
	// rows is the size of the small table; batch is the number of rows per insert.
	rows, batch int
}

// deploy starts a cluster with the database and the small table. The caller must close
// what it returns even if it fails.
func deploy(ctx context.Context, hc *http.Client, o demo.Options) (d deployment, err error) {
	d.load, d.rows, d.batch = hc, smallRows, batchRows
	if o.SQLServer != "" {
		d.rows, d.batch = serverRows, 20 // small enough for any server to insert within a request's timeout
	}
	if d.cluster, err = demo.Start(ctx, o); err != nil {
		return d, err
	}
	d.primary = d.cluster.Masters()[0]
	d.master = client.NewMaster(d.primary)
	err = retryDDL(ctx, api.CodeDatabaseExists, func() error {
		_, err := d.master.CreateDB(ctx, &api.CreateDBRequest{DB: benchDB})
		return err
	})
	if err != nil {
		return d, err
	}
	if err = d.createTable(ctx, smallTable); err != nil {
		return d, err
	}
	return d, d.fill(ctx, smallTable, d.rows)
}

func (d *deployment) close() error {
	if d.master != nil {
		d.master.Close()
	}
	if d.cluster != nil {
		return d.cluster.Stop()
	}
	return nil
}

func newRig(ctx context.Context, cmd *Command, w io.Writer) (_ *rig, err error) {
	r := &rig{cmd: cmd, report: report{w}, http: newLoadClient()}
	r.nextID.Store(1 << 32)
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if r.dir, err = os.MkdirTemp("", "shardeck-bench-"); err != nil {
		return nil, err
	}
	if err = r.startEcho(ctx); err != nil {
		return nil, err
	}
	r.deployment, err = deploy(ctx, r.http, demo.Options{FreePorts: true, LogLevel: "warn"})
	return r, err
}

// startEcho starts the echo's three second hops and its first hop.
func (r *rig) startEcho(ctx context.Context) error {
	var workers []string
	for range 3 {
		url, err := r.spawn(ctx, "echo-worker")
		if err != nil {
			return err
		}
		workers = append(workers, url)
	}
	var err error
	r.echo, err = r.spawn(ctx, "echo-master", "--workers", strings.Join(workers, ","))
	return err
}

// spawn starts this program again as one of the baseline's processes and returns its base
// URL. The process exits when its standard input closes.
func (r *rig) spawn(ctx context.Context, args ...string) (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	c, err := childproc.Start(childproc.Spec{Name: args[0], Path: exe, Args: args, Stderr: os.Stderr})
	if err != nil {
		return "", err
	}
	r.baseline = append(r.baseline, c)
	return c.AwaitReady(ctx, baselineWait)
}

// close stops everything. It may be called on a partially built rig.
func (r *rig) close() error {
	var errs []error
	if r.rawBig != nil {
		errs = append(errs, r.rawBig.Close())
	}
	errs = append(errs, r.deployment.close())
	for _, c := range r.baseline {
		_, err := c.Stop(baselineWait)
		errs = append(errs, err)
	}
	r.http.CloseIdleConnections()
	if r.dir != "" {
		errs = append(errs, os.RemoveAll(r.dir))
	}
	return errors.Join(errs...)
}

func (d *deployment) createTable(ctx context.Context, table string) error {
	req := &api.CreateTableRequest{DB: benchDB, Table: table}
	for _, c := range studentColumns {
		req.Columns = append(req.Columns, api.Member[string]{Name: c.name, Value: c.kind})
	}
	return retryDDL(ctx, api.CodeTableExists, func() error {
		_, err := d.master.CreateTable(ctx, req)
		return err
	})
}

const (
	retryFor   = time.Minute
	retryEvery = 200 * time.Millisecond
)

// retryDDL repeats do until it succeeds or its error has the code done, while a shard is
// too slow for it, as a server may be that creates several databases at once.
func retryDDL(ctx context.Context, done api.Code, do func() error) error {
	began := time.Now()
	for {
		err := do()
		switch api.CodeOf(err) {
		case "", done:
			return nil
		case api.CodeShardUnavailable, api.CodeShardTimeout, api.CodeOutcomeUnknown, api.CodePartialFailure, api.CodeNotPrimary:
		default:
			return err
		}
		if time.Since(began) > retryFor {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryEvery):
		}
	}
}

// insertBody is the body of an insert of rows [from, to).
func insertBody(table string, from, to int) []byte {
	b := fmt.Appendf(nil, `{"db_name":%q,"table":%q,"rows":[`, benchDB, table)
	for i := from; i < to; i++ {
		if i > from {
			b = append(b, ',')
		}
		b = student(i).appendJSON(b)
	}
	return append(b, "]}"...)
}

// fill inserts rows [0, n) through the master.
func (d *deployment) fill(ctx context.Context, table string, n int) error {
	var next atomic.Int64
	return each(loaders, func(buf *bytes.Buffer) (bool, error) {
		from := int(next.Add(int64(d.batch))) - d.batch
		if from >= n {
			return false, nil
		}
		s := request{url: d.primary + api.PathInsert, body: insertBody(table, from, min(from+d.batch, n))}
		return true, send(ctx, d.load, s, buf)
	})
}

// each runs step in clients goroutines until it returns false or fails, and returns the
// errors.
func each(clients int, step func(*bytes.Buffer) (more bool, err error)) error {
	errs := make([]error, clients)
	var failed atomic.Bool
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			var buf bytes.Buffer
			for more := true; more && !failed.Load(); {
				if more, errs[c] = step(&buf); errs[c] != nil {
					failed.Store(true)
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
