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

// orphanGrace is how long a child whose parent is gone may take to end in order
// before it ends itself.
const orphanGrace = 4 * time.Second

// errParent is the cause of a child's end that the parent asked for or brought about.
var errParent = errors.New("the demo that started this process has ended or asked it to stop")

// childFlags are common to the hidden commands that the demo starts its children with.
type childFlags struct {
	LogLevel     string `enum:"debug,info,warn,error" default:"info" help:"Least level that is logged."`
	OrphanRemove string `name:"orphan-remove" help:"Directory to remove when the parent is gone without a word." hidden:""`
}

// underParent runs serve until it returns, the parent says stop, or the parent is
// gone, which stdin tells by closing. An orphan removes the demo's temporary
// directory, as nobody else is left to do it, and ends after orphanGrace even when
// serve does not.
func (f *childFlags) underParent(ctx context.Context, stdin io.Reader, logger *slog.Logger, serve func(context.Context) error) error {
	daemon.TuneGC()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	orphaned := make(chan *time.Timer, 1)
	go func() { // ends with stdin, at the latest with the process
		if askedToStop(stdin) {
			cancel(errParent)
			return
		}
		logger.Warn("the parent is gone; ending")
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

// askedToStop blocks until the parent says stop (true) or is gone (false).
func askedToStop(stdin io.Reader) bool {
	lines := bufio.NewScanner(stdin)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == stopWord {
			return true
		}
	}
	return false
}

// removeDir removes the demo's directory. Several orphans may do so at once, and
// on Windows none can remove a file another has open: the last one takes what the
// others had to leave, so failure is only worth a line in a log.
func (f *childFlags) removeDir(logger *slog.Logger) {
	if f.OrphanRemove == "" {
		return
	}
	if err := removeRunDir(f.OrphanRemove); err != nil {
		logger.Debug("not all of the run directory could be removed yet", "error", err)
	}
}

// removeRunDir removes a run directory this package made, and refuses any other:
// it must hold the marker that newRunDir leaves there.
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
