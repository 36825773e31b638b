// Package daemon is what each of Shardeck's service processes does around its
// service: parse the command line, log, and stop on a signal or with its parent.
//
// It holds no configuration of its own beyond [Flags], and no state.
package daemon

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Version is the version of Shardeck that all its services report.
const Version = "0.1.0"

// Flags are the command-line flags that all services share. Embed them in a
// service's kong struct.
type Flags struct {
	LogFormat      string `help:"Form of the log on standard error: text or json." enum:"text,json" default:"text" env:"LOG_FORMAT"`
	LogLevel       string `help:"Least level that is logged: debug (with every request), info, warn or error." enum:"debug,info,warn,error" default:"info" env:"LOG_LEVEL"`
	ExitWithParent bool   `help:"Stop in order when standard input ends, and so with the process that holds its other end." env:"EXIT_WITH_PARENT"`
}

// Logger returns the logger that the flags ask for.
func (f *Flags) Logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.LogLevel)); err != nil {
		level = slog.LevelInfo // kong has let no other word through; a zero Flags logs at info
	}
	opts := &slog.HandlerOptions{Level: level}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// Parse fills cfg, a kong struct, from args and the environment: flags win over
// the environment and that over the defaults. --help prints all three to stdout;
// done is then true and there is nothing left to do.
func Parse(cfg any, name, description string, args []string, stdout, stderr io.Writer) (done bool, err error) {
	k, err := kong.New(cfg, kong.Name(name), kong.Description(description),
		kong.Writers(stdout, stderr), kong.Exit(func(int) { done = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		return false, err
	}
	_, err = k.Parse(args)
	if done {
		return true, nil
	}
	return false, err
}

// Lifetime returns a context that ends with an interrupt, a termination signal
// or, if asked, with stdin. A second signal kills the process as usual. The caller
// calls stop when all is done.
func (f *Flags) Lifetime(ctx context.Context, stdin io.Reader, logger *slog.Logger) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ctx, unnotify := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, unnotify)
	if f.ExitWithParent {
		// The goroutine ends with stdin, at the latest with the process.
		go func() {
			_, _ = io.Copy(io.Discard, stdin) // an error ends it as the end does
			logger.Info("standard input has ended: stopping")
			cancel()
		}()
	}
	return ctx, func() { unnotify(); cancel() }
}

// Main tunes the process for a service, runs its run function and returns the process's exit status: 0 for
// an orderly end, 1 for an error, which it prints.
func Main(name string, stderr io.Writer, run func() error) int {
	TuneGC()
	if err := run(); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}
