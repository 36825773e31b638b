package service

import (
	"bytes"
	"context"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/gather"
	"shardeck/master/plan"
	"shardeck/shared/api"
)

// written are the rows that the OUTPUT of a write answers.
type written struct {
	rows      []jsontext.Value
	truncated bool // by max_rows
}

// output computes the rows of a write with OUTPUT before anything is written, so that an expression that
// fails writes nothing; nil if there is no OUTPUT.
func (q *statement) output(ctx context.Context, p *plan.Plan) (*written, error) {
	if p.Write.Output == nil {
		return nil, nil
	}
	text, n, err := gather.Output(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &written{}
	if q.req.MaxRows != nil && *q.req.MaxRows < n {
		n, out.truncated = *q.req.MaxRows, true
	}
	out.rows = make([]jsontext.Value, 0, n)
	for line := range bytes.Lines(text) {
		if int64(len(out.rows)) == n {
			break
		}
		out.rows = append(out.rows, slices.Clip(bytes.TrimSuffix(line, []byte{'\n'})))
	}
	return out, nil
}

// answer adds the rows to the answer of a write. If it was answered from the record of an earlier request,
// whose rows may have been others, it says instead that these are not known any more.
func (out *written) answer(resp *api.SQLResponse, p *plan.Plan) {
	switch {
	case out == nil:
	case resp.Replayed && p.Write.OutputVaries:
		resp.Query.Notes = append(slices.Clip(resp.Query.Notes), "the rows of OUTPUT are not known any more, since an earlier request has written them: read them with a SELECT")
	default:
		resp.Columns, resp.Rows, resp.RowCount = p.Columns, out.rows, int64(len(out.rows))
		resp.Query.Truncated = out.truncated
	}
}
