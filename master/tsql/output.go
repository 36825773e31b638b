package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
)

// atOutput reports whether the current token begins an OUTPUT clause. The word is not reserved.
func (p *parser) atOutput() bool {
	return p.err == nil && p.tok.Kind == tsqltoken.KindWord && strings.EqualFold(p.tok.Text, "OUTPUT")
}

// output parses the OUTPUT of an INSERT, if there is one: a list like that of a SELECT.
func (p *parser) output() []SelectItem {
	if !p.atOutput() {
		return nil
	}
	p.advance()
	var list []SelectItem
	for p.err == nil {
		if len(list) == MaxColumns {
			p.fail(tooComplex(p.tok.Start, "OUTPUT has more than %d columns", MaxColumns).Hinted("name fewer columns"))
		}
		if t, _ := p.peek(); p.tok.Kind == tsqltoken.KindParam && t.Kind == tsqltoken.KindOp && t.Op == '=' {
			p.fail(unsupported(p.tok.Start, "OUTPUT assigns to no variable").Hinted("the rows are the answer of the statement; SELECT @x = ... assigns"))
		}
		it := p.selectItem()
		if it.Star && it.Table == "" {
			p.fail(syntaxError(it.At, "OUTPUT * is not T-SQL").Hinted("write inserted.*"))
		}
		list = append(list, it)
		if !p.accept(',') {
			break
		}
	}
	if p.tok.Keyword == tsqltoken.Into {
		p.fail(unsupported(p.tok.Start, "OUTPUT ... INTO is not supported").Hinted("leave INTO out: the rows are the answer; INSERT ... SELECT copies rows into a table"))
	}
	return list
}

// noOutput refuses an OUTPUT where none is supported: the shards do not return the rows that an UPDATE or
// DELETE has changed.
func noOutput(t token, verb string) *api.Problem {
	switch verb {
	case "INSERT":
		return syntaxError(t.Start, "OUTPUT is not in its place in the INSERT").Hinted("write it once, before VALUES or SELECT, as in INSERT INTO t (a) OUTPUT inserted.a VALUES (1)")
	case "UPDATE":
		return unsupported(t.Start, "UPDATE with OUTPUT is not supported").Hinted("read the rows with a SELECT before or after it; the answer says how many were affected")
	}
	return unsupported(t.Start, "%s with OUTPUT is not supported", verb).Hinted("read the rows with a SELECT before it; the answer says how many were affected")
}
