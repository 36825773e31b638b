package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

const (
	workerCount = 3
	// startTries is how often Start picks ports anew when a child cannot have its.
	startTries = 3
	// settleTimeout bounds the wait for the masters to have found their workers and roles.
	settleTimeout = 20 * time.Second
	// settlePoll is how often the masters are asked meanwhile.
	settlePoll = 40 * time.Millisecond
	// leaderless is how long a cluster over kept data may be without a primary before
	// one is made: a master needs some probes to take the lead by itself.
	leaderless = time.Second
	// askTimeout bounds one question to a master while settling.
	askTimeout = 2 * time.Second
)

// Options say what cluster to start.
type Options struct {
	// Executable is the binary with the hidden commands run-worker and run-master;
	// empty: this very one.
	Executable string
	// DataDir is a directory to keep everything in; empty: a temporary one that is
	// removed by Stop.
	DataDir string
	// FreePorts takes any free ports instead of 8080 to 8084.
	FreePorts bool
	// LogLevel is that of the children; empty: "info".
	LogLevel string
	// SQLServer is the connection string of a server to keep the data on; empty: the
	// embedded engine.
	SQLServer string
	// Suffix, with SQLServer, begins what the names of its databases end in; the number of the
	// shard follows.
	Suffix string
	// Say is told what goes on, a line at a time; nil: nobody is.
	Say func(format string, args ...any)
}

// Cluster is a running cluster: three workers, a primary and a backup master, each
// a child process. Its methods are safe for concurrent use.
type Cluster struct {
	dir     *runDir
	workers []*process
	masters []*process // the first was started as the primary
	clients []*client.Master

	stopOnce sync.Once
	stopErr  error
}

// Start brings a cluster up and returns once its primary has found every worker.
// When it fails, nothing is left running or lying about. The caller calls Stop.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	if opts.Say == nil {
		opts.Say = func(string, ...any) {}
	}
	if opts.LogLevel == "" {
		opts.LogLevel = "info"
	}
	if opts.Executable == "" {
		exe, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("finding this program, to run it again: %w", err)
		}
		opts.Executable = exe
	}
	dir, err := newRunDir(opts.DataDir)
	if err != nil {
		return nil, err
	}
	if err := dir.writeToken(); err != nil {
		return nil, errors.Join(err, dir.remove())
	}
	for try := 1; ; try++ {
		c, err := startOnce(ctx, opts, dir)
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, errors.Join(ctx.Err(), dir.remove())
		}
		if !errors.Is(err, errPortLost) || try == startTries {
			return nil, errors.Join(err, dir.remove())
		}
		opts.Say("another program was faster, trying again with other ports")
		opts.FreePorts = true
	}
}

func startOnce(ctx context.Context, opts Options, dir *runDir) (*Cluster, error) {
	ports, taken, err := choosePorts(wantedPorts(), opts.FreePorts)
	if err != nil {
		return nil, err
	}
	for _, p := range taken {
		opts.Say("port %d is taken, so a free one is used instead", p)
	}
	c := newCluster(opts, dir, ports)
	err = c.startWorkers(ctx, opts)
	if err == nil {
		err = c.startAll(ctx, c.masters)
	}
	if err == nil {
		err = c.settle(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.stopProcesses(), lostPort(ports))
	}
	for _, p := range c.processes() {
		opts.Say("%-12s %s  pid %d", p.name, p.url, p.pid())
	}
	return c, nil
}

// newCluster lays out the children; ports are primary, workers, backup.
func newCluster(opts Options, dir *runDir, ports []int) *Cluster {
	c := &Cluster{dir: dir}
	var workerURLs []string
	for i := range workerCount {
		// The data goes by the shard: its port may be another the next time.
		shard := fmt.Sprintf("shard-%d", i)
		p := newProcess(opts, dir, runWorkerCommand, "worker", shard, ports[1+i])
		p.args = append(p.args, workerArgs(dir, p.name, dir.data(shard), ports[1+i])...)
		if opts.SQLServer != "" {
			// In the environment, as other users of the machine can see arguments.
			p.env = append(p.env, "WORKER_DSN="+opts.SQLServer)
			p.args = append(p.args, "--db-suffix", opts.Suffix+strconv.Itoa(i))
		}
		c.workers = append(c.workers, p)
		workerURLs = append(workerURLs, p.url)
	}
	primary := newProcess(opts, dir, runMasterCommand, "master", "master-1", ports[0])
	backup := newProcess(opts, dir, runMasterCommand, "master", "master-2", ports[len(ports)-1])
	primary.args = append(primary.args, masterArgs(dir, ports[0], api.RolePrimary, workerURLs, backup.url)...)
	backup.args = append(backup.args, masterArgs(dir, ports[len(ports)-1], api.RoleBackup, workerURLs, primary.url)...)
	c.masters = []*process{primary, backup}
	if opts.SQLServer != "" {
		// It may take a server that long to open as many connections as there are clients.
		for _, m := range c.masters {
			m.args = append(m.args, "--request-timeout", "1m")
		}
	}
	for _, m := range c.masters {
		c.clients = append(c.clients, client.NewMaster(m.url))
	}
	return c
}

// newProcess is a child of a kind, as "worker", whose log goes by the given name.
func newProcess(opts Options, dir *runDir, command, kind, log string, port int) *process {
	p := &process{
		name:    fmt.Sprintf("%s-%d", kind, port),
		url:     fmt.Sprintf("http://127.0.0.1:%d", port),
		exe:     opts.Executable,
		env:     childEnv(os.Environ()),
		logPath: filepath.Join(dir.logs(), log+".log"),
	}
	p.args = []string{command, "--log-level", opts.LogLevel}
	if dir.temporary {
		p.args = append(p.args, "--orphan-remove", dir.path)
	}
	return p
}

// childEnv returns the environment without what configures services and the
// console: the demo's children get all of theirs as flags.
func childEnv(env []string) []string {
	var kept []string
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		name = strings.ToUpper(name)
		if strings.HasPrefix(name, "MASTER_") || strings.HasPrefix(name, "WORKER_") || strings.HasPrefix(name, "SHARDECK_") ||
			name == "LOG_FORMAT" || name == "LOG_LEVEL" || name == "EXIT_WITH_PARENT" {
			continue
		}
		kept = append(kept, e)
	}
	return kept
}

// processes are all children, workers first.
func (c *Cluster) processes() []*process { return slices.Concat(c.workers, c.masters) }

// startWorkers starts the workers: at once, but on a SQL Server one after the other, as each
// makes a database there when it starts, which a server may not do for several at a time.
func (c *Cluster) startWorkers(ctx context.Context, opts Options) error {
	if opts.SQLServer == "" {
		return c.startAll(ctx, c.workers)
	}
	for _, p := range c.workers {
		if err := p.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) startAll(ctx context.Context, ps []*process) error {
	errs := make([]error, len(ps))
	var wg sync.WaitGroup
	for i, p := range ps {
		wg.Go(func() { errs[i] = p.start(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// settle waits until a primary serves with every shard up. Data that an earlier
// demo left may name a master as leader that was started as backup now; when no
// master is primary, the first is promoted.
func (c *Cluster) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, settleTimeout,
		fmt.Errorf("the masters had not found every worker after %s; see the logs in %s", settleTimeout, c.dir.logs()))
	defer cancel()
	tick := time.NewTicker(settlePoll)
	defer tick.Stop()
	promoted := false
	began := time.Now()
	for {
		healthy, primaries := 0, 0
		for _, m := range c.clients {
			h, err := ask(ctx, m.Health)
			if err == nil && h.Status == api.StatusOK && allUp(h) {
				healthy++
				if h.Role == api.RolePrimary {
					primaries++
				}
			}
		}
		if healthy == len(c.clients) && primaries == 1 {
			return nil
		}
		if healthy == len(c.clients) && primaries == 0 && !promoted && !c.dir.temporary && time.Since(began) > leaderless {
			promoted = true
			if _, err := c.clients[0].Failover(ctx); err != nil && api.CodeOf(err) != api.CodeAlreadyPrimary {
				return fmt.Errorf("no master took the lead, and promoting the first failed: %w", err)
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func allUp(h *api.Health) bool {
	for _, s := range h.Shards {
		if s.State != api.ShardUp && s.State != api.ShardSlow {
			return false
		}
	}
	return len(h.Shards) == workerCount
}

func ask[T any](ctx context.Context, question func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return question(ctx)
}

// Masters returns the masters' base URLs, the one started as primary first.
func (c *Cluster) Masters() []string {
	urls := make([]string, len(c.masters))
	for i, m := range c.masters {
		urls[i] = m.url
	}
	return urls
}

// Dir is where token, logs and data are.
func (c *Cluster) Dir() string { return c.dir.path }

// PIDs returns the process ids of the children that run, workers first.
func (c *Cluster) PIDs() []int {
	var pids []int
	for _, p := range c.processes() {
		if p.alive() {
			pids = append(pids, p.pid())
		}
	}
	return pids
}

// KillPrimary kills the master that says it is primary, as SIGKILL does, and
// returns its base URL. It fails when no master that runs says so.
func (c *Cluster) KillPrimary(ctx context.Context) (string, error) {
	for i, p := range c.masters {
		if !p.alive() {
			continue
		}
		h, err := ask(ctx, c.clients[i].Health)
		if err != nil || h.Role != api.RolePrimary {
			continue
		}
		return p.url, p.kill()
	}
	if c.MasterDown() {
		return "", errors.New(alreadyKilled)
	}
	return "", errors.New("no master says that it is the primary; fail over to the backup")
}

// alreadyKilled answers who wants to kill a primary that is gone.
const alreadyKilled = "already killed: R restarts, f fails over"

// MasterDown says whether a master does not run. It does no I/O.
func (c *Cluster) MasterDown() bool {
	return slices.ContainsFunc(c.masters, func(p *process) bool { return !p.alive() })
}

// Restart starts every child again that does not run, on its old port and with
// its old data, and returns their base URLs. A master that was replaced
// meanwhile comes back as a backup.
func (c *Cluster) Restart(ctx context.Context) ([]string, error) {
	var urls []string
	for _, p := range c.processes() {
		if p.alive() {
			continue
		}
		if err := p.start(ctx); err != nil {
			return urls, err
		}
		urls = append(urls, p.url)
	}
	return urls, nil
}

// Stop ends all children, masters first so that no write is cut off, and removes
// a temporary directory. It takes bounded time whatever the children do, and can
// be called more than once.
func (c *Cluster) Stop() error {
	c.stopOnce.Do(func() {
		for _, m := range c.clients {
			m.Close()
		}
		c.stopErr = errors.Join(c.stopProcesses(), c.dir.remove())
	})
	return c.stopErr
}

func (c *Cluster) stopProcesses() error {
	return errors.Join(stopAll(c.masters), stopAll(c.workers))
}

func stopAll(ps []*process) error {
	errs := make([]error, len(ps))
	var wg sync.WaitGroup
	for i, p := range ps {
		wg.Go(func() { errs[i] = p.stop() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// primary returns the client of the master that says it is primary.
func (c *Cluster) primary(ctx context.Context) (*client.Master, error) {
	for _, m := range c.clients {
		if h, err := ask(ctx, m.Health); err == nil && h.Role == api.RolePrimary {
			return m, nil
		}
	}
	return nil, errors.New("no master says that it is the primary; see the logs in " + c.dir.logs())
}
