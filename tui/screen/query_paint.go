package screen

import (
	"fmt"
	"strings"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// box is a rectangle of a frame.
type box struct{ x, y, w, h int }

func (b box) of(a widget.Area) widget.Area { return a.Sub(b.x, b.y, b.w, b.h) }

// queryLayout is the layout of the Query screen. A part without room is empty.
type queryLayout struct{ identity, editor, route, result, status, footer box }

// layoutQuery divides a frame: the editor with the route beside it, and the result below
// with the rest.
func layoutQuery(w, h int) queryLayout {
	var l queryLayout
	l.footer = box{0, h - 1, w, 1}
	l.status = box{0, h - 2, w, 1}
	top := 0
	if h >= smallHeight {
		l.identity = box{0, 0, w, 1}
		top = 1
	}
	editor := min(max(h*3/8, 3), 14)
	l.editor = box{0, top, w, editor}
	if w >= smallWidth {
		left := w * 58 / 100
		if w >= wideWidth {
			left = w * 62 / 100
		}
		l.editor.w = left
		l.route = box{left, top, w - left, editor}
	}
	l.result = box{0, top + editor, w, max(h-2-top-editor, 0)}
	return l
}

// Paint draws the screen over the whole of a.
func (q *Query) Paint(a widget.Area, v *View) {
	l := layoutQuery(a.W, a.H)
	paintIdentity(l.identity.of(a), v)
	q.paintEditor(l.editor.of(a), v)
	q.paintRoute(l.route.of(a))
	q.paintResult(l.result.of(a), v)
	q.paintStatus(l.status.of(a), v)
	q.paintFooter(l.footer.of(a), v)
}

// frame is the role of a pane's frame: the focused one stands out.
func frame(focused bool) theme.Role {
	if focused {
		return theme.DialogFrame
	}
	return theme.Border
}

func (q *Query) paintEditor(a widget.Area, v *View) {
	title, note := "Query", ""
	if v.DB != "" {
		title += " · " + v.DB
	}
	if n := len(q.history); n > 1 && q.place < n {
		note = fmt.Sprintf("%d of %d", q.place+1, n)
	}
	in := a.Box(frame(!q.onGrid), title, note)
	q.editor.Paint(in.Sub(0, 0, in.W-1, in.H), q.look())
}

// paintRoute draws which shards the last statement was sent to and why, and how long each took.
func (q *Query) paintRoute(a widget.Area) {
	r := q.shownResult()
	if r == nil || r.Route == nil || r.Route.Kind == "" {
		in := a.Box(theme.Border, "Route", "")
		paragraph(in.Sub(1, 0, in.W-2, in.H), 0, 0, theme.Muted, noRoute(r), in.H)
		return
	}
	in := a.Box(theme.Border, "Route", string(r.Route.Kind))
	in = in.Sub(1, 0, in.W-2, in.H)
	shards := answer.AnsweredShards(r.Route, r.Partial)
	x := in.Text(0, 0, theme.Strong, shards)
	why := wrap(r.Route.Why, in.W, 3)
	y, bars, keys := 1, len(r.Shards), len(r.Route.Keys)
	switch spare := in.H - 1 - min(bars, 3) - keys; {
	case len(why) == 1 && x+2+widget.Width(why[0]) <= in.W:
		in.Text(x, 0, theme.Muted, ": "+why[0])
	case keys > 0 && len(why) > spare && spare < 2:
		// The keys show the same in less space.
	default:
		y = paragraph(in, 0, 1, theme.Text, r.Route.Why, min(len(why), max(spare, 1)))
	}
	y = paintKeys(in, y, r.Route, max(in.H-y-min(bars, 3), 1))
	if in.H-y > bars && bars > 0 {
		y++
	}
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

// paintStatus draws one line: what is running or how it ended, and the scroll position.
func (q *Query) paintStatus(a widget.Area, v *View) {
	role, text := q.status(v)
	where := ""
	if r := q.shownResult(); r != nil && a.W >= smallWidth {
		where = q.position(r)
	}
	room := a.W - 2
	if where != "" {
		room -= widget.Width(where) + 2
	}
	a.Text(1, 0, role, widget.Fit(text, room))
	a.TextRight(a.W-1, 0, theme.Muted, where)
}

func (q *Query) status(v *View) (theme.Role, string) {
	role, text := q.outcome(v)
	if r := q.shownResult(); r != nil && r.Note != "" && !q.running && !q.cancelling {
		text += " · ▲ " + widget.Clean(r.Note)
	}
	return role, text
}

// outcome says what the statement does, or how it ended.
func (q *Query) outcome(v *View) (theme.Role, string) {
	r := q.shownResult()
	switch {
	case q.cancelling:
		return theme.Warn, "○ cancelling on the shards …"
	case q.running:
		return theme.Info, "● running, " + widget.Age(v.Now.Sub(q.began)) + " · Esc cancels"
	case r == nil:
		return theme.Muted, "Ctrl-R runs the statement; so do F5 and Alt-Enter"
	case r.canceled():
		return theme.Warn, "○ cancelled after " + widget.Elapsed(r.Took)
	case r.Err != nil:
		what := string(api.CodeOf(r.Err))
		if answer.NoMaster(api.AsProblem(r.Err)) {
			what = "no answer from the master"
		}
		return theme.Bad, "✗ " + what + " after " + widget.Elapsed(r.Took)
	}
	took := widget.Millis(float64(r.Took.Microseconds()) / 1000)
	if r.MS > 0 {
		took = widget.Millis(r.MS)
	}
	rows := widget.Thousands(int64(len(r.Rows))) + " rows"
	if len(r.Rows) == 1 {
		rows = "1 row"
	}
	switch {
	case len(r.Partial) > 0:
		return theme.Warn, fmt.Sprintf("▲ PARTIAL: %s in %s, without %s", rows, took, answer.Counted(int64(len(r.Partial)), "shard"))
	case r.Affected != nil:
		return theme.Good, "✓ " + answer.Rows(*r.Affected) + " affected in " + took
	case r.Plan != nil:
		return theme.Good, "✓ planned in " + took + "; not run"
	case r.Done != "":
		return theme.Good, "✓ " + r.Done + " in " + took
	case r.Truncated != "":
		return theme.Warn, "▲ the first " + rows + " in " + took + "; " + r.Truncated
	}
	return theme.Good, "✓ " + rows + " in " + took
}

// position says which part of the result is visible, "" if all of it is.
func (q *Query) position(r *Result) string {
	n, first := len(r.Rows), q.at.row
	noun := "rows"
	if q.showPlan {
		n, first, noun = len(q.planLines(r)), q.at.planRow, "lines"
	}
	seen := q.visible()
	if n <= seen && q.at.column == 0 || r.Err != nil {
		return ""
	}
	return fmt.Sprintf("%s %s–%s of %s", noun, widget.Thousands(int64(first+1)), widget.Thousands(int64(min(first+seen, n))), widget.Thousands(int64(n)))
}

func (q *Query) paintFooter(a widget.Area, v *View) {
	keys := layoutKeys(v.Keys, a.W, 1)
	notes := widget.Clean(strings.Join(v.Notes, " · "))
	if keys.end()+widget.Width(notes)+2 <= a.W {
		a.TextRight(a.W-1, 0, theme.Info, notes)
	}
	keys.paint(a)
}
