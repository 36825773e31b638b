package editor

import (
	"strconv"
	"strings"

	"shardeck/tui/keymap"
)

const (
	groupVim       = "Editor: vim"
	groupVimMotion = "Editor: vim, move"
)

// vimMotion is a motion of vim, by which operators work too.
type vimMotion struct {
	name      string
	keys      []string
	to        func(e *Editor, n int) int
	lined     bool // an operator takes whole lines
	inclusive bool // an operator takes the character at the end too
	rows      bool // it keeps the column it aims for
}

// vimMotions are the motions. It is never modified.
var vimMotions = []vimMotion{
	{name: "left", keys: []string{"h"}, to: func(e *Editor, n int) int {
		from, _ := e.lineOf(e.at)
		return max(repeat(e.at, n, func(at int) int { return before(e.text, at) }), from)
	}},
	{name: "right", keys: []string{"l", " "}, to: func(e *Editor, n int) int {
		_, to := e.lineOf(e.at)
		return min(repeat(e.at, n, func(at int) int { return after(e.text, at) }), to)
	}},
	{name: "down by a line", keys: []string{"j", "ctrl+j"}, lined: true, rows: true, to: func(e *Editor, n int) int { return e.byLines(n) }},
	{name: "up by a line", keys: []string{"k"}, lined: true, rows: true, to: func(e *Editor, n int) int { return e.byLines(-n) }},
	{name: "to the next word", keys: []string{"w"}, to: func(e *Editor, n int) int {
		return repeat(e.at, n, func(at int) int { return nextWord(e.text, at) })
	}},
	{name: "to the word before", keys: []string{"b"}, to: func(e *Editor, n int) int {
		return repeat(e.at, n, func(at int) int { return wordBack(e.text, at) })
	}},
	{name: "to the end of the word", keys: []string{"e"}, inclusive: true, to: func(e *Editor, n int) int {
		return repeat(e.at, n, func(at int) int { return wordEnd(e.text, at) })
	}},
	{name: "to the start of the line", keys: []string{"0"}, to: func(e *Editor, _ int) int { return e.lineHead() }},
	{name: "to the first character of the line", keys: []string{"^"}, to: func(e *Editor, _ int) int { return e.firstInk(e.at) }},
	{name: "to the end of the line", keys: []string{"$"}, to: func(e *Editor, n int) int {
		_, to := e.line(min(e.lines.of(e.at)+n-1, len(e.lines)-1))
		return to
	}},
	{name: "to the last line, or to the line of the count", keys: []string{"G"}, lined: true, to: func(e *Editor, n int) int {
		line := len(e.lines) - 1
		if e.vim.counted() {
			line = min(n-1, line)
		}
		return e.firstInk(e.lines[line])
	}},
	{name: "to the matching bracket", keys: []string{"%"}, inclusive: true, to: func(e *Editor, _ int) int {
		_, to := e.lineOf(e.at)
		if i := strings.IndexAny(e.text[e.at:to], "()[]"); i >= 0 {
			if partner, ok := e.partner(e.at+i, len(e.text)); ok {
				return partner
			}
		}
		return e.at
	}},
}

// counted reports whether a count was typed. It is asked before times.
func (v *vim) counted() bool { return v.count > 0 || v.opened > 0 }

// repeat applies step n times, or until it leads nowhere.
func repeat(at, n int, step func(int) int) int {
	for range n {
		next := step(at)
		if next == at {
			break
		}
		at = next
	}
	return at
}

// byLines returns the offset n lines below, in the column that the first such move began in.
func (e *Editor) byLines(n int) int {
	line := e.lines.of(e.at)
	if e.goal < 0 {
		e.goal = columns(e.text, e.lines[line], e.at)
	}
	from, to := e.line(min(max(line+n, 0), len(e.lines)-1))
	at, x := from, 0
	for at < to {
		size := clusterSize(e.text[at:to])
		if x += draw(e.text[at:at+size], x).width; x > e.goal {
			break
		}
		at += size
	}
	return at
}

// nextWord, wordBack and wordEnd are vim's w, b and e.
func nextWord(text string, at int) int {
	if at >= len(text) {
		return at
	}
	for kind := class(text, at); at < len(text) && kind != 0 && class(text, at) == kind; {
		at = after(text, at)
	}
	for at < len(text) && class(text, at) == 0 {
		at = after(text, at)
	}
	return at
}

func wordBack(text string, at int) int {
	for at > 0 && class(text, before(text, at)) == 0 {
		at = before(text, at)
	}
	if at == 0 {
		return 0
	}
	for kind := class(text, before(text, at)); at > 0 && class(text, before(text, at)) == kind; {
		at = before(text, at)
	}
	return at
}

func wordEnd(text string, at int) int {
	next := after(text, at)
	for next < len(text) && class(text, next) == 0 {
		next = after(text, next)
	}
	if next >= len(text) {
		return at
	}
	at = next
	for kind := class(text, at); ; at = next {
		if next = after(text, at); next >= len(text) || class(text, next) != kind {
			return at
		}
	}
}

// vimCommands returns what the keys do in the mode of vim.
func (e *Editor) vimCommands() []keymap.Command {
	v := e.vim
	if v.mode == vimInsert {
		esc := e.command(groupVim, "end insert mode", "", func() keymap.Intent { e.setMode(vimNormal); return nil }, "esc")
		return append([]keymap.Command{esc}, e.plainCommands()...)
	}
	all := e.vimMoves()
	if v.pending() || v.visual() {
		all = append(all, e.command(groupVim, "cancel", "", func() keymap.Intent { e.setMode(vimNormal); return nil }, "esc"))
	}
	if v.prefix != "" {
		return all
	}
	all = append(all, e.vimOperators()...)
	if v.op != 0 {
		return all
	}
	if !v.visual() {
		all = append(all, e.vimEdits()...)
	}
	for _, c := range e.moves() {
		if c.Group == groupMove {
			all = append(all, c)
		}
	}
	return append(all, e.clipboard()...)
}

// vimMoves are the motions, the counts and g.
func (e *Editor) vimMoves() []keymap.Command {
	v := e.vim
	if v.prefix == "g" {
		first := vimMotion{name: "to the first line, or to the line of the count", keys: []string{"g"}, lined: true, to: func(e *Editor, n int) int {
			return e.firstInk(e.lines[min(n-1, len(e.lines)-1)])
		}}
		return []keymap.Command{e.vimMove(first)}
	}
	var all []keymap.Command
	digits := "123456789"
	if v.count > 0 {
		digits += "0"
	}
	count := keymap.Command{Name: "count", Group: groupVim, Shown: "1-9"}
	for _, d := range digits {
		count.Keys = []string{string(d)}
		count.Do = func() keymap.Intent {
			n, _ := strconv.Atoi(string(d))
			v.count = min(v.count*10+n, maxCount)
			return nil
		}
		all = append(all, count)
	}
	for _, m := range vimMotions {
		all = append(all, e.vimMove(m))
	}
	return append(all, e.command(groupVimMotion, "wait for g: to the first line", "", func() keymap.Intent { v.prefix = "g"; return nil }, "g"))
}

// vimMove returns the command of a motion: with an operator pending, that on what is between.
func (e *Editor) vimMove(m vimMotion) keymap.Command {
	v := e.vim
	name := "move " + m.name
	if verb := map[byte]string{'d': "delete ", 'c': "change ", 'y': "yank "}[v.op]; verb != "" {
		name = verb + m.name
	}
	return keymap.Command{Name: name, Group: groupVimMotion, Keys: m.keys, Do: func() keymap.Intent {
		e.was, e.act = e.act, other
		if !m.rows {
			e.goal = -1
		}
		op, m := v.op, m
		n := min(max(v.count, 1)*max(v.opened, 1), maxCount)
		if op == 'c' && m.keys[0] == "w" && e.at < len(e.text) && class(e.text, e.at) != 0 {
			// As in vim, cw changes to the end of the word.
			m.inclusive, m.to = true, func(e *Editor, n int) int { return e.changeWord(n) }
		}
		to := m.to(e, n)
		goal := e.goal
		e.vimCancel()
		if op == 0 {
			e.at = to
			e.undo.close()
			e.onText()
			e.goal = goal
			return nil
		}
		from, to := min(e.at, to), max(e.at, to)
		switch {
		case m.inclusive && from < to || m.inclusive && m.keys[0] == "w":
			to = after(e.text, to)
		case m.keys[0] == "w":
			to = e.withinLine(from, to)
		}
		return e.vimRange(op, from, to, m.lined)
	}}
}

// changeWord is the last character of the word at the cursor, or of the n-th one.
func (e *Editor) changeWord(n int) int {
	at := e.at
	if next := after(e.text, at); next < len(e.text) && class(e.text, next) == class(e.text, at) {
		at = wordEnd(e.text, at)
	}
	return repeat(at, n-1, func(at int) int { return wordEnd(e.text, at) })
}

// withinLine returns the end of what dw takes: not the line break after the last word.
func (e *Editor) withinLine(from, to int) int {
	if e.lines.of(to) == e.lines.of(from) {
		return to
	}
	line := e.lines.of(to)
	if e.firstInk(to) == to || to == len(e.text) {
		if _, end := e.line(max(line-1, e.lines.of(from))); end >= from {
			return max(end, from)
		}
	}
	return to
}
