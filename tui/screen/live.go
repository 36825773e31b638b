package screen

import (
	"fmt"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/sharding"
	"shardeck/tui/answer"
	"shardeck/tui/cluster"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Live is the place that shows requests on their way from clients through the masters to the shards
// that they hit, and the MapReduce count step by step.
type Live struct {
	skipped time.Time // until then the steps of a count are not drawn out
}

// NewLive returns the place.
func NewLive() *Live { return &Live{} }

func (l *Live) fillsFrame() {}

// Update ignores messages.
func (l *Live) Update(any) Intent { return nil }

// Lively reports whether a screen moves, so that it wants frames more often than others.
func Lively(s Screen) bool {
	_, ok := s.(*Live)
	return ok
}

// Requests are shown later than they were carried out, because masters are asked for them now and then,
// but as far apart as they were; each stays visible for some time.
const (
	showDelay = 1500 * time.Millisecond
	showFor   = 900 * time.Millisecond
	reduceAt  = 500 * time.Millisecond // from one step of a count to the next
)

// Commands lists the keys.
func (l *Live) Commands(v *View) []keymap.Command {
	noTable := ""
	if v.Table == "" {
		noTable = "there is no table to count"
	}
	still := ""
	if !l.counting(v) {
		still = "no count is being shown"
	}
	all := []keymap.Command{
		{Name: "count by MapReduce, step by step", Label: "count", Group: groupCluster, Keys: []string{"c", "enter"}, Off: noTable, Do: func() Intent {
			l.skipped = time.Time{}
			return StartCount{}
		}},
		{Name: "skip the steps of the count", Label: "skip", Group: groupView, Keys: []string{" ", "space"}, Off: still, Do: does(func() { l.skipped = v.Now })},
		{Name: "choose the table", Label: "table", Group: groupView, Keys: []string{"t"}, Do: asks(PickTable{})},
		{Name: "pause and resume", Label: "pause", Group: groupView, Keys: []string{"p"}, Do: asks(TogglePause{})},
	}
	for _, a := range v.Actions {
		all = append(all, keymap.Command{Name: a.Help, Label: a.Label, Group: groupDemo, Keys: []string{a.Key}, Do: asks(AskAction{Key: a.Key})})
	}
	return placeCommands(LivePlace, all...)
}

// Paint draws the lanes, the slots, the latest requests and the count.
func (l *Live) Paint(a widget.Area, v *View) {
	body := paintPlace(a, v, LivePlace, l.Commands(v))
	n := len(shardsOf(v))
	if n == 0 {
		in := body.Box(theme.Border, "Sharding alive", "")
		paragraph(in, 1, 0, theme.Muted, "No master has reported a shard yet.", in.H)
		return
	}
	lanes := min(max(n, 3)+2, max(body.H*2/5, 5))
	l.paintLanes(body.Sub(0, 0, body.W, lanes), v)
	l.paintStrip(body.Sub(0, lanes, body.W, 4), v)
	rest := body.Sub(0, lanes+4, body.W, body.H-lanes-4)
	if rest.W >= wideWidth {
		left := rest.W * 58 / 100
		l.paintRequests(rest.Sub(0, 0, left, rest.H), v)
		l.paintCount(rest.Sub(left, 0, rest.W-left, rest.H), v)
		return
	}
	if l.counting(v) && rest.H >= 10 {
		half := rest.H / 2
		l.paintRequests(rest.Sub(0, 0, rest.W, rest.H-half), v)
		l.paintCount(rest.Sub(0, rest.H-half, rest.W, half), v)
		return
	}
	if l.counting(v) {
		l.paintCount(rest, v)
		return
	}
	l.paintRequests(rest, v)
}

// visible returns the requests that are on their way now, and how far each is, from 0 to 1.
func visible(v *View) (requests []api.RecentRequest, progress []float64) {
	for _, r := range v.State.Clients.Recent {
		since := v.Now.Sub(r.At) - showDelay
		if since >= 0 && since < showFor {
			requests = append(requests, r)
			progress = append(progress, float64(since)/float64(showFor))
		}
	}
	return requests, progress
}

// shown returns the requests that have been shown until now, the newest last.
func shown(v *View) []api.RecentRequest {
	all := v.State.Clients.Recent
	for len(all) > 0 && v.Now.Sub(all[len(all)-1].At) < showDelay {
		all = all[:len(all)-1]
	}
	return all
}

// paintLanes draws a lane from the clients to the master, and one from there to each shard. Requests
// move along them.
func (l *Live) paintLanes(a widget.Area, v *View) {
	r := v.State.Clients.Now()
	note := ""
	if r.Known {
		note = widget.Rate(r.Requests) + " req/s"
		if r.Errors > 0 {
			note += ", ✗ " + widget.Rate(r.Errors) + " err/s"
		}
	}
	in := a.Box(theme.Border, "Sharding alive", note)
	workers := shardsOf(v)
	requests, progress := visible(v)
	const client = 9
	host := "master"
	if v.State.Current != "" {
		host = cluster.Host(v.State.Current)
	}
	masterAt := max(in.W/3, client+6)
	master := masterAt + widget.Width(host) + 2
	mid := min(len(workers), in.H) / 2
	in.Text(1, mid, theme.Strong, "clients")
	lane := in.Sub(client, mid, masterAt-client-1, 1)
	role := theme.Border
	if len(requests) > 0 {
		role = theme.Info
	}
	lane.Text(0, 0, role, strings.Repeat("─", max(lane.W-1, 0))+"▸")
	in.Text(masterAt, mid, theme.Brand, " "+host+" ")
	shardAt := max(in.W*2/3, master+8)
	if len(workers) > in.H {
		l.paintShardCells(in.Sub(master+2, 0, in.W-master-2, in.H), v, requests)
	} else {
		for y := range workers {
			l.paintLane(in, v, y, mid, master, shardAt, requests, progress)
		}
	}
	for i := range requests {
		if p := progress[i] * 2; p < 1 && lane.W > 1 {
			lane.Text(int(p*float64(lane.W-1)), 0, opRole(&requests[i]), "●")
		}
	}
}

// opRole is the role of a request: failed ones and writes stand out.
func opRole(r *api.RecentRequest) theme.Role {
	switch {
	case r.Code != "":
		return theme.Bad
	case r.Op == "insert" || r.Op == "update" || r.Op == "delete":
		return theme.Warn
	}
	return theme.Good
}

// paintLane draws the lane from the master to one shard.
func (l *Live) paintLane(in widget.Area, v *View, y, mid, from, to int, requests []api.RecentRequest, progress []float64) {
	w := &shardsOf(v)[y]
	hit := false
	for i := range requests {
		hit = hit || contains(requests[i].Shards, w.Shard)
	}
	role, line := theme.Border, "─"
	if hit {
		role, line = theme.Series(w.Shard), "━"
	}
	corner := "├"
	switch {
	case y < mid && y == 0:
		corner = "╭"
	case y > mid && y == min(len(shardsOf(v)), in.H)-1:
		corner = "╰"
	case y == mid:
		corner = "┼"
	}
	in.Text(from+1, y, role, corner+strings.Repeat(line, max(to-from-3, 0))+"▸")
	for i := range requests {
		if p := progress[i]*2 - 1; p >= 0 && contains(requests[i].Shards, w.Shard) {
			in.Text(from+2+int(p*float64(max(to-from-4, 0))), y, opRole(&requests[i]), "●")
		}
	}
	symbol, word := cluster.ShardMark(w.State)
	x := in.Text(to, y, stateRole(w.State), symbol+" ")
	label := fmt.Sprintf("shard %d", w.Shard)
	look := theme.Series(w.Shard)
	x = in.Text(x, y, look, label+" ")
	name := w.Name
	if w.State != api.ShardUp {
		name = word
	}
	x = in.Text(x, y, theme.Muted, widget.FitMiddle(name, max(in.W-x-10, 4))+" ")
	t := trafficOf(v, w)
	if rate := widget.Rate(t.RequestsPerSecond) + "/s"; x+len(rate) <= in.W {
		in.TextRight(in.W, y, theme.Text, rate)
	}
}

func contains(shards []int, shard int) bool {
	for _, s := range shards {
		if s == shard {
			return true
		}
	}
	return false
}

// paintShardCells draws many shards as cells, of which those that are hit are lit; those in trouble
// have a mark and come first.
func (l *Live) paintShardCells(a widget.Area, v *View, requests []api.RecentRequest) {
	const cell = 3
	perRow := max(a.W/cell, 1)
	order := troubleFirst(v)
	for k, i := range order {
		if left := len(order) - k; k == perRow*a.H-2 && left > 2 {
			a.Text(k%perRow*cell, k/perRow, theme.Muted, fmt.Sprintf("+%d", left))
			return
		}
		w := &shardsOf(v)[i]
		role, mark := theme.Muted, " "
		for r := range requests {
			if contains(requests[r].Shards, w.Shard) {
				role = theme.Selected
			}
		}
		if w.State != api.ShardUp && w.State != api.ShardUnknown {
			mark, _ = cluster.ShardMark(w.State)
			role = stateRole(w.State)
		}
		a.Text(k%perRow*cell, k/perRow, role, fmt.Sprintf("%s%2d", mark, w.Shard))
	}
}

// paintStrip draws the slots around the one that the latest request with a key has hit.
func (l *Live) paintStrip(a widget.Area, v *View) {
	m, err := sharding.NewMap(len(shardsOf(v)))
	if err != nil || v.State.Meta.Master.MapVersion != m.Version() {
		a.Box(theme.Border, "Slots", "the masters have another slot map than this console knows")
		return
	}
	var last *api.RouteKey
	all := shown(v)
	for i := range all {
		if all[i].Key != nil {
			last = all[i].Key
		}
	}
	title := fmt.Sprintf("%s slots, %d shards", widget.Thousands(sharding.Slots), len(shardsOf(v)))
	if last == nil {
		in := a.Box(theme.Border, title, "")
		paintSlots(in.Sub(1, 0, in.W-2, 1), m, 0, -1, -1)
		in.Text(1, 1, theme.Muted, "no request with a shard key has been seen yet")
		return
	}
	in := a.Box(theme.Border, title, fmt.Sprintf("slot %d of shard %d", last.Slot, last.Shard))
	in = in.Sub(1, 0, in.W-2, in.H)
	first := min(max(last.Slot-in.W/2, 0), max(sharding.Slots-in.W, 0))
	paintSlots(in.Sub(0, 0, in.W, 1), m, first, -1, last.Slot)
	in.Text(0, 1, theme.Muted, fmt.Sprint(first))
	in.TextRight(in.W, 1, theme.Muted, fmt.Sprint(min(first+in.W, sharding.Slots)-1))
	x := last.Slot - first
	label := fmt.Sprintf("▲ %d", last.Slot)
	if x+widget.Width(label) > in.W-6 {
		in.TextRight(x+1, 1, theme.Key, fmt.Sprintf("%d ▲", last.Slot))
	} else {
		in.Text(x, 1, theme.Key, label)
	}
}

// paintRequests draws the latest requests, one a line, the newest at the bottom.
func (l *Live) paintRequests(a widget.Area, v *View) {
	in := a.Box(theme.Border, "Real requests", "newest at the bottom")
	in = in.Sub(1, 0, in.W-2, in.H)
	all := shown(v)
	if len(all) == 0 {
		paragraph(in, 0, 0, theme.Muted, "None yet. Run statements, or let a demo's traffic run.", in.H)
		return
	}
	all = all[max(len(all)-in.H, 0):]
	for i := range all {
		r := &all[i]
		y := in.H - len(all) + i
		x := in.Text(0, y, opRole(r), "● ")
		x = in.Text(x, y, theme.Text, fmt.Sprintf("%-7s", widget.Fit(r.Op, 7)))
		text := requestText(r)
		role := theme.Text
		if r.Code != "" {
			role, text = theme.Bad, text+" ✗ "+strings.ReplaceAll(string(r.Code), "_", " ")
		}
		right := widget.Millis(r.MS)
		in.Text(x, y, role, widget.Fit(text, in.W-x-widget.Width(right)-1))
		in.TextRight(in.W, y, theme.Muted, right)
	}
}

// requestText says how a request found its shards.
func requestText(r *api.RecentRequest) string {
	if k := r.Key; k != nil {
		return fmt.Sprintf("key %s → hash %d → slot %d → shard %d", k.Key, k.Hash, k.Slot, k.Shard)
	}
	if len(r.Shards) == 1 {
		return fmt.Sprintf("%s → shard %d", r.Table, r.Shards[0])
	}
	return fmt.Sprintf("%s → %s", r.Table, answer.Shards(r.Shards))
}

// steps returns how many steps of the latest count have been drawn by now, and how many there are:
// the question, each shard's count or a group of them, and the sum.
func (l *Live) steps(v *View) (done, all, group int) {
	n := len(v.Count.Answer.Shards)
	group = max((n+7)/8, 1)
	all = 2 + (n+group-1)/group
	if !l.skipped.IsZero() && !l.skipped.Before(v.Count.At) {
		return all, all, group
	}
	return min(int(v.Now.Sub(v.Count.At)/reduceAt), all), all, group
}

// counting reports whether a count runs or is still being drawn.
func (l *Live) counting(v *View) bool {
	if v.Count.Running {
		return true
	}
	if v.Count.Answer == nil || v.Count.Err != nil {
		return false
	}
	_, all, _ := l.steps(v)
	return v.Now.Sub(v.Count.At) < time.Duration(all)*reduceAt+10*time.Second
}

// paintCount draws the count at the pace of the eye: all shards are asked, each counts its own rows,
// and the master adds the counts up.
func (l *Live) paintCount(a widget.Area, v *View) {
	c := &v.Count
	in := a.Box(theme.Border, "MapReduce", "c counts · Space skips the steps")
	in = in.Sub(1, 0, in.W-2, in.H)
	switch {
	case c.Err != nil:
		paragraph(in, 0, 0, theme.Bad, "✗ "+explain(c.Err), in.H)
		return
	case c.Running || c.Answer == nil:
		text := "Press c: every shard counts its own rows of " + v.Table + " (map), and the master adds the counts up (reduce)."
		if c.Running {
			text = "map: every shard counts its own rows of " + c.DB + "." + c.Table + " …"
		}
		paragraph(in, 0, 0, theme.Muted, text, in.H)
		return
	}
	done, all, group := l.steps(v)
	parts := c.Answer.Shards
	var most, sum int64
	for i := range parts {
		most = max(most, parts[i].Rows)
	}
	known := min(max(done-1, 0)*group, len(parts))
	room := max(in.H-3, 0)
	first := max(min(known, len(parts))-room, 0)
	in.Text(0, 0, theme.Info, widget.Fit("map: COUNT(*) of "+c.DB+"."+c.Table+" on "+answer.Counted(int64(len(parts)), "shard"), in.W))
	for i := range parts {
		if i < known {
			sum += parts[i].Rows
		}
		y := 1 + i - first
		if y < 1 || y > room {
			continue
		}
		x := in.Text(0, y, theme.Series(parts[i].Shard), fmt.Sprintf("%2d ", parts[i].Shard))
		if i >= known {
			in.Text(x, y, theme.Muted, "counting …")
			continue
		}
		in.Text(x, y, theme.Series(parts[i].Shard), widget.Bar(float64(parts[i].Rows), float64(most), in.W-x-20))
		in.TextRight(in.W-9, y, theme.Strong, widget.Count(parts[i].Rows, 9))
		in.TextRight(in.W, y, theme.Muted, widget.Millis(parts[i].MS))
	}
	label, role := "reduce so far: ", theme.Text
	if done >= all {
		label, role = "reduce: Σ ", theme.Strong
	}
	x := in.Text(0, in.H-2, theme.Title, label)
	x = in.Text(x, in.H-2, role, widget.Thousands(sum))
	if partials := strings.TrimSpace(sumText(parts[:known])); known > 1 && x+3+widget.Width(partials) <= in.W {
		in.Text(x, in.H-2, theme.Muted, " = "+partials)
	}
	last := "in truth this took " + widget.Millis(c.Answer.MapMS+c.Answer.ReduceMS)
	if k := len(c.Answer.Partial); k > 0 {
		last = fmt.Sprintf("▲ partial: without %s", answer.Counted(int64(k), "shard"))
	}
	in.Text(0, in.H-1, theme.Muted, widget.Fit(last, in.W))
}
