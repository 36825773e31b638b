package testcluster

import (
	"os"
	"testing"

	"shardeck/shared/polyglot"
)

// requirePolyglot, if set in the environment, turns a test that would be skipped for lack of the
// workers in other languages into a failure. CI sets it.
const requirePolyglot = "SHARDECK_TEST_POLYGLOT"

// Language is a worker in a language other than Go.
type Language struct {
	Name    string   // as in /health, such as "python"
	Command []string // for [Options.WorkerCommands]
}

// Languages returns the workers in other languages. If they are not set up (see package
// polyglot) the test is skipped, or fails where they are required.
func Languages(tb testing.TB) []Language {
	tb.Helper()
	workers, err := polyglot.Ready(tb.Context(), Root(tb))
	switch {
	case err != nil && os.Getenv(requirePolyglot) != "":
		tb.Fatal(err)
	case err != nil:
		tb.Skip(err)
	}
	var all []Language
	for _, w := range workers {
		all = append(all, Language{Name: w.Language, Command: w.Command})
	}
	return all
}

// Mixed returns the commands of a cluster with one worker in each language, the first in Go.
func Mixed(tb testing.TB) [][]string {
	tb.Helper()
	commands := [][]string{nil}
	for _, l := range Languages(tb) {
		commands = append(commands, l.Command)
	}
	return commands
}
