package console

import (
	"context"
	"fmt"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/recording"
	"shardeck/tui/screen"
	"shardeck/tui/widget"
)

// surveyEvery is how often the masters that are not polled are asked which cluster they belong to.
const surveyEvery = 15 * time.Second

// openFailover shows the preflight, and asks the backup for its checks.
func (m *model) openFailover() tea.Cmd {
	m.push(screen.NewFailover(m.now, m.state.Preflight(m.now)))
	return m.refreshDialog()
}

// refreshDialog keeps the preflight up to date while it is shown.
func (m *model) refreshDialog() tea.Cmd {
	return m.tell(isFailover, screen.Refresh{At: m.now, Plan: m.state.Preflight(m.now)})
}

// checkFailover asks the backup that would be promoted for a dry run.
func (m *model) checkFailover(target string) tea.Cmd {
	c := m.client(target)
	return begin(m, &m.checking, CheckTimeout, call(func(ctx context.Context) (*api.FailoverResponse, error) {
		return c.Failover(ctx, &api.FailoverRequest{DryRun: true})
	}), func(m *model, r reply[*api.FailoverResponse]) tea.Cmd {
		return m.tell(isFailover, screen.FailoverChecked{At: m.now, Target: target, Answer: r.value, Err: r.err})
	})
}

func isFailover(s screen.Screen) bool {
	_, ok := s.(*screen.Failover)
	return ok
}

func (m *model) startFailover(in screen.StartFailover) tea.Cmd {
	m.did(api.LevelWarn, "failover to "+cluster.Host(in.Target)+" started")
	m.due = m.now
	m.checking.drop()
	started := m.tell(isFailover, screen.FailoverStarted{At: m.now})
	c := m.client(in.Target)
	ask := begin(m, &m.failover, FailoverTimeout, call(func(ctx context.Context) (*api.FailoverResponse, error) {
		return c.Failover(ctx, &api.FailoverRequest{Force: in.Force, Reason: "asked for in the console"})
	}), (*model).failedOver)
	return tea.Batch(started, ask, m.pollIfDue())
}

func (m *model) failedOver(r reply[*api.FailoverResponse]) tea.Cmd {
	m.due = m.now
	m.record(recording.Entry{Failover: &recording.Failover{Answer: answerOf(r), Err: recording.FaultOf(r.err)}})
	if r.err != nil {
		m.did(api.LevelError, "failover failed: "+cluster.Explain(r.err))
	} else {
		m.state = m.state.Follow(r.value.Primary)
		m.did(api.LevelGood, fmt.Sprintf("failover done in %s: %s is primary with term %d",
			widget.Millis(r.value.TotalMS), cluster.Host(r.value.Primary), r.value.Term))
	}
	return m.tell(isFailover, screen.FailoverEnded{At: m.now, Answer: r.value, Err: r.err})
}

// surveyIfDue asks the configured masters that are not polled which cluster they belong to.
func (m *model) surveyIfDue() tea.Cmd {
	if m.state.Link != cluster.Live || m.paused || !m.surveyed.IsZero() && m.now.Sub(m.surveyed) < surveyEvery {
		return nil
	}
	m.surveyed = m.now
	var asks []tea.Cmd
	for i := range m.state.Masters {
		if c := &m.state.Masters[i]; c.Configured && c.URL != m.state.Current {
			asks = append(asks, identifyCmd(m.ctx, m.client(c.URL), c.URL))
		}
	}
	return tea.Batch(asks...)
}

func (m *model) identified(msg identifiedMsg) {
	m.record(recording.Entry{Identity: &recording.Identity{Master: msg.master, Cluster: msg.cluster}})
	before := len(m.state.Foreign())
	m.state = m.state.Identify(msg.master, msg.cluster)
	if foreign := m.state.Foreign(); len(foreign) > before {
		m.note(api.LevelError, cluster.Host(msg.master)+" belongs to another cluster than "+cluster.Host(m.state.Current)+"; it is not used")
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
