package sqlserver

import (
	"context"
	"database/sql/driver"
	"slices"
	"strconv"
	"strings"

	"shardeck/shared/api"
)

// Limits of one batch. A call takes 2100 parameters, of which the engine needs a few for itself
// and for each statement; and a text with many calls has a separate plan for each number of them.
const (
	batchParams     = 2060
	batchExecutions = 64
)

// inParts reports whether the write is too large for one batch. It is then a transaction of
// several batches, which the client begins and ends.
func (w *write) inParts() bool {
	params := 24
	for i := range w.x.Decoded {
		st := &w.x.Decoded[i]
		params += 5 + st.Executions*len(st.Params)
	}
	return w.x.Executions > batchExecutions+len(w.x.Decoded) || params > batchParams
}

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
	if err == nil && out.kind == kindDone {
		if err = tx.Commit(); err == nil {
			return sent{out: out, keep: true}
		}
		return sent{err: err, at: phaseWrite}
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
func (p *parts) run(ctx context.Context) (*outcome, error) {
	head := newBatch(beginPart)
	p.w.head(head)
	head.end(endPart)
	out, err := p.c.run(ctx, head)
	if err != nil || out.kind != kindDone {
		return out, err
	}
	for i := range p.w.x.Decoded {
		if out, err = p.statement(ctx, i); err != nil || out.kind != kindDone {
			return out, err
		}
	}
	return p.finish(ctx)
}

// statement runs a statement's rows in as many batches as needed, or by bulk copy.
func (p *parts) statement(ctx context.Context, i int) (*outcome, error) {
	st := &p.w.x.Decoded[i]
	if p.w.usesBulk(st) {
		return p.bulk(ctx, i)
	}
	return p.inRows(ctx, i)
}

func (p *parts) inRows(ctx context.Context, i int) (*outcome, error) {
	st := &p.w.x.Decoded[i]
	step := batchExecutions
	if n := len(st.Params); n > 0 {
		step = max(1, min(step, (batchParams-24)/n))
	}
	for first := 0; first < st.Executions; first += step {
		out, err := p.rows(ctx, i, first, min(first+step, st.Executions))
		if err != nil || out.kind != kindDone {
			return out, err
		}
	}
	return &outcome{kind: kindDone}, nil
}

// rows runs executions first (inclusive) to last (exclusive) of statement i.
func (p *parts) rows(ctx context.Context, i, first, last int) (*outcome, error) {
	b := newBatch(beginPart)
	if err := b.statement(i, &p.w.x.Decoded[i], first, last); err != nil {
		return nil, err
	}
	b.add("SET @sd_a = N',' + CAST(@sd_r", strconv.Itoa(i), " AS NVARCHAR(20));\n")
	b.end(endPart)
	out, err := p.c.run(ctx, b)
	if err != nil || out.kind != kindDone {
		return out, err
	}
	counts, err := out.rowsAffected()
	if err == nil && len(counts) == 1 {
		p.affected[i] += counts[0]
	}
	return out, err
}

// finish writes the counts and the response.
func (p *parts) finish(ctx context.Context) (*outcome, error) {
	b := newBatch(beginPart)
	for i, s := range p.sums() {
		n := strconv.Itoa(i)
		b.param("t"+n, "VARCHAR(128)", s.table)
		b.param("c"+n, "BIGINT", s.rows)
		b.count("@t"+n, "@c"+n)
	}
	for i, n := range p.affected {
		name := "r" + strconv.Itoa(i)
		b.param(name, "BIGINT", n)
		b.add("SET @sd_a = @sd_a + N',' + CAST(@", name, " AS NVARCHAR(20));\n")
	}
	if id := p.w.x.Idempotency; id != nil {
		b.param("sd_key", "BINARY(32)", keyHash(id))
		b.remember()
	}
	b.end(endPart)
	return p.c.run(ctx, b)
}

// sum is the change of a table's count.
type sum struct {
	table string
	rows  int64
}

// sums adds up the statements' changes of the counts, in the order of the tables' names (see
// counts). Rows written to a table that is then dropped go with it.
func (p *parts) sums() []sum {
	var sums []sum
	for i := range p.w.x.Decoded {
		st := &p.w.x.Decoded[i]
		table := ownName(st.Table)
		at := slices.IndexFunc(sums, func(s sum) bool { return s.table == table })
		if at < 0 {
			at = len(sums)
			sums = append(sums, sum{table: table})
		}
		switch st.Effect {
		case api.EffectInsert:
			sums[at].rows += p.affected[i]
		case api.EffectDelete:
			sums[at].rows -= p.affected[i]
		case api.EffectDropTable:
			sums[at].rows = 0
		}
	}
	slices.SortFunc(sums, func(x, y sum) int { return strings.Compare(x.table, y.table) })
	return sums
}
