package sqlfunc

import (
	"strings"

	"shardeck/shared/sqltypes"
)

// NativeAggregate is an aggregate that an engine over SQLite registers. Unlike a [Native]
// it is called with NULLs too.
type NativeAggregate struct {
	Name      string
	Arguments int // -1 for any number
	// Start begins a group.
	Start func(types Types) Accumulator
}

// Accumulator is the state of an aggregate within one group. It serves one goroutine.
type Accumulator interface {
	// Step adds a row's arguments, which may be views of memory that changes after the
	// call. After an error the group is dropped.
	Step(args []sqltypes.Value) error
	// Final returns the value of the group.
	Final() (sqltypes.Value, error)
}

// NativeAggregates returns the aggregates that an engine over SQLite registers:
//
//	sd_sum (x, type)   the exact sum of the values of x that are not NULL, or NULL if there
//	                   are none; of integers and decimals a value of the type, of floats a
//	                   partial sum of [sqltypes.FloatPartial], for the master to add to those
//	                   of other shards and to round once
//	sd_total (x, type) like sd_sum, but a sum of floats is rounded here: for queries whose
//	                   groups are on one shard
//	sd_single (x)      the only value of x, NULL or not, or NULL if there is none; a second one is
//	                   an error (512), as it is of a subquery that is used as a value
//	sd_moments (x)     the moments of the numbers x, as [sqltypes.MomentsPartial]
//	sd_strings (x, key, type, ...)
//	                   the strings x that are not NULL, each with its keys, of the type after each,
//	                   as a JSON array of arrays; NULL if there are none
//	sd_stdev sd_stdevp sd_var sd_varp (x), sd_string_agg (x, type, separator, key, type, order, ...)
//	                   the aggregates themselves, for queries whose groups are on one shard; the type
//	                   after x is that of the result, and order is ASC or DESC, or ASC BINARY or DESC
//	                   BINARY for strings in the binary collation
func NativeAggregates() []NativeAggregate {
	return []NativeAggregate{
		{"sd_sum", 2, func(types Types) Accumulator { return &nativeSum{types: types, partial: true} }},
		{"sd_total", 2, func(types Types) Accumulator { return &nativeSum{types: types} }},
		{"sd_single", 1, func(Types) Accumulator { return &nativeSingle{} }},
		{"sd_moments", 1, func(Types) Accumulator { return &nativeMoments{} }},
		{"sd_strings", -1, func(types Types) Accumulator { return &nativeStrings{types: types} }},
		{"sd_stdev", 1, func(Types) Accumulator { return &nativeMoments{of: Stdev} }},
		{"sd_stdevp", 1, func(Types) Accumulator { return &nativeMoments{of: StdevP} }},
		{"sd_var", 1, func(Types) Accumulator { return &nativeMoments{of: Var} }},
		{"sd_varp", 1, func(Types) Accumulator { return &nativeMoments{of: VarP} }},
		{"sd_string_agg", -1, func(types Types) Accumulator { return &nativeStringAgg{types: types} }},
	}
}

// nativeSingle is sd_single.
type nativeSingle struct {
	value sqltypes.Value
	seen  bool
}

func (s *nativeSingle) Step(args []sqltypes.Value) error {
	if s.seen {
		return sqltypes.SeveralRows()
	}
	s.value, s.seen = args[0], true
	s.value.Str = strings.Clone(s.value.Str)
	return nil
}

func (s *nativeSingle) Final() (sqltypes.Value, error) { return s.value, nil }

// nativeSum is sd_sum, and without partial sd_total. Its type is an argument of every row; the first one counts.
type nativeSum struct {
	types   Types
	partial bool
	float   bool
	sum     *sqltypes.Sum
}

func (s *nativeSum) Step(args []sqltypes.Value) error {
	if s.sum == nil {
		t, err := s.types(args[1].Str)
		if err != nil {
			return err
		}
		s.sum, s.float = sqltypes.NewSum(t), t.Kind.IsFloat()
	}
	return s.sum.Add(args[0])
}

func (s *nativeSum) Final() (sqltypes.Value, error) {
	switch {
	case s.sum == nil:
		return sqltypes.Null(), nil // no rows
	case s.float && s.partial:
		return s.sum.Partial()
	}
	return s.sum.Value()
}
