package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"shardeck/tui/cli"
)

// Command is the bench subcommand.
type Command struct {
	Round   time.Duration `help:"Length of one round of a throughput measurement." default:"2s"`
	Rounds  int           `help:"Rounds of each measurement, alternating between Shardeck and the baseline; the median ratio is printed." default:"3"`
	Clients []int         `help:"Numbers of concurrent clients." default:"1,16,64"`
	Rows    int           `help:"Rows of the big table, for counts and scans." default:"1000000"`
	Only    []string      `help:"Run only these: ${enum}." enum:"point-select,insert,bulk,count,scan,query,sqlserver,languages,failover,console" default:"point-select,insert,bulk,count,scan,query,sqlserver,languages,failover,console"`

	FailoverRounds int    `help:"How often each kind of failover is measured; 50 give a p99 worth the name." default:"5"`
	Etcd           string `help:"The program etcd, to measure its lease too." env:"SHARDECK_TEST_ETCD" default:"etcd"`
	RQLited        string `name:"rqlited" help:"The program rqlited, to measure the failover of three of them in the same run."`

	SQLServerDSN string `name:"sqlserver-dsn" help:"Connection string of a SQL Server to measure too; it creates databases there and drops them. Other users can see flags: prefer the variable." env:"SHARDECK_TEST_SQLSERVER"`
}

// Validate rejects numbers that are out of range.
func (c *Command) Validate() error {
	if c.Rounds < 1 || c.Rounds > 100 || c.Round <= 0 {
		return fmt.Errorf("--rounds must be 1 to 100, and --round greater than 0")
	}
	if c.FailoverRounds < 1 || c.FailoverRounds > 1000 {
		return fmt.Errorf("--failover-rounds must be 1 to 1000")
	}
	if c.Rows < batchRows || c.Rows%batchRows != 0 {
		return fmt.Errorf("--rows must be a multiple of %d", batchRows)
	}
	for _, n := range c.Clients {
		if n < 1 || n > 1000 {
			return fmt.Errorf("each of --clients must be 1 to 1000, not %d", n)
		}
	}
	return nil
}

// Run runs the chosen measurements in order and prints their table.
func (c *Command) Run(ctx context.Context, streams cli.Streams) error {
	r, err := newRig(ctx, c, streams.Out)
	if err != nil {
		return err
	}
	defer r.close()
	r.report.header()
	for _, m := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"point-select", r.pointSelects},
		{"insert", r.durableInserts},
		{"bulk", r.bulkInserts},
		{"count", r.counts},
		{"scan", r.scans},
		{"query", r.queries},
		{"sqlserver", r.sqlServer},
		{"languages", r.languages},
		{"failover", r.failovers},
		{"console", r.consoles},
	} {
		if !slices.Contains(c.Only, m.name) {
			continue
		}
		if err := m.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}
