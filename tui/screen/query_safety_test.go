package screen

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/grid"
	"shardeck/tui/statement"
)

// A key that is held down repeats after up to 660 ms, and must not answer what it has asked for.
func TestHeldKeyDoesNotAnswerItsQuestion(t *testing.T) {
	c := NewQuestion(noon, "Run this?", "DELETE FROM t", "run", QuitNow{})
	at := noon
	for _, pause := range []time.Duration{560, 30, 30, 660, 30, 30, 33} {
		at = at.Add(pause * time.Millisecond)
		if in := press(c, at, "f5"); in != nil {
			t.Fatalf("it was answered after %v", at.Sub(noon))
		}
	}
	if in := press(c, at.Add(time.Second), "f5"); in == nil {
		t.Error("a new press does not answer it")
	}
}

func TestQuestionHidesNothing(t *testing.T) {
	var checks []WriteCheck
	for i := range 12 {
		checks = append(checks, WriteCheck{Piece: Piece{SQL: fmt.Sprintf("DELETE FROM t\nWHERE a IN (%s%d) AND v = N'\x1b[31m'", strings.Repeat("1, ", 300), i), Kind: statement.Write}, Rows: 3})
	}
	checks = append(checks, WriteCheck{Piece: Piece{SQL: "DROP TABLE Students", Kind: statement.Definition}, Rows: 10047})
	text := Question(checks, "School")
	for _, want := range []string{"11) AND v = N'␛[31m'", "13 of 13: DROP TABLE Students", "with its 10,047 rows, in School; this cannot be undone"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the question", want)
		}
	}
}

// What is open over one result belongs to that one, whichever is shown.
func TestRowViewBelongsToItsResult(t *testing.T) {
	q := NewQuery(QueryOptions{Statements: []string{"SELECT 1"}})
	pieces := []Piece{{SQL: "SELECT a FROM T", Kind: statement.Read}, {SQL: "SELECT b FROM U", Kind: statement.Read}}
	q.Update(QueriesStarted{At: noon, Run: RunQueries{Pieces: pieces}})
	result := func(sql, column, value string) *Result {
		return NewResult(sql).Head([]api.Column{{Name: column, Type: "INT"}}, lines{[]byte(value)})
	}
	q.Update(QueryEnded{At: noon, Piece: 0, Result: result("SELECT a FROM T", "a", "[1]")})
	press(q, noon, "tab", "o")
	if q.pane() == nil {
		t.Fatal("the row is not shown")
	}
	q.Update(QueryEnded{At: noon, Piece: 1, Result: result("SELECT b FROM U", "b", "[2]")})
	if q.pane() != nil {
		t.Error("the row of the first result is shown over the second")
	}
	first := q.tab().results[0]
	in := q.onLower(first, grid.CopyAs{})
	if m, ok := in.(PickCopy); !ok || m.Menu.table != "T" {
		t.Errorf("it acts on %v", in)
	}
}

func TestResultsAreBounded(t *testing.T) {
	q := NewQuery(QueryOptions{Statements: []string{"SELECT 1"}})
	run := RunQueries{Pieces: []Piece{{SQL: "SELECT 1", Repeat: 1000}}}
	for i := range 50 {
		run.Pieces = append(run.Pieces, Piece{SQL: fmt.Sprint("SELECT ", i)})
	}
	q.Update(QueriesStarted{At: noon, Run: run})
	for range 100 { // GO 100
		r := NewResult("SELECT 1").Head([]api.Column{{Name: "a"}}, lines{[]byte("[1]")})
		q.Update(QueryHead{Piece: 0, Result: r})
		q.Update(QueryEnded{At: noon, Piece: 0, Result: r})
	}
	if n := len(q.tab().results); n != 1 {
		t.Errorf("a statement that is repeated has %d results", n)
	}
	for i := range 50 {
		q.Update(QueryEnded{At: noon, Piece: i + 1, Result: NewResult("x")})
	}
	if n := len(q.tab().results); n != maxResults {
		t.Errorf("%d results are kept", n)
	}
}

func TestOutcomeGoesToTheTabThatAsked(t *testing.T) {
	q := NewQuery(QueryOptions{Statements: []string{"DELETE FROM t"}})
	run := press(q, noon, "f5").(RunQueries)
	q.Update(WritesChecked{Begun: true, Run: run})
	if _, handled := q.Stop(noon); !handled {
		t.Error("what is being found out cannot be cancelled")
	}
	press(q, noon, "alt+t")
	q.Update(QueriesStarted{At: noon, Run: run})
	q.Update(QueryEnded{At: noon, Result: NewResult("DELETE FROM t")})
	if len(q.tabs[0].results) != 1 || len(q.tabs[1].results) != 0 {
		t.Errorf("the results are %d and %d", len(q.tabs[0].results), len(q.tabs[1].results))
	}
}

func TestPastedLinesStayInAValue(t *testing.T) {
	got := ""
	p := NewValuePrompt("v", "", "", false, true, func(text string, _ bool) Intent { got = text; return nil })
	Paste(p, "a\tb\nc")
	press(p, noon, "enter")
	if got != "a\tb\nc" {
		t.Errorf("the value is %q", got)
	}
}
