package sqlserver

import (
	"slices"
	"strings"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
)

// The engine trusts its master's text, but not so far that a slip of the master's
// could write through a query, end the engine's transaction or reach another
// database. SQL Server has nothing that forbids those to a batch, so the text's
// bare words are looked at: the dialect quotes names and sends values as
// parameters, so that the words that begin other statements, which are reserved,
// have no business in it.

// checkSelect refuses a text that is not one SELECT.
func checkSelect(sql string) *api.Problem {
	return checkText(sql, contract.NoSelect(), "SELECT", "WITH")
}

// checkStatement refuses a text that is not the one statement that its effect says.
func checkStatement(sql string, effect api.Effect) *api.Problem {
	otherwise := contract.ChangesNothing()
	switch effect {
	case api.EffectInsert:
		return checkText(sql, otherwise, "INSERT", "INTO")
	case api.EffectUpdate:
		if isCreateIndex(sql) {
			return checkText(sql, otherwise, "CREATE")
		}
		return checkText(sql, otherwise, "UPDATE", "SET")
	case api.EffectDelete:
		return checkText(sql, otherwise, "DELETE")
	case api.EffectCreateTable:
		return checkText(sql, otherwise, "CREATE")
	case api.EffectDropTable:
		return checkText(sql, otherwise, "DROP")
	}
	return otherwise
}

// isCreateIndex says whether a text begins to create an index, as comes with a
// create-table; it changes no rows, and an update is what a master calls it.
func isCreateIndex(sql string) bool {
	first, rest, _ := nextToken(sql)
	second, _, _ := nextToken(rest)
	return strings.EqualFold(first, "CREATE") && strings.EqualFold(second, "INDEX")
}

// foreignWords are the reserved words that begin a statement or that a SELECT writes with.
var foreignWords = strings.Fields(`ALTER BACKUP BEGIN BREAK BULK CHECKPOINT CLOSE COMMIT CONTINUE CREATE DBCC DEALLOCATE
	DECLARE DELETE DENY DROP EXEC EXECUTE GOTO GRANT IF INSERT INTO KILL LOAD MERGE OPEN OPENDATASOURCE OPENQUERY
	OPENROWSET OPENXML PRINT RAISERROR READTEXT RECONFIGURE RESTORE RETURN REVERT REVOKE ROLLBACK SAVE SET SETUSER
	SHUTDOWN THROW TRUNCATE UPDATE UPDATETEXT USE WAITFOR WHILE WRITETEXT`)

// foreign holds foreignWords. Nobody changes it.
var foreign = func() map[string]bool {
	m := make(map[string]bool, len(foreignWords))
	for _, w := range foreignWords {
		m[w] = true
	}
	return m
}()

// checkText refuses a text whose first word is not among allowed (with otherwise),
// that has a foreign word not among allowed, or one of those twice, or that goes
// on after a semicolon.
func checkText(sql string, otherwise *api.Problem, allowed ...string) *api.Problem {
	var seen []string
	first, ended := true, false
	for {
		token, rest, ok := nextToken(sql)
		if !ok {
			return api.NewProblem(api.CodeSyntax, "the statement ends within a quote or a comment").At("sql")
		}
		if token == "" {
			break
		}
		sql = rest
		if token == ";" && !first {
			ended = true
			continue
		}
		if ended {
			return api.NewProblem(api.CodeSyntax, "there is more than one statement").At("sql").Hinted("send them one by one")
		}
		word := strings.ToUpper(token)
		if first && !slices.Contains(allowed, word) {
			return otherwise
		}
		first = false
		if !foreign[word] {
			continue
		}
		if !slices.Contains(allowed, word) || slices.Contains(seen, word) {
			return contract.OutOfBounds("one statement at a time; transactions, procedures and other databases are the worker's own")
		}
		seen = append(seen, word)
	}
	if first {
		return api.NewProblem(api.CodeSyntax, "there is no statement").At("sql")
	}
	return nil
}

// nextToken returns the first token of T-SQL text and what follows it: a word, a
// quoted name or string, or one byte of anything else; "" at the end. Spaces and
// comments are skipped. It fails when a quote or a comment does not end.
func nextToken(sql string) (token, rest string, ok bool) {
	for {
		sql = strings.TrimLeft(sql, " \t\r\n\v\f\u00a0\ufeff")
		switch {
		case strings.HasPrefix(sql, "--"):
			_, sql, _ = strings.Cut(sql, "\n")
			continue
		case strings.HasPrefix(sql, "/*"):
			if sql, ok = skipComment(sql); !ok {
				return "", "", false
			}
			continue
		case sql == "":
			return "", "", true
		}
		n := 1
		switch c := sql[0]; c {
		case '\'', '"':
			n = quotedLen(sql, c)
		case '[':
			n = quotedLen(sql, ']')
		default:
			for n < len(sql) && wordByte(c) && wordByte(sql[n]) {
				n++
			}
		}
		if n < 0 {
			return "", "", false
		}
		return sql[:n], sql[n:], true
	}
}

// quotedLen returns the length of the quoted text that sql begins with, in which
// the closing byte is written twice; -1 when it does not end.
func quotedLen(sql string, closing byte) int {
	for i := 1; i < len(sql); i++ {
		if sql[i] != closing {
			continue
		}
		if i+1 < len(sql) && sql[i+1] == closing {
			i++
			continue
		}
		return i + 1
	}
	return -1
}

// skipComment skips the comment that sql begins with; T-SQL's comments nest.
func skipComment(sql string) (rest string, ok bool) {
	depth := 0
	for i := 0; i+1 < len(sql); i++ {
		switch sql[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			i++
			if depth--; depth == 0 {
				return sql[i+1:], true
			}
		}
	}
	return "", false
}

// wordByte says whether c can be in a word: a name, a keyword, a number or a variable.
func wordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '_' || c == '@' || c == '#' || c == '$' || c >= 0x80
}
