package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/grid"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Failovers is the place that shows who leads and why, what a failover would do now, and those that
// have happened, each with its timeline.
type Failovers struct {
	list    listing
	entries []api.FailoverResponse // as listed
	at      time.Time
	asked   time.Time
	busy    bool
	check   FailoverDryRun
	pane    pane
}

// The intents and messages of failovers.
type (
	// ListFailovers asks all masters for the failovers that they know of, and the backup that would
	// be promoted for a dry run. The screen receives [FailoversListed].
	ListFailovers struct{ Target string }
	// FailoversListed carries what they say, each failover once, the newest first.
	FailoversListed struct {
		At        time.Time
		Failovers []api.FailoverResponse
		DryRun    FailoverDryRun
	}
	// FailoverDryRun is what a failover to Target would find; both others are nil without a target.
	FailoverDryRun struct {
		Target string
		Answer *api.FailoverResponse
		Err    error
	}
)

// failoversEvery is the time from one look at the failovers to the next.
const failoversEvery = 3 * time.Second

// NewFailovers returns the place.
func NewFailovers() *Failovers { return &Failovers{} }

func (f *Failovers) fillsFrame() {}

// Writing reports whether a filter is being typed.
func (f *Failovers) Writing() bool { return f.list.typing() }

// Insert adds to the filter.
func (f *Failovers) Insert(text string) Intent { return f.list.insert(text) }

// Renew asks again.
func (f *Failovers) Renew(v *View) Intent {
	if f.busy || v.Paused || v.Now.Sub(f.asked) < failoversEvery {
		return nil
	}
	f.busy, f.asked = true, v.Now
	plan := v.State.Preflight(v.Now)
	target := ""
	if plan.Ready() {
		target = plan.Target
	}
	return ListFailovers{Target: target}
}

// Update handles what the masters say.
func (f *Failovers) Update(msg any) Intent {
	m, ok := msg.(FailoversListed)
	if !ok {
		return nil
	}
	f.busy, f.at, f.entries, f.check = false, m.At, m.Failovers, m.DryRun
	t := &grid.Table{Head: []grid.Column{{Name: "when"}, {Name: "outcome"}, {Name: "new primary"}, {Name: "term", Right: true}, {Name: "took", Right: true}, {Name: "gap", Right: true}, {Name: "how"}, {Name: "reason"}}}
	var keys []string
	for i := range f.entries {
		e := &f.entries[i]
		outcome, look := "✓ done", theme.Good
		if e.Problem != nil {
			outcome, look = "✗ failed", theme.Bad
		}
		t.Rows = append(t.Rows, []grid.Cell{{Text: dateTimeAt(m.At, e.At)}, {Text: outcome}, {Text: cluster.Host(e.Primary)},
			{Text: fmt.Sprint(e.Term)}, {Text: widget.Millis(e.TotalMS)}, {Text: strings.Replace(gapOf(e), "at least ", "≥ ", 1)}, {Text: kindWord(e.Kind)}, {Text: e.Reason}})
		t.Looks = append(t.Looks, []theme.Role{theme.Muted, look, theme.Strong})
		keys = append(keys, failoverKey(e))
	}
	return f.list.show(t, keys)
}

// kindWord is how a failover came about in one word; its details say more.
func kindWord(k api.FailoverKind) string {
	word, _, _ := strings.Cut(kindText(k), ":")
	return word
}

func failoverKey(e *api.FailoverResponse) string { return fmt.Sprint(e.At.UnixNano(), e.Primary) }

// MergeFailovers joins what several masters know: each failover once, the newest first.
func MergeFailovers(lists ...[]api.FailoverResponse) []api.FailoverResponse {
	seen := map[string]bool{}
	var all []api.FailoverResponse
	for _, e := range slices.Concat(lists...) {
		if k := failoverKey(&e); !seen[k] {
			seen[k] = true
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b api.FailoverResponse) int { return b.At.Compare(a.At) })
	return all
}

// Commands lists the keys.
func (f *Failovers) Commands(v *View) []keymap.Command {
	own := f.list.commands()
	if f.list.typing() {
		return own
	}
	return placeCommands(v, FailoverPlace, append([]keymap.Command{
		{Name: "fail over to the backup, after a question", Label: "fail over", Group: groupCluster, Keys: []string{"enter"}, Do: asks(OpenFailover{})},
		{Name: "scroll the details", Label: "more", Group: groupView, Keys: []string{"tab"}, Do: does(func() { f.pane.page() })},
	}, own...)...)
}

// Paint draws who leads and the preflight, and below the failovers with the chosen one's timeline.
func (f *Failovers) Paint(a widget.Area, v *View) {
	body := paintPlace(a, v, FailoverPlace, f.Commands(v))
	lower := min(max(len(f.entries), 1)+3, max(body.H/3, 5))
	in := body.Sub(0, 0, body.W, body.H-lower).Box(theme.Border, "Who leads, and what a failover would find", f.pane.more())
	in = in.Sub(1, 0, in.W-2, in.H)
	paintSections(in, &f.pane, f.sections(v, sectionWidth(in)))
	note := ""
	if !f.at.IsZero() {
		note = "since the masters were started"
	}
	f.list.paint(body.Sub(0, body.H-lower, body.W, lower), "Failovers", note, "None since the masters were started.")
}

func (f *Failovers) sections(v *View, width int) []section {
	if v.State.Meta == nil {
		return []section{factSection("Masters", []fact{{"", "no master has answered yet", theme.Muted}}, width)}
	}
	all := []section{topologySection(v), leaseSection(v, width), adviceSection(v, f, width), f.checkSection(width)}
	if row := f.list.row(); row >= 0 && row < len(f.entries) {
		all = append(all, timelineSection(&f.entries[row], width))
	}
	return all
}

// topologySection draws the masters and the shards below the primary.
func topologySection(v *View) section {
	s := &v.State
	up, all := s.Serving()
	hosts, roles := 0, 0
	for i := range s.Masters {
		_, _, _, role, _ := masterLook(v, &s.Masters[i])
		hosts, roles = max(hosts, min(widget.Width(cluster.Host(s.Masters[i].URL)), 28)), max(roles, len(role))
	}
	return section{"Masters", len(s.Masters) + 1, func(a widget.Area) {
		primary, answers := s.Primary()
		for y := range s.Masters {
			m := &s.Masters[y]
			symbol, word, look, role, term := masterLook(v, m)
			branch := "├─"
			if y == len(s.Masters)-1 {
				branch = "└─"
			}
			if m.URL == primary && answers {
				branch = strings.Replace(branch, "─", "━", 1)
			}
			a.Text(0, y, theme.Border, branch)
			a.Text(3, y, look, symbol)
			a.Text(5, y, theme.Strong, widget.FitMiddle(cluster.Host(m.URL), hosts))
			a.Text(6+hosts, y, theme.Text, role)
			x := 7 + hosts + roles
			if term > 0 {
				x = a.Text(x, y, theme.Muted, fmt.Sprintf("term %d ", term))
			}
			a.Text(x, y, look, widget.Fit(word, a.W-x))
		}
		role, text := theme.Good, fmt.Sprintf("%d of %d shards serve; a primary needs %d of them", up, all, all/2+1)
		switch {
		case s.Link != cluster.Live:
			role, text = theme.Stale, "last known: "+text
		case up < all:
			role = theme.Warn
		}
		a.Text(3, len(s.Masters), role, text)
	}}
}

func leaseSection(v *View, width int) section {
	l := &v.State.Meta.Master.Lease
	facts := []fact{{"kind", "manual: nobody takes over by himself", theme.Text}}
	if v.State.Automatic() {
		facts = []fact{{"kind", l.Kind + ": a backup takes over by itself when it lapses", theme.Text}}
		switch {
		case !l.Known:
			facts = append(facts, fact{"state", "▲ cannot be read", theme.Warn})
		case l.Free:
			facts = append(facts, fact{"state", "▲ free: a backup may take it now", theme.Warn})
		default:
			facts = append(facts, fact{"holder", cluster.Host(l.Holder) + fmt.Sprintf(", term %d", l.Term), theme.Text},
				fact{"left", fmt.Sprintf("%.1f s, renewed before it ends", l.ExpiresInMS/1000), theme.Text})
		}
	}
	title := "Lease"
	if v.State.Link != cluster.Live {
		title = "Lease, last known"
		for i := range facts {
			facts[i].role = theme.Stale
		}
	}
	return factSection(title, facts, width)
}

// adviceSection says what to do now.
func adviceSection(v *View, f *Failovers, width int) section {
	return factSection("What to do", []fact{{"now", advice(v, f.check), theme.Text}}, width)
}

// advice is what to do now, for whoever has just opened this place because something is wrong.
func advice(v *View, check FailoverDryRun) string {
	s := &v.State
	primary, answers := s.Primary()
	up, all := s.Serving()
	plan := s.Preflight(v.Now)
	switch {
	case s.Link != cluster.Live:
		return "No master answers. Start a master with the same MASTER_WORKERS and token as before: it finds the term that a majority of the workers stores. Shards and their data are not affected."
	case up < all/2+1:
		return fmt.Sprintf("Only %d of %d shards serve, and a primary needs %d. Start the missing workers first (2 shows why each is down); no failover can succeed before.", up, all, all/2+1)
	case answers && plan.Ready():
		return "Nothing: the primary answers and a backup is ready. Enter hands over to it, as before maintenance; reads and writes of rows go on meanwhile."
	case answers:
		return "The primary answers, but there is no backup: " + plan.Why + ". Start one, so that somebody can take over."
	case s.Automatic() && s.Meta.Master.Lease.Known:
		return "The primary " + cluster.Host(primary) + " is gone. A backup takes over by itself once the lease lapses, within seconds; if it has not by then, Enter asks it to."
	case plan.Ready():
		return "The primary " + cluster.Host(primary) + " is gone. Press Enter to promote " + cluster.Host(plan.Target) + ": reads and writes of rows already go on through it; only creating and dropping wait. The old primary is fenced off by its older term when it comes back."
	}
	return "The primary is gone, and no backup can be asked: " + plan.Why + "."
}

// checkSection lists the checks of the latest dry run.
func (f *Failovers) checkSection(width int) section {
	switch {
	case f.at.IsZero():
		return factSection("Preflight", []fact{{"", "asking …", theme.Muted}}, width)
	case f.check.Target == "":
		return factSection("Preflight", []fact{{"", "there is no backup to ask", theme.Muted}}, width)
	case f.check.Err != nil:
		return factSection("Preflight", []fact{{"✗", explain(f.check.Err), theme.Bad}}, width)
	case f.check.Answer == nil:
		return section{}
	}
	checks := f.check.Answer.Checks
	lines := make([][]string, len(checks))
	height := 1
	for i := range checks {
		lines[i] = wrap(checks[i].Name+": "+checks[i].Detail, width-2, checkLines+1)
		height += max(len(lines[i]), 1)
	}
	return section{"Preflight of " + cluster.Host(f.check.Target), height, func(a widget.Area) {
		y := 0
		for i := range checks {
			symbol, role := checkMark(&checks[i])
			a.Text(0, y, role, symbol)
			for _, line := range lines[i] {
				a.Text(2, y, theme.Text, line)
				y++
			}
		}
		if p := f.check.Answer.Problem; p != nil {
			a.Text(0, y, theme.Warn, widget.Fit("▲ "+p.Detail, a.W))
		} else {
			a.Text(0, y, theme.Good, "✓ it would succeed")
		}
	}}
}

// checkMark is the mark of a check of the preflight.
func checkMark(ck *api.FailoverCheck) (string, theme.Role) {
	if !ck.OK && !ck.Required {
		return "▲", theme.Warn
	}
	return okMark(ck.OK)
}

// timelineSection draws the steps of a failover.
func timelineSection(e *api.FailoverResponse, width int) section {
	shown := &Failover{answer: e}
	height := 0
	for i := range e.Steps {
		height += stepHeight(&e.Steps[i], width)
	}
	problem := []string{}
	if e.Problem != nil {
		problem = wrap("✗ "+e.Problem.Detail, width, 3)
	}
	return section{fmt.Sprintf("Timeline of term %d: %s", e.Term, widget.Millis(e.TotalMS)), height + len(problem), func(a widget.Area) {
		y := 0
		for i := range e.Steps {
			h := stepHeight(&e.Steps[i], a.W)
			shown.paintStep(a.Sub(0, y, a.W, h), &e.Steps[i])
			y += h
		}
		for _, line := range problem {
			a.Text(0, y, theme.Bad, line)
			y++
		}
	}}
}
