package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
)

// foreign reports whether a word is not in the grammar.
func (p *parser) foreign(t token) bool {
	if p.lex.statement {
		return t.Keyword == tsqltoken.Reserved
	}
	return !t.Keyword.InCondition()
}

// unexpected refuses the current token where want was expected. Words of T-SQL that
// are outside the subset are refused as such.
func (p *parser) unexpected(want string) *api.Problem {
	t := p.tok
	if t.Kind == tsqltoken.KindOp && t.Op == ';' && !p.lex.statement {
		return syntaxError(t.Start, "there is text after the semicolon, but only one expression is allowed here").
			Hinted("remove the semicolon and what follows")
	}
	if t.Kind == tsqltoken.KindWord {
		if e := refuseOperator(t); e != nil {
			return e
		}
		if p.lex.statement {
			if e := refuseFeature(t); e != nil {
				return e
			}
		} else if p.foreign(t) {
			return refuseWord(t)
		}
	}
	e := syntaxError(t.Start, "expected %s, found %s", want, show(t))
	if t.Kind == tsqltoken.KindWord && t.Keyword != tsqltoken.NoKeyword {
		switch t.Keyword {
		case tsqltoken.From, tsqltoken.Where, tsqltoken.Group, tsqltoken.Having, tsqltoken.Order:
			return e.Hinted("the clauses come in the order SELECT, FROM, WHERE, GROUP BY, HAVING, ORDER BY; a name like that is written in brackets: [%s]", strings.ToLower(t.Text))
		}
		return e.Hinted("a column of that name is written in brackets: [%s]", strings.ToLower(t.Text))
	}
	if t.Kind == tsqltoken.KindEnd {
		return e.Hinted("the text ends too early; complete it")
	}
	return e.Hinted("correct this word, or complete what precedes it")
}

// refuseOperator refuses operators of other databases that T-SQL does not have.
func refuseOperator(t token) *api.Problem {
	switch word := strings.ToUpper(api.Clip(t.Text)); word {
	case "ILIKE", "RLIKE", "REGEXP", "GLOB", "MATCH":
		return unsupported(t.Start, "%s is not an operator of T-SQL", word).
			Hinted("use LIKE, which ignores case, with %%, _ and [a-z]")
	case "DIV", "MOD":
		return unsupported(t.Start, "%s is not an operator of T-SQL", word).
			Hinted("use / between integers, and %%")
	}
	return nil
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

// refuseWord refuses, outside of statements, a reserved word by its name.
func refuseWord(t token) *api.Problem {
	word := strings.ToUpper(t.Text)
	var p *api.Problem
	switch word {
	case "SELECT", "EXISTS", "ANY", "ALL", "SOME":
		p = unsupported(t.Start, "subqueries (%s) are not supported here", word)
	case "UNION", "INTERSECT", "EXCEPT":
		p = unsupported(t.Start, "%s is not supported here: only one expression belongs here", word)
	case "CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "CONTAINS", "FREETEXT", "OVER":
		p = unsupported(t.Start, "%s is not supported here", word)
	case "ORDER", "GROUP", "HAVING", "FROM", "WHERE", "TOP", "FETCH", "DISTINCT", "JOIN", "INTO":
		p = unsupported(t.Start, "the clause %s is not allowed here", word)
	default:
		p = unsupported(t.Start, "%s is not allowed here", word)
	}
	if field := fieldFor(word); field != "" {
		return p.Hinted("use the field %s; a column of that name is written in brackets: [%s]", field, strings.ToLower(t.Text))
	}
	return p.Hinted("use comparisons, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL, functions and arithmetic; a column of that name is written in brackets: [%s]",
		strings.ToLower(t.Text))
}

// feature is something of T-SQL, or of other databases, that is not supported.
type feature struct {
	what, hint string
	foreign    bool // T-SQL does not have it either
	maybeName  bool // the word is more likely than others meant as a name
}

// problem refuses the feature at an offset. word is what begins it.
func (f feature) problem(at int, word string) *api.Problem {
	format := "Shardeck does not support %s"
	if f.foreign {
		format = "%s is not T-SQL"
	}
	p := unsupported(at, format, f.what)
	if f.maybeName {
		return p.Hinted("%s; a column of that name is written in brackets: [%s]", f.hint, strings.ToLower(word))
	}
	return p.Hinted("%s", f.hint)
}

// unsupportedFeature returns the feature that a word within a statement would begin.
func unsupportedFeature(word string) (feature, bool) {
	switch word {
	case "SELECT", "EXISTS", "ANY", "ALL", "SOME":
		return feature{what: "a subquery in this place (" + word + ")", hint: "write it in parentheses as a value, after IN or EXISTS, or as a table of FROM"}, true
	case "UNION", "INTERSECT", "EXCEPT":
		return feature{what: word + " in this place", hint: "write it between two SELECT, before ORDER BY"}, true
	case "MINUS":
		return feature{what: word, hint: "use EXCEPT", foreign: true}, true
	case "WITH":
		return feature{what: "WITH in this place (hints, ROLLUP, CUBE)", hint: "leave it out"}, true
	case "CROSS", "RIGHT", "FULL":
		return feature{what: word + " in this place", hint: "join tables in the FROM of a SELECT"}, true
	case "OUTER":
		return feature{what: "OUTER APPLY", hint: "use LEFT JOIN ... ON with the equality of the tables' shard keys"}, true
	case "NATURAL", "USING":
		return feature{what: word + " in a join", hint: "use JOIN ... ON a.key = b.key", foreign: true}, true
	case "OVER", "WINDOW", "QUALIFY":
		return feature{what: word + " in this place", hint: "write OVER (PARTITION BY ... ORDER BY ...) after each window function; filter by it in an outer query"}, true
	case "WITHIN", "FILTER":
		return feature{what: word + " after an aggregate", hint: "use CASE in its argument, such as SUM(CASE WHEN ... THEN x END)", maybeName: true}, true
	case "PIVOT", "UNPIVOT":
		return feature{what: word, hint: "use an aggregate of CASE for each column, such as SUM(CASE WHEN kind = 1 THEN x END)"}, true
	case "MERGE":
		return feature{what: "MERGE", hint: "use UPDATE, and INSERT the rows it did not find"}, true
	case "INTO":
		return feature{what: "SELECT ... INTO", hint: "use CREATE TABLE, then INSERT ... SELECT"}, true
	case "OUTPUT", "RETURNING":
		return feature{what: word, hint: "read the rows with a SELECT; the answer says how many were affected"}, true
	case "OPTION":
		return feature{what: "query hints (OPTION)", hint: "leave them out", maybeName: true}, true
	case "FOR":
		return feature{what: "FOR XML, FOR JSON and FOR BROWSE", hint: "leave it out: the answer is JSON, or CSV with Accept: text/csv"}, true
	case "TABLESAMPLE":
		return feature{what: "TABLESAMPLE", hint: "choose rows with WHERE"}, true
	case "LIMIT":
		return feature{what: "LIMIT", hint: "use TOP (n), or ORDER BY ... OFFSET n ROWS FETCH NEXT n ROWS ONLY", foreign: true, maybeName: true}, true
	case "OFFSET", "FETCH":
		return feature{what: word + " without ORDER BY before it", hint: "write ORDER BY ... OFFSET n ROWS FETCH NEXT n ROWS ONLY, or TOP (n)", maybeName: true}, true
	case "CONTAINS", "FREETEXT":
		return feature{what: "full-text search (" + word + ")", hint: "use LIKE"}, true
	case "TRY_PARSE", "PARSE":
		return feature{what: word, hint: "use TRY_CONVERT or CONVERT with a style"}, true
	case "CURRENT_USER", "SESSION_USER", "SYSTEM_USER":
		return feature{what: word, hint: "send the name as a parameter: the shards have no users"}, true
	case "OPENROWSET", "OPENQUERY", "OPENDATASOURCE", "OPENXML", "OPENJSON":
		return feature{what: word, hint: "send the rows with INSERT ... VALUES"}, true
	case "ROLLUP", "CUBE", "GROUPING":
		return feature{what: word + " in GROUP BY", hint: "run one SELECT for each grouping"}, true
	}
	return feature{}, false
}

// refuseFeature refuses the feature that a word within a statement begins; nil if it
// is just a word in the wrong place.
func refuseFeature(t token) *api.Problem {
	word := strings.ToUpper(api.Clip(t.Text))
	if f, ok := unsupportedFeature(word); ok {
		return f.problem(t.Start, word)
	}
	if word == "GO" {
		return unsupported(t.Start, "GO in the middle of a line is not supported").Hinted("write GO on a line of its own")
	}
	if t.Keyword == tsqltoken.Reserved {
		return unsupported(t.Start, "%s is not allowed here", word).Hinted("a name like that is written in brackets: [%s]", strings.ToLower(word))
	}
	return nil
}

// noAlias reports whether an unquoted word cannot be an alias without AS: T-SQL
// reserves it, or it more likely begins a clause.
func noAlias(t token) bool {
	if tsqltoken.IsReserved(t.Text) {
		return true
	}
	word := strings.ToUpper(api.Clip(t.Text))
	if _, ok := unsupportedFeature(word); ok || word == "GO" || word == "AT" {
		return true
	}
	return refuseOperator(t) != nil
}

// refuseVerb refuses the statement that begins with t.
func refuseVerb(t token) *api.Problem {
	if t.Kind == tsqltoken.KindEnd {
		return syntaxError(t.Start, "the statement is empty").Hinted("write SELECT, INSERT, UPDATE, DELETE, TRUNCATE TABLE, or CREATE, ALTER or DROP TABLE")
	}
	if t.Kind == tsqltoken.KindOp && t.Op == '(' {
		return unsupported(t.Start, "a statement in parentheses is not supported").Hinted("leave the parentheses out")
	}
	word := strings.ToUpper(api.Clip(t.Text))
	if t.Kind == tsqltoken.KindWord {
		if f, ok := unsupportedVerb(word); ok {
			return f.problem(t.Start, word)
		}
	}
	return syntaxError(t.Start, "expected a statement, found %s", show(t)).
		Hinted("a statement begins with SELECT, INSERT, UPDATE, DELETE, TRUNCATE TABLE, or CREATE, ALTER or DROP TABLE")
}

// unsupportedVerb returns the feature that a first word asks for.
func unsupportedVerb(word string) (feature, bool) {
	switch word {
	case "EXEC", "EXECUTE", "CALL":
		return feature{what: "stored procedures (" + word + ")", hint: "send the statements themselves, one at a time"}, true
	case "BEGIN", "COMMIT", "ROLLBACK", "SAVE", "TRAN", "TRANSACTION", "START":
		return feature{what: "transactions over several statements (" + word + ")", hint: "each statement is atomic at each shard; put the rows that belong together into one INSERT"}, true
	case "MERGE", "REPLACE", "UPSERT":
		return feature{what: word, hint: "use UPDATE, and INSERT the rows it did not find"}, true
	case "GRANT", "REVOKE", "DENY":
		return feature{what: word, hint: "access is by the master's API token"}, true
	case "IF", "WHILE", "GOTO", "RETURN", "BREAK", "CONTINUE", "TRY", "THROW", "RAISERROR", "PRINT", "WAITFOR", "CURSOR", "OPEN", "CLOSE", "DEALLOCATE":
		return feature{what: "programs in T-SQL (" + word + ")", hint: "decide in the program that sends the statements"}, true
	case "BACKUP", "RESTORE", "DBCC", "SHUTDOWN", "CHECKPOINT", "RECONFIGURE", "VACUUM", "ATTACH", "PRAGMA":
		return feature{what: "administration (" + word + ")", hint: "use the tools of the shards' engine"}, true
	case "KILL":
		return feature{what: "KILL", hint: "DELETE /queries/{id} cancels a running statement"}, true
	case "EXPLAIN":
		return feature{what: "EXPLAIN", hint: "send the statement with explain: true in the request", foreign: true}, true
	case "SHOW", "DESCRIBE", "DESC":
		return feature{what: word, hint: "GET /metadata lists databases and tables", foreign: true}, true
	case "BULK", "LOAD", "COPY":
		return feature{what: word, hint: "send the rows with INSERT ... VALUES or POST /insert"}, true
	case "VALUES", "TABLE":
		return feature{what: word + " as a statement", hint: "use SELECT ... FROM", foreign: true}, true
	}
	return feature{}, false
}
