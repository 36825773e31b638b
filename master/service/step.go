package service

import (
	"bytes"
	"context"

	"shardeck/master/gather"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/shared/api"
	"shardeck/shared/httpserve"
	"shardeck/shared/jsonrow"
	"shardeck/shared/sqltypes"
)

// Bounds of what a statement runs before the rest of it is planned.
const (
	// maxSteps is the maximum number of steps of a statement.
	maxSteps = 64
	// maxStepBytes is the maximum size of the rows of a step, in bytes of JSON.
	maxStepBytes = 8 << 20
	// maxStepValues is the maximum number of values in the rows of a step, which is that of an IN
	// list too.
	maxStepValues = 100_000
)

func tooManySteps() error {
	return api.NewProblem(api.CodeTooComplex, "more than %d subqueries have to be run before the statement", maxSteps).At("sql").
		Hinted("run some of them as statements of their own")
}

// runStep runs a step and returns its rows, within bounds.
func (q *statement) runStep(ctx context.Context, step *planner.Step) ([][]sqltypes.Value, error) {
	return q.read(ctx, func(context.Context) (*plan.Plan, error) { return step.Plan, nil }, step.Types())
}

// read runs a query whose columns have these types, and returns its rows, within bounds.
func (q *statement) read(ctx context.Context, makePlan func(context.Context) (*plan.Plan, error), types []sqltypes.Type) ([][]sqltypes.Value, error) {
	var rows [][]sqltypes.Value
	size, values := 0, 0
	var split jsonrow.Splitter
	take := func(block []byte, _ int64) error {
		size += len(block)
		for len(block) > 0 {
			line, rest, _ := bytes.Cut(block, []byte{'\n'})
			row, err := gather.DecodeRow(make([]sqltypes.Value, 0, len(types)), &split, line, types)
			if err != nil {
				return err
			}
			rows = append(rows, row)
			block = rest
			values += len(types)
		}
		if size > maxStepBytes || values > maxStepValues {
			return api.NewProblem(api.CodeTooComplex, "a part of the statement that is run beforehand returns more than %d values or %d MiB", maxStepValues, maxStepBytes>>20).At("sql").
				Hinted("narrow its WHERE, select fewer columns, or join by the shard key so that each shard answers alone")
		}
		return nil
	}
	run := func(p *plan.Plan) error {
		rows, size, values = nil, 0, 0
		r, err := q.s.open(ctx, httpserve.RequestID(q.r), p, false, nil)
		if err != nil {
			return err
		}
		defer r.close()
		return r.gather(p, take)
	}
	err := q.s.planAndRun(ctx, makePlan, run)
	if cause, ok := context.Cause(ctx).(*api.Problem); ok && err != nil {
		err = cause
	}
	return rows, err
}
