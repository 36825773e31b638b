package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/tsqltoken"
)

// insertStatement parses an INSERT, whose first word is the current token.
func (p *parser) insertStatement() *Insert {
	s := &Insert{At: p.tok.Start}
	p.advance()
	p.notHere("INSERT")
	p.acceptWord(tsqltoken.Into)
	s.Table = p.table()
	p.hintsOfTable()
	if p.tok.Kind == tsqltoken.KindOp && p.tok.Op == '(' {
		if t, _ := p.peek(); t.Keyword == tsqltoken.Select || p.opensQuery() {
			s.Query = p.query()
			return s
		}
		s.Columns = p.names("the name of a column", false)
	}
	s.Output = p.output()
	if p.opensQuery() {
		s.Query = p.query()
		return s
	}
	if p.tok.Keyword == tsqltoken.With && s.Columns != nil {
		p.fail(unsupported(p.tok.Start, "WITH within an INSERT is not T-SQL: it belongs before INSERT").Hinted("write WITH name AS (SELECT ...) INSERT INTO ... SELECT ... FROM name"))
	}
	p.notHere("INSERT")
	switch p.tok.Keyword {
	case tsqltoken.Values:
		p.advance()
	case tsqltoken.Select:
		s.Query = p.query()
		return s
	case tsqltoken.Default:
		p.fail(unsupported(p.tok.Start, "INSERT ... DEFAULT VALUES is not supported").Hinted("write VALUES (DEFAULT, ...) with one for each column"))
	case tsqltoken.Set:
		p.fail(unsupported(p.tok.Start, "INSERT ... SET is not T-SQL").Hinted("write (column, ...) VALUES (value, ...)"))
	default:
		if word := strings.ToUpper(api.Clip(p.tok.Text)); p.tok.Kind == tsqltoken.KindWord && (word == "EXEC" || word == "EXECUTE") {
			p.fail(unsupported(p.tok.Start, "INSERT ... %s is not supported", word).Hinted("send the rows with VALUES"))
		}
		want := "VALUES or SELECT"
		if s.Columns == nil {
			want = "( and columns, VALUES or SELECT"
		}
		p.fail(p.unexpected(want))
	}
	p.insertRows(s)
	p.notHere("INSERT")
	if p.tok.Keyword == tsqltoken.On {
		p.fail(unsupported(p.tok.Start, "INSERT ... ON CONFLICT and ON DUPLICATE KEY are not T-SQL").Hinted("use UPDATE, and INSERT the rows it did not find"))
	}
	return s
}

// insertRows parses the rows after VALUES, all of the same length.
func (p *parser) insertRows(s *Insert) {
	for p.err == nil {
		at := p.tok.Start
		row := p.row(len(s.Columns))
		if p.err != nil {
			return
		}
		switch {
		case s.Columns != nil && len(row) < len(s.Columns):
			p.fail(syntaxError(at, "the row has %d values, and %d columns are named", len(row), len(s.Columns)).Hinted("write a value for each column; DEFAULT and NULL are values too").Numbered(mssqlerr.FewerValues))
		case s.Columns != nil && len(row) > len(s.Columns):
			p.fail(syntaxError(at, "the row has %d values, and %d columns are named", len(row), len(s.Columns)).Hinted("name a column for each value").Numbered(mssqlerr.MoreValues))
		case len(s.Rows) > 0 && len(row) != len(s.Rows[0]):
			p.fail(syntaxError(at, "the row has %d values, and the first row has %d", len(row), len(s.Rows[0])).Hinted("write all rows with the same number of values").Numbered(mssqlerr.RowLengths))
		}
		s.Rows = append(s.Rows, row)
		if !p.accept(',') {
			return
		}
	}
}

// row parses (value, ...), where DEFAULT is nil. Its length is guessed.
func (p *parser) row(guess int) []Expr {
	p.expect('(', "( and the values of a row")
	row := make([]Expr, 0, guess)
	for p.err == nil {
		if len(row) == MaxColumns {
			p.fail(tooComplex(p.tok.Start, "the row has more than %d values", MaxColumns).Hinted("no table has that many columns; close the row with )"))
		}
		row = append(row, p.valueOrDefault())
		if !p.accept(',') {
			break
		}
	}
	p.expect(')', "a comma or ) after a value")
	return row
}

// valueOrDefault parses a value, or DEFAULT, which is nil.
func (p *parser) valueOrDefault() Expr {
	if p.acceptWord(tsqltoken.Default) {
		return nil
	}
	return p.value(p.additive()).x
}

// updateStatement parses an UPDATE, whose first word is the current token.
func (p *parser) updateStatement() *Update {
	s := &Update{At: p.tok.Start}
	var qualifiers []Name // of the columns that are set, as they may be an alias that FROM gives
	p.advance()
	p.notHere("UPDATE")
	s.Table = p.table()
	p.hintsOfTable()
	p.notHere("UPDATE")
	p.noTableAlias("UPDATE")
	if !p.acceptWord(tsqltoken.Set) {
		p.fail(p.unexpected("SET"))
	}
	for p.err == nil {
		if len(s.Set) == MaxColumns {
			p.fail(tooComplex(p.tok.Start, "SET has more than %d columns", MaxColumns).Hinted("no table has that many columns"))
		}
		s.Set = append(s.Set, p.assignment(&qualifiers))
		if !p.accept(',') {
			break
		}
	}
	p.writtenFrom(&s.Table, "UPDATE")
	for _, q := range qualifiers {
		if p.err == nil && !strings.EqualFold(q.Name, s.Table.Name) && (s.Table.Alias == "" || !strings.EqualFold(q.Name, s.Table.Alias)) {
			p.fail(syntaxError(q.At, "%s is not the table of the UPDATE", api.Clip(q.Name)).Hinted("write the column alone").Numbered(mssqlerr.UnboundIdentifier))
		}
	}
	s.Where = p.whereOf("UPDATE")
	return s
}

// writtenFrom parses FROM after what an UPDATE or DELETE does, and sets the alias that it gives to
// the table that is written. It may have no other table.
func (p *parser) writtenFrom(target *TableRef, verb string) {
	at := p.tok.Start
	if !p.acceptWord(tsqltoken.From) {
		return
	}
	from := p.source()
	switch {
	case p.err != nil:
		return
	case p.tok.Kind == tsqltoken.KindOp && p.tok.Op == ',':
		p.fail(unsupported(p.tok.Start, "%s with further tables in FROM is not supported", verb).Hinted(noFurtherTables))
	case from.Derived() || from.Function != nil || from.Schema != "":
		p.fail(unsupported(from.At, "%s FROM anything but the table itself is not supported", verb).Hinted(noFurtherTables))
	case !strings.EqualFold(target.Name, from.Name) && (from.Alias == "" || !strings.EqualFold(target.Name, from.Alias) || target.DB != ""):
		p.fail(unsupported(at, "the FROM of this %s does not name the table %s", verb, api.Clip(target.Name)).Hinted(noFurtherTables))
	}
	*target = from
}

const noFurtherTables = "name one table in FROM; choose rows by a subquery, as in WHERE EXISTS (SELECT ...), and compute values by one"

// assignment parses column = value. What qualifies the column is added to qualifiers.
func (p *parser) assignment(qualifiers *[]Name) Assignment {
	if p.tok.Kind == tsqltoken.KindParam {
		p.fail(unsupported(p.tok.Start, "assignment to the variable @%s is not supported", api.Clip(p.tok.Text)).Hinted("SET names columns of the table"))
	}
	a := Assignment{Column: p.identifier("the name of a column to set")}
	if p.accept('.') {
		*qualifiers = append(*qualifiers, a.Column)
		a.Column = p.identifier("the name of a column after the point")
	}
	op, compound := p.compound()
	at := p.tok.Start
	if compound {
		p.advance()
	}
	p.expect('=', "= after the name of the column")
	if a.X = p.valueOrDefault(); compound && p.err == nil {
		if a.X == nil {
			p.fail(syntaxError(at, "DEFAULT is not a value to compute with").Hinted("write column = DEFAULT"))
			return a
		}
		a.X = &Arith{At: at, Op: op, L: &Column{At: a.Column.At, Name: a.Column.Name}, R: a.X}
	}
	p.noCondition()
	return a
}

// compound returns the operator of a compound assignment, such as +=, if the current token begins
// one.
func (p *parser) compound() (ArithOp, bool) {
	if next, _ := p.peek(); p.tok.Kind != tsqltoken.KindOp || next.Kind != tsqltoken.KindOp || next.Op != '=' || next.Start != p.tok.End {
		return 0, false
	}
	if op, ok := additiveOps[p.tok.Op]; ok {
		return op, true
	}
	op, ok := multiplicativeOps[p.tok.Op]
	return op, ok
}

// deleteStatement parses a DELETE, whose first word is the current token.
func (p *parser) deleteStatement() *Delete {
	s := &Delete{At: p.tok.Start}
	p.advance()
	if !p.acceptWord(tsqltoken.From) {
		p.notHere("DELETE")
	}
	s.Table = p.table()
	p.hintsOfTable()
	if p.tok.Keyword != tsqltoken.From {
		p.notHere("DELETE")
		p.noTableAlias("DELETE")
	}
	p.writtenFrom(&s.Table, "DELETE")
	s.Where = p.whereOf("DELETE")
	return s
}

// truncateStatement parses a TRUNCATE TABLE, whose first word is the current token.
func (p *parser) truncateStatement() *Truncate {
	s := &Truncate{At: p.tok.Start}
	p.advance()
	if !p.acceptWord(tsqltoken.Table) {
		p.fail(p.unexpected("TABLE after TRUNCATE"))
	}
	s.Table = p.table()
	if p.err == nil && p.tok.Keyword == tsqltoken.With {
		p.fail(unsupported(p.tok.Start, "partitions (WITH PARTITIONS) are not supported").Hinted("leave them out, or choose the rows with DELETE ... WHERE"))
	}
	if p.err == nil && p.tok.Keyword == tsqltoken.Where {
		p.fail(unsupported(p.tok.Start, "TRUNCATE TABLE with WHERE is not T-SQL").Hinted("write DELETE FROM ... WHERE"))
	}
	if at := p.tok.Start; p.accept(',') {
		p.fail(unsupported(at, "TRUNCATE TABLE of several tables is not T-SQL").Hinted("send one TRUNCATE TABLE for each"))
	}
	return s
}

// aliased are statements that give the table that they write an alias.
var aliased = map[string]string{"UPDATE": "UPDATE t SET ... FROM Table AS t", "DELETE": "DELETE t FROM Table AS t"}

// noTableAlias refuses an alias for the table that a statement writes.
func (p *parser) noTableAlias(verb string) {
	t := p.tok
	if next, _ := p.peek(); next.Kind == tsqltoken.KindOp && next.Op == '=' {
		return // SET was forgotten
	}
	if t.Keyword == tsqltoken.As || t.Kind == tsqltoken.KindQuoted || t.Kind == tsqltoken.KindWord && t.Keyword == tsqltoken.NoKeyword && !noAlias(t) {
		p.fail(unsupported(t.Start, "%s with an alias of its table is not T-SQL", verb).Hinted("give the alias in FROM, as in %s", aliased[verb]))
	}
}

// whereOf parses the WHERE of an UPDATE or DELETE, if there is one.
func (p *parser) whereOf(verb string) Expr {
	p.notHere(verb)
	if !p.acceptWord(tsqltoken.Where) {
		return nil
	}
	if t, _ := p.peek(); p.tok.Kind == tsqltoken.KindWord && strings.EqualFold(p.tok.Text, "CURRENT") && strings.EqualFold(t.Text, "OF") {
		p.fail(unsupported(p.tok.Start, "cursors (WHERE CURRENT OF) are not supported").Hinted("choose the rows by their values"))
	}
	x := p.predicate(p.chain(tsqltoken.Or)).x
	p.notHere(verb)
	return x
}
