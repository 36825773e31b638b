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
	Money
	SmallMoney
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
	DateTime
	SmallDateTime
	DateTime2
	UniqueIdentifier
)

// Class groups the kinds whose values compare with each other without a conversion.
type Class uint8

// The classes. NoClass is the class of Invalid.
const (
	NoClass Class = iota
	Integers
	Decimals
	Floats
	Strings
	Temporals
	GUIDs
	Binaries
)

// kinds describes each kind. Of two kinds in one class, the one of higher rank is the type of
// higher precedence; of integers, strings and binaries it holds the values of both
// (https://learn.microsoft.com/sql/t-sql/data-types/data-type-precedence-transact-sql).
var kinds = [...]struct {
	name    string
	class   Class
	rank    int
	unicode bool
	varying bool  // values vary in length, up to the type's
	lo, hi  int64 // of integers
}{
	Invalid:          {name: "INVALID"},
	Bit:              {name: "BIT", class: Integers, rank: 1, lo: 0, hi: 1},
	TinyInt:          {name: "TINYINT", class: Integers, rank: 2, lo: 0, hi: math.MaxUint8},
	SmallInt:         {name: "SMALLINT", class: Integers, rank: 3, lo: math.MinInt16, hi: math.MaxInt16},
	Int:              {name: "INT", class: Integers, rank: 4, lo: math.MinInt32, hi: math.MaxInt32},
	BigInt:           {name: "BIGINT", class: Integers, rank: 5, lo: math.MinInt64, hi: math.MaxInt64},
	Decimal:          {name: "DECIMAL", class: Decimals, rank: 3},
	Money:            {name: "MONEY", class: Decimals, rank: 2},
	SmallMoney:       {name: "SMALLMONEY", class: Decimals, rank: 1},
	Real:             {name: "REAL", class: Floats, rank: 1},
	Float:            {name: "FLOAT", class: Floats, rank: 2},
	Char:             {name: "CHAR", class: Strings},
	VarChar:          {name: "VARCHAR", class: Strings, rank: 1, varying: true},
	NChar:            {name: "NCHAR", class: Strings, rank: 2, unicode: true},
	NVarChar:         {name: "NVARCHAR", class: Strings, rank: 3, unicode: true, varying: true},
	Binary:           {name: "BINARY", class: Binaries},
	VarBinary:        {name: "VARBINARY", class: Binaries, rank: 1, varying: true},
	Date:             {name: "DATE", class: Temporals, rank: 1},
	Time:             {name: "TIME", class: Temporals},
	DateTime:         {name: "DATETIME", class: Temporals, rank: 3},
	SmallDateTime:    {name: "SMALLDATETIME", class: Temporals, rank: 2},
	DateTime2:        {name: "DATETIME2", class: Temporals, rank: 4},
	UniqueIdentifier: {name: "UNIQUEIDENTIFIER", class: GUIDs},
}

// String returns the name of the kind in upper case.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k].name
	}
	return kinds[Invalid].name
}

// Class returns the class of the kind.
func (k Kind) Class() Class {
	if int(k) < len(kinds) {
		return kinds[k].class
	}
	return NoClass
}

// Wider returns the one of two kinds of a class that has the higher precedence.
func (k Kind) Wider(o Kind) Kind {
	if kinds[o].rank > kinds[k].rank {
		return o
	}
	return k
}

// IsInteger reports whether values are whole numbers in [FormInt]; BIT is included.
func (k Kind) IsInteger() bool { return k.Class() == Integers }

// IsFloat reports whether values are floating-point numbers.
func (k Kind) IsFloat() bool { return k.Class() == Floats }

// IsMoney reports whether values are amounts of money, which have four fraction digits.
func (k Kind) IsMoney() bool { return k == Money || k == SmallMoney }

// IsNumeric reports whether values are numbers: integers, BIT, DECIMAL, MONEY, SMALLMONEY, REAL,
// FLOAT.
func (k Kind) IsNumeric() bool {
	c := k.Class()
	return c == Integers || c == Decimals || c == Floats
}

// IsString reports whether values are character strings.
func (k Kind) IsString() bool { return k.Class() == Strings }

// IsUnicode reports whether values are character strings measured in UTF-16 units.
func (k Kind) IsUnicode() bool { return int(k) < len(kinds) && kinds[k].unicode }

func (k Kind) isVarying() bool { return int(k) < len(kinds) && kinds[k].varying }

// IsBinary reports whether values are byte strings.
func (k Kind) IsBinary() bool { return k.Class() == Binaries }

// IsTemporal reports whether values are dates or times.
func (k Kind) IsTemporal() bool { return k.Class() == Temporals }

// IsDateTime reports whether k is DATETIME or SMALLDATETIME, the types that are also numbers of
// days since 1900-01-01: they convert from and to numbers and have arithmetic.
func (k Kind) IsDateTime() bool { return k == DateTime || k == SmallDateTime }

// Max is the Length of a type declared with MAX.
const Max = -1

// Type is a column type. Types are comparable; use [Parse] to make one, as it
// fills in T-SQL's defaults and checks the bounds.
type Type struct {
	Kind Kind
	// Length bounds strings and binaries, [Max] for MAX types: UTF-16 code units for NCHAR and
	// NVARCHAR, UTF-8 bytes for CHAR and VARCHAR (columns have a UTF-8 collation), bytes for
	// BINARY and VARBINARY.
	Length int
	// Precision is the number of digits of a DECIMAL, 1 to 38, or of an amount of money, 19 or 10.
	Precision int
	// Scale is the number of fraction digits of a DECIMAL or an amount of money, or of the seconds
	// of TIME and DATETIME2 (0 to 7) and DATETIME (3).
	Scale int
}

// Frequently used types without parameters.
var (
	BitType           = Type{Kind: Bit}
	IntType           = Type{Kind: Int}
	BigIntType        = Type{Kind: BigInt}
	FloatType         = Type{Kind: Float}
	MoneyType         = Type{Kind: Money, Precision: 19, Scale: moneyScale}
	SmallMoneyType    = Type{Kind: SmallMoney, Precision: 10, Scale: moneyScale}
	DateType          = Type{Kind: Date}
	DateTimeType      = Type{Kind: DateTime, Scale: 3}
	SmallDateTimeType = Type{Kind: SmallDateTime}
	DateTime2Type     = Type{Kind: DateTime2, Scale: maxTimeScale}
)

// fixed are the types whose precision and scale are fixed.
var fixed = map[Kind]Type{Money: MoneyType, SmallMoney: SmallMoneyType, DateTime: DateTimeType}

// Class returns the class of the type's kind.
func (t Type) Class() Class { return t.Kind.Class() }

// String returns the canonical spelling, which [Parse] reads back: upper case, no spaces, length,
// precision and scale always written if the type has them.
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

// IntRange returns the smallest and largest value of an integer kind, false for other kinds.
func (k Kind) IntRange() (lo, hi int64, ok bool) {
	if !k.IsInteger() {
		return 0, 0, false
	}
	return kinds[k].lo, kinds[k].hi, true
}
