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
	"shardeck/shared/polyglot"
)

const (
	workerCount = 3
	// startTries is how often Start tries with new ports if a child cannot get its port.
	startTries = 3
	// settleTimeout bounds the wait for the masters to have found their workers and roles.
	settleTimeout = 20 * time.Second
	// settlePoll is the interval of the polls meanwhile.
	settlePoll = 40 * time.Millisecond
	// leaderless is how long a cluster over existing data may be without a primary before
	// one is promoted: a master needs some probes to become primary by itself.
	leaderless = time.Second
	// askTimeout bounds a request to a master while settling.
	askTimeout = 2 * time.Second
)

// Options configure the cluster to start.
type Options struct {
	// Executable is the binary with the hidden commands run-worker and run-master; "" is
	// this program.
	Executable string
	// DataDir is the directory for token, logs and data; "" is a temporary one that Stop
	// removes.
	DataDir string
	// FreePorts uses any free ports instead of 8080 to 8084.
	FreePorts bool
	// Lease is leaseSQLiteFile or leaseManual; "" is the former.
	Lease string
	// LogLevel is the children's log level; "" is "info".
	LogLevel string
	// Programs are the shards' workers in other languages, which run in Root, their checkout. A
	// shard without one, or with a zero one, has this program's worker.
	Programs []polyglot.Worker
	Root     string
	// SQLServer is the connection string of a SQL Server for the data; "" is the embedded
	// engine.
	SQLServer string
	// Suffix, with SQLServer, is the suffix of the physical databases' names; the shard's
	// number follows it.
	Suffix string
	// MasterFlags are more flags of the masters, for their lease; none: the lease is manual.
	MasterFlags []string
	// Say receives progress messages, one line each; nil discards them.
	Say func(format string, args ...any)
}

// Cluster is a running cluster: three workers, a primary and a backup master, each
// a child process. Its methods are safe for concurrent use.
type Cluster struct {
	dir     *runDir
	workers []*process
	masters []*process // the first was started as the primary
	clients []*client.Master
	manual  bool // nobody takes over by himself
	taken   []takenPort

	stopOnce sync.Once
	stopErr  error
}

// Start brings a cluster up and returns once its primary has found every worker.
// If it fails, it leaves no processes or files behind. The caller must call Stop.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	if opts.Say == nil {
		opts.Say = func(string, ...any) {}
	}
	if opts.LogLevel == "" {
		opts.LogLevel = "info"
	}
	if opts.Lease == "" {
		opts.Lease = leaseSQLiteFile
	}
	if opts.Executable == "" {
		exe, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("finding this program's path: %w", err)
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
		opts.Say("another program took a port first; trying again with other ports")
		opts.FreePorts = true
	}
}

func startOnce(ctx context.Context, opts Options, dir *runDir) (*Cluster, error) {
	ports, taken, err := choosePorts(wantedPorts(), opts.FreePorts)
	if err != nil {
		return nil, err
	}
	for _, p := range taken {
		opts.Say("%s", p)
	}
	c := newCluster(opts, dir, ports)
	c.taken = taken
	err = c.startWorkers(ctx, opts)
	if err == nil {
		err = c.startAll(ctx, c.masters)
	}
	if err == nil {
		err = c.settle(ctx, opts.Say)
	}
	if err != nil {
		return nil, errors.Join(err, c.stopProcesses(), lostPort(ports))
	}
	for _, p := range c.processes() {
		opts.Say("%-12s %s  pid %d%s", p.name, p.url, p.pid(), p.note())
	}
	return c, nil
}

// newCluster defines the children; ports are those of primary, workers, backup.
func newCluster(opts Options, dir *runDir, ports []int) *Cluster {
	c := &Cluster{dir: dir, manual: opts.Lease == leaseManual}
	var workerURLs []string
	for i := range workerCount {
		// The directory is named after the shard, since the port may differ next time.
		shard := fmt.Sprintf("shard-%d", i)
		p := newProcess(opts, dir, runWorkerCommand, "worker", shard, ports[1+i])
		p.args = append(p.args, workerArgs(dir, p.name, dir.data(shard), ports[1+i])...)
		if i < len(opts.Programs) && opts.Programs[i].Language != "" {
			p.replace(&opts.Programs[i], opts.Root, workerEnv(dir, p.name, dir.data(shard), ports[1+i], opts.LogLevel))
		}
		if opts.SQLServer != "" {
			// In the environment, since other users of the machine can see arguments.
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
	if !c.manual {
		for _, m := range c.masters {
			m.args = append(m.args, "--lease", opts.Lease, "--lease-file", dir.leaseFile())
		}
	}
	if opts.SQLServer != "" {
		// A server may take that long to open as many connections as there are clients.
		for _, m := range c.masters {
			m.args = append(m.args, "--request-timeout", "1m")
		}
	}
	for _, m := range c.masters {
		m.args = append(m.args, opts.MasterFlags...)
		c.clients = append(c.clients, client.NewMaster(m.url))
	}
	return c
}

// newProcess returns a child of a kind, such as "worker", with the given name for its log.
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

// replace makes p a worker in another language, which is configured by its environment.
func (p *process) replace(w *polyglot.Worker, root string, env []string) {
	p.language, p.dir = w.Language, root
	p.exe, p.args = w.Command[0], w.Command[1:]
	p.env = append(p.env, env...)
}

// childEnv returns the environment without the variables that configure services and the
// console: the demo's children are configured by flags.
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

// processes returns all children, workers first.
func (c *Cluster) processes() []*process { return slices.Concat(c.workers, c.masters) }

// startWorkers starts the workers: in parallel, but one at a time on a SQL Server, where
// each creates a database when it starts, which a server may not do concurrently.
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

// Masters returns the masters' base URLs, the one started as primary first.
func (c *Cluster) Masters() []string {
	urls := make([]string, len(c.masters))
	for i, m := range c.masters {
		urls[i] = m.url
	}
	return urls
}

// Dir is the directory of token, logs and data.
func (c *Cluster) Dir() string { return c.dir.path }

// PIDs returns the process IDs of the running children, workers first.
func (c *Cluster) PIDs() []int {
	var pids []int
	for _, p := range c.processes() {
		if p.alive() {
			pids = append(pids, p.pid())
		}
	}
	return pids
}

// KillPrimary kills the current primary with SIGKILL and returns its base URL. It fails if
// no running master reports that it is the primary.
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
		return "", errors.New(c.alreadyKilled())
	}
	return "", errors.New(c.noPrimary())
}

// KillMaster sends SIGKILL to the master with that URL, and to no other.
func (c *Cluster) KillMaster(url string) error {
	for _, p := range c.masters {
		if p.url != url {
			continue
		}
		if !p.alive() {
			return errors.New("the master at " + url + " is not running any more")
		}
		return p.kill()
	}
	return errors.New("the demo has no master at " + url)
}

// MasterDown reports whether a master is not running. It does no I/O.
func (c *Cluster) MasterDown() bool {
	return slices.ContainsFunc(c.masters, func(p *process) bool { return !p.alive() })
}

// Restart restarts every child that is not running, on its old port and with its old
// data, and returns their base URLs. A master that has been replaced meanwhile comes back
// as a backup.
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

// Stop stops all children, masters first so that no write is cut off, and removes a
// temporary directory. It takes bounded time whatever the children do, and may be called
// more than once.
func (c *Cluster) Stop() error {
	c.stopOnce.Do(func() {
		for _, p := range c.processes() {
			p.retired.Store(true)
		}
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

// primary returns the client of the master that reports that it is the primary.
func (c *Cluster) primary(ctx context.Context) (*client.Master, error) {
	for _, m := range c.clients {
		if h, err := ask(ctx, m.Health); err == nil && h.Role == api.RolePrimary {
			return m, nil
		}
	}
	return nil, errors.New("no master is the primary; see the logs in " + c.dir.logs())
}
