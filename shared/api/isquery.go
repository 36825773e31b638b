package api

import (
	"strings"

	"shardeck/shared/tsqltoken"
)

// begins are the words, apart from keywords, that begin a statement, and that no query has outside of
// parentheses unless they are quoted.
var begins = []string{"ALTER", "DECLARE", "EXEC", "EXECUTE", "GO", "MERGE", "PRINT", "TRUNCATE", "USE"}

// isQuery reports whether a text is one query, perhaps with common table expressions.
func isQuery(sql string) bool {
	scan := tsqltoken.NewScanner(sql)
	var t, before tsqltoken.Token
	var first tsqltoken.Keyword
	depth, selects, ended, clauses := 0, 0, false, false
	for begun := false; scan.Next(&t); {
		switch {
		case t.Kind == tsqltoken.KindComment:
			continue
		case t.Op == ';':
			ended = begun
			continue
		case ended || t.Fault == tsqltoken.Unclosed:
			return false
		case !begun:
			begun, first = true, t.Keyword
			if first != tsqltoken.Select && first != tsqltoken.With {
				return false
			}
		}
		switch t.Keyword {
		case tsqltoken.Insert, tsqltoken.Update, tsqltoken.Delete, tsqltoken.Create, tsqltoken.Drop, tsqltoken.Set, tsqltoken.Into:
			return false
		case tsqltoken.From, tsqltoken.Where:
			clauses = clauses || depth == 0
		case tsqltoken.Select:
			if depth > 0 {
				break
			}
			switch before.Keyword {
			case tsqltoken.Union, tsqltoken.All, tsqltoken.Except, tsqltoken.Intersect:
			default:
				selects++
			}
		}
		switch {
		case t.Op == '(':
			depth++
		case t.Op == ')':
			depth--
		case selects > 1,
			t.Op == '=' && before.Kind == tsqltoken.KindParam && depth == 0 && !clauses, // SELECT @x = 1
			depth == 0 && t.Kind == tsqltoken.KindWord && beginsStatement(t.Text):
			return false
		}
		before = t
	}
	return first == tsqltoken.Select || selects == 1
}

// isDefinition reports whether a text is one CREATE, ALTER or DROP.
func isDefinition(sql string) bool {
	scan := tsqltoken.NewScanner(sql)
	var t tsqltoken.Token
	depth, begun, ended := 0, false, false
	for scan.Next(&t) {
		switch {
		case t.Kind == tsqltoken.KindComment:
		case t.Op == ';':
			ended = begun
		case ended:
			return false
		case !begun:
			if begun = true; t.Keyword != tsqltoken.Create && t.Keyword != tsqltoken.Drop && !strings.EqualFold(t.Text, "ALTER") {
				return false
			}
		case t.Op == '(':
			depth++
		case t.Op == ')':
			depth--
		case depth == 0 && t.Kind == tsqltoken.KindWord && beginsStatement(t.Text):
			return false
		}
		switch t.Keyword {
		case tsqltoken.Select, tsqltoken.Insert, tsqltoken.Update, tsqltoken.Delete, tsqltoken.Set:
			return false
		}
	}
	return begun
}

func beginsStatement(word string) bool {
	for _, b := range begins {
		if strings.EqualFold(word, b) {
			return true
		}
	}
	return false
}
