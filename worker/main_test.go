package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHelpNamesEveryVariable(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"--help"}, strings.NewReader(""), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"WORKER_HOST", "WORKER_PORT", "WORKER_NAME", "WORKER_DB_SUFFIX", "WORKER_ENGINE",
		"WORKER_DATA_DIR", "WORKER_DSN", "WORKER_DSN_FILE", "WORKER_DB_CONNECTIONS", "WORKER_DB_CONNECT_TIMEOUT",
		"WORKER_DB_WRITE_TIMEOUT", "WORKER_DB_COLLATION", "sqlserver", "MASTER_TOKEN", "MASTER_TOKEN_FILE", "--exit-with-parent", "--port=8081"} {
		if !strings.Contains(out.String(), name) {
			t.Errorf("the help lacks %s", name)
		}
	}
}

func TestDoesNotStartWithoutAToken(t *testing.T) {
	t.Setenv("MASTER_TOKEN", "")
	t.Setenv("MASTER_TOKEN_FILE", "")
	err := run(t.Context(), []string{"--port=0", "--data-dir=" + t.TempDir()}, strings.NewReader(""), io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "MASTER_TOKEN") {
		t.Errorf("got %v", err)
	}
}

// With --exit-with-parent a worker whose parent is gone ends in order, by itself.
func TestEndsWithItsParent(t *testing.T) {
	// The flag wins over the variable.
	t.Setenv("MASTER_TOKEN", "no header can carry this")
	args := []string{"--port=0", "--data-dir=" + t.TempDir(), "--exit-with-parent"}
	if err := run(t.Context(), args, strings.NewReader(""), io.Discard, io.Discard); err == nil {
		t.Error("a token that no header can carry was taken")
	}
	var out bytes.Buffer
	if err := run(t.Context(), append(args, "--master-token=flag"), strings.NewReader(""), &out, io.Discard); err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(out.String(), "listening on http://127.0.0.1:") {
		t.Errorf("announced %q", out.String())
	}
}
