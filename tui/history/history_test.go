package history

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func save(t *testing.T, path string, lines ...Line) {
	t.Helper()
	for _, l := range lines {
		if err := Append(path, l); err != nil {
			t.Fatal(err)
		}
	}
}

func load(t *testing.T, path string) []Entry {
	t.Helper()
	all, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEntriesComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "shardeck", "statements.jsonl")
	if got := load(t, path); got != nil {
		t.Errorf("a missing file has %v", got)
	}
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	first := Entry{ID: "a", SQL: "SELECT\n  'ü'", DB: "SchoolDB", Cluster: "c0ffee", At: at, Took: 4200 * time.Microsecond, Rows: 7, Outcome: OK}
	second := Entry{ID: "b", SQL: "SELECT 2", At: at, Rows: -1}
	save(t, path, Started(&first), Started(&second), Ended(&first), Started(&Entry{ID: "c", SQL: strings.Repeat("x", MaxStatement+1)}), Marked("SELECT 2", true))
	second.Favourite = true
	if diff := cmp.Diff([]Entry{first, second}, load(t, path)); diff != "" {
		t.Error(diff)
	}
	save(t, path, Marked("SELECT 2", false))
	if got := load(t, path); got[1].Favourite {
		t.Error("it is still a favourite")
	}
}

func TestEarlierFormatIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("garbage\n{}\n{\"sql\":\"SELECT 1\"}\n[1]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := load(t, path); len(got) != 1 || got[0].SQL != "SELECT 1" || got[0].Rows != -1 {
		t.Errorf("%+v", got)
	}
}

func TestFileIsPrivateWhateverItWas(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes differ on this system")
	}
	dir := t.TempDir()
	path, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	if err := os.WriteFile(path, []byte(strings.Repeat(`{"sql":"old"}`+"\n", MaxBytes/10)+`{"sql":"x","favourite":true}`+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	save(t, link, Started(&Entry{ID: "n", SQL: "new"}))
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v %v", info.Mode(), err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() > MaxBytes {
		t.Errorf("mode %v, %d bytes, %v", info.Mode(), info.Size(), err)
	}
	got := load(t, link)
	if got[len(got)-1].SQL != "new" {
		t.Error("the new statement is not there")
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	save(t, link, Started(&Entry{ID: "m", SQL: "newer"}))
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := Append("/dev/null", Started(&Entry{ID: "d", SQL: "x"})); err == nil {
		t.Error("a device was taken for a history file")
	}
}

func TestFavouritesOutliveTheOlderHalf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	lines := `{"sql":"mine","favourite":true}` + "\n" + strings.Repeat(`{"sql":"old"}`+"\n", MaxBytes/10) + `{"sql":"mine"}` + "\n"
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	save(t, path, Started(&Entry{ID: "n", SQL: "new"}))
	if found := Search(load(t, path), "", "", true); len(found) != 1 || found[0].SQL != "mine" {
		t.Errorf("favourites: %+v", found)
	}
}

func TestSearch(t *testing.T) {
	all := []Entry{
		{SQL: "SELECT name FROM Students", Cluster: "a"}, {SQL: "DELETE FROM Students", Cluster: "b", Favourite: true},
		{SQL: "select 1"}, {SQL: "SELECT name FROM Students", Cluster: "a", Outcome: OK},
	}
	for _, c := range []struct {
		words, cluster string
		favourites     bool
		want           []string
	}{
		{"", "", false, []string{"SELECT name FROM Students", "select 1", "DELETE FROM Students"}},
		{"students SELECT", "", false, []string{"SELECT name FROM Students"}},
		{"", "a", false, []string{"SELECT name FROM Students", "select 1"}},
		{"", "", true, []string{"DELETE FROM Students"}},
		{"nothing", "", false, nil},
	} {
		var got []string
		for _, e := range Search(all, c.words, c.cluster, c.favourites) {
			got = append(got, e.SQL)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v: %s", c, diff)
		}
	}
	if got := Search(all, "name", "", false); got[0].Outcome != OK {
		t.Error("the latest run of a statement is not the one found")
	}
}

func TestPath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("paths differ on this system")
	}
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"XDG_STATE_HOME": "/state", "HOME": "/home/a"}, "/state/shardeck/statements.jsonl"},
		{map[string]string{"HOME": "/home/a"}, "/home/a/.local/state/shardeck/statements.jsonl"},
		{map[string]string{"XDG_STATE_HOME": "relative", "HOME": "/home/a"}, "/home/a/.local/state/shardeck/statements.jsonl"},
		{nil, ""},
	} {
		if got := Path(func(k string) string { return c.env[k] }); got != c.want {
			t.Errorf("%v: %q, not %q", c.env, got, c.want)
		}
	}
}
