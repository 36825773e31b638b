package editor

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isWord reports whether r is a part of a word: of a name, a number or a parameter.
func isWord(r rune) bool {
	return r == '_' || r == '@' || r == '#' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

func isNoWord(r rune) bool { return !isWord(r) }

// wordBefore returns the start of the word before an offset, wordAfter the end of the one
// after it.
func wordBefore(text string, at int) int {
	return floor(text, len(strings.TrimRightFunc(strings.TrimRightFunc(text[:at], isNoWord), isWord)))
}

func wordAfter(text string, at int) int {
	return ceil(text, len(text)-len(strings.TrimLeftFunc(strings.TrimLeftFunc(text[at:], isNoWord), isWord)))
}

// move moves the cursor, and extends the selection if the command says so or a mark is set.
func (e *Editor) move(to int, extend bool) {
	switch {
	case e.vim.visual():
	case !extend && !e.marking:
		e.anchor = -1
	case e.anchor < 0:
		e.anchor = e.at
	}
	e.at = to
	e.undo.close()
}

// motion is a way to move the cursor.
type motion func(e *Editor) int

// sideways moves by characters. Without extending it, a selection is left at its edge.
func sideways(by int, extend bool) motion {
	return func(e *Editor) int {
		from, to := e.Selection()
		switch leave := !extend && !e.marking && from < to && !e.vim.visual(); {
		case leave && by < 0:
			return from
		case leave:
			return to
		case by < 0:
			return before(e.text, e.at)
		}
		return after(e.text, e.at)
	}
}

func up(e *Editor) int   { return e.vertical(-1) }
func down(e *Editor) int { return e.vertical(1) }

// home is the first character of the line that is no blank, or from there its start.
func home(e *Editor) int {
	from, _ := e.lineOf(e.at)
	if text := e.firstInk(e.at); text != e.at {
		return text
	}
	return from
}

// firstInk returns the offset of the first character of a line that is no blank.
func (e *Editor) firstInk(at int) int {
	from, to := e.lineOf(at)
	return floor(e.text, from+indentation(e.text[from:to]))
}

// indentation returns the size of the blanks at the start of a line.
func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

func end(e *Editor) int {
	_, to := e.lineOf(e.at)
	return to
}

func (e *Editor) wordLeft() int  { return wordBefore(e.text, e.at) }
func (e *Editor) wordRight() int { return wordAfter(e.text, e.at) }
func textStart(*Editor) int      { return 0 }
func textEnd(e *Editor) int      { return len(e.text) }

// class divides characters for the words of vim: blanks, words, and the rest.
func class(text string, at int) int {
	switch r, _ := utf8.DecodeRuneInString(text[at:]); {
	case unicode.IsSpace(r):
		return 0
	case isWord(r):
		return 1
	}
	return 2
}
