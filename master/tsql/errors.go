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
	}
	return t.text
}

// unexpected refuses t where want was due. Words of T-SQL that are no part of the
// subset are refused as such.
func unexpected(t token, want string) *api.Problem {
	if t.kind == tokOp && t.op == ';' {
		return syntaxError(t.start, "the text goes on after a semicolon, but only one expression belongs here").
			Hinted("remove the semicolon and what follows")
	}
	if t.kw == kwReserved {
		return refuseWord(t)
	}
	p := syntaxError(t.start, "expected %s, found %s", want, t.show())
	if t.kind == tokWord && t.kw != notKeyword {
		return p.Hinted("a column of that name is written in brackets: [%s]", strings.ToLower(t.text))
	}
	if t.kind == tokWord {
		switch strings.ToUpper(t.text) {
		case "ILIKE", "RLIKE", "REGEXP", "GLOB", "MATCH":
			return unsupported(t.start, "%s is not an operator of T-SQL", strings.ToUpper(t.text)).
				Hinted("use LIKE, which ignores case, with %%, _ and [a-z]")
		}
	}
	return p.Hinted("write %s there, or see whether what stands before it is whole", want)
}

// fieldFor returns the field of a request that does what the clause would.
func fieldFor(word string) string {
	switch word {
	case "ORDER":
		return "order_by of select"
	case "GROUP":
		return "group_by of map-reduce-count"
	case "TOP", "FETCH":
		return "limit of select"
	}
	return ""
}

// refuseWord refuses a reserved word by its name.
func refuseWord(t token) *api.Problem {
	word := strings.ToUpper(t.text)
	var p *api.Problem
	switch word {
	case "SELECT", "EXISTS", "ANY", "ALL", "SOME":
		p = unsupported(t.start, "subqueries (%s) are not supported here", word)
	case "UNION", "INTERSECT", "EXCEPT":
		p = unsupported(t.start, "%s is not supported here: only one expression belongs here", word)
	case "CASE", "COALESCE", "NULLIF", "CONVERT", "TRY_CONVERT", "CURRENT_TIMESTAMP", "CURRENT_USER",
		"SESSION_USER", "SYSTEM_USER", "CONTAINS", "FREETEXT", "COLLATE", "OVER":
		p = unsupported(t.start, "%s is not supported here", word)
	case "ORDER", "GROUP", "HAVING", "FROM", "WHERE", "TOP", "FETCH", "DISTINCT", "JOIN", "INTO":
		p = unsupported(t.start, "the clause %s does not belong here", word)
	default:
		p = unsupported(t.start, "%s does not belong here", word)
	}
	if field := fieldFor(word); field != "" {
		return p.Hinted("use the field %s; a column of that name is written in brackets: [%s]", field, strings.ToLower(t.text))
	}
	return p.Hinted("use comparisons, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL and arithmetic; a column of that name is written in brackets: [%s]",
		strings.ToLower(t.text))
}
