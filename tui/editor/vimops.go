package editor

import "shardeck/tui/keymap"

// vimOperators are d, c and y, and their doubled forms for whole lines; in visual mode they
// work on the selection.
func (e *Editor) vimOperators() []keymap.Command {
	v := e.vim
	var all []keymap.Command
	add := func(name, key string, do func() keymap.Intent) {
		all = append(all, e.command(groupVim, name, "", do, key))
	}
	for _, o := range []struct{ key, name string }{{"d", "delete"}, {"c", "change"}, {"y", "yank"}} {
		op := o.key[0]
		switch {
		case v.visual():
			add(o.name+" the selection", o.key, func() keymap.Intent { return e.vimSelection(op) })
		case v.op == op:
			add(o.name+" the lines", o.key, func() keymap.Intent {
				last := min(e.lines.of(e.at)+v.times()-1, len(e.lines)-1)
				_, to := e.line(last)
				return e.vimRange(op, e.at, to, true)
			})
		case v.op == 0:
			add(o.name+" what a motion covers", o.key, func() keymap.Intent {
				v.op, v.opened, v.count = op, v.count, 0
				return nil
			})
		}
	}
	if v.op != 0 {
		return all
	}
	for _, m := range []struct {
		key, name string
		mode      vimMode
	}{{"v", "select characters", vimVisual}, {"V", "select lines", vimVisualLine}} {
		add(m.name, m.key, func() keymap.Intent {
			if v.mode == m.mode {
				e.setMode(vimNormal)
			} else {
				e.setMode(m.mode)
			}
			return nil
		})
	}
	if v.visual() {
		add("delete the selection", "x", func() keymap.Intent { return e.vimSelection('d') })
	}
	return all
}

// vimSelection carries out an operator on what visual mode selects: also the character at
// the cursor.
func (e *Editor) vimSelection(op byte) keymap.Intent {
	from, to := e.visualRange()
	lined := e.vim.mode == vimVisualLine
	if lined {
		from, to = min(e.at, e.anchor), max(e.at, e.anchor)
	}
	return e.vimRange(op, from, to, lined)
}

// visualRange is what visual mode selects.
func (e *Editor) visualRange() (from, to int) {
	from, to = min(e.at, max(e.anchor, 0)), max(e.at, e.anchor)
	if e.vim.mode == vimVisualLine {
		return e.wholeLines(from, to)
	}
	return from, after(e.text, to)
}

// vimEdits are the commands of normal mode that are no operators.
func (e *Editor) vimEdits() []keymap.Command {
	v := e.vim
	var all []keymap.Command
	add := func(name, key, off string, do func()) {
		all = append(all, e.command(groupVim, name, off, func() keymap.Intent { do(); return nil }, key))
	}
	insertAt := func(name, key string, at func() int) {
		add(name, key, "", func() {
			e.at = at()
			e.setMode(vimInsert)
		})
	}
	insertAt("insert before the character", "i", func() int { return e.at })
	insertAt("insert after the character", "a", func() int { return min(after(e.text, e.at), end(e)) })
	insertAt("insert at the start of the line", "I", func() int { return e.firstInk(e.at) })
	insertAt("insert at the end of the line", "A", func() int { return end(e) })
	add("open a line below", "o", "", func() { e.openLine(true) })
	add("open a line above", "O", "", func() { e.openLine(false) })
	chars := func(op byte) func() {
		return func() {
			at := e.at
			to := min(repeat(at, v.times(), func(at int) int { return after(e.text, at) }), end(e))
			if op == 'c' || at < to {
				e.vimRange(op, at, max(at, to), false)
			}
		}
	}
	add("delete the character", "x", "", chars('d'))
	add("change the character", "s", "", chars('c'))
	add("delete to the end of the line", "D", "", func() { v.times(); e.vimRange('d', e.at, end(e), false) })
	add("change to the end of the line", "C", "", func() { v.times(); e.vimRange('c', e.at, end(e), false) })
	add("undo", "u", possible(len(e.undo.done) > 0, "there is nothing to undo"), func() {
		v.apart = true
		repeat(0, v.times(), func(n int) int { e.undoStep(); return n + 1 })
		e.Unselect()
		e.onText()
	})
	add("redo", "ctrl+r", possible(len(e.undo.undone) > 0, "there is nothing to redo"), func() {
		v.apart = true
		repeat(0, v.times(), func(n int) int { e.redoStep(); return n + 1 })
		e.onText()
	})
	all = append(all,
		e.command(groupVim, "put after the cursor", "", func() keymap.Intent { return e.vimPut(true) }, "p"),
		e.command(groupVim, "put before the cursor", "", func() keymap.Intent { return e.vimPut(false) }, "P"),
		e.command(groupVim, "repeat the last change", possible(len(v.repeat) > 0, "there is no change to repeat"), e.vimRepeat, "."))
	return all
}

// openLine starts a line below or above with the indentation of this one, and inserts there.
func (e *Editor) openLine(below bool) {
	from, to := e.lineOf(e.at)
	pad := e.text[from : from+indentation(e.text[from:to])]
	ending := e.lineBreak()
	e.setMode(vimInsert)
	if len(e.text)+len(pad)+len(ending) > MaxText {
		e.at = to
		return
	}
	if below {
		e.splice(to, to, ending+pad, pasting)
		return
	}
	e.splice(from, from, pad+ending, pasting)
	e.at = floor(e.text, from+len(pad))
	e.undo.place(caret{e.at, -1})
}
