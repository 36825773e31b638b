package screen

import (
	"testing"
	"time"

	"shardeck/tui/history"
)

// The first step back from a text of several statements leads to the one that ran last, wherever the
// tab was in the history before, and later steps lead back to the text.
func TestRecallBeginsWithTheLatestRun(t *testing.T) {
	q := NewQuery(QueryOptions{Statements: []string{"SELECT 1", "SELECT 2", "SELECT 3"}})
	const text = "SELECT 4; SELECT 5"
	press(q, noon, "ctrl+p", "ctrl+p") // the tab is at an earlier entry when its text is replaced
	press(q, noon, "alt+k")
	Paste(q, text)
	run := RunQueries{Pieces: []Piece{{SQL: "SELECT 4", Repeat: 1}, {SQL: "SELECT 5", At: 10, Repeat: 1}}}
	q.Update(QueriesStarted{At: noon, Run: run, Entries: []history.Entry{{ID: "a", SQL: "SELECT 4"}, {ID: "b", SQL: "SELECT 5"}}})
	q.Update(QueriesDone{At: noon})
	later := noon.Add(time.Minute)
	for _, want := range []string{"SELECT 5", "SELECT 4"} {
		press(q, later, "ctrl+p")
		if got := q.Text(); got != want {
			t.Fatalf("recalled %q, want %q", got, want)
		}
	}
	press(q, later, "ctrl+n", "ctrl+n")
	if got := q.Text(); got != text {
		t.Errorf("the text is %q after walking back, want %q", got, text)
	}
}
