package endtoend_test

import (
	"context"
	"sync"

	"shardeck/shared/api"
)

// fate is what is known about a row.
type fate uint8

const (
	absent  fate = iota // it was refused, or its deletion was acknowledged
	present             // it was acknowledged with its value
	unsure              // written once without a key, outcome unknown
)

// entry is the expected final state of a row.
type entry struct {
	fate  fate
	value string
}

// ledger records what the writers were told. It is safe for concurrent use.
type ledger struct {
	mu      sync.Mutex
	rows    map[int64]entry
	tries   int
	tried   chan struct{} // closed and replaced with each attempt
	replays int           // writes that turned out to be done when repeated
	kinds   map[string]int
}

func newLedger() *ledger {
	return &ledger{rows: map[int64]entry{}, tried: make(chan struct{}), kinds: map[string]int{}}
}

func (l *ledger) set(id int64, e entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows[id] = e
}

// try notes that a request ended, successfully or not.
func (l *ledger) try(resp *api.WriteResponse, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tries++
	kind := string(api.CodeOf(err))
	if err == nil {
		kind = "ok"
		if resp.Replayed {
			l.replays++
		}
	}
	l.kinds[kind]++
	close(l.tried)
	l.tried = make(chan struct{})
}

func (l *ledger) attempts() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tries
}

// await waits for n more attempts; false if ctx ended first.
func (l *ledger) await(ctx context.Context, n int) bool {
	l.mu.Lock()
	until := l.tries + n
	for l.tries < until {
		next := l.tried
		l.mu.Unlock()
		select {
		case <-next:
		case <-ctx.Done():
			return false
		}
		l.mu.Lock()
	}
	l.mu.Unlock()
	return true
}

// judge records what the response to an insert without a key says about each of its rows:
// applied, certainly not applied, or unknown. That of several rows says so by index.
func (l *ledger) judge(rows []int64, values map[int64]string, err error) {
	fates := make([]fate, len(rows))
	for i := range fates {
		fates[i] = present
		if err != nil {
			fates[i] = fateOf(api.CodeOf(err))
		}
	}
	if err != nil {
		if outcomes := api.AsProblem(err).Rows; outcomes != nil {
			mark(fates, outcomes.Inserted, present)
			mark(fates, outcomes.NotInserted, absent)
			mark(fates, outcomes.Unknown, unsure)
		}
	}
	for i, id := range rows {
		l.set(id, entry{fates[i], values[id]})
	}
}

func mark(fates []fate, set api.RowSet, f fate) {
	for _, r := range set.Ranges {
		for i := r[0]; i <= r[1]; i++ {
			fates[i] = f
		}
	}
}

func fateOf(code api.Code) fate {
	if notDone(code) || code.Status() < 500 && code != api.CodeCanceled {
		return absent
	}
	return unsure
}
