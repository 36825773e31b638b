package console

import (
	"context"
	"sync"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/screen"
	"shardeck/tui/widget"
)

// goTo shows a place over the dashboard, instead of whatever was there.
func (m *model) goTo(p screen.Place) tea.Cmd {
	for len(m.stack) > 1 {
		m.pop()
	}
	if s := m.places[p]; s != nil {
		m.push(s)
	}
	return m.renew()
}

// renew asks the screens that are shown what they need now, at every tick.
func (m *model) renew() tea.Cmd {
	var all []tea.Cmd
	for _, s := range m.stack {
		if cmd := m.act(screen.Renew(s, m.view())); cmd != nil {
			all = append(all, cmd)
		}
	}
	return tea.Batch(all...)
}

// actOnPlaces carries out what the places ask for.
func (m *model) actOnPlaces(in screen.Intent) tea.Cmd {
	switch in := in.(type) {
	case screen.ReadLog:
		return m.readLog(in.URL)
	case screen.ListRunning:
		return m.listRunning()
	case screen.CancelRunning:
		return m.cancelRunning(in)
	case screen.ListFailovers:
		return m.listFailovers(in.Target)
	default:
		return m.actOnQuery(in)
	}
}

// toPlace returns what passes the answer to a request on to a place.
func toPlace[T any](p screen.Place) func(*model, T) tea.Cmd {
	return func(m *model, answer T) tea.Cmd { return m.act(m.places[p].Update(answer)) }
}

// configured are the masters that may be asked something: those that the user named, of this cluster.
func (m *model) configured() []string {
	var urls []string
	for i := range m.state.Masters {
		if s := &m.state.Masters[i]; s.Configured && !m.state.IsForeign(s.URL) {
			urls = append(urls, s.URL)
		}
	}
	return urls
}

// askAll calls each master, all at the same time, and returns their answers in the same order. One
// that hangs delays them by no more than the deadline.
func askAll[T any](ctx context.Context, masters []Master, ask func(context.Context, Master) T) []T {
	answers := make([]T, len(masters))
	var all sync.WaitGroup
	for i, c := range masters {
		all.Go(func() { answers[i] = ask(ctx, c) })
	}
	all.Wait()
	return answers
}

// clientsOf returns the clients of masters.
func (m *model) clientsOf(urls []string) []Master {
	clients := make([]Master, len(urls))
	for i, u := range urls {
		clients[i] = m.client(u)
	}
	return clients
}

func (m *model) listRunning() tea.Cmd {
	urls, now := m.configured(), m.opts.Now
	clients := m.clientsOf(urls)
	return begin(m, new(request), PollTimeout, func(ctx context.Context) screen.RunningListed {
		lists := askAll(ctx, clients, func(ctx context.Context, c Master) (l screen.MasterQueries) {
			answer, err := c.Queries(ctx)
			if l.Err = err; err == nil {
				l.Queries = answer.Queries
			}
			return l
		})
		for i := range lists {
			lists[i].Master = urls[i]
		}
		return screen.RunningListed{At: now(), Lists: lists}
	}, (*model).listed)
}

// cancelRunning cancels a statement on the master that runs it.
func (m *model) cancelRunning(in screen.CancelRunning) tea.Cmd {
	c := m.client(in.Master)
	return begin(m, new(request), PollTimeout, func(ctx context.Context) error {
		return c.CancelQuery(ctx, in.ID)
	}, func(m *model, err error) tea.Cmd {
		if err != nil {
			m.did(api.LevelError, "the statement "+in.ID+" was not cancelled: "+cluster.Explain(err))
			m.say("not cancelled: " + cluster.Explain(err))
			return nil
		}
		m.didWith(api.LevelWarn, "cancelled on "+cluster.Host(in.Master)+": ", widget.Fit(in.SQL, 200))
		return nil
	})
}

// listFailovers asks the masters for their failovers, and target for a dry run.
func (m *model) listFailovers(target string) tea.Cmd {
	clients, now := m.clientsOf(m.configured()), m.opts.Now
	var backup Master
	if target != "" {
		backup = m.client(target)
	}
	return begin(m, new(request), CheckTimeout, func(ctx context.Context) screen.FailoversListed {
		var check screen.FailoverDryRun
		var checking sync.WaitGroup
		if backup != nil {
			check.Target = target
			checking.Go(func() { check.Answer, check.Err = backup.Failover(ctx, &api.FailoverRequest{DryRun: true}) })
		}
		lists := askAll(ctx, clients, func(ctx context.Context, c Master) []api.FailoverResponse {
			ctx, cancel := context.WithTimeout(ctx, PollTimeout)
			defer cancel()
			if answer, err := c.Failovers(ctx); err == nil {
				return answer.Failovers
			}
			return nil
		})
		checking.Wait()
		return screen.FailoversListed{At: now(), Failovers: screen.MergeFailovers(lists...), DryRun: check}
	}, (*model).listedFailovers)
}

// readLog reads the end of a worker's log for the screen that asks for it.
func (m *model) readLog(worker string) tea.Cmd {
	read := m.opts.Log
	return begin(m, new(request), PollTimeout, func(ctx context.Context) screen.LogRead {
		lines, err := read(ctx, worker)
		return screen.LogRead{URL: worker, Lines: lines, Err: err}
	}, toPlace[screen.LogRead](screen.ShardsPlace))
}
