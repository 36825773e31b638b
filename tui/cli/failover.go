package cli

import (
	"context"
	"fmt"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/answer"
)

// Failover makes another master the primary, checks whether that is possible, or lists what happened.
type Failover struct {
	Connection
	Confirmation
	To      string `name:"to" placeholder:"URL" help:"The backup to promote (default: the one among --master that answers and has the newest term)."`
	Reason  string `name:"reason" placeholder:"TEXT" help:"Why, for the history."`
	Force   bool   `name:"force" help:"Go ahead although checks fail that are forceable."`
	DryRun  bool   `name:"dry-run" xor:"mode" help:"Print what the backup's checks find, and change nothing. The exit code is 1 if the failover would be refused."`
	History bool   `name:"history" xor:"mode" help:"List the failovers that the masters have carried out since they started."`
	Yes     bool   `name:"yes" short:"y" help:"Confirm. Without it the command only reports what it would do, with exit code 2."`
	JSON    bool   `name:"json" help:"Print one JSON document."`
}

// Help adds to the command's help.
func (*Failover) Help() string {
	return `The backup checks whether it can lead, asks the old primary to hand over if that is alive, acquires the next term on a majority of the workers (which then refuse the old primary), and becomes the primary. Row writes do not need a primary and go on meanwhile.

  failover --dry-run
  failover --yes --reason "kernel update of host a"
  failover --history

The exit code is 4 if the backup refuses or fails; then nothing has changed unless the error says so. With --dry-run it is 1 if the failover would be refused. The command is not repeated by itself: if its answer is lost, see status.

` + ExitHelp
}

// Run carries out what the flags say.
func (c *Failover) Run(ctx context.Context, streams Streams) error {
	if c.History {
		return c.history(ctx, streams)
	}
	if !c.DryRun {
		if err := c.mayChange("a failover", c.Confirmation); err != nil {
			return err
		}
	}
	endpoints, err := c.Open()
	if err != nil {
		return err
	}
	if c.To != "" {
		one := c.Connection
		one.Master = []string{c.To}
		if endpoints, err = one.Open(); err != nil {
			return err
		}
	}
	seen := Survey(ctx, endpoints, c.Timeout)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if mixed := mixedClusters(seen); mixed != "" {
		return Usagef("%s; give only masters of one cluster with --master", mixed)
	}
	backup, err := pickBackup(seen)
	if err != nil {
		return err
	}
	if !c.Yes && !c.DryRun {
		info := backup.Metadata.Master
		return Usagef("this would make %s the primary, with a term later than %d, in place of %s; see what it checks with --dry-run, and confirm with --yes",
			backup.Endpoint.URL, info.Term, orDash(info.Primary))
	}
	resp, err := within(ctx, c.Timeout, backup.Endpoint, func(ctx context.Context, m *client.Master) (*api.FailoverResponse, error) {
		return m.Failover(ctx, &api.FailoverRequest{Reason: c.Reason, Force: c.Force, DryRun: c.DryRun})
	})
	if err != nil {
		return fmt.Errorf("%s: %w", backup.Endpoint.URL, err)
	}
	if c.JSON {
		err = writeJSON(streams.Out, resp)
	} else if c.DryRun {
		printDryRun(streams.Out, backup.Endpoint.URL, resp)
	} else {
		PrintFailover(streams.Out, "", resp)
	}
	if err == nil && c.DryRun && resp.Problem != nil {
		err = errFailed()
	}
	return err
}

// pickBackup chooses the backup to promote: of those that answer, one with the newest term.
func pickBackup(seen []Sighting) (*Sighting, error) {
	var found *Sighting
	var causes []error
	answered := false
	for i := range seen {
		s := &seen[i]
		if s.Err != nil {
			causes = append(causes, s.Err)
			continue
		}
		answered = true
		if s.Metadata.Master.Role != api.RoleBackup {
			continue
		}
		if found == nil || s.Metadata.Master.Term > found.Metadata.Master.Term {
			found = s
		}
	}
	if found != nil {
		return found, nil
	}
	if !answered {
		return nil, errUnreachable(causes)
	}
	if len(seen) == 1 {
		return nil, api.NewProblem(api.CodeAlreadyPrimary, "%s is the primary already", seen[0].Endpoint.URL).
			Hinted("name the backup that is to lead with --to")
	}
	p := api.NewProblem(api.CodeFailoverFailed, "no backup master answered").
		Hinted("start a master with MASTER_ROLE=backup, or name one with --to")
	for _, cause := range causes {
		p.Causes = append(p.Causes, *causeProblem(cause))
	}
	return nil, p
}

// masterFailovers holds the failovers that one master has carried out.
type masterFailovers struct {
	Master    string                 `json:"master"`
	Failovers []api.FailoverResponse `json:"failovers,omitzero"`
	Problem   *api.Problem           `json:"problem,omitempty"`
}

// history prints the failovers of all masters: each knows only its own.
func (c *Failover) history(ctx context.Context, streams Streams) error {
	endpoints, answers, errs, err := askAll(ctx, &c.Connection, func(ctx context.Context, m *client.Master) (*api.FailoversResponse, error) {
		return m.Failovers(ctx)
	})
	if err != nil {
		return err
	}
	all := make([]masterFailovers, len(endpoints))
	for i, e := range endpoints {
		all[i] = masterFailovers{Master: e.URL}
		switch {
		case errs[i] == nil:
			all[i].Failovers = answers[i].Failovers
		case Unreachable(errs[i]):
			all[i].Problem = causeProblem(errs[i])
		default:
			return fmt.Errorf("%s: %w", e.URL, errs[i])
		}
	}
	if c.JSON {
		return writeJSON(streams.Out, all)
	}
	for i := range all {
		if p := all[i].Problem; p != nil {
			fmt.Fprintf(streams.Err, "note: %s; its failovers are not known\n", Clean(p.Detail))
		}
	}
	printHistory(streams.Out, all)
	return nil
}

// hint words a hint of a master for a shell.
func hint(p *api.Problem) string { return answer.Hint(p.Hint, answer.Shell) }
