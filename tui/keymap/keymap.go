package keymap

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"shardeck/shared/api"
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

// ID identifies the command in a configuration: its name in lower case, with hyphens.
func (c *Command) ID() string {
	var b strings.Builder
	for _, r := range strings.ToLower(c.Name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

// Bindings are the keys of commands that the user has chosen, by their ids. A nil Bindings changes
// nothing.
type Bindings map[string][]string

// Apply returns the commands with the chosen keys in place of their own. The list it is given stays
// as it is.
func (b Bindings) Apply(commands []Command) []Command {
	if len(b) == 0 {
		return commands
	}
	commands = slices.Clone(commands)
	for i := range commands {
		if keys, ok := b[commands[i].ID()]; ok {
			commands[i].Keys, commands[i].Shown = keys, ""
		}
	}
	return commands
}

// Check returns why the bindings cannot be used with one of these lists of commands, of which each is
// what can be done in some state; key is the id at fault. It is nil if they can.
func (b Bindings) Check(lists ...[]Command) (id string, err error) {
	known := map[string]bool{}
	for _, list := range lists {
		for i := range list {
			known[list[i].ID()] = true
		}
	}
	ids := slices.Sorted(maps.Keys(b))
	for _, id := range ids {
		keys := b[id]
		if !known[id] {
			hint := "shardeck config keys lists them"
			if near := api.Nearest(id, slices.Sorted(maps.Keys(known))); len(near) > 0 {
				hint = "did you mean " + near[0] + "?"
			}
			return id, fmt.Errorf("there is no command %q; %s", id, hint)
		}
		if len(keys) == 0 {
			return id, errors.New("it has no key; name one at least")
		}
		for _, k := range keys {
			if err := CheckName(k); err != nil {
				return id, err
			}
		}
	}
	for _, list := range lists {
		taken := map[string]*Command{}
		for _, c := range b.Apply(list) {
			for _, k := range c.Keys {
				other := taken[k]
				if other == nil {
					taken[k] = &c
					continue
				}
				_, mine := b[c.ID()]
				_, theirs := b[other.ID()]
				switch {
				case other.ID() == c.ID():
				case mine:
					return c.ID(), fmt.Errorf("%s is also the key of %q on the same screen", Label(k), other.ID())
				case theirs:
					return other.ID(), fmt.Errorf("%s is also the key of %q on the same screen", Label(k), c.ID())
				}
			}
		}
	}
	return "", nil
}

// sameBytes are keys for which terminals send what another key is known by.
var sameBytes = map[string]string{"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+[": "esc"}

// CheckName reports why no terminal can send a key with that name.
func CheckName(name string) error {
	if same, ok := sameBytes[name]; ok {
		return fmt.Errorf("a terminal sends the same for %s and %s; write %q", Label(name), Label(same), same)
	}
	base := name
	var mods []string
	for {
		mod, rest, ok := strings.Cut(base, "+")
		if !ok || rest == "" || !slices.Contains([]string{"ctrl", "alt", "shift"}, mod) {
			break
		}
		mods, base = append(mods, mod), rest
	}
	number, isFunction := strings.CutPrefix(base, "f")
	if n, err := strconv.Atoi(number); isFunction && len(base) > 1 {
		isFunction = err == nil && n >= 1 && n <= 24
	}
	special := slices.Contains([]string{"up", "down", "left", "right", "home", "end", "pgup", "pgdown", "insert", "delete", "enter", "tab", "esc", "backspace", "space"}, base) ||
		isFunction && len(base) > 1 && strings.Trim(base[1:], "0123456789") == ""
	switch {
	case !special && utf8.RuneCountInString(base) != 1:
		return fmt.Errorf("%q is not the name of a key; names are such as \"x\", \"ctrl+x\", \"alt+x\", \"f5\", \"pgdown\"", name)
	case slices.Contains(mods, "ctrl") && (base == "enter" || base == "tab" || base == "esc" || base == "space"):
		return fmt.Errorf("most terminals cannot send %s", Label(name))
	case slices.Contains(mods, "shift") && !special:
		return fmt.Errorf("a letter with Shift is the capital letter: write %q", strings.ToUpper(base))
	case slices.Contains(mods, "ctrl") && slices.Contains([]string{"c", "z"}, base), len(mods) == 0 && base == "esc":
		return fmt.Errorf("%s keeps its meaning", Label(name))
	}
	return nil
}
