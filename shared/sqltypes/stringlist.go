package sqltypes

import (
	"cmp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/mssqlerr"
)

// ListKey is a key of the order of a [StringList].
type ListKey struct {
	Type   Type
	Desc   bool
	Binary bool // strings compare by CompareBinary
}

// StringList are the strings of a group, each with the keys of its order, which STRING_AGG joins.
// Strings with equal keys are ordered by their bytes, so that the result does not depend on the order
// in which they were added or on their distribution over shards.
type StringList struct {
	Keys []ListKey
	// Most bounds the size that AddPartial reads; 0 means no bound.
	Most  int
	items []listItem
	bytes int
}

type listItem struct {
	text string
	keys []Value
}

// listOverhead is roughly the memory of an item besides its text, and of a key, in bytes.
const listOverhead = 48

// Size is roughly the memory that the list takes, in bytes.
func (l *StringList) Size() int { return l.bytes }

// Add adds a string with its keys, which it keeps.
func (l *StringList) Add(text string, keys []Value) {
	l.items = append(l.items, listItem{text, keys})
	l.bytes += listOverhead + len(text)
	for i := range keys {
		l.bytes += listOverhead + len(keys[i].Str)
	}
}

// AddPartial adds the strings of a JSON array of arrays, each of a string and its keys in the wire
// form, or as text that converts to the key's type. It refuses anything else (8114). It reads no
// further once the size exceeds Most.
func (l *StringList) AddPartial(text string) error {
	invalid := newError(mssqlerr.TypeConversion, ConversionFailed, "a value is not a list of strings with %d keys", len(l.Keys))
	dec := jsontext.NewDecoder(strings.NewReader(text))
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '[' {
		return invalid
	}
	for dec.PeekKind() == '[' {
		if _, err := dec.ReadToken(); err != nil {
			return invalid
		}
		value, err := dec.ReadToken()
		if err != nil || value.Kind() != '"' {
			return invalid
		}
		s := value.String()
		keys := make([]Value, len(l.Keys))
		for i := range keys {
			raw, err := dec.ReadValue()
			if err != nil {
				return invalid
			}
			if keys[i], err = DecodeJSON(l.Keys[i].Type, raw); err != nil {
				return invalid
			}
		}
		if t, err := dec.ReadToken(); err != nil || t.Kind() != ']' {
			return invalid
		}
		if l.Add(s, keys); l.Most > 0 && l.bytes > l.Most {
			return nil
		}
	}
	if t, err := dec.ReadToken(); err != nil || t.Kind() != ']' {
		return invalid
	}
	return nil
}

// Append adds the strings of another list with the same keys.
func (l *StringList) Append(o *StringList) {
	l.items = append(l.items, o.items...)
	l.bytes += o.bytes
}

// Reset removes all strings.
func (l *StringList) Reset() { l.items, l.bytes = nil, 0 }

// Join returns the strings in their order with a separator between them, as a value of the string
// type t: NULL if there are none, and refused if it is longer than t (9829) or than [MaxValueBytes].
func (l *StringList) Join(t Type, separator string) (Value, error) {
	if len(l.items) == 0 {
		return Value{}, nil
	}
	size := 0
	for i := range l.items {
		size += len(separator) + len(l.items[i].text)
	}
	if size -= len(separator); t.Length == Max {
		if err := checkSize(size); err != nil {
			return Value{}, err
		}
	}
	slices.SortFunc(l.items, l.compare)
	var b strings.Builder
	b.Grow(min(size, MaxValueBytes))
	for i := range l.items {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(l.items[i].text)
		if t.Length != Max && b.Len() > maxBytesOf(t) {
			break
		}
	}
	s := b.String()
	if len(cutText(t, s)) < len(s) {
		return Value{}, newError(mssqlerr.StringAggTooLong, TooLong, "the strings that STRING_AGG joins are longer than %s", t).
			hinted("CAST the argument to NVARCHAR(MAX) or VARCHAR(MAX)")
	}
	return Text(s), nil
}

func (l *StringList) compare(a, b listItem) int {
	for i, k := range l.Keys {
		x, y := a.keys[i], b.keys[i]
		c := 0
		if k.Binary && x.Form == FormText && y.Form == FormText {
			c = CompareBinary(x.Str, y.Str)
		} else {
			c = Compare(k.Type, x, y)
		}
		if k.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(a.text, b.text)
}
