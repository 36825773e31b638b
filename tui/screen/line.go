package screen

import (
	"unicode/utf8"

	"shardeck/tui/keymap"
)

// erasing lists the keys that delete from a line of text that is typed at its end. what is the
// line's name in the help, "" if the dialog has no other; changed follows each of them. label is
// what the footer calls the one that clears the line, "" to leave it out.
func erasing(text *string, what, label string, changed func()) []keymap.Command {
	last, clear := "delete the last letter", "clear"
	if what != "" {
		last, clear = last+" of the "+what, clear+" the "+what
	}
	return []keymap.Command{
		{Name: last, Group: groupDialog, Keys: []string{"backspace", "ctrl+h"}, Do: does(func() {
			_, n := utf8.DecodeLastRuneInString(*text)
			*text = (*text)[:len(*text)-n]
			changed()
		})},
		{Name: clear, Label: label, Group: groupDialog, Keys: []string{"ctrl+u"}, Do: does(func() {
			*text = ""
			changed()
		})},
	}
}
