package console

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
)

// The messages that commands return. Most carry the ID of their request.
type (
	tickMsg   struct{}
	polledMsg struct {
		id uint64
		o  cluster.Observation
	}
	countedMsg struct {
		id     uint64
		answer *api.MapReduceCountResponse
		err    error
	}
	securedMsg struct {
		id     uint64
		answer *api.SecurityCheckResponse
		err    error
	}
	failedOverMsg struct {
		id     uint64
		answer *api.FailoverResponse
		err    error
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

func pollCmd(ctx context.Context, id uint64, c Master, master string, now func() time.Time) tea.Cmd {
	return func() tea.Msg { return polledMsg{id: id, o: cluster.Poll(ctx, c, master, now)} }
}

func countCmd(ctx context.Context, id uint64, c Master, db, table string) tea.Cmd {
	return func() tea.Msg {
		// A partial count, marked as such, is more useful than an error.
		answer, err := c.Count(ctx, &api.MapReduceCountRequest{DB: db, Table: table, AllowPartial: true})
		return countedMsg{id: id, answer: answer, err: err}
	}
}

func securityCmd(ctx context.Context, id uint64, c Master) tea.Cmd {
	return func() tea.Msg {
		answer, err := c.SecurityCheck(ctx)
		return securedMsg{id: id, answer: answer, err: err}
	}
}

func failoverCmd(ctx context.Context, id uint64, c Master) tea.Cmd {
	return func() tea.Msg {
		answer, err := c.Failover(ctx, &api.FailoverRequest{})
		return failedOverMsg{id: id, answer: answer, err: err}
	}
}

func actionCmd(parent context.Context, action int, run func(context.Context) (string, error)) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(parent, ActionTimeout)
		defer cancel()
		said, err := run(ctx)
		return actedMsg{action: action, said: said, err: err}
	}
}
