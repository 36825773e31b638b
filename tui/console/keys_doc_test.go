package console

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"shardeck/tui/drill"
	"shardeck/tui/editor"
	"shardeck/tui/goldentest"
	"shardeck/tui/keymap"
	"shardeck/tui/screen"
)

// keySection is the commands of one state of the console, under the heading that the documents give
// them.
type keySection struct {
	title    string
	commands []keymap.Command
}

// The tables of keys in the documents are what the console obeys, in each of its states.
func TestKeysInDocumentsAreTheCommands(t *testing.T) {
	screens, dialogs := keySections(t)
	replaceKeys(t, "docs/console.md", fullKeys(screens, dialogs))
	replaceKeys(t, "README.md", usualKeys(t, screens))
}

// keySections walks through the console and collects what can be done in each state. What works in
// all panes of the Query screen is listed once.
func keySections(t *testing.T) (screens, dialogs []keySection) {
	d, _ := driveSQL(t)
	common := map[string]bool{} // the commands that are listed once
	own := func(commands []keymap.Command, groups ...string) []keymap.Command {
		var all []keymap.Command
		for _, c := range commands {
			if len(c.Keys) > 0 && !common[c.Name] && (len(groups) == 0 || slices.ContainsFunc(groups, func(g string) bool { return strings.HasPrefix(c.Group, g) })) {
				all = append(all, c)
			}
		}
		if len(all) == 0 {
			t.Fatalf("no commands of %q in\n%s", groups, d.frame())
		}
		return all
	}
	add := func(title string, commands []keymap.Command, groups ...string) {
		screens = append(screens, keySection{title, byGroup(own(commands, groups...))})
	}
	once := func(title string, commands []keymap.Command, groups ...string) {
		add(title, commands, groups...)
		for _, c := range screens[len(screens)-1].commands {
			common[c.Name] = true
		}
	}
	dialog := func(title string, commands []keymap.Command) {
		dialogs = append(dialogs, keySection{title, own(commands)})
	}
	open := func(title string, keys ...string) {
		d.keys(keys...)
		dialog(title, d.m.top().Commands(d.m.view()))
		d.keys("esc")
	}

	d.keys("esc", "esc")
	if _, ok := d.m.top().(*screen.Dashboard); !ok {
		t.Fatalf("the dashboard is not on top:\n%s", d.frame())
	}
	d.wait(2 * time.Second)
	add("Overview", d.m.top().Commands(d.m.view()), "Program", "Cluster", "View", "Demo")
	lists := map[string]bool{} // the keys of every list are listed with the first one
	for p := range screen.NewPlaces() {
		if d.m.places[p] == nil {
			continue
		}
		d.keys(strconv.Itoa(p + 1))
		all := d.m.top().Commands(d.m.view())
		if len(lists) == 0 {
			once("Every numbered screen", all, "Screens", "Program")
		}
		all = slices.DeleteFunc(slices.Clone(all), func(c keymap.Command) bool { return common[c.Name] || lists[c.Name] })
		if len(all) > 0 {
			add(screen.PlaceTitle(screen.Place(p)), all)
		}
		for _, c := range all {
			lists[c.Name] = strings.HasSuffix(c.Group, "a table")
		}
	}
	add("Every numbered screen of a recording", screen.ReplayCommands())
	d.keys("esc")
	d.m.opts.Drills = &fakeDrills{report: drill.Report{Checks: []drill.Check{{Text: "noticed", OK: true}}}}
	d.wait(time.Second)
	d.keys("D")
	add("Drills, in a demo", d.m.top().Commands(d.m.view()), "Demo", "View")
	d.keys("esc")
	add("Guided tour", append(screen.TourCommands(false, false, false), screen.TourCommands(true, false, false)...))
	open("command line", ":")
	open("security check", "s")
	open("failover", "f")
	open("tables", "t")
	d.keys("e")
	once("Everywhere", programCommands())
	once("Query screen", d.m.commands(), "Statement")
	once("Files and tabs", d.m.commands(), "Text")
	add("Editor", d.m.commands(), "Editor", "Result")
	d.write("SELECT * FROM Stu")
	d.keys("d")
	add("Suggestions in the editor", d.m.commands(), "Text")
	d.write("SELECT 1 AS a; SELECT 2 AS a")
	d.keys("f8", "tab")
	add("Result", d.m.commands())
	for _, s := range []struct{ title, key string }{{"A whole value", "enter"}, {"A whole row", "o"}, {"A plot", "p"}} {
		d.keys(s.key)
		add(s.title, d.m.commands())
		d.keys("esc")
	}
	open("column, row or filter of a result", "/")
	open("copy", "y")
	d.keys("f6")
	add("A plan", d.m.commands())
	d.keys("f6", "tab")
	open("history", "ctrl+r")
	open("switches and parameters", "f7")
	open("list of commands", "f2")
	open("help", "f1")
	open("path of a file", "ctrl+o")
	dialog("value of a cell", screen.NewValuePrompt("", "", "", false, true, nil).Commands(nil))
	d.write("DELETE FROM Students WHERE gpa < 1")
	open("question before a write", "f5")
	dialog("other questions", screen.NewConfirm(time.Time{}, "", "", "the action", nil).Commands(nil))
	dialog("export in progress", screen.NewProgress("", time.Time{}).Commands(nil))

	vim := editor.New("SELECT 1")
	vim.Configure(editor.Options{Vim: true})
	add("Editor with vim's keys, normal mode", vim.Commands(), "Editor: vim")
	return screens, dialogs
}

// byGroup puts the commands of a group together, in the order in which the groups begin.
func byGroup(commands []keymap.Command) []keymap.Command {
	var groups []string
	for _, c := range commands {
		if !slices.Contains(groups, c.Group) {
			groups = append(groups, c.Group)
		}
	}
	slices.SortStableFunc(commands, func(a, b keymap.Command) int {
		return slices.Index(groups, a.Group) - slices.Index(groups, b.Group)
	})
	return commands
}

// inCode lists keys as code, at most n.
func inCode(c *keymap.Command, n int) string {
	labels := c.Labels()
	if c.Shown != "" && len(c.Keys) > 4 {
		labels = []string{c.Shown}
	}
	return "`" + strings.Join(labels[:min(len(labels), n)], "`, `") + "`"
}

// merged joins neighbours of one name, such as the digits of a count.
func merged(commands []keymap.Command) []keymap.Command {
	var all []keymap.Command
	for _, c := range commands {
		if n := len(all); n > 0 && all[n-1].Name == c.Name {
			all[n-1].Keys = append(slices.Clip(all[n-1].Keys), c.Keys...)
			continue
		}
		all = append(all, c)
	}
	return all
}

// fullKeys is every key, in a table for each state and one row for each dialog.
func fullKeys(screens, dialogs []keySection) string {
	var b strings.Builder
	for _, s := range screens {
		fmt.Fprintf(&b, "\n### %s\n\n| | |\n|---|---|\n", s.title)
		for _, c := range merged(s.commands) {
			fmt.Fprintf(&b, "| %s | %s |\n", inCode(&c, 9), c.Name)
		}
	}
	b.WriteString("\n### Dialogs\n\n| | |\n|---|---|\n")
	for _, s := range dialogs {
		var all []string
		for _, c := range merged(s.commands) {
			all = append(all, inCode(&c, 2)+" "+c.Name)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", s.title, strings.Join(all, "; "))
	}
	return b.String() + "\n"
}

// usualKeys is what the README has: the keys that a newcomer needs first.
func usualKeys(t *testing.T, screens []keySection) string {
	var b strings.Builder
	b.WriteString("\n| anywhere on the Query screen | |\n|---|---|\n")
	write := func(title string, keys ...string) {
		i := slices.IndexFunc(screens, func(s keySection) bool { return s.title == title })
		if i < 0 {
			t.Fatalf("no section %s", title)
		}
		for _, key := range keys {
			j := slices.IndexFunc(screens[i].commands, func(c keymap.Command) bool { return slices.Contains(c.Keys, key) })
			if j < 0 {
				t.Fatalf("%s: no command has the key %s", title, key)
			}
			c := &screens[i].commands[j]
			fmt.Fprintf(&b, "| %s | %s |\n", inCode(c, 2), c.Name)
		}
	}
	write("Query screen", "f5", "f8", "f6", "esc", "tab", "ctrl+r", "ctrl+p", "f7", "ctrl+t")
	b.WriteString("\n| in the editor | |\n|---|---|\n")
	write("Suggestions in the editor", "tab")
	write("Files and tabs", "ctrl+g", "alt+t")
	write("Editor", "ctrl+z", "alt+z", "ctrl+@", "alt+c", "ctrl+v")
	b.WriteString("\n| in the result | |\n|---|---|\n")
	write("Result", "enter", "o", "c", "/", "s", "v", "y", "e", "p", "x", "]")
	return b.String() + "\n"
}

// replaceKeys compares the tables in a document with what they should be, or writes them.
func replaceKeys(t *testing.T, path, want string) {
	t.Helper()
	const from, to = "<!-- keys: written by go test ./tui/console -run TestKeysInDocuments -update -->\n", "<!-- end of keys -->"
	file := filepath.Join("../..", filepath.FromSlash(path))
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), from)
	got, after, closed := strings.Cut(rest, to)
	switch {
	case !ok || !closed:
		t.Errorf("%s has no place for the keys, between %q and %q", path, strings.TrimSpace(from), to)
	case got == want:
	case goldentest.Update():
		if err := os.WriteFile(file, []byte(before+from+want+to+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the keys in %s are not those of the console; run with -update, and read the difference", path)
	}
}
