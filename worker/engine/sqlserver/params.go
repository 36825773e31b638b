package sqlserver

import (
	"database/sql"
	"strconv"

	"shardeck/shared/sqltypes"
)

// declare formats the types of parameters for sp_executesql, as in "@p1 INT, @p2 NVARCHAR(50)".
// The engine declares them itself: the driver's types (NVARCHAR of the value's length, BIGINT for
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
		dst = append(dst, t.String()...)
	}
	return string(dst)
}

// parameter is the driver's name of the i-th parameter, from 0.
func parameter(i int) string {
	if i < len(parameterNames) {
		return parameterNames[i]
	}
	return "p" + strconv.Itoa(i+1)
}

// parameterNames caches the names that suffice for nearly every statement.
var parameterNames = [...]string{
	"p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15", "p16",
}

// argument returns v in the form that the driver sends. The server converts that to the declared
// type t without loss:
//
//   - BIT as a bool, the other integers as an int64
//   - REAL and FLOAT as a float64
//   - binary as bytes
//   - everything else as an NVARCHAR of its canonical text. VARCHAR becomes UTF-8
//     by the database's collation, and dates are in ISO 8601, which reads the same
//     whatever the session's language is.
//
// A NULL is sent with a type of the same family: SQL Server creates an extra plan for an untyped
// one, and Babelfish refuses it (8009).
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
