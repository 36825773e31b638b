package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/shared/tsqltoken"
)

// ParseColumnDef parses what follows a column's name in CREATE TABLE: a
// type, then NULL, NOT NULL, PRIMARY KEY, UNIQUE and DEFAULT with a constant, as
// DECIMAL(3,2) NOT NULL DEFAULT 0.
func ParseColumnDef(text string) (ColumnDef, error) {
	p, err := newParser(text)
	if err != nil {
		return ColumnDef{}, err
	}
	def := p.columnDef()
	if p.err == nil && p.tok.Kind != tsqltoken.KindEnd {
		p.fail(p.refuseConstraint())
	}
	if p.err != nil {
		return ColumnDef{}, p.err
	}
	return def, nil
}

// columnDef parses a definition up to a comma, a ) or the end.
func (p *parser) columnDef() ColumnDef {
	start := p.tok.Start
	def := ColumnDef{Type: p.columnType()}
	for p.err == nil && p.tok.Kind != tsqltoken.KindEnd && (p.tok.Kind != tsqltoken.KindOp || p.tok.Op != ',' && p.tok.Op != ')') {
		p.constraint(&def)
	}
	if p.err == nil && def.PrimaryKey && def.Null == NullAllowed {
		p.fail(syntaxError(start, "a PRIMARY KEY column cannot be NULL").Hinted("write NOT NULL, or leave NULL out"))
	}
	if p.err == nil && def.PrimaryKey && def.Unique {
		p.fail(syntaxError(start, "a column is either PRIMARY KEY or UNIQUE").Hinted("a primary key is unique already; leave UNIQUE out"))
	}
	return def
}

// columnType parses a column's type.
func (p *parser) columnType() sqltypes.Type {
	if p.tok.Keyword == tsqltoken.As {
		p.fail(p.refuseConstraint()) // a computed column
	}
	return p.typeName(sqltypes.Parse)
}

// ParseConstant parses one constant, with an optional sign if it is a number: a DEFAULT
// as a table's definition has it.
func ParseConstant(text string) (Expr, error) {
	p, err := newParser(text)
	if err != nil {
		return nil, err
	}
	e := p.defaultValue()
	if p.err == nil && p.tok.Kind != tsqltoken.KindEnd {
		p.fail(p.unexpected("the end of the constant"))
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

// maxTypeText is how much of a type is read, in bytes.
const maxTypeText = 200

// typeName parses the words of a type and its arguments in parentheses.
func (p *parser) typeName(parse func(string) (sqltypes.Type, error)) sqltypes.Type {
	start := p.tok.Start
	if !isTypeWord(p.tok) {
		p.fail(p.unexpected("a type such as INT or NVARCHAR(50)"))
		return sqltypes.Type{}
	}
	var text []byte // without the comments and brackets that the source may have
	take := func() {
		if len(text) <= maxTypeText { // longer than any type: refused below
			text = append(append(text, p.tok.Text...), ' ')
		}
		p.advance()
	}
	take()
	for p.err == nil && isTypeWord(p.tok) && continuesType(p.tok) {
		take()
	}
	if p.tok.Kind == tsqltoken.KindOp && p.tok.Op == '(' {
		for p.err == nil && p.tok.Kind != tsqltoken.KindEnd && (p.tok.Kind != tsqltoken.KindOp || p.tok.Op != ')') {
			take()
		}
		if p.tok.Kind != tsqltoken.KindOp {
			p.fail(p.unexpected("a closing ) after the type"))
		}
		take()
	}
	if p.err != nil {
		return sqltypes.Type{}
	}
	typ, err := parse(strings.TrimSpace(string(text)))
	if err != nil {
		p.fail(typeProblem(err, start))
	}
	return typ
}

// isTypeWord reports whether the token is a word of a type's name. SQL Server's
// tools write it in brackets, as [int].
func isTypeWord(t token) bool {
	if t.Kind == tsqltoken.KindQuoted {
		return tsqltoken.IsBareName(t.Text)
	}
	return t.Kind == tsqltoken.KindWord && !isConstraintWord(t)
}

// continuesType reports whether a word is the second or third of a type's name, as
// in NATIONAL CHARACTER VARYING. Any other word begins something else.
func continuesType(t token) bool {
	switch strings.ToUpper(api.Clip(t.Text)) {
	case "VARYING", "PRECISION", "CHAR", "CHARACTER", "VARCHAR", "TEXT", "UNSIGNED", "WITHOUT", "TIME", "ZONE":
		return true
	}
	return false
}

func typeProblem(err error, at int) *api.Problem {
	p, ok := api.ProblemOf(err)
	if !ok {
		return syntaxError(at, "%v", err)
	}
	prob := *p
	prob.Offset = &at
	return &prob
}

// isConstraintWord reports whether the word ends the type.
func isConstraintWord(t token) bool {
	if t.Keyword != tsqltoken.NoKeyword {
		return true
	}
	switch strings.ToUpper(t.Text) {
	case "AUTO_INCREMENT", "AUTOINCREMENT", "GENERATED", "SPARSE", "ROWGUIDCOL", "FILESTREAM", "MASKED", "ENCRYPTED",
		"HIDDEN", "INDEX", "PERSISTED", "CLUSTERED", "NONCLUSTERED":
		return true
	}
	return false
}

// constraint parses one constraint. Its optional name and CLUSTERED are ignored:
// how rows are stored is up to the engine.
func (p *parser) constraint(def *ColumnDef) {
	named := p.constraintName()
	t := p.tok
	if named && t.Keyword != tsqltoken.Primary && t.Keyword != tsqltoken.Unique && t.Keyword != tsqltoken.Default && t.Keyword != tsqltoken.Null && t.Keyword != tsqltoken.Not && p.err == nil {
		p.fail(p.refuseConstraint())
	}
	switch t.Keyword {
	case tsqltoken.Null:
		p.advance()
		p.nullability(def, t, NullAllowed)
	case tsqltoken.Not:
		p.advance()
		if !p.acceptWord(tsqltoken.Null) {
			p.fail(p.unexpected("NULL after NOT"))
			return
		}
		p.nullability(def, t, NullForbidden)
	case tsqltoken.Primary:
		p.advance()
		if !p.acceptName("KEY") {
			p.fail(p.unexpected("KEY after PRIMARY"))
			return
		}
		p.once(&def.PrimaryKey, t, "PRIMARY KEY")
		p.clustered()
	case tsqltoken.Unique:
		p.advance()
		p.once(&def.Unique, t, "UNIQUE")
		p.clustered()
	case tsqltoken.Default:
		p.advance()
		if def.Default != nil {
			p.fail(syntaxError(t.Start, "DEFAULT is specified twice").Hinted("specify it once"))
			return
		}
		def.Default = p.defaultValue()
	default:
		p.fail(p.refuseConstraint())
	}
}

// constraintName advances over CONSTRAINT name.
func (p *parser) constraintName() bool {
	if !p.acceptWord(tsqltoken.Constraint) {
		return false
	}
	p.identifier("the name of the constraint")
	return true
}

// clustered advances over CLUSTERED or NONCLUSTERED.
func (p *parser) clustered() {
	if !p.acceptName("CLUSTERED") {
		p.acceptName("NONCLUSTERED")
	}
}

func (p *parser) nullability(def *ColumnDef, t token, n Nullability) {
	if def.Null != NullUnsaid {
		p.fail(syntaxError(t.Start, "NULL or NOT NULL is specified twice").Hinted("specify it once"))
	}
	def.Null = n
}

func (p *parser) once(set *bool, t token, name string) {
	if *set {
		p.fail(syntaxError(t.Start, "%s is specified twice", name).Hinted("specify it once"))
	}
	*set = true
}

// acceptName advances over a word that is not a keyword of this parser.
func (p *parser) acceptName(word string) bool {
	if p.tok.Kind != tsqltoken.KindWord || !strings.EqualFold(p.tok.Text, word) {
		return false
	}
	p.advance()
	return true
}

// defaultValue parses a constant with an optional sign, in any number of parentheses.
func (p *parser) defaultValue() Expr {
	n := p.value(p.unary())
	if p.err != nil {
		return nil
	}
	x := n.x
	if neg, ok := x.(*Neg); ok {
		x = neg.X
		if l, ok := x.(*Literal); ok && l.Kind != IntLiteral && l.Kind != DecimalLiteral && l.Kind != FloatLiteral && l.Kind != MoneyLiteral {
			p.fail(syntaxError(neg.At, "only a number can have a sign").Hinted("leave the sign out"))
			return nil
		}
	}
	if c, ok := x.(*Call); ok {
		p.fail(unsupported(c.At, "the function %s is not supported in DEFAULT", api.Clip(c.Name)).Hinted("write a number, a string, 0x... or NULL, and send other values with the row"))
		return nil
	}
	if _, ok := x.(*Literal); !ok {
		p.fail(unsupported(x.Pos(), "the DEFAULT is not a constant").Hinted("write a number, a string, 0x... or NULL"))
		return nil
	}
	return n.x
}

func (p *parser) refuseConstraint() *api.Problem {
	t := p.tok
	if !isConstraintWord(t) || t.Kind != tsqltoken.KindWord {
		return p.unexpected("NULL, NOT NULL, PRIMARY KEY, UNIQUE, DEFAULT or the end of the column")
	}
	word := strings.ToUpper(api.Clip(t.Text))
	hint := "use NULL, NOT NULL, PRIMARY KEY, UNIQUE and DEFAULT"
	switch word {
	case "IDENTITY", "AUTO_INCREMENT", "AUTOINCREMENT", "GENERATED":
		hint = "each shard would count for itself: send values of your own"
	case "CHECK":
		hint = "check the values before you send them"
	case "PERIOD":
		hint = "write the times of a row yourself"
	case "DEFAULT", "LIKE":
		hint = "write it with its column"
	case "REFERENCES", "FOREIGN":
		hint = "the row referred to may be on another shard: check it before you send the row"
	case "AS", "PERSISTED":
		hint = "compute the value before you send it"
	case "COLLATE":
		hint = "strings ignore case, except in the shard key"
	case "CLUSTERED", "NONCLUSTERED":
		hint = "write it behind PRIMARY KEY or UNIQUE, or leave it out: the engine orders the rows"
	case "INDEX":
		hint = "use CREATE INDEX after CREATE TABLE"
	}
	return unsupported(t.Start, "%s is not supported in a column definition", word).Hinted("%s", hint)
}
