package screen

import (
	"slices"
	"strings"
	"time"

	"shardeck/tui/editor"
	"shardeck/tui/history"
	"shardeck/tui/keymap"
	"shardeck/tui/statement"
	"shardeck/tui/widget"
)

// Query is the screen for writing and running statements: an editor with tabs, the route of the
// last statement, and its rows or plan. It fills the frame, and keeps its state while another
// screen is shown.
type Query struct {
	tabs   []*tab
	at     int // the tab that is shown
	ring   editor.Ring
	vim    bool
	onGrid bool // the result has the focus, not the editor

	history   []history.Entry // the oldest first
	suggested map[string]bool // texts that were put into the editor by [Query.Suggest]
	options   RunOptions
	running   *running    // the statements that run, nil if none do
	asking    *RunQueries // the writes of which is being found out what they would do
	endedAt   time.Time

	tables   knownTables
	popup    popup
	jobs     []*job
	planRoom int // lines of the plan that are visible

	leaveUntil time.Time // until then another Esc leaves the screen
	zoom       bool      // the pane that has the focus is enlarged
}

// leaveWithin is how long the first Esc waits for the second.
const leaveWithin = 2 * time.Second

// tab is one text with the outcome of its latest run.
type tab struct {
	editor  *editor.Editor
	touched bool   // the user has edited the text
	file    string // that it was read from or saved to, "" for none
	saved   string // its text then
	walk    walk

	results  []*output // of the statements that ran last
	shown    int
	plan     *Result
	showPlan bool
	planRow  int
	fault    fault
	index    statement.Index
	usage    usage
	checked  checked
	edited   *output // the rows of which a value is being edited
}

// fault is the position of an error in a text, valid while the text is unchanged.
type fault struct {
	revision uint64
	at       int
	set      bool
	text     string // what is wrong
}

// usage is the syntax of the function at the cursor, at a revision of the text; "" for none.
type usage struct {
	revision uint64
	at       int
	valid    bool
	text     string
}

// QueryOptions configure the Query screen.
type QueryOptions struct {
	// Statements are the first entries of the history, the oldest first; the last is in the editor.
	Statements []string
	Vim        bool // the editor has the keys of vim
	YesWrites  bool // writes run without a question
	Run        RunOptions
}

// NewQuery returns the screen.
func NewQuery(o QueryOptions) *Query {
	q := &Query{vim: o.Vim, options: o.Run, suggested: map[string]bool{}}
	q.options.YesWrites = o.YesWrites
	text := ""
	for _, sql := range o.Statements {
		q.history = append(q.history, history.Entry{SQL: sql, Rows: -1})
		text = sql
	}
	t := q.addTab(text)
	t.walk.back = min(len(q.history), 1)
	return q
}

// addTab adds a tab with a text after the others, and shows it.
func (q *Query) addTab(text string) *tab {
	t := &tab{editor: editor.New(text)}
	t.editor.Configure(editor.Options{Vim: q.vim, Ring: &q.ring})
	q.tabs = append(q.tabs, t)
	q.at = len(q.tabs) - 1
	q.popup = popup{}
	return t
}

// tab is the tab that is shown.
func (q *Query) tab() *tab { return q.tabs[q.at] }

// Suggest puts a statement into the editor unless the user has edited it.
func (q *Query) Suggest(text string) {
	if t := q.tab(); !t.touched && t.editor.Text() == "" {
		q.suggested[text] = true
		t.editor = editor.New(text)
		t.editor.Configure(editor.Options{Vim: q.vim, Ring: &q.ring})
	}
}

// Take shows a statement in a tab of its own, unless nothing was written in the one that is shown.
func (q *Query) Take(text string) Intent {
	if t := q.tab(); t.touched && t.editor.Text() != "" && len(q.tabs) < maxTabs && q.running == nil {
		q.addTab("")
	}
	q.onGrid = false
	return q.replaceText(text)
}

// RunAll asks for all statements of the text to be run.
func (q *Query) RunAll() Intent { return q.start(whatAll, false) }

// Text is the text in the editor.
func (q *Query) Text() string { return q.tab().editor.Text() }

func (q *Query) fillsFrame() {}

// Update handles results, sizes and what was read from files.
func (q *Query) Update(msg any) Intent {
	switch m := msg.(type) {
	case WritesChecked:
		q.asking = nil
		if m.Begun {
			q.asking = &m.Run
		}
	case QueriesStarted:
		q.started(m)
	case QueryHead:
		q.head(m)
	case QueryProgress:
		if q.running != nil {
			q.running.progress = m
		}
	case QueryEnded:
		return q.ended(m)
	case QueriesDone:
		q.done(m)
	case TextChecked:
		q.checkedText(m)
	case HistoryLoaded:
		q.history = slices.Concat(m.Entries, q.history)
	case HistoryChosen:
		return q.choose(m.SQL)
	case FileRead:
		return q.opened(m)
	case FileSaved:
		if t := m.For.tab; t != nil { // which may no longer be the one that is shown
			t.file, t.saved = m.Path, m.For.Text
		}
		return keymap.Say{Text: "saved " + m.Path}
	case Edited:
		return q.replaceText(m.Text)
	case OptionsChosen:
		q.options = m.Options
	}
	return nil
}

// Writing reports whether letters are text.
func (q *Query) Writing() bool {
	switch {
	case !q.onGrid:
		return true
	case q.pane() != nil:
		return false
	}
	v := q.shown()
	return v != nil && v.grid != nil && v.grid.Typing()
}

// Insert inserts typed or pasted text where the focus is.
func (q *Query) Insert(text string) Intent {
	if q.onGrid {
		if v := q.shown(); v != nil && v.grid != nil {
			return v.grid.Insert(text)
		}
		return nil
	}
	in := q.editing(func() Intent {
		in, _ := q.tab().editor.Key(keymap.Key{Name: text, Text: text})
		return in
	}, nil)
	return in
}

// Typed inserts several characters that were typed at once.
func (q *Query) Typed(t keymap.Typed) Intent {
	if q.onGrid {
		return q.Insert(t.Text)
	}
	return q.editing(func() Intent { return q.tab().editor.Typed(t) }, nil)
}

// Pasted inserts pasted text, which is undone in one step.
func (q *Query) Pasted(text string) Intent {
	if q.onGrid {
		return q.Insert(text)
	}
	in := q.editing(func() Intent {
		if err := q.tab().editor.Insert(text); err != nil {
			return keymap.Say{Text: err.Error()}
		}
		return nil
	}, nil)
	q.popup.close()
	return in
}

// editing carries out a change of the editor, or a move in it. keys are those that asked for it,
// if a command did: the list of completions follows letters and deletions only.
func (q *Query) editing(do func() Intent, keys []string) Intent {
	t := q.tab()
	q.leaveUntil = time.Time{}
	revision, cursor := t.editor.Revision(), t.editor.Cursor()
	in := do()
	switch {
	case t.editor.Revision() != revision:
		t.touched = true
		q.suggest(len(keys) == 0 || slices.Contains(keys, "backspace") && q.popup.open())
	case t.editor.Cursor() != cursor:
		q.popup.close()
	}
	return in
}

// replaceText replaces the whole text, which can be undone.
func (q *Query) replaceText(text string) Intent {
	in := q.editing(func() Intent {
		if err := q.tab().editor.SetText(text); err != nil {
			return keymap.Say{Text: err.Error()}
		}
		return nil
	}, nil)
	q.popup.close()
	return in
}

// statements are the statements of the text.
func (t *tab) statements() []statement.Statement { return t.index.Statements(t.editor.Text()) }

// current is the range of the statement at the cursor, if there are several.
func (t *tab) current() editor.Range {
	all := t.statements()
	if i := statement.At(all, t.editor.Cursor()); i >= 0 && len(all) > 1 {
		return editor.Range{From: all[i].From, To: all[i].To}
	}
	return editor.Range{}
}

// shown is the result in the lower pane, nil if there is none or a plan is shown.
func (q *Query) shown() *output {
	t := q.tab()
	if t.showPlan || t.shown >= len(t.results) {
		return nil
	}
	return t.results[t.shown]
}

// shownResult is the result or the plan in the lower pane, nil if there is none yet.
func (q *Query) shownResult() *Result {
	if t := q.tab(); t.showPlan {
		return t.plan
	}
	if v := q.shown(); v != nil {
		return v.Result
	}
	return nil
}

// look is how the editor is drawn.
func (q *Query) look() editor.Look {
	t := q.tab()
	look := editor.Look{Focused: !q.onGrid, Current: t.current()}
	if t.fault.set && t.fault.revision == t.editor.Revision() {
		look.Faults = []editor.Fault{{From: t.fault.at, To: t.fault.at}}
	}
	return look
}

// opened shows a file in a tab of its own, unless the one that is shown is empty.
func (q *Query) opened(m FileRead) Intent {
	t := q.tab()
	if t.editor.Text() != "" && len(q.tabs) < maxTabs {
		t = q.addTab("")
	}
	q.keep(t.editor.Text())
	in := q.replaceText(m.Text)
	t.file, t.saved, q.onGrid = m.Path, m.Text, false
	if in == nil {
		in = keymap.Say{Text: "opened " + m.Path}
	}
	return in
}

// name is a tab's name: that of its file, else its first words.
func (t *tab) name() string {
	if t.file != "" {
		_, name := splitPath(t.file)
		if t.editor.Text() != t.saved {
			name += "*"
		}
		return name
	}
	var words []string
	for w := range strings.FieldsSeq(t.editor.Text()) { // the text may be long
		if words = append(words, w); len(words) == 4 {
			break
		}
	}
	return widget.Fit(strings.Join(words, " "), 16)
}

func splitPath(path string) (dir, name string) {
	i := strings.LastIndexAny(path, `/\`)
	return path[:i+1], path[i+1:]
}

// show shows tab i; the one after the last is new.
func (q *Query) show(i int) Intent {
	switch {
	case i == len(q.tabs) && i < maxTabs:
		q.addTab("")
	case i >= len(q.tabs):
		return keymap.Say{Text: "there is no such tab"}
	default:
		q.at, q.popup = i, popup{}
	}
	q.onGrid = false
	return nil
}

// maxTabs bounds the tabs: as many as there are digits.
const maxTabs = 9

// closeTab closes the tab. Its text stays in the history.
func (q *Query) closeTab() Intent {
	t := q.tab()
	if q.running != nil && q.running.tab == t {
		return keymap.Say{Text: "its statement is running; Esc cancels it"}
	}
	q.keep(t.editor.Text())
	q.keep(t.walk.draft)
	q.closeResults(t.results)
	q.tabs = slices.Delete(q.tabs, q.at, q.at+1)
	q.at = max(q.at-1, 0)
	if len(q.tabs) == 0 {
		q.addTab("")
	}
	return keymap.Say{Text: "closed; Ctrl-R finds its text"}
}
