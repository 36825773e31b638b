package editor

import (
	"strings"

	"shardeck/tui/keymap"
)

// vim is the state of vim's keys.
type vim struct {
	mode   vimMode
	count  int    // typed before a command, 0 for none
	op     byte   // the operator that waits for a motion: d, c or y; 0 for none
	opened int    // the count before the operator
	prefix string // a key that waits for the next one: g
	kept   string // what was yanked or deleted last
	lined  bool   // kept is whole lines

	keys      []keymap.Key // since the last key that left nothing pending
	repeat    []keymap.Key // of the last change
	repeating bool
	apart     bool   // the command is undo, redo or ".", which are not repeated
	revision  uint64 // when keys began
}

type vimMode uint8

const (
	vimNormal vimMode = iota
	vimInsert
	vimVisual
	vimVisualLine
)

// maxCount bounds the counts of vim's commands.
const maxCount = 9999

// maxRepeat bounds the keys of a change that "." repeats.
const maxRepeat = 1 << 12

// Mode returns the name of vim's mode, with what is pending in it; "" without vim's keys.
func (e *Editor) Mode() string {
	if e.vim == nil {
		return ""
	}
	return [...]string{"NORMAL", "INSERT", "VISUAL", "VISUAL LINE"}[e.vim.mode]
}

// takesText reports whether characters are entered into the text.
func (e *Editor) takesText() bool { return e.vim == nil || e.vim.mode == vimInsert }

// pending reports whether a command is incomplete.
func (v *vim) pending() bool { return v.count > 0 || v.op != 0 || v.prefix != "" }

func (v *vim) visual() bool { return v != nil && (v.mode == vimVisual || v.mode == vimVisualLine) }

// vimCancel forgets an incomplete command.
func (e *Editor) vimCancel() {
	if v := e.vim; v != nil {
		v.count, v.opened, v.op, v.prefix = 0, 0, 0, ""
	}
}

// vimRecord notes a key, so that "." can repeat it.
func (e *Editor) vimRecord(k keymap.Key) {
	v := e.vim
	if v == nil || v.repeating {
		return
	}
	if v.mode == vimNormal && !v.pending() {
		v.keys, v.revision = v.keys[:0], e.revision
	}
	if len(v.keys) <= maxRepeat {
		v.keys = append(v.keys, k)
	}
}

// vimInserted notes text that was inserted without a key.
func (e *Editor) vimInserted(s string) {
	if v := e.vim; v != nil && v.mode == vimInsert && !v.repeating && len(v.keys) <= maxRepeat {
		v.keys = append(v.keys, keymap.Key{Text: s})
	}
}

// vimDone keeps the keys of a change when it is complete.
func (e *Editor) vimDone() {
	v := e.vim
	if v == nil || v.repeating || v.mode != vimNormal || v.pending() {
		return
	}
	if e.revision != v.revision && len(v.keys) <= maxRepeat && !v.apart {
		v.repeat = append(v.repeat[:0:0], v.keys...)
	}
	v.keys, v.revision, v.apart = v.keys[:0], e.revision, false
}

// vimRepeat makes the last change again.
func (e *Editor) vimRepeat() keymap.Intent {
	v := e.vim
	e.vimCancel()
	if v.repeating {
		return nil
	}
	v.repeating, v.apart = true, true
	defer func() { v.repeating = false }()
	var last keymap.Intent
	for _, k := range v.repeat {
		if intent, _ := e.Key(k); intent != nil {
			last = intent
		}
	}
	return last
}

// times returns the count of a command, 1 if none was typed, and forgets it.
func (v *vim) times() int {
	n := max(v.count, 1) * max(v.opened, 1)
	v.count, v.opened = 0, 0
	return min(n, maxCount)
}

// setMode changes the mode. Leaving insert mode ends the step that it was.
func (e *Editor) setMode(m vimMode) {
	v := e.vim
	e.vimCancel()
	switch {
	case m == vimInsert && v.mode != vimInsert:
		if !e.undo.held {
			e.undo.close()
			e.undo.hold()
		}
		e.Unselect()
	case m == vimNormal:
		if v.mode == vimInsert {
			e.undo.release()
			e.undo.close()
			if from, _ := e.lineOf(e.at); e.at > from {
				e.at = before(e.text, e.at)
			}
		}
		e.Unselect()
	case v.mode == vimNormal:
		e.anchor = e.at
	}
	v.mode = m
	e.goal = -1
}

// onText moves the cursor from behind the last character of a line onto it, where vim's
// normal mode keeps it.
func (e *Editor) onText() {
	if v := e.vim; v == nil || v.mode != vimNormal {
		return
	}
	if from, to := e.lineOf(e.at); e.at == to && to > from {
		e.at = before(e.text, to)
	}
}

// register keeps what an operator takes, also for the plain paste.
func (e *Editor) register(text string, lined bool) {
	v := e.vim
	v.kept, v.lined = strings.Clone(text), lined
	e.ring.Push(v.kept)
}

// vimRange carries out the operator on text[from:to], or on the lines from the one of the
// first offset to that of the second. What is yanked goes onto the clipboard, too.
func (e *Editor) vimRange(op byte, from, to int, lined bool) keymap.Intent {
	v := e.vim
	_, lineEnd := e.lineOf(to)
	if lined {
		from, to = e.wholeLines(from, to)
	}
	text := e.text[from:to]
	if lined && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	e.register(text, lined)
	v.mode = vimNormal
	e.vimCancel()
	e.Unselect()
	switch op {
	case 'y':
		e.at = floor(e.text, from)
	case 'c':
		if lined { // the line stays, and its indentation
			to = lineEnd
			from += indentation(e.text[from:to])
		}
		e.undo.close()
		e.undo.hold()
		if from < to {
			e.splice(from, to, "", pasting)
		} else {
			e.at = floor(e.text, from)
		}
		e.setMode(vimInsert)
	default:
		if lined && to == len(e.text) && from > 0 && !strings.HasSuffix(e.text[from:to], "\n") {
			_, from = e.line(e.lines.of(from) - 1) // the last line takes the break before it
		}
		if from < to {
			e.splice(from, to, "", pasting)
		}
		if lined {
			e.at = e.firstInk(e.at)
		}
	}
	e.onText()
	e.undo.close()
	if op == 'y' {
		return keymap.Copy{Text: v.kept, What: amount(v.kept)}
	}
	return nil
}

// wholeLines returns the lines from the one of an offset to that of another, with the line
// break of the last one.
func (e *Editor) wholeLines(from, to int) (int, int) {
	first, last := e.lines.of(from), e.lines.of(to)
	if last+1 < len(e.lines) {
		return e.lines[first], e.lines[last+1]
	}
	return e.lines[first], len(e.text)
}

// vimPut inserts what was yanked or deleted last, after the cursor or before it.
func (e *Editor) vimPut(after bool) keymap.Intent {
	v := e.vim
	n := v.times()
	if len(v.kept)*n > MaxText {
		return refusal(tooLong(len(e.text) + len(v.kept)*n))
	}
	text := strings.Repeat(v.kept, n)
	if text == "" {
		return keymap.Say{Text: "nothing was yanked or deleted yet"}
	}
	from, to := e.lineOf(e.at)
	at := e.at
	switch {
	case v.lined && !after:
		at = from
	case v.lined && e.lines.of(e.at)+1 < len(e.lines):
		at = e.lines[e.lines.of(e.at)+1]
	case v.lined: // behind the last line, which has no line break
		at, text = to, "\n"+strings.TrimSuffix(text, "\n")
	case after && at < to:
		at = at + clusterSize(e.text[at:])
	}
	if n := len(e.text) + len(text); n > MaxText {
		return refusal(tooLong(n))
	}
	e.undo.close()
	e.splice(at, at, text, pasting)
	if v.lined {
		if strings.HasPrefix(text, "\n") {
			at++
		}
		e.at = e.firstInk(at)
	} else {
		e.at = before(e.text, e.at)
	}
	e.onText()
	e.undo.place(caret{e.at, -1})
	return nil
}
