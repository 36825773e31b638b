package screen

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// QueryProgress says how far a statement is that runs. At is when that was found out.
type QueryProgress struct {
	At      time.Time
	Running *api.RunningQuery
}

// progressNote counts the shards that have answered, for the frame's title; "" if none is involved.
func progressNote(p *api.RunningQuery) string {
	answered := 0
	for i := range p.Parts {
		if hasAnswered(&p.Parts[i]) {
			answered++
		}
	}
	if len(p.Parts) == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d answered", answered, len(p.Parts))
}

// hasAnswered reports whether anything has come from the shard yet.
func hasAnswered(p *api.RunningPart) bool {
	switch p.State {
	case api.PartAnswering, api.PartDone:
		return true
	case api.PartAwaited:
		return p.Rows > 0
	}
	return false
}

// paintProgress draws which shards a running statement was sent to and why, who has answered, and who
// is still awaited. since is how long ago that was found out: the times of those that are awaited go
// on meanwhile.
func paintProgress(in widget.Area, p *api.RunningQuery, since time.Duration) {
	shards := answer.Shards(p.Shards)
	y := 1
	if r := p.Route; r != nil {
		y = paintWhere(in, r, shards, len(p.Parts))
	} else {
		in.Text(0, 0, theme.Strong, shards)
	}
	paintParts(in.Sub(0, y, in.W, in.H-y), p, since)
}

// paintWhere draws the shards of a route, why it goes there and how its keys map to them, above lines
// for bars shards. It returns the row after it.
func paintWhere(in widget.Area, r *api.Route, shards string, bars int) int {
	x := in.Text(0, 0, theme.Strong, shards)
	why := wrap(r.Why, in.W, 3)
	y, keys := 1, len(r.Keys)
	switch spare := in.H - 1 - min(bars, 3) - keys; {
	case len(why) == 1 && x+2+widget.Width(why[0]) <= in.W:
		in.Text(x, 0, theme.Muted, ": "+why[0])
	case keys > 0 && len(why) > spare && spare < 2:
		// The keys show the same in less space.
	default:
		y = paragraph(in, 0, 1, theme.Text, r.Why, min(len(why), max(spare, 1)))
	}
	y = paintKeys(in, y, r, max(in.H-y-min(bars, 3), 1))
	if in.H-y > bars && bars > 0 {
		y++
	}
	return y
}

// paintParts draws one line for each shard. If there are too many, those that are not done come first.
func paintParts(a widget.Area, running *api.RunningQuery, since time.Duration) {
	parts := running.Parts
	if len(parts) > a.H {
		parts = slices.Clone(parts)
		slices.SortStableFunc(parts, func(x, y api.RunningPart) int { return cmp.Compare(urgency(&x), urgency(&y)) })
	}
	for i := range parts {
		if i == a.H-1 && len(parts) > a.H {
			a.Text(0, i, theme.Muted, widget.Fit(fmt.Sprintf("… and %s more", answer.Counted(int64(len(parts)-i), "shard")), a.W))
			return
		}
		paintRunningPart(a.Sub(0, i, a.W, 1), &parts[i], slices.Contains(running.Shards, parts[i].Shard), since)
	}
}

// urgency orders parts by what the user waits for.
func urgency(p *api.RunningPart) int {
	switch p.State {
	case api.PartFailed:
		return 0
	case api.PartAwaited:
		return 1
	case api.PartPending:
		return 2
	case api.PartAnswering:
		return 3
	}
	return 4
}

// partMark is a part's state as a mark and a word.
func partMark(p *api.RunningPart) (role theme.Role, mark, word string) {
	switch {
	case p.State == api.PartFailed:
		return theme.Bad, "✗", "failed"
	case p.State == api.PartPending:
		return theme.Muted, "·", "not sent yet"
	case p.State == api.PartDone:
		return theme.Good, "✓", "answered"
	case hasAnswered(p):
		return theme.Info, "↓", "answering"
	case p.State == api.PartAwaited:
		return theme.Warn, "○", "awaited"
	}
	return theme.Muted, "?", widget.Clean(string(p.State)) // of a newer master
}

// paintRunningPart draws a shard, its state, its rows so far and the time it was waited for. A shard
// that the statement is not routed to only stores the key by which a write is repeated safely.
func paintRunningPart(a widget.Area, p *api.RunningPart, routed bool, since time.Duration) {
	const forState, forRows, forTime = 15, 13, 9 // the widths of the columns
	wide := a.W >= 18+forState+forRows+forTime
	x := a.Text(0, 0, theme.Series(p.Shard), fmt.Sprintf("%d ", p.Shard))
	if wide {
		a.Text(x, 0, theme.Series(p.Shard), widget.FitMiddle(p.Worker, 14))
		x = 18
	}
	role, mark, word := partMark(p)
	if a.W < 24 {
		a.Text(x, 0, role, mark)
	} else {
		a.Text(x, 0, role, widget.Fit(mark+" "+word, max(a.W-x-forTime-1, 1)))
	}
	switch {
	case !routed && wide:
		a.TextRight(a.W-forTime-1, 0, theme.Muted, "stores key")
	case !routed || !hasAnswered(p) || a.W < 2+len("✓ answering")+len("99,999")+forTime:
	case wide && p.Rows == 1:
		a.TextRight(a.W-forTime-1, 0, theme.Text, "1 row")
	case wide:
		a.TextRight(a.W-forTime-1, 0, theme.Text, widget.Count(p.Rows, forRows-6)+" rows")
	default:
		a.TextRight(a.W-forTime-1, 0, theme.Text, widget.Count(p.Rows, 6))
	}
	ms := p.MS
	switch p.State {
	case api.PartPending:
		return
	case api.PartAwaited:
		ms += float64(max(since, 0).Microseconds()) / 1000
	}
	a.TextRight(a.W, 0, theme.Muted, widget.Millis(ms))
}
