package tsqltoken

// Kind is the kind of a token.
type Kind uint8

// The kinds.
const (
	KindEnd     Kind = iota // the end of the text
	KindWord                // a bare name or a keyword
	KindQuoted              // [name] or "name"
	KindInt                 // 42
	KindDecimal             // 3.50
	KindFloat               // 1e3
	KindMoney               // $3.50, $-5
	KindString              // 'text'
	KindNString             // N'text'
	KindBinary              // 0xC0FFEE
	KindParam               // @name
	KindOp                  // see Op
	KindComment
	KindStray // a character that cannot begin a token
)

// Operator is a punctuation token: its byte, or one of the constants for two-byte operators.
type Operator byte

// The operators of two bytes. T-SQL has !< for >= and !> for <=.
const (
	OpLe Operator = iota + 1
	OpGe
	OpNe
)

// Fault is an error in a token.
type Fault uint8

// The faults.
const (
	NoFault Fault = iota
	// Unclosed is an unterminated string, quoted name or comment.
	Unclosed
	// EmptyName is [] or "".
	EmptyName
	// NoName is an @ without a name.
	NoName
	// GlobalVariable is @@name.
	GlobalVariable
	// NoExponent is a number such as 1e+.
	NoExponent
	// GoesOn is a number directly followed by a letter, an underscore or a point. The token ends
	// before it.
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
	// Text is the token's value: the name, the text of a string, the digits of a binary constant
	// or of an amount of money with its sign, the name of a parameter, without quotes and with doubled quotes unescaped. For other kinds
	// it is the source text.
	Text string
}
