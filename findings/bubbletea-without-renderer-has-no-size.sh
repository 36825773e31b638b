#!/usr/bin/env bash
# A Bubble Tea program that paints for itself never learns the terminal's size, neither at
# its start nor when the terminal is resized.
#
# WithoutRenderer is documented as turning the renderer off, for programs that write their
# output by other means. In Bubble Tea v1 it also skips the setup of the terminal, and with it
# the output's file descriptor is not remembered, which is what tea.WindowSizeMsg is measured
# with: none is sent, WindowSize() requests included, and raw mode is not set either.
#
# Versions: github.com/charmbracelet/bubbletea v1.3.10, on a real pseudoterminal of 80x24 that
#           is resized to 100x30.
# Seen:     with the renderer the sizes [80x24 100x30], without it none.
# So:       who turns the renderer off measures the size (golang.org/x/term), listens for
#           SIGWINCH, and sets and restores the terminal's mode.
#
# Exits 0 while this holds, 1 when it has changed. Needs go, and a Unix.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOWORK=off GOMODCACHE="$dir/mod" GOFLAGS="-mod=mod -modcacherw"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/creack/pty"
)

type model struct{ sizes *[]string }

type askMsg struct{}

func (m model) Init() tea.Cmd { return func() tea.Msg { return askMsg{} } }
func (m model) View() string  { return "" }

func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case askMsg:
		return m, tea.WindowSize()
	case tea.WindowSizeMsg:
		s := fmt.Sprintf("%dx%d", msg.Width, msg.Height)
		if n := len(*m.sizes); n == 0 || (*m.sizes)[n-1] != s {
			*m.sizes = append(*m.sizes, s)
		}
	}
	return m, nil
}

// sizes runs a program on a terminal that is resized, and returns the sizes that it is told.
func sizes(options ...tea.ProgramOption) []string {
	master, slave, err := pty.Open()
	check(err)
	defer master.Close()
	check(pty.Setsize(slave, &pty.Winsize{Rows: 24, Cols: 80}))
	go func() {
		for buf := make([]byte, 4096); ; {
			if _, err := master.Read(buf); err != nil {
				return
			}
		}
	}()
	var seen []string
	p := tea.NewProgram(model{&seen}, append(options, tea.WithInput(nil), tea.WithOutput(slave))...)
	done := make(chan error, 1)
	go func() { _, err := p.Run(); done <- err }()
	time.Sleep(time.Second)
	check(pty.Setsize(slave, &pty.Winsize{Rows: 30, Cols: 100}))
	self, err := os.FindProcess(os.Getpid())
	check(err)
	check(self.Signal(winch)) // the terminal is not our controlling one
	time.Sleep(time.Second)
	p.Quit()
	check(<-done)
	return seen
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	with, without := sizes(), sizes(tea.WithoutRenderer())
	fmt.Printf("with the renderer: %v\nwithout:           %v\n", with, without)
	if strings.Join(with, " ") != "80x24 100x30" || len(without) != 0 {
		fmt.Fprintln(os.Stderr, "CHANGED: see the head of this script")
		os.Exit(1)
	}
	fmt.Println("as described")
}
GO
cat >winch.go <<'GO'
package main

import "syscall"

const winch = syscall.SIGWINCH
GO

go mod init finding >/dev/null 2>&1
go get github.com/charmbracelet/bubbletea@v1.3.10 github.com/creack/pty@v1.1.24 2>"$dir/get.log" || { cat "$dir/get.log" >&2; exit 1; }
go list -m github.com/charmbracelet/bubbletea
go run . </dev/null
