package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/demo"
)

// startCluster starts a cluster of the real program in dir, or in a temporary directory if dir is empty.
func startCluster(t *testing.T, dir, lease string) *demo.Cluster {
	t.Helper()
	c, err := demo.Start(t.Context(), demo.Options{Executable: binary, DataDir: dir, FreePorts: true, Lease: lease, Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// eventually waits for a condition that the cluster reaches by itself.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen", what)
		}
	}
}

func TestKeptDirectoryIsReusedAfterFailover(t *testing.T) {
	for _, lease := range []string{"manual", "sqlitefile"} {
		t.Run(lease, func(t *testing.T) { reuseAfterFailover(t, lease) })
	}
}

func reuseAfterFailover(t *testing.T, lease string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "kept")
	first := startCluster(t, dir, lease)
	if sum, err := first.Load(t.Context(), 120, func(int, int) {}); err != nil || sum.Rows != 120 {
		t.Fatalf("loading: %+v, %v", sum, err)
	}
	if _, err := client.NewMaster(first.Masters()[1]).Failover(t.Context(), &api.FailoverRequest{}); err != nil {
		t.Fatal(err)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "token")); err != nil {
		t.Fatalf("the kept directory is gone: %v", err)
	}

	// The ports are different now: the leader recorded by the workers no longer exists.
	second := startCluster(t, dir, lease)
	sum, err := second.Load(t.Context(), 120, func(int, int) {})
	if err != nil || sum.Found != 120 || sum.Rows != 0 {
		t.Fatalf("loading again: %+v, %v", sum, err)
	}
	h, err := client.NewMaster(second.Masters()[0]).Health(t.Context())
	if err != nil || h.Role != api.RolePrimary || h.Term != 3 {
		t.Errorf("the first master: %+v, %v", h, err)
	}
}

func TestTrafficContinuesThroughBackupAndStopsWhenOff(t *testing.T) {
	c := startCluster(t, "", "")
	if _, err := c.Load(t.Context(), 60, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	traffic := c.NewTraffic(60)
	defer traffic.Close()
	if traffic.On() {
		t.Error("it is on before being switched on")
	}
	if !traffic.Toggle() {
		t.Error("toggling did not switch it on")
	}
	good := func() int64 { sent, failed := traffic.Counts(); return sent - failed }
	eventually(t, "traffic", func() bool { return good() >= 5 })
	if _, failed := traffic.Counts(); failed > 0 {
		t.Errorf("%d requests failed in a healthy cluster", failed)
	}
	if _, err := c.KillPrimary(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := good()
	eventually(t, "traffic through the backup", func() bool { return good() >= before+5 })
	if _, failed := traffic.Counts(); failed > 2 {
		t.Errorf("%d requests failed; only the first after the kill, and one in flight, may", failed)
	}
	traffic.Set(false)
	if traffic.On() {
		t.Error("it is still on")
	}
}

func TestKillAndRestartReturnURLs(t *testing.T) {
	c := startCluster(t, "", "manual")
	killed, err := c.KillPrimary(t.Context())
	if err != nil || killed != c.Masters()[0] {
		t.Fatalf("killed %q, %v", killed, err)
	}
	if n := len(c.PIDs()); n != 4 {
		t.Errorf("%d processes are running, want 4", n)
	}
	if again, err := c.KillPrimary(t.Context()); err == nil {
		t.Errorf("killed %q, which is not the primary", again)
	}
	back, err := c.Restart(t.Context())
	if err != nil || len(back) != 1 || back[0] != killed {
		t.Errorf("restarted %v, %v", back, err)
	}
	if again, err := c.Restart(t.Context()); err != nil || len(again) != 0 {
		t.Errorf("restarted %v although all are running, %v", again, err)
	}
	m := client.NewMaster(killed)
	eventually(t, "the primary's return", func() bool {
		h, err := m.Health(t.Context())
		return err == nil && h.Role == api.RolePrimary && h.Status == api.StatusOK
	})
}

func TestStartStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := filepath.Join(t.TempDir(), "dir")
	if c, err := demo.Start(ctx, demo.Options{Executable: binary, DataDir: dir, FreePorts: true}); err == nil {
		t.Error("it started")
		c.Stop()
	}
}
