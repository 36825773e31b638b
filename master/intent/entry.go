package intent

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
)

// Entry identifies an intent and the log it is in.
type Entry struct {
	DB   string
	Host int
	ID   string
	Kind Kind
}

// List lists the intents in a shard's log of a database.
func (l *Log) List(ctx context.Context, host int, db string) ([]Entry, *api.Problem) {
	var entries []Entry
	after := ""
	for {
		rows, p := l.query(ctx, log{db, host}.list(after))
		if p != nil {
			return nil, p
		}
		for _, row := range rows {
			v, err := texts(row, 2)
			if err != nil {
				return nil, l.unreadable(host, db, err)
			}
			after = v[0]
			entries = append(entries, Entry{DB: db, Host: host, ID: v[0], Kind: Kind(v[1])})
		}
		if len(rows) < maxListed {
			return entries, nil
		}
	}
}

// Load reads an intent; nil if it is no longer there.
func (l *Log) Load(ctx context.Context, e Entry) (*Record, *api.Problem) {
	rows, p := l.query(ctx, log{e.DB, e.Host}.load(e.ID))
	if p != nil || len(rows) == 0 {
		return nil, p
	}
	v, err := texts(rows[0], 3)
	if err != nil {
		return nil, l.unreadable(e.Host, e.DB, err)
	}
	r, err := Decode(e.DB, e.ID, Kind(v[0]), v[1], v[2], l.Shards.Count())
	if err != nil {
		return nil, l.unreadable(e.Host, e.DB, fmt.Errorf("intent %s: %w", api.Clip(e.ID), err))
	}
	return r, nil
}

func (l *Log) unreadable(host int, db string, err error) *api.Problem {
	return api.NewProblem(api.CodeShardBadAnswer, "the log of unfinished statements of database %s cannot be read: %s", db, err).
		On(host, l.Shards.Worker(host)).Hinted("run the same version of Shardeck on all masters")
}

// texts decodes a row of n strings; NULL is empty.
func texts(row jsontext.Value, n int) ([]string, error) {
	var values []*string
	if err := json.Unmarshal(row, &values); err != nil {
		return nil, err
	}
	if len(values) != n {
		return nil, fmt.Errorf("a row has %d values, not %d", len(values), n)
	}
	list := make([]string, n)
	for i, v := range values {
		if v != nil {
			list[i] = *v
		}
	}
	return list, nil
}

// Watch decides when an intent counts as abandoned. It is not safe for concurrent use.
type Watch struct {
	// Grace is how long the intent of a write is left to the master that wrote it.
	Grace time.Duration
	seen  map[Entry]*sighting
}

// sighting is when an intent was first seen, and when it may be tried again.
type sighting struct {
	first, next time.Time
	wait        time.Duration
}

// The wait after an attempt that left parts open doubles up to maxWait.
const (
	minWait = time.Second
	maxWait = 30 * time.Second
)

// Due returns the intents among those of one log that are to be executed now. All but writes of kind
// Write are due at once: the primary itself knows whether it is executing them. now is monotonic.
func (w *Watch) Due(db string, host int, entries []Entry, now time.Time) []Entry {
	next := make(map[Entry]*sighting, len(entries))
	for e, s := range w.seen {
		if e.DB != db || e.Host != host {
			next[e] = s
		}
	}
	var due []Entry
	for _, e := range entries {
		s := w.seen[e]
		if s == nil {
			s = &sighting{first: now}
		}
		next[e] = s
		if now.Before(s.next) || e.Kind == Write && now.Sub(s.first) < w.Grace {
			continue
		}
		due = append(due, e)
	}
	w.seen = next
	return due
}

// Tried notes an attempt that left parts open.
func (w *Watch) Tried(e Entry, now time.Time) {
	if s := w.seen[e]; s != nil {
		s.wait = min(max(2*s.wait, minWait), maxWait)
		s.next = now.Add(s.wait)
	}
}

// Retry makes all intents due that only wait for another attempt, because a shard came back.
func (w *Watch) Retry() {
	for _, s := range w.seen {
		s.next, s.wait = time.Time{}, 0
	}
}
