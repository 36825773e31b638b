package terminal

import (
	"strings"
	"testing"
)

// Whatever a text holds, nothing in it ends the sequence that carries it, or begins another.
func TestNoTextBreaksOutOfASignal(t *testing.T) {
	none := func(string) string { return "" }
	for _, text := range []string{"shard 2 is down", "a\x1b]0;evil\a b", "\x9c\x9d", "\u009c end", "a;b;c", "line\r\nbreak", "\xff\xfe", strings.Repeat("x", 10_000)} {
		for _, notify := range []string{"osc9", "osc777", "none"} {
			got := Signal{Title: text, Notify: notify, Text: text}.sequences(none)
			sequences := strings.Count(got, "\x1b]")
			want := 1
			if notify != "none" {
				want = 2
			}
			if sequences != want || strings.Count(got, "\a")+strings.Count(got, "\x1b\\") != want || strings.ContainsAny(got, "\r\n\u009c\u009d") || len(got) > 2000 {
				t.Errorf("%.30q with %s is %.200q", text, notify, got)
			}
		}
	}
	if got := (Signal{Bell: true}).sequences(none); got != "\a" {
		t.Errorf("a bell is %q", got)
	}
	tmux := func(name string) string { return map[string]string{"TMUX": "/tmp/tmux"}[name] }
	if got := (Signal{Notify: "osc9", Text: "x"}).sequences(tmux); !strings.HasPrefix(got, "\x1bPtmux;") {
		t.Errorf("in tmux it is %q", got)
	}
}
