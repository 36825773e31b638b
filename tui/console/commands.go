package console

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// The messages of commands that are not the answer to a request; see [answerMsg].
type (
	tickMsg       struct{}
	identifiedMsg struct {
		master, cluster string
	}
	actedMsg struct {
		action int
		said   string
		err    error
	}
)

func tick(d time.Duration) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return tickMsg{} })
}
