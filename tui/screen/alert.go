package screen

import (
	"fmt"
	"strings"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// reason is one thing that is wrong with the cluster.
type reason struct {
	role theme.Role
	text string
}

// alert describes what is wrong, the most important first; "" if nothing is.
func alert(v *View) (theme.Role, string) {
	s := &v.State
	switch {
	case s.Link == cluster.Connecting && s.Err != nil:
		return theme.Warn, "▲ no master yet: " + cluster.Reason(s.Err) + "; retrying"
	case s.Link == cluster.Lost:
		return theme.Bad, "✗ no master for " + widget.Age(v.Now.Sub(s.LinkSince)) + ": " + cluster.Reason(s.Err) + "; trying " + configuredList(s)
	case s.Meta == nil:
		return theme.Muted, ""
	}
	all := reasons(v)
	if len(all) == 0 {
		return theme.Muted, ""
	}
	texts := make([]string, len(all))
	for i := range all {
		texts[i] = all[i].text
	}
	return all[0].role, strings.Join(texts, " · ")
}

// reasons lists what is wrong, the most important first.
func reasons(v *View) []reason {
	s := &v.State
	var all []reason
	add := func(role theme.Role, text string) {
		if text != "" {
			all = append(all, reason{role, text})
		}
	}
	add(shardAlert(v))
	if s.Meta.Master.Role == api.RoleBackup {
		add(primaryAlert(s))
	}
	if foreign := s.Foreign(); len(foreign) > 0 {
		add(theme.Bad, "✗ "+cluster.Host(foreign[0])+" belongs to another cluster than "+cluster.Host(s.Current)+" and is not used")
	}
	if s.Automatic() && !s.Meta.Master.Lease.Known {
		add(theme.Warn, "▲ the lease cannot be read, so no backup can take over")
	}
	if n := len(s.Meta.Drift); n > 0 {
		text := "▲ " + cluster.DriftText(&s.Meta.Drift[0])
		if n > 1 {
			text += fmt.Sprintf(" and %d more", n-1)
		}
		add(theme.Warn, text)
	}
	return all
}

// primaryAlert describes the primary as seen through a backup.
func primaryAlert(s *cluster.State) (theme.Role, string) {
	p, answers := s.Primary()
	then := " · this is the backup · f fails over"
	if s.Automatic() {
		then = "; a backup takes over by itself"
	}
	switch {
	case p == "":
		return theme.Warn, "▲ the primary is unknown" + then
	case answers && !s.Configured(p):
		return theme.Warn, "▲ this is the backup · primary " + cluster.Host(p) + " is not polled: it is not among --master"
	case answers:
		return theme.Info, "· this is the backup · primary " + cluster.Host(p) + " answers it and is polled next"
	}
	return theme.Warn, "▲ primary " + cluster.Host(p) + " does not answer" + then
}

// leaseFact says who holds the lease, "" if the master does not say, and whether that is the primary,
// as it usually is.
func leaseFact(s *cluster.State) (text string, usual bool) {
	l := s.Meta.Master.Lease
	switch {
	case l.Kind == "":
		return "", true
	case !s.Automatic():
		return "lease " + l.Kind, true
	case !l.Known:
		return "lease " + l.Kind + " unknown", false
	case l.Free:
		return "lease " + l.Kind + " free", false
	}
	primary, answers := s.Primary()
	return "lease " + l.Kind + " held by " + cluster.Host(l.Holder), answers && primary == s.Resolve(l.Holder)
}

// configuredList lists the masters that are tried.
func configuredList(s *cluster.State) string {
	var hosts []string
	for i := range s.Masters {
		if s.Masters[i].Configured {
			hosts = append(hosts, cluster.Host(s.Masters[i].URL))
		}
	}
	return strings.Join(hosts, ", ")
}

// shardAlert describes the shard in the worst state, and how many others are unhealthy.
func shardAlert(v *View) (theme.Role, string) {
	s := &v.State
	worst, others := -1, -1
	for i := range s.Meta.Workers {
		st := s.Meta.Workers[i].State
		if st == api.ShardUp || st == api.ShardUnknown {
			continue
		}
		others++
		if worst < 0 || cluster.Badness(st) > cluster.Badness(s.Meta.Workers[worst].State) {
			worst = i
		}
	}
	if worst < 0 {
		return theme.Muted, ""
	}
	w := &s.Meta.Workers[worst]
	symbol, word := cluster.ShardMark(w.State)
	text := fmt.Sprintf("%s shard %d (%s) %s", symbol, w.Shard, w.Name, word)
	if worst < len(s.Shards) {
		text += " for " + widget.Age(v.Now.Sub(s.Shards[worst].Since))
	}
	if w.Problem != nil {
		text += ": " + cluster.Reason(w.Problem)
	}
	if others > 0 {
		text += fmt.Sprintf(" · %d more unhealthy", others)
	}
	return stateRole(w.State), text
}
