package console

import (
	"context"
	"errors"
	"fmt"

	"github.com/muesli/termenv"

	"shardeck/tui/terminal"
	"shardeck/tui/theme"
)

// Run shows the console until the user quits or ctx ends; both return nil, unless a draft could not
// be saved to the history. It starts and stays up whether or not a master answers. It restores the
// terminal before it returns.
func Run(ctx context.Context, o Options) error {
	if err := o.complete(); err != nil {
		return err
	}
	name, to := theme.Choose(o.Theme, theme.Terminal{
		Profile: termenv.NewOutput(o.Out).EnvColorProfile(),
		// Most are dark; if this one says later that it is not, the theme follows.
		DarkBackground: true,
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
	err = terminal.Run(ctx, m, terminal.Options{
		In: o.In, Out: o.Out, Getenv: o.Getenv, AskBackground: m.followsBackground(), Traffic: o.Traffic,
	})
	drafts := errors.Join(m.saveDrafts(), m.saveLastEvents()) // also if a signal or the terminal's end was the end
	if err != nil && !errors.Is(err, terminal.ErrInterrupted) {
		return errors.Join(fmt.Errorf("the console stopped: %w", err), drafts)
	}
	if m.refused != nil {
		return &RefusedError{m.refused}
	}
	return drafts
}

// RefusedError says that the console cannot show what the user named, such as a table that does not
// exist.
type RefusedError struct{ Err error }

// Error says what is wrong.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Err }

// close closes the clients' idle connections.
func (m *model) close() {
	m.sql.Close()
	for _, c := range m.clients {
		if c, ok := c.(interface{ Close() }); ok {
			c.Close()
		}
	}
}
