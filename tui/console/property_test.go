package console

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"shardeck/tui/history"
	"shardeck/tui/keymap"
	"shardeck/tui/screen"
)

// anyKeys are keys of every kind, without those whose purpose is to delete text, or to take back or
// replace what was written.
var anyKeys = []string{
	"c", "s", "f", "t", "r", "p", "T", "?", ":", "q", "e", "y", "x", "o", "v", "g", "G", "/", "#", "n", "1", "K",
	"up", "down", "left", "right", "home", "end", "pgup", "pgdown", "tab", "shift+tab", "enter", "esc", " ",
	"f1", "f2", "f4", "f5", "f6", "f7", "f8", "alt+enter", "alt+t", "alt+0", "alt+1", "alt+2", "alt+up", "alt+i", "alt+/",
	"ctrl+a", "ctrl+b", "ctrl+c", "ctrl+e", "ctrl+f", "ctrl+g", "ctrl+l", "ctrl+n", "ctrl+o", "ctrl+p", "ctrl+r", "ctrl+s", "ctrl+t", "ctrl+x",
}

// hammer is a console that is used at random, and what must hold of it.
type hammer struct {
	*driver
	t       *rapid.T
	written []string // the marks of texts that were put into the editor
	asked   bool     // a question about quitting was answered, or Ctrl-C was pressed twice
	quit    bool
	chosen  [2]string // the table, once the Query screen was opened; empty before
}

// Whatever is pressed, typed and pasted, no text is lost, no demo ends without a question, the table
// stays chosen, and every frame has the terminal's size.
// What was written is in the history file after the end, or in a file that it was saved to.
func TestNoKeysLoseAnything(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	t.Chdir(dir) // texts are saved to files of any name
	rapid.Check(t, func(rt *rapid.T) {
		empty(rt, dir)
		empty(rt, state)
		d := drive(t, newWorld())
		d.m.opts.QuitQuestion = "This ends the demo."
		d.m.opts.HistoryFile = filepath.Join(state, "statements.jsonl")
		d.wait(2 * time.Second)
		h := &hammer{driver: d, t: rt}
		for i := range rapid.IntRange(1, 60).Draw(rt, "steps") {
			h.step(i)
			if h.quit {
				break
			}
			h.check()
		}
		h.checkSaved(dir)
	})
}

// empty removes the files of a directory.
func empty(t *rapid.T, dir string) {
	files, err := os.ReadDir(dir)
	for _, f := range files {
		err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name())))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkSaved ends the console and looks for what was written.
func (h *hammer) checkSaved(dir string) {
	if err := h.m.saveDrafts(); err != nil {
		h.t.Fatal(err)
	}
	entries, err := history.Load(h.m.opts.HistoryFile)
	if err != nil {
		h.t.Fatal(err)
	}
	var saved strings.Builder
	for i := range entries {
		saved.WriteString(entries[i].SQL)
	}
	files, err := os.ReadDir(dir)
	for _, f := range files {
		b, readErr := os.ReadFile(filepath.Join(dir, f.Name()))
		err = errors.Join(err, readErr)
		saved.Write(b)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	for _, mark := range h.written {
		if strings.Count(saved.String(), mark) < 2 {
			h.t.Fatalf("%q is lost of\n%q", mark, h.kept())
		}
	}
}

func (h *hammer) step(i int) {
	switch rapid.IntRange(0, 9).Draw(h.t, "kind") {
	case 0:
		h.send(tea.WindowSizeMsg{Width: rapid.IntRange(1, 200).Draw(h.t, "width"), Height: rapid.IntRange(1, 60).Draw(h.t, "height")})
	case 1:
		h.text(rune(0x4e00+i), func(mark string) tea.Msg { return keymap.Paste{Text: mark + "\tctrl+c\r\nq" + mark} })
	case 2:
		h.text(rune(0x4e00+i), func(mark string) tea.Msg { return keymap.Typed{Text: mark + "esc-f5" + mark} })
	case 3:
		h.wait(time.Duration(rapid.IntRange(1, 3000).Draw(h.t, "ms")) * time.Millisecond)
	default:
		h.press(rapid.SampledFrom(anyKeys).Draw(h.t, "key"))
	}
}

// text sends text that holds a mark, a character of its own, twice.
func (h *hammer) text(mark rune, msg func(mark string) tea.Msg) {
	h.act(msg(string(mark)))
	if strings.Count(h.kept(), string(mark)) == 2 {
		h.written = append(h.written, string(mark))
	}
}

// kept is everything that the Query screen has.
func (h *hammer) kept() string { return strings.Join(h.m.query.Texts(), "\x00") }

func (h *hammer) press(name string) {
	_, question := h.m.top().(*screen.Confirm)
	h.asked = question && name == "enter" || name == "ctrl+c" && h.m.now.Before(h.m.quitUntil)
	if _, prompt := h.m.top().(*screen.Prompt); prompt && name == "/" {
		return // no file outside this test's directory
	}
	if _, tables := h.m.top().(*screen.Tables); tables {
		h.chosen = [2]string{} // the user may choose another one
	}
	h.act(keyMsg(name))
}

// act sends a message and carries out what follows, but for what would leave the terminal.
func (h *hammer) act(msg tea.Msg) {
	_, cmd := h.m.Update(msg)
	for pending := []tea.Cmd{cmd}; len(pending) > 0; {
		cmd, pending = pending[0], pending[1:]
		if cmd == nil {
			continue
		}
		switch out := cmd().(type) {
		case tea.QuitMsg:
			if !h.asked {
				h.t.Fatalf("the demo ended without a question:\n%s", h.frame())
			}
			h.quit = true
		case tea.BatchMsg:
			pending = append(pending, out...)
		case answerMsg, historyLoadedMsg, historyFailedMsg, fileMsg:
			_, next := h.m.Update(out)
			pending = append(pending, next)
		}
	}
}

func (h *hammer) check() {
	if _, ok := h.m.top().(*screen.Query); ok && h.chosen[0] == "" {
		h.chosen = [2]string{h.m.db, h.m.table}
	}
	if h.chosen[0] != "" && h.chosen != [2]string{h.m.db, h.m.table} {
		h.t.Fatalf("the table is %s.%s, and was %s.%s", h.m.db, h.m.table, h.chosen[0], h.chosen[1])
	}
	for _, mark := range h.written {
		if strings.Count(h.kept(), mark) < 2 {
			h.t.Fatalf("%q is lost of\n%q", mark, h.kept())
		}
	}
	lines := strings.Split(h.frame(), "\n")
	if len(lines) != h.m.height || ansi.StringWidth(lines[0]) != h.m.width {
		h.t.Fatalf("a frame of %d by %d for a terminal of %d by %d", ansi.StringWidth(lines[0]), len(lines), h.m.width, h.m.height)
	}
}
