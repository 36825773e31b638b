package api

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Object is a JSON object that preserves the order of its members. Names are unique: the decoder
// refuses duplicates.
type Object[V any] []Member[V]

// Member is a name and value of an Object.
type Member[V any] struct {
	Name  string
	Value V
}

// Get returns the value of the member whose name is exactly name.
func (o Object[V]) Get(name string) (V, bool) {
	for i := range o {
		if o[i].Name == name {
			return o[i].Value, true
		}
	}
	var zero V
	return zero, false
}

// MarshalJSONTo writes the members in order.
func (o Object[V]) MarshalJSONTo(enc *jsontext.Encoder) error {
	if o == nil {
		return enc.WriteToken(jsontext.Null)
	}
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for i := range o {
		if err := enc.WriteToken(jsontext.String(o[i].Name)); err != nil {
			return err
		}
		if err := json.MarshalEncode(enc, &o[i].Value); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndObject)
}

// UnmarshalJSONFrom reads the members in order.
func (o *Object[V]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	switch tok.Kind() {
	case 'n':
		*o = nil
		return nil
	case '{':
	default:
		return fmt.Errorf("expected a JSON object, not %s", kindName(tok.Kind()))
	}
	members := (*o)[:0]
	if members == nil {
		members = Object[V]{}
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		m := Member[V]{Name: name.String()}
		if err := json.UnmarshalDecode(dec, &m.Value); err != nil {
			return err
		}
		members = append(members, m)
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	*o = members
	return nil
}

// kindName returns a readable name of a JSON kind.
func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '[', ']':
		return "an array"
	case '{', '}':
		return "an object"
	}
	return "something else"
}
