package sqlserver

import (
	"database/sql"
	"database/sql/driver"

	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlserver/batch"
)

// arguments returns a call's text, declarations and arguments as those of sp_executesql.
func arguments(c *batch.Call) []driver.NamedValue {
	args := make([]driver.NamedValue, 2, 2+len(c.Args))
	args[0] = driver.NamedValue{Name: "stmt", Ordinal: 1, Value: c.Text}
	args[1] = driver.NamedValue{Name: "params", Ordinal: 2, Value: c.Declarations}
	for i := range c.Args {
		a := &c.Args[i]
		args = append(args, driver.NamedValue{Name: a.Name, Ordinal: len(args) + 1, Value: argument(a.Type, a.Value)})
	}
	return args
}

// named returns the arguments of one of the engine's own statements, which the driver declares.
func named(c *batch.Call) []any {
	args := make([]any, len(c.Args))
	for i, a := range c.Args {
		args[i] = sql.Named(a.Name, argument(a.Type, a.Value))
	}
	return args
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
