package editor

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is how a change came about, which decides what is undone together with it.
type kind uint8

const (
	pasting  kind = iota // a step by itself
	typing               // one step a word
	erasing              // with the key for the character before the cursor
	deleting             // with the key for the character at the cursor
)

// caret is the cursor and the other end of the selection.
type caret struct{ at, anchor int }

// change is the replacement of removed by inserted at an offset.
type change struct {
	kind              kind
	at                int
	removed, inserted string
	before, after     caret
	joined            bool // it is undone together with the change before it
}

// history is the changes that can be undone and redone, within bounds.
type history struct {
	done, undone []change
	size         int  // of done, in bytes
	closed       bool // the next change begins a step
	held         bool // changes join the first one since hold
	holding      bool
}

const (
	// maxHistory bounds what is kept for undo, in bytes. The last step is always kept.
	maxHistory = 16 << 20
	// changeSize is what a change takes besides its texts.
	changeSize = 128
	// maxWordStep bounds what is typed as one step, in bytes.
	maxWordStep = 256
)

func (c *change) size() int { return len(c.removed) + len(c.inserted) + changeSize }

// close ends the step: what follows is undone by itself.
func (h *history) close() { h.closed = true }

// hold makes what follows one step, up to release.
func (h *history) hold()    { h.held, h.holding = true, false }
func (h *history) release() { h.held, h.holding = false, false }

// restart makes what follows a step of its own, also while changes are held together.
func (h *history) restart() {
	h.close()
	h.holding = false
}

// add records a change that has been made.
func (h *history) add(c change) {
	h.undone = nil
	if n := len(h.done); n > 0 && !h.closed && h.done[n-1].extend(&c) {
		h.size += len(c.removed) + len(c.inserted)
		h.done[n-1].after = c.after
	} else {
		c.joined = h.held && h.holding
		h.done = append(h.done, c)
		h.size += c.size()
	}
	h.holding = h.held
	h.closed = false
	h.trim()
}

// trim drops the oldest steps beyond the bound, never a part of one.
func (h *history) trim() {
	drop := 0
	for h.size > maxHistory {
		next := drop + 1
		for next < len(h.done) && h.done[next].joined {
			next++
		}
		if next >= len(h.done) {
			break
		}
		for ; drop < next; drop++ {
			h.size -= h.done[drop].size()
		}
	}
	if drop > 0 {
		h.done = append(h.done[:0:0], h.done[drop:]...) // releases what is dropped
	}
}

// extend adds the texts of the next change to c if both are one step.
func (c *change) extend(next *change) bool {
	if c.kind != next.kind || len(c.inserted)+len(c.removed) > maxWordStep {
		return false
	}
	switch c.kind {
	case typing:
		if next.at != c.at+len(c.inserted) || next.removed != "" || beginsWord(c.inserted, next.inserted) {
			return false
		}
		c.inserted += next.inserted
	case erasing:
		if next.at+len(next.removed) != c.at || beginsWord(c.removed, next.removed) {
			return false
		}
		c.at, c.removed = next.at, next.removed+c.removed
	case deleting:
		if next.at != c.at || beginsWord(c.removed, next.removed) {
			return false
		}
		c.removed += next.removed
	default:
		return false
	}
	return true
}

// beginsWord reports whether a word begins between what was typed and what is typed next.
func beginsWord(typed, next string) bool {
	last, _ := utf8.DecodeLastRuneInString(typed)
	first, _ := utf8.DecodeRuneInString(next)
	return unicode.IsSpace(last) && !unicode.IsSpace(first) || strings.ContainsAny(next, "\n")
}

// undoStep takes back the last step.
func (e *Editor) undoStep() {
	h := &e.undo
	for n := len(h.done); n > 0; n-- {
		c := h.done[n-1]
		h.done = h.done[:n-1]
		h.size -= c.size()
		h.undone = append(h.undone, c)
		e.replace(c.at, c.at+len(c.inserted), c.removed)
		e.show(c.before)
		if !c.joined {
			break
		}
	}
	h.restart()
}

// redoStep makes the step again that was taken back last.
func (e *Editor) redoStep() {
	h := &e.undo
	for first := true; len(h.undone) > 0; first = false {
		c := h.undone[len(h.undone)-1]
		if !first && !c.joined {
			break
		}
		h.undone = h.undone[:len(h.undone)-1]
		h.size += c.size()
		h.done = append(h.done, c)
		e.replace(c.at, c.at+len(c.removed), c.inserted)
		e.show(c.after)
	}
	h.restart()
}

func (e *Editor) show(c caret) { e.at, e.anchor, e.goal, e.marking = c.at, c.anchor, -1, false }

// place records that the cursor was moved as a part of the last change.
func (h *history) place(after caret) {
	h.done[len(h.done)-1].after = after
	h.close()
}
