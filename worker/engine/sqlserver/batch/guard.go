package batch

import (
	"slices"
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
	"shardeck/worker/engine/contract"
)

// The engine trusts its master's SQL, but not so far that a mistake of the master could write
// through a query, end the engine's transaction or reach another database. SQL Server cannot
// forbid those in a batch, so the bare words of the text are checked: the dialect quotes names
// and sends values as parameters, so that the reserved words that begin other statements must not
// occur.

// CheckSelect refuses a text that is not a single SELECT.
func CheckSelect(sql string) *api.Problem {
	return checkText(sql, contract.NoSelect(), "SELECT", "WITH")
}

// CheckStatement refuses a text that is not a single statement of its declared effect.
func CheckStatement(sql string, effect api.Effect) *api.Problem {
	otherwise := contract.ChangesNothing()
	switch effect {
	case api.EffectInsert:
		return checkText(sql, otherwise, "INSERT", "INTO")
	case api.EffectUpdate:
		return checkText(sql, otherwise, "UPDATE", "SET")
	case api.EffectDelete:
		return checkText(sql, otherwise, "DELETE")
	case api.EffectCreateTable:
		return checkObject(sql, otherwise, "CREATE", "TABLE")
	case api.EffectCreateIndex:
		return checkObject(sql, otherwise, "CREATE", "INDEX")
	case api.EffectDropTable:
		return checkObject(sql, otherwise, "DROP", "TABLE")
	case api.EffectAlterTable:
		var p *api.Problem
		for _, begins := range [...][2]string{{"ALTER", "TABLE"}, {"CREATE", "INDEX"}, {"DROP", "INDEX"}} {
			if p = checkObject(sql, otherwise, begins[0], begins[1]); p == nil {
				return nil
			}
		}
		return p
	}
	return otherwise
}

// checkObject refuses a text that is not a single statement beginning with the verb and the kind
// of object.
func checkObject(sql string, otherwise *api.Problem, verb, kind string) *api.Problem {
	if p := checkText(sql, otherwise, verb); p != nil {
		return p
	}
	seen := 0
	scan := tsqltoken.NewScanner(sql)
	for t := (tsqltoken.Token{}); scan.Next(&t); {
		if t.Kind == tsqltoken.KindComment {
			continue
		}
		if seen++; seen == 2 {
			if t.Kind == tsqltoken.KindWord && strings.EqualFold(t.Text, kind) {
				return nil
			}
			break
		}
	}
	return otherwise
}

// foreignWords are the reserved words that begin a statement or make a SELECT write.
var foreignWords = strings.Fields(`ALTER BACKUP BEGIN BREAK BULK CHECKPOINT CLOSE COMMIT CONTINUE CREATE DBCC DEALLOCATE
	DECLARE DELETE DENY DROP EXEC EXECUTE GOTO GRANT IF INSERT INTO KILL LOAD MERGE OPEN OPENDATASOURCE OPENQUERY
	OPENROWSET OPENXML PRINT RAISERROR READTEXT RECONFIGURE RESTORE RETURN REVERT REVOKE ROLLBACK SAVE SET SETUSER
	SHUTDOWN THROW TRUNCATE UPDATE UPDATETEXT USE WAITFOR WHILE WRITETEXT`)

// foreign is the set of foreignWords. It is never modified.
var foreign = func() map[string]bool {
	m := make(map[string]bool, len(foreignWords))
	for _, w := range foreignWords {
		m[w] = true
	}
	return m
}()

// checkText refuses a text whose first word is not in allowed (with the message otherwise), that
// contains a foreign word not in allowed, or one of those more than once, or that continues after
// a semicolon.
func checkText(sql string, otherwise *api.Problem, allowed ...string) *api.Problem {
	var seen []string
	first, ended := true, false
	scan := tsqltoken.NewScanner(sql)
	var t tsqltoken.Token
	for scan.Next(&t) {
		switch {
		case t.Fault == tsqltoken.Unclosed:
			return api.NewProblem(api.CodeSyntax, "the statement ends within a quote or a comment").At("sql")
		case t.Kind == tsqltoken.KindComment:
			continue
		case t.Op == ';' && !first:
			ended = true
			continue
		case ended:
			return api.NewProblem(api.CodeSyntax, "there is more than one statement").At("sql").Hinted("send them one by one")
		}
		word := ""
		if t.Kind == tsqltoken.KindWord {
			word = strings.ToUpper(t.Text)
		}
		if first && !slices.Contains(allowed, word) {
			return otherwise
		}
		first = false
		if !foreign[word] {
			continue
		}
		if !slices.Contains(allowed, word) || slices.Contains(seen, word) {
			return contract.OutOfBounds("send one statement at a time; transactions, procedures and other databases are reserved to the worker")
		}
		seen = append(seen, word)
	}
	if first {
		return api.NewProblem(api.CodeSyntax, "the text contains no statement").At("sql")
	}
	return nil
}
