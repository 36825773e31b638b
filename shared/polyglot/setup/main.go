// Command setup sets up the workers in other languages, for `make polyglot`. With -extension it
// only builds the SQLite extension.
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
	extension := flag.Bool("extension", false, "only build the SQLite extension")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := setUp(ctx, *extension); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func setUp(ctx context.Context, extension bool) error {
	root, err := polyglot.Root()
	if err != nil {
		return err
	}
	say := polyglot.Print(os.Stdout)
	if extension {
		return polyglot.SetUpExtension(ctx, root, say)
	}
	workers, err := polyglot.SetUp(ctx, root, say)
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
