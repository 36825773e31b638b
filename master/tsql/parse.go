package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
)

// ParseStatement parses one statement, which a semicolon may end, and in which
// comments are allowed. What T-SQL has and Shardeck does not is refused by name,
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

// statement parses a statement and the hints at its end.
func (p *parser) statement() Statement {
	s := p.unhinted()
	p.option()
	return s
}

func (p *parser) unhinted() Statement {
	for p.accept(';') {
	}
	if s := p.scriptStatement(); s != nil {
		return s
	}
	switch p.tok.Keyword {
	case tsqltoken.Select:
		p.assigns = nil
		q := p.query()
		return p.assigned(q, p.assigns)
	case tsqltoken.With:
		return p.with()
	case tsqltoken.Insert:
		return p.insertStatement()
	case tsqltoken.Update:
		return p.updateStatement()
	case tsqltoken.Delete:
		return p.deleteStatement()
	case tsqltoken.Create:
		return p.createStatement()
	case tsqltoken.Drop:
		return p.dropStatement()
	}
	if p.opensQuery() {
		return p.query()
	}
	if p.acceptsVerb("TRUNCATE") {
		return p.truncateStatement()
	}
	p.fail(refuseVerb(p.tok))
	return nil
}

// acceptsVerb reports whether the current token is the first word of a statement that is no keyword.
func (p *parser) acceptsVerb(word string) bool {
	return p.tok.Kind == tsqltoken.KindWord && strings.EqualFold(p.tok.Text, word)
}

// end refuses whatever follows the statement.
func (p *parser) end(s Statement) {
	ended := false
	for p.accept(';') {
		ended = true
	}
	if p.err != nil || p.tok.Kind == tsqltoken.KindEnd {
		return
	}
	if p.tok.Kind == tsqltoken.KindWord {
		word := strings.ToUpper(api.Clip(p.tok.Text))
		begins := p.tok.Keyword == tsqltoken.Select || p.tok.Keyword == tsqltoken.Insert || p.tok.Keyword == tsqltoken.Update || p.tok.Keyword == tsqltoken.Delete || p.tok.Keyword == tsqltoken.Create || p.tok.Keyword == tsqltoken.Drop
		begins = begins || word == "TRUNCATE"
		if _, verb := unsupportedVerb(word); word != "GO" && (begins || verb && (ended || p.tok.Keyword != tsqltoken.With)) {
			p.fail(unsupported(p.tok.Start, "multiple statements in one request are not supported, and another begins with %s", word).
				Hinted("send the statements one at a time"))
			return
		}
	}
	if ended {
		p.fail(unsupported(p.tok.Start, "multiple statements in one request are not supported, and the text continues with %s", show(p.tok)).
			Hinted("remove what follows the semicolon, or send it by itself"))
		return
	}
	p.fail(p.unexpected(p.wanted(s)))
}

// wanted lists what could have followed s.
func (p *parser) wanted(s Statement) string {
	switch s := s.(type) {
	case *Select:
		return wantedOfSelect(s)
	case *SetQuery:
		return wantedOfSetQuery(s)
	case *With:
		return p.wanted(s.Body)
	case *Insert:
		if s.Query != nil {
			return p.wanted(s.Query)
		}
		return "a comma and another row, or the end of the INSERT"
	case *Update:
		if s.Where == nil {
			return "a comma, FROM, WHERE or the end of the UPDATE"
		}
	case *Delete:
		if s.Where == nil {
			return "WHERE or the end of the DELETE"
		}
	case *Truncate, *CreateTable, *DropTable:
		return "the end of the " + s.Verb()
	}
	return "AND, OR or the end of the " + s.Verb()
}

func wantedOfSelect(s *Select) string {
	switch {
	case s.OrderBy != nil:
		return wantedOfOrdering(&s.Ordering)
	case s.Having != nil:
		return "AND, OR, ORDER BY or the end of the SELECT"
	case s.GroupBy != nil:
		return "a comma, HAVING, ORDER BY or the end of the SELECT"
	case s.Where != nil:
		return "AND, OR, GROUP BY, HAVING, ORDER BY or the end of the SELECT"
	case s.From == nil:
		return "a comma, AS, an alias or FROM"
	}
	return "JOIN, WHERE, GROUP BY, HAVING, ORDER BY or the end of the SELECT"
}

func wantedOfSetQuery(s *SetQuery) string {
	if s.OrderBy != nil {
		return wantedOfOrdering(&s.Ordering)
	}
	return "a set operator, ORDER BY or the end of the SELECT"
}

// wantedOfOrdering lists what could have followed ORDER BY and its items.
func wantedOfOrdering(o *Ordering) string {
	switch {
	case o.Fetch != nil:
		return "the end of the SELECT"
	case o.Offset != nil:
		return "FETCH or the end of the SELECT"
	}
	return "ASC, DESC, a comma, OFFSET or the end of the SELECT"
}

// notHere refuses the clauses that T-SQL allows around the table or the rows of a
// writing statement.
func (p *parser) notHere(verb string) {
	t := p.tok
	if p.err != nil || t.Kind != tsqltoken.KindWord {
		return
	}
	word := strings.ToUpper(api.Clip(t.Text))
	var e *api.Problem
	switch {
	case t.Keyword == tsqltoken.Top:
		e = unsupported(t.Start, "%s TOP is not supported", verb).Hinted("choose the rows by WHERE")
	case t.Keyword == tsqltoken.From, t.Keyword == tsqltoken.Join, t.Keyword == tsqltoken.Inner, t.Keyword == tsqltoken.Left, t.Keyword == tsqltoken.Right, t.Keyword == tsqltoken.Full, t.Keyword == tsqltoken.Cross:
		e = unsupported(t.Start, "%s with further tables (%s) is not supported", verb, word).Hinted("choose the rows by a subquery, as in WHERE EXISTS (SELECT ...), and compute values by one")
	case t.Keyword == tsqltoken.Order:
		e = unsupported(t.Start, "%s with ORDER BY is not T-SQL", verb).Hinted("choose the rows by WHERE")
	case word == "OUTPUT":
		e = refuseFeature(t)
	default:
		return
	}
	p.fail(e)
}
