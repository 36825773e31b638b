package cli

import (
	"context"
	"fmt"
	"io"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// Repair compares the copies of a reference table, and makes them equal.
type Repair struct {
	Connection
	Confirmation
	DB    string `arg:"" name:"db" help:"Database, such as SchoolDB."`
	Table string `arg:"" name:"table" help:"Reference table, such as Countries."`
	From  *int   `name:"from-shard" placeholder:"N" help:"The shard whose copy is right (default: the copy that most shards have)."`
	Yes   bool   `name:"yes" short:"y" help:"Make the copies equal. Without it the command only says how they differ, with exit code 1 if they do."`
	JSON  bool   `name:"json" help:"Print one JSON document."`
}

// Help adds to the command's help.
func (*Repair) Help() string {
	return `All rows of all copies are read and compared, while writes to the table wait. With --yes, the rows of a copy that differ are deleted and inserted until it is equal to the right one.

  repair SchoolDB Countries
  repair SchoolDB Countries --from-shard 0 --yes

The exit code is 1 if copies differ, or still do after the repair.

` + ExitHelp
}

// Run sends the request and prints the answer.
func (c *Repair) Run(ctx context.Context, streams Streams) error {
	if c.Yes {
		if err := c.mayChange("a repair", c.Confirmation); err != nil {
			return err
		}
	}
	req := &api.RepairTableRequest{DB: c.DB, Table: c.Table, FromShard: c.From, DryRun: !c.Yes}
	resp, _, err := Ask(ctx, &c.Connection, streams, func(ctx context.Context, masters *client.Cluster) (*api.RepairTableResponse, error) {
		return masters.RepairTable(ctx, req)
	})
	if err != nil {
		return err
	}
	if c.JSON {
		err = writeJSON(streams.Out, resp)
	} else {
		printRepair(streams.Out, resp, c.Yes)
	}
	if err == nil && !resp.Equal {
		err = errFailed()
	}
	return err
}

// printRepair writes how the copies differed, and what was done if that was asked for.
func printRepair(w io.Writer, resp *api.RepairTableResponse, repaired bool) {
	t := (&Table{}).Right(0, 2, 3, 4, 5, 6, 7).Row("SHARD", "WORKER", "ROWS", "MISSING", "EXTRA", "DIFFERENT", "DELETED", "INSERTED")
	for _, s := range resp.Shards {
		t.Row(s.Shard, s.Worker, s.Rows, s.Missing, s.Extra, s.Different, s.Deleted, s.Inserted)
	}
	t.Fprint(w)
	for _, s := range resp.Shards {
		if s.Problem != nil {
			fmt.Fprintf(w, "! shard %d (%s): %s\n", s.Shard, Clean(s.Worker), Clean(s.Problem.Detail))
		}
	}
	name := Clean(resp.DB + "." + resp.Table)
	switch {
	case resp.Equal:
		fmt.Fprintf(w, "the copies of %s are equal\n", name)
	case repaired:
		fmt.Fprintf(w, "the copies of %s still differ\n", name)
	case resp.FromShard == nil:
		fmt.Fprintf(w, "the copies of %s differ, and none is that of the majority: --from-shard N --yes makes them equal to shard N's\n", name)
	default:
		fmt.Fprintf(w, "the copies of %s differ, here compared with shard %d's; --yes makes them equal to it\n", name, *resp.FromShard)
	}
}
