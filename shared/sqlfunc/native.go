package sqlfunc

import (
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// Native is a SQL function that an engine over SQLite registers: SQLite's own operators
// and functions have another meaning of overflow, division, decimals, case and dates.
// Like all of them it is deterministic, and NULL where an argument is; the engine sees to
// both.
type Native struct {
	Name        string
	Least, Most int // number of arguments, types included
	// Call computes it of arguments that are not NULL, which may be views of memory
	// that changes after the call. It refuses with a *sqltypes.Error.
	Call func(args []sqltypes.Value, types Types) (sqltypes.Value, error)
}

// Types reads a type that a function is told by its name; an engine may remember them.
type Types func(name string) (sqltypes.Type, error)

// Natives returns the functions that an engine over SQLite registers, each once: those of
// the table's rows, and those that operators and conversions are written with,
//
//	sd_add sd_sub sd_mul sd_div sd_mod (a, b, type)   arithmetic in the type of the result
//	sd_convert (x, to, from)    as an assignment converts, which refuses what does not fit
//	sd_cast (x, to, from)       as CAST converts, which cuts strings
//	sd_concat (a, b, type)      strings joined, what is beyond the type cut off
//	sd_like sd_like_bin (pattern, value [, escape])   LIKE; sd_like_bin is case-sensitive
//	sd_like_pad sd_like_bin_pad (...)                 the same for CHAR and VARCHAR, whose
//	                            spaces at the end a pattern may pass over
func Natives() []Native {
	natives := append([]Native(nil), operators...)
	seen := map[string]bool{}
	for _, f := range all {
		if f.SQLite != "" && !seen[f.SQLite] {
			seen[f.SQLite] = true
			natives = append(natives, f.native())
		}
	}
	return natives
}

// native is the function that computes f in SQLite: a part of a date comes before its
// arguments, and what it is told behind them.
func (f *Func) native() Native {
	extra := 0
	if f.takesPart() {
		extra++
	}
	if f.Told != Nothing {
		extra++
	}
	named := 0 // of the parameters, the one that is a part
	if f.NamesPart() {
		named = 1
	}
	return Native{Name: f.SQLite, Least: f.Least() - named + extra, Most: f.Most() - named + extra, Call: f.call}
}

func (f *Func) takesPart() bool { return f.Part != 0 || f.NamesPart() }

func (f *Func) call(args []sqltypes.Value, types Types) (sqltypes.Value, error) {
	var c Call
	if f.Told != Nothing {
		last := len(args) - 1
		t, err := types(args[last].Str)
		if err != nil {
			return sqltypes.Null(), err
		}
		if f.Told == ResultType {
			c.Result = t
		} else {
			c.Argument = t
		}
		args = args[:last]
	}
	if f.takesPart() {
		var ok bool
		if c.Part, ok = sqltypes.ParsePart(args[0].Str); !ok {
			return sqltypes.Null(), badArgument("a part of a date")
		}
		args = args[1:]
	}
	return f.Eval(c, args)
}

// operators are the natives that no function of T-SQL stands for.
var operators = append([]Native{
	{"sd_convert", 3, 3, conversion(sqltypes.Convert)},
	{"sd_cast", 3, 3, conversion(sqltypes.Cast)},
	{"sd_concat", 3, 3, func(args []sqltypes.Value, types Types) (sqltypes.Value, error) {
		t, err := types(args[2].Str)
		if err != nil {
			return sqltypes.Null(), err
		}
		return sqltypes.Concat(t, args[0], args[1]), nil
	}},
	{"sd_like", 2, 3, like(sqltypes.LikeRules{Fold: true})},
	{"sd_like_bin", 2, 3, like(sqltypes.LikeRules{})},
	{"sd_like_pad", 2, 3, like(sqltypes.LikeRules{Fold: true, Padded: true})},
	{"sd_like_bin_pad", 2, 3, like(sqltypes.LikeRules{Padded: true})},
}, arithmetic()...)

// ArithmeticName is the name of the native that an operator of arithmetic is.
func ArithmeticName(op sqltypes.Op) string {
	return [...]string{sqltypes.OpAdd: "sd_add", sqltypes.OpSub: "sd_sub", sqltypes.OpMul: "sd_mul", sqltypes.OpDiv: "sd_div", sqltypes.OpMod: "sd_mod"}[op]
}

func arithmetic() []Native {
	var natives []Native
	for _, op := range [...]sqltypes.Op{sqltypes.OpAdd, sqltypes.OpSub, sqltypes.OpMul, sqltypes.OpDiv, sqltypes.OpMod} {
		natives = append(natives, Native{ArithmeticName(op), 3, 3, func(args []sqltypes.Value, types Types) (sqltypes.Value, error) {
			t, err := types(args[2].Str)
			if err != nil {
				return sqltypes.Null(), err
			}
			return sqltypes.Arith(op, t, args[0], args[1])
		}})
	}
	return natives
}

// conversion is a native that converts its argument to the type that the second names,
// from the type that the third names.
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

// like is a native that answers 1 or 0.
func like(rules sqltypes.LikeRules) func([]sqltypes.Value, Types) (sqltypes.Value, error) {
	return func(args []sqltypes.Value, _ Types) (sqltypes.Value, error) {
		rules := rules
		if len(args) > 2 {
			var err error
			if rules, err = rules.WithEscape(args[2].Str); err != nil {
				return sqltypes.Null(), err
			}
		}
		if sqltypes.Like(args[0].Str, args[1].Str, rules) {
			return sqltypes.Int64(1), nil
		}
		return sqltypes.Int64(0), nil
	}
}

func badArgument(what string) error {
	return &sqltypes.Error{Number: mssqlerr.TypeConversion, Reason: sqltypes.ConversionFailed, Msg: "an argument is not " + what}
}

// Collation is an order of texts that an engine over SQLite registers.
type Collation struct {
	Name    string
	Compare func(a, b string) int
}

// The names of the collations. BinaryCollation is SQLite's own: code points, but for
// spaces at the end.
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
