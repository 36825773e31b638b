package console

import (
	"context"
	"errors"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"shardeck/tui/theme"
)

// Run shows the console until the user quits or ctx ends; both return nil. It starts
// and stays up whether or not a master answers. It restores the terminal before it returns.
func Run(ctx context.Context, o Options) error {
	if err := o.complete(); err != nil {
		return err
	}
	name, to := theme.Choose(o.Theme, theme.Terminal{
		Profile: termenv.NewOutput(o.Out).EnvColorProfile(),
		// Bubble Tea queried the terminal for this before main began; this is the cached answer.
		DarkBackground: lipgloss.HasDarkBackground(),
		Getenv:         o.Getenv,
	})
	t, err := theme.New(name, to)
	if err != nil {
		return err
	}
	commands, cancel := context.WithCancel(ctx)
	defer cancel()
	m := newModel(commands, o, t, to)
	defer m.close()
	program := []tea.ProgramOption{tea.WithContext(ctx), tea.WithOutput(o.Out), tea.WithAltScreen()}
	if o.In != nil {
		program = append(program, tea.WithInput(o.In))
	}
	if _, err := tea.NewProgram(m, program...).Run(); err != nil {
		if ctx.Err() != nil || errors.Is(err, tea.ErrInterrupted) {
			return nil
		}
		return fmt.Errorf("the console stopped: %w", err)
	}
	return nil
}

// close closes the clients' idle connections.
func (m *model) close() {
	m.sql.Close()
	for _, c := range m.clients {
		if c, ok := c.(interface{ Close() }); ok {
			c.Close()
		}
	}
}
