package keymap

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Key is one key press. Name is Bubble Tea's name for it, such as "enter", "ctrl+r" or "f".
// Text is the character that it enters, "" for none.
type Key struct {
	Name string
	Text string
	At   time.Time
}

// Typed is text of several characters that arrived at once without a newline or a tab, as
// from a fast typist over a slow line. An editor inserts it; elsewhere each character is a
// key. It never stands for a key with that name.
type Typed struct {
	Text string
	At   time.Time
}

// Paste is pasted text. It is never a series of commands.
type Paste struct{ Text string }

// Keys returns the key presses that the text consists of.
func (t Typed) Keys() []Key {
	keys := make([]Key, 0, utf8.RuneCountInString(t.Text))
	for _, r := range t.Text {
		keys = append(keys, Key{Name: string(r), Text: string(r), At: t.At})
	}
	return keys
}

// Intent is what a command asks of the program, such as [Copy]; nil is nothing.
type Intent any

// The intents of widgets. Package screen has those of screens.
type (
	// Copy puts text onto the clipboard. What describes it, such as "3 rows as CSV".
	Copy struct{ Text, What string }
	// Say shows a short note for a few seconds.
	Say struct{ Text string }
)

// Command is something that a screen or a widget can do now.
type Command struct {
	// Name describes it for the help and the palette, in the imperative and in lower case:
	// "run the statement at the cursor".
	Name string
	// Label is its name in the footer, one or two words; "" keeps it out of the footer.
	Label string
	// Group is its heading in the help.
	Group string
	// Keys are the keys that run it, by Bubble Tea's names, the one to show first. None
	// leaves it to the palette.
	Keys []string
	// Shown replaces the keys in the footer and the help, such as "↑↓←→"; "" derives them
	// from Keys.
	Shown string
	// Off says why it is not possible now; "" if it is.
	Off string
	// Do carries it out.
	Do func() Intent
}

// Find returns the command that a key runs, nil if there is none. The first one that is
// possible wins, so that a key may do one thing in one state and another in another; if none
// is, it is the first, whose Off tells why.
func Find(commands []Command, key string) *Command {
	var off *Command
	for i := range commands {
		c := &commands[i]
		if !slices.Contains(c.Keys, key) {
			continue
		}
		if c.Off == "" {
			return c
		}
		if off == nil {
			off = c
		}
	}
	return off
}

// Run runs the command, or says why it is not possible now.
func (c *Command) Run() Intent {
	if c.Off != "" {
		return Say{Text: c.Off}
	}
	return c.Do()
}

// KeyText is how the first key is shown, "" for a command without keys.
func (c *Command) KeyText() string {
	switch {
	case c.Shown != "":
		return c.Shown
	case len(c.Keys) == 0:
		return ""
	}
	return Label(c.Keys[0])
}

// Labels returns its keys as people write them. A key that has two names is listed once.
func (c *Command) Labels() []string {
	var all []string
	for _, k := range c.Keys {
		if l := Label(k); !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	return all
}

// names are the keys whose label is not their name with a capital letter.
var names = map[string]string{
	"up": "↑", "down": "↓", "left": "←", "right": "→",
	"pgup": "PgUp", "pgdown": "PgDn", " ": "Space", "space": "Space",
	"@": "Space", // Ctrl-Space arrives as Ctrl-@
}

// Label returns a key's name as people write it: "ctrl+r" is Ctrl-R, "pgup" is PgUp. A
// single letter is itself, since T is another key than t, and "alt+A" is Alt-Shift-A.
func Label(key string) string {
	parts := strings.Split(key, "+")
	if strings.HasSuffix(key, "+") { // the plus key
		parts = append(parts[:len(parts)-2], "+")
	}
	last := len(parts) - 1
	for i, p := range parts {
		switch {
		case names[p] != "" && (p != "@" || i > 0):
			parts[i] = names[p]
		case i == last && last > 0 && utf8.RuneCountInString(p) == 1 && strings.ToLower(p) != p:
			parts[i] = "Shift-" + p
		case utf8.RuneCountInString(p) > 1, i == last && last > 0:
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "-")
}
