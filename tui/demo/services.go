package demo

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/alecthomas/kong"

	master "shardeck/master/service"
	"shardeck/shared/api"
	"shardeck/shared/daemon"
	worker "shardeck/worker/service"
)

// The kinds of lease that a demo can have.
const (
	leaseManual     = "manual"
	leaseSQLiteFile = "sqlitefile"
)

// The hidden commands of the children.
const (
	runWorkerCommand = "run-worker"
	runMasterCommand = "run-master"
)

// RunWorker is the hidden command of a worker of the demo.
type RunWorker struct {
	childFlags
	Port      int    `required:"" help:"Port to listen on."`
	Name      string `required:"" help:"The worker's name."`
	DataDir   string `required:"" help:"Directory of the shard's data."`
	TokenFile string `required:"" help:"File with the cluster's token."`
	DSN       string `help:"Connection string of a SQL Server for the data." env:"WORKER_DSN"`
	DBSuffix  string `help:"Suffix of the physical databases' names." default:"GO"`
}

// Run serves until the parent says stop or is gone.
func (c *RunWorker) Run(ctx context.Context) error {
	var cfg worker.Config
	if err := kong.ApplyDefaults(&cfg); err != nil {
		return err
	}
	cfg.Port, cfg.Name, cfg.DataDir, cfg.TokenFile = c.Port, c.Name, c.DataDir, c.TokenFile
	cfg.DBSuffix = c.DBSuffix
	if c.DSN != "" {
		cfg.Engine, cfg.DSN = "sqlserver", c.DSN
	}
	logger := c.logger(os.Stderr)
	return c.underParent(ctx, os.Stdin, logger, func(ctx context.Context) error {
		return worker.Run(ctx, cfg, os.Stdout, logger)
	})
}

// RunMaster is the hidden command of a master of the demo.
type RunMaster struct {
	childFlags
	Port      int      `required:"" help:"Port to listen on."`
	Role      string   `required:"" enum:"primary,backup" help:"Initial role."`
	Workers   []string `required:"" help:"Base URLs of the workers."`
	Peers     []string `required:"" help:"Base URLs of the other masters."`
	TokenFile string   `required:"" help:"File with the cluster's token."`

	RequestTimeout time.Duration `default:"10s" help:"Bound on a write, and on each wait for a shard's rows."`

	master.LeaseConfig
}

// Run serves until the parent says stop or is gone.
func (c *RunMaster) Run(ctx context.Context) error {
	var cfg master.Config
	if err := kong.ApplyDefaults(&cfg); err != nil {
		return err
	}
	cfg.Port, cfg.Role, cfg.Workers, cfg.Peers, cfg.TokenFile = c.Port, c.Role, c.Workers, c.Peers, c.TokenFile
	cfg.RequestTimeout, cfg.LeaseConfig = c.RequestTimeout, c.LeaseConfig
	logger := c.logger(os.Stderr)
	return c.underParent(ctx, os.Stdin, logger, func(ctx context.Context) error {
		return master.Run(ctx, cfg, os.Stdout, logger)
	})
}

func (f *childFlags) logger(w io.Writer) *slog.Logger {
	return (&daemon.Flags{LogLevel: f.LogLevel}).Logger(w)
}

func workerArgs(dir *runDir, name, data string, port int) []string {
	return []string{
		"--port", strconv.Itoa(port), "--name", name,
		"--data-dir", data, "--token-file", dir.tokenFile(),
	}
}

// workerEnv is the configuration of a worker in another language.
func workerEnv(dir *runDir, name, data string, port int, logLevel string) []string {
	return []string{
		"WORKER_PORT=" + strconv.Itoa(port), "WORKER_NAME=" + name,
		"WORKER_DATA_DIR=" + data, "MASTER_TOKEN_FILE=" + dir.tokenFile(),
		"LOG_LEVEL=" + logLevel, "EXIT_WITH_PARENT=true",
	}
}

func masterArgs(dir *runDir, port int, role api.Role, workers []string, peer string) []string {
	args := []string{
		"--port", strconv.Itoa(port), "--role", string(role),
		"--peers", peer, "--token-file", dir.tokenFile(),
	}
	for _, w := range workers {
		args = append(args, "--workers", w)
	}
	return args
}
