package gather

import (
	"context"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/jsonrow"
	"shardeck/shared/sqltypes"
)

// maxOutput bounds the rows that the OUTPUT of a write returns, in bytes: they are computed before the
// write, and held until its outcome is known.
const maxOutput = 32 << 20

// Output returns the rows of a plan's Write.Output, one for each row that is inserted and in the order of
// the statement, as lines of JSON. It fails with an error of an expression, with too_complex beyond 32 MiB,
// or with that of ctx.
func Output(ctx context.Context, p *plan.Plan) ([]byte, int64, error) {
	var all []byte
	var rows int64
	a := newAnswer(p, p.Write.Output, nil, false, func(block []byte, n int64) error {
		if rows += n; len(all)+len(block) > maxOutput {
			return api.NewProblem(api.CodeTooComplex, "the rows of OUTPUT take more than %d MiB; nothing was written", maxOutput>>20).At(p.Field).
				Hinted("insert the rows in several statements, or name fewer columns in OUTPUT")
		}
		all = append(all, block...)
		return nil
	})
	types, err := fieldTypes(p.Write.Columns)
	if err != nil {
		return nil, 0, err
	}
	var split jsonrow.Splitter
	var fields []sqltypes.Value
	for _, line := range sentRows(p) {
		if ctx.Err() != nil {
			return nil, 0, context.Cause(ctx)
		}
		if fields, err = DecodeRow(fields[:0], &split, line, types); err != nil {
			return nil, 0, err
		}
		if err := a.add(fields, nil, nil); err != nil {
			return nil, 0, err
		}
	}
	if err := a.finish(); err != nil {
		return nil, 0, err
	}
	return all, rows, nil
}

// fieldTypes returns the types of an inserted row as it is sent: those of the columns, and of the slot.
func fieldTypes(columns []api.Column) ([]sqltypes.Type, error) {
	types := make([]sqltypes.Type, 0, len(columns)+1)
	for i := range columns {
		t, err := sqltypes.Parse(columns[i].Type)
		if err != nil {
			return nil, err
		}
		types = append(types, t)
	}
	return append(types, sqltypes.IntType), nil
}

// sentRows returns the rows that an insert sends, each once, in the order of the statement.
func sentRows(p *plan.Plan) [][]byte {
	fragments := p.Fragments
	if p.Copies && len(fragments) > 0 {
		fragments = fragments[:1]
	}
	n := 0
	for i := range fragments {
		n += len(fragments[i].Rows)
	}
	rows := make([][]byte, n)
	for i := range fragments {
		for j, at := range fragments[i].RowIndex {
			rows[at] = fragments[i].Rows[j]
		}
	}
	return rows
}
