package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/demo"
)

const (
	// handoverWriters write while masters hand over.
	handoverWriters = 8
	// etcdRounds bounds the rounds with a lease that takes seconds to expire.
	etcdRounds = 10
	// ddlBound is the aim for the 99th percentile of the time without a primary.
	ddlBound = 2 * time.Second
	// calm is how long a cluster is left alone between failures, and watched after a hand-over.
	calm = 300 * time.Millisecond
	// ddlPatience bounds the wait for a schema change.
	ddlPatience = 20 * time.Second
	// recovery bounds the wait for a cluster to be whole again.
	recovery = time.Minute
)

// failovers measures planned hand-overs, and how long writes and schema changes fail when the
// primary is killed or hangs, with each lease that expires and, if its program is given, for the
// leader of three rqlite nodes.
func (r *rig) failovers(ctx context.Context) error {
	file := []string{"--lease", "sqlitefile", "--lease-file", filepath.Join(r.dir, "lease.db")}
	if err := r.withLease(ctx, "a lease in a file", file, r.cmd.FailoverRounds, ddlBound); err != nil {
		return err
	}
	if err := r.etcdFailovers(ctx); err != nil {
		return err
	}
	if r.cmd.RQLited == "" {
		r.report.note("rqlite was not measured: give its program as --rqlited")
		return nil
	}
	return r.rqliteFailovers(ctx)
}

func (r *rig) etcdFailovers(ctx context.Context) (err error) {
	// The variable may be a list of programs, as for the tests; the first is measured.
	path, err := exec.LookPath(append(filepath.SplitList(r.cmd.Etcd), "etcd")[0])
	if err != nil {
		r.report.note("a lease in etcd was not measured: %v", err)
		return nil
	}
	url, stop, err := r.startEtcd(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	return r.withLease(ctx, "a lease in etcd, TTL 6 s", []string{"--lease", "etcd", "--etcd-endpoints", url}, min(r.cmd.FailoverRounds, etcdRounds), 0)
}

// withLease measures a cluster whose masters have a lease.
func (r *rig) withLease(ctx context.Context, lease string, flags []string, rounds int, bound time.Duration) (err error) {
	d, err := deploy(ctx, r.http, demo.Options{FreePorts: true, LogLevel: "warn", MasterFlags: flags})
	f := &failing{rig: r, deployment: &d, lease: lease}
	defer func() { err = errors.Join(err, f.close(), d.close()) }()
	if err != nil {
		return err
	}
	for _, url := range d.cluster.Masters() {
		f.masters = append(f.masters, client.NewMaster(url))
	}
	if err := f.handOvers(ctx, rounds); err != nil {
		return err
	}
	if err := f.fail(ctx, "killed", rounds, bound, f.kill); err != nil {
		return err
	}
	err = f.fail(ctx, "stopped", rounds, bound, f.stop)
	if errors.Is(err, errors.ErrUnsupported) {
		r.report.note("a primary that hangs was not measured: processes cannot be stopped here")
		return nil
	}
	return err
}

// failing is a cluster whose primary fails again and again.
type failing struct {
	*rig
	*deployment
	lease   string
	masters []*client.Master
	tables  int

	stuck    int // rounds in which nothing succeeded in time
	stuckErr error
}

func (f *failing) close() error {
	for _, m := range f.masters {
		m.Close()
	}
	return nil
}

// whole waits until all masters are healthy, and returns the primary.
func (f *failing) whole(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, recovery, errors.New("the cluster was not whole again within a minute"))
	defer cancel()
	for {
		primary, healthy := -1, 0
		for i, m := range f.masters {
			asking, cancel := context.WithTimeout(ctx, time.Second)
			h, err := m.Health(asking)
			cancel()
			if err != nil || h.Status != api.StatusOK {
				continue
			}
			healthy++
			if h.Role == api.RolePrimary {
				primary = i
			}
		}
		if primary >= 0 && healthy == len(f.masters) {
			return primary, nil
		}
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// handOvers measures planned failovers: no request may fail, and how much longer the slowest
// takes than the slowest of as long a time before.
func (f *failing) handOvers(ctx context.Context, rounds int) error {
	w := &steadyWriters{rig: f.rig, urls: f.cluster.Masters()}
	writing, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for range handoverWriters {
		wg.Go(func() { w.run(writing) })
	}
	var added, total []time.Duration
	err := func() error {
		for range rounds {
			primary, err := f.whole(ctx)
			if err != nil {
				return err
			}
			w.restart()
			time.Sleep(calm)
			before := w.restart()
			start := time.Now()
			if _, err := f.masters[1-primary].Failover(ctx, &api.FailoverRequest{Reason: "benchmark"}); err != nil {
				return err
			}
			total = append(total, time.Since(start))
			time.Sleep(calm)
			added = append(added, max(0, w.restart()-before))
		}
		return nil
	}()
	cancel()
	wg.Wait()
	if err != nil {
		return err
	}
	slices.Sort(added)
	slices.Sort(total)
	f.report.limit("planned hand-over: failed requests", handoverWriters, fmt.Sprintf("%s; of %d", f.lease, w.sent.Load()), float64(w.failed.Load()), 1, "requests")
	f.report.times("planned hand-over: longest added wait", handoverWriters, f.lease, added, 0)
	f.report.times("planned hand-over: its whole length", handoverWriters, f.lease, total, 0)
	if first := w.err.Load(); first != nil {
		f.report.note("the first failed request: %v", *first)
	}
	return nil
}

// steadyWriters write rows through all masters.
type steadyWriters struct {
	*rig
	urls         []string
	sent, failed atomic.Int64
	longest      atomic.Int64 // of a request, in ns, since restart
	err          atomic.Pointer[error]
}

func (w *steadyWriters) run(ctx context.Context) {
	var buf bytes.Buffer
	for ctx.Err() == nil {
		start := time.Now()
		err := send(ctx, w.http, w.oneInsert(w.urls[rand.IntN(len(w.urls))]+api.PathInsert), &buf)
		if ctx.Err() != nil {
			return
		}
		w.sent.Add(1)
		if err != nil {
			w.failed.Add(1)
			w.err.CompareAndSwap(nil, &err)
		}
		took := int64(time.Since(start))
		for old := w.longest.Load(); took > old && !w.longest.CompareAndSwap(old, took); old = w.longest.Load() {
		}
	}
}

// restart returns the longest request so far, and forgets it.
func (w *steadyWriters) restart() time.Duration { return time.Duration(w.longest.Swap(0)) }

// fail has the primary fail again and again, and reports for how long a client could write no
// row, and for how long nobody could change the schema.
func (f *failing) fail(ctx context.Context, how string, rounds int, bound time.Duration, happen func(ctx context.Context, primary int) (repair func() error, err error)) error {
	var gaps, ddl []time.Duration
	most := 0
	for range rounds {
		primary, err := f.whole(ctx)
		if err != nil {
			return err
		}
		gap, change, retries, err := f.failOnce(ctx, primary, happen)
		if err != nil {
			return err
		}
		gaps, ddl, most = append(gaps, gap), append(ddl, change), max(most, retries)
	}
	if f.stuck > 0 {
		f.report.note("in %d rounds no schema change succeeded within %s, which counts as that long: %v", f.stuck, ddlPatience, f.stuckErr)
		f.stuck = 0
	}
	slices.Sort(gaps)
	slices.Sort(ddl)
	f.report.times(fmt.Sprintf("primary %s: gap of row writes", how), 1, fmt.Sprintf("%s; at most %d retries", f.lease, most), gaps, 0)
	f.report.times(fmt.Sprintf("primary %s: until schema changes work", how), 1, f.lease, ddl, bound)
	return nil
}

func (f *failing) failOnce(ctx context.Context, primary int, happen func(ctx context.Context, primary int) (func() error, error)) (gap, change time.Duration, retries int, err error) {
	urls := f.cluster.Masters()
	writes := map[int]request{}
	g := newGapClient(len(urls), func(server, n int) request {
		w, ok := writes[n]
		if !ok {
			w = f.oneInsert("")
			w.key = fmt.Sprintf("gap-%d", f.nextID.Add(1))
			writes = map[int]request{n: w}
		}
		w.url = urls[server] + api.PathInsert
		return w
	})
	writing, cancel := context.WithCancel(ctx)
	defer cancel()
	begin := time.Now()
	ended := make(chan struct{})
	go func() { defer close(ended); g.run(writing, primary) }()
	time.Sleep(calm)
	start := time.Now()
	repair, err := happen(ctx, primary)
	if err == nil {
		change, err = f.changeSchema(ctx, f.masters[1-primary], start)
		time.Sleep(calm)
		err = errors.Join(err, repair())
	}
	cancel()
	<-ended
	if err == nil && g.rows() == 0 {
		err = errors.New("not a single row was written")
	}
	gap, retries = g.longest(begin)
	return gap, change, retries, err
}

// changeSchema returns how long after start a schema change succeeds through a master, or how
// long it was waited for.
func (f *failing) changeSchema(ctx context.Context, m *client.Master, start time.Time) (time.Duration, error) {
	f.tables++
	req := &api.CreateTableRequest{DB: benchDB, Table: fmt.Sprintf("After_%d", f.tables),
		Columns: api.Object[string]{{Name: "id", Value: "INT PRIMARY KEY"}}, ShardKey: "id"}
	for {
		trying, cancel := context.WithTimeout(ctx, ddlPatience)
		_, err := m.CreateTable(trying, req)
		cancel()
		if err == nil || api.CodeOf(err) == api.CodeTableExists {
			took := time.Since(start)
			_, err = m.DeleteTable(ctx, &api.DeleteTableRequest{DB: benchDB, Table: req.Table})
			return took, err
		}
		if api.CodeOf(err).Lasting() {
			return 0, err
		}
		if took := time.Since(start); took > ddlPatience {
			f.stuck++
			f.stuckErr = err
			return took, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(failedPause):
		}
	}
}

func (f *failing) kill(ctx context.Context, _ int) (func() error, error) {
	if _, err := f.cluster.KillPrimary(ctx); err != nil {
		return nil, err
	}
	return func() error { _, err := f.cluster.Restart(ctx); return err }, nil
}

func (f *failing) stop(_ context.Context, primary int) (func() error, error) {
	pids := f.cluster.PIDs() // workers first
	pid := pids[len(pids)-len(f.masters)+primary]
	if err := pause(pid, true); err != nil {
		return nil, err
	}
	return func() error { return pause(pid, false) }, nil
}

// startEtcd starts one etcd on free ports, and returns its URL.
func (r *rig) startEtcd(ctx context.Context, path string) (url string, stop func() error, err error) {
	ports, err := freePorts(2)
	if err != nil {
		return "", nil, err
	}
	url, peer := "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1]
	stop, err = r.startOther(path, "--name", "m0", "--data-dir", filepath.Join(r.dir, "etcd"),
		"--listen-client-urls", url, "--advertise-client-urls", url, "--listen-peer-urls", peer,
		"--initial-advertise-peer-urls", peer, "--initial-cluster", "m0="+peer, "--logger", "zap", "--log-level", "error")
	if err == nil {
		err = r.awaitAnswer(ctx, url+"/health")
		if err != nil {
			err = errors.Join(err, stop())
		}
	}
	return url, stop, err
}

// startOther starts another database's program; its output goes to a file of its own.
func (r *rig) startOther(path string, args ...string) (stop func() error, err error) {
	out, err := os.CreateTemp(r.dir, filepath.Base(path)+"-*.log")
	if err != nil {
		return nil, err
	}
	defer out.Close() // the child has its own handle
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() error {
		err := cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if errors.Is(err, os.ErrProcessDone) {
			return nil
		}
		return err
	}, nil
}
