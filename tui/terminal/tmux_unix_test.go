//go:build unix

package terminal

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestCopyInTmux(t *testing.T) {
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip(err)
	}
	socket := filepath.Join(t.TempDir(), "s")
	tmux := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("tmux", append([]string{"-S", socket, "-f", "/dev/null"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	tmux("new-session", "-d", "-x", "80", "-y", "24", "cat")
	defer tmux("kill-server")
	tmux("set-option", "-g", "set-clipboard", "off")
	t.Setenv("TMUX", socket+",0,0")
	var out strings.Builder
	s := &session{painter: NewPainter(&out, 80, 24, nil), getenv: func(name string) string { return map[string]string{"TMUX": "set", "TERM": "tmux-256color"}[name] }}
	text := "a\tb\n'日本語'"
	if got := s.copy(text); got.Err != nil || !strings.Contains(got.How, "tmux") {
		t.Fatalf("got %+v", got)
	}
	if got := tmux("show-buffer"); got != text {
		t.Errorf("tmux has %q", got)
	}
	if out.Len() > 0 {
		t.Errorf("it also wrote %q", out.String())
	}
}

func TestCopyWithoutTmux(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"a terminal":          {map[string]string{"TERM": "xterm"}, ansi.SetSystemClipboard("text")},
		"GNU screen":          {map[string]string{"TERM": "screen", "STY": "1.pts"}, "\x1bP" + ansi.SetSystemClipboard("text") + "\x1b\\"},
		"tmux that is not up": {map[string]string{"TERM": "screen-256color", "TMUX": "set"}, ansi.SetSystemClipboard("text")},
	} {
		t.Setenv("TMUX", filepath.Join(t.TempDir(), "none")+",0,0")
		var out strings.Builder
		s := &session{painter: NewPainter(&out, 80, 24, nil), getenv: func(name string) string { return c.env[name] }}
		if got := s.copy("text"); got.Err != nil || out.String() != c.want {
			t.Errorf("%s: %+v, wrote %q, want %q", name, got, out.String(), c.want)
		}
	}
}
