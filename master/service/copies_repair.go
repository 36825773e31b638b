package service

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/bind"
	"shardeck/master/intent"
	"shardeck/master/plan"
	"shardeck/master/replica"
	"shardeck/master/scatter"
	"shardeck/shared/api"
	"shardeck/shared/httpserve"
	"shardeck/shared/sharding"
	"shardeck/shared/sqltypes"
)

func (s *Service) repairTable(w http.ResponseWriter, r *http.Request) error {
	var req api.RepairTableRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	t, err := s.table(r.Context(), req.DB, req.Table)
	if err != nil {
		return err
	}
	if !t.Replicated {
		return api.NewProblem(api.CodeInvalidField, "%s is not a reference table: its rows are on one shard each, and there is nothing to compare them with", t.Name).At("table").
			Hinted("name a table that was created WITH (DISTRIBUTION = REPLICATE)")
	}
	if n := s.slots.Shards(); req.FromShard != nil && (*req.FromShard < 0 || *req.FromShard >= n) {
		return api.NewProblem(api.CodeInvalidField, "there is no shard %d", *req.FromShard).At("from_shard").Hinted("the shards are 0 to %d", n-1)
	}
	resp, err := s.copies.repair(r.Context(), &req)
	if err != nil {
		return err
	}
	return httpserve.WriteJSON(w, http.StatusOK, resp)
}

// repair compares the copies of a table in its turn, and makes them equal.
func (c *copies) repair(ctx context.Context, req *api.RepairTableRequest) (*api.RepairTableResponse, error) {
	held, release, err := c.hold(ctx, req.DB, req.Table)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := preflight(c.s.prober.Snapshot()); err != nil {
		return nil, err
	}
	term, err := c.prepare(ctx, held)
	if err != nil {
		return nil, err
	}
	t, err := c.s.table(ctx, req.DB, req.Table) // as it is now
	if err != nil {
		return nil, err
	}
	digests, err := c.digests(ctx, t)
	if err != nil {
		return nil, err
	}
	resp := &api.RepairTableResponse{DB: t.DB, Table: t.Name, FromShard: req.FromShard, Equal: true}
	from, decided := replica.Choose(digests, c.home(t.DB, t.Name))
	if req.FromShard != nil {
		from, decided = *req.FromShard, true
	}
	if decided {
		resp.FromShard = &from
	} else if !req.DryRun {
		return nil, api.NewProblem(api.CodeInvalidField, "the copies of %s.%s differ, and none is that of the majority", t.DB, t.Name).At("from_shard").
			Hinted("send from_shard, the shard whose copy is right; dry_run: true says how the copies differ")
	}
	one := mending{c: c, held: held, t: t, fence: api.Fence{Term: term, MapVersion: c.s.slots.Version()}, from: from, dry: req.DryRun}
	for shard, d := range digests {
		r := api.CopyResult{Shard: shard, Worker: c.s.workerName(shard), Rows: d.Rows}
		if *d != *digests[from] && !one.shard(ctx, &r) {
			resp.Equal = false
		}
		resp.Shards = append(resp.Shards, r)
	}
	if resp.Equal {
		c.note(t, nil, nil)
	} else {
		c.note(t, &from, resp.Shards)
	}
	if !req.DryRun {
		c.reportRepair(resp)
	}
	return resp, nil
}

// home returns the shard whose copy of a table is written first, if a write has no key.
func (c *copies) home(db, table string) int {
	return c.s.slots.Shard(sharding.Slot(strings.ToLower(db + "." + table)))
}

// digests reads all copies. It fails if one cannot be read.
func (c *copies) digests(ctx context.Context, t *bind.Table) ([]*replica.Digest, error) {
	shards := make([]int, c.s.slots.Shards())
	for i := range shards {
		shards[i] = i
	}
	streams, err := c.read(ctx, t, shards, nil)
	if err != nil {
		return nil, err
	}
	layout := layoutOf(t)
	digests := make([]*replica.Digest, len(streams))
	errs := make([]error, len(streams))
	var wg sync.WaitGroup
	for i, st := range streams {
		wg.Go(func() {
			defer st.Close()
			d, err := layout.Digest(st)
			digests[i], errs[i] = &d, err
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, api.AsProblem(err).On(shards[i], c.s.workerName(shards[i]))
		}
	}
	return digests, nil
}

// layoutOf describes a table's rows to package replica: sorted by the primary key, or else by all columns.
func layoutOf(t *bind.Table) *replica.Table {
	layout := &replica.Table{}
	for i := range t.Columns {
		layout.Types = append(layout.Types, t.Columns[i].Type)
	}
	for _, name := range t.Def.PrimaryKey {
		_, i := t.Def.Column(name)
		layout.Keys = append(layout.Keys, i)
	}
	for i := 0; len(t.Def.PrimaryKey) == 0 && i < len(t.Columns); i++ {
		layout.Keys = append(layout.Keys, i)
	}
	return layout
}

// read opens the copies of some shards, sorted by the columns keys if there are any.
func (c *copies) read(ctx context.Context, t *bind.Table, shards, keys []int) ([]*scatter.Stream, error) {
	p := &plan.Plan{Op: plan.OpSelect, DB: t.DB, Table: t.Name, SchemaVersion: t.Version, Columns: t.Header, Query: &plan.Query{Output: t.Outputs}}
	for _, k := range keys {
		p.Query.OrderBy = append(p.Query.OrderBy, plan.SortKey{Expr: t.Columns[k].Expr})
	}
	var calls []scatter.QueryCall
	for _, shard := range shards {
		d, err := c.s.dialectOf(shard)
		if err != nil {
			return nil, err
		}
		req, err := d.Query(p, &plan.Fragment{Shard: shard})
		if err != nil {
			return nil, err
		}
		calls = append(calls, scatter.QueryCall{Shard: shard, Request: req})
	}
	streams, problems := c.s.scatter.Query(ctx, "", scatter.Streaming, calls, true)
	for _, p := range problems {
		if p == nil {
			continue
		}
		for _, st := range streams {
			if st != nil {
				st.Close()
			}
		}
		return nil, p
	}
	return streams, nil
}

// mending makes copies of a table equal to that of shard from.
type mending struct {
	c     *copies
	held  *copyTable
	t     *bind.Table
	fence api.Fence
	from  int
	dry   bool
}

// maxMended bounds what one pass over a copy holds, in bytes; the next pass does the rest.
const maxMended = 32 << 20

// pass is what one comparison of a copy has found.
type pass struct {
	missing, extra, different int64

	deletes [][]sqltypes.Value // keys
	inserts [][]byte
	size    int
	// partial means that not all of it was kept.
	partial bool
}

// shard compares a shard's copy, and repairs it until it is equal or cannot be. It reports whether it is.
func (m *mending) shard(ctx context.Context, r *api.CopyResult) (equal bool) {
	layout := layoutOf(m.t)
	last := int64(-1) // rows that differed in the pass before
	for {
		streams, err := m.c.read(ctx, m.t, []int{m.from, r.Shard}, layout.Keys)
		if err != nil {
			r.Problem = api.AsProblem(err)
			return false
		}
		var found pass
		want, have, err := layout.Compare(streams[0], streams[1], found.visit)
		streams[0].Close()
		streams[1].Close()
		if err != nil {
			r.Problem = api.AsProblem(err)
			return false
		}
		if last < 0 {
			r.Missing, r.Extra, r.Different = found.missing, found.extra, found.different
		}
		switch n := found.missing + found.extra + found.different; {
		case want == have:
			return true
		case m.dry:
			return false
		case last >= 0 && n >= last && !found.partial:
			r.Problem = api.NewProblem(api.CodeUnsupported, "%d rows of shard %d still differ after the repair", n, r.Shard).On(r.Shard, r.Worker).
				Hinted("send the request again; if it does not help, drop the table and create it anew")
			return false
		default:
			last = n
		}
		if p := m.apply(ctx, r, &found); p != nil {
			r.Problem = p
			return false
		}
	}
}

func (f *pass) visit(d *replica.Difference) error {
	f.missing += int64(d.Missing())
	f.extra += int64(d.Extra())
	f.different += int64(d.Changed())
	for _, row := range d.Want {
		f.size += len(row)
	}
	for _, row := range d.Have {
		f.size += len(row)
	}
	if f.size > maxMended && len(f.deletes)+len(f.inserts) > 0 {
		f.partial = true
		return nil
	}
	if len(d.Have) > 0 {
		f.deletes = append(f.deletes, d.Key)
	}
	f.inserts = append(f.inserts, d.Want...)
	return nil
}

const (
	// maxMendedRows and maxMendedBytes bound what one transaction of a repair writes.
	maxMendedRows  = 500
	maxMendedBytes = 1 << 20
	// maxMendedValues bounds the constants of one DELETE.
	maxMendedValues = 1000
)

// apply deletes and then inserts, in bounded transactions. Rows may only be inserted once all that
// conflict with them are gone, so those of a partial pass with deletions are left to the next.
func (m *mending) apply(ctx context.Context, r *api.CopyResult, f *pass) *api.Problem {
	layout := layoutOf(m.t)
	for rest := f.deletes; len(rest) > 0; {
		n := min(len(rest), max(1, min(maxMendedRows, maxMendedValues/len(layout.Keys))))
		p := m.plan(plan.OpDelete, r.Shard)
		p.Write = &plan.Write{Where: m.among(layout.Keys, rest[:n])}
		done, problem := m.exec(ctx, p)
		if problem != nil {
			return problem
		}
		r.Deleted += done
		rest = rest[n:]
	}
	if f.partial && len(f.deletes) > 0 {
		return nil
	}
	for rest := f.inserts; len(rest) > 0; {
		p := m.plan(plan.OpInsert, r.Shard)
		p.Write = &plan.Write{Columns: m.t.Header}
		size, n := 0, 0
		for n < len(rest) && n < maxMendedRows && (n == 0 || size+len(rest[n]) <= maxMendedBytes) {
			size += len(rest[n])
			row := append(append(jsontext.Value{}, rest[n][:len(rest[n])-1]...), ",0]"...) // the slot of all copies
			p.Fragments[0].Rows = append(p.Fragments[0].Rows, row)
			n++
		}
		done, problem := m.exec(ctx, p)
		if problem != nil {
			return problem
		}
		r.Inserted += done
		rest = rest[n:]
	}
	return nil
}

func (m *mending) plan(op plan.Op, shard int) *plan.Plan {
	return &plan.Plan{Op: op, DB: m.t.DB, Table: m.t.Name, SchemaVersion: m.t.Version, Fragments: []plan.Fragment{{Shard: shard}}}
}

// among is the condition that a row has one of the keys.
func (m *mending) among(columns []int, keys [][]sqltypes.Value) *plan.Expr {
	var any []*plan.Expr
	for _, key := range keys {
		var all []*plan.Expr
		for i, c := range columns {
			x := m.t.Columns[c].Expr
			if key[i].IsNull() {
				all = append(all, &plan.Expr{Op: plan.IsNullExpr, Args: []*plan.Expr{x}})
				continue
			}
			all = append(all, plan.Comparison(plan.EqExpr, x, &plan.Expr{Op: plan.ValueExpr, Type: m.t.Columns[c].Type, Value: key[i]}))
		}
		any = append(any, plan.AllOf(all))
	}
	if len(any) == 1 {
		return any[0]
	}
	return &plan.Expr{Op: plan.OrExpr, Args: any}
}

// exec runs one transaction of the repair. If its outcome is unknown, it may be applied later: the next
// use of the table shuts it out.
func (m *mending) exec(ctx context.Context, p *plan.Plan) (rows int64, problem *api.Problem) {
	f := &p.Fragments[0]
	d, err := m.c.s.dialectOf(f.Shard)
	if err != nil {
		return 0, api.AsProblem(err)
	}
	statements, err := d.Exec(p, f)
	if err != nil {
		return 0, api.AsProblem(err)
	}
	resp, problem := shardCalls{m.c.s}.Exec(ctx, f.Shard, &api.ExecRequest{
		DB: p.DB, Fence: m.fence, Idempotency: intent.NewKey(intent.NewID(), ""), Statements: statements,
		TimeoutMS: m.c.s.cfg.RequestTimeout.Milliseconds(),
	})
	if problem != nil {
		m.held.clean = 0
		m.held.delayed = m.held.delayed || problem.Code == api.CodeOutcomeUnknown
		return 0, problem
	}
	return resp.Rows(), nil
}
