package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/answer"
)

// SecurityCheck has the master probe every protected endpoint of every worker.
type SecurityCheck struct {
	Connection
	All  bool `name:"all" help:"Print every probe, not only the matrix and the failed ones."`
	JSON bool `name:"json" help:"Print one JSON document with every probe."`
}

// Help adds to the command's help.
func (*SecurityCheck) Help() string {
	return "Each protected endpoint of each worker is called with no token, an empty one, wrong ones and near misses, which it must refuse, and with the right one, which it must accept. A worker is proven if it has shown that it knows the token; no other is sent the token. The exit code is 1 if a probe failed or a worker could not be probed.\n\n" + ExitHelp
}

// Run requests the check and prints it.
func (c *SecurityCheck) Run(ctx context.Context, streams Streams) error {
	resp, _, err := Ask(ctx, &c.Connection, streams, func(ctx context.Context, masters *client.Cluster) (*api.SecurityCheckResponse, error) {
		return masters.SecurityCheck(ctx)
	})
	if err != nil {
		return err
	}
	if c.JSON {
		err = writeJSON(streams.Out, resp)
	} else {
		PrintSecurity(streams.Out, "", resp, c.All)
	}
	if err == nil && !resp.OK {
		err = errFailed()
	}
	return err
}

// PrintSecurity writes the matrix of groups of credentials by worker, the probes that failed (or
// every probe, if all is set), and the verdict.
func PrintSecurity(w io.Writer, indent string, resp *api.SecurityCheckResponse, all bool) {
	groups := api.CredentialGroups()
	t := (&Table{Indent: indent}).Right(0)
	head := []any{"SHARD", "WORKER", "PROVEN"}
	for _, g := range groups {
		head = append(head, g.Name)
	}
	t.Row(append(head, "PROBES")...)
	for _, wk := range resp.Workers {
		proven := "yes"
		if !wk.Proven {
			proven = "no"
		}
		row := []any{wk.Shard, wk.Worker, proven}
		for _, g := range groups {
			row = append(row, summary(resp.Probes, wk.Shard, g.Credentials))
		}
		passed := "none"
		if unanswered(resp.Probes, wk.Shard) < wk.Total {
			passed = fmt.Sprintf("%d of %d ok", wk.Passed, wk.Total)
		}
		t.Row(append(row, passed)...)
	}
	t.Fprint(w)
	for i := range resp.Workers {
		printUnanswered(w, indent, &resp.Workers[i], resp.Probes)
	}
	shown := slices.DeleteFunc(slices.Clone(resp.Probes), func(p api.SecurityProbe) bool { return !all && (p.OK || p.Status == 0) })
	if len(shown) > 0 {
		fmt.Fprintln(w)
		printProbes(w, indent, shown)
	}
	fmt.Fprintln(w, indent+answer.SecurityOf(resp).String())
}

// printUnanswered writes one line for a worker that did not answer some probes.
func printUnanswered(w io.Writer, indent string, wk *api.SecurityWorker, probes []api.SecurityProbe) {
	silent := unanswered(probes, wk.Shard)
	why := ""
	if wk.Problem != nil {
		why = ": " + Clean(wk.Problem.Detail)
	}
	switch {
	case silent == 0 && wk.Problem == nil:
	case answer.Unproven(wk):
		fmt.Fprintf(w, "%sFAILED: shard %d (%s): not proven, %d of %d probes not answered%s\n", indent, wk.Shard, Clean(wk.Worker), silent, wk.Total, why)
	case silent == wk.Total:
		fmt.Fprintf(w, "%s! shard %d (%s): not reachable, %d probes not run%s\n", indent, wk.Shard, Clean(wk.Worker), silent, why)
	default:
		fmt.Fprintf(w, "%s! shard %d (%s): %d of %d probes not answered%s\n", indent, wk.Shard, Clean(wk.Worker), silent, wk.Total, why)
	}
}

// unanswered counts a worker's probes without an answer.
func unanswered(probes []api.SecurityProbe, shard int) int {
	n := 0
	for i := range probes {
		if probes[i].Shard == shard && probes[i].Status == 0 {
			n++
		}
	}
	return n
}

func printProbes(w io.Writer, indent string, probes []api.SecurityProbe) {
	t := (&Table{Indent: indent}).Right(1, 7).Row("", "SHARD", "METHOD", "PATH", "TOKEN", "EXPECTED", "GOT", "TIME", "")
	for _, p := range probes {
		mark := "ok"
		switch {
		case p.Status == 0:
			mark = "no answer"
		case !p.OK:
			mark = "FAILED"
		}
		t.Row(mark, p.Shard, p.Endpoint.Method, p.Endpoint.Path, p.Credential, p.Expected, p.Status, millis(p.MS), p.Detail)
	}
	t.Fprint(w)
}

// summary says in a word or two how a worker's endpoints treated a group of credentials.
func summary(probes []api.SecurityProbe, shard int, cs []api.Credential) string {
	total, ok := 0, 0
	for _, p := range probes {
		if p.Shard == shard && slices.Contains(cs, p.Credential) && p.Status != 0 {
			total++
			if p.OK {
				ok++
			}
		}
	}
	word := "refused"
	if slices.Contains(cs, api.CredentialRight) {
		word = "accepted"
	}
	switch {
	case total == 0:
		return "not probed"
	case ok < total:
		return fmt.Sprintf("%d FAILED", total-ok)
	}
	return word
}
