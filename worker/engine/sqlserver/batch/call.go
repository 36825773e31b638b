package batch

import (
	"strconv"

	"shardeck/shared/sqltypes"
)

// Call is a call of sp_executesql: a text, the declarations of its parameters, and their arguments
// in the same order. A text without parameters can be sent as it is, and what creates or alters a
// database must be.
type Call struct {
	Text         string
	Declarations string // as in "@p1 INT, @p2 NVARCHAR(50)"
	Args         []Arg
}

// Arg is the argument of a parameter.
type Arg struct {
	Name  string // without the @
	Type  sqltypes.Type
	Value sqltypes.Value // its canonical form; the server converts it to the declared type
}

// language begins a batch whose statements may depend on the session's language: the names of
// months and weekdays, the first day of a week (DATEFIRST 7) and the order of a date in text (mdy).
const language = "SET LANGUAGE us_english;\n"

// textType is the type of the worker's own texts.
var textType = sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}

// MaxArguments is the maximum number of parameters of a procedure call, 2100, minus the text and
// the declarations.
const MaxArguments = 2098

// declare formats the types of parameters for sp_executesql, as in "@p1 INT, @p2 NVARCHAR(50)".
// They are declared as planned: a driver's types (NVARCHAR of the value's length, BIGINT for
// each number) would give a text as many plans as values have lengths, none of which uses the
// index on a VARCHAR column, because the column is converted instead.
func declare(types []sqltypes.Type) string {
	dst := make([]byte, 0, 24*len(types))
	for i, t := range types {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, "@p"...)
		dst = strconv.AppendInt(dst, int64(i+1), 10)
		dst = append(dst, ' ')
		dst = append(dst, declaredType(t).String()...)
	}
	return string(dst)
}

// declaredType returns the type of a statement's parameter for values of type t. Money is a DECIMAL
// of its digits, which text converts to implicitly; the statement casts it to money.
func declaredType(t sqltypes.Type) sqltypes.Type {
	if t.Kind.IsMoney() {
		return sqltypes.DecimalType(t.Precision, t.Scale)
	}
	return t
}

// ParameterName is the name of the i-th parameter of a statement, from 0.
func ParameterName(i int) string {
	if i < len(parameterNames) {
		return parameterNames[i]
	}
	return "p" + strconv.Itoa(i+1)
}

// parameterNames caches the names that suffice for nearly every statement.
var parameterNames = [...]string{
	"p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15", "p16",
}

// wireType is the type in which a value of type t travels to the statement, whose own parameter
// has type t.
func wireType(t sqltypes.Type) string {
	if sentAsText(t) {
		return "NVARCHAR(50)"
	}
	return t.String()
}

// sentAsText reports whether values of type t remain text until a statement receives them.
// Babelfish crashes on a DECIMAL that is declared otherwise, and reads a UNIQUEIDENTIFIER from
// memory that has been reused by then.
func sentAsText(t sqltypes.Type) bool {
	return t.Class() == sqltypes.Decimals || t.Kind == sqltypes.UniqueIdentifier
}
