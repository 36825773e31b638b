package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
)

// isName reports whether the current token can be a name.
func (p *parser) isName() bool {
	return p.tok.Kind == tsqltoken.KindQuoted || p.tok.Kind == tsqltoken.KindWord && p.tok.Keyword == tsqltoken.NoKeyword
}

// identifier parses a name.
func (p *parser) identifier(want string) Name {
	if !p.isName() {
		p.fail(p.unexpected(want))
		return Name{}
	}
	n := Name{At: p.tok.Start, Name: p.tok.Text}
	p.advance()
	return n
}

// names parses (name, ...), where each may be followed by ASC or DESC when ordered is set.
func (p *parser) names(want string, ordered bool) []Name {
	p.expect('(', "( and "+want)
	var names []Name
	for p.err == nil {
		if len(names) == MaxColumns {
			p.fail(tooComplex(p.tok.Start, "the list has more than %d columns", MaxColumns).Hinted("name fewer columns"))
		}
		names = append(names, p.identifier(want))
		if ordered && !p.acceptWord(tsqltoken.Asc) {
			p.acceptWord(tsqltoken.Desc)
		}
		if !p.accept(',') {
			break
		}
	}
	p.expect(')', "a comma or ) after the name of a column")
	return names
}

// name parses a column, or NULL, CASE or a function, or refuses a word.
func (p *parser) name(t token) node {
	switch t.Keyword {
	case tsqltoken.NoKeyword:
	case tsqltoken.Null:
		p.advance()
		return node{x: &Literal{At: t.Start, Kind: NullLiteral}}
	case tsqltoken.Case:
		return p.caseOf()
	case tsqltoken.Convert, tsqltoken.TryConvert:
		p.advance()
		return p.convert(t)
	case tsqltoken.CurrentTimestamp:
		p.advance()
		return node{x: &Call{At: t.Start, Name: "CURRENT_TIMESTAMP"}}
	case tsqltoken.Coalesce, tsqltoken.NullIf, tsqltoken.Left, tsqltoken.Right:
		p.advance()
		if p.tok.Kind != tsqltoken.KindOp || p.tok.Op != '(' {
			p.fail(p.unexpected("( after " + strings.ToUpper(t.Text)))
			return node{}
		}
		return p.call(t)
	default:
		p.fail(p.unexpected("a value, a column or ("))
		return node{}
	}
	p.advance()
	if p.tok.Kind == tsqltoken.KindOp && p.tok.Op == '(' {
		return p.function(t)
	}
	if p.tok.Kind == tsqltoken.KindWord && p.lex.statement && strings.EqualFold(t.Text, "NEXT") && strings.EqualFold(p.tok.Text, "VALUE") {
		p.fail(unsupported(t.Start, "sequences (NEXT VALUE FOR) are not supported").Hinted("send values of your own"))
	}
	return p.column(t)
}

// column parses the rest of [[[db.]dbo.]table.]column, of which t is the first name.
func (p *parser) column(t token) node {
	c := &Column{At: t.Start, Name: t.Text}
	if p.tok.Kind != tsqltoken.KindOp || p.tok.Op != '.' {
		return node{x: c}
	}
	parts := p.qualified(t.Text, "the name of a column after the point")
	if last := len(parts) - 1; last > 0 {
		c.Table, c.Name = parts[last-1], parts[last]
		c.DB = p.qualifier(t.Start, parts[:last-1])
	}
	if p.tok.Kind == tsqltoken.KindOp && p.tok.Op == '(' {
		p.fail(unsupported(t.Start, "user-defined functions (%s.%s) are not supported", api.Clip(c.Table), api.Clip(c.Name)).
			Hinted("use T-SQL's own functions; compute other values before you send them"))
	}
	return node{x: c}
}

// maxParts is the greatest number of parts of a name: database.schema.table.column.
const maxParts = 4

// qualified parses the parts of a name, of which the first has been read. The schema of
// database..table, which is the default one, is empty.
func (p *parser) qualified(first, want string) []string {
	parts := append(make([]string, 0, maxParts), first)
	for p.err == nil && p.accept('.') {
		switch {
		case len(parts) == maxParts:
			p.fail(unsupported(p.tok.Start, "names of servers are not supported").Hinted("write column, table.column or dbo.table.column"))
		case p.tok.Kind == tsqltoken.KindOp && p.tok.Op == '.' && len(parts) == 1:
			parts = append(parts, "")
		case !p.isName():
			p.fail(p.unexpected(want))
		default:
			parts = append(parts, p.tok.Text)
			p.advance()
		}
	}
	return parts
}

// qualifier checks what stands before the name of a table, [db.]dbo or db. of db..table,
// and returns the database; empty where none is named.
func (p *parser) qualifier(at int, parts []string) (db string) {
	switch n := len(parts); {
	case p.err != nil || n == 0:
	case n > 2:
		p.fail(unsupported(at, "names of servers are not supported").Hinted("write table or dbo.table; db_name of the request says which database"))
	case parts[n-1] != "" && !strings.EqualFold(parts[n-1], "dbo"):
		p.fail(unsupported(at, "schemas other than dbo are not supported").Hinted("write table or dbo.table; db_name of the request says which database"))
	case n == 2:
		return parts[0]
	}
	return ""
}

// table parses [[db.]dbo.]name.
func (p *parser) table() TableRef {
	if p.tok.Kind == tsqltoken.KindParam {
		p.fail(unsupported(p.tok.Start, "a table cannot be a parameter or variable (@%s)", api.Clip(p.tok.Text)).Hinted("write the name of the table"))
	}
	n := p.identifier("the name of a table")
	if p.tok.Kind != tsqltoken.KindOp || p.tok.Op != '.' {
		return TableRef{At: n.At, Name: n.Name}
	}
	parts := p.qualified(n.Name, "the name of a table after the point")
	last := len(parts) - 1
	ref := TableRef{At: n.At, Name: parts[last]}
	if last > 0 && isCatalogSchema(parts[last-1]) {
		ref.Schema = strings.ToUpper(parts[last-1])
		if last == 2 {
			ref.DB = parts[0]
		} else if last > 2 {
			ref.DB = p.qualifier(n.At, parts[:last])
		}
		return ref
	}
	ref.DB = p.qualifier(n.At, parts[:last])
	return ref
}

// isCatalogSchema reports whether a schema holds the views of the catalog.
func isCatalogSchema(name string) bool {
	return strings.EqualFold(name, "INFORMATION_SCHEMA") || strings.EqualFold(name, "sys")
}
