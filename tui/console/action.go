package console

import (
	"context"
	"errors"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/screen"
)

// action returns the action with that key, and its index.
func (m *model) action(key string) (int, *Action) {
	for i := range m.opts.Actions {
		if m.opts.Actions[i].Key == key {
			return i, &m.opts.Actions[i]
		}
	}
	return -1, nil
}

// askAction runs an action, after its question if it has one. The question names the action's
// target, and the answer applies to that one only.
func (m *model) askAction(key string) tea.Cmd {
	i, a := m.action(key)
	if a == nil || m.acting[i] {
		return nil
	}
	if a.Refuse != nil {
		if why := a.Refuse(&m.state); why != "" {
			m.note(api.LevelWarn, why)
			m.say(why)
			return nil
		}
	}
	if a.Confirm == nil {
		return m.runAction(screen.RunAction{Key: key})
	}
	question, target := a.Confirm(&m.state)
	m.push(screen.NewConfirm(m.now, a.Help, question, a.Label, screen.RunAction{Key: key, Target: target}))
	return nil
}

func (m *model) runAction(in screen.RunAction) tea.Cmd {
	i, a := m.action(in.Key)
	if a == nil || m.acting[i] {
		return nil
	}
	m.acting[i] = true
	ctx, run := m.ctx, a.Run
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, ActionTimeout)
		defer cancel()
		said, err := run(ctx, in.Target)
		return actedMsg{action: i, said: said, err: err}
	}
}

func (m *model) acted(msg actedMsg) {
	m.acting[msg.action] = false
	m.due = m.now
	label := m.opts.Actions[msg.action].Label
	switch {
	case errors.Is(msg.err, context.Canceled):
	case msg.err != nil:
		m.did(api.LevelError, label+" failed: "+cluster.Explain(msg.err))
	case msg.said != "":
		m.did(api.LevelInfo, msg.said)
	}
}
