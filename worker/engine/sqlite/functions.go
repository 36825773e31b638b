package sqlite

import (
	"errors"
	"math"
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// The SQL functions and collations that give SQLite T-SQL's meaning of values.
// Every function returns NULL when an argument is NULL, is deterministic, and
// raises *sqltypes.Error with SQL Server's number.
//
//	sd_add sd_sub sd_mul sd_div sd_mod (a, b [, type])  integers, checked; in type's range, BIGINT's without
//	sd_dec_add sd_dec_sub sd_dec_mul sd_dec_div (a, b, p, s)  exact decimals, as text of DECIMAL(p,s)
//	sd_dec_mod (a, b, p, s)
//	sd_div_f (a, b)           floats
//	sd_dec (x, p, s)          x as DECIMAL(p,s)
//	sd_int (x, type [, from]) x as an integer type; from is x's own type where its storage does not tell
//	sd_text (x, type [, from])
//	sd_like sd_like_bin (pattern, value [, escape])  LIKE with [a-z]; without and with regard to case
//	sd_like_pad sd_like_bin_pad      the same for CHAR and VARCHAR, whose blanks at the end a pattern may pass over
func defineFunctions(conn *raw.Conn) error {
	types := typeNames{}
	var errs []error
	define := func(name string, min, max int, call func(args []raw.Arg, r *raw.Result) error) {
		for n := min; n <= max; n++ {
			errs = append(errs, conn.CreateFunction(name, n, func(args []raw.Arg, r *raw.Result) error {
				for _, a := range args {
					if a.Class() == raw.ClassNull {
						return nil
					}
				}
				return call(args, r)
			}))
		}
	}
	for name, op := range map[string]func(a, b int64) (int64, bool){
		"sd_add": addInt, "sd_sub": subInt, "sd_mul": mulInt, "sd_div": divInt, "sd_mod": modInt,
	} {
		divides := name == "sd_div" || name == "sd_mod"
		define(name, 2, 3, func(args []raw.Arg, r *raw.Result) error { return types.integer(args, r, op, divides) })
	}
	for name, op := range decimalOps {
		define(name, 4, 4, func(args []raw.Arg, r *raw.Result) error { return decimalCall(args, r, op) })
	}
	define("sd_div_f", 2, 2, divideFloats)
	define("sd_dec", 3, 3, toDecimal)
	define("sd_int", 2, 3, types.convert)
	define("sd_text", 2, 3, types.convert)
	define("sd_like", 2, 3, func(args []raw.Arg, r *raw.Result) error { return likeCall(args, r, like, true) })
	define("sd_like_bin", 2, 3, func(args []raw.Arg, r *raw.Result) error { return likeCall(args, r, like, false) })
	define("sd_like_pad", 2, 3, func(args []raw.Arg, r *raw.Result) error { return likeCall(args, r, likePadded, true) })
	define("sd_like_bin_pad", 2, 3, func(args []raw.Arg, r *raw.Result) error { return likeCall(args, r, likePadded, false) })

	for name, cmp := range map[string]func(a, b string) int{
		"SHARDECK_TEXT":    sqltypes.CompareText,
		"SHARDECK_BIN":     sqltypes.CompareBinary,
		"SHARDECK_DECIMAL": sqltypes.CompareDecimal,
		"SHARDECK_GUID":    sqltypes.CompareGUID,
	} {
		errs = append(errs, conn.CreateCollation(name, cmp))
	}
	return errors.Join(errs...)
}

func sqlError(number int, msg string) *sqltypes.Error {
	code, _ := contract.NumberCode(number)
	return &sqltypes.Error{Number: number, Code: code, Msg: msg}
}

func errOverflow(what string) error {
	return sqlError(8115, "arithmetic overflow: the result does not fit "+what)
}

func errDivideByZero() error { return sqlError(8134, "division by zero") }

func errOperand(what string) error { return sqlError(8114, "an operand is not "+what) }

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

// integer calls op on two integers and checks the result's range.
func (t typeNames) integer(args []raw.Arg, r *raw.Result, op func(a, b int64) (int64, bool), divides bool) error {
	if args[0].Class() != raw.ClassInteger || args[1].Class() != raw.ClassInteger {
		return errOperand("an integer")
	}
	a, b := args[0].Int(), args[1].Int()
	if divides && b == 0 {
		return errDivideByZero()
	}
	v, ok := op(a, b)
	if !ok {
		return errOverflow("BIGINT")
	}
	if len(args) == 3 {
		typ, err := t.parse(args[2])
		if err != nil {
			return err
		}
		if _, err := sqltypes.Convert(sqltypes.Int64(v), sqltypes.Type{Kind: sqltypes.BigInt}, typ); err != nil {
			return err
		}
	}
	r.Int(v)
	return nil
}

func addInt(a, b int64) (int64, bool) {
	c := a + b
	return c, (c > a) == (b > 0)
}

func subInt(a, b int64) (int64, bool) {
	c := a - b
	return c, (c < a) == (b > 0)
}

func mulInt(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	c := a * b
	return c, c/b == a && (a != -1 || b != math.MinInt64) && (b != -1 || a != math.MinInt64)
}

func divInt(a, b int64) (int64, bool) {
	if a == math.MinInt64 && b == -1 {
		return 0, false
	}
	return a / b, true
}

func modInt(a, b int64) (int64, bool) {
	if b == -1 {
		return 0, true
	}
	return a % b, true
}

func divideFloats(args []raw.Arg, r *raw.Result) error {
	a, b := args[0].Float(), args[1].Float()
	if b == 0 {
		return errDivideByZero()
	}
	c := a / b
	if math.IsInf(c, 0) || math.IsNaN(c) {
		return errOverflow("FLOAT")
	}
	r.Float(c)
	return nil
}

// value returns an argument and the type its storage suggests.
func value(a raw.Arg) (sqltypes.Value, sqltypes.Type) {
	switch a.Class() {
	case raw.ClassInteger:
		return sqltypes.Int64(a.Int()), sqltypes.Type{Kind: sqltypes.BigInt}
	case raw.ClassFloat:
		return sqltypes.Float64(a.Float()), sqltypes.Type{Kind: sqltypes.Float}
	case raw.ClassBlob:
		return sqltypes.Value{Form: sqltypes.FormBytes, Str: strings.Clone(a.View())}, sqltypes.Type{Kind: sqltypes.VarBinary, Length: -1}
	default:
		return sqltypes.Text(strings.Clone(a.View())), sqltypes.Type{Kind: sqltypes.NVarChar, Length: -1}
	}
}

// convert is sd_int and sd_text: its first argument as the type that the second
// names, from the type that the third names or its storage suggests.
func (t typeNames) convert(args []raw.Arg, r *raw.Result) error {
	to, err := t.parse(args[1])
	if err != nil {
		return err
	}
	v, from := value(args[0])
	if len(args) == 3 {
		if from, err = t.parse(args[2]); err != nil {
			return err
		}
	}
	if v, err = sqltypes.Convert(v, from, to); err != nil {
		return err
	}
	setResult(r, v)
	return nil
}

func toDecimal(args []raw.Arg, r *raw.Result) error {
	v, from := value(args[0])
	to, err := decimalType(args[1], args[2])
	if err != nil {
		return err
	}
	if v, err = sqltypes.Convert(v, from, to); err != nil {
		return err
	}
	setResult(r, v)
	return nil
}

func setResult(r *raw.Result, v sqltypes.Value) {
	switch v.Form {
	case sqltypes.FormInt:
		r.Int(v.Int)
	case sqltypes.FormFloat:
		r.Float(v.Float)
	case sqltypes.FormText:
		r.Text(v.Str)
	case sqltypes.FormBytes:
		r.Bytes(v.Str)
	}
}

func likeCall(args []raw.Arg, r *raw.Result, match func(pattern, value string, escape rune, fold bool) bool, fold bool) error {
	var escape rune = -1
	if len(args) == 3 {
		e := []rune(args[2].View())
		if len(e) != 1 {
			p := sqlError(506, "the escape of LIKE is not one character")
			p.Code = api.CodeInvalidField
			return p
		}
		escape = e[0]
	}
	var matched int64
	if match(args[0].View(), args[1].View(), escape, fold) {
		matched = 1
	}
	r.Int(matched)
	return nil
}
