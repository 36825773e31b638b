package screen

import (
	"fmt"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/cluster"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// explain and hint describe a failed call to the user.
func explain(err error) string { return cluster.Explain(err) }

func hint(err error) string {
	if p := api.AsProblem(err); p != nil && p.Code != api.CodeInternal {
		return answer.Hint(p.Hint, answer.Console)
	}
	return ""
}

func levelLook(l api.Level) (symbol string, role theme.Role) {
	switch l {
	case api.LevelGood:
		return "✓", theme.Good
	case api.LevelWarn:
		return "▲", theme.Warn
	case api.LevelError:
		return "✗", theme.Bad
	}
	return "·", theme.Info
}

// paintEvents draws the latest events, the newest at the top.
func paintEvents(a widget.Area, v *View) {
	in := a.Box(theme.Border, "Events", "newest first")
	in = in.Sub(1, 0, in.W-2, in.H)
	if len(v.Events) == 0 {
		paragraph(in, 0, 0, theme.Muted, "Nothing has happened yet.", in.H)
		return
	}
	y := 0
	for i := len(v.Events) - 1; i >= 0 && y < in.H; i-- {
		e := &v.Events[i]
		symbol, role := levelLook(e.Level)
		in.Text(0, y, theme.Muted, v.local(e.At).Format("15:04:05"))
		in.Text(9, y, role, symbol)
		text := e.Line()
		if e.Shard >= 0 {
			text = fmt.Sprintf("[%d] %s", e.Shard, text)
		}
		// The newest event may wrap to more lines than the older ones.
		limit := 2
		if i == len(v.Events)-1 {
			limit = 4
		}
		y = max(paragraph(in, 11, y, theme.Text, text, min(limit, in.H-y)), y+1)
	}
}

// paintMasters draws the masters known to the console.
func paintMasters(a widget.Area, v *View) {
	s := &v.State
	in := a.Box(theme.Border, "Masters", "")
	for i := range s.Masters {
		m := &s.Masters[i]
		symbol, word, role, roleName, term := masterLook(v, m)
		x := in.Text(1, i, role, symbol)
		in.Text(x+1, i, theme.Strong, widget.FitMiddle(cluster.Host(m.URL), 21))
		in.Text(25, i, theme.Text, roleName)
		if term > 0 {
			in.Text(37, i, theme.Muted, fmt.Sprintf("term %d", term))
		}
		in.Text(47, i, role, widget.Fit(word, in.W-47))
	}
}

// masterLook describes a master's state: as seen by the console for the current master,
// as seen by the current master for the others.
func masterLook(v *View, m *cluster.Master) (symbol, word string, look theme.Role, role string, term uint64) {
	s := &v.State
	if m.URL == s.Current && s.Link == cluster.Live {
		return "●", "used by this console", theme.Good, string(m.Role), m.Term
	}
	if s.IsForeign(m.URL) {
		return "✗", "of another cluster", theme.Bad, string(m.Role), m.Term
	}
	if s.Meta != nil && s.Link == cluster.Live {
		for i := range s.Meta.Peers {
			p := &s.Meta.Peers[i]
			if s.Resolve(p.URL) != m.URL {
				continue
			}
			if s.PeerAnswers(p) {
				word = "ready, " + widget.Millis(p.LatencyMS)
				if !m.Configured {
					word += ", not among --master"
				}
				if s.Demoted(p.Role, p.Term) {
					return "▲", word + ", does not know yet that it was demoted", theme.Warn, formerly(p.Role), p.Term
				}
				return "●", word, theme.Good, string(p.Role), p.Term
			}
			if p.AgeMS < 0 {
				return "○", "not asked yet", theme.Muted, string(p.Role), p.Term
			}
			return "✗", "not reachable", theme.Bad, formerly(p.Role), p.Term
		}
	}
	if !m.Configured {
		return "○", "not among --master", theme.Muted, string(m.Role), m.Term
	}
	if m.Asked.IsZero() {
		return "○", "not polled yet", theme.Muted, string(m.Role), m.Term
	}
	if m.OK {
		role = string(m.Role)
		if s.Demoted(m.Role, m.Term) {
			role = formerly(m.Role)
		}
		return "○", "answered " + widget.Age(v.Now.Sub(m.Asked)) + " ago", theme.Muted, role, m.Term
	}
	return "✗", "does not answer", theme.Bad, formerly(m.Role), m.Term
}

// formerly describes the role that a master had when it last answered.
func formerly(role api.Role) string {
	if role == "" {
		return ""
	}
	return "was " + string(role)
}

// paintTraffic draws the requests of clients to all masters over time, those that failed in another
// colour at the bottom, with a time axis.
func paintTraffic(a widget.Area, v *View) {
	height := a.H - 2
	if height > 3 {
		height--
	}
	requests, failed := v.State.Clients.Series()
	lines, top := widget.Columns(requests, a.W-4, height, 1)
	bad, _ := widget.Columns(failed, a.W-4, height, top)
	r := v.State.Clients.Now()
	note := "peak " + widget.Rate(top) + "/s"
	if r.Known {
		note = widget.Rate(r.Requests) + "/s, " + widget.Rate(r.Errors) + " err/s · " + note
	}
	in := a.Box(theme.Border, "Requests of clients", note)
	for y, line := range lines {
		in.Text(1, y, theme.Info, line)
		x := 1
		for _, cell := range bad[y] { // only what is filled covers the line
			if cell != ' ' && cell != '▁' && cell != '·' {
				in.Text(x, y, theme.Bad, string(cell))
			}
			x++
		}
	}
	if height < a.H-2 {
		paintTimeAxis(in.Sub(1, height, in.W-2, 1), v.State.SamplePeriod())
	}
}

// paintTimeAxis labels a chart of one sample a cell, of which the last is now.
func paintTimeAxis(a widget.Area, period time.Duration) {
	const every = 20 // cells
	a.TextRight(a.W, 0, theme.Muted, "now")
	for x := a.W - every; x > 4; x -= every {
		a.TextRight(x+1, 0, theme.Muted, "-"+widget.Age(time.Duration(a.W-x)*period)+"┘")
	}
}
