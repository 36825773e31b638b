package demo

import (
	"context"
	_ "embed" // for the default tour
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"shardeck/tui/cli"
	"shardeck/tui/cluster"
	"shardeck/tui/console"
	"shardeck/tui/regular"
	"shardeck/tui/screen"
	guidedtour "shardeck/tui/tour"
)

//go:embed tours/default.toml
var defaultTour []byte

// defaultTourName stands for the file of the default tour in errors.
const defaultTourName = "the default tour"

// TourFile is the flag --tour, whose value may be left out.
type TourFile struct {
	Asked bool
	Path  string // "" for the default tour
}

// Decode takes the value, if there is one.
func (f *TourFile) Decode(ctx *kong.DecodeContext) error {
	f.Asked = true
	t := ctx.Scan.Peek()
	text, isText := t.Value.(string)
	if t.Type == kong.FlagValueToken || t.Type == kong.UntypedToken && isText && !strings.HasPrefix(text, "-") {
		if !isText || text == "" {
			return errors.New("the name of the file is empty")
		}
		f.Path = text
		ctx.Scan.Pop()
	}
	return nil
}

// read returns the tour.
func (f *TourFile) read() (*guidedtour.Tour, error) {
	if f.Path == "" {
		return guidedtour.Parse(defaultTourName, defaultTour, screen.PlaceNames())
	}
	if err := regular.CheckPath(f.Path); err != nil {
		return nil, cli.Usagef("--tour: %w", err)
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, cli.Usagef("--tour: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, guidedtour.MaxFile+1))
	if err != nil {
		return nil, cli.Usagef("--tour: %w", err)
	}
	t, err := guidedtour.Parse(f.Path, text, screen.PlaceNames())
	if err != nil {
		return nil, cli.Usagef("--tour: %w", err)
	}
	return t, nil
}

// check refuses a tour of something that the demo does not have.
func (c *Command) check(t *guidedtour.Tour) error {
	for i := range t.Steps {
		for k := range t.Steps[i].Do {
			a := &t.Steps[i].Do[k]
			shard, isWorker := a.Worker()
			n, isMaster := a.Master()
			if a.Verb == guidedtour.Kill && (isWorker && shard >= workerCount || isMaster && n > masterCount) {
				return cli.Usagef("--tour: the step at line %d kills %s, and the demo has workers 0 to %d and masters 1 to %d", t.Steps[i].Line, a.Text, workerCount-1, masterCount)
			}
		}
	}
	return nil
}

// masterCount is how many masters a demo has.
const masterCount = 2

// readTour returns the tour that is asked for, nil if none is.
func (c *Command) readTour() (*guidedtour.Tour, error) {
	if !c.Tour.Asked {
		return nil, nil
	}
	t, err := c.Tour.read()
	if err != nil {
		return nil, err
	}
	return t, c.check(t)
}

// guide is a tour for the console.
func (c *Command) guide(t *guidedtour.Tour, on *Cluster, traffic *Traffic) *console.Guide {
	if t == nil {
		return nil
	}
	return &console.Guide{Tour: t, Students: int64(c.Rows), Do: func(ctx context.Context, a *guidedtour.Action) (string, error) {
		return on.carryOut(ctx, a, traffic)
	}}
}

// carryOut carries out an action of a tour on the demo's processes, and says what was done.
func (c *Cluster) carryOut(ctx context.Context, a *guidedtour.Action, traffic *Traffic) (string, error) {
	switch a.Verb {
	case guidedtour.Kill:
		return c.killNamed(ctx, a)
	case guidedtour.Restart:
		urls, err := c.Restart(ctx)
		if err != nil || len(urls) == 0 {
			return "every process is already running", err
		}
		hosts := make([]string, len(urls))
		for i, u := range urls {
			hosts[i] = cluster.Host(u)
		}
		return "started " + strings.Join(hosts, ", "), nil
	case guidedtour.Traffic:
		traffic.Set(a.Text == "on")
		return "background traffic is " + a.Text, nil
	}
	return "", fmt.Errorf("the demo cannot %s", a.Verb)
}

// killNamed sends SIGKILL to the process that an action names.
func (c *Cluster) killNamed(ctx context.Context, a *guidedtour.Action) (string, error) {
	if a.Text == guidedtour.Primary {
		url, err := c.KillPrimary(ctx)
		if err != nil {
			return "", err
		}
		return "sent SIGKILL to " + cluster.Host(url), nil
	}
	var p *process
	if shard, ok := a.Worker(); ok && shard < len(c.workers) {
		p = c.workers[shard]
	}
	if n, ok := a.Master(); ok && n >= 1 && n <= len(c.masters) {
		p = c.masters[n-1]
	}
	switch {
	case p == nil:
		return "", errors.New("the demo has no " + a.Text)
	case !p.alive():
		return "", errors.New(p.name + " is not running")
	}
	return "sent SIGKILL to " + p.name, p.kill()
}

// tourVerbs are the actions that need the demo's processes; the others need only masters.
func tourVerbs() []string { return []string{guidedtour.Kill, guidedtour.Restart, guidedtour.Traffic} }

func needsProcesses(a *guidedtour.Action) bool { return slices.Contains(tourVerbs(), a.Verb) }
