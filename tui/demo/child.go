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
			f.removeDir(logger)
			os.Exit(1)
		})
		cancel(errParent)
	}()
	err := serve(ctx)
	select {
	case hardEnd := <-orphaned:
		hardEnd.Stop()
		f.removeDir(logger)
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

// removeDir removes the demo's directory. Several orphans may do so at once, and on
// Windows none can remove a file that another has open: the last one removes what the
// others could not, so a failure is only logged.
func (f *childFlags) removeDir(logger *slog.Logger) {
	if f.OrphanRemove == "" {
		return
	}
	if err := removeRunDir(f.OrphanRemove); err != nil {
		logger.Debug("not all of the run directory could be removed yet", "error", err)
	}
}

// removeRunDir removes a run directory, and refuses any directory without the marker that
// newRunDir puts there.
func removeRunDir(dir string) error {
	if _, err := os.Stat(markerPath(dir)); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
				return nil
			}
			return fmt.Errorf("%s has no %s file, so it is not removed", dir, markerName)
		}
		return err
	}
	return os.RemoveAll(dir)
}
