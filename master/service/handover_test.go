package service_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/testcluster"
)

// leases are the environments of clusters with each kind of lease that needs no server.
func leases(t *testing.T) map[string][]string {
	return map[string][]string{
		"manual": nil,
		// A busy machine may not renew a shorter one in time.
		"sqlitefile": {"MASTER_LEASE=sqlitefile", "MASTER_LEASE_TTL=4s", "MASTER_LEASE_FILE=" + filepath.Join(t.TempDir(), "lease.db")},
	}
}

// TestAPlannedHandOverFailsNoRequest: row writes through both masters, and schema changes sent to
// the old primary, which holds them and hands them on.
func TestAPlannedHandOverFailsNoRequest(t *testing.T) {
	for name, env := range leases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2, Env: env})
			primary, backup := leader(t, c)
			old, next := c.Master(primary), c.Master(backup)
			s := newSchool(t, old, "School")
			ctx, stop := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			var written, changed atomic.Int64
			for i := range 8 {
				m := c.Master(i % 2)
				wg.Go(func() {
					for n := 0; ctx.Err() == nil; n++ {
						if _, err := m.Insert(context.WithoutCancel(ctx), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(10_000*(i+1)+n, "x")}); err != nil {
							t.Errorf("a write: %v", err)
							return
						}
						written.Add(1)
					}
				})
			}
			leads := make(chan struct{})
			for i := range 2 {
				wg.Go(func() {
					for n := 0; ; n++ {
						// A change that is sent once the old primary is known to be a backup is refused.
						select {
						case <-leads:
							return
						default:
						}
						_, err := old.CreateDB(context.WithoutCancel(ctx), &api.CreateDBRequest{DB: fmt.Sprintf("Db%dx%d", i, n)})
						if p := api.AsProblem(err); err != nil && p.Code == api.CodeNotPrimary && p.Primary == c.Masters[1].URL {
							return // not held: it came after the hand-over
						}
						if err != nil {
							t.Errorf("a change of the schema: %v (%s)", err, api.AsProblem(err).Hint)
							return
						}
						changed.Add(1)
					}
				})
			}
			testcluster.Await(t, "writes and changes", func(context.Context) (bool, string) {
				return written.Load() > 200 && changed.Load() > 2, fmt.Sprint(written.Load(), changed.Load())
			})
			resp, err := next.Failover(t.Context(), &api.FailoverRequest{Reason: "a test"})
			if err != nil {
				t.Fatal(err)
			}
			close(leads)
			if resp.Kind != api.FailoverPlanned || resp.Unavailable == nil || resp.Unavailable.AtMostMS == nil {
				t.Errorf("%+v", resp)
			}
			before := written.Load()
			testcluster.Await(t, "more writes", func(context.Context) (bool, string) { return written.Load() > before+200 || t.Failed(), "" })
			stop()
			wg.Wait()
			if n := s.via(next).count(); n != written.Load() {
				t.Errorf("%d rows of %d writes", n, written.Load())
			}
			list, err := next.Failovers(t.Context())
			if err != nil || len(list.Failovers) != 1 || list.Failovers[0].Reason != "a test" {
				t.Errorf("history %+v, %v", list, err)
			}
			awaitOK(t, old)
			awaitOK(t, next)
			t.Logf("%d writes, %d changes, %v", written.Load(), changed.Load(), *resp.Unavailable)
		})
	}
}

// leader waits until one of two masters leads, and returns its number and that of the other. At the start
// either may be the one that acquires the lease.
func leader(t *testing.T, c *testcluster.Cluster) (primary, backup int) {
	t.Helper()
	testcluster.Await(t, "a master to lead", func(ctx context.Context) (bool, string) {
		for i := range 2 {
			if _, err := c.Master(i).CreateDB(ctx, &api.CreateDBRequest{DB: "Led"}); err == nil {
				primary, backup = i, 1-i
				return true, ""
			}
		}
		return false, "neither does"
	})
	return primary, backup
}

// TestAKilledPrimaryIsReplacedByItself: nobody asks for it.
func TestAKilledPrimaryIsReplacedByItself(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2, Env: leases(t)["sqlitefile"]})
	primary, backup := leader(t, c)
	for round := range 3 {
		if round == 1 {
			c.Masters[primary].Pause(t)
		} else {
			c.Masters[primary].Kill(t)
		}
		testcluster.Await(t, "the backup to change the schema", func(ctx context.Context) (bool, string) {
			_, err := c.Master(backup).CreateDB(ctx, &api.CreateDBRequest{DB: fmt.Sprintf("Round%d", round)})
			return err == nil, fmt.Sprint(err)
		})
		if round == 1 {
			c.Masters[primary].Resume(t)
		} else {
			c.Masters[primary].Restart(t)
		}
		awaitOK(t, c.Master(primary))
		testcluster.Await(t, "the one that came back to be a backup", func(ctx context.Context) (bool, string) {
			h, err := c.Master(primary).Health(ctx)
			return err == nil && h.Role == api.RoleBackup && h.Primary == c.Masters[backup].URL, fmt.Sprintf("%+v, %v", h, err)
		})
		seen := ""
		testcluster.Await(t, "the history", func(ctx context.Context) (bool, string) {
			list, err := c.Master(backup).Failovers(ctx)
			if err != nil || len(list.Failovers) == 0 {
				return false, fmt.Sprintf("%v, after %s", err, seen)
			}
			last := &list.Failovers[0]
			seen = fmt.Sprintf("%+v", last)
			return last.Kind == api.FailoverAutomatic && last.Previous == c.Masters[primary].URL, seen
		})
		primary, backup = backup, primary
	}
}
