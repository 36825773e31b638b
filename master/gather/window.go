package gather

import (
	"shardeck/master/eval"
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// maxFrameWork bounds how many rows the frames of one window function may visit in all. A frame that
// begins or ends with the partition is computed in one pass; others visit all of their rows for each.
const maxFrameWork = 50_000_000

// computeWindow appends the result of a window function to each row.
func computeWindow(w *plan.WindowFunction, rows [][]sqltypes.Value) error {
	order := byWindow(w, rows)
	results := make([]sqltypes.Value, len(rows))
	work := 0
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && compareColumns(w.PartitionBy, rows[order[from]], rows[order[to]]) == 0 {
			to++
		}
		p := &partition{w: w, rows: rows, order: order[from:to], results: results, work: &work}
		if err := p.compute(); err != nil {
			return err
		}
		from = to
	}
	for i := range rows {
		rows[i] = append(rows[i], results[i])
	}
	return nil
}

// partition is one partition of a window, in the window's order.
type partition struct {
	w       *plan.WindowFunction
	rows    [][]sqltypes.Value
	order   []int // of rows
	results []sqltypes.Value
	work    *int
}

func (p *partition) set(i int, v sqltypes.Value) { p.results[p.order[i]] = v }

func (p *partition) compute() error {
	if p.w.Func.Class == sqlfunc.Aggregate {
		return p.aggregate()
	}
	switch p.w.Func.Win {
	case sqlfunc.RowNumber:
		for i := range p.order {
			p.set(i, sqltypes.Int64(int64(i+1)))
		}
	case sqlfunc.NTile:
		return p.ntile()
	case sqlfunc.Lag, sqlfunc.Lead:
		return p.offset()
	case sqlfunc.FirstValue, sqlfunc.LastValue:
		return p.edge()
	default:
		p.rank()
	}
	return nil
}

// peers calls visit for each run of rows that are equal in the order, from i to before j, and with
// how many runs there were before.
func (p *partition) peers(visit func(i, j, before int)) {
	runs := 0
	for i := 0; i < len(p.order); runs++ {
		j := p.peersEnd(i)
		visit(i, j, runs)
		i = j
	}
}

// peersEnd is the end of the run of equal rows that begins at i.
func (p *partition) peersEnd(i int) int {
	j := i + 1
	for j < len(p.order) && compareColumns(p.w.OrderBy, p.rows[p.order[i]], p.rows[p.order[j]]) == 0 {
		j++
	}
	return j
}

func (p *partition) rank() {
	n := float64(len(p.order))
	p.peers(func(i, j, before int) {
		var v sqltypes.Value
		switch p.w.Func.Win {
		case sqlfunc.Rank:
			v = sqltypes.Int64(int64(i + 1))
		case sqlfunc.DenseRank:
			v = sqltypes.Int64(int64(before + 1))
		case sqlfunc.CumeDist:
			v = sqltypes.Float64(float64(j) / n)
		case sqlfunc.PercentRank:
			v = sqltypes.Float64(0)
			if n > 1 {
				v = sqltypes.Float64(float64(i) / (n - 1))
			}
		}
		for k := i; k < j; k++ {
			p.set(k, v)
		}
	})
}

// ntile numbers groups of nearly equal size; the larger ones come first.
func (p *partition) ntile() error {
	v, err := eval.Eval(p.w.Args[0], p.rows[p.order[0]])
	if err != nil {
		return err
	}
	n := int64(len(p.order))
	groups := v.Int
	size, larger := n/groups, n%groups
	for i := range n {
		group := i / (size + 1)
		if i >= larger*(size+1) {
			group = larger + (i-larger*(size+1))/max(size, 1)
		}
		p.set(int(i), sqltypes.Int64(group+1))
	}
	return nil
}

// offset computes LAG and LEAD.
func (p *partition) offset() error {
	for i, r := range p.order {
		n := int64(1)
		if len(p.w.Args) > 1 {
			v, err := eval.Eval(p.w.Args[1], p.rows[r])
			if err != nil {
				return err
			}
			if v.IsNull() || v.Int < 0 {
				return api.NewProblem(api.CodeInvalidField, "the offset of %s is negative or NULL", p.w.Func.Name).At("sql").Hinted("use an offset from 0")
			}
			n = v.Int
		}
		if p.w.Func.Win == sqlfunc.Lag {
			n = -n
		}
		var v sqltypes.Value
		var err error
		switch at := int64(i) + n; {
		case at >= 0 && at < int64(len(p.order)):
			v, err = eval.Eval(p.w.Args[0], p.rows[p.order[at]])
		case len(p.w.Args) > 2:
			v, err = eval.Eval(p.w.Args[2], p.rows[r])
		}
		if err != nil {
			return err
		}
		p.set(i, v)
	}
	return nil
}

// frame returns the rows, from i to before j, that row k sees. peersFrom and peersTo are the run of
// rows equal to it.
func (p *partition) frame(k, peersFrom, peersTo int) (i, j int) {
	f, n := p.w.Frame, len(p.order)
	i, j = peersFrom, peersTo
	if !f.Range {
		i = k + int(max(min(f.From, int64(n)), -int64(n)))
		j = k + int(max(min(f.To, int64(n)), -int64(n))) + 1
	}
	if f.FromUnbounded {
		i = 0
	}
	if f.ToUnbounded {
		j = n
	}
	i, j = max(i, 0), min(j, n)
	return i, max(i, j)
}

// eachFrame calls visit with the frame of each row.
func (p *partition) eachFrame(visit func(k, i, j int) error) error {
	var err error
	p.peers(func(from, to, _ int) {
		for k := from; k < to && err == nil; k++ {
			i, j := p.frame(k, from, to)
			err = visit(k, i, j)
		}
	})
	return err
}

// edge computes FIRST_VALUE and LAST_VALUE.
func (p *partition) edge() error {
	return p.eachFrame(func(k, i, j int) error {
		if i == j {
			p.set(k, sqltypes.Null())
			return nil
		}
		at := i
		if p.w.Func.Win == sqlfunc.LastValue {
			at = j - 1
		}
		v, err := eval.Eval(p.w.Args[0], p.rows[p.order[at]])
		p.set(k, v)
		return err
	})
}

// aggregate computes an aggregate over the frames. As long as the frames only grow it adds to the
// previous one's.
func (p *partition) aggregate() error {
	var a *running
	var values []sqltypes.Value
	if len(p.w.Args) > 0 {
		values = make([]sqltypes.Value, len(p.order))
		for i, r := range p.order {
			v, err := eval.Eval(p.w.Args[0], p.rows[r])
			if err != nil {
				return err
			}
			values[i] = v
		}
	}
	begun, ended := -1, 0
	var last sqltypes.Value // of the frame from begun to ended
	return p.eachFrame(func(k, i, j int) error {
		if i != begun || j < ended {
			a, begun, ended = newRunning(p.w), i, i
		} else if j == ended && a != nil {
			p.set(k, last)
			return nil
		}
		*p.work += j - ended
		if *p.work > maxFrameWork {
			return api.NewProblem(api.CodeTooComplex, "the frames of %s OVER visit more than %d rows", p.w.Func.Name, maxFrameWork).At("sql").
				Hinted("use a smaller frame, or one that begins with UNBOUNDED PRECEDING")
		}
		for ; ended < j; ended++ {
			if err := a.add(values, ended); err != nil {
				return err
			}
		}
		var err error
		last, err = a.result()
		p.set(k, last)
		return err
	})
}

// running is an aggregate over a frame that grows.
type running struct {
	w     *plan.WindowFunction
	key   plan.MergeKey
	count int64
	sum   *sqltypes.Sum
	best  sqltypes.Value
	// moments are those of the values of a deviation.
	moments *sqltypes.Moments
}

func newRunning(w *plan.WindowFunction) *running {
	a := &running{w: w}
	switch w.Func.Agg {
	case sqlfunc.Sum:
		a.sum = sqltypes.NewSum(w.Type)
	case sqlfunc.Min, sqlfunc.Max:
		a.key = plan.MergeKey{Type: w.Args[0].Type, Binary: w.Args[0].Binary, Desc: w.Func.Agg == sqlfunc.Max}
	case sqlfunc.Stdev, sqlfunc.StdevP, sqlfunc.Var, sqlfunc.VarP:
		a.moments = &sqltypes.Moments{}
	}
	return a
}

// add adds row i of values, or without values a row.
func (a *running) add(values []sqltypes.Value, i int) error {
	if values == nil {
		a.count++
		return nil
	}
	v := values[i]
	if v.IsNull() {
		return nil
	}
	a.count++
	switch {
	case a.sum != nil:
		return a.sum.Add(v)
	case a.moments != nil:
		return a.moments.Add(v)
	case a.w.Func.Agg != sqlfunc.Count && (a.best.IsNull() || compareValues(&a.key, v, a.best) < 0):
		a.best = v
	}
	return nil
}

func (a *running) result() (sqltypes.Value, error) {
	switch {
	case a.sum != nil && a.count == 0:
		return sqltypes.Null(), nil
	case a.sum != nil:
		return a.sum.Value()
	case a.moments != nil:
		return a.w.Func.Agg.OfMoments(a.moments)
	case a.w.Func.Agg == sqlfunc.Count:
		return sqltypes.Convert(sqltypes.Int64(a.count), sqltypes.BigIntType, a.w.Type)
	}
	return a.best, nil
}
