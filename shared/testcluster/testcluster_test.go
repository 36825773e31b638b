package testcluster_test

import (
	"context"
	"os"
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
