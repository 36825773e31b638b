package screen

import (
	"fmt"
	"slices"
	"strings"

	"shardeck/tui/history"
	"shardeck/tui/keymap"
)

// The groups of commands in the help of the Query screen.
const (
	groupStatement = "Statement"
	groupText      = "Text"
	groupResult    = "Result"
)

// The intents of the Query screen besides those that run statements.
type (
	// PickHistory opens the list of earlier statements. The screen receives [HistoryChosen].
	PickHistory struct{ Entries []history.Entry }
	// SaveHistory adds a line to the history file.
	SaveHistory struct{ Line history.Line }
	// PickOptions opens the switches for statements. The screen receives [OptionsChosen].
	PickOptions struct {
		Options RunOptions
		Names   []string // of the parameters in the text
	}
	// AskPath asks for the path of a file to read the text from or to save it to. The screen
	// receives [FileRead] or [FileSaved].
	AskPath struct {
		Save  bool
		Path  string // of the tab's own file, "" for none
		Text  string
		Saved string // the text that was read from the tab's own file or saved to it last

		tab *tab
	}
	// EditOutside opens the text in the user's editor. The screen receives [Edited].
	EditOutside struct{ Text string }
)

// The messages to the Query screen about texts.
type (
	// HistoryLoaded carries the statements of earlier sessions, the oldest first.
	HistoryLoaded struct{ Entries []history.Entry }
	// HistoryChosen carries a statement to put into the editor.
	HistoryChosen struct{ SQL string }
	// FileRead carries the text of a file.
	FileRead struct{ Path, Text string }
	// FileSaved says that a text was saved to a file, as For asked.
	FileSaved struct {
		For  AskPath
		Path string
	}
	// Edited carries the text after the user's own editor has ended.
	Edited struct{ Text string }
	// OptionsChosen carries the switches.
	OptionsChosen struct{ Options RunOptions }
)

// Commands lists the keys of the screen and of the pane that has the focus.
func (q *Query) Commands(v *View) []keymap.Command {
	q.tables.know(v)
	var own []keymap.Command
	switch {
	case q.popup.open():
		own = append(q.popupCommands(), q.editorCommands()...)
	case !q.onGrid:
		own = q.editorCommands()
	case q.pane() != nil:
		o := q.shown()
		for _, c := range o.lower.Commands() {
			do := c.Do
			c.Do = func() Intent { return q.onLower(o, do()) }
			own = append(own, c)
		}
	default:
		own = q.resultCommands()
		if v := q.shown(); len(q.jobs) > 0 && (v == nil || v.grid == nil || !v.grid.Typing()) {
			// Esc cancels what is being sorted, before it clears a filter or a selection.
			own = slices.DeleteFunc(own, func(c keymap.Command) bool { return slices.Contains(c.Keys, "esc") })
		}
	}
	all := q.statementCommands(v)
	// Esc cancels what runs, whatever the pane would do with it.
	if q.running != nil && q.running.tab == q.tab() && !(q.Writing() && uses(own, []string{"esc"})) {
		return append(all, own...)
	}
	// Otherwise a key that the pane uses is the pane's. What is most looked for in the footer comes
	// first: of a result what can be done with it, of a text how to run it.
	all = slices.DeleteFunc(all, func(c keymap.Command) bool { return uses(own, c.Keys) })
	if q.popup.open() {
		return append(own, all...)
	}
	if q.onGrid {
		first := func(c keymap.Command) bool { return c.Keys[0] == "tab" || c.Keys[0] == "f1" }
		front := slices.DeleteFunc(slices.Clone(all), func(c keymap.Command) bool { return !first(c) })
		return slices.Concat(front, own, slices.DeleteFunc(all, first))
	}
	return append(all, own...)
}

// uses reports whether the first of keys is one of a pane's commands.
func uses(own []keymap.Command, keys []string) bool {
	return slices.ContainsFunc(own, func(c keymap.Command) bool { return c.Off == "" && slices.Contains(c.Keys, keys[0]) })
}

// statementCommands are the keys that work in all panes.
func (q *Query) statementCommands(v *View) []keymap.Command {
	run := keymap.Command{Name: "run the selection, or the statement at the cursor", Label: "run", Group: groupStatement, Keys: []string{"f5", "alt+enter", "ctrl+enter"}, Do: func() Intent { return q.start(whatCursor, false) }}
	stop := keymap.Command{Name: "cancel the running statement; twice: back to the dashboard", Label: "back", Group: groupStatement, Keys: []string{"esc"}, Do: func() Intent {
		if q.running == nil || q.running.tab == q.tab() {
			if in, handled := q.Stop(v.Now); handled {
				return in
			}
		}
		if v.Now.Before(q.leaveUntil) {
			return Close{}
		}
		// What is typed after a stray Esc must not act as keys of the dashboard.
		q.leaveUntil = v.Now.Add(leaveWithin)
		return keymap.Say{Text: "Esc again goes back to the dashboard"}
	}}
	switch {
	case q.running != nil && q.running.tab == q.tab():
		stop.Label, run.Label = "cancel", ""
	case len(q.jobs) > 0:
		stop.Label = "cancel"
	}
	focus := keymap.Command{Name: "switch between editor and result", Label: "result", Group: groupStatement, Keys: []string{"tab", "shift+tab"}, Do: does(func() { q.onGrid = !q.onGrid })}
	if q.onGrid {
		focus.Label = "editor"
	}
	return append([]keymap.Command{
		run, stop, focus,
		{Name: "show the help", Label: "help", Group: groupProgram, Keys: []string{"f1"}, Do: asks(ShowHelp{})},
		{Name: "show the plan without running it; again: the rows", Label: "explain", Group: groupStatement, Keys: []string{"f6", "ctrl+x"}, Do: q.explain},
		{Name: "search earlier statements and favourites", Label: "history", Group: groupStatement, Keys: []string{"ctrl+r"}, Do: func() Intent { return PickHistory{Entries: q.history} }},
		{Name: "switches and parameters", Label: "options", Group: groupStatement, Keys: []string{"f7"}, Do: func() Intent {
			return PickOptions{Options: q.options, Names: q.tab().index.Params(q.Text())}
		}},
		{Name: "run all statements", Group: groupStatement, Keys: []string{"f8"}, Do: func() Intent { return q.start(whatAll, false) }},
		{Name: "earlier statement", Group: groupStatement, Keys: []string{"ctrl+p", "ctrl+up"}, Do: func() Intent { return q.recall(-1) }},
		{Name: "later statement", Group: groupStatement, Keys: []string{"ctrl+n", "ctrl+down"}, Do: func() Intent { return q.recall(1) }},
		{Name: "choose another table and database", Label: "table", Group: groupStatement, Keys: []string{"ctrl+t"}, Do: asks(PickTable{})},
		{Name: "enlarge the editor or the result, and back", Group: groupStatement, Keys: []string{"f9"}, Do: does(func() { q.zoom = !q.zoom })},
		{Name: "go to the fault, and say what it is", Group: groupStatement, Keys: []string{"f4"}, Do: q.goToFault},
	}, q.textCommands()...)
}

// textCommands are the keys for tabs and files.
func (q *Query) textCommands() []keymap.Command {
	t := q.tab()
	all := []keymap.Command{
		{Name: "open a file", Group: groupText, Keys: []string{"ctrl+o"}, Do: asks(AskPath{})},
		{Name: "save to a file", Group: groupText, Keys: []string{"ctrl+s"}, Do: func() Intent {
			return AskPath{Save: true, Path: t.file, Text: t.editor.Text(), Saved: t.saved, tab: t}
		}},
		{Name: "edit in $EDITOR", Group: groupText, Keys: []string{"alt+e"}, Do: func() Intent { return EditOutside{Text: t.editor.Text()} }},
		{Name: "clear the text; undo brings it back", Group: groupText, Keys: []string{"alt+k"}, Do: func() Intent { return q.replaceText("") }},
		{Name: "new tab", Group: groupText, Keys: []string{"alt+t"}, Do: func() Intent { return q.show(len(q.tabs)) }},
		{Name: "close the tab", Group: groupText, Keys: []string{"alt+0"}, Do: q.closeTab},
	}
	for i := range maxTabs {
		c := keymap.Command{Name: fmt.Sprintf("tab %d", i+1), Group: groupText, Keys: []string{fmt.Sprintf("alt+%d", i+1)}, Do: func() Intent { return q.show(i) }}
		if i > len(q.tabs) {
			break
		}
		if i == len(q.tabs) {
			c.Name = fmt.Sprintf("new tab %d", i+1)
		}
		all = append(all, c)
	}
	return all
}

// editorCommands are the editor's own, and those that look at its result.
func (q *Query) editorCommands() []keymap.Command {
	var all []keymap.Command
	for _, c := range q.tab().editor.Commands() {
		do := c.Do
		c.Do = func() Intent { return q.editing(do, c.Keys) }
		all = append(all, c)
	}
	page := func(name string) func() Intent {
		return func() Intent {
			if q.tab().showPlan {
				q.scrollPlan(map[string]int{"pgdown": 1, "pgup": -1}[name] * max(q.planRoom-1, 1))
				return nil
			}
			if v := q.shown(); v != nil && v.grid != nil {
				in, _ := v.grid.Key(keymap.Key{Name: name})
				return in
			}
			return nil
		}
	}
	if strings.HasPrefix(q.tab().editor.Mode(), "NORMAL") {
		all = append(all, keymap.Command{Name: PaletteName, Group: groupProgram, Keys: []string{":"}, Do: asks(ShowPalette{})})
	}
	return append(all,
		keymap.Command{Name: "complete the word", Group: groupText, Keys: []string{"ctrl+g"}, Do: q.completeNow},
		keymap.Command{Name: "next page of the result", Group: groupResult, Keys: []string{"pgdown"}, Do: page("pgdown")},
		keymap.Command{Name: "previous page of the result", Group: groupResult, Keys: []string{"pgup"}, Do: page("pgup")})
}

// resultCommands are those of the rows or the plan.
func (q *Query) resultCommands() []keymap.Command {
	t := q.tab()
	var all []keymap.Command
	if t.showPlan {
		scroll := func(by int) func() Intent { return does(func() { q.scrollPlan(by) }) }
		all = []keymap.Command{
			{Name: "scroll down", Label: "scroll", Group: groupResult, Keys: []string{"down", "j"}, Shown: "↑↓", Do: scroll(1)},
			{Name: "scroll up", Group: groupResult, Keys: []string{"up", "k"}, Do: scroll(-1)},
			{Name: "scroll down a page", Group: groupResult, Keys: []string{"pgdown", "ctrl+f"}, Do: scroll(max(q.planRoom-1, 1))},
			{Name: "scroll up a page", Group: groupResult, Keys: []string{"pgup", "ctrl+b"}, Do: scroll(-max(q.planRoom-1, 1))},
			{Name: "go to the beginning", Group: groupResult, Keys: []string{"home", "g"}, Do: scroll(-1 << 30)},
			{Name: "go to the end", Group: groupResult, Keys: []string{"end", "G"}, Do: scroll(1 << 30)},
		}
	} else if v := q.shown(); v != nil && v.grid != nil {
		for _, c := range v.grid.Commands() {
			do := c.Do
			c.Do = func() Intent { return q.onResult(v, do()) }
			all = append(all, c)
		}
		if v.grid.Typing() {
			return all
		}
	}
	if n := len(t.results); n > 1 && !t.showPlan {
		first, last := "", ""
		if t.shown == 0 {
			first = "this is the first result"
		}
		if t.shown == n-1 {
			last = "this is the last result"
		}
		all = append(all,
			keymap.Command{Name: "result of the next statement", Label: "next", Group: groupResult, Keys: []string{"]", "n"}, Off: last, Do: does(func() { t.shown = min(t.shown+1, n-1) })},
			keymap.Command{Name: "result of the previous statement", Label: "previous", Group: groupResult, Off: first, Keys: []string{"[", "N"}, Do: does(func() { t.shown = max(t.shown-1, 0) })})
	}
	return append(all, keymap.Command{Name: PaletteName, Group: groupProgram, Keys: []string{":"}, Do: asks(ShowPalette{})})
}
