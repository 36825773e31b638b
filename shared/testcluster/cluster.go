package testcluster

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/childproc"
	"shardeck/shared/client"
)

const (
	portAttempts = 5
	readyTimeout = time.Minute
	pollEvery    = 20 * time.Millisecond
)

// Options describe the cluster to start.
type Options struct {
	Workers int
	// WorkerCommands are the programs of the workers, by number, each with its arguments. One that
	// is missing or empty is the worker built from this repository. A command runs in the
	// repository's root, with the environment variables that README.md documents for a worker.
	WorkerCommands [][]string
	// Masters is the number of masters: the first is the primary, the others are backups.
	Masters int
	// DataDir holds each worker's data in a directory of its name; empty: a temporary one.
	DataDir string
	// SQLServer is the connection string of a server for the workers' databases; empty: the
	// embedded engine. The names of each worker's databases end in W, its number and Suffix;
	// whoever starts the cluster drops the databases that end in Suffix once the cluster has
	// ended.
	SQLServer, Suffix string
	// Between returns the URL at which a master reaches a worker, for tests that interfere with
	// its requests; nil: the worker's own.
	Between func(master, worker int, url string) string
	// Env are additional environment variables, as "NAME=value", for all processes.
	Env []string
}

// Cluster is a running cluster. It ends with its test. Its methods and those of its Nodes are for one
// goroutine; the clients that they return are for any.
type Cluster struct {
	Token   string
	Workers []*Node
	Masters []*Node

	tb      testing.TB
	clients []interface{ Close() }
}

// Start starts the cluster, waits until its masters see all shards up, and ends it with the test.
// If the test fails, the processes' logs are shown.
func Start(tb testing.TB, o Options) *Cluster {
	tb.Helper()
	c := &Cluster{Token: "testcluster-" + strconv.FormatInt(time.Now().UnixNano(), 36), tb: tb}
	if o.DataDir == "" {
		o.DataDir = tb.TempDir()
	}
	tb.Cleanup(c.finish)
	c.startWorkers(o)
	c.startMasters(o, freePorts(tb, o.Masters))
	for i := range c.Masters {
		c.AwaitReady(i)
	}
	return c
}

func (c *Cluster) startWorkers(o Options) {
	c.tb.Helper()
	errs := make([]error, o.Workers)
	var wg sync.WaitGroup
	for i := range o.Workers {
		name := fmt.Sprintf("worker-%d", i)
		n := &Node{Name: name, service: "worker", log: childproc.NewTail(maxLog), env: append([]string{
			"WORKER_PORT=0", "WORKER_NAME=" + name, "MASTER_TOKEN=" + c.Token,
			"WORKER_DATA_DIR=" + filepath.Join(o.DataDir, name),
		}, o.Env...)}
		if i < len(o.WorkerCommands) {
			n.command = o.WorkerCommands[i]
		}
		if len(n.command) == 0 {
			Binary(c.tb, n.service) // here, as only the test's own goroutine may end the test
		}
		if o.SQLServer != "" {
			n.env = append(n.env, "WORKER_ENGINE=sqlserver", "WORKER_DSN="+o.SQLServer, fmt.Sprintf("WORKER_DB_SUFFIX=W%d%s", i, o.Suffix))
		}
		c.Workers = append(c.Workers, n)
		wg.Go(func() { errs[i] = n.start(c.tb) })
		if o.SQLServer != "" {
			wg.Wait() // each creates its own database, and Babelfish cannot create several concurrently
		}
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			c.tb.Fatal(err)
		}
	}
}

// startMasters starts masters, which must know each other's addresses in advance. A port that was
// free may be in use by the time it is needed: then all restart, and the one without a port gets
// another. The rest keep theirs, as the workers may know the primary by now: a primary of another
// address would be a stranger to them.
func (c *Cluster) startMasters(o Options, ports []string) {
	c.tb.Helper()
	if len(ports) == 0 {
		return
	}
	var last error
	for range portAttempts {
		if last = c.tryMasters(o, ports); last == nil {
			return
		}
		for _, n := range c.Masters {
			if n.Running() {
				n.Kill(c.tb)
			}
		}
		ports[len(c.Masters)-1] = freePorts(c.tb, 1)[0]
		c.Masters = nil
	}
	c.tb.Fatal(last)
}

// tryMasters starts the masters one after another; the last one of c.Masters did not start if it
// returns an error.
func (c *Cluster) tryMasters(o Options, ports []string) error {
	for i, port := range ports {
		var workers, peers []string
		for j, w := range c.Workers {
			url := w.URL
			if o.Between != nil {
				url = o.Between(i, j, url)
			}
			workers = append(workers, url)
		}
		for j, other := range ports {
			if j != i {
				peers = append(peers, "http://127.0.0.1:"+other)
			}
		}
		role := api.RolePrimary
		if i > 0 {
			role = api.RoleBackup
		}
		n := &Node{Name: fmt.Sprintf("master-%d", i), service: "master", log: childproc.NewTail(maxLog), env: append([]string{
			"MASTER_PORT=" + port, "MASTER_ROLE=" + string(role), "MASTER_TOKEN=" + c.Token,
			"MASTER_WORKERS=" + strings.Join(workers, ","), "MASTER_PEERS=" + strings.Join(peers, ","),
		}, o.Env...)}
		c.Masters = append(c.Masters, n)
		if err := n.start(c.tb); err != nil {
			return err
		}
	}
	return nil
}

// freePorts returns n different ports that were free a moment ago.
func freePorts(tb testing.TB, n int) []string {
	tb.Helper()
	var ports []string
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		defer ln.Close() // after the loop, so that all ports differ
		_, port, err := net.SplitHostPort(ln.Addr().String())
		if err != nil {
			tb.Fatal(err)
		}
		ports = append(ports, port)
	}
	return ports
}

// AwaitReady waits until a master knows a primary and sees all shards up.
func (c *Cluster) AwaitReady(master int) {
	c.tb.Helper()
	m := c.Master(master)
	Await(c.tb, fmt.Sprintf("master-%d to see a primary and every shard up", master), func(ctx context.Context) (bool, string) {
		h, err := m.Health(ctx)
		if err != nil {
			return false, err.Error()
		}
		return h.Status == api.StatusOK && h.Primary != "", fmt.Sprintf("%+v", h)
	})
}

// Await polls until ask reports success, and fails the test with the last response if that takes
// more than a minute.
func Await(tb testing.TB, what string, ask func(ctx context.Context) (ok bool, text string)) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), readyTimeout)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		ok, text := ask(ctx)
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tb.Fatalf("timed out waiting for %s; the last response: %s", what, text)
		}
	}
}

// Worker returns a client of a worker; it is closed with the test.
func (c *Cluster) Worker(i int) *client.Worker {
	w := client.NewWorker(c.Workers[i].URL, c.Token)
	c.clients = append(c.clients, w)
	return w
}

// Master returns a client of a master; it is closed with the test.
func (c *Cluster) Master(i int) *client.Master {
	m := client.NewMaster(c.Masters[i].URL)
	c.clients = append(c.clients, m)
	return m
}

// finish ends the masters and then the workers, in the direction of requests.
func (c *Cluster) finish() {
	for _, cl := range c.clients {
		cl.Close()
	}
	for _, n := range c.Masters {
		n.finish(c.tb)
	}
	for _, n := range c.Workers {
		n.finish(c.tb)
	}
}
