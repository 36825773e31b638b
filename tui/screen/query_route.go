package screen

import (
	"cmp"
	"fmt"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// paintRoute draws which shards the last statement was sent to and why, and how long each took.
func (q *Query) paintRoute(a widget.Area, v *View) {
	r := q.shownResult()
	if q.running != nil {
		q.paintRunning(a, v)
		return
	}
	if r == nil || r.Route == nil || r.Route.Kind == "" {
		in := a.Box(theme.Border, "Route", "")
		paragraph(in.Sub(1, 0, in.W-2, in.H), 0, 0, theme.Muted, noRoute(r), in.H)
		return
	}
	in := a.Box(theme.Border, "Route", string(r.Route.Kind))
	in = in.Sub(1, 0, in.W-2, in.H)
	shards := answer.AnsweredShards(r.Route, r.Partial)
	y := paintWhere(in, r.Route, shards, len(r.Shards))
	paintTimes(in.Sub(0, y, in.W, in.H-y), r.Shards)
}

// noRoute explains why there is no route to show.
func noRoute(r *Result) string {
	switch {
	case r == nil:
		return "Shows which shards a statement was sent to, and why, once it has run."
	case r.canceled():
		return "None: the statement was cancelled."
	case r.Err != nil:
		if p := api.AsProblem(r.Err); p.Shard != nil {
			if p.Worker == "" {
				return fmt.Sprintf("Failed at shard %d.", *p.Shard)
			}
			return fmt.Sprintf("Failed at shard %d, %s.", *p.Shard, p.Worker)
		}
		return "None: the statement failed."
	}
	return "The answer has no route."
}

// paintKeys draws how keys map to their shards, in at most room lines, and returns the
// row after them.
func paintKeys(in widget.Area, y int, r *api.Route, room int) int {
	first, twoLines := y, 2*len(r.Keys) <= room
	for i := range r.Keys {
		k := &r.Keys[i]
		left := room - (y - first)
		if more := max(r.KeysTotal, len(r.Keys)) - i; left < 1 || left == 1 && more > 1 {
			if left == 1 {
				in.Text(0, y, theme.Muted, widget.Fit(fmt.Sprintf("… and %d more keys", more), in.W))
				y++
			}
			return y
		}
		name := widget.FitMiddle(k.Key, max(in.W-34, 8))
		x := in.Text(0, y, theme.Strong, name)
		hash, slot := fmt.Sprintf(" → hash %d", k.Hash), fmt.Sprintf(" → slot %d → ", k.Slot)
		switch {
		case x+len(hash)+len(slot)+4 <= in.W:
			x = in.Text(x, y, theme.Muted, hash+slot)
		case twoLines:
			in.Text(x, y, theme.Muted, hash)
			y++
			x = in.Text(1, y, theme.Muted, slot)
		default:
			x = in.Text(x, y, theme.Muted, slot)
		}
		in.Text(x, y, theme.Series(k.Shard), fmt.Sprintf("shard %d", k.Shard))
		y++
	}
	return y
}

// paintTimes draws each shard's rows and time, and the time as a bar.
func paintTimes(a widget.Area, parts []api.ShardResult) {
	var slowest float64
	for i := range parts {
		slowest = max(slowest, parts[i].MS)
	}
	for i := range parts {
		if i == a.H-1 && len(parts) > a.H {
			a.Text(0, i, theme.Muted, widget.Fit(fmt.Sprintf("… and %s more", answer.Counted(int64(len(parts)-i), "shard")), a.W))
			return
		}
		p := &parts[i]
		label := fmt.Sprintf("%d ", p.Shard)
		if a.W >= 48 {
			label += widget.FitMiddle(p.Worker, 14) + " "
		}
		x := a.Text(0, i, theme.Series(p.Shard), label)
		if a.W >= 48 {
			x = 18
		}
		if a.W < 24 {
			a.TextRight(a.W, i, theme.Text, widget.Millis(p.MS))
			continue
		}
		const rows, time = 8, 9
		a.Text(x, i, theme.Series(p.Shard), widget.Bar(p.MS, slowest, a.W-x-rows-time-1))
		a.TextRight(a.W-time, i, theme.Text, widget.Count(p.Rows, rows-1))
		a.TextRight(a.W, i, theme.Muted, widget.Millis(p.MS))
	}
}

// paintRunning draws what is known while a statement runs.
func (q *Query) paintRunning(a widget.Area, v *View) {
	progress := &q.running.progress
	if p := progress.Running; p != nil && p.Route != nil {
		in := a.Box(theme.Info, "Route", cmp.Or(progressNote(p), "running"))
		paintProgress(in.Sub(1, 0, in.W-2, in.H), p, v.Now.Sub(progress.At))
		return
	}
	in := a.Box(theme.Info, "Route", "running")
	in = in.Sub(1, 0, in.W-2, in.H)
	y := paragraph(in, 0, 0, theme.Text, q.runningText(v), 2)
	paragraph(in, 0, y, theme.Muted, "Its route and its shards are shown as soon as the master lists them.", 2)
}
