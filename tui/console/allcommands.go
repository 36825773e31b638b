package console

import (
	"shardeck/tui/editor"
	"shardeck/tui/keymap"
	"shardeck/tui/screen"
)

// AllCommands returns what can be done on each screen, as far as that does not depend on what is
// shown there: the commands that keys can be chosen for.
func AllCommands() [][]keymap.Command {
	v := &screen.View{Table: "table"}
	with := func(own []keymap.Command) []keymap.Command {
		var all []keymap.Command
		all = append(all, own...)
		for _, c := range programCommands() {
			if keymap.Find(own, c.Keys[0]) == nil {
				all = append(all, c)
			}
		}
		return all
	}
	lists := [][]keymap.Command{with((&screen.Dashboard{}).Commands(v))}
	for _, s := range screen.NewPlaces() {
		if s != nil {
			screen.Renew(s, v)
			lists = append(lists, with(s.Commands(v)))
		}
	}
	lists = append(lists, screen.ReplayCommands())
	q := screen.NewQuery(screen.QueryOptions{Statements: []string{"SELECT 1"}})
	lists = append(lists, with(q.Commands(v)))
	vim := editor.New("SELECT 1")
	vim.Configure(editor.Options{Vim: true})
	return append(lists, vim.Commands())
}
