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

// Events is the place that lists all events, the newest first.
type Events struct {
	list   listing
	events []cluster.Event // in the order of the list
	seen   int             // how many the list was made of
	newest cluster.Event
}

// NewEvents returns the place.
func NewEvents() *Events { return &Events{} }

func (e *Events) fillsFrame() {}

// Writing reports whether a filter is being typed.
func (e *Events) Writing() bool { return e.list.typing() }

// Insert adds to the filter.
func (e *Events) Insert(text string) Intent { return e.list.insert(text) }

// Update ignores messages.
func (e *Events) Update(any) Intent { return nil }

// Renew follows the events.
func (e *Events) Renew(v *View) Intent {
	n := len(v.Events) + len(v.Earlier)
	if n == e.seen && (len(v.Events) == 0 || e.newest == v.Events[len(v.Events)-1]) {
		return nil
	}
	e.seen, e.events = n, e.events[:0]
	t := &grid.Table{Head: []grid.Column{{Name: "time"}, {Name: "level"}, {Name: "shard", Right: true}, {Name: "lasted", Right: true}, {Name: "by"}, {Name: "event"}}}
	keys := make([]string, 0, n)
	for i, ev := range slices.Backward(slices.Concat(v.Earlier, v.Events)) {
		if i == n-1 {
			e.newest = ev
		}
		e.events = append(e.events, ev)
		symbol, role := levelLook(ev.Level)
		shard, lasted := "", ""
		if ev.Shard >= 0 {
			shard = strconv.Itoa(ev.Shard)
		}
		if ev.Lasted > 0 {
			lasted = widget.Age(ev.Lasted)
		}
		t.Rows = append(t.Rows, []grid.Cell{{Text: dateTime(v, ev.At)}, {Text: symbol + " " + levelWord(ev.Level)},
			{Text: shard}, {Text: lasted}, {Text: ev.Source}, {Text: ev.Text}})
		t.Looks = append(t.Looks, []theme.Role{theme.Muted, role, theme.Series(max(ev.Shard, 0)), theme.Text, theme.Muted, theme.Text})
		keys = append(keys, fmt.Sprint(ev.At.UnixNano(), " ", ev.Text))
	}
	in := e.list.show(t, keys)
	return in
}

// dateTime is a time of day, with its date if that is not today.
func dateTime(v *View, at time.Time) string { return dateTimeAt(v.Now, at) }

// dateTimeAt is dateTime at another moment than that of the view, and where that moment was told.
func dateTimeAt(now, at time.Time) string {
	at = at.In(now.Location())
	if sameDay(now, at) {
		return at.Format("15:04:05")
	}
	return at.Format("2006-01-02 15:04:05")
}

func sameDay(a, b time.Time) bool { return a.Format(time.DateOnly) == b.Format(time.DateOnly) }

// levelWord is the name of a level, so that it is not told by colour and mark alone.
func levelWord(l api.Level) string {
	switch l {
	case api.LevelGood:
		return "good"
	case api.LevelWarn:
		return "warning"
	case api.LevelError:
		return "error"
	}
	return "info"
}

// Commands lists the keys.
func (e *Events) Commands(v *View) []keymap.Command {
	own := e.list.commands()
	if e.list.typing() {
		return own
	}
	none := ""
	if e.list.row() < 0 {
		none = "there are no events"
	}
	whole := keymap.Command{Name: "read the whole event", Label: "read", Group: groupView, Keys: []string{"enter"}, Off: none, Do: func() Intent {
		return Show{NewNotice(v.Now, "Event", eventText(v, &e.events[e.list.row()]))}
	}}
	return placeCommands(v, EventsPlace, append([]keymap.Command{whole}, own...)...)
}

// eventText is an event in full.
func eventText(v *View, e *cluster.Event) string {
	lines := []string{e.Text, "", "at: " + v.local(e.At).Format("2006-01-02 15:04:05.000 MST")}
	if e.Shard >= 0 {
		lines = append(lines, "shard: "+strconv.Itoa(e.Shard))
	}
	if e.Lasted > 0 {
		lines = append(lines, "what ended had lasted: "+widget.Elapsed(e.Lasted))
	}
	if e.Source != "" {
		lines = append(lines, "by: "+e.Source)
	}
	return strings.Join(lines, "\n")
}

// Paint draws the list.
func (e *Events) Paint(a widget.Area, v *View) {
	body := paintPlace(a, v, EventsPlace, e.Commands(v))
	note := "newest first"
	if e.list.grid != nil {
		if s := e.list.grid.Position(); s != "" {
			note += " · " + s
		}
	}
	if v.EventFile != "" {
		note += " · also in " + v.EventFile
	}
	e.list.paint(body, "Events", note, "Nothing has happened yet.")
}
