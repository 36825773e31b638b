package sqlfunc

import (
	"strconv"

	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// Native is a SQL function that an engine over SQLite registers, because SQLite's own
// operators and functions differ from T-SQL in overflow, division, decimals, case and
// dates. All natives are deterministic, and NULL if an argument is unless Nulls is set; the
// engine ensures both.
type Native struct {
	Name             string
	MinArgs, MaxArgs int // types included
	// Variadic means that the engine registers it once for any number of arguments rather
	// than for each number; Call then refuses any other than MinArgs to MaxArgs.
	Variadic bool
	// Call computes the function for arguments other than NULL, unless Nulls is set. They may
	// refer to memory that changes after the call. The error is a *sqltypes.Error.
	Call  func(args []sqltypes.Value, types Types) (sqltypes.Value, error)
	Nulls bool
}

// Types parses a type argument; an engine may cache the results.
type Types func(name string) (sqltypes.Type, error)

// Natives returns the functions that an engine over SQLite registers, without duplicates:
// those of the table's rows, and those that implement operators and conversions,
//
//	sd_add sd_sub sd_mul sd_div sd_mod (a, b, type)   arithmetic in the type of the result
//	sd_and sd_or sd_xor (a, b, type)                  the same of the bits of integers
//	sd_convert (x, to, from)    conversion by assignment: a string that does not fit is an error
//	sd_cast (x, to, from)       conversion by CAST: a string that does not fit is truncated
//	sd_style (x, to, from, n)   conversion by CONVERT with a style
//	sd_try (x, to, from, n)     the same, but NULL if it fails; the style -1 is the default
//	sd_concat (a, b, type)      concatenation, truncated to the type
//	sd_like sd_like_bin (pattern, value [, escape])   LIKE; sd_like_bin is case-sensitive
//	sd_like_pad sd_like_bin_pad (...)                 the same for CHAR and VARCHAR, whose
//	                            trailing spaces a pattern may ignore
//
// Each refuses a result of more than [sqltypes.MaxValueBytes].
func Natives() []Native {
	natives := append([]Native(nil), operators...)
	seen := map[string]bool{}
	for _, f := range all {
		if f.SQLite != "" && !seen[f.SQLite] {
			seen[f.SQLite] = true
			natives = append(natives, f.native(false))
			if f.Collated {
				natives = append(natives, f.native(true))
			}
		}
	}
	for i := range natives {
		natives[i].Call = bounded(&natives[i], natives[i].Call)
	}
	return natives
}

// bounded returns call with a check of the number of its arguments, and of the size of its
// result, which some functions can make larger than their arguments.
func bounded(n *Native, call func([]sqltypes.Value, Types) (sqltypes.Value, error)) func([]sqltypes.Value, Types) (sqltypes.Value, error) {
	return func(args []sqltypes.Value, types Types) (sqltypes.Value, error) {
		if len(args) < n.MinArgs || len(args) > n.MaxArgs {
			return sqltypes.Null(), badArgument("expected: there are " + strconv.Itoa(len(args)))
		}
		v, err := call(args, types)
		if err == nil {
			err = sqltypes.CheckSize(v)
		}
		return v, err
	}
}

// NativeName is the name of the function that implements f in SQLite. There are two of a
// function that compares strings; that for the binary collation ends in _bin.
func (f *Func) NativeName(binary bool) string {
	if binary && f.Collated {
		return f.SQLite + "_bin"
	}
	return f.SQLite
}

// native returns the function that implements f in SQLite. Its first argument is the date
// part, if there is one, and its last the type argument, if there is one.
func (f *Func) native(binary bool) Native {
	extra := 0
	if f.takesPart() {
		extra++
	}
	if f.TypeArg != NoTypeArg {
		extra++
	}
	named := 0 // parameters that extra counts already
	if f.NamesPart() {
		named = 1
	}
	if f.TakesPrecision() { // which the type of the result has
		named++
	}
	return Native{
		Name: f.NativeName(binary), MinArgs: f.MinArgs() - named + extra, MaxArgs: f.MaxArgs() - named + extra,
		Variadic: f.Variadic, Nulls: f.Nulls,
		Call: func(args []sqltypes.Value, types Types) (sqltypes.Value, error) { return f.call(binary, args, types) },
	}
}

func (f *Func) takesPart() bool { return f.Part != 0 || f.NamesPart() }

func (f *Func) call(binary bool, args []sqltypes.Value, types Types) (sqltypes.Value, error) {
	c := Call{Binary: binary}
	if f.TypeArg != NoTypeArg {
		last := len(args) - 1
		t, err := types(args[last].Str)
		if err != nil {
			return sqltypes.Null(), err
		}
		if f.TypeArg == ResultType {
			c.Result = t
		} else {
			c.Argument = t
		}
		args = args[:last]
	}
	if f.takesPart() {
		var ok bool
		if c.Part, ok = sqltypes.ParsePart(args[0].Str); !ok {
			return sqltypes.Null(), badArgument("a date part")
		}
		args = args[1:]
	}
	return f.Eval(c, args)
}

// operators are the natives that implement operators and conversions.
var operators = append([]Native{
	{Name: "sd_convert", MinArgs: 3, MaxArgs: 3, Call: conversion(sqltypes.Convert)},
	{Name: "sd_cast", MinArgs: 3, MaxArgs: 3, Call: conversion(sqltypes.Cast)},
	{Name: "sd_style", MinArgs: 4, MaxArgs: 4, Call: styled(sqltypes.CastStyle)},
	{Name: "sd_try", MinArgs: 4, MaxArgs: 4, Call: styled(sqltypes.TryCast)},
	{Name: "sd_concat", MinArgs: 3, MaxArgs: 3, Call: func(args []sqltypes.Value, types Types) (sqltypes.Value, error) {
		t, err := types(args[2].Str)
		if err != nil {
			return sqltypes.Null(), err
		}
		return sqltypes.Concat(t, args[0], args[1])
	}},
	{Name: "sd_like", MinArgs: 2, MaxArgs: 3, Call: like(sqltypes.LikeRules{Fold: true})},
	{Name: "sd_like_bin", MinArgs: 2, MaxArgs: 3, Call: like(sqltypes.LikeRules{})},
	{Name: "sd_like_pad", MinArgs: 2, MaxArgs: 3, Call: like(sqltypes.LikeRules{Fold: true, Padded: true})},
	{Name: "sd_like_bin_pad", MinArgs: 2, MaxArgs: 3, Call: like(sqltypes.LikeRules{Padded: true})},
}, arithmetic()...)

// ArithmeticName is the name of the native that implements an arithmetic operator.
func ArithmeticName(op sqltypes.Op) string {
	return [...]string{sqltypes.OpAdd: "sd_add", sqltypes.OpSub: "sd_sub", sqltypes.OpMul: "sd_mul", sqltypes.OpDiv: "sd_div", sqltypes.OpMod: "sd_mod",
		sqltypes.OpAnd: "sd_and", sqltypes.OpOr: "sd_or", sqltypes.OpXor: "sd_xor"}[op]
}

func arithmetic() []Native {
	var natives []Native
	for op := sqltypes.OpAdd; op <= sqltypes.OpXor; op++ {
		natives = append(natives, Native{Name: ArithmeticName(op), MinArgs: 3, MaxArgs: 3, Call: func(args []sqltypes.Value, types Types) (sqltypes.Value, error) {
			t, err := types(args[2].Str)
			if err != nil {
				return sqltypes.Null(), err
			}
			return sqltypes.Arith(op, t, args[0], args[1])
		}})
	}
	return natives
}

// conversion returns a native that converts its first argument to the type of the second,
// from the type of the third.
func conversion(convert func(v sqltypes.Value, from, to sqltypes.Type) (sqltypes.Value, error)) func([]sqltypes.Value, Types) (sqltypes.Value, error) {
	return func(args []sqltypes.Value, types Types) (sqltypes.Value, error) {
		to, err := types(args[1].Str)
		if err != nil {
			return sqltypes.Null(), err
		}
		from, err := types(args[2].Str)
		if err != nil {
			return sqltypes.Null(), err
		}
		return convert(args[0], from, to)
	}
}

// styled returns a native that converts its first argument to the type of the second, from the
// type of the third, in a style.
func styled(convert func(v sqltypes.Value, from, to sqltypes.Type, style int) (sqltypes.Value, error)) func([]sqltypes.Value, Types) (sqltypes.Value, error) {
	return func(args []sqltypes.Value, types Types) (sqltypes.Value, error) {
		style := args[3].Int
		return conversion(func(v sqltypes.Value, from, to sqltypes.Type) (sqltypes.Value, error) {
			return convert(v, from, to, int(style))
		})(args, types)
	}
}

// like returns a native that returns 1 or 0.
func like(rules sqltypes.LikeRules) func([]sqltypes.Value, Types) (sqltypes.Value, error) {
	return func(args []sqltypes.Value, _ Types) (sqltypes.Value, error) {
		rules := rules
		if len(args) > 2 {
			var err error
			if rules, err = rules.WithEscape(args[2].Str); err != nil {
				return sqltypes.Null(), err
			}
		}
		ok, err := sqltypes.Like(args[0].Str, args[1].Str, rules)
		if ok {
			return sqltypes.Int64(1), nil
		}
		return sqltypes.Int64(0), err
	}
}

func badArgument(what string) error {
	return &sqltypes.Error{Number: mssqlerr.TypeConversion, Reason: sqltypes.ConversionFailed, Msg: "an argument is not " + what}
}

// Collation is a collation that an engine over SQLite registers.
type Collation struct {
	Name    string
	Compare func(a, b string) int
}

// The names of the collations. BinaryCollation is built into SQLite: code points, ignoring
// trailing spaces.
const (
	TextCollation    = "SHARDECK_TEXT"
	DecimalCollation = "SHARDECK_DECIMAL"
	GUIDCollation    = "SHARDECK_GUID"
	BinaryCollation  = "RTRIM"
)

// Collations returns the collations that an engine over SQLite registers.
func Collations() []Collation {
	return []Collation{
		{TextCollation, sqltypes.CompareText},
		{DecimalCollation, sqltypes.CompareDecimal},
		{GUIDCollation, sqltypes.CompareGUID},
	}
}
