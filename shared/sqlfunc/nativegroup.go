package sqlfunc

import (
	"strings"

	"shardeck/shared/sqltypes"
)

// nativeMoments is sd_moments, or the aggregate of the moments that of says.
type nativeMoments struct {
	of      Agg
	moments sqltypes.Moments
}

func (m *nativeMoments) Step(args []sqltypes.Value) error { return m.moments.Add(args[0]) }

func (m *nativeMoments) Final() (sqltypes.Value, error) {
	if m.of == 0 {
		return m.moments.Partial(), nil
	}
	return m.of.OfMoments(&m.moments)
}

// OfMoments returns the value of the aggregate, one of the four of moments, over values with these.
func (a Agg) OfMoments(m *sqltypes.Moments) (sqltypes.Value, error) {
	population := a == StdevP || a == VarP
	if a == Stdev || a == StdevP {
		return m.Deviation(population)
	}
	return m.Variance(population)
}

// nativeStringAgg is sd_string_agg. Its types, separator and orders are arguments of every row; the
// first ones count.
type nativeStringAgg struct {
	types     Types
	result    sqltypes.Type
	separator string
	list      sqltypes.StringList
}

func (a *nativeStringAgg) Step(args []sqltypes.Value) error {
	const before, each = 3, 3 // arguments before the keys, and for each key
	if len(args) < before || (len(args)-before)%each != 0 {
		return badArgument("expected: sd_string_agg takes a string, a type, a separator, and keys with a type and an order each")
	}
	if args[0].IsNull() {
		return nil
	}
	if a.result.Kind == sqltypes.Invalid {
		if err := a.start(args, before, each); err != nil {
			return err
		}
	}
	keys := make([]sqltypes.Value, 0, len(a.list.Keys))
	for i := before; i < len(args); i += each {
		keys = append(keys, kept(args[i]))
	}
	a.list.Add(kept(args[0]).Str, keys)
	if a.list.Size() > 2*sqltypes.MaxValueBytes {
		return errListTooLarge()
	}
	return nil
}

// start reads what does not change from row to row.
func (a *nativeStringAgg) start(args []sqltypes.Value, before, each int) (err error) {
	if a.result, err = a.types(args[1].Str); err != nil {
		return err
	}
	a.separator = kept(args[2]).Str
	for i := before; i < len(args); i += each {
		t, err := a.types(args[i+1].Str)
		if err != nil {
			return err
		}
		order := args[i+2].Str
		a.list.Keys = append(a.list.Keys, sqltypes.ListKey{Type: t, Desc: strings.HasPrefix(order, "DESC"), Binary: strings.HasSuffix(order, "BINARY")})
	}
	return nil
}

func (a *nativeStringAgg) Final() (sqltypes.Value, error) {
	v, err := a.list.Join(a.result, a.separator)
	if err == nil {
		err = sqltypes.CheckSize(v)
	}
	return v, err
}

// kept returns a value that does not refer to the engine's memory.
func kept(v sqltypes.Value) sqltypes.Value {
	v.Str = strings.Clone(v.Str)
	return v
}

func errListTooLarge() error {
	return &sqltypes.Error{
		Reason: sqltypes.TooComplex, Msg: "the strings that STRING_AGG joins in one group, with what orders them, take too much memory",
		Hint: "join fewer or shorter strings in a group",
	}
}

// nativeStrings is sd_strings: the JSON of the list so far, without the brackets around it.
type nativeStrings struct {
	types Types
	list  []byte
}

// listText is the type of the strings of a list.
var listText = sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}

func (l *nativeStrings) Step(args []sqltypes.Value) error {
	if len(args)%2 == 0 {
		return badArgument("expected: sd_strings takes a string and pairs of a key and its type")
	}
	if args[0].IsNull() {
		return nil
	}
	if len(l.list) > 0 {
		l.list = append(l.list, ',')
	}
	l.list = sqltypes.AppendJSON(append(l.list, '['), listText, args[0])
	for i := 1; i < len(args); i += 2 {
		t, err := l.types(args[i+1].Str)
		if err != nil {
			return err
		}
		l.list = sqltypes.AppendJSON(append(l.list, ','), t, args[i])
	}
	l.list = append(l.list, ']')
	if len(l.list) > sqltypes.MaxValueBytes {
		return errListTooLarge()
	}
	return nil
}

func (l *nativeStrings) Final() (sqltypes.Value, error) {
	if len(l.list) == 0 {
		return sqltypes.Null(), nil
	}
	return sqltypes.Text("[" + string(l.list) + "]"), nil
}
