package editor

import (
	"strings"

	"shardeck/tui/keymap"
)

// The headings of the commands in the help.
const (
	groupMove   = "Editor: move"
	groupSelect = "Editor: select and copy"
	groupChange = "Editor: change"
)

// command returns a command that carries out do, with Off if it is not possible now.
func (e *Editor) command(group, name, off string, do func() keymap.Intent, keys ...string) keymap.Command {
	return keymap.Command{Name: name, Group: group, Keys: keys, Off: off, Do: func() keymap.Intent {
		e.was, e.act = e.act, other
		e.goal = -1
		intent := do()
		e.onText()
		return intent
	}}
}

// Commands returns what the editor's keys do now. Text is entered by [Editor.Key] and
// [Editor.Insert].
func (e *Editor) Commands() []keymap.Command {
	if e.vim != nil {
		return e.vimCommands()
	}
	return e.plainCommands()
}

func (e *Editor) plainCommands() []keymap.Command {
	all := make([]keymap.Command, 0, 64)
	all = append(all, e.moves()...)
	all = append(all, e.selecting()...)
	all = append(all, e.clipboard()...)
	all = append(all, e.erasing()...)
	return append(all, e.lineCommands()...)
}

// moves are the motions, and the same ones that extend the selection.
func (e *Editor) moves() []keymap.Command {
	table := []struct {
		name         string
		to           motion // nil for a character to the left or right
		rows         bool
		keys, extend []string
	}{
		{"move left", nil, false, []string{"left", "ctrl+b"}, []string{"shift+left"}},
		{"move right", nil, false, []string{"right", "ctrl+f"}, []string{"shift+right"}},
		{"move up by a row", up, true, []string{"up"}, []string{"shift+up"}},
		{"move down by a row", down, true, []string{"down"}, []string{"shift+down"}},
		{"move to the word before", (*Editor).wordLeft, false, []string{"ctrl+left", "alt+left", "alt+b"}, []string{"ctrl+shift+left", "alt+shift+left", "alt+B"}},
		{"move to the end of the word", (*Editor).wordRight, false, []string{"ctrl+right", "alt+right", "alt+f"}, []string{"ctrl+shift+right", "alt+shift+right", "alt+F"}},
		{"move to the start of the line", home, false, []string{"home", "ctrl+a"}, []string{"shift+home"}},
		{"move to the end of the line", end, false, []string{"end", "ctrl+e"}, []string{"shift+end"}},
		{"move to the start of the text", textStart, false, []string{"ctrl+home", "alt+<"}, []string{"ctrl+shift+home"}},
		{"move to the end of the text", textEnd, false, []string{"ctrl+end", "alt+>"}, []string{"ctrl+shift+end"}},
	}
	all := make([]keymap.Command, 0, 2*len(table)+1)
	for i, m := range table {
		to, extending := m.to, m.to
		if to == nil {
			by := 2*i - 1 // the first goes left, the second right
			to, extending = sideways(by, false), sideways(by, true)
		}
		all = append(all, e.moving(groupMove, m.name, to, false, m.rows, m.keys),
			e.moving(groupSelect, "select: "+m.name, extending, true, m.rows, m.extend))
	}
	return append(all, e.command(groupMove, "move to the matching bracket", e.bracketOff(), e.toPartner, "ctrl+]", "alt+m"))
}

// moving returns a command that moves the cursor. Moves by rows keep the column they aim for.
func (e *Editor) moving(group, name string, to motion, extend, rows bool, keys []string) keymap.Command {
	return keymap.Command{Name: name, Group: group, Keys: keys, Do: func() keymap.Intent {
		e.was, e.act = e.act, other
		if !rows {
			e.goal = -1
		}
		e.move(to(e), extend)
		goal := e.goal
		e.onText()
		e.goal = goal
		return nil
	}}
}

const noBracket = "there is no bracket at the cursor"

// bracketOff tells whether a bracket is at the cursor, without looking for its partner.
func (e *Editor) bracketOff() string {
	const brackets = "()[]"
	return possible(strings.ContainsAny(e.text[max(e.at-1, 0):min(e.at+1, len(e.text))], brackets), noBracket)
}

// toPartner moves to the matching bracket.
func (e *Editor) toPartner() keymap.Intent {
	_, partner, ok := e.brackets(len(e.text))
	if !ok {
		return keymap.Say{Text: "the bracket at the cursor has no partner"}
	}
	e.move(partner, false)
	return nil
}

func (e *Editor) selecting() []keymap.Command {
	mark := "start a selection that moves extend"
	if e.marking {
		mark = "end the selection"
	}
	return []keymap.Command{
		e.command(groupSelect, mark, "", func() keymap.Intent {
			if e.marking {
				e.Unselect()
				return nil
			}
			e.anchor, e.marking = e.at, true
			return keymap.Say{Text: "the selection starts here; move to extend it"}
		}, "ctrl+@", "alt+a"),
		e.command(groupSelect, "select all", "", func() keymap.Intent {
			e.anchor, e.at = 0, len(e.text)
			e.undo.close()
			return nil
		}, "alt+A"),
		e.command(groupSelect, "select the line", "", func() keymap.Intent {
			e.selectLine()
			return nil
		}, "alt+l"),
	}
}

func (e *Editor) clipboard() []keymap.Command {
	unselected, empty, unyanked := "", "", ""
	if from, to := e.Selection(); from == to {
		unselected = "nothing is selected: select with Shift and the arrows, or from Ctrl-Space on"
	}
	if len(e.ring.texts) == 0 {
		empty = "nothing was cut, copied or killed yet"
	}
	if e.act != yankedText {
		unyanked = "this replaces what was just pasted with Ctrl-Y"
	}
	return []keymap.Command{
		e.command(groupSelect, "copy the selection", unselected, e.copy, "alt+c", "alt+w"),
		e.command(groupSelect, "cut the selection", unselected, e.cut, "alt+x", "ctrl+w"),
		e.command(groupSelect, "paste what was cut, copied or killed last", empty, e.yank, "ctrl+v", "ctrl+y"),
		e.command(groupSelect, "replace what was pasted by the cut before it", unyanked, e.yankPop, "alt+y"),
	}
}

// possible explains why there is nothing to do, unless there is.
func possible(is bool, why string) string {
	if is {
		return ""
	}
	return why
}

func (e *Editor) erasing() []keymap.Command {
	does := func(do func()) func() keymap.Intent {
		return func() keymap.Intent { do(); return nil }
	}
	return []keymap.Command{
		e.command(groupChange, "undo", possible(len(e.undo.done) > 0, "there is nothing to undo"), does(e.undoStep), "ctrl+z"),
		e.command(groupChange, "redo", possible(len(e.undo.undone) > 0, "there is nothing to redo"), does(e.redoStep), "alt+z", "ctrl+shift+z"),
		e.command(groupChange, "delete the character before", "", does(func() { e.erase(before(e.text, e.at), erasing) }), "backspace", "ctrl+h"),
		e.command(groupChange, "delete the character", "", does(func() { e.erase(after(e.text, e.at), deleting) }), "delete", "ctrl+d"),
		e.command(groupChange, "kill the word before", "", does(func() { e.kill(e.wordLeft()) }), "ctrl+w", "alt+backspace"),
		e.command(groupChange, "kill the word after", "", does(func() { e.kill(e.wordRight()) }), "alt+d", "alt+delete"),
		e.command(groupChange, "kill to the start of the line", "", does(func() { e.kill(e.lineHead()) }), "ctrl+u"),
		e.command(groupChange, "kill to the end of the line", "", does(func() { e.kill(e.lineRest()) }), "ctrl+k"),
	}
}

func (e *Editor) lineCommands() []keymap.Command {
	return []keymap.Command{
		e.command(groupChange, "start a new line", "", e.newline, "enter", "ctrl+j"),
		e.command(groupChange, "indent the lines", "", e.indentLines, "alt+i"),
		e.command(groupChange, "unindent the lines", "", e.unindentLines, "alt+u", "alt+I"),
		e.command(groupChange, "comment or uncomment the lines", "", e.toggleComment, "ctrl+_", "alt+/"),
		e.command(groupChange, "move the lines up", "", func() keymap.Intent { e.moveLines(-1); return nil }, "alt+up"),
		e.command(groupChange, "move the lines down", "", func() keymap.Intent { e.moveLines(1); return nil }, "alt+down"),
	}
}
