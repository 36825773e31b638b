//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// quietQuestion is longer than a question ignores keys meant for what was shown before.
const quietQuestion = 900 * time.Millisecond

// agree runs what the question on the screen is about.
func agree(t *testing.T, p *onPTY) {
	t.Helper()
	<-time.After(quietQuestion)
	p.send(t, "\x1b[C")
	p.shows(t, "▸ ") // the button has the focus
	p.send(t, "\r")
}

// A presenter opens the console of a demo, whose first frame has its rows, runs a drill, exports its
// report, and freezes a process and lets it go on.
func TestDrillFlowOnDemo(t *testing.T) {
	p := startOnPTY(t, "", binary, "demo", "--free-ports", "--rows", "300", "--no-traffic", "--theme", "mono")
	p.shows(t, "SHARDECK")
	p.shows(t, "300 rows")
	if out := p.out.all(); strings.Contains(out, "CONNECTING") || strings.Contains(out, "no data yet") {
		t.Errorf("the first frame has no rows:\n%s", out)
	}
	p.send(t, "D")
	p.shows(t, "What it does")
	p.send(t, "\r")
	p.shows(t, "What should happen")
	agree(t, p)
	p.shows(t, "noticed after")
	p.shows(t, "✓ passed")
	p.send(t, "x")
	p.shows(t, "Export the report as Markdown")
	report := filepath.Join(t.TempDir(), "drill.md")
	p.send(t, "\x15")
	p.shows(t, "> ")
	p.send(t, report)
	p.shows(t, "001/drill.md") // Enter in one chunk with the text would be part of it
	p.send(t, "\r")
	p.shows(t, "saved as")
	b, err := os.ReadFile(report)
	if err != nil || !strings.Contains(string(b), "| Verdict | **PASSED** |") || !strings.Contains(string(b), "# Drill: Kill a worker") {
		t.Errorf("the report: %v\n%s", err, b)
	}
	p.send(t, "\t")
	p.shows(t, "z freeze")
	p.send(t, "z")
	p.shows(t, "nothing until you let it go on")
	agree(t, p)
	p.shows(t, "‖ frozen")
	p.send(t, "z")
	p.await(t, "the process goes on", func() bool { return !strings.Contains(p.screen.text(), "‖ frozen") })
	p.send(t, quit)
	if code := p.awaitEnd(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
