package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/tui/demo"
)

// exitsWith runs the program and returns its exit code and what it wrote to standard error.
func exitsWith(t *testing.T, stdin string, stdout *os.File, args ...string) (int, string) {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.Command(binary, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}

// smallCluster starts a cluster with ten students and returns its masters.
func smallCluster(t *testing.T) string {
	t.Helper()
	c, err := demo.Start(t.Context(), demo.Options{Executable: binary, FreePorts: true, Lease: "manual", Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.Load(t.Context(), 10, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(c.Masters(), ",")
}

// TestLostOutputIsAnError writes to a disk that is always full.
func TestLostOutputIsAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	master := smallCluster(t)
	for _, args := range [][]string{
		{"--version"}, {"--help"}, {"status", "--help"},
		{"status", "-m", master}, {"status", "-m", master, "--json"},
		{"queries", "list", "-m", master, "--json"},
		{"query", "-m", master, "SELECT name FROM Students"}, {"query", "-m", master, "--csv", "SELECT name FROM Students"}, {"query", "-m", master, "--json", "SELECT name FROM Students"},
		{"query", "-m", master, "--explain", "SELECT name FROM Students"},
		{"count", "-m", master, "SchoolDB", "Students"}, {"count", "-m", master, "SchoolDB", "Students", "--json"},
		{"security-check", "-m", master}, {"failover", "-m", master, "--yes"},
		{"demo", "--headless", "--free-ports", "--rows", "10"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			code, stderr := exitsWith(t, "", full, args...)
			if code != 5 || !strings.Contains(stderr, "no space left on device") {
				t.Errorf("exit code %d, want 5\n%s", code, stderr)
			}
		})
	}
}

func TestOtherEncodingsAreRefused(t *testing.T) {
	const latin1, utf16 = "SELECT 'caf\xe9'", "\xff\xfeS\x00E\x00L\x00"
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"file":                {"", []string{"query", "-m", nobody, "-f", file("utf16.sql", utf16)}, "UTF-16LE"},
		"file in an 8-bit":    {"", []string{"query", "-m", nobody, "-f", file("latin1.sql", latin1)}, "byte 0xE9 at line 1, column 12"},
		"standard input":      {utf16, []string{"query", "-m", nobody, "-"}, "standard input"},
		"argument":            {"", []string{"query", "-m", nobody, latin1}, "argument 4"},
		"value of a flag":     {"", []string{"query", "-m", nobody, "--param", "a=\xe9", "SELECT @a"}, "argument 5"},
		"name of a table":     {"", []string{"count", "-m", nobody, "SchoolDB", "caf\xe9"}, "argument 5"},
		"name of the console": {"", []string{"--table", "caf\xe9"}, "argument 2"},
	} {
		code, stderr := exitsWith(t, c.stdin, nil, c.args...)
		if code != 2 || !strings.Contains(stderr, c.want) || !strings.Contains(stderr, "UTF-8") {
			t.Errorf("%s: exit code %d, want 2\n%s", name, code, stderr)
		}
	}
	if code, stderr := exitsWith(t, "", nil, "query", "-m", nobody, "-f", file("bom.sql", "\xef\xbb\xbfSELECT 1")); code != 3 {
		t.Errorf("a byte order mark of UTF-8: exit code %d, want 3, as no master can be reached\n%s", code, stderr)
	}
}
