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
	checkedMsg struct {
		id     uint64
		target string
		answer *api.FailoverResponse
		err    error
	}
	identifiedMsg struct {
		master, cluster string
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

// checkCmd asks a backup what its checks of a failover find, which changes nothing.
func checkCmd(ctx context.Context, id uint64, c Master, target string) tea.Cmd {
	return func() tea.Msg {
		answer, err := c.Failover(ctx, &api.FailoverRequest{DryRun: true})
		return checkedMsg{id: id, target: target, answer: answer, err: err}
	}
}

// identifyCmd asks a master which cluster it belongs to; a master that does not answer is of none.
func identifyCmd(parent context.Context, c Master, master string) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(parent, PollTimeout)
		defer cancel()
		m, err := c.Metadata(ctx)
		if err != nil || m == nil {
			return identifiedMsg{master: master}
		}
		return identifiedMsg{master: master, cluster: m.Master.Cluster}
	}
}

func failoverCmd(ctx context.Context, id uint64, c Master, force bool) tea.Cmd {
	return func() tea.Msg {
		answer, err := c.Failover(ctx, &api.FailoverRequest{Force: force, Reason: "asked for in the console"})
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
