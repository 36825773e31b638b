package sqlfunc

import (
	"slices"
	"strings"

	"shardeck/shared/sqltypes"
)

// Class is the class of a function: how it is computed.
type Class uint8

// The classes.
const (
	Scalar    Class = iota + 1 // from the values of its arguments
	Aggregate                  // over the rows of a group
	Form                       // by special rules of the binder
	Windowed                   // over the rows of a window, with OVER
)

// Func is one function: a row of the table.
type Func struct {
	// Name is the function's name in T-SQL, in capitals.
	Name  string
	Class Class
	// Params are its parameters. The last Optional ones may be omitted; if Variadic is
	// set, the last one may be repeated.
	Params   []Param
	Optional int
	Variadic bool
	// Syntax is the function's syntax, if that is not Name(parameters).
	Syntax string
	// Help describes the result in one line.
	Help string
	// Examples are constant expressions and their values, taken from the documentation.
	// They serve as the function's tests and golden vectors.
	Examples []Example

	// The following are used only for scalar functions.

	// Result returns the type of the result for arguments of these types, already
	// converted to the parameters' kinds.
	Result func(args []sqltypes.Type) sqltypes.Type
	// Nulls means that the function is computed for arguments that are NULL, too. Any other
	// is NULL if an argument is.
	Nulls bool
	// Collated means that the function compares strings, in the collation of its arguments.
	Collated bool
	// Eval computes the function for values other than NULL, unless Nulls is set. Their
	// strings may refer to memory that changes after the call. The error is a
	// *sqltypes.Error.
	Eval func(c Call, args []sqltypes.Value) (sqltypes.Value, error)
	// Part is the date part that the function extracts, if its name implies one.
	Part sqltypes.Part
	// SQLite is the name of the function that implements it in SQLite, one of [Natives];
	// see [Func.NativeName].
	SQLite string
	// TypeArg is the type that Eval needs, and that an engine passes as an argument.
	TypeArg TypeArg

	// Win is the operation of a window function, whose Result is used like that of a scalar one.
	Win Win

	// The following are used only for aggregates.

	// Agg is the aggregate operation; Star means that it also accepts *, like COUNT(*), and
	// Distinct that equal values always count once.
	Agg      Agg
	Star     bool
	Distinct bool
	// AggType returns the type of the aggregate over values of type t, or false if it
	// does not accept them.
	AggType func(t sqltypes.Type) (sqltypes.Type, bool)
}

// Param is a parameter of a function.
type Param struct {
	Name string
	Kind ParamKind
}

// ParamKind is the kind of values that a parameter accepts, and how T-SQL converts them.
type ParamKind uint8

// The kinds of parameters.
const (
	Value      ParamKind = iota + 1 // a value of any type
	Common                          // a value; all of this kind are converted to their common type
	Text                            // a string; a number, date or GUID is converted to one
	Characters                      // a string
	Integer                         // an integer; other numbers and strings are converted to INT
	Number                          // a number; a BIT or a string is converted to FLOAT
	Floating                        // a number, converted to FLOAT
	Int                             // an INT; other numbers and strings are converted to one
	Moment                          // a date or time; a string is converted to DATETIME2, a number to DATETIME
	AddMoment                       // a date or time; a string or number is converted to DATETIME
	Instant                         // a date or time, a string or a number, converted to DATETIME2
	Day                             // a date or time or a string, converted to DATE
	DateText                        // a string; a number or a DATETIME is converted to one
	Bucketed                        // a date or time; a second one must be of the same type
	Precision                       // a constant from 0 to 7, which Result gets as the Scale of its type; not passed to Eval
	DatePart                        // the name of a date part
)

// TypeArg is the type that an engine must pass to a function, as a string after its
// other arguments.
type TypeArg uint8

// The type arguments.
const (
	NoTypeArg    TypeArg = iota
	ResultType           // the type of the result
	ArgumentType         // the type of the first argument that is a value
	StringsType          // VARCHAR(MAX), or NVARCHAR(MAX) if the type of an argument is Unicode
)

// Call is the context of one call besides the arguments. In SQLite, only what is passed
// as an argument is set.
type Call struct {
	Result   sqltypes.Type
	Argument sqltypes.Type // see ArgumentType and StringsType
	Part     sqltypes.Part
	Binary   bool // strings compare by sqltypes.CompareBinary
}

// CallOf returns the context of a call of f with a result and arguments of the given types.
func (f *Func) CallOf(result sqltypes.Type, part sqltypes.Part, binary bool, args []sqltypes.Type) Call {
	return Call{Result: result, Argument: f.argumentType(args), Part: part, Binary: binary}
}

func (f *Func) argumentType(args []sqltypes.Type) sqltypes.Type {
	t := sqltypes.Type{Kind: sqltypes.VarChar, Length: sqltypes.Max}
	switch {
	case f.TypeArg == StringsType:
		for _, a := range args {
			if a.Kind.IsUnicode() {
				t.Kind = sqltypes.NVarChar
			}
		}
	case len(args) > 0:
		t = args[0]
	}
	return t
}

// Agg is the operation of an aggregate on the values of a group other than NULL.
type Agg uint8

// The aggregates.
const (
	Count Agg = iota + 1
	Sum
	Min
	Max
	Avg // never sent to an engine: it is a sum divided by a count
	// Of the following, engines compute Moments (see sqltypes.Moments).
	Stdev
	StdevP
	Var
	VarP
	Moments
	// Of the following, engines compute Strings (see sqltypes.StringList).
	StringAgg
	Strings
)

// String returns the aggregate as T-SQL names it.
func (a Agg) String() string {
	return [...]string{Count: "COUNT", Sum: "SUM", Min: "MIN", Max: "MAX", Avg: "AVG",
		Stdev: "STDEV", StdevP: "STDEVP", Var: "VAR", VarP: "VARP", Moments: "MOMENTS", StringAgg: "STRING_AGG", Strings: "STRINGS"}[a]
}

// Example is a constant expression and its value. The expression of an aggregate is over
// a column x of type INT with the values 1, 2, 2 and NULL.
type Example struct {
	Expr  string
	Type  string // of the result
	Want  string // the wire format of the value
	Error int    // or else the number of SQL Server's error
}

// all are the functions, sorted by name.
var all = func() []*Func {
	var list []*Func
	for _, rows := range [][]Func{stringFunctions, characterFunctions, searchFunctions, numberFunctions, mathFunctions, dateFunctions, dateConstructors, conversionFunctions, sessionFunctions, aggregates, forms, windowFunctions} {
		for i := range rows {
			list = append(list, &rows[i])
		}
	}
	slices.SortFunc(list, func(a, b *Func) int { return strings.Compare(a.Name, b.Name) })
	return list
}()

// All returns the functions sorted by name. The caller must not modify the list or its
// elements.
func All() []*Func { return all }

// Lookup returns the function of that name, in capitals, or nil.
func Lookup(name string) *Func {
	i, ok := slices.BinarySearchFunc(all, name, func(f *Func, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return nil
	}
	return all[i]
}

// Names returns the functions' names, sorted.
func Names() []string {
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.Name
	}
	return names
}

// MinArgs returns the minimum number of arguments.
func (f *Func) MinArgs() int { return len(f.Params) - f.Optional }

// MaxArguments is the maximum number of arguments of a variadic function.
const MaxArguments = 100

// MaxArgs returns the maximum number of arguments.
func (f *Func) MaxArgs() int {
	if f.Variadic {
		return MaxArguments
	}
	return len(f.Params)
}

// Param returns the parameter for argument i, which must be less than MaxArgs.
func (f *Func) Param(i int) Param { return f.Params[min(i, len(f.Params)-1)] }

// TakesPrecision reports whether the last argument is the precision of the result.
func (f *Func) TakesPrecision() bool {
	return len(f.Params) > 0 && f.Params[len(f.Params)-1].Kind == Precision
}

// NamesPart reports whether the first argument is the name of a date part.
func (f *Func) NamesPart() bool { return len(f.Params) > 0 && f.Params[0].Kind == DatePart }

// Usage returns the function's syntax, such as SUBSTRING(string, start, length).
func (f *Func) Usage() string {
	if f.Syntax != "" {
		return f.Syntax
	}
	var b strings.Builder
	b.WriteString(f.Name + "(")
	for i, p := range f.Params {
		optional := i >= f.MinArgs()
		if optional {
			b.WriteString(" [")
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.Name)
		if optional {
			b.WriteString("]")
		}
	}
	if f.Variadic {
		b.WriteString(", ...")
	}
	over := ""
	if f.Class == Windowed {
		over = " OVER (...)"
	}
	return strings.ReplaceAll(b.String(), "( [", "([") + ")" + over
}
