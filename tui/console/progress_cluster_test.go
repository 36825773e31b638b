package console

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/sharding"
	"shardeck/shared/testcluster"
	"shardeck/tui/screen"
	"shardeck/tui/theme"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// TestRunningStatementShowsWhoIsAwaited runs statements on a cluster one of whose workers is paused.
func TestRunningStatementShowsWhoIsAwaited(t *testing.T) {
	// The backup lists nothing: the statement is found at the master that runs it.
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2, Env: []string{"MASTER_REQUEST_TIMEOUT=50s", "MASTER_PROBE_TIMEOUT=50s"}})
	m := client.NewCluster([]string{c.Masters[1].URL, c.Masters[0].URL})
	defer m.Close()
	if _, err := m.CreateDB(t.Context(), &api.CreateDBRequest{DB: "School"}); err != nil {
		t.Fatal(err)
	}
	m.Prefer(c.Masters[0].URL)
	insert := "INSERT INTO Students (id) VALUES (1)"
	for id := 2; id <= 60; id++ {
		insert += fmt.Sprintf(", (%d)", id)
	}
	for _, sql := range []string{"CREATE TABLE Students (id INT PRIMARY KEY, name VARCHAR(9)) WITH (DISTRIBUTION = HASH(id))", insert} {
		if _, err := m.Query(t.Context(), &api.SQLRequest{DB: "School", SQL: sql}); err != nil {
			t.Fatal(err)
		}
	}
	const paused = 1
	for _, tt := range []struct {
		sql   string
		shows []string // while the worker is paused
	}{
		{"SELECT id FROM Students ORDER BY id", []string{"2 of 3 answered", "shards 0, 1, 2", "0 worker-0        ↓ answering", "1 worker-1        ○ awaited", "2 worker-2        ↓ answering"}},
		{"UPDATE Students SET name = 'x' WHERE id = " + keyOn(paused), []string{"shard 1", "1 worker-1        ○ awaited"}},
	} {
		q := screen.NewQuery(screen.QueryOptions{Statements: []string{tt.sql}, YesWrites: true})
		in := screen.RunQueries{Pieces: []screen.Piece{{SQL: tt.sql, Repeat: 1}}}
		q.Update(screen.QueriesStarted{At: time.Now(), Run: in})
		r := runner{c: m, db: "School", now: time.Now, in: in}
		messages := make(chan any)
		c.Workers[paused].Pause(t)
		go func() {
			defer close(messages)
			r.run(t.Context(), func(msg any) { messages <- msg })
		}()
		seen, last := false, ""
		var end *screen.Result
		for msg := range messages {
			q.Update(msg)
			switch msg := msg.(type) {
			case screen.QueryProgress:
				if last = frameOf(t, q); !seen && containsAll(last, tt.shows) {
					seen = true
					c.Workers[paused].Resume(t)
				}
			case screen.QueryEnded:
				end = msg.Result
			}
		}
		if !seen || end == nil || end.Err != nil {
			t.Errorf("%s: who is awaited was shown: %v; the end: %+v; the last frame:\n%s", tt.sql, seen, end, last)
		}
	}
}

// keyOn returns a key of a shard of three.
func keyOn(shard int) string {
	for id := 1; ; id++ {
		if key := strconv.Itoa(id); sharding.Slot(key)%3 == shard {
			return key
		}
	}
}

func frameOf(t *testing.T, q *screen.Query) string {
	t.Helper()
	th, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii})
	if err != nil {
		t.Fatal(err)
	}
	return ansi.Strip(screen.Render(th, 160, 45, &screen.View{Now: time.Now()}, q))
}

func containsAll(text string, parts []string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(text, p) })
}
