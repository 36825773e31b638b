package sqltypes

import (
	"strconv"
	"strings"

	"shardeck/shared/mssqlerr"
)

// MaxPrecision is the maximum number of digits of a DECIMAL.
const MaxPrecision = 38

// Bounds of T-SQL's types.
const (
	maxBytes       = 8000 // CHAR, VARCHAR, BINARY, VARBINARY
	maxUnits       = 4000 // NCHAR, NVARCHAR
	maxTimeScale   = 7
	defaultDecimal = 18
)

// spellings maps type names, with synonyms.
var spellings = map[string]Kind{
	"BIT": Bit, "TINYINT": TinyInt, "SMALLINT": SmallInt, "INT": Int, "INTEGER": Int, "BIGINT": BigInt,
	"DECIMAL": Decimal, "NUMERIC": Decimal, "DEC": Decimal,
	"REAL": Real, "FLOAT": Float, "DOUBLE PRECISION": Float,
	"CHAR": Char, "CHARACTER": Char,
	"VARCHAR": VarChar, "CHAR VARYING": VarChar, "CHARACTER VARYING": VarChar,
	"NCHAR": NChar, "NATIONAL CHAR": NChar, "NATIONAL CHARACTER": NChar,
	"NVARCHAR": NVarChar, "NATIONAL CHAR VARYING": NVarChar, "NATIONAL CHARACTER VARYING": NVarChar,
	"BINARY": Binary, "VARBINARY": VarBinary, "BINARY VARYING": VarBinary,
	"DATE": Date, "TIME": Time, "DATETIME": DateTime, "SMALLDATETIME": SmallDateTime, "DATETIME2": DateTime2,
	"MONEY": Money, "SMALLMONEY": SmallMoney, "UNIQUEIDENTIFIER": UniqueIdentifier,
}

// replacements suggests what to use for unsupported types of T-SQL and other databases.
var replacements = map[string]string{
	"TEXT": "NVARCHAR(MAX)", "NTEXT": "NVARCHAR(MAX)", "STRING": "NVARCHAR(MAX)", "CLOB": "NVARCHAR(MAX)",
	"JSON": "NVARCHAR(MAX)", "JSONB": "NVARCHAR(MAX)", "XML": "NVARCHAR(MAX)", "SYSNAME": "NVARCHAR(128)",
	"IMAGE": "VARBINARY(MAX)", "BLOB": "VARBINARY(MAX)", "BYTEA": "VARBINARY(MAX)",
	"TIMESTAMP": "DATETIME2(7)", "DATETIMEOFFSET": "DATETIME2(7) in UTC", "ROWVERSION": "BIGINT", "NUMBER": "DECIMAL(p,s)",
	"BOOLEAN": "BIT", "BOOL": "BIT", "DOUBLE": "FLOAT", "UUID": "UNIQUEIDENTIFIER", "GUID": "UNIQUEIDENTIFIER",
	"MEDIUMINT": "INT", "SERIAL": "INT or BIGINT with values of your own", "BIGSERIAL": "BIGINT with values of your own",
	"SQL_VARIANT": "one column for each type", "HIERARCHYID": "NVARCHAR(4000)", "VECTOR": "VARBINARY(8000)",
	"GEOGRAPHY": "NVARCHAR(MAX) of WKT", "GEOMETRY": "NVARCHAR(MAX) of WKT",
}

// Parse reads a type as T-SQL spells it, ignoring case: "nvarchar(50)", "DECIMAL(10, 2)",
// "integer". T-SQL's defaults are filled in (DECIMAL is DECIMAL(18,0), DATETIME2 is DATETIME2(7),
// CHAR is CHAR(1)), but a VARCHAR, NVARCHAR or VARBINARY without a length, which T-SQL reads as
// length 1, is refused. The error is an *Error that names the type and suggests an alternative.
func Parse(s string) (Type, error) { return parse(s, 0) }

// ParseCast is Parse for the type of a CAST or CONVERT, where a string or binary type without a
// length has length 30
// (https://learn.microsoft.com/sql/t-sql/data-types/char-and-varchar-transact-sql).
func ParseCast(s string) (Type, error) {
	const length = 30
	return parse(s, length)
}

// parse reads a type; defaultLength applies to strings and binaries, 0 for the rules of columns.
func parse(s string, defaultLength int) (Type, error) {
	name, args, ok := splitType(s)
	if !ok {
		return Type{}, newError(mssqlerr.InvalidLength, InvalidArgument, "%s is not a type", quoteClip(s)).
			hinted("write a type such as INT, NVARCHAR(50) or DECIMAL(10,2)")
	}
	kind, ok := spellings[name]
	if !ok {
		return Type{}, unknownType(name)
	}
	if len(args) == 0 && defaultLength > 0 && (kind.IsString() || kind.IsBinary()) {
		return Type{Kind: kind, Length: defaultLength}, nil
	}
	t, err := withArgs(kind, name, args)
	if err != nil {
		return Type{}, err
	}
	return t, nil
}

func unknownType(name string) *Error {
	if first, _, two := strings.Cut(name, " "); two && strings.Contains(name, "IDENTITY") {
		return newError(mssqlerr.UnknownType, Unsupported, "IDENTITY is not supported: numbers generated on one shard would repeat on another").
			hinted("use %s and send values of your own", clip(first))
	}
	e := newError(mssqlerr.UnknownType, Unsupported, "%s is not a supported type", clip(name))
	if use, ok := replacements[name]; ok {
		return e.hinted("use %s", use)
	}
	return e.hinted("use BIT, TINYINT, SMALLINT, INT, BIGINT, DECIMAL(p,s), REAL, FLOAT, CHAR(n), VARCHAR(n), NCHAR(n), NVARCHAR(n), " +
		"BINARY(n), VARBINARY(n), MONEY, SMALLMONEY, DATE, TIME(n), DATETIME, SMALLDATETIME, DATETIME2(n) or UNIQUEIDENTIFIER")
}

// maxTypeText bounds the text of a type, in bytes; the longest valid one is about 40.
const maxTypeText = 200

// splitType splits "Character  Varying ( 50 )" into "CHARACTER VARYING" and ["50"].
func splitType(s string) (name string, args []string, ok bool) {
	if len(s) > maxTypeText {
		return "", nil, false
	}
	name = s
	if open := strings.IndexByte(s, '('); open >= 0 {
		rest := strings.TrimRight(s[open+1:], " \t\r\n")
		if !strings.HasSuffix(rest, ")") {
			// Words after the parentheses, as in INT(4) IDENTITY, are not part of a type.
			return "", nil, false
		}
		name = s[:open]
		args = strings.Split(strings.TrimSuffix(rest, ")"), ",")
		for i, a := range args {
			args[i] = strings.ToUpper(strings.Trim(a, " \t\r\n"))
		}
	}
	for i := range len(name) {
		c := name[i] | 0x20
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || name[i] == '_' || strings.IndexByte(" \t\r\n", name[i]) >= 0) {
			return "", nil, false
		}
	}
	name = strings.Join(strings.Fields(strings.ToUpper(name)), " ")
	return name, args, name != ""
}

func withArgs(k Kind, name string, args []string) (Type, error) {
	switch {
	case k.IsString(), k.IsBinary():
		return withLength(k, args)
	case k == Decimal:
		return decimalType(args)
	case k == Time, k == DateTime2:
		scale, err := oneArg(k, args, maxTimeScale, 0, maxTimeScale)
		return Type{Kind: k, Scale: scale}, err
	case k == Float && name == "FLOAT":
		// FLOAT(n) counts bits of the mantissa: up to 24 is REAL.
		bits, err := oneArg(k, args, 53, 1, 53)
		if err == nil && bits <= 24 {
			k = Real
		}
		return Type{Kind: k}, err
	}
	if len(args) > 0 {
		return Type{}, newError(mssqlerr.NoWidth, InvalidArgument, "%s does not take a length", k).hinted("write %s", k)
	}
	if t, ok := fixed[k]; ok {
		return t, nil
	}
	return Type{Kind: k}, nil
}

func withLength(k Kind, args []string) (Type, error) {
	varying := k.isVarying()
	limit := maxBytes
	if k.IsUnicode() {
		limit = maxUnits
	}
	if len(args) == 0 {
		if varying {
			return Type{}, newError(mssqlerr.InvalidLength, InvalidArgument, "%s has no length, which T-SQL reads as a length of 1", k).
				hinted("write %s(50), or %s(MAX)", k, k)
		}
		return Type{Kind: k, Length: 1}, nil
	}
	if len(args) == 1 && args[0] == "MAX" {
		if !varying {
			return Type{}, newError(mssqlerr.InvalidLength, InvalidArgument, "%s cannot have length MAX", k).hinted("use VAR%s(MAX) or NVARCHAR(MAX)", strings.TrimPrefix(k.String(), "N"))
		}
		return Type{Kind: k, Length: Max}, nil
	}
	n, err := oneArg(k, args, 1, 1, limit)
	return Type{Kind: k, Length: n}, err
}

func decimalType(args []string) (Type, error) {
	t := Type{Kind: Decimal, Precision: defaultDecimal}
	if len(args) > 2 {
		return Type{}, newError(mssqlerr.InvalidLength, InvalidArgument, "DECIMAL takes at most a precision and a scale").hinted("write DECIMAL(10,2)")
	}
	if len(args) > 0 {
		p, ok := smallNumber(args[0])
		if !ok || p < 1 || p > MaxPrecision {
			return Type{}, newError(mssqlerr.PrecisionTooLarge, InvalidArgument, "the precision of DECIMAL is not between 1 and %d", MaxPrecision).hinted("write DECIMAL(10,2)")
		}
		t.Precision = p
	}
	if len(args) > 1 {
		s, ok := smallNumber(args[1])
		if !ok || s > t.Precision {
			return Type{}, newError(mssqlerr.ScaleTooLarge, InvalidArgument, "the scale of DECIMAL is not between 0 and its precision, %d", t.Precision).hinted("write DECIMAL(10,2)")
		}
		t.Scale = s
	}
	return t, nil
}

// oneArg reads the only argument, or returns def if there is none.
func oneArg(k Kind, args []string, def, lo, hi int) (int, error) {
	if len(args) == 0 {
		return def, nil
	}
	n, ok := smallNumber(args[0])
	if len(args) > 1 || !ok {
		return 0, newError(mssqlerr.InvalidLength, InvalidArgument, "%s takes one number", k).hinted("write %s(%d)", k, hi)
	}
	if n < lo || n > hi {
		number := mssqlerr.SizeTooLarge
		if n < lo {
			number = mssqlerr.InvalidLength
		}
		e := newError(number, InvalidArgument, "%s(%d) is not between %s(%d) and %s(%d)", k, n, k, lo, k, hi)
		if k.isVarying() {
			return 0, e.hinted("use %s(MAX) for longer values", k)
		}
		return 0, e.hinted("write %s(%d) at most", k, hi)
	}
	return n, nil
}

// smallNumber reads 1 to 6 digits.
func smallNumber(s string) (int, bool) {
	if s == "" || len(s) > 6 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}
