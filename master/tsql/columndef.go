package tsql

import (
	"errors"
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
	var def ColumnDef
	p.columnType(&def)
	for p.err == nil && p.tok.kind != tokEOF {
		p.constraint(&def)
	}
	if p.err == nil && def.PrimaryKey && def.Null == NullAllowed {
		p.fail(syntaxError(0, "a PRIMARY KEY column cannot be NULL").Hinted("write NOT NULL, or leave NULL out"))
	}
	if p.err == nil && def.PrimaryKey && def.Unique {
		p.fail(syntaxError(0, "a column is either PRIMARY KEY or UNIQUE").Hinted("a primary key is unique already; leave UNIQUE out"))
	}
	if p.err != nil {
		return ColumnDef{}, p.err
	}
	return def, nil
}

// ParseConstant reads one constant, with a sign where it is a number: what
// [Format] makes of a DEFAULT.
func ParseConstant(text string) (Expr, error) {
	p, err := newParser(text)
	if err != nil {
		return nil, err
	}
	e := p.defaultValue()
	if p.err == nil && p.tok.kind != tokEOF {
		p.fail(unexpected(p.tok, "the end of the constant"))
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

// columnType reads the words of a type and its arguments in parentheses.
func (p *parser) columnType(def *ColumnDef) {
	start := p.tok.start
	if p.tok.kind != tokWord || isConstraintWord(p.tok) {
		p.fail(unexpected(p.tok, "a type, as INT or NVARCHAR(50)"))
		return
	}
	end := p.tok.end
	for p.err == nil && p.tok.kind == tokWord && !isConstraintWord(p.tok) {
		end = p.tok.end
		p.advance()
	}
	if p.accept('(') {
		for p.err == nil && p.tok.kind != tokEOF && (p.tok.kind != tokOp || p.tok.op != ')') {
			p.advance()
		}
		end = p.tok.end
		p.expect(')', "a closing ) after the type")
	}
	if p.err != nil {
		return
	}
	typ, err := sqltypes.Parse(p.lex.src[start:end])
	if err != nil {
		p.fail(typeProblem(err, start))
		return
	}
	def.Type = typ
}

func typeProblem(err error, at int) *api.Problem {
	te, ok := errors.AsType[*sqltypes.Error](err)
	if !ok {
		return syntaxError(at, "%v", err)
	}
	prob := *te.Problem()
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
		"HIDDEN", "INDEX", "PERSISTED":
		return true
	}
	return false
}

// constraint reads one constraint.
func (p *parser) constraint(def *ColumnDef) {
	t := p.tok
	switch t.kw {
	case kwNull:
		p.advance()
		p.nullability(def, t, NullAllowed)
	case kwNot:
		p.advance()
		if !p.acceptWord(kwNull) {
			p.fail(unexpected(p.tok, "NULL after NOT"))
			return
		}
		p.nullability(def, t, NullForbidden)
	case kwPrimary:
		p.advance()
		if !p.acceptName("KEY") {
			p.fail(unexpected(p.tok, "KEY after PRIMARY"))
			return
		}
		p.once(&def.PrimaryKey, t, "PRIMARY KEY")
	case kwUnique:
		p.advance()
		p.once(&def.Unique, t, "UNIQUE")
	case kwDefault:
		p.advance()
		if def.Default != nil {
			p.fail(syntaxError(t.start, "DEFAULT is there twice").Hinted("say it once"))
			return
		}
		def.Default = p.defaultValue()
	default:
		p.fail(refuseConstraint(t))
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
	if _, ok := x.(*Literal); !ok {
		p.fail(unsupported(x.Pos(), "the DEFAULT is not a constant").Hinted("write a number, a string, 0x... or NULL"))
		return nil
	}
	return n.x
}

func refuseConstraint(t token) *api.Problem {
	if t.kind != tokWord {
		return unexpected(t, "NULL, NOT NULL, PRIMARY KEY, UNIQUE, DEFAULT or the end of the column")
	}
	word := strings.ToUpper(clip(t.text))
	hint := "use NULL, NOT NULL, PRIMARY KEY, UNIQUE and DEFAULT"
	switch word {
	case "IDENTITY", "AUTO_INCREMENT", "AUTOINCREMENT", "GENERATED":
		hint = "each shard would count for itself: send values of your own"
	case "CHECK":
		hint = "check the values before you send them"
	case "REFERENCES", "FOREIGN":
		hint = "the row referred to may be on another shard: check it before you send the row"
	case "AS", "PERSISTED":
		hint = "compute the value before you send it"
	case "COLLATE":
		hint = "strings ignore case, except in the shard key"
	case "CONSTRAINT":
		hint = "leave the name of the constraint out"
	case "CLUSTERED", "NONCLUSTERED":
		hint = "leave it out: the engine orders the rows"
	}
	return unsupported(t.start, "%s is not supported in a column definition", word).Hinted("%s", hint)
}
