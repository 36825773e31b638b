//go:build unix

package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/tui/history"
)

// What was written and not run is in the history of the next console.
func TestDraftsOutliveTheConsole(t *testing.T) {
	d, _ := driveSQL(t)
	dir := t.TempDir()
	d.m.opts.HistoryFile = filepath.Join(dir, "statements.jsonl")
	saved := filepath.Join(dir, "saved.sql")
	d.write("SELECT 1")
	d.keys("f5")
	d.write("SELECT 2;\n") // run, but for what is around it
	d.keys("f5", "alt+t")
	d.write("SELECT walked")
	d.keys("ctrl+p", "alt+t")
	d.write("SELECT in a tab")
	d.keys("alt+t")
	d.write("SELECT closed")
	d.keys("alt+0", "alt+t")
	d.write("SELECT in a file")
	d.saveTo(saved)
	d.keys("alt+t")
	long := "SELECT '" + strings.Repeat("x", history.MaxStatement) + "'"
	d.write(long)
	d.keys("alt+t")
	d.write("SELECT '\xff'") // which a line cannot hold, also if it is run
	d.keys("f5")
	for range 2 { // the second time there is nothing new
		if err := d.m.saveDrafts(); err != nil {
			t.Fatal(err)
		}
		entries, err := history.Load(d.m.opts.HistoryFile)
		if err != nil {
			t.Fatal(err)
		}
		var drafts []string
		for _, e := range entries {
			if e.Draft {
				drafts = append(drafts, e.SQL)
			}
		}
		all := strings.Join(drafts, "\n")
		if len(drafts) != 5 || !strings.HasPrefix(all, "SELECT closed\nSELECT walked\nSELECT in a tab\n-- a draft of ") {
			t.Fatalf("drafts %q", drafts)
		}
		_, file, _ := strings.Cut(drafts[3], ", in ")
		has(t, file, long)
		_, file, _ = strings.Cut(drafts[4], ", in ")
		has(t, file, "SELECT '\xff'")
		next, _ := driveSQL(t)
		next.m.opts.HistoryFile = d.m.opts.HistoryFile
		next.keys("esc", "esc", "e")
		if got := next.m.query.Drafts(); len(got) != 0 {
			t.Errorf("the next console has drafts of its own: %q", got)
		}
		d = next
	}
}

func TestDraftThatCannotBeSavedIsNamed(t *testing.T) {
	d, _ := driveSQL(t)
	t.Setenv("TMPDIR", t.TempDir())
	d.m.opts.HistoryFile = t.TempDir() // a directory
	d.write("SELECT mine")
	err := d.m.saveDrafts()
	files, globErr := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*.sql"))
	if err == nil || globErr != nil || len(files) != 1 || !strings.Contains(err.Error(), files[0]) {
		t.Fatalf("%v; %v, %v", err, files, globErr)
	}
	has(t, files[0], "SELECT mine")
}
