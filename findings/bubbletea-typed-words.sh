#!/usr/bin/env bash
# SQL words that reach a Bubble Tea program in one read act as keys: left moves the
# cursor, delete deletes, end jumps, and the word itself is lost from the text.
#
# Bubble Tea v1 makes one message of the letters up to the next space in one read. The
# message's String() is then the bare word, and the text fields of bubbles, which match
# their bindings by String(), take a typed left for the arrow key; only the message's
# Type tells them apart. tmux send-keys, expect, and quick typing over a slow link all
# send such runs. A bracketed paste is safe: its String() is in brackets.
#
# Versions: github.com/charmbracelet/bubbletea v1.3.10, github.com/charmbracelet/bubbles
#           v1.0.0; textarea and textinput behave alike.
# Seen:     "select 1 from a left join b on 1 = 1" becomes "select 1 from a join b on 1 = 1 ",
#           "delete from t" becomes " from t", "select case when x = 1 then 2 end" loses
#           its end. The same bytes read one at a time, or pasted, arrive whole.
# So:       look at a message's Type before its String(): otherwise a left join becomes an
#           inner one on its way to the editor, and nothing says so.
#
# Exits 0 while this holds, 1 when it has changed. Needs go.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOWORK=off GOMODCACHE="$dir/mod" GOFLAGS="-mod=mod -modcacherw"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing/iotest"

	"github.com/charmbracelet/bubbles/textarea"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
)

type fields struct {
	area  textarea.Model
	input textinput.Model
}

func (f fields) Init() tea.Cmd { return nil }
func (f fields) View() string  { return "" }

func (f fields) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if k, ok := msg.(tea.KeyMsg); ok && k.Type == tea.KeyCtrlC {
		return f, tea.Quit
	}
	f.area, _ = f.area.Update(msg)
	f.input, _ = f.input.Update(msg)
	return f, nil
}

// typed runs a real program over the bytes and answers what its fields hold at the end.
func typed(in io.Reader) (string, string) {
	f := fields{textarea.New(), textinput.New()}
	f.area.Focus()
	f.input.Focus()
	end, err := tea.NewProgram(f, tea.WithInput(in), tea.WithOutput(io.Discard)).Run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return end.(fields).area.Value(), end.(fields).input.Value()
}

func main() {
	const ctrlC = "\x03"
	changed := false
	for _, c := range []struct{ text, seen string }{
		{"select 1 from a left join b on 1 = 1", "select 1 from a join b on 1 = 1 "},
		{"delete from t", " from t"},
		{"select case when x = 1 then 2 end", "select case when x = 1 then 2 "},
		{"select 1 from a inner join b on 1 = 1", "select 1 from a inner join b on 1 = 1"},
	} {
		area, input := typed(strings.NewReader(c.text + ctrlC))
		slowArea, slowInput := typed(iotest.OneByteReader(strings.NewReader(c.text + ctrlC)))
		pastedArea, pastedInput := typed(strings.NewReader("\x1b[200~" + c.text + "\x1b[201~" + ctrlC))
		fmt.Printf("%q\n  one read: %q\n  by byte:  %q\n  pasted:   %q\n", c.text, area, slowArea, pastedArea)
		changed = changed || area != c.seen || input != c.seen
		for _, whole := range []string{slowArea, slowInput, pastedArea, pastedInput} {
			changed = changed || whole != c.text
		}
	}
	if changed {
		fmt.Fprintln(os.Stderr, "CHANGED: see the head of this script")
		os.Exit(1)
	}
	fmt.Println("as described")
}
GO

go mod init finding >/dev/null 2>&1
go get github.com/charmbracelet/bubbletea@v1.3.10 github.com/charmbracelet/bubbles/textarea@v1.0.0 \
	github.com/charmbracelet/bubbles/textinput@v1.0.0 2>"$dir/get.log" || { cat "$dir/get.log" >&2; exit 1; }
go list -m github.com/charmbracelet/bubbletea github.com/charmbracelet/bubbles
go run . </dev/null
