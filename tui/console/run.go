package console

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/muesli/termenv"

	"shardeck/tui/journal"
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
	name, to := theme.Choose(rememberedTheme(&o), theme.Terminal{
		Profile: termenv.NewOutput(o.Out).EnvColorProfile(),
		// Most are dark; if this one says later that it is not, the theme follows.
		DarkBackground: true,
		Getenv:         o.Getenv,
	})
	to.ASCII = to.ASCII || o.ASCII
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
	drafts := errors.Join(m.saveDrafts(), m.saveLastEvents(), m.saveTheme(), m.endRecording()) // also if a signal or the terminal's end was the end
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

// ThemeFile is the path of the file with the theme that was chosen last; "" if there is none.
func ThemeFile(getenv func(string) string) string { return journal.StateFile(getenv, "theme") }

// rememberedTheme is the theme to begin with: the one that was asked for, else the one that was chosen
// last.
func rememberedTheme(o *Options) string {
	if o.Theme != "" && o.Theme != theme.Auto || o.ThemeFile == "" || o.Getenv("NO_COLOR") != "" {
		return o.Theme
	}
	text, err := os.ReadFile(o.ThemeFile)
	if name := strings.TrimSpace(string(text)); err == nil && slices.Contains(theme.Names(), name) {
		return name
	}
	return o.Theme
}

// saveTheme remembers the theme that the user has chosen.
func (m *model) saveTheme() error {
	if m.themeToSave == "" || m.opts.ThemeFile == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(m.opts.ThemeFile), 0o700); err != nil {
		return err
	}
	return os.WriteFile(m.opts.ThemeFile, []byte(m.themeToSave+"\n"), 0o600)
}
