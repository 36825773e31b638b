package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"shardeck/shared/api"
)

// crashDir, if set in the environment, turns the test binary into a process that inserts until it
// is killed; see TestAcknowledgedRowsSurviveSIGKILL.
const crashDir = "SHARDECK_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		insertUntilKilled(dir)
	}
	goleak.VerifyTestMain(m)
}

// insertUntilKilled prints the id of each row once it is acknowledged.
func insertUntilKilled(dir string) {
	e, err := Open(context.Background(), Config{Dir: dir, Suffix: "GO"})
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	var next atomic.Int64
	var out sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				// Two rows in one request: both exist or neither does.
				id := int(next.Add(2))
				if _, err := e.Exec(context.Background(), request(insert(student(id), student(id+1)))); err != nil {
					fmt.Println("exec:", err)
					os.Exit(1)
				}
				out.Lock()
				fmt.Println(id)
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestAcknowledgedRowsSurviveSIGKILL(t *testing.T) {
	dir := t.TempDir()
	if err := school(t, Config{Dir: dir, Suffix: "GO"}).Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var acked []int
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		id, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("the process printed %q", lines.Text())
		}
		acked = append(acked, id)
		if len(acked) == 300 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // always an error, as it was killed

	e := open(t, dir)
	there := map[int]bool{}
	for _, line := range rows(t, e, selectAll("")) {
		id, _, _ := strings.Cut(line[1:], ",")
		n, err := strconv.Atoi(id)
		if err != nil {
			t.Fatal(err)
		}
		there[n] = true
	}
	for _, id := range acked {
		if !there[id] || !there[id+1] {
			t.Errorf("row %d or %d was acknowledged but is lost", id, id+1)
		}
	}
	for id := range there {
		if !there[id^1] {
			t.Errorf("row %d exists without row %d of its request", id, id^1)
		}
	}
	if n := rowCount(t, e); n != int64(len(there)) {
		t.Errorf("%d rows are counted, %d exist", n, len(there))
	}
	t.Logf("%d rows acknowledged, %d exist", 2*len(acked), len(there))
}

// files lists a data directory except for the journal of the state, which is transient.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.Name() != stateFile+"-journal" {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	return names
}

func TestDatabaseNamesAreCaseInsensitiveAndSuffixed(t *testing.T) {
	dir := t.TempDir()
	e := school(t, Config{Dir: dir, Suffix: "GO"})
	if _, err := e.CreateDB(t.Context(), "SCHOOLdb", fence1); api.CodeOf(err) != api.CodeDatabaseExists {
		t.Errorf("CreateDB: %v", err)
	}
	for _, name := range []string{"", "_state", "a/b", "..", "a.db", "Ａ", "x\x00", strings.Repeat("x", 101)} {
		if _, err := e.CreateDB(t.Context(), name, fence1); api.CodeOf(err) != api.CodeInvalidIdentifier && api.CodeOf(err) != api.CodeMissingField {
			t.Errorf("CreateDB %q: %v", name, err)
		}
	}
	stats, err := e.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(stats) != 1 || stats[0].Name != "SchoolDB" || stats[0].Physical != "SchoolDBGO" || stats[0].SizeBytes == 0 {
		t.Errorf("Stats: %+v", stats)
	}
	if diff := cmp.Diff(studentsDef, stats[0].Tables[0].Definition); diff != "" {
		t.Error(diff)
	}
	req := request(insert(student(1)))
	req.DB = "schooldb"
	if _, err := e.Exec(t.Context(), req); err != nil {
		t.Error(err)
	}
}

func TestInterruptedCreateOrDropIsCleanedUpAtTheNextStart(t *testing.T) {
	dir := t.TempDir()
	e := school(t, Config{Dir: dir, Suffix: "GO"})
	if err := e.fence.discard("HalfGO"); err != nil { // the first step of CreateDB and DropDB
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"HalfGO.db", "HalfGO.db-wal"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e = open(t, dir)
	if _, err := e.database("Half"); api.CodeOf(err) != api.CodeUnknownDatabase {
		t.Errorf("database Half: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"SchoolDBGO.db", "_state.db"}, files(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestADroppedDatabaseLeavesNoFiles(t *testing.T) {
	dir := t.TempDir()
	e := school(t, Config{Dir: dir, Suffix: "GO"})
	for range 3 {
		mustExec(t, e, request(insert(student(1))))
		physical, err := e.DropDB(t.Context(), "SchoolDB", fence1)
		if err != nil || physical != "SchoolDBGO" {
			t.Fatalf("DropDB: %q, %v", physical, err)
		}
		if diff := cmp.Diff([]string{"_state.db"}, files(t, dir)); diff != "" {
			t.Error(diff)
		}
		if _, err := e.DropDB(t.Context(), "SchoolDB", fence1); api.CodeOf(err) != api.CodeUnknownDatabase {
			t.Errorf("DropDB again: %v", err)
		}
		if _, err := e.CreateDB(t.Context(), "SchoolDB", fence1); err != nil {
			t.Fatal(err)
		}
		mustExec(t, e, request(createStudents()))
	}
}

func TestForeignFileIsNamed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Photos.db"), []byte("these are holiday photos, not a database"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "Photos.db") {
		t.Errorf("Open: %v, want an error that names the file", err)
	}
}

func TestEverythingIsRefusedAfterClose(t *testing.T) {
	e := school(t, Config{})
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := e.Exec(t.Context(), request(insert(student(1))))
	if api.CodeOf(err) != api.CodeShardUnavailable {
		t.Errorf("Exec: %v", err)
	}
	if err := e.Query(t.Context(), selectAll(""), nil); api.CodeOf(err) != api.CodeShardUnavailable {
		t.Errorf("Query: %v", err)
	}
	if _, err := e.CreateDB(t.Context(), "Other", fence1); api.CodeOf(err) != api.CodeShardUnavailable {
		t.Errorf("CreateDB: %v", err)
	}
	if _, err := e.DropDB(t.Context(), "SchoolDB", fence1); api.CodeOf(err) != api.CodeShardUnavailable {
		t.Errorf("DropDB: %v", err)
	}
	if _, err := e.SetState(t.Context(), api.StateUpdate{Fence: api.Fence{Term: 9, MapVersion: 9}}); api.CodeOf(err) != api.CodeShardUnavailable {
		t.Errorf("SetState: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}
