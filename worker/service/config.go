package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/daemon"
	"shardeck/shared/httpserve"
	"shardeck/worker/engine"
	"shardeck/worker/engine/sqlite"
	"shardeck/worker/engine/sqlserver"
)

// Config is a worker's configuration, with kong's struct tags.
type Config struct {
	Host      string        `help:"Address to listen on." default:"127.0.0.1" env:"WORKER_HOST"`
	Port      int           `help:"Port to listen on; 0 picks a free one." default:"8081" env:"WORKER_PORT"`
	Name      string        `help:"Name of this worker. By default worker- and its port." env:"WORKER_NAME"`
	DBSuffix  string        `help:"Suffix of physical database names: GO, PY, NODE ..." name:"db-suffix" default:"GO" env:"WORKER_DB_SUFFIX"`
	Engine    string        `help:"The database engine: sqlite (embedded) or sqlserver (Microsoft SQL Server)." enum:"sqlite,sqlserver" default:"sqlite" env:"WORKER_ENGINE"`
	DataDir   string        `help:"Directory of the embedded database's files; not used by sqlserver. By default ./data/ and the worker's name." type:"path" env:"WORKER_DATA_DIR"`
	DSN       string        `help:"Connection string of the database server, such as sqlserver://user:password@host:1433?encrypt=true; not used by sqlite. A flag can be seen by other users: prefer the variable or a file." name:"dsn" env:"WORKER_DSN"`
	DSNFile   string        `help:"File with the connection string." name:"dsn-file" type:"path" env:"WORKER_DSN_FILE"`
	Token     string        `help:"The cluster's token, which the master must present. A flag can be seen by other users: prefer the variable or a file." name:"master-token" env:"MASTER_TOKEN"`
	TokenFile string        `help:"File with the cluster's token." name:"master-token-file" type:"path" env:"MASTER_TOKEN_FILE"`
	Grace     time.Duration `help:"How long requests in flight may take to finish when the worker stops." name:"shutdown-grace" default:"5s" env:"WORKER_SHUTDOWN_GRACE"`

	Database DatabaseConfig `embed:""`

	daemon.Flags `embed:""`
}

// DatabaseConfig is the part of a worker's configuration that only applies to a database server,
// except for the server's address.
type DatabaseConfig struct {
	Connections    int           `help:"Maximum number of connections to each database." name:"db-connections" default:"64" env:"WORKER_DB_CONNECTIONS"`
	ConnectTimeout time.Duration `help:"Timeout for connecting to the database server." name:"db-connect-timeout" default:"15s" env:"WORKER_DB_CONNECT_TIMEOUT"`
	WriteTimeout   time.Duration `help:"How long a write may take at the database server once it has begun; the outcome of one that takes longer is unknown." name:"db-write-timeout" default:"60s" env:"WORKER_DB_WRITE_TIMEOUT"`
	Collation      string        `help:"Collation of new databases, instead of the worker's default." name:"db-collation" env:"WORKER_DB_COLLATION"`
}

// Run serves until ctx ends. It announces the listener on stdout once it accepts requests, and
// returns nil after an orderly shutdown. It refuses to start without a token.
func Run(ctx context.Context, cfg Config, stdout io.Writer, logger *slog.Logger) (err error) {
	secret, err := cfg.check()
	if err != nil {
		return &daemon.UsageError{Err: err}
	}
	s := &server{cfg: cfg, logger: logger, token: httpserve.NewToken(secret), secret: secret}
	srv, err := httpserve.Listen(ctx, httpserve.Config{
		Handler: s.routes(), Logger: logger, Host: cfg.Host, Port: cfg.Port, PortSetting: "--port or WORKER_PORT",
		ShutdownGrace: cfg.Grace,
		Protected:     true, // every endpoint but /health requires the token
	})
	if err != nil {
		return err
	}
	// The engine is opened after the port, so that if two workers are started by mistake the
	// second touches nothing; requests wait until it is open.
	if err := s.open(ctx, portOf(srv.URL())); err != nil {
		return errors.Join(err, srv.Close())
	}
	if st, err := s.engine.State(ctx); err == nil {
		s.shard.Store(&st.Shard)
		s.holder.Store(&holder{st.Term, st.Leader})
	}
	defer func() {
		// After the last request; waits for a transaction in progress.
		if e := s.engine.Close(); e != nil {
			err = errors.Join(err, fmt.Errorf("closing the engine: %w", e))
		}
	}()
	logger.Info("worker is up", "name", s.cfg.Name, "url", srv.URL(), "engine", s.engine.Name(),
		"engine_version", s.engine.Version(), "data_dir", s.cfg.DataDir)
	return srv.Run(ctx, stdout)
}

// check reads the token and rejects an invalid configuration before anything starts.
func (cfg *Config) check() (token string, err error) {
	token, err = httpserve.LoadSecret("MASTER_TOKEN", cfg.Token, cfg.TokenFile)
	if err != nil {
		return "", err
	}
	if token == "" {
		return "", httpserve.MissingToken()
	}
	if err := cfg.checkDatabase(); err != nil {
		return "", err
	}
	if err := daemon.CheckPort("--port or WORKER_PORT", cfg.Port); err != nil {
		return "", err
	}
	if p := api.CheckIdentifier("WORKER_DB_SUFFIX", cfg.DBSuffix); p != nil {
		return "", p
	}
	return token, nil
}

// The engines.
const (
	engineSQLite    = "sqlite"
	engineSQLServer = "sqlserver"
)

// checkDatabase reads the connection string from its file, and rejects settings that conflict
// with the engine or with each other. Its errors contain nothing of the connection string.
func (cfg *Config) checkDatabase() error {
	if cfg.Engine != engineSQLServer {
		if cfg.DSN != "" || cfg.DSNFile != "" {
			return fmt.Errorf("WORKER_DSN or WORKER_DSN_FILE is set, but the engine %s does not use one: "+
				"unset it, or choose the engine with WORKER_ENGINE=%s", cfg.Engine, engineSQLServer)
		}
		return nil
	}
	switch {
	case cfg.DSN != "" && cfg.DSNFile != "":
		return errors.New("both WORKER_DSN and WORKER_DSN_FILE are set: set only one")
	case cfg.DSNFile != "":
		b, err := os.ReadFile(cfg.DSNFile)
		if err != nil {
			return fmt.Errorf("WORKER_DSN_FILE: %w", err)
		}
		if cfg.DSN = strings.TrimSpace(string(b)); cfg.DSN == "" {
			return errors.New("WORKER_DSN_FILE: the file is empty")
		}
	case cfg.DSN == "":
		return fmt.Errorf("the engine %s requires a connection string: set WORKER_DSN or WORKER_DSN_FILE "+
			"to sqlserver://user:password@host:1433?encrypt=true (see docs/sql-server.md)", cfg.Engine)
	}
	if err := sqlserver.CheckDSN(cfg.DSN); err != nil {
		return fmt.Errorf("WORKER_DSN: %w", err)
	}
	d := &cfg.Database
	switch {
	case d.Connections < minConnections:
		return fmt.Errorf("WORKER_DB_CONNECTIONS must be at least %d: reads and writes each need one", minConnections)
	case d.ConnectTimeout <= 0:
		return errors.New("WORKER_DB_CONNECT_TIMEOUT must be greater than zero, such as 15s")
	case d.WriteTimeout <= 0:
		return errors.New("WORKER_DB_WRITE_TIMEOUT must be greater than zero, such as 60s")
	}
	return nil
}

// minConnections is the minimum number of connections to a database.
const minConnections = 2

// open applies the defaults that depend on the port and opens the engine.
func (s *server) open(ctx context.Context, port string) error {
	if s.cfg.Name == "" {
		s.cfg.Name = "worker-" + port
	}
	if len(s.cfg.Name) > api.MaxIdentifier || strings.ContainsFunc(s.cfg.Name, notInName) {
		return fmt.Errorf("WORKER_NAME must be at most %d letters, digits, dots, hyphens and underscores", api.MaxIdentifier)
	}
	var err error
	if s.cfg.Engine == engineSQLServer {
		s.cfg.DataDir = "" // all data is on the server
		s.engine, err = openSQLServer(ctx, s.cfg, s.logger)
		return err
	}
	if s.cfg.DataDir == "" {
		s.cfg.DataDir = filepath.Join("data", s.cfg.Name)
	}
	if err := os.MkdirAll(s.cfg.DataDir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	s.engine, err = openSQLite(ctx, s.cfg, s.logger)
	return err
}

func openSQLServer(ctx context.Context, cfg Config, logger *slog.Logger) (engine.Engine, error) {
	d := &cfg.Database
	e, err := sqlserver.Open(ctx, sqlserver.Config{
		DSN: cfg.DSN, Suffix: cfg.DBSuffix, Logger: logger, Collation: d.Collation,
		Connections: d.Connections, ConnectTimeout: d.ConnectTimeout, WriteTimeout: d.WriteTimeout,
	})
	if err != nil {
		err = fmt.Errorf("opening the databases on the server of WORKER_DSN: %w", err)
		if p, ok := errors.AsType[*api.Problem](err); ok && p.Hint != "" {
			err = fmt.Errorf("%w: %s", err, p.Hint)
		}
		return nil, err
	}
	return e, nil
}

func openSQLite(ctx context.Context, cfg Config, logger *slog.Logger) (engine.Engine, error) {
	e, err := sqlite.Open(ctx, sqlite.Config{Dir: cfg.DataDir, Suffix: cfg.DBSuffix, Logger: logger})
	if err != nil {
		return nil, fmt.Errorf("opening the databases in %s: %w", cfg.DataDir, err)
	}
	return e, nil
}

func notInName(r rune) bool {
	return ('a' > r || r > 'z') && ('A' > r || r > 'Z') && ('0' > r || r > '9') && !strings.ContainsRune("-_.", r)
}

func portOf(url string) string {
	port := url[strings.LastIndexByte(url, ':')+1:]
	if _, err := strconv.Atoi(port); err != nil {
		return "0"
	}
	return port
}
