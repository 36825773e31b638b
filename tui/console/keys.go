package console

import (
	"github.com/charmbracelet/bubbles/key"

	"shardeck/tui/screen"
)

// keyMap is every key of the dashboard. Footer and help are made from it.
type keyMap struct {
	count, query, security, failover, table, refresh, pause, theme, up, down, help, quit, interrupt, suspend, repaint key.Binding

	actions []key.Binding // in the order of Options.Actions
}

func newKeyMap(actions []Action) keyMap {
	bind := func(shown, does string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, does))
	}
	m := keyMap{
		count:     bind("c", "count", "c"),
		query:     bind("e", "query", "e"),
		security:  bind("s", "security", "s"),
		failover:  bind("f", "failover", "f"),
		table:     bind("t", "table", "t"),
		refresh:   bind("r", "refresh", "r"),
		pause:     bind("p", "pause", "p"),
		theme:     bind("T", "theme", "T"),
		up:        bind("↑", "earlier shards", "up"),
		down:      bind("↓", "later shards", "down"),
		help:      bind("?", "help", "?", "f1"),
		quit:      bind("q", "quit", "q"),
		interrupt: bind("Ctrl-C", "quit, from anywhere", "ctrl+c"),
		suspend:   bind("Ctrl-Z", "to the shell and back", "ctrl+z"),
		repaint:   bind("Ctrl-L", "repaint the screen", "ctrl+l"),
	}
	for _, a := range actions {
		m.actions = append(m.actions, bind(a.Key, a.Label, a.Key))
	}
	return m
}

// footer lists the bindings for the dashboard's last line, the most important
// first; label words those of the actions, and urgent says which of them are what
// one needs now.
func (m *keyMap) footer(label func(i int) string, urgent func(i int) bool) []key.Binding {
	first := []key.Binding{m.help, m.quit}
	then := []key.Binding{m.count, m.query, m.security, m.failover, m.table}
	for i, b := range m.actions {
		if b = long(b, label(i)); urgent(i) {
			first = append(first, b)
		} else {
			then = append(then, b)
		}
	}
	return append(append(first, then...), m.pause, m.refresh, m.theme)
}

// long is a binding as the help words it.
func long(b key.Binding, does string) key.Binding {
	return key.NewBinding(key.WithKeys(b.Keys()...), key.WithHelp(b.Help().Key, does))
}

// groups is the key map as the help shows it.
func (m *keyMap) groups(actions []Action) []screen.Group {
	g := []screen.Group{
		{Title: "Cluster", Keys: []key.Binding{
			long(m.count, "count by MapReduce"),
			long(m.query, "write and run T-SQL"),
			long(m.security, "security check"),
			long(m.failover, "fail over to the backup"),
		}},
		{Title: "View", Keys: []key.Binding{
			long(m.table, "choose the table"),
			long(m.refresh, "refresh now, and repaint"),
			long(m.pause, "pause and resume"),
			long(m.theme, "next theme"),
			m.up, m.down,
		}},
	}
	if len(actions) > 0 {
		d := screen.Group{Title: "Demo"}
		for i, a := range actions {
			d.Keys = append(d.Keys, long(m.actions[i], a.Help))
		}
		g = append(g, d)
	}
	return append(g, screen.Group{Title: "Program", Keys: []key.Binding{m.help, m.quit, m.interrupt, m.suspend, m.repaint}})
}

// taken lists the keys that mean something on the dashboard.
func (m keyMap) taken() map[string]bool {
	taken := map[string]bool{"enter": true, "esc": true}
	for _, b := range []key.Binding{m.count, m.query, m.security, m.failover, m.table, m.refresh, m.pause, m.theme, m.up, m.down, m.help, m.quit, m.interrupt, m.suspend, m.repaint} {
		for _, k := range b.Keys() {
			taken[k] = true
		}
	}
	return taken
}

// queryGroups are the keys of the Query screen as its help shows them. kept says
// where statements are kept, "" when they are not.
func queryGroups(kept string) []screen.Group {
	bind := func(shown, does string) key.Binding {
		return key.NewBinding(key.WithKeys(shown), key.WithHelp(shown, does))
	}
	history := "earlier and later statements, of this session"
	if kept != "" {
		history = "earlier and later statements; kept in " + kept
	}
	return []screen.Group{
		{Title: "Statement", Keys: []key.Binding{
			bind("Ctrl-R", "run; F5 and Alt-Enter too"),
			bind("Ctrl-X", "plan, without running; again: rows"),
			bind("Esc", "end what runs, else to the dashboard"),
			bind("Ctrl-P/N", history),
			bind("Ctrl-T", "choose another table and database"),
		}},
		{Title: "Writing", Keys: []key.Binding{
			bind("Tab", "to the result and back"),
			bind("Ctrl-W", "delete the word before; U the line"),
			bind("Ctrl-←→", "by words"),
		}},
		{Title: "Result", Keys: []key.Binding{
			bind("PgUp/Dn", "page, also while writing"),
			bind("↑↓←→", "scroll rows and columns"),
			bind("g G", "to the first row, to the last"),
			bind("q", "to the dashboard"),
		}},
		{Title: "Program", Keys: []key.Binding{
			bind("Ctrl-C", "end what runs, else quit"),
			bind("F1", "help"),
		}},
	}
}
