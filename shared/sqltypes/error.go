package sqltypes

import (
	"fmt"
	"strconv"
	"strings"

	"shardeck/shared/mssqlerr"
)

// Reason classifies why a type or a value was refused. A service maps it to a status of its
// protocol; this package knows none.
type Reason uint8

// The reasons. The zero Reason is not one of them.
const (
	TooLong          Reason = iota + 1 // a string or binary value exceeds its type's length
	OutOfRange                         // a value or a result is out of its type's range
	ConversionFailed                   // a value cannot be converted to the type
	DivideByZero                       // the divisor is zero
	InvalidArgument                    // a type or an argument is malformed
	Unsupported                        // Shardeck does not support the type
	TooComplex                         // computing the value would take too much time or memory
	endOfReasons
)

var reasonNames = [endOfReasons]string{
	TooLong: "too long", OutOfRange: "out of range", ConversionFailed: "conversion failed",
	DivideByZero: "divide by zero", InvalidArgument: "invalid argument", Unsupported: "unsupported", TooComplex: "too complex",
}

// Reasons returns every reason, for tables that must cover them all.
func Reasons() []Reason {
	var all []Reason
	for r := Reason(1); r < endOfReasons; r++ {
		all = append(all, r)
	}
	return all
}

func (r Reason) String() string {
	if r == 0 || r >= endOfReasons {
		return "Reason(" + strconv.Itoa(int(r)) + ")"
	}
	return reasonNames[r]
}

// Error reports a refused type or value.
type Error struct {
	Number int    // SQL Server's number for the same error; 0 if SQL Server would not refuse it
	Reason Reason // the kind of error
	Msg    string // what happened
	Hint   string // what to do; may be empty
}

func (e *Error) Error() string { return e.Msg }

func (e *Error) hinted(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

func newError(number int, reason Reason, format string, args ...any) *Error {
	return &Error{Number: number, Reason: reason, Msg: fmt.Sprintf(format, args...)}
}

// MaxRow bounds a row in the wire form, in bytes.
const MaxRow = 16 << 20

// RowTooLarge is the error for a row of more than [MaxRow] bytes.
func RowTooLarge() *Error {
	return newError(0, TooComplex, "a row of the answer takes more than %d bytes as JSON", MaxRow).
		hinted("select fewer columns, or a SUBSTRING of the long ones")
}

// SeveralRows is the error for a subquery that is used as a value and has more than one row.
func SeveralRows() *Error {
	return newError(mssqlerr.SubqueryRows, InvalidArgument, "a subquery that is used as a value has more than one row").
		hinted("narrow its WHERE, select an aggregate such as MAX(x), or compare with IN")
}

func errTooLong(t Type, have int, unit string) *Error {
	return newError(mssqlerr.Truncation, TooLong, "the value has %d %s; %s holds %d", have, unit, t, t.Length).
		hinted("use a shorter value, or give the column a greater length")
}

func errRange(t Type, text string) *Error {
	return newError(mssqlerr.Overflow, OutOfRange, "%s is out of the range of %s", clip(text), t).
		hinted("%s", rangeHint(t))
}

// errConversion reports text that is not a valid t.
func errConversion(t Type, text string) *Error {
	number := mssqlerr.TypeConversion
	hint := ""
	switch {
	case t.Kind.IsInteger():
		number, hint = mssqlerr.IntConversion, "use an integer"
	case t.Class() == Decimals:
		hint = "use a number, or its digits in a string such as \"12.50\""
	case t.Kind.IsFloat():
		hint = "use a number"
	case t.Kind.IsTemporal():
		number, hint = mssqlerr.DateConversion, temporalHint(t.Kind)
		if t.Kind == SmallDateTime {
			number = mssqlerr.SmallDateConversion
		}
	case t.Kind == UniqueIdentifier:
		number, hint = mssqlerr.GUIDConversion, "use 32 hex digits as XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX"
	case t.Kind.IsBinary():
		hint = "use 0x and an even number of hex digits, in T-SQL without quotes"
	}
	return newError(number, ConversionFailed, "%s cannot be converted to %s", quoteClip(text), t).hinted("%s", hint)
}

// errIncompatible reports a conversion between types that T-SQL (or Shardeck) does not support,
// whatever the value.
func errIncompatible(number int, from string, t Type) *Error {
	e := errConversion(t, "")
	return newError(number, ConversionFailed, "%s cannot be converted to %s", from, t).hinted("%s", e.Hint)
}

func temporalHint(k Kind) string {
	switch k {
	case Date:
		return "use a date such as 2026-11-22"
	case Time:
		return "use a time such as 20:24:00.5"
	}
	return "use a date and time such as 2026-11-22T20:24:00.5, without a time zone"
}

func rangeHint(t Type) string {
	if lo, hi, ok := t.Kind.IntRange(); ok {
		return fmt.Sprintf("%s holds %d to %d", t, lo, hi)
	}
	switch t.Kind {
	case Money:
		return "MONEY holds -922337203685477.5808 to 922337203685477.5807"
	case SmallMoney:
		return "SMALLMONEY holds -214748.3648 to 214748.3647"
	case DateTime:
		return "DATETIME holds 1753-01-01 to 9999-12-31; DATETIME2 holds earlier dates"
	case SmallDateTime:
		return "SMALLDATETIME holds 1900-01-01 to 2079-06-06; DATETIME2 holds others"
	case Decimal:
		nines := strings.Repeat("9", t.Precision-t.Scale)
		if t.Scale > 0 {
			nines += "." + strings.Repeat("9", t.Scale)
		}
		return fmt.Sprintf("%s holds -%s to %s", t, nines, nines)
	}
	return "use a value closer to zero"
}

// maxShown bounds how much of a value an error repeats, in bytes.
const maxShown = 40

func clip(s string) string {
	if len(s) > maxShown {
		return strings.ToValidUTF8(s[:maxShown], "") + "..."
	}
	return s
}

func quoteClip(s string) string { return strconv.Quote(clip(s)) }
