package screen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/grid"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Running is the place that lists the statements that run on any master, and how far each shard is
// with the chosen one.
type Running struct {
	list    listing
	entries []runningEntry
	lists   []MasterQueries
	asked   time.Time
	at      time.Time // when lists arrived
	busy    bool

	pane     pane
	detailed string // the statement that the pane shows
}

// runningEntry is a statement and the master that runs it.
type runningEntry struct {
	master string
	query  api.RunningQuery
}

// MasterQueries is what one master says it runs, or why it does not say.
type MasterQueries struct {
	Master  string // base URL
	Queries []api.RunningQuery
	Err     error
}

// The intents and messages of running statements.
type (
	// ListRunning asks all masters what they run. The screen receives [RunningListed].
	ListRunning struct{}
	// RunningListed carries what they say.
	RunningListed struct {
		At    time.Time
		Lists []MasterQueries
	}
	// CancelRunning cancels a statement on the master that runs it.
	CancelRunning struct{ Master, ID, SQL string }
)

// listEvery is the time from one look at the masters' statements to the next.
const listEvery = time.Second

// NewRunning returns the place.
func NewRunning() *Running { return &Running{} }

func (r *Running) fillsFrame() {}

// Writing reports whether a filter is being typed.
func (r *Running) Writing() bool { return r.list.typing() }

// Insert adds to the filter.
func (r *Running) Insert(text string) Intent { return r.list.insert(text) }

// Update handles what the masters say.
func (r *Running) Update(msg any) Intent {
	m, ok := msg.(RunningListed)
	if !ok {
		return nil
	}
	r.busy, r.at, r.lists = false, m.At, m.Lists
	t := &grid.Table{Head: []grid.Column{{Name: "for", Right: true}, {Name: "master"}, {Name: "database"}, {Name: "shards"}, {Name: "rows", Right: true}, {Name: "answered"}, {Name: "statement"}}}
	r.entries = r.entries[:0]
	var keys []string
	for _, l := range m.Lists {
		for _, q := range l.Queries {
			r.entries = append(r.entries, runningEntry{l.Master, q})
		}
	}
	slices.SortStableFunc(r.entries, func(a, b runningEntry) int { return a.query.Started.Compare(b.query.Started) })
	for _, e := range r.entries {
		q := &e.query
		t.Rows = append(t.Rows, []grid.Cell{{Text: widget.Millis(q.MS)}, {Text: cluster.Host(e.master)}, {Text: q.DB}, {Text: shardList(q.Shards)},
			{Text: widget.Thousands(q.Rows)}, {Text: answeredText(q)}, {Text: strings.Join(strings.Fields(q.SQL), " ")}})
		look := theme.Text
		if q.MS >= 10_000 {
			look = theme.Warn
		}
		t.Looks = append(t.Looks, []theme.Role{look, theme.Muted, theme.Text, theme.Text, theme.Text, theme.Text, theme.Strong})
		keys = append(keys, e.master+" "+q.ID)
	}
	return r.list.show(t, keys)
}

// shardList names shards briefly.
func shardList(shards []int) string {
	if len(shards) > 4 {
		return strconv.Itoa(len(shards)) + " shards"
	}
	texts := make([]string, len(shards))
	for i, s := range shards {
		texts[i] = strconv.Itoa(s)
	}
	return strings.Join(texts, ", ")
}

func answeredText(q *api.RunningQuery) string {
	if q.Canceled {
		return "being cancelled"
	}
	return progressNote(q)
}

// Renew asks the masters again.
func (r *Running) Renew(v *View) Intent {
	if r.busy || v.Paused || v.Now.Sub(r.asked) < listEvery {
		return nil
	}
	r.busy, r.asked = true, v.Now
	return ListRunning{}
}

// chosen returns the statement under the cursor, nil if there is none.
func (r *Running) chosen() *runningEntry {
	if row := r.list.row(); row >= 0 && row < len(r.entries) {
		return &r.entries[row]
	}
	return nil
}

// Commands lists the keys.
func (r *Running) Commands(v *View) []keymap.Command {
	own := r.list.commands()
	if r.list.typing() {
		return own
	}
	e, none := r.chosen(), ""
	switch {
	case e == nil:
		none = "no statement is running"
	case e.query.Canceled:
		none = "it is being cancelled already"
	}
	cancel := keymap.Command{Name: "cancel the statement, after a question", Label: "cancel", Group: groupCluster, Keys: []string{"x", "delete"}, Off: none, Do: func() Intent {
		text := fmt.Sprintf("Cancel this statement, which has run for %s on %s?\n\n%s", widget.Millis(e.query.MS), cluster.Host(e.master), e.query.SQL)
		return Show{NewConfirm(v.Now, "Cancel a statement", text, "cancel it", CancelRunning{Master: e.master, ID: e.query.ID, SQL: e.query.SQL})}
	}}
	more := keymap.Command{Name: "scroll the details", Label: "more", Group: groupView, Keys: []string{"tab"}, Do: does(func() { r.pane.page() })}
	return placeCommands(v, RunningPlace, append([]keymap.Command{cancel, more}, own...)...)
}

// Paint draws the list and the chosen statement.
func (r *Running) Paint(a widget.Area, v *View) {
	body := paintPlace(a, v, RunningPlace, r.Commands(v))
	note := fmt.Sprintf("%d on %d masters", len(r.entries), len(r.lists))
	empty := "No statement is running on any master. Short ones come and go between two looks."
	if r.at.IsZero() {
		note, empty = "", "Asking the masters …"
	}
	failed := 0
	for i := range r.lists {
		if l := &r.lists[i]; l.Err != nil {
			if failed++; failed == len(r.lists) {
				empty = "No master could be asked what it runs: " + cluster.Reason(l.Err) + "."
			}
			note = "▲ " + cluster.Host(l.Master) + ": " + cluster.Reason(l.Err)
		}
	}
	list := body.Sub(0, 0, body.W, max(body.H*2/5, 5))
	r.list.paint(list, "Running statements", note, empty)
	detail := body.Sub(0, list.H, body.W, body.H-list.H)
	e := r.chosen()
	shown := ""
	if e != nil {
		shown = e.master + " " + e.query.ID
	}
	if shown != r.detailed {
		r.pane, r.detailed = pane{}, shown
	}
	in := detail.Box(theme.Border, "Statement", r.pane.more())
	in = in.Sub(1, 0, in.W-2, in.H)
	if e == nil {
		paragraph(in, 0, 0, theme.Muted, "Choose a statement to see how far each shard is, or x to cancel it.", in.H)
		return
	}
	paintSections(in, &r.pane, r.sections(v, e, sectionWidth(in)))
}

func (r *Running) sections(v *View, e *runningEntry, width int) []section {
	q := &e.query
	sql := wrapLines(q.SQL, width, 12)
	why := "not planned yet"
	if q.Route != nil {
		why = string(q.Route.Kind) + ": " + q.Route.Why
	}
	facts := []fact{
		{"started", v.local(q.Started).Format("15:04:05") + ", " + widget.Millis(q.MS) + " ago", theme.Text},
		{"master", cluster.Host(e.master), theme.Text},
		{"database", q.DB, theme.Text},
		{"route", why, theme.Text},
		{"request", q.RequestID, theme.Muted},
	}
	return []section{
		{"Shards: " + progressNote(q), len(q.Parts), func(a widget.Area) { paintParts(a, q, v.Now.Sub(r.at)) }},
		{"SQL", len(sql), func(a widget.Area) {
			for y, line := range sql {
				a.Text(0, y, theme.Strong, line)
			}
		}},
		factSection("Statement", facts, width),
	}
}
