package screen

import (
	"strings"

	"shardeck/tui/complete"
	"shardeck/tui/editor"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// popup is the list of what the word at the cursor could become.
type popup struct {
	found    complete.Completion
	revision uint64
	at       int // the cursor that it is for
	cursor   int // of the list
	moved    bool
}

// The popup as it opens by itself: after so many letters of a word, unless there are more items.
const (
	popupAfter = 2
	popupRows  = 8
)

func (p *popup) open() bool { return len(p.found.Items) > 0 }

func (p *popup) close() { p.found = complete.Completion{} }

// update follows an edit: the list opens or changes while a word is being typed.
func (q *Query) suggest(typed bool) {
	p, e := &q.popup, q.tab().editor
	if !typed || e.Mode() != "" && !strings.HasPrefix(e.Mode(), "INSERT") {
		p.close()
		return
	}
	text := e.Text()
	found := complete.Complete(text, q.tab().statements(), e.Cursor(), q.schema())
	afterDot := found.From > 0 && found.From <= len(text) && text[found.From-1] == '.'
	if len(found.Prefix) < popupAfter && !afterDot || len(found.Items) == 1 && strings.EqualFold(found.Items[0].Text, found.Prefix) {
		p.close()
		return
	}
	p.show(e, found)
}

func (p *popup) show(e *editor.Editor, found complete.Completion) {
	p.found, p.revision, p.at = found, e.Revision(), e.Cursor()
	p.cursor, p.moved = 0, false
}

// completeNow opens the list on request, also before a letter is typed.
func (q *Query) completeNow() Intent {
	e := q.tab().editor
	found := complete.Complete(e.Text(), q.tab().statements(), e.Cursor(), q.schema())
	switch {
	case found.TooLong:
		return keymap.Say{Text: "words are completed in statements of up to " + widget.Thousands(complete.MaxStatement) + " bytes"}
	case len(found.Items) == 0:
		return keymap.Say{Text: "there is nothing to complete here"}
	}
	q.popup.show(e, found)
	return nil
}

// schema is what names can mean.
func (q *Query) schema() complete.Schema {
	t, s := q.tab(), q.tables.schema()
	s.Params = func() []string { return t.index.Params(t.editor.Text()) }
	return s
}

func (q *Query) popupCommands() []keymap.Command {
	p := &q.popup
	move := func(by int) func() Intent {
		return does(func() {
			p.cursor = min(max(p.cursor+by, 0), len(p.found.Items)-1)
			p.moved = true
		})
	}
	accept := []string{"tab"}
	if p.moved {
		accept = append(accept, "enter")
	}
	return []keymap.Command{
		{Name: "accept the suggestion", Label: "take", Group: groupText, Keys: accept, Do: q.accept},
		{Name: "next suggestion", Label: "move", Group: groupText, Keys: []string{"down", "ctrl+n"}, Shown: "↑↓", Do: move(1)},
		{Name: "previous suggestion", Group: groupText, Keys: []string{"up", "ctrl+p"}, Do: move(-1)},
		{Name: "close the list", Label: "close", Group: groupText, Keys: []string{"esc"}, Do: does(p.close)},
	}
}

// accept replaces the word by the item under the cursor, as one step that can be undone.
func (q *Query) accept() Intent {
	p := &q.popup
	item, from, to := p.found.Items[p.cursor].Text, p.found.From, p.found.To
	p.close()
	in := q.editing(func() Intent {
		if err := q.tab().editor.Replace(editor.Range{From: from, To: to}, item); err != nil {
			return keymap.Say{Text: err.Error()}
		}
		return nil
	}, nil)
	p.close()
	return in
}

// paintPopup draws the list below the cursor, or above if there is more room, and the help of the
// item.
func (q *Query) paintPopup(a widget.Area, x, y int) {
	p := &q.popup
	items := p.found.Items
	width := 0
	for _, i := range items[:min(len(items), 50)] {
		width = max(width, widget.Width(widget.Clean(i.Text))+widget.Width(widget.Clean(i.Detail))+3)
	}
	width = min(max(width, 24), min(64, a.W-2))
	rows := min(len(items), popupRows)
	top := y + 1
	if top+rows+1 > a.H {
		if y-rows-1 >= 0 {
			top = y - rows - 1
		} else {
			rows = max(min(rows, a.H-top-1), 1)
		}
	}
	list := a.Sub(min(x, max(a.W-width, 0)), top, width, rows+1)
	list.Clear()
	first := max(p.cursor-rows+1, 0)
	for i := 0; i < rows && first+i < len(items); i++ {
		item := &items[first+i]
		role, muted := theme.Button, theme.Button
		if first+i == p.cursor {
			role, muted = theme.Selected, theme.Selected
		}
		line := list.Sub(0, i, width, 1)
		line.Fill(role)
		end := line.Text(1, 0, role, widget.Fit(item.Text, width-2))
		line.TextRight(width-1, 0, muted, widget.Fit(item.Detail, width-end-3))
	}
	help := items[p.cursor].Help
	if help == "" {
		help = items[p.cursor].Kind.String()
	}
	list.Text(1, rows, theme.Muted, widget.Fit(help, width-2))
}
