package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/cluster"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Dashboard is the main screen, below any dialogs. Its zero value is ready for use.
type Dashboard struct {
	scroll int // the first shard shown if they do not all fit
}

// Scroll moves the visible shards by n, within bounds.
func (d *Dashboard) Scroll(n, shards int) {
	d.scroll = min(max(d.scroll+n, 0), max(shards-1, 0))
}

// The sizes at which the layout changes, in cells.
const (
	smallWidth, smallHeight = 60, 15
	wideWidth               = 120
	tallHeight              = 32
)

// Paint draws the dashboard over the whole of a.
func (d *Dashboard) Paint(a widget.Area, v *View) {
	if a.W < smallWidth || a.H < smallHeight {
		d.paintSmall(a, v)
		return
	}
	// The footer has the keys of the dialog on top, if there is one, in the same number of rows.
	rows := len(layoutKeys(d.Commands(v), a.W, a.H).rows)
	keys := layoutKeys(d.keys(v), a.W, a.H)
	keys.rows = keys.rows[:min(len(keys.rows), rows)]
	header := a.Sub(0, 0, a.W, headerRows(v, a.H))
	paintHeader(header, v)
	paintFooter(header, a.Sub(0, a.H-rows, a.W, rows), keys, v)
	body := a.Sub(0, header.H, a.W, a.H-header.H-rows)
	n := len(shardsOf(v))
	switch {
	case a.W >= wideWidth && a.H >= tallHeight:
		d.paintWide(body, v, n)
	case a.W >= wideWidth:
		d.paintBroad(body, v, n)
	default:
		d.paintStacked(body, v, n)
	}
}

// keys are the commands for the footer: the dialog's, if there is one, else the dashboard's.
func (d *Dashboard) keys(v *View) []keymap.Command {
	if v.Keys != nil {
		return v.Keys
	}
	return d.Commands(v)
}

// paintStacked puts the panels below one another, the last two side by side.
func (d *Dashboard) paintStacked(a widget.Area, v *View, n int) {
	bottomMin := 6
	if a.H < 17 { // the bars of three shards matter more than an older event
		bottomMin = 5
	}
	rest := a.H - bottomMin
	shards := min(max(n, 1)+3, max(rest*55/100, 6))
	thick := 1
	if rest-shards >= 2*n+3 {
		thick = 2
	}
	dist := min(max(n, 1)*thick+2, rest-shards)
	if dist < 3 {
		shards, dist = min(shards, a.H-bottomMin), 0
	}
	bottom := a.H - shards - dist
	d.paintShards(a.Sub(0, 0, a.W, shards), v)
	d.paintDistribution(a.Sub(0, shards, a.W, dist), v)
	left := a.W * 48 / 100
	paintCount(a.Sub(0, shards+dist, left, bottom), v)
	paintEvents(a.Sub(left, shards+dist, a.W-left, bottom), v)
}

// paintBroad is for terminals that are wide but not tall.
func (d *Dashboard) paintBroad(a widget.Area, v *View, n int) {
	shards := min(max(n, 1)+3, max(a.H/2, 4))
	bottom := a.H - shards
	d.paintShards(a.Sub(0, 0, a.W, shards), v)
	w := a.W * 36 / 100
	d.paintDistribution(a.Sub(0, shards, w, bottom), v)
	paintCount(a.Sub(w, shards, w, bottom), v)
	paintEvents(a.Sub(2*w, shards, a.W-2*w, bottom), v)
}

// paintWide uses a large terminal: two rows of panels side by side.
func (d *Dashboard) paintWide(a widget.Area, v *View, n int) {
	shards := min(max(n, 1)+3, a.H/2)
	rest := a.H - shards
	middle := rest * 48 / 100
	left := a.W * 56 / 100
	d.paintShards(a.Sub(0, 0, a.W, shards), v)
	d.paintDistribution(a.Sub(0, shards, left, middle), v)
	paintCount(a.Sub(left, shards, a.W-left, middle), v)
	paintEvents(a.Sub(0, shards+middle, left, rest-middle), v)
	right := a.Sub(left, shards+middle, a.W-left, rest-middle)
	masters := min(len(v.State.Masters)+2, right.H/2)
	paintMasters(right.Sub(0, 0, right.W, masters), v)
	paintTraffic(right.Sub(0, masters, right.W, right.H-masters), v)
}

// paintSmall draws the essentials if there is no room for panels.
func (d *Dashboard) paintSmall(a widget.Area, v *View) {
	y := 0
	paintIdentity(a.Sub(0, y, a.W, 1), v)
	y++
	if role, text := alert(v, a.W-1); text != "" && a.H > 2 {
		a.Text(1, y, role, text)
		y++
	}
	room := a.H - y
	if room > 3 {
		room--
		paintFooter(widget.Area{}, a.Sub(0, a.H-1, a.W, 1), layoutKeys(d.keys(v), a.W, 1), v)
	}
	d.paintShardTable(a.Sub(0, y, a.W, room), v)
	y += len(shardsOf(v)) + 1
	if t := v.State.Table(v.DB, v.Table); t != nil && y < a.H-1 {
		a.Text(1, y, theme.Text, widget.Fit(fmt.Sprintf("%s.%s %s rows, skew %.2f", v.DB, v.Table, widget.Thousands(t.Rows), t.Skew), a.W-1))
		y++
	}
	if v.Count.Answer != nil && y < a.H-1 {
		a.Text(1, y, theme.Text, widget.Fit("count "+widget.Thousands(v.Count.Answer.Total)+", "+widget.Age(v.Now.Sub(v.Count.At))+" ago", a.W-1))
		y++
	}
	if t := v.State.Table(v.DB, v.Table); t != nil && a.H-1-y >= len(t.RowsPerShard) {
		paintBars(a.Sub(0, y, a.W, a.H-1-y), v, t, 0)
	}
}

// badge draws text on a background and returns the column after it and a space.
func badge(a widget.Area, x int, role theme.Role, text string) int {
	return a.Text(x, 0, role, " "+text+" ") + 1
}

// statusBadge sums up the cluster in a word or two.
func statusBadge(v *View) (theme.Role, string) {
	s := &v.State
	switch {
	case s.Link == cluster.Connecting:
		return theme.InfoBadge, "○ CONNECTING"
	case s.Link == cluster.Lost:
		return theme.BadBadge, "✗ NO MASTER"
	}
	up, all := s.Serving()
	status := s.Status()
	if _, answers := s.Primary(); !answers && status != api.StatusDown {
		return theme.WarnBadge, "▲ NO PRIMARY"
	}
	switch status {
	case api.StatusOK:
		if n := alarmCount(v); n > 0 {
			return theme.WarnBadge, "▲ " + strings.ToUpper(answer.Counted(int64(n), "alarm"))
		}
		return theme.GoodBadge, "✓ HEALTHY"
	case api.StatusDegraded:
		return theme.WarnBadge, fmt.Sprintf("▲ %d OF %d SHARDS", up, all)
	}
	if all == 0 {
		return theme.InfoBadge, "○ NO SHARDS"
	}
	return theme.BadBadge, "✗ DOWN"
}

// alarmCount is the number of things that are wrong.
func alarmCount(v *View) int {
	n := 0
	for _, a := range v.State.Alarms(v.Now) {
		if a.Level != api.LevelInfo {
			n++
		}
	}
	return n
}

// paintIdentity draws the first line: the program, the status, the current master and the age.
func paintIdentity(a widget.Area, v *View) {
	s := &v.State
	x := badge(a, 0, theme.Brand, "SHARDECK")
	x = paintProfile(a, x, &v.Profile)
	role, text := statusBadge(v)
	x = badge(a, x, role, text)
	ageRole, age := ageText(v)
	end := a.W - 1
	if clock := v.Now.Format(clockFormat(a.W)); a.W >= clockWidth {
		a.TextRight(end, 0, theme.Muted, clock)
		end -= widget.Width(clock) + 2
	}
	if from := end - widget.Width(age); from >= x {
		a.TextRight(end, 0, ageRole, age)
		end = from - 1
	}
	if s.Meta == nil {
		return
	}
	m := s.Meta.Master
	roleStyle, name := theme.Strong, strings.ToUpper(string(m.Role))
	if m.Role != api.RolePrimary {
		roleStyle = theme.Warn
	}
	if s.Link == cluster.Lost {
		roleStyle, name = theme.Muted, "was "+string(m.Role)
	}
	parts := []struct {
		role theme.Role
		text string
	}{{roleStyle, name}, {theme.Strong, " " + cluster.Host(s.Current)}, {theme.Muted, fmt.Sprintf(" · term %d", m.Term)}}
	for _, p := range parts {
		p.text = widget.Clean(p.text)
		if x+widget.Width(p.text) > end {
			break
		}
		x = a.Text(x, 0, p.role, p.text)
	}
}

// paintProfile draws the profile's name in its colour, with a mark where nothing can be changed, and
// returns the column after it.
func paintProfile(a widget.Area, x int, p *Profile) int {
	text := widget.Clean(p.Name)
	if p.Production {
		text += " !"
	}
	if p.ReadOnly {
		text = strings.TrimSpace(text + " read-only")
	}
	if text == "" {
		return x
	}
	role := theme.InfoBadge
	switch p.Colour {
	case "red":
		role = theme.BadBadge
	case "yellow":
		role = theme.WarnBadge
	case "green":
		role = theme.GoodBadge
	case "blue":
		role = theme.Brand
	}
	return badge(a, x, role, widget.Fit(text, max(a.W/4, 8)))
}

// clockWidth is the width from which there is a clock, without seconds, which would be a new frame
// for each of them.
const clockWidth = 72

// clockFormat is how the clock is shown: with the date where there is room.
func clockFormat(width int) string {
	if width >= wideWidth {
		return "Mon 2006-01-02 15:04"
	}
	return "15:04"
}

// ageText describes the age of the numbers.
func ageText(v *View) (theme.Role, string) {
	if v.Replay != nil {
		return v.Replay.text()
	}
	age := v.State.Age(v.Now)
	switch {
	case age < 0:
		return theme.Muted, "no data yet"
	case v.Paused:
		return theme.Warn, "‖ paused, " + widget.Age(age) + " old"
	case v.State.Link == cluster.Lost, age >= v.State.StaleAfter():
		return theme.Bad, "▲ stale, " + widget.Age(age) + " old"
	}
	// The age of fresh numbers is not worth a new frame with each tick.
	if v.Interval > 0 && v.Interval != time.Second {
		return theme.Good, "● every " + v.Interval.String()
	}
	return theme.Good, "● live"
}

// paintHeader draws identity, totals and the alert, each in a line unless the totals are large.
func paintHeader(a widget.Area, v *View) {
	paintIdentity(a.Sub(0, 0, a.W, 1), v)
	if a.H > 3 {
		paintFigures(a.Sub(0, 1, a.W, bigRows), v)
	} else {
		paintTotals(a.Sub(0, 1, a.W, 1), v)
	}
	paintAlert(a.Sub(0, a.H-1, a.W, 1), v)
}

// paintTotals draws the second line: facts about the whole cluster, the most important first.
func paintTotals(a widget.Area, v *View) {
	s := &v.State
	if s.Meta == nil {
		a.Text(1, 0, theme.Muted, widget.Fit("connecting to "+configuredList(s), a.W-2))
		return
	}
	m := s.Meta.Master
	up, all := s.Serving()
	facts := []string{
		fmt.Sprintf("%d/%d shards", up, all),
		rowsFact(v),
	}
	facts = append(facts, clientFacts(&s.Clients)...)
	if lease, usual := leaseFact(s); usual {
		facts = append(facts, otherMaster(v), lease)
	} else {
		facts = append(facts, lease, otherMaster(v))
	}
	facts = slices.DeleteFunc(facts, func(f string) bool { return f == "" })
	facts = append(facts, "up "+widget.Age(time.Duration(m.UptimeSeconds*float64(time.Second))),
		fmt.Sprintf("slot map v%d", m.MapVersion), fmt.Sprintf("%s slots", widget.Thousands(int64(m.Slots))),
		"answer in "+widget.Millis(s.Took.Seconds()*1000), "version "+m.Version)
	x, role := 1, theme.Text
	if s.Link == cluster.Lost {
		role = theme.Stale
		if s.Clients.Now().Errors > 0 { // somebody goes on counting what clients see
			seen := clientFacts(&s.Clients)
			for _, f := range seen {
				x = a.Text(x, 0, theme.Text, f+" · ")
			}
			facts = slices.DeleteFunc(facts, func(f string) bool { return slices.Contains(seen, f) })
		}
		x = a.Text(x, 0, role, "last known: ")
	}
	for i, f := range facts {
		f = widget.Clean(f)
		if i > 0 {
			f = " · " + f
		}
		if x+widget.Width(f) > a.W-1 {
			break
		}
		x = a.Text(x, 0, role, f)
	}
}

// clientFacts are what clients see, summed over all masters.
func clientFacts(t *cluster.Traffic) []string {
	r := t.Now()
	if !r.Known {
		return nil
	}
	facts := []string{widget.Rate(r.Requests) + " req/s"}
	if r.Errors > 0 {
		facts = append(facts, "✗ "+widget.Rate(r.Errors)+" err/s")
	}
	if r.P99 > 0 { // false for NaN
		facts = append(facts, "p50 "+widget.Millis(r.P50)+", p99 "+widget.Millis(r.P99))
	}
	return facts
}

// rowsFact is the rows of all shards; marked if those of a shard are only the last known ones, or
// not known at all.
func rowsFact(v *View) string {
	text := widget.Thousands(v.State.Rows()) + " rows"
	if !allFresh(v) {
		return "~" + text
	}
	return text
}

// allFresh reports whether the numbers of every shard are current.
func allFresh(v *View) bool {
	for i := range shardsOf(v) {
		if !fresh(v, &shardsOf(v)[i]) {
			return false
		}
	}
	return true
}

// otherMaster describes another master: the first that answers, else the first that
// does not.
func otherMaster(v *View) string {
	peers := v.State.Meta.Peers
	for i := range peers {
		if p := &peers[i]; v.State.PeerAnswers(p) {
			return string(p.Role) + " " + cluster.Host(p.URL) + " ready"
		}
	}
	if len(peers) == 0 {
		return "no other master"
	}
	if peers[0].AgeMS < 0 {
		return cluster.Host(peers[0].URL) + " not asked yet"
	}
	return "✗ " + cluster.Host(peers[0].URL) + " not reachable"
}
