package console

import (
	"fmt"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
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
	if _, ok := m.top().(*screen.Failover); ok {
		return m.send(screen.Refresh{At: m.now, Plan: m.state.Preflight(m.now)})
	}
	return nil
}

// checkFailover asks the backup that would be promoted for a dry run.
func (m *model) checkFailover(target string) tea.Cmd {
	ctx, id := m.checking.begin(m.ctx, CheckTimeout)
	return checkCmd(ctx, id, m.client(target), target)
}

func (m *model) checked(msg checkedMsg) tea.Cmd {
	if _, ok := m.top().(*screen.Failover); !ok || !m.checking.ends(msg.id) {
		return nil
	}
	return m.send(screen.FailoverChecked{At: m.now, Target: msg.target, Answer: msg.answer, Err: msg.err})
}

func (m *model) startFailover(in screen.StartFailover) tea.Cmd {
	m.note(api.LevelWarn, "failover to "+cluster.Host(in.Target)+" started")
	m.due = m.now
	m.checking.drop()
	ctx, id := m.failover.begin(m.ctx, FailoverTimeout)
	return tea.Batch(failoverCmd(ctx, id, m.client(in.Target), in.Force), m.pollIfDue())
}

func (m *model) failedOver(msg failedOverMsg) {
	m.due = m.now
	if msg.err != nil {
		m.note(api.LevelError, "failover failed: "+cluster.Explain(msg.err))
		return
	}
	m.state = m.state.Follow(msg.answer.Primary)
	m.note(api.LevelGood, fmt.Sprintf("failover done in %s: %s is primary with term %d",
		widget.Millis(msg.answer.TotalMS), cluster.Host(msg.answer.Primary), msg.answer.Term))
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
	before := len(m.state.Foreign())
	m.state = m.state.Identify(msg.master, msg.cluster)
	if foreign := m.state.Foreign(); len(foreign) > before {
		m.note(api.LevelError, cluster.Host(msg.master)+" belongs to another cluster than "+cluster.Host(m.state.Current)+"; it is not used")
	}
}
