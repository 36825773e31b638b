package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"shardeck/tui/cli"
	"shardeck/tui/console"
	"shardeck/tui/demo"
	"shardeck/tui/recording"
	"shardeck/tui/regular"
)

// replayCommand is `tui replay`.
type replayCommand struct {
	File string `arg:"" type:"path" help:"Recording made with --record."`
	console.Appearance
}

// Help adds to the command's help.
func (*replayCommand) Help() string {
	return "Opens the console on a recording. Space pauses, [ and ] go back and on 10 seconds, Home and End to either end, + and - change the speed. Nothing is sent to any master.\n\n" + cli.ExitHelp
}

// Run opens the console on the recording.
func (c *replayCommand) Run(ctx context.Context, settings *settings) error {
	rec, err := readRecording(c.File)
	if err != nil {
		return err
	}
	if !demo.HasTerminal() {
		return cli.Usagef("a replay requires a terminal on stdin and stdout, and a TERM other than dumb")
	}
	return console.Run(ctx, console.Options{Replay: rec, Theme: c.Theme, ASCII: c.ASCII, Presenter: c.Presenter, Bindings: settings.bindings, ThemeFile: console.ThemeFile(os.Getenv)})
}

// readRecording reads a file that the user has named.
func readRecording(path string) (rec *recording.Recording, err error) {
	f, err := regular.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, cli.Usagef("%w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if rec, err = recording.Read(f); err != nil {
		return nil, cli.Usagef("%w", fmt.Errorf("%s: %w", path, err))
	}
	return rec, nil
}
