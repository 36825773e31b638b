package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"shardeck/shared/daemon"
)

// orphanGrace is how long a child may take to shut down after its parent is gone before
// it exits at once.
const orphanGrace = 4 * time.Second

// errParent is the cancellation cause if the parent stopped the child or is gone.
var errParent = errors.New("the demo that started this process has ended or asked it to stop")

// childFlags are the flags shared by the hidden commands of the demo's children.
type childFlags struct {
	LogLevel     string `enum:"debug,info,warn,error" default:"info" help:"Minimum level to log."`
	OrphanRemove string `name:"orphan-remove" help:"Directory to remove if the parent is gone without saying stop." hidden:""`
}

// underParent runs serve until it returns, the parent says stop, or the parent is gone,
// which closes stdin. An orphan removes the demo's temporary directory, since nobody else
// is left to do it, and exits after orphanGrace even if serve has not returned.
func (f *childFlags) underParent(ctx context.Context, stdin io.Reader, logger *slog.Logger, serve func(context.Context) error) error {
	daemon.TuneGC()
	dir := ""
	if f.OrphanRemove != "" {
		if err := checkMarker(f.OrphanRemove); err != nil {
			return err
		}
		dir = f.OrphanRemove
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	orphaned := make(chan *time.Timer, 1)
	go func() { // returns when stdin closes, at the latest when the process exits
		if askedToStop(stdin) {
			cancel(errParent)
			return
		}
		logger.Warn("the parent is gone; shutting down")
		orphaned <- time.AfterFunc(orphanGrace, func() {
			removeOrphaned(dir, logger)
			os.Exit(1)
		})
		cancel(errParent)
	}()
	err := serve(ctx)
	select {
	case hardEnd := <-orphaned:
		hardEnd.Stop()
		removeOrphaned(dir, logger)
	default:
	}
	if errors.Is(context.Cause(ctx), errParent) && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// askedToStop waits until the parent says stop (true) or is gone (false).
func askedToStop(stdin io.Reader) bool {
	lines := bufio.NewScanner(stdin)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == stopWord {
			return true
		}
	}
	return false
}

// removeOrphaned removes the demo's directory, if there is one to remove. The other orphans
// may still write to it (a journal, or a lease that is renewed), and on Windows a file that
// another has open cannot be removed: whoever ends last removes what the others could not,
// so a failure is only logged.
func removeOrphaned(dir string, logger *slog.Logger) {
	if dir == "" {
		return
	}
	if err := os.RemoveAll(dir); err != nil {
		logger.Debug("not all of the run directory could be removed yet", "error", err)
	}
}

// checkMarker refuses any directory without the marker that newRunDir puts there. It is
// checked before anything is removed, since the marker may be the first file to go.
func checkMarker(dir string) error {
	_, err := os.Stat(markerPath(dir))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s has no %s file, so it is not removed", dir, markerName)
	}
	return err
}
