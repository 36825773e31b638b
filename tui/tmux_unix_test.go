//go:build unix

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestConsoleInTmux types, pastes and quits in a real tmux.
func TestConsoleInTmux(t *testing.T) {
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip(err)
	}
	socket := filepath.Join(t.TempDir(), "s")
	tmux := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("tmux", append([]string{"-S", socket, "-f", "/dev/null"}, args...)...)
		cmd.Env = append(noAnswers(), "LANG=C.UTF-8")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	wait := func(text string, shown bool) {
		t.Helper()
		deadline := time.Now().Add(20 * time.Second)
		for strings.Contains(tmux("capture-pane", "-p"), text) != shown { // tmux reports no change of a screen
			if time.Now().After(deadline) {
				t.Fatalf("that %q is shown is not %t:\n%s", text, shown, tmux("capture-pane", "-p"))
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	shows := func(text string) { t.Helper(); wait(text, true) }
	tmux("new-session", "-d", "-x", "100", "-y", "30", "sh")
	defer tmux("kill-server")
	tmux("send-keys", "-l", "'"+binary+"' -m "+nobody+"; echo en''ded\n")
	shows("CONNECTING")
	tmux("send-keys", "?")
	shows(help)
	tmux("send-keys", "Escape")
	wait(help, false) // Esc and a letter at once are Alt and the letter
	tmux("send-keys", "e")
	shows("Write T-SQL above")
	tmux("send-keys", "-l", "f5")
	shows("1 f5")
	tmux("set-buffer", "\nsecond line\nthird line")
	tmux("paste-buffer", "-p")
	shows("3 third line")
	tmux("send-keys", "C-c", "C-c")
	shows("ended")
}
