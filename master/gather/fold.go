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

	next  sqltypes.Value // the decoded partial result of the current row
	exact bool           // next is an unrounded sum of floats
	check *sqltypes.Sum  // validates such sums

	moments      sqltypes.Moments
	checkMoments sqltypes.Moments // validates partial moments
	list         sqltypes.StringList
	strings      sqltypes.StringList // of the current row

	count int64
	sum   *sqltypes.Sum
	best  sqltypes.Value // the minimum or maximum
	prev  sqltypes.Value // the previous value of an ordered DISTINCT aggregate
}

func newFold(a *plan.Aggregate, ordered bool, held *heldGroups) fold {
	key := plan.MergeKey{Type: a.Type, Binary: a.Binary, Desc: a.Func == plan.CombineMax}
	f := fold{a: a, key: key, ordered: ordered, held: held}
	if a.Func == plan.CombineStrings {
		for i, k := range a.Of.Args[2:] {
			f.list.Keys = append(f.list.Keys, sqltypes.ListKey{Type: k.Type, Desc: a.Of.Desc[i], Binary: k.Binary})
		}
	}
	f.reset()
	return f
}

func (f *fold) reset() {
	f.count, f.sum, f.best, f.prev = 0, nil, sqltypes.Null(), sqltypes.Null()
	if f.a.Func == plan.CombineSum || f.a.Func == plan.CombineSumDistinct {
		f.sum = sqltypes.NewSum(f.a.Result)
	}
	f.moments = sqltypes.Moments{}
	f.held.bytes -= f.list.Size()
	f.list.Reset()
	for k := range f.seen {
		f.held.bytes -= len(k) + setEntry
	}
	clear(f.seen)
}

// setEntry is the approximate overhead of an entry of a set, in bytes.
const setEntry = 48

// decode decodes and validates the partial result of a row for add. It adds nothing, so
// that a row of which another partial result is invalid does not count.
func (f *fold) decode(c *cursor) (err error) {
	element := c.split.Element(c.row, f.a.Column)
	f.exact = f.a.Func == plan.CombineSum && len(element) > 0 && element[0] == '"' && f.a.Type.Kind == sqltypes.Float
	if f.exact {
		return f.decodeExact(element)
	}
	if f.next, err = sqltypes.DecodeWire(f.a.Type, element); err != nil {
		return errShape
	}
	switch f.a.Func {
	case plan.CombineCount:
		return checkCount(f.count, f.next)
	case plan.CombineMoments:
		f.checkMoments = sqltypes.Moments{}
		if f.checkMoments.AddPartial(f.next) != nil {
			return errShape
		}
	case plan.CombineStrings:
		return f.decodeStrings()
	}
	return nil
}

// decodeStrings decodes a list of strings into the row's own, for add.
func (f *fold) decodeStrings() error {
	f.strings = sqltypes.StringList{Keys: f.list.Keys, Most: maxHeld} // add refuses more
	if f.next.IsNull() {
		return nil
	}
	if f.strings.AddPartial(f.next.Str) != nil {
		return errShape
	}
	f.next.Str = ""
	return nil
}

// decodeExact decodes an exact, unrounded partial sum of floats. A worker sends it as a
// string, and a rounded one as a number.
func (f *fold) decodeExact(element []byte) (err error) {
	if f.next, err = sqltypes.DecodeJSON(sqltypes.FloatPartial, element); err != nil {
		return errShape
	}
	if f.check == nil {
		f.check = sqltypes.NewSum(f.a.Result)
	}
	if f.check.AddPartial(f.next) != nil {
		return errShape
	}
	return nil
}

// add adds the decoded partial result.
func (f *fold) add() error {
	v := f.next
	if v.IsNull() {
		return nil
	}
	switch f.a.Func {
	case plan.CombineCount:
		f.count += v.Int
	case plan.CombineSum:
		if f.exact {
			return problem(f.sum.AddPartial(v))
		}
		return problem(f.sum.Add(v))
	case plan.CombineMoments:
		return problem(f.moments.AddPartial(v))
	case plan.CombineStrings:
		f.list.Append(&f.strings)
		return f.held.charge(f.strings.Size())
	case plan.CombineCountDistinct, plan.CombineSumDistinct, plan.CombineMomentsDistinct:
		duplicate, err := f.isDuplicate(v)
		switch {
		case err != nil || duplicate:
			return err
		case f.a.Func == plan.CombineMomentsDistinct:
			return problem(f.moments.Add(v))
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

// checkCount validates a partial count, which is neither NULL nor negative, and does not
// overflow when added to sum.
func checkCount(sum int64, v sqltypes.Value) error {
	if v.IsNull() || v.Int < 0 || v.Int > math.MaxInt64-sum {
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
	case plan.CombineMoments, plan.CombineMomentsDistinct:
		v, err = f.a.Of.Agg.OfMoments(&f.moments)
	case plan.CombineStrings:
		v, err = f.list.Join(f.a.Result, f.a.Of.Args[1].Value.Str)
	case plan.CombineMin, plan.CombineMax:
		return f.best, nil
	case plan.CombineCount, plan.CombineCountDistinct:
		v, err = sqltypes.Convert(sqltypes.Int64(f.count), sqltypes.BigIntType, f.a.Result)
	default:
		v, err = f.sum.Value()
	}
	return v, problem(err)
}
