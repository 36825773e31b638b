package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/answer"
)

// Count counts rows by MapReduce: each shard counts its own rows, and the master adds the counts up.
type Count struct {
	Connection
	DB           string   `arg:"" name:"db" help:"Database, such as SchoolDB."`
	Table        string   `arg:"" name:"table" help:"Table, such as Students."`
	Where        string   `name:"where" placeholder:"CONDITION" help:"T-SQL search condition, such as \"gpa >= 3.5 AND major IS NOT NULL\"."`
	GroupBy      []string `name:"group-by" sep:"," placeholder:"COLUMN,..." help:"Count each group of these columns."`
	AllowPartial bool     `name:"allow-partial" help:"Omit shards that do not answer; the exit code is then 1."`
	JSON         bool     `name:"json" help:"Print one JSON document."`
}

// Help adds to the command's help.
func (*Count) Help() string { return ExitHelp }

// Run sends the request and prints the answer.
func (c *Count) Run(ctx context.Context, streams Streams) error {
	req := &api.MapReduceCountRequest{
		DB: c.DB, Table: c.Table, Condition: c.Where, GroupBy: api.NameList(c.GroupBy), AllowPartial: c.AllowPartial,
	}
	resp, _, err := Ask(ctx, &c.Connection, streams, func(ctx context.Context, masters *client.Cluster) (*api.MapReduceCountResponse, error) {
		return masters.Count(ctx, req)
	})
	if err != nil {
		return err
	}
	if c.JSON {
		err = writeJSON(streams.Out, resp)
	} else {
		PrintCount(streams.Out, "", resp)
	}
	if err == nil && len(resp.Partial) > 0 {
		err = errFailed()
	}
	return err
}

// PrintCount writes a count: each shard's count, the groups and the total.
func PrintCount(w io.Writer, indent string, resp *api.MapReduceCountResponse) {
	t := (&Table{Indent: indent}).Right(0, 2, 3).Row("SHARD", "WORKER", "COUNT", "TIME")
	for _, s := range resp.Shards {
		t.Row(s.Shard, s.Worker, s.Rows, millis(s.MS))
	}
	t.Fprint(w)
	if len(resp.Groups) > 0 {
		fmt.Fprintln(w)
		PrintGroups(w, indent, resp, len(resp.Groups))
	}
	for i := range resp.Partial {
		fmt.Fprintf(w, "%s! omitted: %s\n", indent, Clean(resp.Partial[i].Error()))
	}
	what := "total"
	if len(resp.Partial) > 0 {
		what = "PARTIAL total"
	}
	fmt.Fprintf(w, "%s%s %d   map %s, reduce %s\n", indent, what, resp.Total, millis(resp.MapMS), millis(resp.ReduceMS))
}

// PrintGroups writes at most limit groups with each shard's count, and how many more there are.
func PrintGroups(w io.Writer, indent string, resp *api.MapReduceCountResponse, limit int) {
	t := (&Table{Indent: indent}).Right(0)
	head := []any{"COUNT"}
	for i := range resp.Groups[0].Shards {
		t.Right(i + 1)
		head = append(head, fmt.Sprintf("SHARD %d", i))
	}
	for _, col := range resp.GroupColumns {
		head = append(head, strings.ToUpper(col.Name))
	}
	t.Row(head...)
	for i, g := range resp.Groups {
		if i == limit {
			break
		}
		row := []any{g.Count}
		for _, n := range g.Shards {
			row = append(row, n)
		}
		for _, v := range Cells(g.Key) {
			row = append(row, v)
		}
		t.Row(row...)
	}
	t.Fprint(w)
	if more := len(resp.Groups) - limit; more > 0 {
		fmt.Fprintf(w, "%s... and %d more groups\n", indent, more)
	}
}

// Cells returns the values of a JSON array as text for people: strings without
// their quotes, null as NULL.
func Cells(array jsontext.Value) []string {
	cells := answer.Cells(array, 0)
	texts := make([]string, len(cells))
	for i := range cells {
		texts[i] = cells[i].Text
	}
	return texts
}
