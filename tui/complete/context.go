package complete

import (
	"strings"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/tsqltoken"
)

// clause is what is expected where the word stands.
type clause uint8

const (
	atStart       clause = iota // a statement
	atTable                     // the name of a table
	afterTable                  // an alias, or how the statement goes on
	atValue                     // an expression
	atConstant                  // an expression without columns, as in VALUES
	atColumn                    // a column alone
	afterCreate                 // TABLE
	atDefinition                // a column of CREATE TABLE: its type and constraints
	atType                      // a type
	atPart                      // a part of a date
	atNew                       // a name that the user makes up
	afterInsert                 // INTO
	afterDelete                 // FROM, or the name of a table
	afterOrder                  // BY
	afterInserted               // a list of columns, VALUES or SELECT
)

// ref is a table that the statement names, and the parentheses that it is in.
type ref struct {
	table, alias string
	scope        []int
}

// context is what the tokens around the word say of it.
type context struct {
	clause clause
	scope  []int // the parentheses that are open, by the number of each
	refs   []ref // what the statement's tables are called
	call   *call // the innermost function whose arguments the word is in
	// ended tells that a value is before the word, so that an operator or a clause follows.
	ended bool
}

// call is a function whose arguments are being written.
type call struct {
	name string
	from int
	arg  int // from 0
}

// reader reads the tokens of a statement one after another.
type reader struct {
	clause  clause
	verb    string // the word that began the statement, in capitals
	inFrom  bool   // a comma is followed by another table
	parens  []paren
	count   int // of parentheses so far
	refs    []ref
	created bool // CREATE was read
	last    tsqltoken.Token
}

// paren is an open parenthesis and what was before it.
type paren struct {
	number   int
	function string // the word before it, in capitals, if it is a function
	from     int    // of that word
	arg      int
	clause   clause
	inFrom   bool
}

// read finds the context of a word.
func read(p place) context {
	var r reader
	for i := range p.before {
		r.token(&p.before[i])
	}
	c := context{clause: r.clause, scope: r.scope(), call: r.call(), ended: ended(p.before)}
	if p.from < p.to && (c.clause == atTable || c.clause == afterDelete) {
		r.name(&tsqltoken.Token{Kind: tsqltoken.KindQuoted, Text: p.prefix}) // an alias may follow
	}
	r.last = tsqltoken.Token{}
	for i := range p.after {
		r.token(&p.after[i])
	}
	c.refs = r.refs
	return c
}

// ended reports whether the last token ends a value.
func ended(before []tsqltoken.Token) bool {
	n := len(before)
	if n == 0 {
		return false
	}
	prior := tsqltoken.Token{}
	if n > 1 {
		prior = before[n-2]
	}
	switch t := before[n-1]; t.Kind {
	case tsqltoken.KindWord:
		return t.Keyword == tsqltoken.NoKeyword || t.Keyword == tsqltoken.Null || t.Keyword == tsqltoken.End
	case tsqltoken.KindOp:
		star := t.Op == '*' && (prior.Keyword == tsqltoken.Select || prior.Kind == tsqltoken.KindOp && (prior.Op == ',' || prior.Op == '.'))
		return t.Op == ')' || star
	case tsqltoken.KindInt:
		return prior.Keyword != tsqltoken.Top
	case tsqltoken.KindStray, tsqltoken.KindEnd:
		return false
	}
	return true
}

func (r *reader) scope() []int {
	scope := make([]int, len(r.parens))
	for i, p := range r.parens {
		scope[i] = p.number
	}
	return scope
}

// call returns the innermost function whose parenthesis is open.
func (r *reader) call() *call {
	for i := len(r.parens) - 1; i >= 0; i-- {
		if p := r.parens[i]; p.function != "" {
			return &call{name: p.function, from: p.from, arg: p.arg}
		}
	}
	return nil
}

func (r *reader) token(t *tsqltoken.Token) {
	switch {
	case t.Kind == tsqltoken.KindOp:
		r.operator(t)
	case t.Kind == tsqltoken.KindWord && r.keyword(t):
	case t.Kind == tsqltoken.KindWord, t.Kind == tsqltoken.KindQuoted:
		r.name(t)
	default:
		if r.clause == afterTable {
			r.clause = atValue
		}
	}
	r.last = *t
}

func (r *reader) operator(t *tsqltoken.Token) {
	switch t.Op {
	case '(':
		r.open()
	case ')':
		if n := len(r.parens); n > 0 {
			r.clause, r.inFrom = r.parens[n-1].clause, r.parens[n-1].inFrom
			r.parens = r.parens[:n-1]
		}
	case ',':
		if n := len(r.parens); n > 0 && r.parens[n-1].function != "" {
			r.parens[n-1].arg++
			r.clause = argument(r.parens[n-1].clause)
		} else if r.inFrom {
			r.clause = atTable
		} else if r.clause == atNew && !r.created {
			r.clause = atValue
		} else if r.clause == atDefinition {
			r.clause = atNew
		}
	case '.':
	default:
		if r.clause == atColumn || r.clause == atNew {
			r.clause = atValue
		}
	}
}

// open reads a parenthesis.
func (r *reader) open() {
	r.count++
	p := paren{number: r.count, clause: r.clause, inFrom: r.inFrom}
	if r.last.Kind == tsqltoken.KindWord {
		if name := strings.ToUpper(r.last.Text); isFunction(name) {
			p.function, p.from = name, r.last.Start
			if p.clause == afterTable {
				p.clause = atValue
			}
		}
	}
	r.inFrom = false
	switch {
	case p.function == "CONVERT" || p.function == "TRY_CONVERT":
		r.clause = atType
	case p.function != "" && sqlfunc.Lookup(p.function) != nil && sqlfunc.Lookup(p.function).NamesPart():
		r.clause = atPart
	case p.function != "":
		r.clause = argument(p.clause)
	case r.clause == atConstant:
	case r.clause == afterInserted:
		r.clause, p.clause = atColumn, afterInserted
	case r.created:
		if len(r.parens) == 0 {
			r.clause = atNew
		}
	default:
		r.clause = atValue
	}
	r.parens = append(r.parens, p)
}

// argument is the clause of a function's argument in a clause.
func argument(c clause) clause {
	if c == atConstant {
		return c
	}
	return atValue
}

func isFunction(name string) bool {
	if sqlfunc.Lookup(name) != nil {
		return true
	}
	_, known := sqlfunc.Unsupported(name)
	return known
}

// keyword reads a word that has a meaning, and reports whether it has one here.
func (r *reader) keyword(t *tsqltoken.Token) bool {
	if r.verb == "" && len(r.parens) == 0 {
		r.verb = strings.ToUpper(t.Text)
	}
	switch t.Keyword {
	case tsqltoken.NoKeyword, tsqltoken.Reserved:
		return false
	case tsqltoken.From, tsqltoken.Join:
		r.clause, r.inFrom = atTable, t.Keyword == tsqltoken.From
	case tsqltoken.Into, tsqltoken.Update:
		r.clause, r.inFrom = atTable, false
	case tsqltoken.Insert:
		r.clause = afterInsert
	case tsqltoken.Delete:
		r.clause = afterDelete
	case tsqltoken.Create, tsqltoken.Drop:
		r.clause, r.created = afterCreate, t.Keyword == tsqltoken.Create
	case tsqltoken.Table:
		if r.clause = atTable; r.created {
			r.clause = atNew
		}
	case tsqltoken.Group, tsqltoken.Order:
		r.clause, r.inFrom = afterOrder, false
	case tsqltoken.As:
		r.as()
	case tsqltoken.Inner, tsqltoken.Left, tsqltoken.Right, tsqltoken.Outer:
		// JOIN follows, or in an expression a parenthesis.
	case tsqltoken.Values:
		r.clause, r.inFrom = atConstant, false
	case tsqltoken.Set:
		r.clause, r.inFrom = atColumn, false
	default:
		if !r.created && r.clause != atConstant {
			r.clause = atValue
		}
		switch t.Keyword {
		case tsqltoken.Where, tsqltoken.On, tsqltoken.Having, tsqltoken.Select:
			r.inFrom = false
		}
	}
	return true
}

// as reads AS, which is followed by a type in CAST and otherwise by a new name.
func (r *reader) as() {
	if n := len(r.parens); n > 0 && r.parens[n-1].function == "CAST" {
		r.clause = atType
		return
	}
	if r.clause != afterTable {
		r.clause = atNew
	}
}

// name reads a name.
func (r *reader) name(t *tsqltoken.Token) {
	dotted := r.last.Kind == tsqltoken.KindOp && r.last.Op == '.'
	switch r.clause {
	case atTable, afterDelete:
		r.refs = append(r.refs, ref{table: t.Text, scope: r.scope()})
		if r.clause = afterTable; r.verb == "INSERT" {
			r.clause = afterInserted
		}
	case afterTable, afterInserted:
		if len(r.refs) == 0 {
			return
		}
		last := &r.refs[len(r.refs)-1]
		switch {
		case dotted: // db.dbo.table
			last.table = t.Text
		case last.alias == "":
			last.alias = t.Text
		}
	case atNew:
		if r.created && len(r.parens) > 0 {
			r.clause = atDefinition
		} else if !r.created {
			r.clause = atValue
		}
	case atColumn:
		if len(r.parens) == 0 { // an assignment goes on with =
			r.clause = atNew
		}
	}
}
