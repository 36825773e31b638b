//go:build unix

package etcd

import (
	"errors"
	"os"
	"testing"
	"time"

	"shardeck/master/lease/leasetest"
)

// TestCutToNextGrant logs how long the next master waits, for people.
func TestCutToNextGrant(t *testing.T) {
	forEach(t, func(t *testing.T, bin string) {
		etcd := startCluster(t, bin, 1)[0]
		ttls := []time.Duration{MinTTL}
		if os.Getenv("SHARDECK_LONG") != "" {
			ttls = []time.Duration{MinTTL, 3 * time.Second, 6 * time.Second, 6 * time.Second, 6 * time.Second}
		}
		ref := leasetest.NewReferee(t)
		for _, ttl := range ttls {
			r := startRelay(t, etcd.client)
			a := open(t, Config{Endpoints: []string{"http://" + r.listener.Addr().String()}, TTL: ttl})
			b := open(t, Config{Endpoints: []string{etcd.client}, TTL: ttl})
			g := acquireSoon(t, ref, a, "http://a", 0)
			renewsOrIsLost(g, 2)
			r.set(true)
			cut := time.Now()
			next := acquireSoon(t, ref, b, "http://b", 0)
			t.Logf("TTL %s: from the cut to the next grant %s", ttl, time.Since(cut).Round(time.Millisecond))
			released := time.Now()
			if err := next.Release(t.Context()); err != nil {
				t.Error(err)
			}
			r.set(false)
			g = acquireSoon(t, ref, b, "http://b", 0)
			t.Logf("TTL %s: from Release to the next grant %s", ttl, time.Since(released).Round(time.Millisecond))
			if err := errors.Join(g.Release(t.Context()), a.Close(), b.Close()); err != nil {
				t.Error(err)
			}
		}
	})
}
