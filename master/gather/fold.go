package gather

import (
	"errors"
	"math"

	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

// errShape means that a row does not have the expected shape.
var errShape = errors.New("gather: not the row expected")

// fold combines the partial results of an aggregate into one value.
type fold struct {
	a   *plan.Aggregate
	key plan.MergeKey // how its values compare; descending for MAX
	// ordered means that equal values of a DISTINCT aggregate are adjacent.
	ordered bool
	seen    map[string]struct{} // the values of a DISTINCT aggregate that are not ordered
	held    *heldGroups

	count int64
	sum   *sqltypes.Sum
	best  sqltypes.Value // the minimum or maximum
	prev  sqltypes.Value // the previous value of an ordered DISTINCT aggregate
}

func newFold(a *plan.Aggregate, ordered bool, held *heldGroups) fold {
	key := plan.MergeKey{Type: a.Type, Binary: a.Binary, Desc: a.Func == plan.CombineMax}
	f := fold{a: a, key: key, ordered: ordered, held: held}
	f.reset()
	return f
}

func (f *fold) reset() {
	f.count, f.sum, f.best, f.prev = 0, nil, sqltypes.Null(), sqltypes.Null()
	if f.a.Func == plan.CombineSum || f.a.Func == plan.CombineSumDistinct {
		f.sum = sqltypes.NewSum(f.a.Result)
	}
	for k := range f.seen {
		f.held.bytes -= len(k) + setEntry
	}
	clear(f.seen)
}

// setEntry is the approximate overhead of an entry of a set, in bytes.
const setEntry = 48

// add adds the partial result of a row.
func (f *fold) add(c *cursor) error {
	element := c.split.Element(c.row, f.a.Column)
	if f.a.Func == plan.CombineSum && len(element) > 0 && element[0] == '"' && f.a.Type.Kind == sqltypes.Float {
		return f.addExact(element)
	}
	v, err := sqltypes.DecodeWire(f.a.Type, element)
	if err != nil {
		return errShape
	}
	if f.a.Func == plan.CombineCount {
		return addCount(&f.count, v)
	}
	if v.IsNull() {
		return nil
	}
	switch f.a.Func {
	case plan.CombineSum:
		return problem(f.sum.Add(v))
	case plan.CombineCountDistinct, plan.CombineSumDistinct:
		duplicate, err := f.isDuplicate(v)
		switch {
		case err != nil || duplicate:
			return err
		case f.sum != nil:
			return problem(f.sum.Add(v))
		}
		f.count++
	case plan.CombineMin, plan.CombineMax:
		if f.best.IsNull() || compareValues(&f.key, v, f.best) < 0 {
			f.best = v
		}
	}
	return nil
}

// addCount adds a partial count, which is neither NULL nor negative. That no number of rows
// overflows their sum is checked too.
func addCount(sum *int64, v sqltypes.Value) error {
	if v.IsNull() || v.Int < 0 || v.Int > math.MaxInt64-*sum {
		return errShape
	}
	*sum += v.Int
	return nil
}

// addExact adds an exact, unrounded partial sum of floats. A worker sends it as a string,
// and a rounded one as a number.
func (f *fold) addExact(element []byte) error {
	v, err := sqltypes.DecodeJSON(sqltypes.FloatPartial, element)
	if err != nil || f.sum.AddPartial(v) != nil {
		return errShape
	}
	return nil
}

// isDuplicate reports whether a value of a DISTINCT aggregate occurred in this group
// before, and records it.
func (f *fold) isDuplicate(v sqltypes.Value) (bool, error) {
	if f.ordered {
		if !f.prev.IsNull() && compareValues(&f.key, v, f.prev) == 0 {
			return true, nil
		}
		f.prev = v
		return false, nil
	}
	key := sqltypes.EqualityKey(f.a.Type, v, f.a.Binary)
	if _, ok := f.seen[key]; ok {
		return true, nil
	}
	if f.seen == nil {
		f.seen = map[string]struct{}{}
	}
	f.seen[key] = struct{}{}
	return false, f.held.charge(len(key) + setEntry)
}

// result returns the aggregate of the group, or an error if it does not fit its type, and
// resets f for the next group.
func (f *fold) result() (v sqltypes.Value, err error) {
	defer f.reset()
	switch f.a.Func {
	case plan.CombineMin, plan.CombineMax:
		return f.best, nil
	case plan.CombineCount, plan.CombineCountDistinct:
		v, err = sqltypes.Convert(sqltypes.Int64(f.count), sqltypes.BigIntType, f.a.Result)
	default:
		v, err = f.sum.Value()
	}
	return v, problem(err)
}
