// Command master is Shardeck's API gateway: it validates requests, routes them to
// the shards' workers and gathers the answers. Run it with --help for its
// configuration.
package main

import (
	"context"
	"io"
	"os"

	"shardeck/master/service"
	"shardeck/shared/daemon"
)

func main() {
	os.Exit(daemon.Main("master", os.Stderr, func() error {
		return run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	}))
}

// run is the whole program, without the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var cfg service.Config
	done, err := daemon.Parse(&cfg, "master", "Shardeck's master: the gateway to a sharded SQL database.", args, stdout, stderr)
	if done || err != nil {
		return err
	}
	logger := cfg.Logger(stderr)
	ctx, stop := cfg.Lifetime(ctx, stdin, logger)
	defer stop()
	return service.Run(ctx, cfg, stdout, logger)
}
