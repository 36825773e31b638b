package sqlfunc

import "shardeck/shared/sqltypes"

// nativeMoments is sd_moments.
type nativeMoments struct{ moments sqltypes.Moments }

func (m *nativeMoments) Step(args []sqltypes.Value) error { return m.moments.Add(args[0]) }

func (m *nativeMoments) Final() (sqltypes.Value, error) { return m.moments.Partial(), nil }

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
		return &sqltypes.Error{
			Reason: sqltypes.TooComplex, Msg: "the strings that STRING_AGG joins in one group, with what orders them, take too much memory",
			Hint: "join fewer or shorter strings in a group",
		}
	}
	return nil
}

func (l *nativeStrings) Final() (sqltypes.Value, error) {
	if len(l.list) == 0 {
		return sqltypes.Null(), nil
	}
	return sqltypes.Text("[" + string(l.list) + "]"), nil
}
