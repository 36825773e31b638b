package sqlite

import (
	"errors"
	"strings"

	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// The SQL functions and collations that give SQLite T-SQL's meaning of values, by
// way of package sqltypes. Every function returns NULL when an argument is NULL, is
// deterministic, and raises *sqltypes.Error with SQL Server's number.
//
//	sd_add sd_sub sd_mul sd_div sd_mod (a, b [, type])  integers, checked; in type's range, BIGINT's without
//	sd_dec_add sd_dec_sub sd_dec_mul sd_dec_div (a, b, p, s)  exact decimals, as text of DECIMAL(p,s)
//	sd_dec_mod (a, b, p, s)
//	sd_div_f (a, b)           floats
//	sd_dec (x, p, s)          x as DECIMAL(p,s)
//	sd_int (x, type [, from]) x assigned to an integer type; from is x's own type where its storage does not tell
//	sd_text (x, type [, from])
//	sd_cast (x, type [, from])  x converted as CAST does: what is too long is cut
//	sd_abs (x, type)          of x's own type
//	sd_round (x, n, type)     half away from zero
//	sd_upper sd_lower sd_len (s)  by characters
//	sd_ltrim sd_rtrim (s)
//	sd_substring (s, start, length)
//	sd_concat (a, b, type)    strings joined, what is beyond the type cut off
//	sd_datepart (part, x, type)  the part of a date or time by its name
//	sd_like sd_like_bin (pattern, value [, escape])  LIKE with [a-z]; without and with regard to case
//	sd_like_pad sd_like_bin_pad      the same for CHAR and VARCHAR, whose blanks at the end a pattern may pass over
//
// and the aggregates, which leave NULLs out and are NULL without any value:
//
//	sd_sum_int (x)            exact; in BIGINT's range in the end
//	sd_sum_dec (x, p, s)      exact; as text of DECIMAL(p,s)
func defineFunctions(conn *raw.Conn) error {
	d := definer{conn: conn, types: typeNames{}}
	d.arithmetic()
	d.conversions()
	d.strings()
	d.aggregates()
	for name, cmp := range map[string]func(a, b string) int{
		"SHARDECK_TEXT":    sqltypes.CompareText,
		"SHARDECK_BIN":     sqltypes.CompareBinary,
		"SHARDECK_DECIMAL": sqltypes.CompareDecimal,
		"SHARDECK_GUID":    sqltypes.CompareGUID,
	} {
		d.errs = append(d.errs, conn.CreateCollation(name, cmp))
	}
	return errors.Join(d.errs...)
}

// definer defines functions with one connection.
type definer struct {
	conn  *raw.Conn
	types typeNames
	errs  []error
}

// define defines a function that takes fewest to most arguments, none of them NULL.
func (d *definer) define(name string, fewest, most int, call func(args []raw.Arg, r *raw.Result) error) {
	for n := fewest; n <= most; n++ {
		d.errs = append(d.errs, d.conn.CreateFunction(name, n, func(args []raw.Arg, r *raw.Result) error {
			for _, a := range args {
				if a.Class() == raw.ClassNull {
					return nil
				}
			}
			return call(args, r)
		}))
	}
}

// typeNames are types by the names functions are given, one set for each connection.
type typeNames map[string]sqltypes.Type

// maxTypeNames bounds the names that are remembered.
const maxTypeNames = 256

func (t typeNames) parse(a raw.Arg) (sqltypes.Type, error) {
	name := a.View()
	if typ, ok := t[name]; ok {
		return typ, nil
	}
	name = strings.Clone(name)
	typ, err := sqltypes.Parse(name)
	if err == nil {
		if len(t) >= maxTypeNames {
			clear(t)
		}
		t[name] = typ
	}
	return typ, err
}

// decimalType returns DECIMAL(p,s).
func decimalType(p, s raw.Arg) (sqltypes.Type, error) {
	t := sqltypes.Type{Kind: sqltypes.Decimal, Precision: int(p.Int()), Scale: int(s.Int())}
	if t.Precision < 1 || t.Precision > 38 || t.Scale < 0 || t.Scale > t.Precision {
		return t, errArgument("a precision of 1 to 38 and a scale within it")
	}
	return t, nil
}

func errArgument(what string) error {
	return &sqltypes.Error{Number: mssqlerr.TypeConversion, Reason: sqltypes.ConversionFailed, Msg: "an argument is not " + what}
}

// value returns a view of an argument, which is gone after the call.
func value(a raw.Arg) sqltypes.Value {
	switch a.Class() {
	case raw.ClassInteger:
		return sqltypes.Int64(a.Int())
	case raw.ClassFloat:
		return sqltypes.Float64(a.Float())
	case raw.ClassBlob:
		return sqltypes.Value{Form: sqltypes.FormBytes, Str: a.View()}
	case raw.ClassText:
		return sqltypes.Text(a.View())
	}
	return sqltypes.Null()
}

// storedType returns the type that a value's storage suggests.
func storedType(v sqltypes.Value) sqltypes.Type {
	switch v.Form {
	case sqltypes.FormInt:
		return bigInt
	case sqltypes.FormFloat:
		return float
	case sqltypes.FormBytes:
		return sqltypes.Type{Kind: sqltypes.VarBinary, Length: sqltypes.Max}
	}
	return sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}
}

var (
	bigInt = sqltypes.BigIntType
	float  = sqltypes.FloatType
)

// give sets the result unless there is an error.
func give(r *raw.Result, v sqltypes.Value, err error) error {
	switch {
	case err != nil:
		return err
	case v.Form == sqltypes.FormInt:
		r.Int(v.Int)
	case v.Form == sqltypes.FormFloat:
		r.Float(v.Float)
	case v.Form == sqltypes.FormText:
		r.Text(v.Str)
	case v.Form == sqltypes.FormBytes:
		r.Bytes(v.Str)
	}
	return nil
}
