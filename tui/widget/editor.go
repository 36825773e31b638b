package widget

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"shardeck/tui/theme"
)

// MaxEditorText bounds the text of an editor, in bytes; an insertion beyond it is ignored.
const MaxEditorText = 1 << 20

// indentWidth is the number of spaces that replace a pasted tab.
const indentWidth = 4

// Editor is a multi-line text with a cursor. It is a value: each key returns a new one and
// leaves the old one unchanged. Long lines are wrapped when drawn; up and down move by
// lines of the text.
type Editor struct {
	text string
	at   int // the cursor, in bytes
	goal int // 1 + the column that up and down aim for; 0 for the cursor's own
}

// NewEditor returns an editor of a text with the cursor at its end.
func NewEditor(text string) Editor {
	text = normalized(text)
	return Editor{text: text, at: len(text)}
}

// Text returns the text.
func (e Editor) Text() string { return e.text }

// Cursor returns the cursor's offset in the text, in bytes.
func (e Editor) Cursor() int { return e.at }

// Insert inserts text at the cursor.
func (e Editor) Insert(s string) Editor {
	s = normalized(s)
	if len(e.text)+len(s) > MaxEditorText {
		return e
	}
	return e.replace(e.at, e.at, s)
}

// normalized returns a text as an editor holds it: with line feeds only, tabs expanded to
// spaces and control characters removed.
func normalized(s string) string {
	s = strings.ToValidUTF8(s, string(substitute))
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", strings.Repeat(" ", indentWidth)).Replace(s)
	s = strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	if len(s) > MaxEditorText {
		s = strings.ToValidUTF8(s[:MaxEditorText], "")
	}
	return s
}

// replace replaces text[from:to] by s and puts the cursor after it.
func (e Editor) replace(from, to int, s string) Editor {
	return Editor{text: e.text[:from] + s + e.text[to:], at: from + len(s)}
}

func (e Editor) moved(at int) Editor { return Editor{text: e.text, at: min(max(at, 0), len(e.text))} }

// Key handles a key, by its name in Bubble Tea, and reports whether it is an editing key.
// Characters are entered with Insert.
func (e Editor) Key(name string) (Editor, bool) {
	switch name {
	case "left", "ctrl+b":
		return e.moved(e.before(e.at)), true
	case "right", "ctrl+f":
		return e.moved(e.after(e.at)), true
	case "up":
		return e.vertical(-1), true
	case "down":
		return e.vertical(1), true
	case "home", "ctrl+a":
		return e.moved(e.lineStart(e.at)), true
	case "end", "ctrl+e":
		return e.moved(e.lineEnd(e.at)), true
	case "ctrl+home":
		return e.moved(0), true
	case "ctrl+end":
		return e.moved(len(e.text)), true
	case "ctrl+left", "alt+left", "alt+b":
		return e.moved(e.wordBefore()), true
	case "ctrl+right", "alt+right", "alt+f":
		return e.moved(e.wordAfter()), true
	case "enter", "ctrl+j":
		return e.newline(), true
	}
	return e.erase(name)
}

// erase handles the keys that delete.
func (e Editor) erase(name string) (Editor, bool) {
	switch name {
	case "backspace", "ctrl+h":
		return e.replace(e.before(e.at), e.at, ""), true
	case "delete", "ctrl+d":
		return e.replace(e.at, e.after(e.at), ""), true
	case "ctrl+w", "alt+backspace":
		return e.replace(e.wordBefore(), e.at, ""), true
	case "ctrl+u":
		return e.replace(e.lineStart(e.at), e.at, ""), true
	case "ctrl+k":
		if end := e.lineEnd(e.at); end > e.at {
			return e.replace(e.at, end, ""), true
		}
		return e.replace(e.at, e.after(e.at), ""), true // joins the next line
	}
	return e, false
}

func (e Editor) before(at int) int {
	_, n := utf8.DecodeLastRuneInString(e.text[:at])
	return at - n
}

func (e Editor) after(at int) int {
	_, n := utf8.DecodeRuneInString(e.text[at:])
	return at + n
}

func (e Editor) lineStart(at int) int { return strings.LastIndexByte(e.text[:at], '\n') + 1 }

func (e Editor) lineEnd(at int) int {
	if i := strings.IndexByte(e.text[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(e.text)
}

func isWord(r rune) bool { return r == '_' || r == '@' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func (e Editor) wordBefore() int {
	head := strings.TrimRightFunc(e.text[:e.at], func(r rune) bool { return !isWord(r) })
	return len(strings.TrimRightFunc(head, isWord))
}

func (e Editor) wordAfter() int {
	tail := strings.TrimLeftFunc(e.text[e.at:], func(r rune) bool { return !isWord(r) })
	return len(e.text) - len(strings.TrimLeftFunc(tail, isWord))
}

// newline starts a line with the same indentation as the current one.
func (e Editor) newline() Editor {
	line := e.text[e.lineStart(e.at):e.at]
	return e.Insert("\n" + line[:len(line)-len(strings.TrimLeft(line, " "))])
}

// vertical moves by lines, towards the column in which the first such move began.
func (e Editor) vertical(by int) Editor {
	start := e.lineStart(e.at)
	goal := e.goal
	if goal == 0 {
		goal = editorWidth(e.text[start:e.at]) + 1
	}
	switch {
	case by < 0 && start == 0:
		return e.moved(0)
	case by < 0:
		start = e.lineStart(start - 1)
	case e.lineEnd(e.at) == len(e.text):
		return e.moved(len(e.text))
	default:
		start = e.lineEnd(e.at) + 1
	}
	used := 0
	for i, r := range e.text[start:e.lineEnd(start)] {
		if used >= goal-1 {
			return Editor{text: e.text, at: start + i, goal: goal}
		}
		used += shownWidth(r)
	}
	return Editor{text: e.text, at: e.lineEnd(start), goal: goal}
}

// shown returns a rune as it is drawn and the number of cells it takes, 0 if it is not drawn.
func shown(r rune) (rune, int) {
	switch {
	case plain(r):
	case unicode.IsControl(r), unicode.IsSpace(r):
		r = ' '
	case RuneWidth(r) == 0:
		return 0, 0
	case !spacing(r), regional(r), attaches(r):
		r = substitute
	}
	return r, RuneWidth(r)
}

func shownWidth(r rune) int {
	_, w := shown(r)
	return w
}

func editorWidth(s string) int {
	w := 0
	for _, r := range s {
		w += shownWidth(r)
	}
	return w
}

// editorRow is a row of a drawn editor: part of a line.
type editorRow struct {
	from, to int // offsets in the text
	line     int // from 1
	first    bool
}

// rows breaks the text into rows of at most width cells, at spaces if possible.
func (e Editor) rows(width int) []editorRow {
	var rows []editorRow
	start, number := 0, 0
	for {
		end := e.lineEnd(start)
		number++
		from, used, space := start, 0, -1
		first := true
		for i, r := range e.text[start:end] {
			at, w := start+i, shownWidth(r)
			if used+w > width && at > from {
				cut := at
				if space > from {
					cut = space
				}
				rows = append(rows, editorRow{from, cut, number, first})
				used, from, space, first = editorWidth(e.text[cut:at]), cut, -1, false
			}
			used += w
			if r == ' ' {
				space = at + 1
			}
		}
		rows = append(rows, editorRow{from, end, number, first})
		if end == len(e.text) {
			return rows
		}
		start = end + 1
	}
}

// AtStart returns the editor with the cursor at the start of the text.
func (e Editor) AtStart() Editor { return e.moved(0) }

// Fits reports whether the whole text fits into an area of that size.
func (e Editor) Fits(width, height int) bool {
	_, w := e.columns(width)
	return len(e.rows(w)) <= height
}

// columns divides the width between line numbers, if there is room, and the text.
func (e Editor) columns(width int) (gutter, text int) {
	gutter = max(len(Thousands(int64(e.Lines()))), 2) + 1
	if width <= 2*gutter {
		gutter = 0
	}
	return gutter, max(width-gutter-1, 1) // a column for the cursor at the end of a full row
}

// Lines returns the number of lines of the text.
func (e Editor) Lines() int { return strings.Count(e.text, "\n") + 1 }

// EditorLook is how an editor is drawn.
type EditorLook struct {
	Focused bool
	// Role returns the role of the byte at an offset of the text; nil makes it all Text.
	Role func(at int) theme.Role
	// Fault marks the character at an offset, -1 for none.
	Fault int
}

// Paint draws the part of the text around the cursor, with line numbers at the left.
func (e Editor) Paint(a Area, look EditorLook) {
	gutter, width := e.columns(a.W)
	rows := e.rows(width)
	cursor := 0
	for i, r := range rows {
		if r.from <= e.at {
			cursor = i
		}
	}
	top := max(min(cursor-a.H+2, len(rows)-a.H), 0)
	if cursor < top {
		top = cursor
	}
	for y := 0; y < a.H && top+y < len(rows); y++ {
		row := rows[top+y]
		if row.first && gutter > 0 {
			a.TextRight(gutter-1, y, theme.Muted, Thousands(int64(row.line)))
		}
		e.paintRow(a.Sub(gutter, y, a.W-gutter, 1), row, look, top+y == cursor)
	}
}

func (e Editor) paintRow(a Area, row editorRow, look EditorLook, hasCursor bool) {
	x := 0
	cursor := -1
	for i, r := range e.text[row.from:row.to] {
		at := row.from + i
		c, w := shown(r)
		if hasCursor && at == e.at {
			cursor = x
		}
		if w == 0 {
			continue
		}
		role := theme.Text
		if look.Role != nil {
			role = look.Role(at)
		}
		switch {
		case look.Focused && at == e.at:
			role = theme.ButtonFocus
		case at == look.Fault:
			role = theme.BadBadge
		}
		a.Text(x, 0, role, string(c))
		x += w
	}
	switch {
	case look.Focused && hasCursor && cursor < 0:
		a.Text(x, 0, theme.ButtonFocus, " ")
	case look.Fault == row.to && look.Fault == len(e.text):
		a.Text(x, 0, theme.BadBadge, " ")
	}
}
