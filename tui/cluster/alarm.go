package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"shardeck/shared/api"
)

// Alarm is something that is wrong with the cluster now.
type Alarm struct {
	// Key identifies what is wrong. It stays the same for as long as that lasts.
	Key   string
	Level api.Level // LevelError, LevelWarn, or LevelInfo for what is only worth knowing
	Shard int       // -1 if it does not concern a single shard
	What  string    // the condition: "shard 2 (worker-8083) is down"
	Why   string    // "" if there is no more to say
	Since time.Time
	// hold is how long it must last before it is shown, for what is normal for a moment.
	hold time.Duration
	// told is set for an alarm whose beginning and end are reported as events elsewhere.
	told bool
}

// Text describes an alarm in one line, without its mark.
func (a *Alarm) Text(now time.Time) string {
	text := a.What
	if d := now.Sub(a.Since).Truncate(time.Second); d > 0 && a.Level != api.LevelInfo {
		text += " (" + d.String() + ")"
	}
	if a.Why != "" {
		text += ": " + a.Why
	}
	return text
}

// Alarms lists what is wrong, the worst first, and of equals the one that has lasted longest.
func (s *State) Alarms(now time.Time) []Alarm {
	var all []Alarm
	for i := range s.alarms {
		if a := &s.alarms[i]; now.Sub(a.Since) >= a.hold {
			all = append(all, *a)
		}
	}
	return all
}

// ShardAlarm returns the worst alarm that concerns a shard, nil if there is none.
func (s *State) ShardAlarm(shard int, now time.Time) *Alarm {
	for i := range s.alarms {
		if a := &s.alarms[i]; a.Shard == shard && now.Sub(a.Since) >= a.hold {
			return a
		}
	}
	return nil
}

// severity orders levels from bad to good.
func severity(l api.Level) int {
	return slices.Index([]api.Level{api.LevelError, api.LevelWarn, api.LevelInfo}, l)
}

// analyzers are what looks for alarms. Each reports every condition that holds in the state, with
// the time since when it knows that, else with the zero time: then it is since it was first reported.
func analyzers() []func(*State) []Alarm {
	return []func(*State) []Alarm{
		shardAlarms, primaryAlarms, disagreements, leaseAlarms, peerAlarms, foreignAlarms, driftAlarms,
		latencyOutliers, skewAlarms, queueAlarms,
	}
}

// analyze renews the alarms and returns events for those that began to be shown or ended.
func (s *State) analyze(at time.Time) []Event {
	before := s.alarms
	var after []Alarm
	for _, look := range analyzers() {
		after = append(after, look(s)...)
	}
	var events []Event
	for i := range after {
		a := &after[i]
		j := findAlarm(before, a.Key)
		switch {
		case j >= 0 && (a.Since.IsZero() || a.hold > 0):
			a.Since = before[j].Since
		case a.Since.IsZero():
			a.Since = at
		}
		// It is shown from this answer on, but was not with the one before.
		if shown := at.Sub(a.Since) >= a.hold; shown && !a.told && (j < 0 || s.analyzed.Sub(a.Since) < a.hold) {
			events = append(events, Event{At: at, Level: a.Level, Shard: a.Shard, Text: a.Text(a.Since)})
		}
	}
	for i := range before {
		a := &before[i]
		if findAlarm(after, a.Key) < 0 && !a.told && s.analyzed.Sub(a.Since) >= a.hold {
			events = append(events, Event{At: at, Level: api.LevelGood, Shard: a.Shard, Lasted: at.Sub(a.Since), Text: "no longer: " + a.What})
		}
	}
	slices.SortStableFunc(after, func(x, y Alarm) int {
		return cmp.Or(cmp.Compare(severity(x.Level), severity(y.Level)), cmp.Compare(order(s, y.Shard), order(s, x.Shard)), x.Since.Compare(y.Since))
	})
	s.alarms, s.analyzed = after, at
	return events
}

// order is how bad a shard's state is, -1 for no shard.
func order(s *State, shard int) int {
	if w := s.Worker(shard); w != nil {
		return Badness(w.State)
	}
	return -1
}

// Worker returns the worker of a shard, nil if there is none.
func (s *State) Worker(shard int) *api.WorkerInfo {
	if s.Meta == nil {
		return nil
	}
	for i := range s.Meta.Workers {
		if s.Meta.Workers[i].Shard == shard {
			return &s.Meta.Workers[i]
		}
	}
	return nil
}

func findAlarm(all []Alarm, key string) int {
	return slices.IndexFunc(all, func(a Alarm) bool { return a.Key == key })
}

// lasted is how long the condition with that key has lasted, 0 if it does not hold.
func (s *State) lasted(key string, at time.Time) time.Duration {
	if i := findAlarm(s.alarms, key); i >= 0 {
		return at.Sub(s.alarms[i].Since)
	}
	return 0
}

func shardKey(shard int) string { return fmt.Sprintf("shard/%d", shard) }

// ShardName names a shard with its worker: "shard 2 (worker-8083)".
func ShardName(w *api.WorkerInfo) string { return fmt.Sprintf("shard %d (%s)", w.Shard, workerName(w)) }

func shardAlarms(s *State) []Alarm {
	var all []Alarm
	for i := range s.Meta.Workers {
		w := &s.Meta.Workers[i]
		if w.State == api.ShardUp || w.State == api.ShardUnknown {
			continue
		}
		_, word := ShardMark(w.State)
		if w.State == api.ShardSlow && w.AgeMS >= silentMS {
			word = "not answering"
		}
		a := Alarm{Key: shardKey(w.Shard), Level: levelOf(w.State), Shard: w.Shard, What: ShardName(w) + " " + word, told: true}
		if i < len(s.Shards) {
			a.Since = s.Shards[i].Since
		}
		if w.Problem != nil {
			a.Why = Reason(w.Problem)
		}
		all = append(all, a)
	}
	return all
}

// primaryAlarms describe the primary as seen through a backup.
func primaryAlarms(s *State) []Alarm {
	if s.Meta.Master.Role != api.RoleBackup {
		return nil
	}
	p, answers := s.Primary()
	then := "f fails over to the backup"
	if s.Automatic() {
		then = "a backup takes over by itself"
	}
	a := Alarm{Key: "primary", Level: api.LevelWarn, Shard: -1, Why: then, told: true}
	switch {
	case p == "":
		a.What = "the primary is unknown"
	case answers && !s.Configured(p):
		a.Key, a.What, a.Why = "primary/unconfigured", "this is the backup; the primary "+Host(p)+" is not polled", "it is not among --master"
	case answers:
		a.Key, a.Level, a.What, a.Why = "primary/next", api.LevelInfo, "this is the backup; primary "+Host(p)+" answers it and is polled next", ""
	default:
		a.What = "primary " + Host(p) + " does not answer"
	}
	return []Alarm{a}
}

// disagreeHold is how long masters may differ, as they do for a moment after each failover.
const disagreeHold = 3 * time.Second

// disagreements are masters that do not agree on who leads.
func disagreements(s *State) []Alarm {
	var all []Alarm
	m := &s.Meta.Master
	for i := range s.Meta.Peers {
		p := &s.Meta.Peers[i]
		if !s.PeerAnswers(p) {
			continue
		}
		a := Alarm{Key: "disagree/" + p.URL, Level: api.LevelWarn, Shard: -1, hold: disagreeHold}
		switch {
		case p.Role == api.RolePrimary && m.Role == api.RolePrimary:
			a.Level = api.LevelError
			a.What = fmt.Sprintf("two masters call themselves primary, %s in term %d and %s in term %d", Host(s.Current), m.Term, Host(p.URL), p.Term)
			a.Why = "the workers refuse the one with the older term"
		case p.Term != m.Term:
			a.What = fmt.Sprintf("masters disagree on the term, %s says %d and %s says %d", Host(s.Current), m.Term, Host(p.URL), p.Term)
		default:
			continue
		}
		all = append(all, a)
	}
	return all
}

// leaseHold is how long a lease may be short of its usual time to live: one renewal may be late.
const leaseHold = time.Second

// leaseAlarms are a lease that cannot be read, or that its holder is about to lose.
func leaseAlarms(s *State) []Alarm {
	l := &s.Meta.Master.Lease
	if !s.Automatic() {
		return nil
	}
	if !l.Known {
		return []Alarm{{Key: "lease/unknown", Level: api.LevelWarn, Shard: -1, What: "the lease cannot be read", Why: "no backup can take over until it can"}}
	}
	if l.Free || l.ExpiresInMS <= 0 || s.longestLease <= 0 || l.ExpiresInMS > s.longestLease/3 {
		return nil
	}
	return []Alarm{{Key: "lease/lapsing", Level: api.LevelWarn, Shard: -1, hold: leaseHold,
		What: "the lease of " + Host(l.Holder) + " is not being renewed",
		Why:  fmt.Sprintf("%.1f s are left, and when it lapses, a backup takes over", l.ExpiresInMS/1000)}}
}

func peerAlarms(s *State) []Alarm {
	var all []Alarm
	primary, _ := s.Primary()
	for i := range s.Meta.Peers {
		p := &s.Meta.Peers[i]
		if p.AgeMS < 0 || s.PeerAnswers(p) || s.Meta.Master.Role == api.RoleBackup && s.Resolve(p.URL) == primary {
			continue // not probed yet; or said of the primary already
		}
		a := Alarm{Key: "peer/" + p.URL, Level: api.LevelWarn, Shard: -1, told: true, What: "master " + Host(p.URL) + " does not answer"}
		if p.Role == api.RoleBackup && len(s.Meta.Peers) == 1 {
			a.Why = "nobody can take over from the primary"
		}
		all = append(all, a)
	}
	return all
}

func foreignAlarms(s *State) []Alarm {
	var all []Alarm
	for _, u := range s.Foreign() {
		all = append(all, Alarm{Key: "foreign/" + u, Level: api.LevelError, Shard: -1, told: true,
			What: Host(u) + " belongs to another cluster than " + Host(s.Current), Why: "it is not used"})
	}
	return all
}

func driftAlarms(s *State) []Alarm {
	var all []Alarm
	for i := range s.Meta.Drift {
		text := DriftText(&s.Meta.Drift[i])
		all = append(all, Alarm{Key: "drift/" + text, Level: api.LevelWarn, Shard: -1, What: text, told: true})
	}
	return all
}
