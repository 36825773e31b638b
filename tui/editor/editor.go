package editor

import (
	"fmt"
	"strings"

	"shardeck/tui/keymap"
	"shardeck/tui/widget"
)

// MaxText bounds the text, in bytes. An insertion that would exceed it is refused.
const MaxText = 4 << 20

// Editor is a text that is being edited. It is changed in place and must be used by one
// goroutine only.
type Editor struct {
	text     string
	at       int // the cursor
	anchor   int // the other end of the selection, -1 if there is none
	marking  bool
	goal     int // the column that up and down aim for, -1 for the cursor's own
	revision uint64

	lines  lineIndex
	tokens checkpoints
	layout layout
	undo   history
	ring   *Ring

	// act is what the last command was, for commands that continue it; was is the one before.
	act, was action
	yanked   Range // what the last yank inserted
	pop      int   // how many entries of the ring it went back

	vim *vim // nil without vim keys
}

// Range is a part of the text, in bytes.
type Range struct{ From, To int }

// action is the kind of a command.
type action uint8

const (
	other action = iota
	killed
	yankedText
)

// Options configure an editor.
type Options struct {
	// Vim turns on the keys of vim; the editor is then in normal mode.
	Vim bool
	// Ring is the kill ring to use, such as one that several editors share; nil leaves it.
	Ring *Ring
}

// New returns an editor of a text with the cursor at its start. A text that exceeds
// [MaxText] is held whole, but cannot grow.
func New(text string) *Editor {
	return &Editor{
		text: text, anchor: -1, goal: -1, lines: indexLines(text), tokens: newCheckpoints(),
		layout: newLayout(), ring: &Ring{},
	}
}

// Configure applies options.
func (e *Editor) Configure(o Options) {
	if o.Ring != nil {
		e.ring = o.Ring
	}
	switch {
	case !o.Vim:
		e.Unselect()
		e.undo.release()
		e.vim = nil
	case e.vim == nil:
		e.vim = &vim{}
		e.MoveTo(e.at)
	}
}

// Text returns the text.
func (e *Editor) Text() string { return e.text }

// Lines returns the number of lines, at least 1.
func (e *Editor) Lines() int { return len(e.lines) }

// Revision returns a number that changes whenever the text does.
func (e *Editor) Revision() uint64 { return e.revision }

// Cursor returns the cursor's offset in the text, in bytes.
func (e *Editor) Cursor() int { return e.at }

// Position returns the cursor's line, and its column in characters, both from 1.
func (e *Editor) Position() (line, column int) {
	i := e.lines.of(e.at)
	column = 1
	for p := e.lines[i]; p < e.at; p = after(e.text, p) {
		column++
	}
	return i + 1, column
}

// MoveTo moves the cursor to the character at an offset and ends the selection.
func (e *Editor) MoveTo(offset int) {
	e.Unselect()
	e.was, e.act = other, other
	e.place(offset)
	e.onText()
}

// Select selects a range of the text; the cursor is at its end.
func (e *Editor) Select(from, to int) {
	e.MoveTo(to)
	e.anchor = floor(e.text, min(from, to))
}

// place moves the cursor and leaves the selection.
func (e *Editor) place(offset int) {
	e.at, e.goal = floor(e.text, offset), -1
	e.undo.close()
}

// Selection returns the selected range; it is empty, at the cursor, if nothing is selected.
func (e *Editor) Selection() (from, to int) {
	switch {
	case e.anchor < 0:
		return e.at, e.at
	case e.vim.visual():
		return e.visualRange()
	}
	return min(e.at, e.anchor), max(e.at, e.anchor)
}

// SelectedText returns the selected text.
func (e *Editor) SelectedText() string {
	from, to := e.Selection()
	return e.text[from:to]
}

// Unselect ends the selection.
func (e *Editor) Unselect() {
	e.anchor, e.marking = -1, false
	if e.vim.visual() {
		e.vim.mode = vimNormal
	}
}

// SetText replaces the text as one step that can be undone; the cursor is at its start. The
// error says that it is too long; the text is unchanged then.
func (e *Editor) SetText(text string) error {
	if len(text) > MaxText {
		return tooLong(len(text))
	}
	e.was, e.act = other, other
	from, to, s := narrowed(e.text, text)
	if from < to || s != "" {
		e.splice(from, to, s, pasting)
	}
	e.MoveTo(0)
	return nil
}

// narrowed returns the replacement of text[from:to] by s that makes one text of another.
func narrowed(text, next string) (from, to int, s string) {
	n := min(len(text), len(next))
	for from < n && text[from] == next[from] {
		from++
	}
	tail := 0
	for tail < n-from && text[len(text)-1-tail] == next[len(next)-1-tail] {
		tail++
	}
	return from, len(text) - tail, next[from : len(next)-tail]
}

// Insert inserts text at the cursor in place of the selection, as typed if it is one
// character and otherwise as pasted, which is undone in one step. The error says that it does
// not fit; the text is unchanged then.
func (e *Editor) Insert(s string) error {
	kind := pasting
	if s != "" && !strings.ContainsAny(s, "\r\n") && clusterSize(s) == len(s) {
		kind = typing
	}
	e.was, e.act = other, other
	e.vimInserted(s)
	return e.insert(s, kind)
}

// Replace replaces a part of the text as one step that can be undone, such as a word by what
// completes it. The error says that it does not fit; the text is unchanged then.
func (e *Editor) Replace(r Range, s string) error {
	from, to := floor(e.text, min(r.From, r.To)), ceil(e.text, max(r.From, r.To))
	if n := len(e.text) - (to - from) + len(s); n > MaxText && n > len(e.text) {
		return tooLong(n)
	}
	e.was, e.act = other, other
	e.undo.close()
	e.splice(from, to, s, pasting)
	return nil
}

// Typed handles text that arrived at once without a newline: it is typed where text can be
// typed, and otherwise, as in vim's normal mode, each of its characters is a key.
func (e *Editor) Typed(t keymap.Typed) keymap.Intent {
	if e.takesText() {
		return refusal(e.Insert(t.Text))
	}
	var last keymap.Intent
	for _, k := range t.Keys() {
		if intent, _ := e.Key(k); intent != nil {
			last = intent
		}
	}
	return last
}

// Key handles a key and reports whether it means something here.
func (e *Editor) Key(k keymap.Key) (keymap.Intent, bool) {
	e.vimRecord(k)
	if c := keymap.Find(e.Commands(), k.Name); c != nil {
		intent := c.Run()
		e.vimDone()
		return intent, true
	}
	if k.Text == "" {
		return nil, false
	}
	if !e.takesText() {
		e.vimCancel() // as in vim, a letter without a meaning does nothing
		return nil, true
	}
	e.was, e.act = other, other
	kind := typing
	if strings.ContainsAny(k.Text, "\r\n") {
		kind = pasting
	}
	return refusal(e.insert(k.Text, kind)), true
}

// refusal shows an error.
func refusal(err error) keymap.Intent {
	if err == nil {
		return nil
	}
	return keymap.Say{Text: err.Error()}
}

func (e *Editor) insert(s string, kind kind) error {
	from, to := e.Selection()
	if len(s) > to-from && len(e.text)-(to-from)+len(s) > MaxText {
		return tooLong(len(e.text) - (to - from) + len(s))
	}
	if from == to && s == "" {
		return nil
	}
	e.splice(from, to, s, kind)
	return nil
}

// tooLong is the error for a text that would be too long.
func tooLong(size int) error {
	return fmt.Errorf("nothing was inserted: the text would be %s bytes long, and the editor holds at most %s; send long statements with shardeck query --file",
		widget.Thousands(int64(size)), widget.Thousands(MaxText))
}

// splice replaces text[from:to] by s as an undoable change, puts the cursor after it and
// ends the selection.
func (e *Editor) splice(from, to int, s string, kind kind) {
	c := change{kind: kind, at: from, removed: strings.Clone(e.text[from:to]), inserted: strings.Clone(s), before: caret{e.at, e.anchor}}
	e.replace(from, to, s)
	e.Unselect()
	e.at, e.goal = ceil(e.text, from+len(s)), -1
	c.after = caret{e.at, -1}
	e.undo.add(c)
}

// replace replaces text[from:to] by s in the text and what is derived from it.
func (e *Editor) replace(from, to int, s string) {
	e.lines = e.lines.splice(from, to, s)
	e.tokens.splice(from, to, len(s))
	e.text = e.text[:from] + s + e.text[to:]
	e.revision++
}
