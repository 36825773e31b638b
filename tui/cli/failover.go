package cli

import (
	"context"
	"fmt"
	"io"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// Failover promotes a backup master.
type Failover struct {
	Connection
	To   string `name:"to" placeholder:"URL" help:"The backup to promote (default: the one among --master that answers and has the newest term)."`
	Yes  bool   `name:"yes" short:"y" help:"Confirm. Without it the command only reports what it would do, with exit code 2."`
	JSON bool   `name:"json" help:"Print one JSON document."`
}

// Help adds to the command's help.
func (*Failover) Help() string {
	return "The backup acquires the next term on the workers (which then refuse the old primary), notifies the old primary if it is alive, and becomes the primary. The exit code is 4 if it refuses or fails; then nothing has changed unless the steps say so.\n\n" + ExitHelp
}

// Run picks the backup, promotes it and prints the steps.
func (c *Failover) Run(ctx context.Context, streams Streams) error {
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
	backup, err := pickBackup(seen)
	if err != nil {
		return err
	}
	if !c.Yes {
		info := backup.Metadata.Master
		return Usagef("this would make %s the primary, with a term later than %d, in place of %s; confirm with --yes",
			backup.Endpoint.URL, info.Term, orDash(info.Primary))
	}
	resp, err := within(ctx, c.Timeout, backup.Endpoint, func(ctx context.Context, m *client.Master) (*api.FailoverResponse, error) {
		return m.Failover(ctx, &api.FailoverRequest{})
	})
	if err != nil {
		return fmt.Errorf("%s: %w", backup.Endpoint.URL, err)
	}
	if c.JSON {
		return writeJSON(streams.Out, resp)
	}
	PrintFailover(streams.Out, "", resp)
	return nil
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
	p := api.NewProblem(api.CodeFailoverFailed, "no backup master answered").
		Hinted("start a master with MASTER_ROLE=backup, or name one with --to")
	for _, cause := range causes {
		p.Causes = append(p.Causes, *causeProblem(cause))
	}
	return nil, p
}

// PrintFailover writes the steps of a failover and how long they took.
func PrintFailover(w io.Writer, indent string, resp *api.FailoverResponse) {
	t := (&Table{Indent: indent}).Right(0, 1).Row("AT", "TOOK", "STEP", "TARGET", "", "")
	for _, s := range resp.Steps {
		mark := "ok"
		if !s.OK {
			mark = "failed"
		}
		t.Row(millis(s.AtMS), millis(s.MS), s.Name, s.Target, mark, s.Detail)
	}
	t.Fprint(w)
	fmt.Fprintf(w, "%sthe primary is now %s with term %d (before: %s); took %s\n",
		indent, Clean(resp.Primary), resp.Term, Clean(orDash(resp.Previous)), millis(resp.TotalMS))
}
