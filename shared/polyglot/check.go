package polyglot

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// errNotForChecks is the reason for skipping the checks of a language.
var errNotForChecks = errors.New("the tests of the workers in other languages are not set up: run `make polyglot-dev`")

// Check runs the linters, the type checkers and the tests of the workers in the checkout at root.
// If they are not set up for that, it returns an error for which [NotSetUp] is true.
func Check(ctx context.Context, root string, say Say) error {
	for _, l := range languages {
		t, err := l.find(ctx, root)
		if err != nil {
			return fmt.Errorf("%w: %w", errNotForChecks, err)
		}
		folder, commands, err := t.checks()
		if err != nil {
			return err
		}
		for _, c := range commands {
			what := l.name + ": " + strings.ReplaceAll(strings.Join(c[1:], " "), folder+string(filepath.Separator), "")
			if err := step(say, what, func() error { return run(ctx, folder, nil, c[0], c[1:]...) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// NotSetUp reports whether an error means that the workers, or their checks, are not set up.
func NotSetUp(err error) bool { return errors.Is(err, errNotSetUp) || errors.Is(err, errNotForChecks) }
