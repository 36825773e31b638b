package gather

import (
	"errors"

	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

// errShape says that a row is not what was asked for.
var errShape = errors.New("gather: not the row expected")

// fold makes one value of the partial results of an aggregate.
type fold struct {
	a   *plan.Aggregate
	key plan.MergeKey // how its values compare; the greater first, of a MAX
	// ordered says that equal values of a DISTINCT come one after the other.
	ordered bool
	seen    map[string]struct{} // for a DISTINCT whose values do not
	held    *heldGroups

	count int64
	sum   *sqltypes.Sum
	best  sqltypes.Value // the least or the greatest
	prev  sqltypes.Value // the value before, of a DISTINCT
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

// setEntry is about what an entry of a set takes besides its text, in bytes.
const setEntry = 48

// add takes in the partial result of a row.
func (f *fold) add(c *cursor) error {
	element := c.split.Element(c.row, f.a.Column)
	if f.a.Func == plan.CombineSum && len(element) > 0 && element[0] == '"' && f.a.Type.Kind == sqltypes.Float {
		return f.addExact(element)
	}
	v, err := sqltypes.DecodeJSON(f.a.Type, element)
	if err != nil {
		return errShape
	}
	if v.IsNull() {
		return nil
	}
	switch f.a.Func {
	case plan.CombineCount:
		f.count += v.Int
	case plan.CombineSum:
		return problem(f.sum.Add(v))
	case plan.CombineCountDistinct, plan.CombineSumDistinct:
		again, err := f.again(v)
		switch {
		case err != nil || again:
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

// addExact takes in a partial sum of floats that a worker has not rounded: a string,
// where one that is rounded already is a number.
func (f *fold) addExact(element []byte) error {
	v, err := sqltypes.DecodeJSON(sqltypes.FloatPartial, element)
	if err != nil || f.sum.AddPartial(v) != nil {
		return errShape
	}
	return nil
}

// again says whether a value of a DISTINCT was there before in this group.
func (f *fold) again(v sqltypes.Value) (bool, error) {
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

// result ends a group: it returns the aggregate, refused where it does not fit its type.
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
