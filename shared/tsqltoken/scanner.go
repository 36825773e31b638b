package tsqltoken

import (
	"strings"
	"unicode/utf8"
)

// Scanner splits a text into tokens, one at a time. A copy continues independently.
type Scanner struct {
	src string
	pos int
}

// NewScanner returns a scanner of text.
func NewScanner(text string) Scanner { return Scanner{src: text} }

// Text returns the scanned text.
func (s *Scanner) Text() string { return s.src }

// Next sets t to the next token and reports whether there was one: at the end t is KindEnd on
// every call.
func (s *Scanner) Next(t *Token) bool {
	for s.pos < len(s.src) && isSpace(s.src[s.pos]) {
		s.pos++
	}
	start := s.pos
	*t = Token{Start: start, End: start}
	if start == len(s.src) {
		return false
	}
	switch c := s.src[start]; {
	case isLetter(c):
		s.word(t, c)
	case isDigit(c), c == '.' && isDigit(s.peek(1)):
		s.number(t)
	case c == '\'':
		s.quoted(t, '\'', KindString)
	case c == '[':
		s.quoted(t, ']', KindQuoted)
	case c == '"':
		s.quoted(t, '"', KindQuoted)
	case c == '$' && s.moneyAt(1):
		s.money(t)
	case c == '@':
		s.param(t)
	case c == '-' && s.peek(1) == '-':
		s.lineComment(t)
	case c == '/' && s.peek(1) == '*':
		s.blockComment(t)
	default:
		s.operator(t, c)
	}
	return true
}

// set ends the token here; its text is the source text.
func (s *Scanner) set(t *Token, kind Kind) {
	t.Kind, t.End, t.Text = kind, s.pos, s.src[t.Start:s.pos]
}

// word reads a name, a keyword, or a string that begins with N.
func (s *Scanner) word(t *Token, c byte) {
	if (c == 'N' || c == 'n') && s.peek(1) == '\'' {
		s.pos++
		s.quoted(t, '\'', KindNString)
		return
	}
	s.name()
	s.set(t, KindWord)
	t.Keyword = lookup(t.Text)
}

// peek returns the byte n after the current one, 0 beyond the end.
func (s *Scanner) peek(n int) byte {
	if s.pos+n < len(s.src) {
		return s.src[s.pos+n]
	}
	return 0
}

// name advances over the bytes of a name.
func (s *Scanner) name() {
	for s.pos < len(s.src) && isNameByte(s.src[s.pos]) {
		s.pos++
	}
}

func (s *Scanner) digits() {
	for s.pos < len(s.src) && isDigit(s.src[s.pos]) {
		s.pos++
	}
}

func (s *Scanner) lineComment(t *Token) {
	if i := strings.IndexByte(s.src[s.pos:], '\n'); i >= 0 {
		s.pos += i
	} else {
		s.pos = len(s.src)
	}
	s.set(t, KindComment)
}

// blockComment reads a comment, which may contain nested comments.
func (s *Scanner) blockComment(t *Token) {
	for open := 0; ; {
		i := strings.IndexAny(s.src[s.pos:], "*/")
		if i < 0 || s.pos+i+1 >= len(s.src) {
			s.pos = len(s.src)
			s.set(t, KindComment)
			t.Fault = Unclosed
			return
		}
		s.pos += i
		switch s.src[s.pos : s.pos+2] {
		case "/*":
			open++
			s.pos += 2
		case "*/":
			open--
			s.pos += 2
		default:
			s.pos++
		}
		if open == 0 {
			s.set(t, KindComment)
			return
		}
	}
}

// param reads @name.
func (s *Scanner) param(t *Token) {
	s.pos++
	if s.peek(0) == '@' {
		s.pos++
		t.Fault = GlobalVariable
	}
	from := s.pos
	s.name()
	if s.pos == from && t.Fault == NoFault {
		t.Fault = NoName
	}
	t.Kind, t.End, t.Text = KindParam, s.pos, s.src[from:s.pos]
}

// quoted reads up to the closing byte, which is escaped by doubling. The opening byte is at
// s.pos.
func (s *Scanner) quoted(t *Token, closing byte, kind Kind) {
	s.pos++
	from, doubled := s.pos, false
	for {
		i := strings.IndexByte(s.src[s.pos:], closing)
		if i < 0 {
			s.pos = len(s.src)
			s.set(t, kind)
			t.Fault = Unclosed
			return
		}
		s.pos += i + 1
		if s.peek(0) != closing {
			break
		}
		s.pos++
		doubled = true
	}
	t.Kind, t.End, t.Text = kind, s.pos, s.src[from:s.pos-1]
	if doubled {
		one := string(closing)
		t.Text = strings.ReplaceAll(t.Text, one+one, one)
	}
	if kind == KindQuoted && t.Text == "" {
		t.Fault = EmptyName
	}
}

// number reads 42, 3.50, .5, 1e3 and 0xC0FFEE.
func (s *Scanner) number(t *Token) {
	if s.src[s.pos] == '0' && (s.peek(1) == 'x' || s.peek(1) == 'X') {
		s.binary(t)
		return
	}
	kind := KindInt
	s.digits()
	if s.peek(0) == '.' {
		kind = KindDecimal
		s.pos++
		s.digits()
	}
	if c := s.peek(0); c == 'e' || c == 'E' {
		kind = KindFloat
		s.pos++
		if c := s.peek(0); c == '+' || c == '-' {
			s.pos++
		}
		if !isDigit(s.peek(0)) {
			s.set(t, kind)
			t.Fault = NoExponent
			return
		}
		s.digits()
	}
	s.set(t, kind)
	if c := s.peek(0); isNameByte(c) || c == '.' {
		t.Fault = GoesOn
	}
}

// moneyAt reports whether a number follows, n bytes after the position, as in a money constant.
func (s *Scanner) moneyAt(n int) bool {
	if c := s.peek(n); c == '-' || c == '+' {
		n++
	}
	return isDigit(s.peek(n)) || s.peek(n) == '.' && isDigit(s.peek(n+1))
}

// money reads a constant such as $3.50 or $-5.
func (s *Scanner) money(t *Token) {
	s.pos++
	if c := s.peek(0); c == '-' || c == '+' {
		s.pos++
	}
	s.digits()
	if s.peek(0) == '.' {
		s.pos++
		s.digits()
	}
	t.Kind, t.End, t.Text = KindMoney, s.pos, s.src[t.Start+1:s.pos]
	if c := s.peek(0); isNameByte(c) || c == '.' {
		t.Fault = GoesOn
	}
}

func (s *Scanner) binary(t *Token) {
	s.pos += 2
	for s.pos < len(s.src) && isHex(s.src[s.pos]) {
		s.pos++
	}
	t.Kind, t.End, t.Text = KindBinary, s.pos, s.src[t.Start+2:s.pos]
	if isNameByte(s.peek(0)) {
		t.Fault = GoesOn
	}
}

func (s *Scanner) operator(t *Token, c byte) {
	s.pos++
	op := Operator(c)
	switch n := s.peek(0); c {
	case '<':
		switch n {
		case '=':
			op = OpLe
		case '>':
			op = OpNe
		}
	case '>':
		if n == '=' {
			op = OpGe
		}
	case '!':
		switch n {
		case '=':
			op = OpNe
		case '<':
			op = OpGe
		case '>':
			op = OpLe
		default:
			s.set(t, KindStray)
			return
		}
	case '=', '+', '-', '*', '/', '%', '&', '|', '^', '~', '(', ')', ',', '.', ';':
	default:
		_, size := utf8.DecodeRuneInString(s.src[t.Start:])
		s.pos = t.Start + size
		s.set(t, KindStray)
		return
	}
	if op != Operator(c) {
		s.pos++
	}
	s.set(t, KindOp)
	t.Op = op
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
