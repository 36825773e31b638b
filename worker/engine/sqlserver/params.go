package sqlserver

import (
	"database/sql"
	"strconv"

	"shardeck/shared/sqltypes"
)

// declare writes the types of parameters as sp_executesql takes them,
// "@p1 INT, @p2 NVARCHAR(50)". The engine declares them itself: what the driver
// would make of a value (NVARCHAR of that value's length, BIGINT for each number)
// gives a text as many plans as values have lengths, and none of them uses the
// index on a VARCHAR column, because the column is what gets converted.
func declare(types []sqltypes.Type) string {
	dst := make([]byte, 0, 24*len(types))
	for i, t := range types {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, "@p"...)
		dst = strconv.AppendInt(dst, int64(i+1), 10)
		dst = append(dst, ' ')
		dst = append(dst, t.String()...)
	}
	return string(dst)
}

// parameter is the name of the i-th parameter, from 0, as the driver takes it.
func parameter(i int) string {
	if i < len(parameterNames) {
		return parameterNames[i]
	}
	return "p" + strconv.Itoa(i+1)
}

// parameterNames are the names that nearly every statement gets by with.
var parameterNames = [...]string{
	"p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15", "p16",
}

// argument returns v as what the driver sends it as. The server converts that to
// the declared type t without loss:
//
//   - BIT as a bool, the other integers as an int64
//   - REAL and FLOAT as a float64
//   - binary as bytes
//   - everything else as an NVARCHAR of its canonical text. VARCHAR becomes UTF-8
//     by the database's collation, and dates are in ISO 8601, which reads the same
//     whatever the session's language is.
//
// A NULL is sent with a type of the same family: SQL Server makes a plan of its
// own for one without, and Babelfish refuses it (8009).
func argument(t sqltypes.Type, v sqltypes.Value) any {
	switch v.Form {
	case sqltypes.FormInt:
		if t.Kind == sqltypes.Bit {
			return v.Int != 0
		}
		return v.Int
	case sqltypes.FormFloat:
		return v.Float
	case sqltypes.FormText:
		return v.Str
	case sqltypes.FormBytes:
		return []byte(v.Str)
	}
	return null(t)
}

func null(t sqltypes.Type) any {
	switch {
	case t.Kind == sqltypes.Bit:
		return sql.NullBool{}
	case t.Kind.IsInteger():
		return sql.NullInt64{}
	case t.Kind == sqltypes.Real || t.Kind == sqltypes.Float:
		return sql.NullFloat64{}
	case t.Kind.IsBinary():
		return []byte(nil) // which the driver sends as a NULL VARBINARY
	}
	return sql.NullString{}
}
