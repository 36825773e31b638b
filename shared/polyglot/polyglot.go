package polyglot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Worker is a worker's program.
type Worker struct {
	Language string // as in /health, such as "python"
	// Command is the program and its first arguments, all paths absolute. It takes the flags and
	// the environment variables that README.md documents for a worker.
	Command []string
}

// language is what there is to know about a language's worker; languages lists them all.
type language struct {
	name string
	// find looks for what the language requires on this machine.
	find func(ctx context.Context, root string) (toolchain, error)
}

// toolchain is a language's interpreter and installer, as found on this machine.
type toolchain interface {
	// command returns the worker's command, or an error that wraps errNotSetUp.
	command() ([]string, error)
	// checks returns the commands of the linters, the type checker and the tests, which run in the
	// worker's folder, or an error that wraps errNotSetUp.
	checks() (folder string, commands [][]string, err error)
	// setUp installs what is missing or out of date; with dev, also what the worker's own tests and
	// linters require.
	setUp(ctx context.Context, dev bool, say Say) error
}

// languages are the languages besides Go, in the order of their shards in the demo.
var languages = []language{
	{name: "python", find: findPython},
	{name: "node", find: findNode},
}

// Say receives progress, one line at a time.
type Say func(format string, args ...any)

var errNotSetUp = errors.New("the workers in other languages are not set up: run `make polyglot`")

// SetUp makes the workers of the checkout at root ready to be started and returns them; with dev,
// also their tests and linters. An error for a machine that lacks something is a [*MissingError].
func SetUp(ctx context.Context, root string, dev bool, say Say) ([]Worker, error) {
	missing := &MissingError{}
	missing.add(checkExtension())
	found := make([]toolchain, len(languages))
	for i, l := range languages {
		var err error
		found[i], err = l.find(ctx, root)
		missing.add(err)
	}
	if err := missing.orNil(); err != nil {
		return nil, err
	}
	if err := buildExtension(ctx, root, say); err != nil {
		return nil, err
	}
	for _, f := range found {
		if err := f.setUp(ctx, dev, say); err != nil {
			return nil, err
		}
	}
	return commands(found)
}

// Ready returns the workers of the checkout at root if they are set up.
func Ready(ctx context.Context, root string) ([]Worker, error) {
	if _, err := os.Stat(ExtensionPath(root)); err != nil {
		return nil, fmt.Errorf("%w (%w)", errNotSetUp, err)
	}
	found := make([]toolchain, len(languages))
	for i, l := range languages {
		var err error
		if found[i], err = l.find(ctx, root); err != nil {
			return nil, err
		}
	}
	return commands(found)
}

func commands(found []toolchain) ([]Worker, error) {
	workers := make([]Worker, len(found))
	for i, f := range found {
		command, err := f.command()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", languages[i].name, err)
		}
		workers[i] = Worker{Language: languages[i].name, Command: command}
	}
	return workers, nil
}

// Root returns the root of the checkout that contains the working directory.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module shardeck\n") {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("the workers in other languages are started from their sources: run this in a checkout of Shardeck")
		}
		dir = parent
	}
}

// longestStep bounds a step of the setup: packages may come over a slow network.
const longestStep = 10 * time.Minute

// run runs a program in dir. If it fails, the error has the end of its output.
func run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, longestStep)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // installers, with fixed arguments
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if cause := ctx.Err(); cause != nil {
		err = cause
	}
	return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, end(out))
}

// end returns the last lines of an installer's output.
func end(out []byte) string {
	const most = 15
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// output returns what a program printed, without the spaces around it.
func output(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).Output() //nolint:gosec // as above
	return strings.TrimSpace(string(out)), err
}

// step announces a step that takes long, runs it, and says how long it took.
func step(say Say, what string, f func() error) error {
	say("%s ...", what)
	began := time.Now()
	if err := f(); err != nil {
		return err
	}
	say("%s: done in %s", what, time.Since(began).Round(100*time.Millisecond))
	return nil
}

// executable returns the name of a program's file.
func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

// Print returns a Say that writes lines to w.
func Print(w io.Writer) Say {
	return func(format string, args ...any) { fmt.Fprintf(w, "  "+format+"\n", args...) }
}
