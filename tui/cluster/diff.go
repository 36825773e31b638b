package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/shared/api"
)

// Event is something that the console observed.
type Event struct {
	At    time.Time
	Level api.Level
	Shard int // -1 if it does not concern a single shard
	Text  string
	// Source is who reports it or did it: a master, or the user of this console; "" is this console.
	Source string
	// Lasted is how long what ended with this event had lasted; 0 if nothing did, or nobody knows.
	Lasted time.Duration
}

// Line is the event in one line.
func (e *Event) Line() string {
	if e.Lasted <= 0 {
		return e.Text
	}
	return e.Text + ", after " + roundDuration(e.Lasted)
}

// Explain says in one line why a call failed.
func Explain(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p.Detail
	}
	return err.Error()
}

// Reason is a shorter Explain, for use next to the master's name.
func Reason(err error) string {
	switch api.CodeOf(err) {
	case api.CodeShardUnavailable:
		return "cannot be reached"
	case api.CodeShardTimeout:
		return "no answer in time"
	case api.CodeUnauthorized:
		return "requires an API token, or refuses the one sent"
	}
	return Explain(err)
}

// diffRole reports a change of role of the current master.
func diffRole(old, next *api.Metadata, at time.Time) []Event {
	if old.Master.URL != next.Master.URL || old.Master.Role == next.Master.Role {
		return nil
	}
	if next.Master.Role == api.RolePrimary {
		// This may also be a master that has just started: it is a backup until it has found its workers.
		return []Event{{At: at, Level: api.LevelGood, Shard: -1, Text: Host(next.Master.URL) + " is the primary"}}
	}
	return []Event{{At: at, Level: api.LevelWarn, Shard: -1,
		Text: Host(next.Master.URL) + " changed from " + string(old.Master.Role) + " to " + string(next.Master.Role)}}
}

// diff reports what changed in the cluster from the latest answer to the next.
func (s *State) diff(next *api.Metadata, at time.Time) []Event {
	out := s.diffWorkers(next, at)
	out = append(out, s.diffPeers(next, at)...)
	out = append(out, diffTables(s.Meta, next, at)...)
	return append(out, s.diffDrift(next, at)...)
}

func (s *State) diffWorkers(next *api.Metadata, at time.Time) []Event {
	old := s.Meta
	var out []Event
	for i := range next.Workers {
		w := &next.Workers[i]
		j := slices.IndexFunc(old.Workers, func(o api.WorkerInfo) bool { return o.Shard == w.Shard })
		if j < 0 || old.Workers[j].State == w.State {
			continue
		}
		if w.State == api.ShardUnknown || w.State == api.ShardUp && old.Workers[j].State == api.ShardUnknown {
			continue // a master that has just started is still discovering its workers
		}
		_, word := ShardMark(w.State)
		e := Event{At: at, Level: levelOf(w.State), Shard: w.Shard, Text: workerName(w) + " is " + word}
		if w.State == api.ShardUp && old.Workers[j].AgeMS >= 0 {
			e.Text, e.Lasted = workerName(w)+" is up again", s.lasted(shardKey(w.Shard), at)
		}
		if w.Problem != nil && w.State != api.ShardUp {
			e.Text += ": " + Reason(w.Problem)
		}
		out = append(out, e)
	}
	return out
}

func workerName(w *api.WorkerInfo) string {
	if w.Name != "" {
		return w.Name
	}
	return Host(w.URL)
}

func levelOf(st api.ShardState) api.Level {
	switch st {
	case api.ShardUp:
		return api.LevelGood
	case api.ShardSlow:
		return api.LevelWarn
	case api.ShardUnknown:
		return api.LevelInfo
	}
	return api.LevelError
}

func (s *State) diffPeers(next *api.Metadata, at time.Time) []Event {
	old := s.Meta
	if old.Master.URL != next.Master.URL {
		return nil // two masters' views of different peers
	}
	var out []Event
	for _, p := range next.Peers {
		j := slices.IndexFunc(old.Peers, func(o api.PeerInfo) bool { return o.URL == p.URL })
		if j < 0 || old.Peers[j].Reachable == p.Reachable {
			continue
		}
		if p.Reachable && old.Peers[j].AgeMS < 0 || !p.Reachable && p.AgeMS < 0 {
			continue // the current master had not probed it yet, so nothing happened to it
		}
		e := Event{At: at, Level: api.LevelGood, Shard: -1, Text: "master " + Host(p.URL) + " answers again", Lasted: s.lasted("peer/"+p.URL, at)}
		if !p.Reachable {
			e.Level, e.Lasted, e.Text = api.LevelWarn, 0, "master "+Host(p.URL)+" does not answer "+Host(next.Master.URL)
		}
		out = append(out, e)
	}
	return out
}

// tableNames lists databases and tables as "database db" and "table db.table".
func tableNames(m *api.Metadata) []string {
	var out []string
	for i := range m.Databases {
		d := &m.Databases[i]
		out = append(out, "database "+d.Name)
		for j := range d.Tables {
			out = append(out, "table "+d.Name+"."+d.Tables[j].Name)
		}
	}
	return out
}

func diffTables(old, next *api.Metadata, at time.Time) []Event {
	before, after := tableNames(old), tableNames(next)
	var out []Event
	for _, n := range after {
		if !slices.Contains(before, n) {
			out = append(out, Event{At: at, Level: api.LevelInfo, Shard: -1, Text: n + " was created"})
		}
	}
	for _, n := range before {
		if !slices.Contains(after, n) {
			out = append(out, Event{At: at, Level: api.LevelInfo, Shard: -1, Text: n + " was dropped"})
		}
	}
	return out
}

// DriftText describes a drift in one line.
func DriftText(d *api.Drift) string {
	name := d.DB
	if d.Table != "" {
		name += "." + d.Table
	}
	shards := make([]string, len(d.Shards))
	for i, n := range d.Shards {
		shards[i] = strconv.Itoa(n)
	}
	return fmt.Sprintf("drift: %s of %s on shard %s", strings.ReplaceAll(d.Kind, "_", " "), name, strings.Join(shards, ", "))
}

func (s *State) diffDrift(next *api.Metadata, at time.Time) []Event {
	text := func(m *api.Metadata) []string {
		var out []string
		for i := range m.Drift {
			out = append(out, DriftText(&m.Drift[i]))
		}
		return out
	}
	before, after := text(s.Meta), text(next)
	var out []Event
	for _, d := range after {
		if !slices.Contains(before, d) {
			out = append(out, Event{At: at, Level: api.LevelWarn, Shard: -1, Text: d})
		}
	}
	for _, d := range before {
		if !slices.Contains(after, d) {
			out = append(out, Event{At: at, Level: api.LevelGood, Shard: -1, Text: "resolved " + d, Lasted: s.lasted("drift/"+d, at)})
		}
	}
	return out
}
