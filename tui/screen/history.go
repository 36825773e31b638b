package screen

import (
	"fmt"
	"strings"

	"shardeck/tui/answer"
	"shardeck/tui/history"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// History is the list of earlier statements, filtered by what is typed, the latest first.
type History struct {
	entries    []history.Entry
	cluster    string // of the console, "" if unknown
	here       bool   // only statements of this cluster
	favourites bool
	filter     string
	found      []history.Entry
	cursor     int
}

// MarkFavourite makes a statement a favourite, or no longer one.
type MarkFavourite struct {
	SQL       string
	Favourite bool
}

// NewHistory returns the list of these entries, the oldest first.
func NewHistory(entries []history.Entry, cluster string) *History {
	h := &History{entries: entries, cluster: cluster, here: cluster != ""}
	h.search()
	return h
}

func (h *History) search() {
	cluster := ""
	if h.here {
		cluster = h.cluster
	}
	h.found, h.cursor = history.Search(h.entries, h.filter, cluster, h.favourites), 0
}

// Writing is always true: letters filter the list.
func (h *History) Writing() bool { return true }

// Insert adds to the filter.
func (h *History) Insert(text string) Intent {
	h.filter += widget.Clean(text)
	h.search()
	return nil
}

func (h *History) move(by int) {
	h.cursor = min(max(h.cursor+by, 0), max(len(h.found)-1, 0))
}

// Commands lists the keys of the list.
func (h *History) Commands(*View) []keymap.Command {
	choose := Intent(Close{})
	if h.cursor < len(h.found) {
		choose = CloseAnd{Then: ToQuery{Message: HistoryChosen{SQL: h.found[h.cursor].SQL}}}
	}
	change := func(f func()) func() Intent {
		return does(func() {
			f()
			h.search()
		})
	}
	all := []keymap.Command{
		{Name: "put the statement into the editor", Label: "choose", Group: groupDialog, Keys: []string{"enter", "tab"}, Do: asks(choose)},
		{Name: "go down", Label: "move", Group: groupDialog, Keys: []string{"down", "ctrl+r", "ctrl+n"}, Shown: "↑↓", Do: does(func() { h.move(1) })},
		{Name: "go up", Group: groupDialog, Keys: []string{"up", "ctrl+p"}, Do: does(func() { h.move(-1) })},
		{Name: "go down a page", Group: groupDialog, Keys: []string{"pgdown"}, Do: does(func() { h.move(10) })},
		{Name: "go up a page", Group: groupDialog, Keys: []string{"pgup"}, Do: does(func() { h.move(-10) })},
		{Name: "make it a favourite, or no longer one", Label: "favourite", Group: groupDialog, Keys: []string{"ctrl+f"}, Do: h.mark},
		{Name: "show favourites only, or all", Label: "only favourites", Group: groupDialog, Keys: []string{"ctrl+g"}, Do: change(func() { h.favourites = !h.favourites })},
	}
	all = append(all, erasing(&h.filter, "filter", "", h.search)...)
	all = append(all, keymap.Command{Name: "close", Label: "close", Group: groupDialog, Keys: []string{"esc"}, Do: asks(Close{})})
	if h.cluster != "" {
		all = append(all, keymap.Command{Name: "show this cluster's only, or all", Label: "all clusters", Group: groupDialog, Keys: []string{"ctrl+a"}, Do: change(func() { h.here = !h.here })})
	}
	return all
}

// mark toggles the favourite under the cursor.
func (h *History) mark() Intent {
	if h.cursor >= len(h.found) {
		return nil
	}
	sql, favourite := h.found[h.cursor].SQL, !h.found[h.cursor].Favourite
	for i := range h.entries {
		if h.entries[i].SQL == sql {
			h.entries[i].Favourite = favourite
		}
	}
	h.found[h.cursor].Favourite = favourite
	return MarkFavourite{SQL: sql, Favourite: favourite}
}

// Update ignores messages.
func (h *History) Update(any) Intent { return nil }

// Paint draws the filter, the list, and the whole of the statement under the cursor.
func (h *History) Paint(a widget.Area, v *View) {
	title := "History"
	if h.here {
		title += " of this cluster"
	}
	if h.favourites {
		title += " · favourites"
	}
	in := a.Center(max(a.W*9/10, 76), max(a.H-4, 12)).Dialog(title, fmt.Sprintf("%d of %d", len(h.found), len(h.entries)))
	x := in.Text(0, 0, theme.Key, "> ")
	x = in.Text(x, 0, theme.Text, widget.Fit(h.filter, in.W-4))
	in.Text(x, 0, theme.ButtonFocus, " ")
	preview := min(max(in.H/3, 3), 12)
	room := max(in.H-2-preview, 1)
	first := max(h.cursor-room+1, 0)
	for y := 0; y < room && first+y < len(h.found); y++ {
		h.paintEntry(in.Sub(0, y+1, in.W, 1), &h.found[first+y], first+y == h.cursor, v)
	}
	if len(h.found) == 0 {
		text := "no statement matches"
		if len(h.entries) == 0 {
			text = "nothing has been run yet"
		}
		in.Text(2, 1, theme.Muted, text)
		return
	}
	in.Sub(0, room+1, in.W, 1).Rule(0, theme.Border)
	y := room + 2
	for line := range strings.Lines(h.found[h.cursor].SQL) {
		if y >= in.H {
			break
		}
		in.Text(0, y, theme.Text, widget.Fit(strings.TrimRight(line, "\r\n"), in.W))
		y++
	}
}

// paintEntry draws one line: when, how it ended, how long it took, its rows, and the text.
func (h *History) paintEntry(a widget.Area, e *history.Entry, chosen bool, v *View) {
	role, muted := theme.Text, theme.Muted
	mark, markRole := outcomeMark(e)
	if chosen {
		role, muted, markRole = theme.Selected, theme.Selected, theme.Selected
		a.Fill(role)
	}
	when := ""
	if !e.At.IsZero() {
		when = widget.Age(v.Now.Sub(e.At))
	}
	star := " "
	if e.Favourite {
		star = "★"
	}
	a.TextRight(5, 0, muted, when)
	a.Text(6, 0, markRole, mark)
	a.Text(8, 0, role, star)
	facts := ""
	if e.Outcome == history.OK {
		facts = widget.Elapsed(e.Took)
		if e.Rows >= 0 {
			facts += " · " + answer.Rows(e.Rows)
		}
	} else if e.Outcome != "" {
		facts = e.Outcome
	}
	facts = widget.Fit(facts, 26)
	a.Text(10, 0, role, widget.Fit(strings.Join(strings.Fields(e.SQL), " "), a.W-12-widget.Width(facts)))
	a.TextRight(a.W, 0, muted, facts)
}

// outcomeMark is the mark of how a statement ended.
func outcomeMark(e *history.Entry) (string, theme.Role) {
	switch {
	case e.Draft:
		return "✎", theme.Muted
	case e.Outcome == history.OK:
		return "✓", theme.Good
	case e.Outcome == "":
		return "·", theme.Muted
	}
	return "✗", theme.Bad
}
