package console

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
)

// askTraffic asks every configured master for its counters, each on its own: one that hangs does not
// delay what the others say.
func (m *model) askTraffic() tea.Cmd {
	if m.paused || m.now.Before(m.trafficDue) || m.state.Link == cluster.Connecting {
		return nil
	}
	m.trafficDue = m.now.Add(m.opts.Interval)
	m.countUnreached()
	var asks []tea.Cmd
	for _, url := range m.configured() {
		r := m.trafficking[url]
		if r == nil {
			r = new(request)
			m.trafficking[url] = r
		}
		if r.active {
			continue
		}
		c, after, now := m.client(url), m.state.Clients.Seen(url), m.opts.Now
		asks = append(asks, begin(m, r, PollTimeout, func(ctx context.Context) cluster.TrafficObservation {
			report, err := c.Traffic(ctx, after)
			if err != nil {
				report = nil
			}
			return cluster.TrafficObservation{At: now(), Master: url, Report: report, Err: err}
		}, func(m *model, o cluster.TrafficObservation) tea.Cmd {
			m.told(o)
			return nil
		}))
	}
	return tea.Batch(asks...)
}

// unreachedSource stands for the clients themselves among the masters that count.
const unreachedSource = "clients"

// countUnreached adds the requests that reached no master: during a total outage there is nobody
// else who counts them.
func (m *model) countUnreached() {
	if m.opts.Unreached == nil {
		return
	}
	n := m.opts.Unreached()
	m.told(cluster.TrafficObservation{At: m.now, Master: unreachedSource,
		Report: &api.TrafficReport{StartedAt: time.Unix(0, 0), Clients: api.Counters{Requests: n, Errors: n}}})
}
