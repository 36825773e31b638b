package tsqltoken

// Kind is what a token is.
type Kind uint8

// The kinds.
const (
	KindEnd     Kind = iota // the end of the text
	KindWord                // a bare name or a keyword
	KindQuoted              // [name] or "name"
	KindInt                 // 42
	KindDecimal             // 3.50
	KindFloat               // 1e3
	KindString              // 'text'
	KindNString             // N'text'
	KindBinary              // 0xC0FFEE
	KindParam               // @name
	KindOp                  // Op says which
	KindComment
	KindStray // a character that begins no token
)

// Operator is a punctuation token: its byte, or for those of two bytes one of the constants.
type Operator byte

// The operators of two bytes. T-SQL has !< for >= and !> for <=.
const (
	OpLe Operator = iota + 1
	OpGe
	OpNe
)

// Fault is what is wrong with a token.
type Fault uint8

// The faults.
const (
	NoFault Fault = iota
	// Unclosed is a string, a quoted name or a comment that the text ends in.
	Unclosed
	// EmptyName is [] or "".
	EmptyName
	// NoName is an @ alone.
	NoName
	// GlobalVariable is @@name.
	GlobalVariable
	// NoExponent is a number such as 1e+.
	NoExponent
	// GoesOn is a number that a letter, an underscore or a point follows at once. The
	// token ends before it.
	GoesOn
)

// Token is a lexical element: the bytes of a text from Start up to End.
type Token struct {
	Kind    Kind
	Keyword Keyword  // of a KindWord
	Op      Operator // of a KindOp
	Fault   Fault
	Start   int
	End     int
	// Text is what the token says: the name, the text of a string, the digits of a
	// binary constant, the name of a parameter, without marks around it or doubled
	// within. Of the other kinds, it is the token as it stands.
	Text string
}
