package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
)

// statement parses a statement and the hints at its end.
func (p *parser) statement() Statement {
	s := p.unhinted()
	p.option()
	return s
}

func (p *parser) unhinted() Statement {
	for p.accept(';') {
	}
	if s := p.sessionStatement(); s != nil {
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
	if p.acceptsVerb("ALTER") {
		return p.alterStatement()
	}
	p.fail(refuseVerb(p.tok))
	return nil
}

// acceptsVerb reports whether the current token is the first word of a statement that is no keyword.
func (p *parser) acceptsVerb(word string) bool {
	return p.tok.Kind == tsqltoken.KindWord && strings.EqualFold(p.tok.Text, word)
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
	case *AlterTable:
		return "a comma, NULL, NOT NULL, DEFAULT or the end of the ALTER TABLE"
	case *Truncate, *CreateTable, *DropTable, *CreateIndex, *DropIndex:
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
		e = noOutput(t, verb)
	default:
		return
	}
	p.fail(e)
}
