package sqltypes

import (
	"math"
	"strconv"
)

// Kind is a type without its length, precision and scale.
type Kind uint8

// The kinds. Invalid is the zero Kind and names no type.
const (
	Invalid Kind = iota
	Bit
	TinyInt
	SmallInt
	Int
	BigInt
	Decimal
	Real
	Float
	Char
	VarChar
	NChar
	NVarChar
	Binary
	VarBinary
	Date
	Time
	DateTime2
	UniqueIdentifier
)

var kindNames = [...]string{
	Invalid: "INVALID", Bit: "BIT", TinyInt: "TINYINT", SmallInt: "SMALLINT", Int: "INT", BigInt: "BIGINT",
	Decimal: "DECIMAL", Real: "REAL", Float: "FLOAT", Char: "CHAR", VarChar: "VARCHAR", NChar: "NCHAR",
	NVarChar: "NVARCHAR", Binary: "BINARY", VarBinary: "VARBINARY", Date: "DATE", Time: "TIME",
	DateTime2: "DATETIME2", UniqueIdentifier: "UNIQUEIDENTIFIER",
}

// String returns the name of the kind in capitals.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "INVALID"
}

// IsInteger says whether values are whole numbers in [FormInt]; BIT is one of them.
func (k Kind) IsInteger() bool { return Bit <= k && k <= BigInt }

// IsNumeric says whether values are numbers: integers, BIT, DECIMAL, REAL, FLOAT.
func (k Kind) IsNumeric() bool { return Bit <= k && k <= Float }

// IsString says whether values are character strings.
func (k Kind) IsString() bool { return Char <= k && k <= NVarChar }

// IsBinary says whether values are byte strings.
func (k Kind) IsBinary() bool { return k == Binary || k == VarBinary }

// IsTemporal says whether values are dates or times.
func (k Kind) IsTemporal() bool { return Date <= k && k <= DateTime2 }

// Max is the Length of a type declared with MAX.
const Max = -1

// Type is a column type. Types are comparable; use [Parse] to make one, as it
// fills in T-SQL's defaults and checks the bounds.
type Type struct {
	Kind Kind
	// Length bounds strings and binaries, [Max] for none: UTF-16 code units for
	// NCHAR and NVARCHAR, UTF-8 bytes for CHAR and VARCHAR (columns have a UTF-8
	// collation), bytes for BINARY and VARBINARY.
	Length int
	// Precision is the number of digits of a DECIMAL, 1 to 38.
	Precision int
	// Scale is the number of fraction digits of a DECIMAL, and of the seconds of TIME and DATETIME2 (0 to 7).
	Scale int
}

// String returns the canonical spelling, which [Parse] reads back: capitals, no
// spaces, length, precision and scale always written where the type has them.
func (t Type) String() string {
	name := t.Kind.String()
	switch {
	case t.Kind.IsString(), t.Kind.IsBinary():
		if t.Length == Max {
			return name + "(MAX)"
		}
		return name + "(" + strconv.Itoa(t.Length) + ")"
	case t.Kind == Decimal:
		return name + "(" + strconv.Itoa(t.Precision) + "," + strconv.Itoa(t.Scale) + ")"
	case t.Kind == Time, t.Kind == DateTime2:
		return name + "(" + strconv.Itoa(t.Scale) + ")"
	}
	return name
}

// intRange returns the least and greatest value of an integer kind.
func intRange(k Kind) (lo, hi int64, ok bool) {
	switch k {
	case Bit:
		return 0, 1, true
	case TinyInt:
		return 0, math.MaxUint8, true
	case SmallInt:
		return math.MinInt16, math.MaxInt16, true
	case Int:
		return math.MinInt32, math.MaxInt32, true
	case BigInt:
		return math.MinInt64, math.MaxInt64, true
	}
	return 0, 0, false
}
