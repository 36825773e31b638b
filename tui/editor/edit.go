package editor

import (
	"fmt"
	"strings"

	"shardeck/tui/keymap"
	"shardeck/tui/widget"
)

// indent is what a line is indented by.
var indent = strings.Repeat(" ", tabWidth)

// newline breaks the line and indents the next one as this one is.
func (e *Editor) newline() keymap.Intent {
	at, _ := e.Selection()
	from, _ := e.lineOf(at)
	line := e.text[from:at]
	return refusal(e.insert(e.lineBreak()+line[:indentation(line)], pasting))
}

// erase deletes the selection, or else what is between the cursor and where a motion goes.
func (e *Editor) erase(to int, kind kind) {
	from := e.at
	if a, b := e.Selection(); a < b {
		from, to, kind = a, b, pasting
	}
	if from, to = min(from, to), max(from, to); from < to {
		e.splice(from, to, "", kind)
	}
}

// kill deletes the selection, or else the text between the cursor and an offset, and keeps
// it for yank. What is killed without another command between is kept as one text.
func (e *Editor) kill(to int) {
	from, to, back := min(e.at, to), max(e.at, to), to < e.at
	if a, b := e.Selection(); a < b {
		from, to = a, b
	}
	e.act = killed
	if from == to {
		return
	}
	if e.was == killed {
		e.ring.extend(e.text[from:to], back)
	} else {
		e.ring.Push(strings.Clone(e.text[from:to]))
	}
	e.splice(from, to, "", pasting)
}

// lineRest is the end of the line, or the start of the next one from there.
func (e *Editor) lineRest() int {
	if to := end(e); to > e.at {
		return to
	}
	return after(e.text, e.at)
}

// lineHead is the start of the line.
func (e *Editor) lineHead() int {
	from, _ := e.lineOf(e.at)
	return from
}

// copy puts the selection onto the clipboard and into the ring.
func (e *Editor) copy() keymap.Intent {
	text := strings.Clone(e.SelectedText())
	e.ring.Push(text)
	e.Unselect()
	return keymap.Copy{Text: text, What: amount(text)}
}

// cut is copy and deletes the selection.
func (e *Editor) cut() keymap.Intent {
	from, to := e.Selection()
	intent := e.copy()
	e.splice(from, to, "", pasting)
	return intent
}

// amount describes a text by its size.
func amount(text string) string {
	lines := strings.Count(text, "\n")
	if lines > 0 && !strings.HasSuffix(text, "\n") {
		lines++
	}
	if lines > 0 {
		return count(lines, "line")
	}
	n := 0
	for at := 0; at < len(text); at = after(text, at) {
		n++
	}
	return count(n, "character")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", widget.Thousands(int64(n)), noun)
}

// yank inserts the text that was cut, copied or killed last.
func (e *Editor) yank() keymap.Intent {
	from, _ := e.Selection()
	text := e.ring.at(0)
	if err := e.insert(text, pasting); err != nil {
		return refusal(err)
	}
	e.act, e.pop, e.yanked = yankedText, 0, Range{from, from + len(text)}
	return nil
}

// yankPop replaces what was just yanked by the text before it in the ring.
func (e *Editor) yankPop() keymap.Intent {
	text := e.ring.at(e.pop + 1)
	if n := len(e.text) - (e.yanked.To - e.yanked.From) + len(text); n > MaxText && n > len(e.text) {
		return refusal(tooLong(n))
	}
	e.splice(e.yanked.From, e.yanked.To, text, pasting)
	e.act, e.pop, e.yanked.To = yankedText, e.pop+1, e.yanked.From+len(text)
	return nil
}

// selectLine selects the line of the cursor with its line break; again, the next one too.
func (e *Editor) selectLine() {
	from, to := e.Selection()
	from = e.lines[e.lines.of(from)]
	next := e.lines.of(to) + 1
	e.anchor = from
	if e.at = len(e.text); next < len(e.lines) {
		e.at = e.lines[next]
	}
	e.undo.close()
}

// eachLine replaces the lines that the selection touches by what change makes of them, as one
// step, and keeps them selected if anything was.
func (e *Editor) eachLine(change func(line string) string) keymap.Intent {
	first, last := e.lineRange()
	from := e.lines[first]
	_, to := e.line(last)
	var b strings.Builder
	for i := first; i <= last; i++ {
		a, z := e.line(i)
		b.WriteString(change(e.text[a:z]))
		if i < last {
			b.WriteString(e.text[z:e.lines[i+1]])
		}
	}
	selected, fromEnd := e.anchor >= 0, to-e.at
	if n := len(e.text) - (to - from) + b.Len(); n > MaxText && n > len(e.text) {
		return refusal(tooLong(n))
	}
	if b.String() == e.text[from:to] {
		return nil
	}
	e.splice(from, to, b.String(), pasting)
	to = from + b.Len()
	if selected {
		e.anchor, e.at = floor(e.text, from), ceil(e.text, to)
	} else {
		e.at = ceil(e.text, max(to-fromEnd, from))
	}
	e.undo.place(caret{e.at, e.anchor})
	return nil
}

func (e *Editor) indentLines() keymap.Intent {
	return e.eachLine(func(line string) string {
		if strings.TrimLeft(line, " \t") == "" {
			return line
		}
		return indent + line
	})
}

func (e *Editor) unindentLines() keymap.Intent {
	return e.eachLine(func(line string) string {
		if rest, ok := strings.CutPrefix(line, "\t"); ok {
			return rest
		}
		return line[min(indentation(line), len(indent), len(line)-len(strings.TrimLeft(line, " "))):]
	})
}

// toggleComment makes the lines comments, or takes that back if all of them are.
func (e *Editor) toggleComment() keymap.Intent {
	const mark = "--"
	first, last := e.lineRange()
	all, column := true, -1
	for i := first; i <= last; i++ {
		from, to := e.line(i)
		line := e.text[from:to]
		n := indentation(line)
		if n == len(line) {
			continue
		}
		all = all && strings.HasPrefix(line[n:], mark)
		if column < 0 || n < column {
			column = n
		}
	}
	if column < 0 {
		return keymap.Say{Text: "there is no text in this line to comment out"}
	}
	return e.eachLine(func(line string) string {
		n := indentation(line)
		switch {
		case n == len(line):
			return line
		case all:
			return line[:n] + strings.TrimPrefix(strings.TrimPrefix(line[n:], mark), " ")
		}
		return line[:column] + mark + " " + line[column:]
	})
}

// moveLines moves the lines that the selection touches up or down by one.
func (e *Editor) moveLines(by int) {
	first, last := e.lineRange()
	if by < 0 && first == 0 || by > 0 && last+1 == len(e.lines) {
		return
	}
	a, b := first+min(by, 0), last+max(by, 0) // the lines that change
	middle := first                           // the first line of the second part
	if by > 0 {
		middle = last + 1
	}
	_, upperEnd := e.line(middle - 1)
	from, second := e.lines[a], e.lines[middle]
	_, to := e.line(b)
	upper, gap, lower := e.text[from:upperEnd], e.text[upperEnd:second], e.text[second:to]
	shift := -(second - from)
	if by > 0 {
		shift = len(lower) + len(gap)
	}
	at, anchor := e.at+shift, e.anchor
	e.splice(from, to, lower+gap+upper, pasting)
	e.at = ceil(e.text, min(at, len(e.text)))
	if anchor >= 0 {
		e.anchor = floor(e.text, min(max(anchor+shift, 0), len(e.text)))
	}
	e.undo.place(caret{e.at, e.anchor})
}
