package console

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"shardeck/shared/api"
	"shardeck/shared/testcluster"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
)

// flow runs the real model on a real cluster: its commands run beside it, as Bubble Tea runs them.
type flow struct {
	t    *testing.T
	m    *model
	msgs chan tea.Msg
}

// startFlow starts a cluster with a table of a thousand students, and the model on it.
func startFlow(t *testing.T) (*flow, *testcluster.Cluster) {
	t.Helper()
	return startFlowWith(t, func(*Options) {})
}

// startFlowWith is startFlow with other options.
func startFlowWith(t *testing.T, change func(*Options)) (*flow, *testcluster.Cluster) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2})
	ctx := t.Context()
	run := func(sql string) {
		if _, err := c.Master(0).Query(ctx, &api.SQLRequest{DB: "School", SQL: sql}); err != nil {
			t.Fatalf("%.60s: %v", sql, err)
		}
	}
	if _, err := c.Master(0).CreateDB(ctx, &api.CreateDBRequest{DB: "School"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Master(0).CreateTable(ctx, &api.CreateTableRequest{DB: "School", Table: "Students", ShardKey: "id", Columns: api.Object[string]{
		{Name: "id", Value: "INT PRIMARY KEY"}, {Name: "name", Value: "NVARCHAR(40)"}, {Name: "major", Value: "NVARCHAR(20) NULL"}}}); err != nil {
		t.Fatal(err)
	}
	for from := 0; from < 1000; from += 100 {
		var rows []string
		for i := from; i < from+100; i++ {
			rows = append(rows, fmt.Sprintf("(%d, N'Student %d', N'%s')", i, i, []string{"Law", "Music", "Physics"}[i%3]))
		}
		run("INSERT INTO Students (id, name, major) VALUES " + strings.Join(rows, ", "))
	}
	var masters []string
	for _, n := range c.Masters {
		masters = append(masters, n.URL)
	}
	o := Options{Masters: masters, HistoryFile: filepath.Join(t.TempDir(), "statements.jsonl")}
	change(&o)
	if err := o.complete(); err != nil {
		t.Fatal(err)
	}
	th, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii})
	if err != nil {
		t.Fatal(err)
	}
	f := &flow{t: t, m: newModel(ctx, o, th, theme.Options{Profile: termenv.Ascii}), msgs: make(chan tea.Msg, 64)}
	t.Cleanup(f.m.close)
	f.handle(tea.WindowSizeMsg{Width: 120, Height: 40})
	f.run(f.m.Init())
	if o.Guide == nil {
		f.await("School.Students", "1,000 rows")
	}
	return f, c
}

// run runs a command beside the model.
func (f *flow) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		if msg := cmd(); msg != nil {
			select {
			case f.msgs <- msg:
			case <-f.t.Context().Done():
			}
		}
	}()
}

// inTest is a message that is a function to be called by the test itself, rather than by the model.
type inTest func()

func (f *flow) handle(msg tea.Msg) {
	if do, ok := msg.(inTest); ok {
		do()
		return
	}
	if batch, ok := msg.(tea.BatchMsg); ok {
		for _, cmd := range batch {
			f.run(cmd)
		}
		return
	}
	_, cmd := f.m.Update(msg)
	f.run(cmd)
}

// await handles messages until the frame shows all texts.
func (f *flow) await(texts ...string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	for {
		frame, missing := ansi.Strip(f.m.View()), ""
		for _, text := range texts {
			if !strings.Contains(frame, text) {
				missing = text
			}
		}
		if missing == "" {
			return
		}
		select {
		case msg := <-f.msgs:
			f.handle(msg)
		case <-ctx.Done():
			f.t.Fatalf("%q is not shown:\n%s", missing, frame)
		}
	}
}

// pass handles messages for as long as a dialog ignores keys meant for what was shown before.
func (f *flow) pass(d time.Duration) {
	for end := time.After(d); ; {
		select {
		case msg := <-f.msgs:
			f.handle(msg)
		case <-end:
			return
		}
	}
}

func (f *flow) keys(names ...string) {
	for _, n := range names {
		f.handle(keyMsg(n))
	}
}

// write replaces the text in the editor.
func (f *flow) write(text string) {
	f.keys("alt+k")
	f.handle(keymap.Paste{Text: text})
}

func TestQueryFlowOnRealCluster(t *testing.T) {
	f, c := startFlow(t)
	f.keys("e")
	f.await("SELECT TOP (20) *", "Query · School")

	// A fault is marked while it is written, and a column completed.
	f.write("SELECT id, nam FROM Students WHERE id < 100 ORDER BY id")
	f.await("✗ table Students has no column nam")
	f.m.query.Commands(f.m.view())
	f.write("SELECT id, name, major FROM Students WHERE id < 100 ORDER BY id")
	f.keys("f5")
	f.await("✓ 100 rows", "Student 7", "shards 0, 1, 2")

	// Sort, filter and look at the result.
	f.keys("tab", "right", "right", "/")
	f.handle(keymap.Typed{Text: "= Music"})
	f.keys("enter")
	f.await("33 of 100 rows")
	f.keys("s", "o")
	f.await("Row ")
	f.keys("esc", "esc")

	// Edit a cell: the statement and its shard are shown first.
	f.await("of 100 ")
	f.keys("left", "g", "e")
	f.await("name of Students")
	f.keys("ctrl+u")
	f.handle(keymap.Typed{Text: "Ada O'Neil"})
	f.keys("enter")
	f.await("Run this?", "UPDATE Students SET name = N'Ada O''Neil' WHERE id = ", "→ 1 row in School, shard ")
	f.pass(900 * time.Millisecond)
	f.keys("f5")
	f.await("2/2 ✓ 100 rows", "Ada O'Neil")

	// A write that is not confirmed changes nothing.
	f.keys("tab")
	f.write("DELETE FROM Students WHERE major = N'Law'")
	f.keys("f7", "space", "enter", "f5") // all shards
	f.await("→ 334 rows in School, shards 0, 1, 2")
	f.pass(900 * time.Millisecond)
	f.keys("enter")
	n, err := c.Master(0).Count(t.Context(), &api.MapReduceCountRequest{DB: "School", Table: "Students"})
	if err != nil || n.Total != 1000 {
		t.Fatalf("%+v, %v", n, err)
	}

	// Export, and search the history.
	f.write("SELECT * FROM Students")
	f.keys("f5")
	f.await("✓ 1,000 rows")
	path := filepath.Join(t.TempDir(), "out.csv")
	f.keys("tab", "x", "enter", "ctrl+u")
	f.handle(keymap.Typed{Text: path})
	f.keys("enter")
	f.await("exported to")
	if b, err := os.ReadFile(path); err != nil || strings.Count(string(b), "\n") != 1001 {
		t.Errorf("exported %d lines, %v", strings.Count(string(b), "\n"), err)
	}
	f.keys("ctrl+r")
	f.handle(keymap.Typed{Text: "update ada"})
	f.await("History of this cluster", "✓   UPDATE Students SET name")
	f.keys("esc")
}

// A statement is cancelled from the help, and what arrives before its end is shown.
func TestCancelFlowOnRealCluster(t *testing.T) {
	f, c := startFlow(t)
	c.Workers[1].Pause(t)
	defer c.Workers[1].Resume(t)
	f.keys("e")
	f.await("SELECT TOP (20) *")
	f.write("SELECT COUNT(*) FROM Students")
	f.keys("f5")
	f.await("running")
	f.keys("f1")
	f.await("Help")
	f.keys("ctrl+c")
	f.keys("esc")
	f.await("cancelled after")
	f.keys("esc")
	f.await("already finished")
}
