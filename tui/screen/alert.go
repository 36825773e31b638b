package screen

import (
	"fmt"
	"strings"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// alert describes what is wrong in at most width cells, the worst first; "" if nothing is. What has
// no room is counted.
func alert(v *View, width int) (theme.Role, string) {
	s := &v.State
	switch {
	case s.Link == cluster.Connecting && s.Err != nil:
		return theme.Warn, widget.Fit("▲ no master yet: "+cluster.Reason(s.Err)+"; retrying", width)
	case s.Link == cluster.Lost:
		return theme.Bad, widget.Fit("✗ no master for "+widget.Age(v.Now.Sub(s.LinkSince))+": "+cluster.Reason(s.Err)+"; trying "+configuredList(s), width)
	case s.Meta == nil:
		return theme.Muted, ""
	}
	all := s.Alarms(v.Now)
	if len(all) == 0 {
		return theme.Muted, ""
	}
	text := widget.Clean(alarmLine(v, &all[0]))
	for i := 1; i < len(all); i++ {
		rest := fmt.Sprintf(" · %d more", len(all)-i)
		next := " · " + widget.Clean(alarmLine(v, &all[i]))
		left := ""
		if i < len(all)-1 {
			left = fmt.Sprintf(" · %d more", len(all)-i-1)
		}
		if widget.Width(text+next+left) > width {
			text = widget.Fit(text, width-widget.Width(rest)) + rest
			break
		}
		text += next
	}
	return alarmRole(v, &all[0]), widget.Fit(text, width)
}

// paintAlert draws what is wrong, else a rule, so that the layout does not jump when something is.
func paintAlert(line widget.Area, v *View) {
	role, text := alert(v, line.W-2)
	if text == "" {
		line.Rule(0, theme.Border)
		return
	}
	line.Text(1, 0, role, text)
}

// alarmLine is an alarm with its mark.
func alarmLine(v *View, a *cluster.Alarm) string {
	return alarmMark(v, a) + " " + a.Text(v.Now)
}

// alarmMark is the mark of an alarm: of the shard's state where that is what is wrong.
func alarmMark(v *View, a *cluster.Alarm) string {
	if w := v.State.Worker(a.Shard); w != nil && w.State != api.ShardUp {
		symbol, _ := cluster.ShardMark(w.State)
		return symbol
	}
	symbol, _ := levelLook(a.Level)
	return symbol
}

func alarmRole(v *View, a *cluster.Alarm) theme.Role {
	if w := v.State.Worker(a.Shard); w != nil && w.State != api.ShardUp {
		return stateRole(w.State)
	}
	_, role := levelLook(a.Level)
	return role
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
