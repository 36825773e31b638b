package screen

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

func shardsOf(v *View) []api.WorkerInfo {
	if v.State.Meta == nil {
		return nil
	}
	return v.State.Meta.Workers
}

// column is a column of the shard table. Columns with a lower rank are dropped first if
// there is little room.
type column struct {
	title string
	rank  int
	left  bool // aligned left
	min   int
	grow  bool // takes the space left over
	cell  func(v *View, i int, width int) (string, theme.Role)
}

// fresh reports whether a worker's numbers are current rather than the last known.
func fresh(v *View, w *api.WorkerInfo) bool {
	age := v.State.ShardAge(w, v.Now)
	return age >= 0 && age < v.State.StaleAfter()
}

// number is the cell of a number that may be stale: a stale one is marked with "~".
func number(v *View, w *api.WorkerInfo, text string) (string, theme.Role) {
	if fresh(v, w) {
		return text, theme.Text
	}
	if w.AgeMS < 0 {
		return "—", theme.Muted
	}
	return "~" + text, theme.Stale
}

// trafficOf is a shard's traffic: of all masters if they tell their counters, else of the one that is
// polled.
func trafficOf(v *View, w *api.WorkerInfo) *api.Traffic {
	if t, ok := v.State.Clients.OfShardNow(w.Shard); ok {
		return t
	}
	return &w.Traffic
}

// live is the cell of a number that is meaningless once it is stale.
func live(v *View, w *api.WorkerInfo, text string) (string, theme.Role) {
	if fresh(v, w) && w.State != api.ShardDown {
		return text, theme.Text
	}
	return "—", theme.Muted
}

func shardColumns() []column {
	of := func(f func(v *View, w *api.WorkerInfo) (string, theme.Role)) func(*View, int, int) (string, theme.Role) {
		return func(v *View, i, _ int) (string, theme.Role) { return f(v, &shardsOf(v)[i]) }
	}
	plain := func(f func(w *api.WorkerInfo) string) func(*View, int, int) (string, theme.Role) {
		return of(func(_ *View, w *api.WorkerInfo) (string, theme.Role) { return f(w), theme.Text })
	}
	return []column{
		{title: "#", rank: 100, min: 1, cell: func(v *View, i, _ int) (string, theme.Role) {
			return strconv.Itoa(shardsOf(v)[i].Shard), theme.Series(shardsOf(v)[i].Shard)
		}},
		{title: "state", rank: 99, left: true, min: 10, cell: func(v *View, i, width int) (string, theme.Role) { return stateCell(v, i, width) }},
		{title: "worker", rank: 90, left: true, min: 11, cell: of(func(_ *View, w *api.WorkerInfo) (string, theme.Role) {
			if w.Name == "" {
				return cluster.Host(w.URL), theme.Muted
			}
			return w.Name, theme.Strong
		})},
		{title: "lang", rank: 60, left: true, min: 4, cell: plain(func(w *api.WorkerInfo) string { return w.Language })},
		{title: "engine", rank: 58, left: true, min: 6, cell: plain(func(w *api.WorkerInfo) string { return w.Engine })},
		{title: "version", rank: 10, left: true, min: 8, cell: plain(func(w *api.WorkerInfo) string { return w.EngineVersion })},
		{title: "address", rank: 20, left: true, min: 15, cell: plain(func(w *api.WorkerInfo) string { return cluster.Host(w.URL) })},
		{title: "latency", rank: 80, min: 7, cell: latencyCell},
		{title: "", rank: 70, left: true, min: 6, grow: true, cell: func(v *View, i, width int) (string, theme.Role) {
			if i >= len(v.State.Shards) {
				return "", theme.Muted
			}
			return widget.Spark(v.State.UpTo(v.State.Shards[i].Latency, v.Now), width, sparkScale(v, width)), theme.Series(shardsOf(v)[i].Shard)
		}},
		{title: "rows", rank: 95, min: 7, cell: of(func(v *View, w *api.WorkerInfo) (string, theme.Role) { return number(v, w, widget.Count(w.Rows, 7)) })},
		{title: "share", rank: 85, min: 6, cell: of(func(v *View, w *api.WorkerInfo) (string, theme.Role) {
			share := widget.Percent(w.Rows, v.State.Rows())
			if !allFresh(v) {
				return "~" + share, theme.Stale // of a total that is not current
			}
			return share, theme.Text
		})},
		{title: "req/s", rank: 75, min: 5, cell: of(func(v *View, w *api.WorkerInfo) (string, theme.Role) {
			return live(v, w, widget.Rate(trafficOf(v, w).RequestsPerSecond))
		})},
		{title: "err/s", rank: 40, min: 5, cell: errorCell},
		{title: "p50", rank: 44, min: 7, cell: of(func(v *View, w *api.WorkerInfo) (string, theme.Role) {
			return live(v, w, millisOrNone(trafficOf(v, w), trafficOf(v, w).P50MS))
		})},
		{title: "p99", rank: 46, min: 7, cell: of(func(v *View, w *api.WorkerInfo) (string, theme.Role) {
			return live(v, w, millisOrNone(trafficOf(v, w), trafficOf(v, w).P99MS))
		})},
		{title: "slots", rank: 30, min: 5, cell: plain(func(w *api.WorkerInfo) string { return widget.Thousands(int64(w.Slots)) })},
		{title: "size", rank: 35, min: 9, cell: of(func(v *View, w *api.WorkerInfo) (string, theme.Role) { return number(v, w, widget.Bytes(w.SizeBytes)) })},
		{title: "up", rank: 25, min: 4, cell: of(func(v *View, w *api.WorkerInfo) (string, theme.Role) {
			return live(v, w, widget.Age(time.Duration(min(w.UptimeSeconds, 1e8))*time.Second))
		})},
	}
}

// sparkScale is the greatest latency among those that width cells of sparklines show, so that all
// shards share a scale, and at least some milliseconds, so that noise stays small.
func sparkScale(v *View, width int) float64 {
	top := 2.0
	for i := range v.State.Shards {
		h := v.State.Shards[i].Latency
		for _, ms := range h[max(len(h)-width, 0):] {
			if ms > top { // false for NaN
				top = ms
			}
		}
	}
	return top
}

func millisOrNone(t *api.Traffic, ms float64) string {
	if t.RequestsPerSecond <= 0 {
		return "—"
	}
	return widget.Millis(ms)
}

// stateCell is the symbol and word of the state, and its age once it is stale.
func stateCell(v *View, i, width int) (string, theme.Role) {
	w := &shardsOf(v)[i]
	symbol, word := cluster.ShardMark(w.State)
	text, role := symbol+" "+word, stateRole(w.State)
	age := v.State.ShardAge(w, v.Now)
	stale := age >= v.State.StaleAfter()
	switch serving := w.State == api.ShardUp || w.State == api.ShardSlow; {
	case serving && stale:
		text, role = "○ ~"+word, theme.Stale // only the last known state
	case w.State == api.ShardUp:
		return text, role
	case i < len(v.State.Shards):
		age = v.Now.Sub(v.State.Shards[i].Since) // as the alarm says it
	}
	if withAge := text + " " + widget.Age(age.Truncate(time.Second)); widget.Width(withAge) <= width {
		text = withAge
	}
	return text, role
}

func latencyCell(v *View, i, _ int) (string, theme.Role) {
	w := &shardsOf(v)[i]
	text, role := live(v, w, widget.Millis(w.LatencyMS))
	if role == theme.Text && w.State == api.ShardSlow {
		role = theme.Warn
	}
	return text, role
}

func errorCell(v *View, i, _ int) (string, theme.Role) {
	w := &shardsOf(v)[i]
	text, role := live(v, w, widget.Rate(trafficOf(v, w).ErrorsPerSecond))
	if role == theme.Text && trafficOf(v, w).ErrorsPerSecond > 0 {
		role = theme.Bad
	}
	return text, role
}

// extraRank is the rank below which a column is shown only if the others need not be cut
// for it.
const extraRank = 50

// layoutColumns chooses the columns that fit into width, by rank, and their widths. The
// space left over goes to names that need it and to the columns that grow.
func layoutColumns(cols []column, width int, need func(c int) int) (chosen, widths []int) {
	keep := make([]bool, len(cols))
	used, wanted := -1, -1
	for {
		best := -1
		for i, c := range cols {
			room := width - used
			if c.rank < extraRank {
				room = width - wanted - 1
			}
			if !keep[i] && 1+c.min <= room && (best < 0 || c.rank > cols[best].rank) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		keep[best] = true
		used += 1 + cols[best].min
		wanted += 2 + max(cols[best].min, min(need(best), 16)) // one more for spacing
	}
	for i := range cols {
		if keep[i] {
			chosen = append(chosen, i)
			widths = append(widths, cols[i].min)
		}
	}
	spare := max(width-used, 0)
	for k, i := range chosen {
		more := min(max(need(i)-widths[k], 0), spare)
		widths[k] += more
		spare -= more
	}
	// Spacing between the columns matters more than a sparkline across the screen.
	const spark = 8
	if air := len(chosen) - 1; spare >= air+spark {
		spare -= air
		for k := range widths[:len(widths)-1] {
			if !cols[chosen[k+1]].left {
				widths[k+1]++
			} else {
				widths[k]++
			}
		}
	}
	for k, i := range chosen {
		if cols[i].grow {
			widths[k] += min(spare, cluster.HistoryLen)
		}
	}
	return chosen, widths
}

// paintShards draws the panel with one row per shard.
func (d *Dashboard) paintShards(a widget.Area, v *View) {
	n := len(shardsOf(v))
	note := ""
	rows := a.H - 3
	if n > rows && rows > 0 {
		first := min(d.scroll, n-rows)
		note = fmt.Sprintf("%d–%d of %d, trouble first · ↑↓ for more", first+1, first+rows, n)
	}
	if note == "" && a.W < wideWidth {
		note = "2 shows one of them in full"
	}
	in := a.Box(theme.Border, "Shards", note)
	d.paintShardTable(in.Sub(1, 0, in.W-2, in.H), v)
}

// paintShardTable draws the headings and as many rows as fit.
func (d *Dashboard) paintShardTable(in widget.Area, v *View) {
	workers := shardsOf(v)
	if len(workers) == 0 {
		text := "This cluster has no shards: start workers and list them in MASTER_WORKERS."
		if v.State.Meta == nil {
			text = "No master has answered yet; still trying. To start a whole cluster here, run shardeck demo. The README explains how to start workers and masters."
		}
		paragraph(in, 0, 0, theme.Muted, text, in.H)
		return
	}
	cols := shardColumns()
	if in.W < 40 {
		cols[1].min = 8
	}
	need := func(c int) int {
		w := 0
		if cols[c].grow {
			return 0
		}
		for i := range workers {
			text, _ := cols[c].cell(v, i, math.MaxInt32)
			w = max(w, min(widget.Width(widget.Clean(text)), 24))
		}
		return w
	}
	chosen, widths := layoutColumns(cols, in.W, need)
	first := min(d.scroll, max(len(workers)-(in.H-1), 0))
	order := troubleFirst(v)
	for y := range in.H {
		x := 0
		for k, c := range chosen {
			col, w := &cols[c], widths[k]
			text, role := col.title, theme.Head
			if y > 0 {
				if first+y-1 >= len(workers) {
					break
				}
				text, role = col.cell(v, order[first+y-1], w)
			}
			text = widget.FitMiddle(text, w)
			if col.left {
				in.Text(x, y, role, text)
			} else {
				in.TextRight(x+w, y, role, text)
			}
			x += w + 1
		}
	}
}
