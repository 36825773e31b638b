package screen

import (
	"time"

	"shardeck/tui/keymap"
)

// The groups of commands in the help of the Query screen.
const (
	groupStatement = "Statement"
	groupEditor    = "Editor"
	groupResult    = "Result"
)

// The intents of the Query screen.
type (
	// RunQuery runs a statement, or requests its plan. The screen receives [QueryEnded].
	RunQuery struct {
		SQL     string
		Explain bool
	}
	// CancelQuery cancels the running statement. Its [QueryEnded] still arrives.
	CancelQuery struct{}
)

// The messages to the Query screen.
type (
	// QueryEnded carries the outcome of a statement.
	QueryEnded struct {
		At     time.Time
		Result *Result
	}
	// HistoryLoaded carries the statements of earlier sessions, the oldest first.
	HistoryLoaded struct{ Statements []string }
)

// Commands lists the keys of the screen and of the pane that has the focus.
func (q *Query) Commands(v *View) []keymap.Command {
	pane := q.editorCommands()
	if q.onGrid {
		pane = q.gridCommands()
	}
	return append(q.statementCommands(v), pane...)
}

// statementCommands are the keys that work in both panes.
func (q *Query) statementCommands(v *View) []keymap.Command {
	run := keymap.Command{Name: "run the statement", Label: "run", Group: groupStatement, Keys: []string{"f5", "alt+enter"}, Do: func() Intent { return q.run(v.Now, false) }}
	stop := keymap.Command{Name: "cancel the running statement, else go back to the dashboard", Label: "back", Group: groupStatement, Keys: []string{"esc"}, Do: func() Intent {
		if in, handled := q.Stop(v.Now); handled {
			return in
		}
		return Close{}
	}}
	if q.running {
		stop.Label, run.Label = "cancel", ""
	}
	other := keymap.Command{Name: "switch to the result and back", Label: "result", Group: groupStatement, Keys: []string{"tab", "shift+tab"}, Do: does(func() { q.onGrid = !q.onGrid })}
	if q.onGrid {
		other.Label = "editor"
	}
	return []keymap.Command{
		run, stop, other,
		{Name: "show the plan without running; again: the rows", Label: "explain", Group: groupStatement, Keys: []string{"f6", "ctrl+x"}, Do: func() Intent { return q.explain(v.Now) }},
		{Name: "earlier statement", Label: "history", Group: groupStatement, Keys: []string{"ctrl+p", "ctrl+up"}, Shown: "Ctrl-P/N", Do: does(func() { q.recall(q.place - 1) })},
		{Name: "later statement", Group: groupStatement, Keys: []string{"ctrl+n", "ctrl+down"}, Do: does(func() { q.recall(q.place + 1) })},
		{Name: "choose another table and database", Label: "table", Group: groupStatement, Keys: []string{"ctrl+t"}, Do: asks(PickTable{})},
		{Name: "see the next page of the result", Group: groupResult, Keys: []string{"pgdown"}, Do: does(func() { q.scroll(q.page(), 0) })},
		{Name: "see the page before", Group: groupResult, Keys: []string{"pgup"}, Do: does(func() { q.scroll(-q.page(), 0) })},
	}
}

// explain asks for the plan, or goes back to the rows if the plan is shown.
func (q *Query) explain(now time.Time) Intent {
	if q.showPlan && q.plan != nil && q.rows != nil && q.plan.SQL == q.editor.Text() {
		q.showPlan = false
		return nil
	}
	return q.run(now, true)
}

func (q *Query) editorCommands() []keymap.Command {
	var all []keymap.Command
	for _, k := range []string{"left", "right", "up", "down", "home", "end", "ctrl+a", "ctrl+e", "enter", "backspace", "delete", "ctrl+w", "ctrl+u", "ctrl+k", "ctrl+left", "ctrl+right", "ctrl+home", "ctrl+end"} {
		all = append(all, keymap.Command{Name: k, Group: groupEditor, Keys: []string{k}, Do: does(func() {
			if e, ok := q.editor.Key(k); ok {
				q.edit(e)
			}
		})})
	}
	return all
}

func (q *Query) gridCommands() []keymap.Command {
	move := func(name string, rows, columns int, keys ...string) keymap.Command {
		return keymap.Command{Name: name, Group: groupResult, Keys: keys, Do: does(func() { q.scroll(rows, columns) })}
	}
	return []keymap.Command{
		move("scroll up", -1, 0, "up", "k"), move("scroll down", 1, 0, "down", "j"),
		move("scroll left", 0, -1, "left", "h"), move("scroll right", 0, 1, "right", "l"),
		move("first row", -1<<30, -1<<30, "home", "g"), move("last row", 1<<30, 0, "end", "G"),
	}
}
