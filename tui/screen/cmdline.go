package screen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// CommandLine is the line at the bottom in which a command is typed as a word and what it is about,
// with suggestions above it.
type CommandLine struct {
	text   string
	cursor int // the chosen suggestion, -1 for none
	fault  string
}

// NewCommandLine returns an empty line.
func NewCommandLine() *CommandLine { return &CommandLine{cursor: -1} }

// CommandLineName is the name of the commands that open the line.
const CommandLineName = "type a command"

// SetTheme changes the theme to the one with that name.
type SetTheme struct{ Name string }

// ShowCommandLine opens the line.
type ShowCommandLine struct{}

// verb is a word that the line understands.
type verb struct {
	word string
	arg  string // what it is about: "" for nothing, "[shard]" if it may be left out
	help string
	// offers lists what arg can be; nil if that is anything or nothing.
	offers func(v *View) []string
	do     func(v *View, arg string) (Intent, error)
}

// verbs is the one list of what the line understands.
func verbs(v *View) []verb {
	always := func(in Intent) func(*View, string) (Intent, error) {
		return func(*View, string) (Intent, error) { return in, nil }
	}
	var all []verb
	for p := range placeCount {
		in := Intent(Go{p})
		if places[p].open != nil {
			in = places[p].open
		}
		if p != ShardsPlace {
			all = append(all, verb{word: places[p].label, help: places[p].name, do: always(in)})
		}
	}
	all = append(all,
		verb{word: "shards", arg: "[shard]", help: "look at one shard", offers: shardNumbers, do: goToShard},
		verb{word: "table", arg: "[name]", help: "choose the table", offers: tableNames, do: chooseTable},
		verb{word: "count", help: "count the rows by MapReduce", do: always(StartCount{})},
		verb{word: "check-security", help: "check the security", do: always(OpenSecurity{})},
		verb{word: "fail-over", help: "fail over to the backup", do: always(OpenFailover{})},
		verb{word: "theme", arg: "[name]", help: "change the theme", offers: func(*View) []string { return theme.Names() }, do: setTheme},
		verb{word: "interval", arg: "time", help: "change the time between two polls, such as 500ms or 5s", do: setInterval},
		verb{word: "pause", help: "pause and resume", do: always(TogglePause{})},
		verb{word: "refresh", help: "refresh now, and repaint", do: always(RefreshNow{})},
		verb{word: "help", help: "show the help", do: always(ShowHelp{})},
		verb{word: "quit", help: "quit", do: always(Quit{})},
	)
	for _, a := range v.Actions {
		all = append(all, verb{word: actionWord(a.Help), help: a.Help, do: always(AskAction{Key: a.Key})})
	}
	slices.SortStableFunc(all, func(a, b verb) int { return strings.Compare(a.word, b.word) })
	return slices.CompactFunc(all, func(a, b verb) bool { return a.word == b.word })
}

// actionWord makes a word of an action's description.
func actionWord(help string) string { return strings.ReplaceAll(help, " ", "-") }

func shardNumbers(v *View) []string {
	var all []string
	for i := range shardsOf(v) {
		all = append(all, strconv.Itoa(shardsOf(v)[i].Shard))
	}
	return all
}

func goToShard(v *View, arg string) (Intent, error) {
	if arg == "" {
		return Go{ShardsPlace}, nil
	}
	n, err := strconv.Atoi(arg)
	if err != nil || v.State.Worker(n) == nil {
		numbers := shardNumbers(v)
		which := strings.Join(numbers, ", ")
		if last := len(numbers) - 1; last > 2 && numbers[0] == "0" && numbers[last] == strconv.Itoa(last) {
			which = "0 to " + numbers[last]
		}
		return nil, fmt.Errorf("there is no shard %.20q; the shards are %s", arg, which)
	}
	return All{Go{ShardsPlace}, ToPlace{ShardsPlace, ShowShard{n}}}, nil
}

func tableNames(v *View) []string {
	var all []string
	if v.State.Meta != nil {
		for i := range v.State.Meta.Databases {
			d := &v.State.Meta.Databases[i]
			for j := range d.Tables {
				all = append(all, d.Name+"."+d.Tables[j].Name)
			}
		}
	}
	return all
}

func chooseTable(v *View, arg string) (Intent, error) {
	if arg == "" {
		return PickTable{}, nil
	}
	if v.State.Meta == nil {
		return nil, fmt.Errorf("no master has answered yet")
	}
	if i := slices.Index(tableNames(v), arg); i >= 0 { // a name may have points itself
		n := 0
		for d := range databasesOf(v) {
			for k := range databasesOf(v)[d].Tables {
				if n == i {
					return ChooseTable{DB: databasesOf(v)[d].Name, Table: databasesOf(v)[d].Tables[k].Name}, nil
				}
				n++
			}
		}
	}
	db, table := "", arg
	if before, after, ok := strings.Cut(arg, "."); ok {
		db, table = before, after
	}
	db, table, err := v.State.FindTable(db, table)
	if err != nil {
		return nil, err
	}
	return ChooseTable{DB: db, Table: table}, nil
}

func setInterval(_ *View, arg string) (Intent, error) {
	d, err := time.ParseDuration(arg)
	if err != nil || d < MinInterval || d > MaxInterval {
		return nil, fmt.Errorf("%.20q is not a time from %s to %s, such as 500ms or 5s", arg, MinInterval, MaxInterval)
	}
	return SetInterval{d}, nil
}

func setTheme(_ *View, arg string) (Intent, error) {
	if arg == "" {
		return NextTheme{}, nil
	}
	if !slices.Contains(theme.Names(), arg) {
		return nil, fmt.Errorf("there is no theme %.40q; choose one of %s", arg, strings.Join(theme.Names(), ", "))
	}
	return SetTheme{arg}, nil
}

// split divides the text into the word and what follows.
func (c *CommandLine) split() (word, arg string, inArg bool) {
	word, arg, inArg = strings.Cut(strings.TrimLeft(c.text, " "), " ")
	return word, strings.TrimLeft(arg, " "), inArg
}

// suggestion is a way to go on: what the line becomes with it, and what it means.
type suggestion struct{ text, help string }

// suggestions lists what the line could become.
func (c *CommandLine) suggestions(v *View) []suggestion {
	word, arg, inArg := c.split()
	var out []suggestion
	for _, x := range verbs(v) {
		switch {
		case !inArg && strings.HasPrefix(x.word, strings.ToLower(word)):
			out = append(out, suggestion{x.word, strings.TrimSpace(x.arg + "  " + x.help)})
		case inArg && x.word == strings.ToLower(word) && x.offers != nil:
			for _, o := range x.offers(v) {
				if strings.HasPrefix(strings.ToLower(o), strings.ToLower(arg)) {
					out = append(out, suggestion{x.word + " " + o, ""})
				}
			}
		}
	}
	return out
}

// Writing is always true.
func (c *CommandLine) Writing() bool { return true }

// Insert adds to the line.
func (c *CommandLine) Insert(text string) Intent {
	c.text, c.cursor, c.fault = c.text+widget.Clean(text), -1, ""
	return nil
}

// Commands lists the keys of the line.
func (c *CommandLine) Commands(v *View) []keymap.Command {
	move := func(by int) func() Intent {
		return does(func() {
			n := len(c.suggestions(v))
			c.cursor = min(max(c.cursor+by, -1), n-1)
		})
	}
	all := []keymap.Command{
		{Name: "run the command", Label: "run", Group: groupDialog, Keys: []string{"enter"}, Do: func() Intent { return c.run(v) }},
		{Name: "complete the word", Label: "complete", Group: groupDialog, Keys: []string{"tab"}, Do: does(func() { c.complete(v) })},
		{Name: "next suggestion", Label: "choose", Group: groupDialog, Keys: []string{"down", "ctrl+n"}, Shown: "↑↓", Do: move(1)},
		{Name: "previous suggestion", Group: groupDialog, Keys: []string{"up", "ctrl+p"}, Do: move(-1)},
	}
	all = append(all, erasing(&c.text, "line", "", func() { c.cursor, c.fault = -1, "" })...)
	return append(all, keymap.Command{Name: "close", Label: "close", Group: groupDialog, Keys: []string{"esc"}, Do: asks(Close{})})
}

// complete takes over the chosen suggestion, else what all of them begin with.
func (c *CommandLine) complete(v *View) {
	all := c.suggestions(v)
	if len(all) == 0 {
		return
	}
	c.fault = ""
	if c.cursor >= 0 && c.cursor < len(all) {
		c.text, c.cursor = all[c.cursor].text+" ", -1
		return
	}
	common := all[0].text
	for _, s := range all[1:] {
		for !strings.HasPrefix(s.text, common) {
			_, n := utf8.DecodeLastRuneInString(common)
			common = common[:len(common)-n]
		}
	}
	if len(common) > len(c.text) || len(all) == 1 {
		c.text = common
	}
	if len(all) == 1 {
		c.text += " "
	}
}

// run carries out the chosen suggestion, else what was typed; a word may be shortened as long as it
// stands for one command.
func (c *CommandLine) run(v *View) Intent {
	if all := c.suggestions(v); c.cursor >= 0 && c.cursor < len(all) {
		c.text, c.cursor = all[c.cursor].text, -1
	}
	word, arg, _ := c.split()
	if word == "" {
		return Close{}
	}
	x, err := findVerb(verbs(v), strings.ToLower(word))
	if err == nil && x.arg == "" && strings.TrimSpace(arg) != "" {
		err = fmt.Errorf("%s takes nothing after it", x.word)
	}
	if err != nil {
		c.fault = err.Error()
		return nil
	}
	in, err := x.do(v, strings.TrimSpace(arg))
	if err != nil {
		c.fault = err.Error()
		return nil
	}
	return CloseAnd{Then: in}
}

// findVerb returns the command that a word or its beginning stands for.
func findVerb(all []verb, word string) (*verb, error) {
	var found []*verb
	for i := range all {
		if all[i].word == word {
			return &all[i], nil
		}
		if strings.HasPrefix(all[i].word, word) {
			found = append(found, &all[i])
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("there is no command %.40q; Tab lists them", word)
	}
	words := make([]string, len(found))
	for i, x := range found {
		words[i] = x.word
	}
	return nil, fmt.Errorf("%.40q can be %s", word, strings.Join(words, ", "))
}

// Update ignores messages.
func (c *CommandLine) Update(any) Intent { return nil }

// Paint draws the line above the footer, and the suggestions above it.
func (c *CommandLine) Paint(a widget.Area, v *View) {
	all := c.suggestions(v)
	room := min(len(all), max(a.H-4, 0), 10)
	in := a.Sub(0, a.H-room-3, a.W, room+3).Dialog("Command", "")
	first := max(min(c.cursor-room+1, len(all)-room), 0)
	for y := range room {
		s, line := all[first+y], in.Sub(0, y, in.W, 1)
		role, muted := theme.Text, theme.Muted
		if first+y == c.cursor {
			role, muted = theme.Selected, theme.Selected
			line.Fill(role)
		}
		x := line.Text(2, 0, role, widget.Fit(s.text, in.W-2))
		line.Text(max(x+2, 24), 0, muted, widget.Fit(s.help, in.W-max(x+2, 24)))
	}
	line := in.Sub(0, in.H-1, in.W, 1)
	x := line.Text(0, 0, theme.Key, ":")
	text := widget.Data(c.text)
	if over := widget.Width(text) - in.W*2/3; over > 0 {
		text = "…" + dropCells(text, over+1)
	}
	x = line.Text(x, 0, theme.Text, text)
	x = line.Text(x, 0, theme.ButtonFocus, " ")
	if c.fault != "" {
		line.Text(x+1, 0, theme.Bad, widget.Fit("✗ "+c.fault, in.W-x-1))
	} else if len(all) > room {
		line.TextRight(in.W, 0, theme.Muted, fmt.Sprintf("%d more", len(all)-room))
	}
}
