// Command worker owns one shard's databases and runs the SQL that a master sends it.
package main

import (
	"context"
	"io"
	"os"

	"shardeck/shared/daemon"
	"shardeck/worker/service"
)

const description = "A Shardeck worker: owns one shard's databases and runs the SQL that a master sends it. " +
	"Flags win over environment variables, and those over the defaults."

func main() {
	os.Exit(daemon.Main("worker", os.Stderr, func() error {
		return run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	}))
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var cfg service.Config
	done, err := daemon.Parse(&cfg, "worker", description, args, stdout, stderr)
	if done || err != nil {
		return err
	}
	logger := cfg.Logger(stderr)
	ctx, stop := cfg.Lifetime(ctx, stdin, logger)
	defer stop()
	return service.Run(ctx, cfg, stdout, logger)
}
