// Package daemon is the common main program of Shardeck's services: parse the command line, log,
// and stop on a signal or with the parent process.
//
// It has no configuration of its own beyond [Flags], and no state.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Version is the Shardeck version reported by all services.
const Version = "0.1.0"

// Flags are the command-line flags common to all services. Embed them in a service's kong struct.
type Flags struct {
	LogFormat      string `help:"Format of the log on standard error: text or json." enum:"text,json" default:"text" env:"LOG_FORMAT"`
	LogLevel       string `help:"Minimum log level: debug (with every request), info, warn or error." enum:"debug,info,warn,error" default:"info" env:"LOG_LEVEL"`
	ExitWithParent bool   `help:"Shut down when standard input is closed, and so with the process that holds its other end." env:"EXIT_WITH_PARENT"`

	ShowVersion kong.VersionFlag `name:"version" help:"Print the version and exit."`
}

// Logger returns the logger configured by the flags.
func (f *Flags) Logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.LogLevel)); err != nil {
		level = slog.LevelInfo // kong has validated the value; a zero Flags logs at info
	}
	opts := &slog.HandlerOptions{Level: level}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// UsageError reports an invalid command line or environment.
type UsageError struct{ Err error }

// Error returns the message of Err.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef returns a [UsageError].
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Errorf(format, args...)}
}

// CheckPort refuses an invalid port number. flag names its source.
func CheckPort(flag string, port int) error {
	if port < 0 || port > 65535 {
		return Usagef("%s is %d; a port is a number from 1 to 65535, or 0 for a free one", flag, port)
	}
	return nil
}

// Parse fills cfg, a kong struct, from args and the environment: flags override the environment,
// which overrides the defaults. --help prints all three to stdout, --version the version; done is
// then true and there is nothing left to do. Errors are a [UsageError]. The help calls the program
// by the name that it was started by, or else by the one given.
func Parse(cfg any, name, description string, args []string, stdout, stderr io.Writer) (done bool, err error) {
	name = ProgramName(name)
	k, err := kong.New(cfg, kong.Name(name), FlagTypes(), kong.Description(description),
		kong.Writers(stdout, stderr), kong.Exit(func(int) { done = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Vars{"version": name + " " + Version})
	if err != nil {
		return false, err
	}
	_, err = k.Parse(args)
	if done {
		return true, nil
	}
	if err != nil {
		return false, &UsageError{nameVariables(k, err)}
	}
	return false, nil
}

// nameVariables adds the name of a flag's environment variable to an error about that flag, since
// the parser does not always say that the value came from the environment.
func nameVariables(k *kong.Kong, err error) error {
	for _, f := range k.Model.Flags {
		_, after, found := strings.Cut(err.Error(), "--"+f.Name)
		if !found || len(f.Envs) == 0 || after != "" && (after[0] == '-' || 'a' <= after[0] && after[0] <= 'z') {
			continue // not this flag, but maybe one with a longer name
		}
		if strings.Contains(err.Error(), f.Envs[0]) {
			return err // the parser named it
		}
		return fmt.Errorf("%w (--%s or %s)", err, f.Name, strings.Join(f.Envs, " or "))
	}
	return err
}

// Lifetime returns a context that is cancelled by an interrupt, a termination signal or, if
// requested, the end of stdin. A second signal kills the process as usual. The caller calls stop
// when done.
func (f *Flags) Lifetime(ctx context.Context, stdin io.Reader, logger *slog.Logger) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ctx, unnotify := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, unnotify)
	if f.ExitWithParent {
		// The goroutine ends with stdin, at the latest with the process.
		go func() {
			_, _ = io.Copy(io.Discard, stdin) // an error counts as the end
			logger.Info("standard input was closed: stopping")
			cancel()
		}()
	}
	return ctx, func() { unnotify(); cancel() }
}

// Main tunes the process for a service, runs its run function and returns the process's exit
// status: 0 for an orderly shutdown, 1 for an error and 2 for a [UsageError], which it prints.
func Main(name string, stderr io.Writer, run func() error) int {
	TuneGC()
	name = ProgramName(name)
	if err := run(); err != nil {
		if _, ok := errors.AsType[*UsageError](err); ok {
			fmt.Fprintf(stderr, "%s: %v; see --help\n", name, err)
			return 2
		}
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}
