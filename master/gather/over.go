package gather

import (
	"bytes"
	"errors"
	"slices"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/jsonrow"
	"shardeck/shared/sqltypes"
)

// Over computes the window functions of a plan over the rows that base passes to its sink, and
// passes the answer's rows on. It holds the rows of one partition, or all of them where the windows
// partition differently, and the answer's rows where they must be sorted, each up to a limit beyond
// which it fails with too_complex.
func Over(p *plan.Plan, base func(Sink) error, sink Sink) error {
	o := &overer{over: p.Over, answer: newAnswer(p, p.Over.Output, p.Over.Sort, p.Over.Distinct, sink)}
	if p.Limit != nil && *p.Limit == 0 {
		o.done = true
	}
	err := base(o.take)
	if err == nil && !o.done {
		err = o.finish()
	}
	return result(err)
}

// overer computes windows over rows.
type overer struct {
	over   *plan.Over
	answer *answer
	done   bool // the limit is reached

	split jsonrow.Splitter
	rows  [][]sqltypes.Value // of the current partition: columns, then the results of the windows
	bytes int                // that rows take
}

// take implements Sink.
func (o *overer) take(block []byte, _ int64) error {
	if o.done {
		return errEnough
	}
	for len(block) > 0 {
		end := bytes.IndexByte(block, '\n')
		if end < 0 {
			return errGarbage()
		}
		if err := o.add(block[:end]); err != nil {
			if errors.Is(err, errEnough) {
				o.done = true
			}
			return err
		}
		block = block[end+1:]
	}
	return nil
}

// add adds a row. The first one of another partition ends the current one.
func (o *overer) add(line []byte) error {
	types := o.over.Types
	row, err := DecodeRow(make([]sqltypes.Value, 0, len(types)+len(o.over.Windows)), &o.split, line, types)
	if err != nil {
		return err
	}
	size := 64 + 48*cap(row)
	for i := range row {
		size += len(row[i].Str)
	}
	if len(o.rows) > 0 && !o.samePartition(row) {
		if err := o.endPartition(); err != nil {
			return err
		}
	}
	if o.bytes += size; o.bytes > maxHeld {
		p := api.NewProblem(api.CodeTooComplex, "the master needs more than %d MiB for the rows of one partition of the window functions", maxHeld>>20).At("sql")
		return p.Hinted("narrow the WHERE, select fewer columns, or let all windows PARTITION BY the same column, best the shard key")
	}
	o.rows = append(o.rows, row)
	return nil
}

func (o *overer) samePartition(row []sqltypes.Value) bool {
	first := o.rows[0]
	for i := range o.over.Partition {
		k := &o.over.Partition[i]
		if compareValues(k, first[k.Column], row[k.Column]) != 0 {
			return false
		}
	}
	return true
}

// endPartition computes the windows of the rows held, and passes on what is selected of them.
func (o *overer) endPartition() error {
	for i := range o.over.Windows {
		if err := computeWindow(&o.over.Windows[i], o.rows); err != nil {
			return problem(err)
		}
	}
	for _, row := range o.rows {
		if err := o.answer.add(row, nil, nil); err != nil {
			return err
		}
	}
	clear(o.rows)
	o.rows, o.bytes = o.rows[:0], 0
	return nil
}

// finish ends the last partition and the answer.
func (o *overer) finish() error {
	if len(o.rows) > 0 {
		if err := o.endPartition(); err != nil {
			return err
		}
	}
	return o.answer.finish()
}

// byWindow returns the order of the rows of a window: by partition, then by its ORDER BY. Rows that
// are equal keep their order.
func byWindow(w *plan.WindowFunction, rows [][]sqltypes.Value) []int {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if c := compareColumns(w.PartitionBy, rows[a], rows[b]); c != 0 {
			return c
		}
		return compareColumns(w.OrderBy, rows[a], rows[b])
	})
	return order
}

// compareColumns compares two rows by columns.
func compareColumns(keys []plan.MergeKey, a, b []sqltypes.Value) int {
	for i := range keys {
		if c := compareBy(&keys[i], &a[keys[i].Column], &b[keys[i].Column]); c != 0 {
			return c
		}
	}
	return 0
}
