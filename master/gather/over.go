package gather

import (
	"bytes"
	"errors"
	"slices"

	"shardeck/master/eval"
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
	o := newOverer(p, sink)
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
	plan *plan.Plan
	over *plan.Over
	out  *emitter
	held heldGroups
	done bool // the limit is reached

	split jsonrow.Splitter
	rows  [][]sqltypes.Value // of the current partition: columns, then the results of the windows
	bytes int                // that rows take
	keys  []sqltypes.Value   // of the current partition
	line  lineEncoder
}

func newOverer(p *plan.Plan, sink Sink) *overer {
	o := &overer{plan: p, over: p.Over, out: newEmitter(p.Limit, p.Offset, p.Ties, sink)}
	for _, x := range p.Over.Output {
		o.line.types = append(o.line.types, x.Type)
	}
	o.line.row = make([]sqltypes.Value, len(p.Over.Output))
	o.keys = make([]sqltypes.Value, len(p.Over.Partition))
	if len(p.Over.Sort) > 0 {
		o.held.sort(p.Over.Sort, p.Limit, p.Offset, p.Ties || p.Over.Distinct)
	}
	return o
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
	if !o.split.Split(line, len(types)) {
		return errGarbage()
	}
	row := make([]sqltypes.Value, len(types), len(types)+len(o.over.Windows))
	size := 64 + 48*cap(row)
	for i, t := range types {
		v, err := sqltypes.DecodeWire(t, o.split.Element(line, i))
		if err != nil {
			return errGarbage()
		}
		row[i] = v
		size += len(v.Str)
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
		if err := o.emit(row); err != nil {
			return err
		}
	}
	clear(o.rows)
	o.rows, o.bytes = o.rows[:0], 0
	return nil
}

// emit passes on a row of the answer, or holds it if the answer is sorted.
func (o *overer) emit(row []sqltypes.Value) error {
	for i, x := range o.over.Output {
		v, err := eval.Eval(x, row)
		if err != nil {
			return problem(err)
		}
		o.line.row[i] = v
	}
	if len(o.over.Sort) == 0 {
		ok, err := o.out.admit(nil, nil)
		if err != nil || !ok {
			return err
		}
		if o.out.out, err = o.line.encode(o.out.out); err != nil {
			return err
		}
		return o.out.wrote()
	}
	keys := make([]sqltypes.Value, len(o.over.Sort))
	for i := range o.over.Sort {
		v, err := eval.Eval(o.over.Sort[i].Expr, row)
		if err != nil {
			return problem(err)
		}
		keys[i] = v
	}
	if !o.held.canRank(keys) {
		return nil
	}
	line, err := o.line.encode(nil)
	if err != nil {
		return err
	}
	return o.held.hold(keys, line)
}

// finish ends the last partition, and passes on the rows held in their order.
func (o *overer) finish() error {
	if len(o.rows) > 0 {
		if err := o.endPartition(); err != nil {
			return err
		}
	}
	rows := o.held.sorted()
	for i, h := range rows {
		if o.over.Distinct && i > 0 && o.held.compare(rows[i-1].keys, h.keys) == 0 {
			continue
		}
		ok, err := o.out.admit(h.keys, o.held.compareTies(o.plan.TieKeys))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		o.out.out = append(o.out.out, h.line...)
		if err := o.out.wrote(); err != nil {
			return err
		}
	}
	return o.out.flush()
}

// lineEncoder encodes rows of the answer.
type lineEncoder struct {
	types []sqltypes.Type
	row   []sqltypes.Value
}

// encode appends the current row in wire format, with a newline. It fails if the row exceeds
// [api.MaxRow].
func (e *lineEncoder) encode(dst []byte) ([]byte, error) {
	start := len(dst)
	dst = append(dst, '[')
	for i := range e.row {
		if i > 0 {
			dst = append(dst, ',')
		}
		if len(dst)-start+len(e.row[i].Str) >= api.MaxRow {
			return dst[:start], api.RowTooLarge()
		}
		dst = sqltypes.AppendJSON(dst, e.types[i], e.row[i])
	}
	if dst = append(dst, ']', '\n'); len(dst)-start > api.MaxRow {
		return dst[:start], api.RowTooLarge()
	}
	return dst, nil
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
