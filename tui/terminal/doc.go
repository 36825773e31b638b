// Package terminal runs the console on a terminal: what the keyboard sends, what is painted,
// and how the program leaves the terminal and comes back. It is the only package that reads
// the terminal or changes its mode, and it knows nothing of what is shown.
//
// # Input
//
// A terminal sends bytes, and says of none whether a person pressed a key or pasted a file.
// What tells them apart is what arrives together:
//
//   - Text between the marks of a bracketed paste is one [keymap.Paste], however long. Line
//     breaks, which terminals send as Enter, are newlines; all else is as it was sent.
//   - Text that arrives together with a newline or a tab is a Paste too, since nobody types
//     a character and Enter within one read. So a terminal without bracketed paste can
//     neither run half a statement nor indent one line further than the other.
//   - Several characters without either are [keymap.Typed]: a fast typist on a slow line, an
//     input method, or a paste of one word. It is text in an editor, and its characters one
//     by one elsewhere. It is never the key that it spells.
//   - One character, one control character or one escape sequence is a [keymap.Key]. Several
//     Enters or Tabs without text are that many keys.
//
// "Together" is what is there when a read returns, without waiting for more. Only when much
// has come (a paste in many reads) a few milliseconds are granted for the next part.
//
// A read may end anywhere. A character or an escape sequence that it has cut is completed by
// the next read. A lone ESC is the key Esc if nothing follows within 50 ms. A paste without
// an end mark ends after two seconds of silence, so that a mark lost on the way cannot
// swallow the keyboard. A paste of more than [MaxPaste] bytes is refused as a whole by
// [PasteTooLong]; half a statement could do more harm than none.
//
// Keys have Bubble Tea's names, from whatever form the terminal sends: the classic sequences,
// xterm's modifyOtherKeys, or CSI u. Answers to questions that this package asked arrive
// among the keys, such as [Background]; other answers, mouse and focus reports are dropped.
//
// # Output
//
// The model's frames are painted here and not by Bubble Tea's renderer, which wakes up a
// hundred times a second whether or not anything has changed. A change is drawn at once, or as
// soon as [frameGap] has passed since the last frame; messages that arrive until then share a
// frame. The lines that differ go to the [Painter], which keeps the cells that the terminal shows
// and writes the difference. On Windows, Bubble Tea reads and paints.
//
// # Leaving and coming back
//
// [Run] wraps the program's model. The model asks by commands ([Suspend], [Edit], [Copy]), and
// needs no handle of the terminal, so tests can run it without one.
package terminal
