package sqlite

import (
	"shardeck/shared/sqlfunc"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// defineAggregate defines a native aggregate.
func (d *definer) defineAggregate(n sqlfunc.NativeAggregate) {
	d.errs = append(d.errs, d.conn.CreateAggregate(n.Name, n.Arguments, func() raw.Aggregate {
		return &aggregation{d: d, of: n.Start(d.types)}
	}))
}

// aggregation is an aggregate within one group.
type aggregation struct {
	d  *definer
	of sqlfunc.Accumulator
}

func (g *aggregation) Step(args []raw.Arg) error {
	g.d.args = g.d.args[:0]
	for _, a := range args {
		g.d.args = append(g.d.args, value(a))
	}
	return g.of.Step(g.d.args)
}

func (g *aggregation) Final(r *raw.Result) error {
	v, err := g.of.Final()
	return give(r, v, err)
}
