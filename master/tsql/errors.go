package tsql

import (
	"strconv"
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
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
func show(t token) string {
	switch t.Kind {
	case tsqltoken.KindEnd:
		return "the end"
	case tsqltoken.KindWord:
		if t.Keyword != tsqltoken.NoKeyword {
			return strings.ToUpper(t.Text)
		}
		return "the name " + clip(t.Text)
	case tsqltoken.KindQuoted:
		return "the name [" + clip(t.Text) + "]"
	case tsqltoken.KindInt, tsqltoken.KindDecimal, tsqltoken.KindFloat:
		return "the number " + clip(t.Text)
	case tsqltoken.KindString, tsqltoken.KindNString:
		return "the string " + strconv.Quote(clip(t.Text))
	case tsqltoken.KindBinary:
		return "the constant 0x" + clip(wholeBytes(t.Text))
	case tsqltoken.KindParam:
		return "the parameter @" + clip(t.Text)
	}
	return t.Text
}
