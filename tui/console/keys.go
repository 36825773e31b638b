package console

import (
	"github.com/charmbracelet/bubbles/key"

	"shardeck/tui/screen"
)

// keyMap holds every key of the dashboard. The footer and the help are built from it.
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
		interrupt: bind("Ctrl-C", "quit from anywhere", "ctrl+c"),
		suspend:   bind("Ctrl-Z", "suspend to the shell", "ctrl+z"),
		repaint:   bind("Ctrl-L", "repaint the screen", "ctrl+l"),
	}
	for _, a := range actions {
		m.actions = append(m.actions, bind(a.Key, a.Label, a.Key))
	}
	return m
}

// footer lists the bindings for the dashboard's last line, the most important first.
// label returns an action's label; urgent reports which actions move to the front.
func (m *keyMap) footer(label func(i int) string, urgent func(i int) bool) []key.Binding {
	front := []key.Binding{m.help, m.quit}
	rest := []key.Binding{m.count, m.query, m.security, m.failover, m.table}
	for i, b := range m.actions {
		if b = relabel(b, label(i)); urgent(i) {
			front = append(front, b)
		} else {
			rest = append(rest, b)
		}
	}
	return append(append(front, rest...), m.pause, m.refresh, m.theme)
}

// relabel returns a binding with another description.
func relabel(b key.Binding, does string) key.Binding {
	return key.NewBinding(key.WithKeys(b.Keys()...), key.WithHelp(b.Help().Key, does))
}

// groups returns the key map as the help shows it.
func (m *keyMap) groups(actions []Action) []screen.Group {
	g := []screen.Group{
		{Title: "Cluster", Keys: []key.Binding{
			relabel(m.count, "count by MapReduce"),
			relabel(m.query, "write and run T-SQL"),
			relabel(m.security, "security check"),
			relabel(m.failover, "fail over to the backup"),
		}},
		{Title: "View", Keys: []key.Binding{
			relabel(m.table, "choose the table"),
			relabel(m.refresh, "refresh now, and repaint"),
			relabel(m.pause, "pause and resume"),
			relabel(m.theme, "next theme"),
			m.up, m.down,
		}},
	}
	if len(actions) > 0 {
		d := screen.Group{Title: "Demo"}
		for i, a := range actions {
			d.Keys = append(d.Keys, relabel(m.actions[i], a.Help))
		}
		g = append(g, d)
	}
	return append(g, screen.Group{Title: "Program", Keys: []key.Binding{m.help, m.quit, m.interrupt, m.suspend, m.repaint}})
}

// taken returns the keys that the dashboard uses.
func (m keyMap) taken() map[string]bool {
	taken := map[string]bool{"enter": true, "esc": true}
	for _, b := range []key.Binding{m.count, m.query, m.security, m.failover, m.table, m.refresh, m.pause, m.theme, m.up, m.down, m.help, m.quit, m.interrupt, m.suspend, m.repaint} {
		for _, k := range b.Keys() {
			taken[k] = true
		}
	}
	return taken
}

// queryGroups returns the keys of the Query screen as its help shows them. file is the
// history file, "" if there is none.
func queryGroups(file string) []screen.Group {
	bind := func(shown, does string) key.Binding {
		return key.NewBinding(key.WithKeys(shown), key.WithHelp(shown, does))
	}
	history := "earlier and later statements of this session"
	if file != "" {
		history = "earlier and later statements; saved in " + file
	}
	return []screen.Group{
		{Title: "Statement", Keys: []key.Binding{
			bind("Ctrl-R", "run; F5 and Alt-Enter too"),
			bind("Ctrl-X", "plan without running; again: rows"),
			bind("Esc", "cancel, else back to the dashboard"),
			bind("Ctrl-P/N", history),
			bind("Ctrl-T", "choose another table and database"),
		}},
		{Title: "Editor", Keys: []key.Binding{
			bind("Tab", "switch to the result and back"),
			bind("Ctrl-W", "delete the word before; Ctrl-U: line"),
			bind("Ctrl-←→", "move by words"),
		}},
		{Title: "Result", Keys: []key.Binding{
			bind("PgUp/Dn", "page, also from the editor"),
			bind("↑↓←→", "scroll rows and columns"),
			bind("g G", "first row, last row"),
			bind("q", "back to the dashboard"),
		}},
		{Title: "Program", Keys: []key.Binding{
			bind("Ctrl-C", "cancel, else quit"),
			bind("F1", "help"),
		}},
	}
}
