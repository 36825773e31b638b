package gather

import (
	"slices"

	"shardeck/master/eval"
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// maxRowValues bounds what the values of a row take before it is encoded, in bytes.
const maxRowValues = 128 << 20

// answer computes the rows of an answer, each from a row of values, and passes them on. If they must
// be sorted it holds them, up to a limit beyond which it fails with too_complex.
type answer struct {
	output   []*plan.Expr
	sort     []plan.FinalKey
	distinct bool
	ties     int // number of leading keys that decide ties
	out      *emitter
	held     heldGroups

	line     lineEncoder
	sortKeys []sqltypes.Value // of the current row
}

func newAnswer(p *plan.Plan, output []*plan.Expr, sort []plan.FinalKey, distinct bool, sink Sink) *answer {
	a := &answer{
		output: output, sort: sort, distinct: distinct, ties: p.TieKeys,
		out:      newEmitter(p.Limit, p.Offset, p.Ties, sink),
		line:     lineEncoder{row: make([]sqltypes.Value, len(output))},
		sortKeys: make([]sqltypes.Value, len(sort)),
	}
	for _, x := range output {
		a.line.types = append(a.line.types, x.Type)
	}
	if len(sort) > 0 {
		a.held.sort(sort, p.Limit, p.Offset, p.Ties || distinct)
	}
	return a
}

// add adds the row that follows from fields. If the answer is not sorted, the row is the next one, and
// tied compares keys with those of other rows to find ties.
func (a *answer) add(fields, keys []sqltypes.Value, tied func(a, b []sqltypes.Value) int) error {
	size := 0
	for i, x := range a.output {
		v, err := eval.Eval(x, fields)
		if err != nil {
			return problem(err)
		}
		if size += len(v.Str); size > maxRowValues {
			return api.RowTooLarge()
		}
		a.line.row[i] = v
	}
	if len(a.sort) == 0 {
		return a.emit(keys, tied, nil)
	}
	for i := range a.sort {
		v, err := eval.Eval(a.sort[i].Expr, fields)
		if err != nil {
			return problem(err)
		}
		a.sortKeys[i] = v
	}
	if !a.held.canRank(a.sortKeys) {
		return nil
	}
	line, err := a.line.encode(nil)
	if err != nil {
		return err
	}
	return a.held.hold(slices.Clone(a.sortKeys), line)
}

// emit passes a row on: line if it is encoded already, or else the current row.
func (a *answer) emit(keys []sqltypes.Value, tied func(a, b []sqltypes.Value) int, line []byte) error {
	ok, err := a.out.admit(keys, tied)
	if err != nil || !ok {
		return err
	}
	if line != nil {
		a.out.out = append(a.out.out, line...)
	} else if a.out.out, err = a.line.encode(a.out.out); err != nil {
		return err
	}
	return a.out.wrote()
}

// finish passes on the rows that are held, in order, and ends the answer.
func (a *answer) finish() error {
	rows := a.held.sorted()
	for i, h := range rows {
		if a.distinct && i > 0 && a.held.compare(rows[i-1].keys, h.keys) == 0 {
			continue
		}
		if err := a.emit(h.keys, a.held.compareTies(a.ties), h.line); err != nil {
			return err
		}
	}
	return a.out.flush()
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
