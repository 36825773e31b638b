package leasetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"shardeck/master/lease"
)

// slowGrant is how long a grant takes in a busy store.
const slowGrant = 200 * time.Millisecond

// race lets masters acquire and release as fast as they can.
func race(_ *testing.T, f *fixture) { f.race(8, false) }

// vanish does the same, but some holders are cut off and others acquire again.
func vanish(_ *testing.T, f *fixture) { f.race(4, true) }

func (f *fixture) race(masters int, faults bool) {
	rounds := f.Rounds
	if faults {
		rounds = 12
	}
	var wg sync.WaitGroup
	for i := range masters {
		l, holder := f.open(), fmt.Sprintf("http://m%d", i)
		wg.Go(func() {
			for start := time.Now(); f.ref.Grants() < rounds; {
				if time.Since(start) > 2*hung+time.Duration(rounds)*slowGrant {
					f.t.Errorf("%s gives up after %d of %d grants", holder, f.ref.Grants(), rounds)
					return
				}
				f.turn(l, holder, faults)
			}
		})
	}
	wg.Wait()
}

// turn is one attempt of one master.
func (f *fixture) turn(l lease.Lease, holder string, faults bool) {
	g, err := l.Acquire(f.t.Context(), holder, 0)
	if err != nil {
		if _, held := errors.AsType[*lease.HeldError](err); !held {
			f.t.Logf("%s: %v", holder, err) // a busy store may fail; it must not grant
		}
		time.Sleep(rand.N(2 * time.Millisecond))
		return
	}
	f.ref.Granted(holder, g)
	if faults && rand.IntN(2) == 0 {
		resume := f.Pause(l)
		defer resume()
		<-g.Lost()
		return
	}
	if err := g.Release(f.t.Context()); err != nil {
		f.t.Logf("%s releases: %v", holder, err)
	}
}
