package widget

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muesli/termenv"

	"shardeck/tui/theme"
)

// TestTmuxCountsTheSameCells shows lines of 24 cells in tmux, which counts cells for itself, and
// asks where its cursor is then.
func TestTmuxCountsTheSameCells(t *testing.T) {
	tmux, err := exec.LookPath("tmux")
	if err != nil || testing.Short() {
		t.Skip("requires tmux")
	}
	th, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := func(args ...string) string {
		cmd := exec.Command(tmux, append([]string{"-S", filepath.Join(dir, "s"), "-u", "-f", os.DevNull}, args...)...)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TMUX=")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v: %s", cmd, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run("new-session", "-d", "-x", "40", "-y", "50", "-s", "s", "exec sleep 600")
	defer run("kill-server")
	for _, c := range widths {
		canvas := NewCanvas(24, 1)
		canvas.Area().Text(0, 0, theme.Text, Data(c.text))
		canvas.Area().Text(23, 0, theme.Text, "│")
		file := filepath.Join(dir, "line")
		if err := os.WriteFile(file, []byte(canvas.Render(th)), 0o600); err != nil {
			t.Fatal(err)
		}
		run("respawn-pane", "-k", "-t", "s", "cat '"+file+"'; exec sleep 600")
		at := ""
		for end := time.Now().Add(10 * time.Second); at != "24,0" && time.Now().Before(end); {
			at = run("display-message", "-p", "-t", "s", "#{cursor_x},#{cursor_y}")
		}
		if at != "24,0" {
			t.Fatalf("%s: after 24 cells tmux's cursor is at %s: %+q", c.name, at, canvas.Render(th))
		}
	}
}
