package tsql

import (
	"strconv"
	"strings"

	"shardeck/shared/api"
)

// problemAt returns a problem with the offset of the fault.
func problemAt(code api.Code, at int, format string, args ...any) *api.Problem {
	p := api.NewProblem(code, format, args...)
	p.Offset = &at
	return p
}

func syntaxError(at int, format string, args ...any) *api.Problem {
	return problemAt(api.CodeSyntax, at, format, args...)
}

func unsupported(at int, format string, args ...any) *api.Problem {
	return problemAt(api.CodeUnsupported, at, format, args...)
}

func tooComplex(at int, format string, args ...any) *api.Problem {
	return problemAt(api.CodeTooComplex, at, format, args...)
}

// numbered gives a problem the number that SQL Server has for the same refusal.
func numbered(p *api.Problem, number int) *api.Problem {
	p.SQLNumber = number
	return p
}

// maxShown is how much of the text an error repeats, in bytes.
const maxShown = 40

func clip(s string) string {
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "..."
	}
	return s
}

// show names a token for people.
func (t token) show() string {
	switch t.kind {
	case tokEOF:
		return "the end"
	case tokWord:
		if t.kw != notKeyword {
			return strings.ToUpper(t.text)
		}
		return "the name " + clip(t.text)
	case tokQuoted:
		return "the name [" + clip(t.text) + "]"
	case tokNumber:
		return "the number " + clip(t.text)
	case tokString, tokNString:
		return "the string " + strconv.Quote(clip(t.text))
	case tokBinary:
		return "the constant 0x" + clip(t.text)
	case tokParam:
		return "the parameter @" + clip(t.text)
	}
	return t.text
}
