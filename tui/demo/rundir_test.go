package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/tui/cli"
)

func TestDataDirMustBeDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := newRunDir(file)
	if cli.ExitCode(err) != cli.ExitUsage || !strings.Contains(err.Error(), "--data-dir") {
		t.Errorf("got %v, want a usage error", err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "kept" {
		t.Errorf("the file is now %q, %v", b, err)
	}
}
