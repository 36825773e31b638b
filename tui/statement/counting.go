package statement

import (
	"strings"

	"shardeck/shared/tsqltoken"
)

// tokens returns the tokens of a statement without comments.
func tokens(sql string) []tsqltoken.Token {
	var all []tsqltoken.Token
	scan := tsqltoken.NewScanner(sql)
	var t tsqltoken.Token
	for scan.Next(&t) {
		if t.Kind != tsqltoken.KindComment {
			all = append(all, t)
		}
	}
	return all
}

// Params returns the names of the parameters of a statement without their @, each once.
func Params(sql string) []string {
	var x Index
	return x.Params(sql)
}

// Counting returns the statement that counts the rows that an UPDATE, DELETE, TRUNCATE or DROP of one table
// would change now, and false if there is none.
func Counting(sql string) (string, bool) {
	all := tokens(sql)
	is := func(i int, word string) bool {
		return i < len(all) && all[i].Kind == tsqltoken.KindWord && strings.EqualFold(all[i].Text, word)
	}
	table := 1
	switch {
	case is(0, "DELETE") && is(1, "FROM"):
		table = 2
	case is(0, "DELETE"), is(0, "UPDATE"):
	case is(0, "DROP") && is(1, "TABLE") && is(2, "IF") && is(3, "EXISTS"):
		table = 4
	case is(0, "DROP") && is(1, "TABLE"), is(0, "TRUNCATE") && is(1, "TABLE"):
		table = 2
	default:
		return "", false
	}
	end := table + 1
	for end+1 < len(all) && all[end].Op == '.' {
		end += 2
	}
	if table >= len(all) || is(table, "TOP") {
		return "", false
	}
	name := sql[all[table].Start:all[min(end, len(all))-1].End]
	depth := 0
	for i := end; i < len(all); i++ {
		switch {
		case all[i].Op == '(':
			depth++
		case all[i].Op == ')':
			depth--
		case depth == 0 && is(i, "FROM"), depth == 0 && is(i, "OUTPUT"):
			return "", false
		case depth == 0 && is(i, "WHERE"):
			return "SELECT COUNT(*) FROM " + name + " " + sql[all[i].Start:all[len(all)-1].End], true
		}
	}
	return "SELECT COUNT(*) FROM " + name, true
}

// InsertedRows returns how many rows an INSERT ... VALUES adds, and false for any other statement.
func InsertedRows(sql string) (int, bool) {
	all := tokens(sql)
	if len(all) == 0 || !strings.EqualFold(all[0].Text, "INSERT") {
		return 0, false
	}
	rows, depth, values := 0, 0, false
	for _, t := range all {
		switch {
		case t.Kind == tsqltoken.KindWord && depth == 0 && strings.EqualFold(t.Text, "VALUES"):
			values = true
		case t.Op == '(':
			if depth++; depth == 1 && values {
				rows++
			}
		case t.Op == ')':
			depth--
		}
	}
	return rows, values
}
