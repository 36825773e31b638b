package tsql

import (
	"slices"
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/tsqltoken"
)

// MaxValues is the greatest number of rows of VALUES in place of a table, which is T-SQL's.
const MaxValues = 1000

// tableAlias parses the alias of a table and its hints.
func (p *parser) tableAlias(ref *TableRef) {
	if p.tok.Kind != tsqltoken.KindString && p.tok.Kind != tsqltoken.KindNString {
		ref.Alias = p.alias("a name for the table after AS")
	}
	if !ref.Derived() && ref.Function == nil {
		p.oldHints()
	}
	p.hintsOfTable()
}

// derivedAlias parses the alias of a derived table, which it needs, and the names of its columns.
func (p *parser) derivedAlias(ref *TableRef) {
	if p.tok.Kind != tsqltoken.KindString && p.tok.Kind != tsqltoken.KindNString {
		ref.Alias = p.alias("a name for the derived table after AS")
	}
	if p.err != nil {
		return
	}
	if ref.Alias == "" {
		p.fail(p.unexpected("a name for the derived table").Hinted("a query in place of a table needs a name: (SELECT ...) AS t").Numbered(mssqlerr.Syntax))
		return
	}
	if p.tok.Kind == tsqltoken.KindOp && p.tok.Op == '(' {
		ref.Columns = p.names("the name of a column", false)
	}
	if p.err == nil && ref.Rows != nil && ref.Columns == nil {
		p.fail(p.unexpected("the names of the columns").Hinted("name them after the alias: (VALUES (1, 'a')) AS t(n, s)").Numbered(mssqlerr.UnnamedColumn))
	}
}

// source parses a table of FROM: a name, or a derived table.
func (p *parser) source() TableRef {
	if p.tok.Kind == tsqltoken.KindOp && p.tok.Op == '(' {
		ref := TableRef{At: p.tok.Start}
		if t, _ := p.peek(); t.Keyword == tsqltoken.Values {
			p.tableValues(&ref)
		} else if t.Keyword == tsqltoken.Select || p.opensQuery() {
			ref.Query = p.nested("derived table")
		} else {
			p.fail(unsupported(t.Start, "parentheses around the tables of a join are not supported").
				Hinted("leave them out: joins group from the left; or write a derived table, (SELECT ...) AS t"))
		}
		p.derivedAlias(&ref)
		return ref
	}
	ref := p.table()
	p.oldHints()
	if p.tok.Kind == tsqltoken.KindOp && p.tok.Op == '(' && ref.DB == "" && ref.Schema == "" && p.err == nil {
		p.tableFunction(&ref)
	}
	p.tableAlias(&ref)
	if ref.Function != nil && p.tok.Kind == tsqltoken.KindOp && p.tok.Op == '(' {
		ref.Columns = p.names("the name of a column", false)
	}
	return ref
}

// tableFunction parses the arguments of a table-valued function, whose name ref has. The current
// token is the (.
func (p *parser) tableFunction(ref *TableRef) {
	name := strings.ToUpper(api.Clip(ref.Name))
	if !slices.Contains(TableFunctions, name) {
		p.fail(unsupported(p.tok.Start, "table-valued functions such as %s, and hints after a table are not supported", name).
			Hinted("name the table alone; the functions in FROM are %s", strings.Join(TableFunctions, " and ")))
		return
	}
	n := p.call(token{Start: ref.At, Text: name})
	if c, ok := n.x.(*Call); ok && p.err == nil {
		ref.Function = c
	}
}

// TableFunctions are the names of the table-valued functions.
var TableFunctions = []string{"GENERATE_SERIES", "STRING_SPLIT"}

// tableValues parses (VALUES (...), ...), of which ( is the current token.
func (p *parser) tableValues(ref *TableRef) {
	p.advance()
	p.advance()
	for p.err == nil {
		at := p.tok.Start
		var width int
		if len(ref.Rows) > 0 {
			width = len(ref.Rows[0])
		}
		row := p.row(width)
		switch {
		case p.err != nil:
			return
		case len(ref.Rows) > 0 && len(row) != width:
			p.fail(syntaxError(at, "the row has %d values, and the first row has %d", len(row), width).Hinted("write all rows with the same number of values").Numbered(mssqlerr.RowLengths))
		case slices.Contains(row, nil):
			p.fail(syntaxError(at, "DEFAULT is not a value of a derived table").Hinted("write the value").Numbered(mssqlerr.Syntax))
		case len(ref.Rows) == MaxValues:
			p.fail(tooComplex(at, "VALUES has more than %d rows", MaxValues).Hinted("insert the rows into a table, and read that"))
		}
		ref.Rows = append(ref.Rows, row)
		if !p.accept(',') {
			break
		}
	}
	p.expect(')', "a comma or ) after the rows of VALUES")
}

// afterList reports whether a SELECT without FROM may go on, or end, with the current token.
func (p *parser) afterList() bool {
	switch p.tok.Keyword {
	case tsqltoken.Where, tsqltoken.Group, tsqltoken.Having, tsqltoken.Order, tsqltoken.Union, tsqltoken.Except, tsqltoken.Intersect:
		return true
	}
	if p.lex.statement && p.depth == 0 && (p.isGo() || p.beginsStatement()) || p.acceptsVerb("OPTION") {
		return true
	}
	return p.tok.Kind == tsqltoken.KindEnd || p.tok.Kind == tsqltoken.KindOp && (p.tok.Op == ';' || p.tok.Op == ')')
}

// from parses FROM with its joins, if it is there.
func (p *parser) from(s *Select) {
	if p.tok.Keyword == tsqltoken.Into {
		p.fail(p.unexpected("FROM"))
	}
	if !p.acceptWord(tsqltoken.From) {
		if !p.afterList() {
			p.fail(p.unexpected("a comma, AS, an alias or FROM"))
		}
		return
	}
	ref := p.source()
	s.From = &ref
	for p.err == nil {
		j, ok := p.join()
		if !ok {
			return
		}
		if len(s.Joins)+1 == MaxTables {
			p.fail(tooComplex(j.At, "FROM has more than %d tables", MaxTables).Hinted("join fewer tables"))
		}
		s.Joins = append(s.Joins, j)
	}
}

// join parses a join, if one begins here.
func (p *parser) join() (Join, bool) {
	j := Join{At: p.tok.Start}
	switch p.tok.Keyword {
	case tsqltoken.Join:
	case tsqltoken.Inner:
		p.advance()
	case tsqltoken.Left, tsqltoken.Right, tsqltoken.Full:
		j.Kind = map[tsqltoken.Keyword]JoinKind{tsqltoken.Left: LeftJoin, tsqltoken.Right: RightJoin, tsqltoken.Full: FullJoin}[p.tok.Keyword]
		p.advance()
		p.acceptWord(tsqltoken.Outer)
	case tsqltoken.Cross:
		p.advance()
		j.Kind = CrossJoin
	case tsqltoken.NoKeyword:
		if p.accept(',') {
			j.Kind = CrossJoin
			j.Table = p.source()
			return j, true
		}
		return j, false
	default:
		return j, false
	}
	if !p.acceptWord(tsqltoken.Join) {
		switch word := strings.ToUpper(api.Clip(p.tok.Text)); {
		case word == "HASH" || word == "LOOP" || word == "MERGE" || word == "REMOTE":
			p.fail(unsupported(p.tok.Start, "join hints (%s) are not supported", word).Hinted("leave the hint out"))
		case word == "APPLY":
			p.fail(unsupported(j.At, "CROSS APPLY is not supported").Hinted("join with JOIN ... ON, or write a subquery in the select list"))
		}
		p.fail(p.unexpected("JOIN"))
	}
	j.Table = p.source()
	if j.Kind == CrossJoin {
		return j, true
	}
	if !p.acceptWord(tsqltoken.On) {
		p.fail(p.unexpected("ON and the condition of the join"))
	}
	j.On = p.predicate(p.chain(tsqltoken.Or)).x
	return j, true
}
