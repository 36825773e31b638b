package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
	"shardeck/shared/tsqltoken"
)

// MaxStatements is the greatest number of statements in one text.
const MaxStatements = 64

// Item is one statement of a text.
type Item struct {
	Statement Statement
	// Line is the line of the statement's first word, from 1.
	Line int
	// Batch counts the lines with GO before it: a variable lives until the next one.
	Batch int
	// Notes say what of the statement has no effect.
	Notes []string
}

// Declare is DECLARE @x type [= value], ....
type Declare struct {
	At        int
	Variables []Variable
}

// Variable is a variable that is declared. X is its value, nil for NULL.
type Variable struct {
	Name Name // without the @
	Type sqltypes.Type
	X    Expr
}

// SetVariable is SET @x = X. A compound assignment, such as +=, is written out.
type SetVariable struct {
	At   int
	Name Name // without the @
	X    Expr
}

// Assign is SELECT @x = value, ...: the values of Query's one row become those of the variables.
type Assign struct {
	At    int
	Names []Name // without the @, one for each item of the list
	Query *Select
}

// NoEffect is a statement that changes nothing here: SET NOCOUNT ON and the like, and USE.
type NoEffect struct {
	At   int
	Word string
	DB   Name // of USE
}

// Pos implements Statement.
func (s *Declare) Pos() int     { return s.At }
func (s *SetVariable) Pos() int { return s.At }
func (s *Assign) Pos() int      { return s.At }
func (s *NoEffect) Pos() int    { return s.At }

// Verb implements Statement.
func (*Declare) Verb() string     { return "DECLARE" }
func (*SetVariable) Verb() string { return "SET" }
func (*Assign) Verb() string      { return "SELECT" }
func (s *NoEffect) Verb() string  { return s.Word }

// Parse parses the statements of a text, which semicolons, lines with GO, or nothing separate. Comments
// are allowed. All of it is parsed, or refused: what T-SQL has and Shardeck does not by its name, with
// what to use instead.
func Parse(text string) ([]Item, error) {
	p, err := startParser(text, true)
	if err != nil {
		return nil, err
	}
	var items []Item
	batch := 0
	for p.err == nil {
		if p.separator(&batch); p.tok.Kind == tsqltoken.KindEnd && (p.err != nil || len(items) > 0) {
			break
		}
		if len(items) == MaxStatements {
			p.fail(tooComplex(p.tok.Start, "the text has more than %d statements", MaxStatements).Hinted("send them in several requests"))
			break
		}
		at := p.tok.Start
		p.notes = nil
		s := p.statement()
		if p.err != nil {
			break
		}
		items = append(items, Item{Statement: s, Line: 1 + strings.Count(text[:at], "\n"), Batch: batch, Notes: p.notes})
		if p.tok.Kind != tsqltoken.KindEnd && p.tok.Op != ';' && !p.isGo() && !p.beginsStatement() {
			p.fail(p.unexpected(p.wanted(s)))
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return items, nil
}

// separator skips semicolons and lines with GO.
func (p *parser) separator(batch *int) {
	for {
		switch {
		case p.accept(';'):
		case p.isGo():
			text := p.lex.scan.Text()
			at := p.tok.End
			p.advance()
			if p.err == nil && p.tok.Kind != tsqltoken.KindEnd && !strings.Contains(text[at:p.tok.Start], "\n") {
				p.fail(unsupported(p.tok.Start, "GO with a count, or with anything else on its line, is not supported").Hinted("write GO on a line of its own, and repeat what is to run several times"))
			}
			*batch++
		default:
			return
		}
	}
}

// isGo reports whether the current token is GO, at the beginning of its line.
func (p *parser) isGo() bool {
	if p.tok.Kind != tsqltoken.KindWord || !strings.EqualFold(p.tok.Text, "GO") {
		return false
	}
	before := p.lex.scan.Text()[:p.tok.Start]
	return strings.TrimSpace(before[strings.LastIndexByte(before, '\n')+1:]) == ""
}

// beginsStatement reports whether the current token begins a statement. WITH does so only after a
// semicolon.
func (p *parser) beginsStatement() bool {
	switch p.tok.Keyword {
	case tsqltoken.Select, tsqltoken.Insert, tsqltoken.Update, tsqltoken.Delete, tsqltoken.Create, tsqltoken.Drop, tsqltoken.Set:
		return true
	case tsqltoken.With:
		return false
	}
	if p.tok.Kind != tsqltoken.KindWord {
		return false
	}
	word := strings.ToUpper(api.Clip(p.tok.Text))
	_, verb := unsupportedVerb(word)
	return verb || word == "TRUNCATE" || word == "ALTER" || word == "DECLARE" || word == "USE"
}

// sessionStatement parses a statement that is about variables and settings: nil if the current token
// begins none.
func (p *parser) sessionStatement() Statement {
	switch {
	case p.acceptsVerb("DECLARE"):
		return p.declare()
	case p.tok.Keyword == tsqltoken.Set:
		return p.set()
	case p.acceptsVerb("USE"):
		s := &NoEffect{At: p.tok.Start, Word: "USE"}
		p.advance()
		s.DB = p.identifier("the name of the database")
		p.notes = append(p.notes, "USE has no effect: db_name of the request says which database")
		return s
	}
	return nil
}

// declare parses DECLARE, which is the current token.
func (p *parser) declare() Statement {
	s := &Declare{At: p.tok.Start}
	p.advance()
	for p.err == nil {
		if len(s.Variables) == MaxStatements {
			p.fail(tooComplex(p.tok.Start, "DECLARE has more than %d variables", MaxStatements).Hinted("declare fewer"))
		}
		v := Variable{Name: p.variable()}
		p.acceptWord(tsqltoken.As)
		switch word := strings.ToUpper(api.Clip(p.tok.Text)); {
		case p.err == nil && p.tok.Keyword == tsqltoken.Table:
			p.fail(unsupported(p.tok.Start, "table variables are not supported").Hinted("create a table, or write the query as a common table expression"))
		case p.err == nil && word == "CURSOR":
			p.fail(unsupported(p.tok.Start, "cursors are not supported").Hinted("read the rows with a SELECT"))
		}
		v.Type = p.typeName(sqltypes.Parse)
		if p.accept('=') {
			v.X = p.value(p.additive()).x
			p.noCondition()
		}
		s.Variables = append(s.Variables, v)
		if !p.accept(',') {
			break
		}
	}
	return s
}

// variable parses @name.
func (p *parser) variable() Name {
	n := Name{At: p.tok.Start, Name: p.tok.Text}
	if p.tok.Kind != tsqltoken.KindParam {
		p.fail(p.unexpected("a variable, such as @x"))
	}
	p.advance()
	return n
}

// settings are the words after SET that are accepted, with the only value that they may have; empty for
// any. The others would change answers.
var settings = map[string]string{
	"NOCOUNT": "", "XACT_ABORT": "", "ANSI_NULLS": "ON", "ANSI_PADDING": "ON", "ANSI_WARNINGS": "ON", "ARITHABORT": "ON", "CONCAT_NULL_YIELDS_NULL": "ON",
	"QUOTED_IDENTIFIER": "ON", "NUMERIC_ROUNDABORT": "OFF", "IMPLICIT_TRANSACTIONS": "OFF",
}

// set parses SET, which is the current token.
func (p *parser) set() Statement {
	at := p.tok.Start
	p.advance()
	if p.tok.Kind != tsqltoken.KindParam {
		return p.setting(at)
	}
	s := &SetVariable{At: at, Name: p.variable()}
	op, compound := p.compound()
	opAt := p.tok.Start
	if compound {
		p.advance()
	}
	p.expect('=', "= after the variable")
	s.X = p.value(p.additive()).x
	p.noCondition()
	if compound && p.err == nil {
		s.X = &Arith{At: opAt, Op: op, L: &Param{At: s.Name.At, Name: s.Name.Name}, R: s.X}
	}
	return s
}

// setting parses an option of the session after SET.
func (p *parser) setting(at int) Statement {
	word, value := strings.ToUpper(api.Clip(p.tok.Text)), ""
	must, known := settings[word]
	t := p.tok
	if p.tok.Kind == tsqltoken.KindWord {
		p.advance()
		value = strings.ToUpper(api.Clip(p.tok.Text))
	}
	if !known || value != "ON" && value != "OFF" || must != "" && value != must {
		p.fail(unsupported(t.Start, "SET %s %s is not supported", word, value).Hinted("leave it out; SET @x = ... sets a variable"))
		return &NoEffect{At: at, Word: "SET"}
	}
	p.advance()
	p.notes = append(p.notes, "SET "+word+" "+value+" has no effect")
	return &NoEffect{At: at, Word: "SET"}
}

// assigned makes a SELECT whose items assign to variables an Assign. All items do, or none does.
func (p *parser) assigned(q Query, names []Name) Statement {
	s, ok := q.(*Select)
	if len(names) == 0 || p.err != nil {
		return q
	}
	if !ok || len(names) != len(s.List) {
		p.fail(syntaxError(names[0].At, "a SELECT that assigns to variables cannot also return rows").
			Hinted("assign in one SELECT, and select in another").Numbered(mssqlerr.AssignAndSelect))
		return q
	}
	return &Assign{At: s.At, Names: names, Query: s}
}
