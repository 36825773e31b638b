package cli

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/answer"
)

// Queries lists and cancels running statements.
type Queries struct {
	List   QueriesList   `cmd:"" default:"withargs" help:"List the running statements (the default)."`
	Cancel QueriesCancel `cmd:"" help:"Cancel a running statement."`
}

// QueriesList is `queries`.
type QueriesList struct {
	Connection
	JSON bool `name:"json" help:"Print one JSON document."`
}

// Help adds to the command's help.
func (*QueriesList) Help() string { return ExitHelp }

// QueriesCancel is `queries cancel`.
type QueriesCancel struct {
	Connection
	Confirmation
	ID   string `arg:"" name:"id" help:"The statement's id, as listed."`
	JSON bool   `name:"json" help:"Print problems as JSON documents."`
}

// Help adds to the command's help.
func (*QueriesCancel) Help() string {
	return "The shards stop working on it too. A write that has begun is completed.\n\n" + ExitHelp
}

// masterQueries holds the statements running on one master.
type masterQueries struct {
	Master  string             `json:"master"`
	Queries []api.RunningQuery `json:"queries,omitzero"`
	Problem *api.Problem       `json:"problem,omitempty"`
}

// askAll calls all masters in parallel; each knows only its own statements.
func askAll[T any](ctx context.Context, c *Connection, ask func(context.Context, *client.Master) (T, error)) ([]Endpoint, []T, []error, error) {
	endpoints, err := c.Open()
	if err != nil {
		return nil, nil, nil, err
	}
	answers, errs := make([]T, len(endpoints)), make([]error, len(endpoints))
	var wg sync.WaitGroup
	for i, e := range endpoints {
		wg.Go(func() { answers[i], errs[i] = within(ctx, c.Timeout, e, ask) })
	}
	wg.Wait()
	unreachable := 0
	for _, err := range errs {
		if err != nil && Unreachable(err) {
			unreachable++
		}
	}
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case unreachable == len(endpoints):
		err = errUnreachable(errs)
	}
	return endpoints, answers, errs, err
}

// Run requests the lists and prints them.
func (q *QueriesList) Run(ctx context.Context, streams Streams) error {
	endpoints, answers, errs, err := askAll(ctx, &q.Connection, func(ctx context.Context, m *client.Master) (*api.QueriesResponse, error) {
		return m.Queries(ctx)
	})
	if err != nil {
		return err
	}
	all := make([]masterQueries, len(endpoints))
	var refused error
	for i, e := range endpoints {
		all[i] = masterQueries{Master: e.URL}
		if errs[i] == nil {
			all[i].Queries = answers[i].Queries
			continue
		}
		all[i].Problem = causeProblem(errs[i])
		if !Unreachable(errs[i]) && refused == nil {
			refused = fmt.Errorf("%s: %w", e.URL, errs[i])
		}
	}
	if refused != nil {
		return refused
	}
	if q.JSON {
		return writeJSON(streams.Out, all)
	}
	t := (&Table{}).Right(2, 3).Row("ID", "MASTER", "TIME", "ROWS", "SHARDS", "AWAITED", "DATABASE", "STATEMENT")
	running := 0
	for i := range all {
		if p := all[i].Problem; p != nil {
			fmt.Fprintf(streams.Err, "note: %s\n", Clean(p.Detail))
		}
		for k := range all[i].Queries {
			r := &all[i].Queries[k]
			running++
			t.Row(r.ID, all[i].Master, millis(r.MS), r.Rows, shardList(r.Shards), shardList(awaited(r)), r.DB, abbreviated(r))
		}
	}
	if running == 0 {
		fmt.Fprintln(streams.Err, "No statement is running.")
		return nil
	}
	t.Fprint(streams.Out)
	return nil
}

func shardList(shards []int) string {
	if len(shards) == 0 {
		return "-"
	}
	list := answer.Shards(shards)
	list = strings.TrimPrefix(list, "shards ")
	return strings.TrimPrefix(list, "shard ")
}

// awaited lists the shards that the statement is waiting for.
func awaited(r *api.RunningQuery) (shards []int) {
	for i := range r.Parts {
		if r.Parts[i].State == api.PartAwaited {
			shards = append(shards, r.Parts[i].Shard)
		}
	}
	return shards
}

// abbreviated returns the beginning of a statement on one line.
func abbreviated(r *api.RunningQuery) string {
	text := ansi.Truncate(Clean(strings.Join(strings.Fields(r.SQL), " ")), 60, "…")
	if r.Canceled {
		text = "(cancelling) " + text
	}
	return text
}

// Run cancels the statement at the master that runs it.
func (q *QueriesCancel) Run(ctx context.Context, streams Streams) error {
	if err := q.mayChange("cancelling a statement", q.Confirmation); err != nil {
		return err
	}
	endpoints, _, errs, err := askAll(ctx, &q.Connection, func(ctx context.Context, m *client.Master) (struct{}, error) {
		return struct{}{}, m.CancelQuery(ctx, q.ID)
	})
	if err != nil {
		return err
	}
	var worst error
	for i, e := range endpoints {
		switch {
		case errs[i] == nil:
			fmt.Fprintf(streams.Out, "cancelled at %s\n", e.URL)
			return nil
		case worst == nil || api.CodeOf(worst) == api.CodeUnknownQuery:
			worst = fmt.Errorf("%s: %w", e.URL, errs[i])
		}
	}
	return worst
}
