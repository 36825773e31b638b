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
	To   string `name:"to" placeholder:"URL" help:"The backup to promote; else the one among --master that answers and knows the newest term."`
	Yes  bool   `name:"yes" short:"y" help:"Do it. Without this the command only says what it would do, and ends with 2."`
	JSON bool   `name:"json" help:"Print one JSON document."`
}

// Help adds to the command's help.
func (*Failover) Help() string {
	return "The backup takes the next term on every worker (from then on they refuse the old primary), tells the old primary if it lives, and becomes primary. Ends with 4 when it refused or could not; nothing has changed then unless the steps say so.\n\n" + ExitHelp
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
		return Usagef("this would make %s the primary with a term after %d, in place of %s; say --yes to do it",
			backup.Endpoint.URL, info.Term, orDash(info.Primary))
	}
	resp, err := within(ctx, c.Timeout, backup.Endpoint, func(ctx context.Context, m *client.Master) (*api.FailoverResponse, error) {
		return m.Failover(ctx)
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

// pickBackup chooses whom to promote: a backup that answers, of the newest term.
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
	p := api.NewProblem(api.CodeFailoverFailed, "no backup that could be promoted answers").
		Hinted("start a master with MASTER_ROLE=backup, or name one with --to")
	for _, cause := range causes {
		p.Causes = append(p.Causes, *causeProblem(cause))
	}
	return nil, p
}

// PrintFailover writes the steps of a failover with their times.
func PrintFailover(w io.Writer, indent string, resp *api.FailoverResponse) {
	t := (&Table{Indent: indent}).Right(0, 1).Row("AT", "TOOK", "STEP", "TARGET", "", "")
	for _, s := range resp.Steps {
		mark := "ok"
		if !s.OK {
			mark = "no"
		}
		t.Row(millis(s.AtMS), millis(s.MS), s.Name, s.Target, mark, s.Detail)
	}
	t.Fprint(w)
	fmt.Fprintf(w, "%sprimary is now %s with term %d, before %s; took %s\n",
		indent, Clean(resp.Primary), resp.Term, Clean(orDash(resp.Previous)), millis(resp.TotalMS))
}
