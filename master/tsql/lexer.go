package tsql

import (
	"unicode/utf8"

	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
)

// MaxText is the greatest length of a text, in bytes.
const MaxText = 1 << 20

type token = tsqltoken.Token

// lexer reads the tokens of src, and refuses those that no text can have.
type lexer struct {
	scan tsqltoken.Scanner
	// statement allows what only statements may have: comments and @parameters.
	statement bool
}

func newLexer(text string, statement bool) lexer {
	return lexer{scan: tsqltoken.NewScanner(text), statement: statement}
}

// next sets t to the next token that is not a comment; at the end, KindEnd every time.
func (l *lexer) next(t *token) *api.Problem {
	for {
		l.scan.Next(t)
		switch {
		case t.Kind == tsqltoken.KindComment:
			if p := l.comment(t); p != nil {
				return p
			}
			continue
		case t.Kind == tsqltoken.KindStray, t.Kind == tsqltoken.KindParam && !l.statement:
			return l.invalidCharacter(t)
		case t.Fault != tsqltoken.NoFault && t.Fault != tsqltoken.GlobalVariable:
			return l.faulty(t)
		case t.Op == '=' && l.at(t.End) == '=':
			return syntaxError(t.Start, "== is not an operator of T-SQL").Hinted("use =")
		case (t.Op == '&' || t.Op == '|') && l.at(t.End) == byte(t.Op):
			return syntaxError(t.Start, "%[1]c%[1]c is not an operator of T-SQL", t.Op).
				Hinted("use %s", map[tsqltoken.Operator]string{'&': "AND", '|': "OR between conditions, + to join strings"}[t.Op])
		}
		return nil
	}
}

// at returns the byte of the text at i, 0 beyond its end.
func (l *lexer) at(i int) byte {
	if text := l.scan.Text(); i < len(text) {
		return text[i]
	}
	return 0
}

// comment refuses a comment where none is allowed, or one that is not closed.
func (l *lexer) comment(t *token) *api.Problem {
	switch {
	case !l.statement && l.scan.Text()[t.Start] == '-':
		return unsupported(t.Start, "comments (--) are not supported here").Hinted("leave the comment out; for a double minus write - -5")
	case !l.statement:
		return unsupported(t.Start, "comments (/* */) are not supported here").Hinted("leave the comment out")
	case t.Fault != tsqltoken.NoFault:
		return syntaxError(t.Start, "the comment is not closed").Hinted("add */, one for every /*")
	}
	return nil
}

// faulty refuses a token that has a fault.
func (l *lexer) faulty(t *token) *api.Problem {
	switch t.Fault {
	case tsqltoken.Unclosed:
		what, closing := "the string", '\''
		if t.Kind == tsqltoken.KindQuoted {
			what, closing = "the quoted name", '"'
			if l.scan.Text()[t.Start] == '[' {
				closing = ']'
			}
		}
		return syntaxError(t.Start, "%s is not closed", what).Hinted("add the closing %c; write it twice to have it inside", closing)
	case tsqltoken.EmptyName:
		return syntaxError(t.Start, "the quoted name is empty").Hinted("write the name of a column, such as [gpa]; strings have single quotes: ''")
	case tsqltoken.NoName:
		return syntaxError(t.Start, "the parameter has no name").Hinted("write @name, and the value in params")
	case tsqltoken.NoExponent:
		return syntaxError(t.Start, "the exponent of the number has no digits").Hinted("write a number as 42, 3.5 or 1.5e3")
	}
	if t.Kind == tsqltoken.KindBinary {
		return syntaxError(t.End, "%q is not a hex digit", l.at(t.End)).Hinted("write a binary constant as 0xC0FFEE")
	}
	return syntaxError(t.End, "unexpected %q in a number", l.at(t.End)).Hinted("write a number as 42, 3.5 or 1.5e3, and put a name that begins with a digit in brackets")
}

// invalidCharacter refuses a character that begins no token, with what was probably meant.
func (l *lexer) invalidCharacter(t *token) *api.Problem {
	start := t.Start
	r, size := utf8.DecodeRuneInString(l.scan.Text()[start:])
	switch r {
	case '!':
		return syntaxError(start, "! is not an operator on its own").Hinted("use NOT, or <> for not equal")
	case '?', ':', '$':
		return unsupported(start, "%c is not how parameters are written", r).Hinted("write @name in a statement, and the value in params")
	case '#':
		return unsupported(start, "temporary tables and names with # are not supported").Hinted("use an ordinary table; a name with # in it is written in brackets")
	case '{', '}':
		return unsupported(start, "escapes in braces are not supported").Hinted("write the constant as a string, or the function without braces")
	case '@':
		return unsupported(start, "parameters and variables (@name) are not supported here").Hinted("write the value itself")
	case '\u2018', '\u2019', '\u201c', '\u201d', '\u00b4', '`':
		return syntaxError(start, "the quotation mark %q is not one of T-SQL's", r).Hinted("use ' for strings and [] or \" for names")
	case '\u00a0', '\u2007', '\u202f', '\u3000', '\ufeff', '\u200b':
		return syntaxError(start, "the invisible character %U is not allowed between words", r).Hinted("use an ordinary space")
	case '\u2212', '\u2013', '\u2014':
		return syntaxError(start, "the dash %q is not a minus sign", r).Hinted("use -")
	case '\u2260', '\u2264', '\u2265':
		return syntaxError(start, "%q is not an operator of T-SQL", r).Hinted("use <>, <= or >=")
	}
	if r == utf8.RuneError && size <= 1 {
		return syntaxError(start, "the text is not valid UTF-8")
	}
	if r < 0x20 || r == 0x7f {
		return syntaxError(start, "the control character %U is not allowed", r).Hinted("remove it")
	}
	return syntaxError(start, "the character %q is not allowed outside of a string", r).
		Hinted("strings have single quotes, as 'x'; names are ASCII letters, digits and underscores")
}
