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

// show names a token for people.
func show(t token) string {
	switch t.Kind {
	case tsqltoken.KindEnd:
		return "the end"
	case tsqltoken.KindWord:
		if t.Keyword != tsqltoken.NoKeyword {
			return strings.ToUpper(t.Text)
		}
		return "the name " + api.Clip(t.Text)
	case tsqltoken.KindQuoted:
		return "the name [" + api.Clip(t.Text) + "]"
	case tsqltoken.KindInt, tsqltoken.KindDecimal, tsqltoken.KindFloat:
		return "the number " + api.Clip(t.Text)
	case tsqltoken.KindMoney:
		return "the amount $" + api.Clip(t.Text)
	case tsqltoken.KindString, tsqltoken.KindNString:
		return "the string " + strconv.Quote(api.Clip(t.Text))
	case tsqltoken.KindBinary:
		return "the constant 0x" + api.Clip(wholeBytes(t.Text))
	case tsqltoken.KindParam:
		return "the parameter @" + api.Clip(t.Text)
	}
	return t.Text
}
