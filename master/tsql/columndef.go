package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// ParseColumnDef reads what stands behind a column's name in CREATE TABLE: a
// type, then NULL, NOT NULL, PRIMARY KEY, UNIQUE and DEFAULT with a constant, as
// DECIMAL(3,2) NOT NULL DEFAULT 0.
func ParseColumnDef(text string) (ColumnDef, error) {
	p, err := newParser(text)
	if err != nil {
		return ColumnDef{}, err
	}
	def := p.columnDef()
	if p.err == nil && p.tok.kind != tokEOF {
		p.fail(p.refuseConstraint())
	}
	if p.err != nil {
		return ColumnDef{}, p.err
	}
	return def, nil
}

// columnDef reads a definition up to a comma, a ) or the end.
func (p *parser) columnDef() ColumnDef {
	start := p.tok.start
	if p.tok.kw == kwAs {
		p.fail(p.refuseConstraint()) // a computed column
	}
	def := ColumnDef{Type: p.typeName(sqltypes.Parse)}
	for p.err == nil && p.tok.kind != tokEOF && (p.tok.kind != tokOp || p.tok.op != ',' && p.tok.op != ')') {
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

// ParseConstant reads one constant, with a sign where it is a number: what
// [FormatExpr] makes of a DEFAULT.
func ParseConstant(text string) (Expr, error) {
	p, err := newParser(text)
	if err != nil {
		return nil, err
	}
	e := p.defaultValue()
	if p.err == nil && p.tok.kind != tokEOF {
		p.fail(p.unexpected("the end of the constant"))
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

// typeName reads the words of a type and its arguments in parentheses.
func (p *parser) typeName(parse func(string) (sqltypes.Type, error)) sqltypes.Type {
	start := p.tok.start
	if !isTypeWord(p.tok) {
		p.fail(p.unexpected("a type, as INT or NVARCHAR(50)"))
		return sqltypes.Type{}
	}
	var text []byte // without the comments and brackets that may stand in the source
	take := func() {
		if len(text) <= maxShown*5 { // longer than any type: refused below
			text = append(append(text, p.tok.text...), ' ')
		}
		p.advance()
	}
	take()
	for p.err == nil && isTypeWord(p.tok) && continuesType(p.tok) {
		take()
	}
	if p.tok.kind == tokOp && p.tok.op == '(' {
		for p.err == nil && p.tok.kind != tokEOF && (p.tok.kind != tokOp || p.tok.op != ')') {
			take()
		}
		if p.tok.kind != tokOp {
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

// isTypeWord says whether the token is a word of a type's name. Scripts of SQL
// Server's tools have it in brackets, as [int].
func isTypeWord(t token) bool {
	if t.kind == tokQuoted {
		return isBareName(t.text)
	}
	return t.kind == tokWord && !isConstraintWord(t)
}

// continuesType says whether a word is the second or third of a type's name, as in
// NATIONAL CHARACTER VARYING. Any other begins something else.
func continuesType(t token) bool {
	switch strings.ToUpper(clip(t.text)) {
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

// isConstraintWord says whether the word ends a type.
func isConstraintWord(t token) bool {
	if t.kw != notKeyword {
		return true
	}
	switch strings.ToUpper(t.text) {
	case "AUTO_INCREMENT", "AUTOINCREMENT", "GENERATED", "SPARSE", "ROWGUIDCOL", "FILESTREAM", "MASKED", "ENCRYPTED",
		"HIDDEN", "INDEX", "PERSISTED", "CLUSTERED", "NONCLUSTERED":
		return true
	}
	return false
}

// constraint reads one constraint. The name it may have, and whether its index
// would order the rows, say nothing here: each engine keeps rows as it does.
func (p *parser) constraint(def *ColumnDef) {
	named := p.constraintName()
	t := p.tok
	if named && t.kw != kwPrimary && t.kw != kwUnique && t.kw != kwDefault && t.kw != kwNull && t.kw != kwNot && p.err == nil {
		p.fail(p.refuseConstraint())
	}
	switch t.kw {
	case kwNull:
		p.advance()
		p.nullability(def, t, NullAllowed)
	case kwNot:
		p.advance()
		if !p.acceptWord(kwNull) {
			p.fail(p.unexpected("NULL after NOT"))
			return
		}
		p.nullability(def, t, NullForbidden)
	case kwPrimary:
		p.advance()
		if !p.acceptName("KEY") {
			p.fail(p.unexpected("KEY after PRIMARY"))
			return
		}
		p.once(&def.PrimaryKey, t, "PRIMARY KEY")
		p.clustered()
	case kwUnique:
		p.advance()
		p.once(&def.Unique, t, "UNIQUE")
		p.clustered()
	case kwDefault:
		p.advance()
		if def.Default != nil {
			p.fail(syntaxError(t.start, "DEFAULT is there twice").Hinted("say it once"))
			return
		}
		def.Default = p.defaultValue()
	default:
		p.fail(p.refuseConstraint())
	}
}

// constraintName advances over CONSTRAINT name.
func (p *parser) constraintName() bool {
	if !p.acceptWord(kwConstraint) {
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
		p.fail(syntaxError(t.start, "NULL or NOT NULL is said twice").Hinted("say it once"))
	}
	def.Null = n
}

func (p *parser) once(set *bool, t token, name string) {
	if *set {
		p.fail(syntaxError(t.start, "%s is there twice", name).Hinted("say it once"))
	}
	*set = true
}

// acceptName advances over a word that is no keyword of this parser.
func (p *parser) acceptName(word string) bool {
	if p.tok.kind != tokWord || !strings.EqualFold(p.tok.text, word) {
		return false
	}
	p.advance()
	return true
}

// defaultValue reads a constant with an optional sign, in any number of parentheses.
func (p *parser) defaultValue() Expr {
	n := p.value(p.unary())
	if p.err != nil {
		return nil
	}
	x := n.x
	if neg, ok := x.(*Neg); ok {
		x = neg.X
		if l, ok := x.(*Literal); ok && l.Kind != IntLiteral && l.Kind != DecimalLiteral && l.Kind != FloatLiteral {
			p.fail(syntaxError(neg.At, "only a number can have a sign").Hinted("leave the sign out"))
			return nil
		}
	}
	if c, ok := x.(*Call); ok {
		p.fail(unsupported(c.At, "the function %s is not supported in DEFAULT", clip(c.Name)).Hinted("write a number, a string, 0x... or NULL, and send other values with the row"))
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
	if !isConstraintWord(t) || t.kind != tokWord {
		return p.unexpected("NULL, NOT NULL, PRIMARY KEY, UNIQUE, DEFAULT or the end of the column")
	}
	word := strings.ToUpper(clip(t.text))
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
		hint = "use PRIMARY KEY and UNIQUE"
	}
	return unsupported(t.start, "%s is not supported in a column definition", word).Hinted("%s", hint)
}
