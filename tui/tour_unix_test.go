//go:build unix

package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestDefaultTourInTheConsole pages through the default tour as a clicker does, on a demo of its own.
func TestDefaultTourInTheConsole(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p := startOnPTY(t, "", binary, "demo", "--free-ports", "--tour", "--presenter", "--rows", "300")
	const next = "\x1b[6~" // PgDn
	last := []string{"✓ master 2 is backup", "✓ rows = 1", "✓ rows = 20", "✓ shards missing = 0", "✓ security check passed",
		`✓ alarm "shard 1"`, "✓ shards missing = 0", "✓ shards missing = 0", "✓ master 2 is primary"}
	for i, check := range last {
		p.shows(t, fmt.Sprintf(" %d/%d ", i+1, len(last)))
		p.await(t, fmt.Sprintf("step %d: every check met", i+1), func() bool {
			_, bar, _ := strings.Cut(p.screen.text(), fmt.Sprintf(" %d/%d ", i+1, len(last)))
			return strings.Contains(bar, check) && !strings.Contains(bar, "… ") && !strings.Contains(bar, "▸ ")
		})
		if strings.Contains(p.screen.text(), "(it is ") {
			t.Fatalf("step %d: a check failed", i+1)
		}
		p.send(t, next)
	}
	p.shows(t, "the end")
	p.send(t, quit)
	if code := p.awaitEnd(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
