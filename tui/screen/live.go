package screen

import (
	"fmt"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/sharding"
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
	return placeCommands(v, LivePlace, all...)
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
	lanes, strip := l.heights(body.H, n, v)
	l.paintLanes(body.Sub(0, 0, body.W, lanes), v)
	l.paintStrip(body.Sub(0, lanes, body.W, strip), v)
	rest := body.Sub(0, lanes+strip, body.W, body.H-lanes-strip)
	if rest.W >= wideWidth {
		left := rest.W * 58 / 100
		l.paintRequests(rest.Sub(0, 0, left, rest.H), v)
		l.paintCount(rest.Sub(left, 0, rest.W-left, rest.H), v)
		return
	}
	if half := max(rest.H/2, countHeight(n)); l.counting(v) && rest.H-half >= leastBox {
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

// The heights of the parts of the place.
const (
	leastLanes  = 5
	stripHeight = 4
	leastBox    = 3 // of a list
	countParts  = 8 // shards of a count that get a line of their own before anything else does
)

// countHeight is the height at which a count over n shards is whole.
func countHeight(n int) int { return min(n, countParts) + 5 }

// heights divides the height between the lanes, the strip of slots and what is below both. While a
// count is drawn it gets its room from the strip, and then from the lanes.
func (l *Live) heights(height, n int, v *View) (lanes, strip int) {
	lanes = min(max(n, 3)+2, max(height*2/5, leastLanes))
	if !l.counting(v) {
		if height-lanes-stripHeight < leastBox {
			return lanes, 0
		}
		return lanes, stripHeight
	}
	room := height - countHeight(n)
	switch {
	case room >= lanes+stripHeight:
		return lanes, stripHeight
	case room >= leastLanes:
		return min(lanes, room), 0
	case room >= stripHeight:
		return 0, stripHeight
	}
	return 0, 0
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
	if a.H == 0 {
		return
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
	look, name := theme.Brand, " "+host+" "
	if v.State.Link == cluster.Lost {
		look, name = theme.BadBadge, "✗"+host+" "
	}
	in.Text(masterAt, mid, look, name)
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
	mark := stateRole(w.State)
	if serves := w.State == api.ShardUp || w.State == api.ShardSlow; serves && !fresh(v, w) {
		symbol, word, mark = "○", "~"+word, theme.Stale // only the last known state
	}
	x := in.Text(to, y, mark, symbol+" ")
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

// paintStrip draws the slots around the one that the latest request with a key has hit, or that of the
// tour's step.
func (l *Live) paintStrip(a widget.Area, v *View) {
	if a.H == 0 {
		return
	}
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
	if v.Tour != nil && v.Tour.Key != nil { // what the tour talks about stays, whatever else goes on
		last = v.Tour.Key
	}
	title := fmt.Sprintf("%s slots, %d shards", widget.Thousands(sharding.Slots), len(shardsOf(v)))
	if last == nil {
		in := a.Box(theme.Border, title, "")
		paintSlots(in.Sub(1, 0, in.W-2, 1), m, 0, -1, -1)
		in.Text(1, 1, theme.Muted, "no request with a shard key has been seen yet")
		return
	}
	in := a.Box(theme.Border, title, fmt.Sprintf("key %s is in slot %d of shard %d", widget.Fit(last.Key, 20), last.Slot, last.Shard))
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
