//go:build unix

package etcd

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"shardeck/master/lease"
	"shardeck/master/lease/leasetest"
)

const hung = time.Minute

// acquireSoon acquires the lease as soon as that is possible.
func acquireSoon(t *testing.T, ref *leasetest.Referee, l *Lease, holder string, after uint64) lease.Grant {
	t.Helper()
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		g, err := l.Acquire(t.Context(), holder, after)
		if err == nil {
			ref.Granted(holder, g)
			return g
		}
		if time.Since(start) > hung {
			t.Fatalf("%s cannot acquire the lease: %v", holder, err)
		}
	}
}

// renewsOrIsLost waits for some renewals, and reports whether the grant is still held.
func renewsOrIsLost(g lease.Grant, n int) bool {
	for until := g.Until(); n > 0; time.Sleep(2 * time.Millisecond) {
		select {
		case <-g.Lost():
			return false
		default:
		}
		if now := g.Until(); now.After(until) {
			until, n = now, n-1
		}
	}
	return true
}

func two(t *testing.T, cfg Config) (a, b *Lease) {
	t.Helper()
	a, b = open(t, cfg), open(t, cfg)
	t.Cleanup(func() {
		if err := errors.Join(a.Close(), b.Close()); err != nil {
			t.Error(err)
		}
	})
	return a, b
}

// TestServerThatIsPaused: its clock goes on, so that the lease has expired when it continues.
func TestServerThatIsPaused(t *testing.T) {
	forEach(t, func(t *testing.T, bin string) {
		etcd := startCluster(t, bin, 1)[0]
		ref := leasetest.NewReferee(t)
		a, b := two(t, Config{Endpoints: []string{etcd.client}, TTL: MinTTL})
		g := acquireSoon(t, ref, a, "http://a", 0)
		etcd.signal(syscall.SIGSTOP)
		<-g.Lost()
		if h, err := b.Observe(t.Context()); err == nil {
			t.Errorf("observed %+v in a server that is paused", h)
		}
		if _, err := b.Acquire(t.Context(), "http://b", 0); err == nil {
			t.Error("acquired from a server that is paused")
		}
		etcd.signal(syscall.SIGCONT)
		next := acquireSoon(t, ref, b, "http://b", 0)
		if err := next.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestServerThatIsKilledAndRestarted(t *testing.T) {
	forEach(t, func(t *testing.T, bin string) {
		etcd := startCluster(t, bin, 1)[0]
		ref := leasetest.NewReferee(t)
		a, b := two(t, Config{Endpoints: []string{etcd.client}, TTL: MinTTL})
		for range 2 {
			g := acquireSoon(t, ref, a, "http://a", 0)
			etcd.kill()
			etcd.start()
			etcd.await()
			t.Logf("the holder still holds the lease: %v", renewsOrIsLost(g, 3))
			if err := g.Release(t.Context()); err != nil {
				t.Log(err)
			}
			if err := acquireSoon(t, ref, b, "http://b", 0).Release(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestClusterWithAMemberThatHangs pauses each member in turn, and kills each in turn. At most one
// master holds the lease, and one can be found that does.
func TestClusterWithAMemberThatHangs(t *testing.T) {
	forEach(t, func(t *testing.T, bin string) {
		etcd := startCluster(t, bin, 3)
		ref := leasetest.NewReferee(t)
		cfg, renewals := Config{TTL: 3 * time.Second}, 3
		if os.Getenv("SHARDECK_LONG") != "" {
			cfg.TTL, renewals = DefaultTTL, 6
		}
		for _, m := range etcd {
			cfg.Endpoints = append(cfg.Endpoints, m.client)
		}
		a, b := two(t, cfg)
		g := acquireSoon(t, ref, a, "http://a", 0)
		kept := 0
		fault := func(what string, begin, end func()) {
			begin()
			if renewsOrIsLost(g, renewals) {
				kept++
			} else {
				t.Logf("lost when etcd's member %s", what)
				g = acquireSoon(t, ref, b, "http://b", 0)
				a, b = b, a
			}
			if _, err := b.Acquire(t.Context(), "http://c", 0); err == nil {
				t.Error("acquired although it is held")
			}
			end()
		}
		for _, m := range etcd {
			fault("was paused", func() { m.signal(syscall.SIGSTOP) }, func() { m.signal(syscall.SIGCONT); m.await() })
			fault("was killed", m.kill, func() { m.start(); m.await() })
		}
		t.Logf("the lease was kept in %d of %d faults", kept, 2*len(etcd))
		if err := g.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestServerThatWasRestored goes back to the data of an earlier time: its revisions and terms repeat.
func TestServerThatWasRestored(t *testing.T) {
	forEach(t, func(t *testing.T, bin string) {
		etcd := startCluster(t, bin, 1)[0]
		ref := leasetest.NewReferee(t)
		a, b := two(t, Config{Endpoints: []string{etcd.client}, TTL: MinTTL})
		held := acquireSoon(t, ref, a, "http://a", 0) // in the backup, it is held
		etcd.kill()
		backup := etcd.data + ".backup"
		if err := os.CopyFS(backup, os.DirFS(etcd.data)); err != nil {
			t.Fatal(err)
		}
		etcd.start()
		etcd.await()
		_ = held.Release(t.Context())
		for range 5 {
			if err := acquireSoon(t, ref, a, "http://a", 0).Release(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		last := acquireSoon(t, ref, a, "http://a", 0)
		etcd.kill()
		if err := errors.Join(os.RemoveAll(etcd.data), os.Rename(backup, etcd.data)); err != nil {
			t.Fatal(err)
		}
		etcd.start()
		etcd.await()
		<-last.Lost()
		if err := acquireSoon(t, ref, b, "http://b", ref.Newest()).Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestKeysThatSomebodyEdited(t *testing.T) {
	forEach(t, func(t *testing.T, bin string) {
		etcd := startCluster(t, bin, 1)[0]
		raw := rawClient(t, etcd.client)
		a, b := two(t, Config{Endpoints: []string{etcd.client}, Prefix: "/p"})
		ref := leasetest.NewReferee(t)
		g := acquireSoon(t, ref, a, "http://a", 0)
		if _, err := raw.Delete(t.Context(), "/p/leader"); err != nil {
			t.Fatal(err)
		}
		next := acquireSoon(t, ref, b, "http://b", 0) // the referee compares with the deadline
		<-g.Lost()                                    // although its etcd lease still lives
		if err := next.Release(t.Context()); err != nil {
			t.Error(err)
		}
		for _, tc := range []struct{ key, value, want string }{
			{"/p/leader", "junk", `/p/leader contains "junk"`},
			{"/p/leader", `{"holder":"h","session":"s","term":1}`, "would never expire"},
			{"/p/newest", `{"holder":"h","session":"s","term":9007199254740992}`, "/p/newest contains"},
			{"/p/newest", `{"holder":"h","session":"s","term":1,"more":1}`, "/p/newest contains"},
			{"/p/newest", strings.Repeat("x", maxValue+1), "/p/newest contains"},
		} {
			if _, err := raw.Put(t.Context(), tc.key, tc.value); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Acquire(t.Context(), "http://a", 0); !errors.Is(err, errForeign) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Acquire: %v, want %s", err, tc.want)
			}
			if _, err := a.Observe(t.Context()); !errors.Is(err, errForeign) {
				t.Errorf("Observe: %v", err)
			}
			if _, err := raw.Delete(t.Context(), tc.key); err != nil {
				t.Fatal(err)
			}
		}
		// Other keys below the prefix are nothing to it.
		if _, err := raw.Put(t.Context(), "/p/leader/1", "junk"); err != nil {
			t.Fatal(err)
		}
		if err := acquireSoon(t, ref, a, "http://a", ref.Newest()).Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestALeaseThatIsRevokedTooSoon: a member of etcd that led, was paused and continues may revoke a
// lease that was renewed meanwhile. The holder finds out a little later.
func TestALeaseThatIsRevokedTooSoon(t *testing.T) {
	forEach(t, func(t *testing.T, bin string) {
		etcd := startCluster(t, bin, 1)[0]
		raw := rawClient(t, etcd.client)
		ref := leasetest.NewReferee(t)
		a, b := two(t, Config{Endpoints: []string{etcd.client}, TTL: MinTTL})
		for range 2 {
			g := acquireSoon(t, ref, a, "http://a", 0)
			renewsOrIsLost(g, 2) // b sees that
			if _, err := raw.Revoke(t.Context(), g.(*grant).id); err != nil {
				t.Fatal(err)
			}
			next := acquireSoon(t, ref, b, "http://b", 0) // the referee compares with the deadline
			<-g.Lost()
			if err := next.Release(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestEtcdsLeaderIsPausedAndContinues is the same with etcd's own fault.
func TestEtcdsLeaderIsPausedAndContinues(t *testing.T) {
	if os.Getenv("SHARDECK_LONG") == "" {
		t.Skip("it takes half a minute for each etcd; set SHARDECK_LONG to run it")
	}
	forEach(t, func(t *testing.T, bin string) {
		etcd := startCluster(t, bin, 3)
		ref := leasetest.NewReferee(t)
		cfg := Config{TTL: 3 * time.Second}
		for _, m := range etcd {
			cfg.Endpoints = append(cfg.Endpoints, m.client)
		}
		raw := rawClient(t, cfg.Endpoints...)
		a, b := two(t, cfg)
		g := acquireSoon(t, ref, a, "http://a", 0)
		revoked := 0
		for range 5 {
			lead := etcd[0]
			for _, m := range etcd {
				if st, err := raw.Status(t.Context(), m.client); err == nil && st.Leader == st.Header.GetMemberId() {
					lead = m
				}
			}
			lead.signal(syscall.SIGSTOP)
			for end := time.Now().Add(cfg.TTL * 3 / 2); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
				if next, err := b.Acquire(t.Context(), "http://b", 0); err == nil {
					ref.Granted("http://b", next)
					g, a, b = next, b, a
				}
			}
			lead.signal(syscall.SIGCONT)
			for end := time.Now().Add(cfg.TTL); time.Now().Before(end); time.Sleep(time.Millisecond) {
				if next, err := b.Acquire(t.Context(), "http://b", 0); err == nil {
					ref.Granted("http://b", next)
					revoked++
					g, a, b = next, b, a
				}
			}
		}
		t.Logf("the lease changed hands %d times after etcd's leader went on", revoked)
		if err := g.Release(t.Context()); err != nil {
			t.Log(err)
		}
	})
}

// TestTakeCanBeRepeated: a transaction whose answer was lost is sent again.
func TestTakeCanBeRepeated(t *testing.T) {
	forEach(t, func(t *testing.T, bin string) {
		etcd := startCluster(t, bin, 1)[0]
		a, b := two(t, Config{Endpoints: []string{etcd.client}})
		ctx, cancel := context.WithTimeout(t.Context(), hung)
		defer cancel()
		take := func(l *Lease) (func() (int64, error), clientv3.LeaseID) {
			s, err := l.read(ctx, hung)
			if err != nil {
				t.Fatal(err)
			}
			id, err := l.newLease(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return func() (int64, error) {
				return l.take(ctx, s, leader{Holder: "http://m", Session: l.session, Term: 1}, id)
			}, id
		}
		first, id := take(a)
		other, _ := take(b)
		revision, err := first()
		if err != nil || revision == 0 {
			t.Fatal(revision, err)
		}
		if again, err := first(); again != revision || err != nil {
			t.Errorf("repeated: revision %d, %v; want %d", again, err, revision)
		}
		if lost, err := other(); lost != 0 || err != nil {
			t.Errorf("another takes what is taken: revision %d, %v", lost, err)
		}
		if err := a.revoke(ctx, id); err != nil {
			t.Fatal(err)
		}
		if late, err := first(); late != 0 || err != nil {
			t.Errorf("taken after it was revoked: revision %d, %v", late, err)
		}
	})
}

// TestNoEtcd needs none: the address refuses connections, or accepts them and says nothing.
func TestNoEtcd(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	refusing := freeAddrs(t, 1)[0]
	for name, cfg := range map[string]Config{
		"refuses":                  {Endpoints: []string{"http://" + refusing}},
		"refuses, with a password": {Endpoints: []string{"http://" + refusing}, User: "u", Password: "geheim"},
		"silent":                   {Endpoints: []string{"http://" + silent.Addr().String()}},
		"silent, with a password":  {Endpoints: []string{"http://" + silent.Addr().String()}, User: "u", Password: "geheim"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.TTL = MinTTL
			a, _ := two(t, cfg)
			start := time.Now()
			_, err := a.Observe(t.Context())
			t.Logf("Observe after %s: %v", time.Since(start).Round(time.Millisecond), err)
			if err == nil || !strings.Contains(err.Error(), "majority of etcd's members") || strings.Contains(err.Error(), "geheim") {
				t.Errorf("Observe: %v", err)
			}
			start = time.Now()
			_, err = a.Acquire(t.Context(), "http://a", 0)
			t.Logf("Acquire after %s: %v", time.Since(start).Round(time.Millisecond), err)
			if _, held := errors.AsType[*lease.HeldError](err); err == nil || held {
				t.Errorf("Acquire: %v", err)
			}
		})
	}
}
