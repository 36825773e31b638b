package testcluster_test

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/testcluster"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

func TestKilledWorkerRestartsAtItsAddressWithItsData(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 2})
	w, n := c.Worker(1), c.Workers[1]
	if _, err := w.CreateDB(t.Context(), &api.DBRequest{DB: "A", Fence: api.Fence{Term: 1, MapVersion: 1}}); err != nil {
		t.Fatal(err)
	}
	n.Kill(t)
	if _, err := w.Stats(t.Context()); api.CodeOf(err) != api.CodeShardUnavailable {
		t.Errorf("a killed worker: %v", err)
	}
	if _, err := c.Worker(0).Stats(t.Context()); err != nil {
		t.Errorf("the other worker: %v", err)
	}
	n.Restart(t)
	if st, err := w.Stats(t.Context()); err != nil || len(st.Databases) != 1 {
		t.Errorf("after the restart: %+v %v", st, err)
	}
	n.Stop(t)
	n.Restart(t)
	if _, err := w.Health(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPausedWorkerAnswersOnceItIsResumed(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 1})
	w, n := c.Worker(0), c.Workers[0]
	n.Pause(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := w.Stats(ctx); api.CodeOf(err) != api.CodeShardTimeout {
		t.Errorf("a paused worker: %v", err)
	}
	n.Resume(t)
	if _, err := w.Stats(t.Context()); err != nil {
		t.Error(err)
	}
	n.Pause(t) // cleanup must also end a paused process
}

func TestMastersFindTheirWorkersAndEachOther(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2})
	primary, backup := c.Master(0), c.Master(1)
	for i, want := range []api.Role{api.RolePrimary, api.RoleBackup} {
		h, err := c.Master(i).Health(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if h.Role != want || len(h.Shards) != 3 {
			t.Errorf("master %d is %s with %d shards", i, h.Role, len(h.Shards))
		}
	}
	if _, err := primary.CreateDB(t.Context(), &api.CreateDBRequest{DB: "A"}); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.CreateDB(t.Context(), &api.CreateDBRequest{DB: "B"}); api.CodeOf(err) != api.CodeNotPrimary {
		t.Errorf("DDL on the backup: %v", err)
	}
}

// TestClusterOfTwoPrograms starts one worker by a command, whose arguments are the only source of its
// name.
func TestClusterOfTwoPrograms(t *testing.T) {
	command, err := testcluster.SplitCommand("'" + testcluster.Binary(t, "worker") + "' --name by\\-command")
	if err != nil {
		t.Fatal(err)
	}
	c := testcluster.Start(t, testcluster.Options{Workers: 2, Masters: 1, WorkerCommands: [][]string{nil, command}})
	for i, want := range []string{"worker-0", "by-command"} {
		h, err := c.Worker(i).Health(t.Context())
		if err != nil || h.Name != want {
			t.Errorf("worker %d is %+v (%v), want the name %s", i, h, err, want)
		}
	}
	c.Workers[1].Restart(t)
	if h, err := c.Worker(1).Health(t.Context()); err != nil || h.Name != "by-command" {
		t.Errorf("restarted, it is %+v (%v)", h, err)
	}
}

// TestSplitCommand follows POSIX.1-2024, Shell Command Language, 2.2 Quoting.
func TestSplitCommand(t *testing.T) {
	for line, want := range map[string][]string{
		`python3 -m worker`:      {"python3", "-m", "worker"},
		"  a\tb\n c ":            {"a", "b", "c"},
		`'a b' "c d" e\ f`:       {"a b", "c d", "e f"},
		`a'b'"c"d`:               {"abcd"},
		`a '' ""`:                {"a", "", ""},
		`a '\n"$X' "\"\\\$\n'"`:  {"a", `\n"$X`, `"\$\n'`},
		`a $HOME ~ *.go ;`:       {"a", "$HOME", "~", "*.go", ";"},
		`"/opt/a worker/run" -v`: {"/opt/a worker/run", "-v"},
		``:                       nil,
		`  `:                     nil,
		`'' a`:                   nil,
		`a 'b`:                   nil,
		`a "b\"`:                 nil,
		`a b\`:                   nil,
	} {
		got, err := testcluster.SplitCommand(line)
		if (err != nil) != (want == nil) || !slices.Equal(got, want) {
			t.Errorf("%q is split into %q, %v; want %q", line, got, err, want)
		}
	}
}
