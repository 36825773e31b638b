package tsql

import (
	"strings"
	"unicode/utf8"

	"shardeck/shared/api"
)

// MaxText is the greatest length of a text, in bytes.
const MaxText = 1 << 20

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokWord
	tokQuoted // [name] or "name"; text is the name
	tokNumber // number says which
	tokString
	tokNString
	tokBinary
	tokParam // @name; text is the name
	tokOp    // op says which
)

// operator is a punctuation token: its byte, or for those of two bytes one of the constants.
type operator byte

const (
	opLe operator = iota + 1
	opGe
	opNe
)

// token is a lexical element. text is unescaped for strings and quoted names.
type token struct {
	kind   tokenKind
	kw     keyword     // of a tokWord
	op     operator    // of a tokOp
	number LiteralKind // of a tokNumber
	start  int
	end    int
	text   string
}

// lexer cuts src into tokens, one at a time. It looks at each byte a bounded
// number of times.
type lexer struct {
	src string
	pos int
	// statement allows what belongs to statements only: comments and @parameters.
	statement bool
}

// next returns the next token; tokEOF for ever at the end.
func (l *lexer) next() (token, *api.Problem) {
	if p := l.space(); p != nil {
		return token{}, p
	}
	start := l.pos
	if start == len(l.src) {
		return token{kind: tokEOF, start: start, end: start}, nil
	}
	c := l.src[start]
	switch {
	case (c == 'N' || c == 'n') && l.peek(1) == '\'':
		l.pos++
		return l.quoted(start, '\'', tokNString)
	case isLetter(c):
		l.pos++
		for l.pos < len(l.src) && isNameByte(l.src[l.pos]) {
			l.pos++
		}
		text := l.src[start:l.pos]
		return token{kind: tokWord, kw: lookupKeyword(text), start: start, end: l.pos, text: text}, nil
	case isDigit(c), c == '.' && isDigit(l.peek(1)):
		return l.numberToken(start)
	case c == '\'':
		return l.quoted(start, '\'', tokString)
	case c == '[':
		return l.quoted(start, ']', tokQuoted)
	case c == '"':
		return l.quoted(start, '"', tokQuoted)
	case c == '@' && l.statement:
		return l.paramToken(start)
	}
	return l.operatorToken(start, c)
}

// space advances over white space and, in statements, comments.
func (l *lexer) space() *api.Problem {
	for l.pos < len(l.src) {
		switch {
		case isSpace(l.src[l.pos]):
			l.pos++
		case l.statement && strings.HasPrefix(l.src[l.pos:], "--"):
			i := strings.IndexByte(l.src[l.pos:], '\n')
			if i < 0 {
				i = len(l.src) - l.pos
			}
			l.pos += i
		case l.statement && strings.HasPrefix(l.src[l.pos:], "/*"):
			if p := l.blockComment(); p != nil {
				return p
			}
		default:
			return nil
		}
	}
	return nil
}

// blockComment advances over a comment, in which others may be nested.
func (l *lexer) blockComment() *api.Problem {
	start := l.pos
	for open := 0; ; {
		i := strings.IndexAny(l.src[l.pos:], "*/")
		if i < 0 || l.pos+i+1 >= len(l.src) {
			l.pos = len(l.src)
			return syntaxError(start, "the comment is not closed").Hinted("add */, one for every /*")
		}
		l.pos += i
		switch l.src[l.pos : l.pos+2] {
		case "/*":
			open++
			l.pos += 2
		case "*/":
			open--
			l.pos += 2
		default:
			l.pos++
		}
		if open == 0 {
			return nil
		}
	}
}

// paramToken reads @name.
func (l *lexer) paramToken(start int) (token, *api.Problem) {
	l.pos++
	if l.peek(0) == '@' {
		return token{}, unsupported(start, "global variables (@@) are not supported").Hinted("the answer says how many rows there were; send other values as parameters, @name")
	}
	for l.pos < len(l.src) && isNameByte(l.src[l.pos]) {
		l.pos++
	}
	if l.pos == start+1 {
		return token{}, syntaxError(start, "the parameter has no name").Hinted("write @name, and the value in params")
	}
	return token{kind: tokParam, start: start, end: l.pos, text: l.src[start+1 : l.pos]}, nil
}

// peek returns the byte n after the current one, 0 beyond the end.
func (l *lexer) peek(n int) byte {
	if l.pos+n < len(l.src) {
		return l.src[l.pos+n]
	}
	return 0
}

// quoted reads up to the closing byte, which stands for itself when doubled. The
// opening byte is at l.pos.
func (l *lexer) quoted(start int, closing byte, kind tokenKind) (token, *api.Problem) {
	l.pos++
	from, doubled := l.pos, false
	for {
		i := strings.IndexByte(l.src[l.pos:], closing)
		if i < 0 {
			l.pos = len(l.src)
			return token{}, syntaxError(start, "%s is not closed", map[tokenKind]string{
				tokString: "the string", tokNString: "the string", tokQuoted: "the quoted name"}[kind]).
				Hinted("add the closing %c; write it twice to have it inside", closing)
		}
		l.pos += i + 1
		if l.peek(0) != closing {
			break
		}
		l.pos++
		doubled = true
	}
	text := l.src[from : l.pos-1]
	if doubled {
		one := string(closing)
		text = strings.ReplaceAll(text, one+one, one)
	}
	if kind == tokQuoted && text == "" {
		return token{}, syntaxError(start, "the quoted name is empty").Hinted("write the name of a column, as [gpa]; a string has single quotes, as ''")
	}
	return token{kind: kind, start: start, end: l.pos, text: text}, nil
}

// numberToken reads 42, 3.50, .5, 1e3 and 0xC0FFEE.
func (l *lexer) numberToken(start int) (token, *api.Problem) {
	if l.src[start] == '0' && (l.peek(1) == 'x' || l.peek(1) == 'X') {
		return l.binaryToken(start)
	}
	kind := IntLiteral
	l.digits()
	if l.peek(0) == '.' {
		kind = DecimalLiteral
		l.pos++
		l.digits()
	}
	if c := l.peek(0); c == 'e' || c == 'E' {
		kind = FloatLiteral
		l.pos++
		if c := l.peek(0); c == '+' || c == '-' {
			l.pos++
		}
		if !isDigit(l.peek(0)) {
			return token{}, syntaxError(start, "the exponent of the number has no digits").Hinted("write a number as 42, 3.5 or 1.5e3")
		}
		l.digits()
	}
	if c := l.peek(0); isNameByte(c) || c == '.' {
		return token{}, syntaxError(l.pos, "the number goes on with %q", c).Hinted("write a number as 42, 3.5 or 1.5e3, and put a name that begins with a digit in brackets")
	}
	return token{kind: tokNumber, number: kind, start: start, end: l.pos, text: l.src[start:l.pos]}, nil
}

func (l *lexer) binaryToken(start int) (token, *api.Problem) {
	l.pos += 2
	for l.pos < len(l.src) && isHex(l.src[l.pos]) {
		l.pos++
	}
	if c := l.peek(0); isNameByte(c) {
		return token{}, syntaxError(l.pos, "%q is not a hex digit", c).Hinted("write a binary constant as 0xC0FFEE")
	}
	text := l.src[start+2 : l.pos]
	if len(text)%2 == 1 {
		text = "0" + text
	}
	return token{kind: tokBinary, start: start, end: l.pos, text: text}, nil
}

func (l *lexer) digits() {
	for l.pos < len(l.src) && isDigit(l.src[l.pos]) {
		l.pos++
	}
}

func (l *lexer) operatorToken(start int, c byte) (token, *api.Problem) {
	l.pos++
	two := func(op operator) (token, *api.Problem) {
		l.pos++
		return token{kind: tokOp, op: op, start: start, end: l.pos, text: l.src[start:l.pos]}, nil
	}
	n := l.peek(0)
	switch c {
	case '<':
		switch n {
		case '=':
			return two(opLe)
		case '>':
			return two(opNe)
		}
	case '>':
		if n == '=' {
			return two(opGe)
		}
	case '!':
		// T-SQL has !< for >= and !> for <=.
		switch n {
		case '=':
			return two(opNe)
		case '<':
			return two(opGe)
		case '>':
			return two(opLe)
		}
		return token{}, syntaxError(start, "! does not stand alone").Hinted("use NOT, or <> for not equal")
	case '-':
		if n == '-' {
			return token{}, unsupported(start, "comments (--) are not supported here").Hinted("leave the comment out; for a double minus write - -5")
		}
	case '/':
		if n == '*' {
			return token{}, unsupported(start, "comments (/* */) are not supported here").Hinted("leave the comment out")
		}
	case '=':
		if n == '=' {
			return token{}, syntaxError(start, "== is not an operator of T-SQL").Hinted("use =")
		}
	case '+', '*', '%', '(', ')', ',', '.', ';':
	default:
		return token{}, l.strange(start)
	}
	return token{kind: tokOp, op: operator(c), start: start, end: l.pos, text: l.src[start:l.pos]}, nil
}

// strange refuses a character that begins no token, with what was probably meant.
func (l *lexer) strange(start int) *api.Problem {
	r, size := utf8.DecodeRuneInString(l.src[start:])
	l.pos = start + size
	switch r {
	case '&', '|', '^', '~':
		if n := l.peek(0); n == byte(r) {
			return syntaxError(start, "%c%c is not an operator of T-SQL", r, r).
				Hinted("use %s", map[rune]string{'&': "AND", '|': "OR between conditions, + to join strings"}[r])
		}
		return unsupported(start, "the bitwise operator %c is not supported", r).Hinted("use arithmetic and comparisons")
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

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}
func isNameByte(c byte) bool { return isLetter(c) || isDigit(c) }
func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
