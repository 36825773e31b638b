package screen

import (
	"slices"
	"strings"

	"shardeck/tui/history"
	"shardeck/tui/keymap"
)

// maxLog bounds the statements that are kept in memory.
const maxLog = 5000

// walk is where a tab is in the history.
type walk struct {
	back  int    // entries from the end; 0 is the draft
	draft string // the text before the history was walked
}

// entry is the entry that a tab is at, nil for its draft.
func (q *Query) entry(t *tab) *history.Entry {
	if i := len(q.history) - t.walk.back; t.walk.back > 0 && i >= 0 {
		return &q.history[i]
	}
	return nil
}

// remember adds an entry to the history. Each tab stays where it is in it.
func (q *Query) remember(e history.Entry) {
	q.history = append(q.history, e)
	if over := len(q.history) - maxLog; over > 0 {
		q.history = slices.Delete(q.history, 0, over)
	}
	for _, t := range q.tabs {
		if t.walk.back > 0 {
			t.walk.back = min(t.walk.back+1, len(q.history))
		}
	}
}

// keep adds a text that was never run to the history, unless it is there already.
func (q *Query) keep(text string) {
	if strings.TrimSpace(text) != "" && !slices.ContainsFunc(q.history, func(e history.Entry) bool { return e.SQL == text }) {
		q.remember(history.Entry{SQL: text, Rows: -1, Draft: true})
	}
}

// leave keeps the text of a tab before it is replaced by one of the history, so that nothing that
// was written is lost: as the tab's draft, or in the history if it was made of one of its entries.
func (q *Query) leave(t *tab) {
	text := t.editor.Text()
	if e := q.entry(t); e == nil {
		t.walk.draft = text
	} else if e.SQL != text {
		q.keep(text)
	}
}

// recall puts an earlier or later statement into the editor, as a step that can be undone.
func (q *Query) recall(by int) Intent {
	t := q.tab()
	switch back := t.walk.back - by; {
	case back < 0:
		return keymap.Say{Text: "this is the latest"}
	case back > len(q.history):
		return keymap.Say{Text: "there is no earlier statement"}
	}
	q.leave(t)
	t.walk.back -= by
	text := t.walk.draft
	if e := q.entry(t); e != nil {
		text = e.SQL
	}
	q.onGrid = false
	return q.replaceText(text)
}

// choose puts a statement that was chosen from the history into the editor.
func (q *Query) choose(text string) Intent {
	t := q.tab()
	q.leave(t)
	q.keep(t.walk.draft)
	t.walk = walk{}
	for i := len(q.history) - 1; i >= 0; i-- {
		if q.history[i].SQL == text {
			t.walk.back = len(q.history) - i
			break
		}
	}
	q.onGrid = false
	return q.replaceText(text)
}

// ran adds a statement that starts to the history. If it is the whole text, that is its entry
// from now on; otherwise the text is a draft, from which the next step back leads to the statement.
func (q *Query) ran(t *tab, e history.Entry) {
	text := strings.TrimSpace(t.editor.Text())
	if back := q.entry(t); back != nil && text != strings.TrimSpace(back.SQL) {
		q.keep(t.walk.draft)
		t.walk = walk{}
	}
	q.remember(e)
	if e.SQL == text {
		t.walk.back = 1
	}
}

// finish updates the entry of a statement that has ended.
func (q *Query) finish(e *history.Entry) {
	for i := len(q.history) - 1; i >= 0; i-- {
		if q.history[i].ID == e.ID {
			q.history[i].Took, q.history[i].Rows, q.history[i].Outcome = e.Took, e.Rows, e.Outcome
			return
		}
	}
}

// Texts returns everything that was written or run: the texts of the tabs, their drafts, and the
// history.
func (q *Query) Texts() []string {
	var all []string
	for _, t := range q.tabs {
		all = append(all, t.editor.Text(), t.walk.draft)
	}
	for i := range q.history {
		all = append(all, q.history[i].SQL)
	}
	return all
}

// Drafts returns the texts that are nowhere but here: of closed tabs, of tabs, and those that were
// left for one of the history. What was run is in the history file if that can hold it, and
// so are the drafts of earlier sessions, which have an id; a tab's file has what was saved to it.
func (q *Query) Drafts() []string {
	known := map[string]bool{"": true}
	for text := range q.suggested {
		known[bare(text)] = true
	}
	var all []string
	for i := range q.history {
		switch e := &q.history[i]; {
		case e.Draft && e.ID == "":
			all = append(all, e.SQL)
		case history.Holds(e.SQL):
			known[bare(e.SQL)] = true
		}
	}
	for _, t := range q.tabs {
		all = append(all, t.walk.draft)
		if text := t.editor.Text(); t.file == "" || text != t.saved {
			all = append(all, text)
		}
	}
	return slices.DeleteFunc(all, func(text string) bool {
		key := bare(text)
		defer func() { known[key] = true }()
		return known[key]
	})
}

// bare is a text without what surrounds its statements.
func bare(text string) string { return strings.Trim(text, " \t\r\n;") }
