package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxBody is the maximum size of a request body, in bytes, unless a service sets a lower limit.
const MaxBody = 16 << 20

// MaxWorkerBody is the maximum size of a request to a worker, in bytes. A master's request may be
// slightly longer than the client's request that caused it.
const MaxWorkerBody = 2 * MaxBody

// Decode reads exactly one JSON value from r into dst, strictly: unknown and repeated members,
// invalid UTF-8, trailing data and bodies over limit bytes are refused. The error is always a
// *Problem that names the field at fault. The whole body is read before any of it is decoded, so
// that an oversized or truncated one costs no more than reading it.
func Decode(r io.Reader, limit int64, dst any) error {
	b := bodies.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= pooledBody {
			b.Reset()
			bodies.Put(b)
		}
	}()
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	switch {
	case n > limit:
		return NewProblem(CodeBodyTooLarge, "the body is larger than %d bytes", limit).
			Hinted("send less at a time, for example an insert in batches")
	case err != nil:
		return NewProblem(CodeInvalidJSON, "the body was cut off or did not arrive in time").
			Hinted("send one JSON object in UTF-8")
	}
	if err := json.Unmarshal(b.Bytes(), dst, json.RejectUnknownMembers(true)); err != nil {
		return decodeProblem(err, dst)
	}
	return nil
}

// pooledBody is the size in bytes above which a buffer is not returned to the pool.
const pooledBody = 256 << 10

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// decodeProblem turns a decoding error into a problem; dst is the decoding target.
func decodeProblem(err error, dst any) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if syn, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			field := FieldPath(syn.JSONPointer)
			return NewProblem(CodeInvalidField, "%s appears more than once", field).At(field).
				Hinted("send each field once")
		}
		return NewProblem(CodeInvalidJSON, "the body is not valid JSON at byte %d: %v", syn.ByteOffset, syn.Err).
			Hinted("send one JSON object in UTF-8")
	}
	if sem, ok := errors.AsType[*json.SemanticError](err); ok {
		field := FieldPath(sem.JSONPointer)
		switch {
		case errors.Is(err, json.ErrUnknownName):
			p := NewProblem(CodeUnknownField, "%s is not a field of this request", field).At(field)
			if near := Nearest(field, memberNames(dst)); len(near) > 0 {
				return p.Hinted("did you mean %s?", strings.Join(near, " or "))
			}
			return p.Hinted("remove it, or see openapi.yaml for the known fields")
		case sem.GoType != nil && sem.JSONKind != 0:
			return NewProblem(CodeInvalidField, "%s is %s, which is not allowed here", fieldOrBody(field), kindName(sem.JSONKind)).At(field).
				Hinted("see openapi.yaml for the type of each field")
		case sem.Err != nil:
			return NewProblem(CodeInvalidField, "%s: %v", fieldOrBody(field), sem.Err).At(field).
				Hinted("see openapi.yaml for the type of each field")
		}
		return NewProblem(CodeInvalidField, "%s has the wrong type", fieldOrBody(field)).At(field).
			Hinted("see openapi.yaml for the type of each field")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return NewProblem(CodeInvalidJSON, "the body is empty or ends too soon").
			Hinted("send one JSON object in UTF-8")
	}
	return NewProblem(CodeInvalidJSON, "the body could not be read").
		Hinted("send one JSON object in UTF-8")
}

func fieldOrBody(field string) string {
	if field == "" {
		return "the body"
	}
	return field
}

// FieldPath formats a JSON pointer as a readable path: /rows/3/name becomes "rows[3].name".
func FieldPath(p jsontext.Pointer) string {
	var b strings.Builder
	for tok := range p.Tokens() {
		switch {
		case tok != "" && strings.Trim(tok, "0123456789") == "":
			fmt.Fprintf(&b, "[%s]", tok)
		case b.Len() > 0:
			b.WriteString("." + tok)
		default:
			b.WriteString(tok)
		}
	}
	s := b.String()
	if len(s) > 200 {
		s = s[:200]
	}
	return strings.ToValidUTF8(s, "?")
}

// NameList is a list of names that may also be sent as one string.
type NameList []string

// UnmarshalJSONFrom accepts a string or an array of strings.
func (l *NameList) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '"' {
		var s string
		if err := json.UnmarshalDecode(dec, &s); err != nil {
			return err
		}
		*l = NameList{s}
		return nil
	}
	return json.UnmarshalDecode(dec, (*[]string)(l))
}
