package sqlserver

import (
	"context"
	"database/sql/driver"

	"shardeck/worker/engine/sqlserver/batch"
)

// parts is a write in progress in parts.
type parts struct {
	w        *write
	c        *conn
	affected []int64 // by each statement
	cut      bool    // the connection is in the middle of a response
}

// sendParts runs the write as a transaction of several batches.
func (w *write) sendParts(ctx context.Context, c *conn) sent {
	tx, err := c.BeginTx(ctx, driver.TxOptions{})
	if err != nil {
		return sent{err: err, keep: intact(err)}
	}
	p := &parts{w: w, c: c, affected: make([]int64, len(w.x.Decoded))}
	out, err := p.run(ctx)
	if err == nil && out.Kind == batch.KindDone {
		if err = tx.Commit(); err == nil {
			return sent{out: out, keep: true}
		}
		return sent{err: err, at: batch.PhaseWrite}
	}
	if err != nil && !intact(err) {
		return sent{err: err} // the server rolls back when the connection is closed
	}
	if p.cut {
		return sent{out: out}
	}
	return sent{out: out, err: err, keep: tx.Rollback() == nil}
}

// run runs the parts up to the first that fails.
func (p *parts) run(ctx context.Context) (*batch.Outcome, error) {
	out, err := p.c.run(ctx, p.w.x.Head())
	if err != nil || out.Kind != batch.KindDone {
		return out, err
	}
	for i := range p.w.x.Decoded {
		if out, err = p.statement(ctx, i); err != nil || out.Kind != batch.KindDone {
			return out, err
		}
	}
	return p.c.run(ctx, p.w.x.Finish(p.affected))
}

// statement runs a statement's rows in as many batches as needed, or by bulk copy.
func (p *parts) statement(ctx context.Context, i int) (*batch.Outcome, error) {
	st := &p.w.x.Decoded[i]
	if p.w.usesBulk(st) {
		return p.bulk(ctx, i)
	}
	return p.inRows(ctx, i)
}

func (p *parts) inRows(ctx context.Context, i int) (*batch.Outcome, error) {
	st := &p.w.x.Decoded[i]
	step := p.w.x.Step(i)
	for first := 0; first < st.Executions; first += step {
		out, err := p.rows(ctx, i, first, min(first+step, st.Executions))
		if err != nil || out.Kind != batch.KindDone {
			return out, err
		}
	}
	return &batch.Outcome{Kind: batch.KindDone}, nil
}

// rows runs executions first (inclusive) to last (exclusive) of statement i.
func (p *parts) rows(ctx context.Context, i, first, last int) (*batch.Outcome, error) {
	part, err := p.w.x.Part(i, first, last)
	if err != nil {
		return nil, err
	}
	out, err := p.c.run(ctx, part)
	if err != nil || out.Kind != batch.KindDone {
		return out, err
	}
	counts, err := out.RowsAffected()
	if err == nil && len(counts) == 1 {
		p.affected[i] += counts[0]
	}
	return out, err
}
