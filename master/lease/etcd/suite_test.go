//go:build unix

package etcd

import (
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"shardeck/master/lease"
	"shardeck/master/lease/leasetest"
)

func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func open(t testing.TB, cfg Config) *Lease {
	t.Helper()
	cfg.Log = testLog(t)
	l, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// rawClient is a client for what a lease does not do.
func rawClient(t testing.TB, endpoints ...string) *clientv3.Client {
	t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: endpoints, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestSuite(t *testing.T) {
	forEach(t, func(t *testing.T, bin string) {
		etcd := startCluster(t, bin, 1)[0]
		raw := rawClient(t, etcd.client)
		var stores atomic.Int64
		leasetest.Run(t, func(t *testing.T) leasetest.Store {
			prefix := fmt.Sprint("/test/", stores.Add(1))
			var mu sync.Mutex
			relays := map[lease.Lease]*relay{}
			var backup string
			return leasetest.Store{
				Open: func(t testing.TB) lease.Lease {
					r := startRelay(t, etcd.client)
					l := open(t, Config{Endpoints: []string{"http://" + r.listener.Addr().String()}, TTL: MinTTL, Prefix: prefix})
					mu.Lock()
					defer mu.Unlock()
					relays[l] = r
					return l
				},
				Pause: func(l lease.Lease) func() {
					mu.Lock()
					r := relays[l]
					mu.Unlock()
					r.set(true)
					return func() { r.set(false) }
				},
				Backup: func(t testing.TB) {
					resp, err := raw.Get(t.Context(), prefix+"/newest")
					if err != nil || len(resp.Kvs) != 1 {
						t.Fatal(resp, err)
					}
					backup = string(resp.Kvs[0].Value)
				},
				Restore: func(t testing.TB) {
					if _, err := raw.Put(t.Context(), prefix+"/newest", backup); err != nil {
						t.Fatal(err)
					}
				},
				Rounds: rounds(),
			}
		})
	})
}

// rounds is how many grants masters race for: thousands take minutes.
func rounds() int {
	if os.Getenv("SHARDECK_LONG") != "" {
		return 3000
	}
	return 300
}
