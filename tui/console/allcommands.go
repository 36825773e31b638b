package console

import (
	"fmt"
	"unicode/utf8"

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
	lists = append(lists, screen.TourCommands(false, false, false), screen.TourCommands(true, false, false))
	vim := editor.New("SELECT 1")
	vim.Configure(editor.Options{Vim: true})
	return append(lists, vim.Commands())
}

// CheckBindings returns why keys cannot be chosen so, and the command that is at fault; "" if they can. In an
// editor a letter is text, so that no command there can have one.
func CheckBindings(b keymap.Bindings) (id string, err error) {
	if id, err := b.Check(AllCommands()...); err != nil {
		return id, err
	}
	q := screen.NewQuery(screen.QueryOptions{Statements: []string{"SELECT 1"}})
	for _, c := range b.Apply(q.Commands(&screen.View{Table: "table"})) {
		for _, k := range c.Keys {
			if _, chosen := b[c.ID()]; chosen && utf8.RuneCountInString(k) == 1 {
				return c.ID(), fmt.Errorf("%s is text in the editor, where this command is too; choose a key with Ctrl or Alt, or a function key", k)
			}
		}
	}
	return "", nil
}
