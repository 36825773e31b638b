package batch

import (
	"slices"
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/shared/tsqltoken"
	"shardeck/worker/engine/contract"
)

// Drivers of other languages read some types with loss: a DECIMAL as a binary floating-point
// number, a BIGINT too, the last digit of a DATETIME2 not at all. The server converts those to text
// where they are selected, so that the order of the rows, which is by the columns themselves, stays
// as it is; an outer SELECT would not have to keep it.

// asText returns a SELECT whose columns are converted to text where a driver could read them with
// loss. An alias of such a column is dropped, so that ORDER BY cannot refer to the text.
func asText(sql string, types []sqltypes.Type) (string, error) {
	items, ok := selectList(sql)
	if !ok {
		return "", api.NewProblem(api.CodeUnsupported, "the columns of the statement cannot be told apart").At("sql").
			Hinted("name each column, and select from one SELECT without UNION")
	}
	if len(items) != len(types) {
		return "", contract.ColumnCount(len(items), len(types))
	}
	var b strings.Builder
	b.Grow(len(sql) + 32*len(items))
	rest := 0
	for i, it := range items {
		before, after := conversion(types[i])
		if before == "" {
			continue
		}
		b.WriteString(sql[rest:it.start])
		b.WriteString(before)
		b.WriteString(sql[it.start:it.end])
		b.WriteString(after)
		rest = it.next
	}
	b.WriteString(sql[rest:])
	return b.String(), nil
}

// conversion is the text around a column of type t; empty if every driver reads it without loss.
func conversion(t sqltypes.Type) (before, after string) {
	switch {
	case t.Kind == sqltypes.Decimal, t.Kind == sqltypes.BigInt, t.Kind == sqltypes.UniqueIdentifier:
		return "CONVERT(NVARCHAR(50), ", ")"
	case t.Kind.IsMoney():
		return "CONVERT(NVARCHAR(50), ", ", 2)" // with all four digits of the fraction
	case t.Kind.IsTemporal():
		return "CONVERT(NVARCHAR(50), ", ", 121)"
	case t.Kind == sqltypes.Float, t.Kind == sqltypes.Real:
		return "CAST(", " AS FLOAT)" // what the server computed as a DECIMAL
	}
	return "", ""
}

// selected is the place of an expression of a select list, without its alias, and of what follows
// the alias.
type selected struct{ start, end, next int }

// selectList finds the expressions that a SELECT selects; false if they cannot be told apart: there
// is a *, or more than one SELECT outside of parentheses.
func selectList(sql string) ([]selected, bool) {
	tokens := outerTokens(sql)
	at := slices.IndexFunc(tokens, func(t outerToken) bool { return t.word == "SELECT" })
	if at < 0 || slices.ContainsFunc(tokens, func(t outerToken) bool { return joinsSelects[t.word] }) {
		return nil, false
	}
	rest := afterTop(tokens[at+1:])
	var items []selected
	for {
		end := slices.IndexFunc(rest, func(t outerToken) bool { return t.op == ',' || t.op == ';' || endsList[t.word] })
		last := end < 0 || rest[end].op != ','
		if end < 0 {
			end = len(rest)
		}
		it, ok := selectedBy(rest[:end])
		if !ok {
			return nil, false
		}
		items = append(items, it)
		if last {
			return items, true
		}
		rest = rest[end+1:]
	}
}

// joinsSelects are the words between two SELECTs.
var joinsSelects = map[string]bool{"UNION": true, "EXCEPT": true, "INTERSECT": true}

// endsList are the words that follow a select list.
var endsList = map[string]bool{
	"FROM": true, "WHERE": true, "GROUP": true, "HAVING": true, "ORDER": true, "OPTION": true, "FOR": true,
}

// selectedBy is the expression of the tokens of one column; false if it is a *, or missing.
func selectedBy(tokens []outerToken) (selected, bool) {
	n := len(tokens)
	if n == 0 || tokens[n-1].op == '*' && (n == 1 || tokens[n-2].op == '.') {
		return selected{}, false
	}
	it := selected{start: tokens[0].start, end: tokens[n-1].end, next: tokens[n-1].end}
	if as := slices.IndexFunc(tokens, func(t outerToken) bool { return t.word == "AS" }); as > 0 {
		it.end = tokens[as-1].end
	}
	return it, true
}

// afterTop skips what may come between SELECT and its list.
func afterTop(tokens []outerToken) []outerToken {
	if len(tokens) > 0 && (tokens[0].word == "ALL" || tokens[0].word == "DISTINCT") {
		tokens = tokens[1:]
	}
	if len(tokens) == 0 || tokens[0].word != "TOP" {
		return tokens
	}
	if end := slices.IndexFunc(tokens, func(t outerToken) bool { return t.op == ')' }); len(tokens) > 1 && tokens[1].op == '(' && end > 0 {
		return tokens[end+1:]
	}
	return tokens[min(2, len(tokens)):]
}

// outerToken is a token outside of parentheses, or a parenthesis around what is.
type outerToken struct {
	word       string // in upper case; empty for a quoted name
	op         tsqltoken.Operator
	start, end int
}

func outerTokens(sql string) []outerToken {
	var tokens []outerToken
	depth := 0
	scan := tsqltoken.NewScanner(sql)
	for t := (tsqltoken.Token{}); scan.Next(&t); {
		o := outerToken{start: t.Start, end: t.End}
		if t.Kind == tsqltoken.KindWord {
			o.word = strings.ToUpper(t.Text)
		}
		if t.Kind == tsqltoken.KindOp {
			o.op = t.Op
		}
		if o.op == ')' {
			depth--
		}
		if depth == 0 && t.Kind != tsqltoken.KindComment {
			tokens = append(tokens, o)
		}
		if o.op == '(' {
			depth++
		}
	}
	return tokens
}
