package tsql

import (
	"strings"

	"shardeck/shared/api"
)

// ParseStatement reads one statement, which a semicolon may end, and in which
// comments may stand. What T-SQL has and Shardeck has not is refused by its name,
// with what to use instead.
func ParseStatement(text string) (Statement, error) {
	p, err := startParser(text, true)
	if err != nil {
		return nil, err
	}
	s := p.statement()
	p.end(s)
	if p.err != nil {
		return nil, p.err
	}
	return s, nil
}

func (p *parser) statement() Statement {
	for p.accept(';') {
	}
	switch p.tok.kw {
	case kwSelect:
		return p.selectStatement()
	case kwInsert:
		return p.insertStatement()
	case kwUpdate:
		return p.updateStatement()
	case kwDelete:
		return p.deleteStatement()
	case kwCreate:
		return p.createStatement()
	case kwDrop:
		return p.dropStatement()
	}
	p.fail(refuseVerb(p.tok))
	return nil
}

// end refuses what stands behind the statement.
func (p *parser) end(s Statement) {
	ended := false
	for p.accept(';') {
		ended = true
	}
	if p.err != nil || p.tok.kind == tokEOF {
		return
	}
	if p.tok.kind == tokWord {
		word := strings.ToUpper(clip(p.tok.text))
		begins := p.tok.kw == kwSelect || p.tok.kw == kwInsert || p.tok.kw == kwUpdate || p.tok.kw == kwDelete || p.tok.kw == kwCreate || p.tok.kw == kwDrop
		if _, verb := unsupportedVerb(word); word != "GO" && (begins || verb && (ended || p.tok.kw != kwWith)) {
			p.fail(unsupported(p.tok.start, "several statements in one text are not supported, and another begins with %s", word).
				Hinted("send the statements one at a time"))
			return
		}
	}
	if ended {
		p.fail(unsupported(p.tok.start, "several statements in one text are not supported, and the text goes on with %s", p.tok.show()).
			Hinted("remove what follows the semicolon, or send it by itself"))
		return
	}
	p.fail(p.unexpected(p.wanted(s)))
}

// wanted says what might have followed the whole of s.
func (p *parser) wanted(s Statement) string {
	switch s := s.(type) {
	case *Select:
		return wantedOfSelect(s)
	case *Insert:
		return "a comma and another row, or the end of the INSERT"
	case *Update:
		if s.Where == nil {
			return "a comma, WHERE or the end of the UPDATE"
		}
	case *Delete:
		if s.Where == nil {
			return "WHERE or the end of the DELETE"
		}
	case *CreateTable, *DropTable:
		return "the end of the " + s.Verb()
	}
	return "AND, OR or the end of the " + s.Verb()
}

func wantedOfSelect(s *Select) string {
	switch {
	case s.Fetch != nil:
		return "the end of the SELECT"
	case s.Offset != nil:
		return "FETCH or the end of the SELECT"
	case s.OrderBy != nil:
		return "ASC, DESC, a comma, OFFSET or the end of the SELECT"
	case s.Having != nil:
		return "AND, OR, ORDER BY or the end of the SELECT"
	case s.GroupBy != nil:
		return "a comma, HAVING, ORDER BY or the end of the SELECT"
	case s.Where != nil:
		return "AND, OR, GROUP BY, HAVING, ORDER BY or the end of the SELECT"
	}
	return "JOIN, WHERE, GROUP BY, HAVING, ORDER BY or the end of the SELECT"
}

// notHere refuses, where a writing statement has its table or its rows, the
// clauses that T-SQL has there.
func (p *parser) notHere(verb string) {
	t := p.tok
	if p.err != nil || t.kind != tokWord {
		return
	}
	word := strings.ToUpper(clip(t.text))
	var e *api.Problem
	switch {
	case t.kw == kwTop:
		e = unsupported(t.start, "%s TOP is not supported", verb).Hinted("choose the rows by WHERE")
	case t.kw == kwFrom, t.kw == kwJoin, t.kw == kwInner, t.kw == kwLeft:
		e = unsupported(t.start, "%s with further tables (%s) is not supported", verb, word).Hinted("read the values with a SELECT, and choose the rows by WHERE")
	case t.kw == kwWith:
		e = unsupported(t.start, "table hints (WITH) are not supported").Hinted("leave them out")
	case t.kw == kwOrder:
		e = unsupported(t.start, "%s with ORDER BY is not T-SQL", verb).Hinted("choose the rows by WHERE")
	case word == "OUTPUT":
		e = refuseFeature(t)
	default:
		return
	}
	p.fail(e)
}
