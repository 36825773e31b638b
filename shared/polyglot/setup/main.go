// Command setup sets up the workers in other languages, for `make polyglot`. With -extension it
// only builds the SQLite extension, with -o into a file; with -dev it also installs what the
// workers' own linters and tests require, and with -check it runs those. If they are not set up,
// -check only says so, unless SHARDECK_TEST_POLYGLOT is set.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"shardeck/shared/polyglot"
)

func main() {
	var o options
	flag.BoolVar(&o.extension, "extension", false, "only build the SQLite extension")
	flag.StringVar(&o.output, "o", "", "with -extension: the file to build it into, for GOOS and GOARCH")
	flag.BoolVar(&o.dev, "dev", false, "also install what the workers' own linters and tests require")
	flag.BoolVar(&o.check, "check", false, "only run the linters and tests of the workers")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := setUp(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

type options struct {
	extension, dev, check bool
	output                string
}

func setUp(ctx context.Context, o options) error {
	root, err := polyglot.Root()
	if err != nil {
		return err
	}
	say := polyglot.Print(os.Stdout)
	switch {
	case o.check:
		err := polyglot.Check(ctx, root, say)
		if polyglot.NotSetUp(err) && os.Getenv("SHARDECK_TEST_POLYGLOT") == "" {
			say("note: %v", err)
			return nil
		}
		return err
	case o.extension && o.output != "":
		return polyglot.BuildExtension(ctx, root, o.output)
	case o.extension:
		return polyglot.SetUpExtension(ctx, root, say)
	}
	workers, err := polyglot.SetUp(ctx, root, o.dev, say)
	if err != nil {
		return err
	}
	for _, w := range workers {
		program := w.Command[len(w.Command)-1]
		if rel, err := filepath.Rel(root, program); err == nil {
			program = rel
		}
		fmt.Printf("  the %s worker is ready: %s\n", w.Language, program)
	}
	return nil
}
