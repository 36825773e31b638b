package gather

import (
	"slices"

	"shardeck/master/eval"
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// maxHeld limits the memory for groups that [Gathering.Finish] buffers to sort them, and
// for values of DISTINCT aggregates, in bytes.
const maxHeld = 32 << 20

// Finish merges the sources of a plan with a Final, groups their rows and computes the
// answer from the groups. It holds one group at a time, unless the answer must be sorted
// differently or values of a DISTINCT aggregate arrive unsorted: these are buffered up to
// a limit, beyond which it fails with too_complex.
func (g *Gathering) Finish(p *plan.Plan, sink Sink) error {
	if p.Limit != nil && *p.Limit == 0 {
		return g.finish(errEnough)
	}
	m := newMerger(g, p.Merge)
	m.need = max(m.need, p.Final.Keys)
	for i := range p.Final.Aggregates {
		m.need = max(m.need, p.Final.Aggregates[i].Column+1)
	}
	f := newFinisher(p, sink)
	return g.finish(f.run(m))
}

// finisher computes the answer from merged rows.
type finisher struct {
	final  *plan.Final
	keys   []plan.MergeKey // of the groups
	answer *answer

	group []sqltypes.Value // the current group: its keys, then its aggregates
	folds []fold           // one for each aggregate
}

func newFinisher(p *plan.Plan, sink Sink) *finisher {
	fin := p.Final
	f := &finisher{
		final: fin, keys: p.Merge[:fin.Keys],
		answer: newAnswer(p, fin.Output, fin.Sort, fin.Distinct, sink),
		group:  make([]sqltypes.Value, fin.Keys+len(fin.Aggregates)),
		folds:  make([]fold, len(fin.Aggregates)),
	}
	for i := range fin.Aggregates {
		a := &fin.Aggregates[i]
		// Of the columns after the group keys only the first is sorted within a
		// group; a key is constant within it.
		ordered := a.Column < fin.Keys || len(p.Merge) > fin.Keys && p.Merge[fin.Keys].Column == a.Column
		f.folds[i] = newFold(a, ordered, &f.answer.held)
	}
	return f
}

// run consumes all rows.
func (f *finisher) run(m *merger) error {
	begun := f.final.Keys == 0 // without keys the one group exists even without rows
	for {
		c, err := m.next()
		if err != nil {
			return err
		}
		if c == nil {
			break
		}
		if f.final.Keys > 0 && begun && compareKeys(f.keys, f.group, c.values) != 0 {
			if err := f.endGroup(); err != nil {
				return err
			}
			begun = false
		}
		// An invalid row must not begin a group.
		if f.decode(c) != nil {
			if err := m.drop(c, errGarbage()); err != nil {
				return err
			}
			continue
		}
		if !begun {
			begun = true
			copy(f.group, c.values[:f.final.Keys])
		}
		for i := range f.folds {
			if err := f.folds[i].add(); err != nil {
				return err
			}
		}
	}
	if begun {
		if err := f.endGroup(); err != nil {
			return err
		}
	}
	return f.answer.finish()
}

// decode decodes all of a row's partial results.
func (f *finisher) decode(c *cursor) error {
	for i := range f.folds {
		if err := f.folds[i].decode(c); err != nil {
			return err
		}
	}
	return nil
}

// endGroup computes and emits the row of the current group, unless HAVING excludes it.
func (f *finisher) endGroup() error {
	for i := range f.folds {
		v, err := f.folds[i].result()
		if err != nil {
			return err
		}
		f.group[f.final.Keys+i] = v
	}
	if f.final.Having != nil {
		ok, err := eval.Holds(f.final.Having, f.group)
		if err != nil || !ok {
			return problem(err)
		}
	}
	return f.answer.add(f.group, f.group[:f.final.Keys], f.compareTies)
}

func (f *finisher) compareTies(a, b []sqltypes.Value) int {
	return compareKeys(f.keys[:f.answer.ties], a, b)
}

// problem converts an error of package eval or sqltypes to an *api.Problem.
func problem(err error) error {
	if err == nil {
		return nil
	}
	return api.AsProblem(err)
}

// heldGroups buffers rows of the answer for sorting, and accounts for the memory that
// they and the sets of DISTINCT values take.
type heldGroups struct {
	bytes int
	keys  []plan.MergeKey
	keep  int // how many rows, in order, can be part of the answer; -1: all
	rows  []heldRow
	worst []sqltypes.Value // keys of the last row that the latest trim kept
}

type heldRow struct {
	keys []sqltypes.Value
	line []byte
}

// sort makes groups be buffered and sorted. All groups are kept if all is set, and
// otherwise only the first offset + limit.
func (h *heldGroups) sort(keys []plan.FinalKey, limit *int64, offset int64, all bool) {
	h.keep = -1
	for i := range keys {
		x := keys[i].Expr
		h.keys = append(h.keys, plan.MergeKey{Type: x.Type, Desc: keys[i].Desc, Binary: x.Binary})
	}
	const maxKeep = 1 << 20 // also prevents overflow
	if limit != nil && !all && *limit <= maxKeep && offset <= maxKeep {
		h.keep = int(*limit + offset)
	}
}

func (h *heldGroups) compare(a, b []sqltypes.Value) int { return compareKeys(h.keys, a, b) }

// compareTies compares by the first n keys.
func (h *heldGroups) compareTies(n int) func(a, b []sqltypes.Value) int {
	return func(a, b []sqltypes.Value) int { return compareKeys(h.keys[:n], a, b) }
}

// canRank reports whether a row with these keys can be among the first keep rows. It
// must be less than the last of those: of equal rows, the earlier one wins.
func (h *heldGroups) canRank(keys []sqltypes.Value) bool {
	return h.worst == nil || h.compare(keys, h.worst) < 0
}

// hold buffers a row. It trims the buffer when that exceeds about twice the rows to keep.
func (h *heldGroups) hold(keys []sqltypes.Value, line []byte) error {
	r := heldRow{keys, line}
	h.rows = append(h.rows, r)
	if err := h.charge(r.size()); err != nil {
		return err
	}
	if h.keep >= 0 && len(h.rows) >= 2*h.keep+64 {
		h.trim()
	}
	return nil
}

func (r *heldRow) size() int {
	n := cap(r.line) + 64
	for i := range r.keys {
		n += 48 + len(r.keys[i].Str)
	}
	return n
}

// charge accounts for n bytes, and fails beyond maxHeld.
func (h *heldGroups) charge(n int) error {
	if h.bytes += n; h.bytes > maxHeld {
		return api.NewProblem(api.CodeTooComplex, "the master needs more than %d MiB to sort the groups, to find distinct values or to join strings", maxHeld>>20).At("sql").
			Hinted("add TOP, order by the columns of GROUP BY, or narrow the WHERE")
	}
	return nil
}

func (h *heldGroups) trim() {
	h.order()
	for i := h.keep; i < len(h.rows); i++ {
		h.bytes -= h.rows[i].size()
	}
	clear(h.rows[h.keep:])
	h.rows = h.rows[:h.keep]
	h.worst = h.rows[h.keep-1].keys
}

// order sorts the rows. The sort is stable, so that ties keep the order of the groups.
func (h *heldGroups) order() {
	slices.SortStableFunc(h.rows, func(a, b heldRow) int { return h.compare(a.keys, b.keys) })
}

func (h *heldGroups) sorted() []heldRow {
	h.order()
	return h.rows
}
