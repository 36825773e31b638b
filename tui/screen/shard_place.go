package screen

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/sharding"
	"shardeck/tui/cluster"
	"shardeck/tui/grid"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Shards is the place that shows everything about one shard, chosen from a list.
type Shards struct {
	list  listing
	pane  pane
	log   logTail
	chose bool // the cursor has been put on the shard in trouble, once
}

// logTail is the end of a worker's log.
type logTail struct {
	of    string // the worker's base URL
	asked time.Time
	busy  bool
	lines []string
	err   error
}

// ReadLog asks for the end of the log of the worker at URL. The screen receives [LogRead].
type ReadLog struct{ URL string }

// LogRead carries the last lines of a worker's log, or why there are none.
type LogRead struct {
	URL   string
	Lines []string
	Err   error
}

// logEvery is the time from one reading of a log to the next.
const logEvery = 2 * time.Second

// NewShards returns the place.
func NewShards() *Shards { return &Shards{} }

func (s *Shards) fillsFrame() {}

// Writing reports whether a filter is being typed.
func (s *Shards) Writing() bool { return s.list.typing() }

// Insert adds to the filter.
func (s *Shards) Insert(text string) Intent { return s.list.insert(text) }

// Update handles what has been read.
func (s *Shards) Update(msg any) Intent {
	switch m := msg.(type) {
	case LogRead:
		if m.URL == s.log.of {
			s.log.busy, s.log.lines, s.log.err = false, m.Lines, m.Err
		}
	case ShowShard:
		s.list.choose(strconv.Itoa(m.Shard))
	}
	return nil
}

// ShowShard moves the cursor to a shard.
type ShowShard struct{ Shard int }

// Renew follows the cluster, and reads the chosen shard's log again.
func (s *Shards) Renew(v *View) Intent {
	table, keys := s.rows(v)
	in := s.list.show(table, keys)
	if worst := worstShard(v); !s.chose && len(keys) > 0 {
		s.chose = true
		s.list.choose(strconv.Itoa(worst))
	}
	w := s.chosen(v)
	if w == nil || !v.HasLogs || v.Paused {
		return in
	}
	if s.log.of != w.URL {
		s.log = logTail{of: w.URL}
	}
	if s.log.busy || v.Now.Sub(s.log.asked) < logEvery {
		return in
	}
	s.log.busy, s.log.asked = true, v.Now
	return All{in, ReadLog{URL: w.URL}}
}

// worstShard is the shard of the worst alarm, else the first.
func worstShard(v *View) int {
	for _, a := range v.State.Alarms(v.Now) {
		if a.Shard >= 0 {
			return a.Shard
		}
	}
	return 0
}

// chosen returns the worker under the cursor, nil if there is none.
func (s *Shards) chosen(v *View) *api.WorkerInfo {
	row := s.list.row()
	if row < 0 {
		return nil
	}
	shard, err := strconv.Atoi(s.list.keys[row])
	if err != nil {
		return nil
	}
	return v.State.Worker(shard)
}

// rows makes the list: those in trouble first.
func (s *Shards) rows(v *View) (*grid.Table, []string) {
	t := &grid.Table{Head: []grid.Column{{Name: "#", Right: true}, {Name: "state"}, {Name: "worker"}, {Name: "latency", Right: true},
		{Name: "rows", Right: true}, {Name: "req/s", Right: true}, {Name: "err/s", Right: true}}}
	var keys []string
	for _, i := range troubleFirst(v) {
		w := &shardsOf(v)[i]
		state, look := stateCell(v, i, 40)
		latency, latencyLook := latencyCell(v, i, 0)
		rows, rowsLook := number(v, w, widget.Thousands(w.Rows))
		rate, rateLook := live(v, w, widget.Rate(trafficOf(v, w).RequestsPerSecond))
		failed, failedLook := errorCell(v, i, 0)
		t.Rows = append(t.Rows, []grid.Cell{{Text: strconv.Itoa(w.Shard)}, {Text: state}, {Text: w.Name}, {Text: latency}, {Text: rows}, {Text: rate}, {Text: failed}})
		t.Looks = append(t.Looks, []theme.Role{theme.Series(w.Shard), look, theme.Strong, latencyLook, rowsLook, rateLook, failedLook})
		keys = append(keys, strconv.Itoa(w.Shard))
	}
	return t, keys
}

// Commands lists the keys.
func (s *Shards) Commands(v *View) []keymap.Command {
	own := s.list.commands()
	if s.list.typing() {
		return own
	}
	more := keymap.Command{Name: "scroll the details", Label: "more", Group: groupView, Keys: []string{"tab"}, Do: does(func() { s.pane.page() })}
	return placeCommands(v, ShardsPlace, append([]keymap.Command{more}, own...)...)
}

// Paint draws the list and the chosen shard.
func (s *Shards) Paint(a widget.Area, v *View) {
	body := paintPlace(a, v, ShardsPlace, s.Commands(v))
	n := len(shardsOf(v))
	list, detail := splitPlace(body, n)
	s.list.paint(list, "Shards", strconv.Itoa(n), "No master has reported a shard yet.")
	w := s.chosen(v)
	title := "Shard"
	if w != nil {
		title = "Shard " + strconv.Itoa(w.Shard)
	}
	in := detail.Box(theme.Border, title, s.pane.more())
	in = in.Sub(1, 0, in.W-2, in.H)
	if w == nil {
		paragraph(in, 0, 0, theme.Muted, "Choose a shard.", in.H)
		return
	}
	paintSections(in, &s.pane, s.sections(v, w, sectionWidth(in)))
}

func (s *Shards) sections(v *View, w *api.WorkerInfo, width int) []section {
	return []section{
		factSection("State", shardFacts(v, w), width),
		factSection("Requests", trafficFacts(v, w), width),
		latencySection(v, w),
		histogramSection(v, w),
		tableSection(v, w),
		slotSection(w, v, width),
		eventSection(v, w, width),
		s.logSection(v, width),
	}
}

func shardFacts(v *View, w *api.WorkerInfo) []fact {
	symbol, word := cluster.ShardMark(w.State)
	state := symbol + " " + word
	if i := w.Shard; i < len(v.State.Shards) {
		since := v.State.Shards[i].Since
		state += ", for " + widget.Age(v.Now.Sub(since)) + ", since " + v.local(since).Format("15:04:05")
	}
	look := stateRole(w.State)
	if (w.State == api.ShardUp || w.State == api.ShardSlow) && !fresh(v, w) {
		state, look = "○ ~"+word+", last known; it answered "+widget.Age(v.State.ShardAge(w, v.Now))+" ago", theme.Stale
	}
	facts := []fact{{"state", state, look}}
	if a := v.State.ShardAlarm(w.Shard, v.Now); a != nil && a.Why != "" {
		facts = append(facts, fact{"why", a.Why, alarmRole(v, a)})
	}
	if w.Problem != nil && w.Problem.Hint != "" {
		facts = append(facts, fact{"next", hint(w.Problem), theme.Text})
	}
	name := w.Name
	if name == "" {
		name = "unknown"
	}
	facts = append(facts,
		fact{"worker", name + " at " + cluster.Host(w.URL), theme.Text},
		fact{"program", w.Language + ", version " + w.Version, theme.Text},
		fact{"engine", w.Engine + " " + w.EngineVersion, theme.Text},
	)
	rows, role := number(v, w, widget.Thousands(w.Rows)+" rows, "+widget.Bytes(w.SizeBytes))
	facts = append(facts, fact{"holds", rows, role})
	up, role := live(v, w, widget.Age(time.Duration(min(w.UptimeSeconds, 1e8))*time.Second))
	return append(facts, fact{"up for", up, role})
}

func trafficFacts(v *View, w *api.WorkerInfo) []fact {
	t := trafficOf(v, w)
	var facts []fact
	add := func(name, value string, bad bool) {
		text, role := live(v, w, value)
		if bad && role == theme.Text {
			role = theme.Bad
		}
		facts = append(facts, fact{name, text, role})
	}
	add("requests", widget.Rate(t.RequestsPerSecond)+"/s, "+strconv.Itoa(t.InFlight)+" in flight", false)
	add("errors", widget.Rate(t.ErrorsPerSecond)+"/s", t.ErrorsPerSecond > 0)
	add("latency", "p50 "+millisOrNone(t, t.P50MS)+" · p99 "+millisOrNone(t, t.P99MS), false)
	add("probe", widget.Millis(w.LatencyMS), w.State == api.ShardSlow)
	return facts
}

// latencySection draws the latencies of the probes over time.
func latencySection(v *View, w *api.WorkerInfo) section {
	if w.Shard >= len(v.State.Shards) {
		return section{}
	}
	const height = 4
	return section{"Latency of probes", height + 1, func(a widget.Area) {
		lines, top := widget.Columns(v.State.UpTo(v.State.Shards[w.Shard].Latency, v.Now), a.W-10, height, 1)
		for y, line := range lines {
			a.Text(0, y, theme.Series(w.Shard), line)
		}
		a.TextRight(a.W, 0, theme.Muted, widget.Millis(top))
		a.TextRight(a.W, height-1, theme.Muted, "0")
		paintTimeAxis(a.Sub(0, height, a.W-10, 1), v.State.SamplePeriod())
	}}
}

// histogramSection draws how many of the latest requests took how long.
func histogramSection(v *View, w *api.WorkerInfo) section {
	c := v.State.Clients.OfShard(w.Shard)
	if len(c.Latency) == 0 {
		return section{}
	}
	// Four steps for each power of two are as many as can be told apart.
	type step struct {
		upTo float64
		n    uint64
	}
	var steps []step
	for _, l := range c.Latency {
		exp := math.Exp2(math.Ceil(math.Log2(l.UpToMS)*2) / 2)
		if n := len(steps); n > 0 && steps[n-1].upTo == exp {
			steps[n-1].n += l.Requests
			continue
		}
		steps = append(steps, step{exp, l.Requests})
	}
	var most, total uint64
	for _, s := range steps {
		most, total = max(most, s.n), total+s.n
	}
	return section{fmt.Sprintf("Latency of %s requests of the last minute, all masters", widget.Thousands(int64(total))), len(steps), func(a widget.Area) {
		for y, s := range steps {
			a.TextRight(11, y, theme.Muted, "≤ "+widget.Millis(s.upTo))
			a.Text(13, y, theme.Series(w.Shard), widget.Bar(float64(s.n), float64(most), a.W-13-9))
			a.TextRight(a.W, y, theme.Text, widget.Thousands(int64(s.n)))
		}
	}}
}

// tableSection lists the tables with the rows that this shard has of each.
func tableSection(v *View, w *api.WorkerInfo) section {
	type line struct {
		name, rows, part string
		role             theme.Role
	}
	var lines []line
	for i := range v.State.Meta.Databases {
		d := &v.State.Meta.Databases[i]
		for j := range d.Tables {
			t := &d.Tables[j]
			l := line{d.Name + "." + t.Name, "missing", "", theme.Bad}
			if w.Shard < len(t.RowsPerShard) && t.RowsPerShard[w.Shard] != nil {
				n := *t.RowsPerShard[w.Shard]
				l.rows, l.role = number(v, w, widget.Thousands(n))
				l.part = widget.Percent(n, t.Rows)
			}
			lines = append(lines, l)
		}
	}
	return section{fmt.Sprintf("Tables (%d)", len(lines)), len(lines), func(a widget.Area) {
		for y, l := range lines {
			a.Text(0, y, theme.Text, widget.FitMiddle(l.name, a.W-24))
			a.TextRight(a.W-8, y, l.role, l.rows)
			a.TextRight(a.W, y, theme.Muted, l.part)
		}
	}}
}

// slotSection draws which slots are this shard's.
func slotSection(w *api.WorkerInfo, v *View, width int) section {
	m, err := sharding.NewMap(len(shardsOf(v)))
	if err != nil || v.State.Meta.Master.Slots != sharding.Slots || v.State.Meta.Master.MapVersion != m.Version() {
		return section{} // a master with another map than this program knows
	}
	var own []int
	for slot := range sharding.Slots {
		if m.Shard(slot) == w.Shard {
			own = append(own, slot)
		}
	}
	if len(own) < 3 {
		return section{}
	}
	title := fmt.Sprintf("Slots: %s of %s", widget.Thousands(int64(len(own))), widget.Thousands(sharding.Slots))
	text := fmt.Sprintf("%d, %d, %d, … %d", own[0], own[1], own[2], own[len(own)-1])
	return section{title, 2, func(a widget.Area) {
		a.Text(0, 0, theme.Text, text)
		a.TextRight(a.W, 0, theme.Muted, fmt.Sprintf("of slots 0 to %d:", a.W-1))
		paintSlots(a.Sub(0, 1, a.W, 1), m, 0, w.Shard, -1)
	}}
}

// eventSection lists the shard's latest events.
func eventSection(v *View, w *api.WorkerInfo, width int) section {
	const most = 8
	var lines []string
	var looks []theme.Role
	for i := len(v.Events) - 1; i >= 0 && len(lines) < most; i-- {
		e := &v.Events[i]
		if e.Shard != w.Shard {
			continue
		}
		symbol, role := levelLook(e.Level)
		for k, part := range wrap(e.Line(), width-11, 3) {
			prefix := "           "
			if k == 0 {
				prefix = v.local(e.At).Format("15:04:05") + " " + symbol + " "
			}
			lines, looks = append(lines, prefix+part), append(looks, role)
		}
	}
	if len(lines) == 0 {
		lines, looks = []string{"Nothing has happened to it since this console was opened."}, []theme.Role{theme.Muted}
	}
	return section{"Events", len(lines), func(a widget.Area) {
		for y, l := range lines {
			a.Text(0, y, looks[y], widget.Fit(l, a.W))
		}
	}}
}

// logSection is the end of the worker's log.
func (s *Shards) logSection(v *View, width int) section {
	if !v.HasLogs {
		return section{}
	}
	lines := s.log.lines
	if s.log.err != nil {
		lines = []string{"✗ " + s.log.err.Error()}
	}
	var shown []string
	for _, l := range lines[max(len(lines)-20, 0):] {
		shown = append(shown, wrap(l, width, 3)...)
	}
	if len(shown) == 0 {
		shown = []string{"reading …"}
	}
	return section{"Log", len(shown), func(a widget.Area) {
		for y, l := range shown {
			a.Text(0, y, theme.Muted, l)
		}
	}}
}
