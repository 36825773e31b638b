package sqlfunc

import (
	"slices"
	"strings"

	"shardeck/shared/sqltypes"
)

// Class says how a function is computed.
type Class uint8

// The classes.
const (
	Scalar    Class = iota + 1 // from the values of its arguments
	Aggregate                  // over the rows of a group
	Form                       // by a rule of the binder's own
)

// Func is one function: a row of the table.
type Func struct {
	// Name is what T-SQL calls it, in capitals.
	Name  string
	Class Class
	// Params are its parameters; the last may be given any number of times where
	// Variadic says so, and Optional of the last may be left out.
	Params   []Param
	Optional int
	Variadic bool
	// Syntax is how it is written where that is not Name(parameters).
	Syntax string
	// Help says in a line what it gives.
	Help string
	// Examples are constant expressions and their values, from the source that each
	// names. They are the tests and the golden vectors of the function.
	Examples []Example

	// What follows is of scalar functions. All are NULL where an argument is.

	// Result is the type of the result for arguments of these types, which are of the
	// parameters' kinds.
	Result func(args []sqltypes.Type) sqltypes.Type
	// Eval computes the function of values that are not NULL. Their texts may be views
	// of memory that changes after the call. It refuses with a *sqltypes.Error.
	Eval func(c Call, args []sqltypes.Value) (sqltypes.Value, error)
	// Part is the part of a date that the function takes, where its name says which.
	Part sqltypes.Part
	// SQLite is the name of the function that computes it in SQLite, one of [Natives].
	SQLite string
	// Told are the types that Eval needs.
	Told Told

	// What follows is of aggregates.

	// Agg is what the aggregate computes, Star that COUNT(*) is written with it too.
	Agg  Agg
	Star bool
	// Total is the type of the aggregate over values of type t; false where it does not
	// take them.
	Total func(t sqltypes.Type) (sqltypes.Type, bool)
}

// Param is a parameter of a function.
type Param struct {
	Name string
	Kind ParamKind
}

// ParamKind says what a parameter takes, and what T-SQL makes of it.
type ParamKind uint8

// The kinds of parameters.
const (
	Value      ParamKind = iota + 1 // a value of any type
	Text                            // a string, or what T-SQL makes one: a number, a date, a GUID
	Characters                      // a string
	Integer                         // an integer; other numbers and strings become an INT
	Number                          // a number other than a BIT; a string becomes a FLOAT
	Moment                          // a date or time; a string becomes a DATETIME2
	DatePart                        // the name of a part of a date
)

// Told are the types that an engine must tell a function, as text behind its arguments
// and in this order.
type Told uint8

// The types.
const (
	Nothing      Told = iota
	ResultType        // of the result
	ArgumentType      // of the first argument that is a value
)

// Call is what a function knows of one call, beyond its arguments. An engine in SQLite
// knows just what it is told.
type Call struct {
	Result   sqltypes.Type
	Argument sqltypes.Type // of the first argument
	Part     sqltypes.Part
}

// Agg is what an aggregate computes of the values of a group that are not NULL.
type Agg uint8

// The aggregates.
const (
	Count Agg = iota + 1
	Sum
	Min
	Max
	Avg // never asked of an engine: it is a sum divided by a count
)

// String returns the aggregate as T-SQL names it.
func (a Agg) String() string {
	return [...]string{Count: "COUNT", Sum: "SUM", Min: "MIN", Max: "MAX", Avg: "AVG"}[a]
}

// Example is a constant expression and what it comes to. The expression of an aggregate
// is over a column x of type INT, whose rows are 1, 2, 2 and NULL.
type Example struct {
	Expr  string
	Type  string // of the result
	Want  string // its wire form
	Error int    // or the number of SQL Server's error, of what is refused
}

// all are the functions by their names, in the order of the names.
var all = func() []*Func {
	var list []*Func
	for _, rows := range [][]Func{stringFunctions, numberFunctions, dateFunctions, aggregates, forms} {
		for i := range rows {
			list = append(list, &rows[i])
		}
	}
	slices.SortFunc(list, func(a, b *Func) int { return strings.Compare(a.Name, b.Name) })
	return list
}()

// All returns the functions in the order of their names. The caller must change neither
// the list nor a row.
func All() []*Func { return all }

// Lookup returns the function of that name, in capitals; nil for none.
func Lookup(name string) *Func {
	i, ok := slices.BinarySearchFunc(all, name, func(f *Func, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return nil
	}
	return all[i]
}

// Names returns the functions' names in order.
func Names() []string {
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.Name
	}
	return names
}

// Least returns the least number of arguments.
func (f *Func) Least() int { return len(f.Params) - f.Optional }

// MaxArguments is the greatest number of arguments of a function that takes any number.
const MaxArguments = 100

// Most returns the greatest number of arguments.
func (f *Func) Most() int {
	if f.Variadic {
		return MaxArguments
	}
	return len(f.Params)
}

// Param returns the parameter that argument i is for, of at most Most.
func (f *Func) Param(i int) Param { return f.Params[min(i, len(f.Params)-1)] }

// NamesPart says whether the first argument is the name of a part of a date.
func (f *Func) NamesPart() bool { return len(f.Params) > 0 && f.Params[0].Kind == DatePart }

// Usage returns how the function is written: SUBSTRING(string, start, length).
func (f *Func) Usage() string {
	if f.Syntax != "" {
		return f.Syntax
	}
	var b strings.Builder
	b.WriteString(f.Name + "(")
	for i, p := range f.Params {
		optional := i >= f.Least()
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
	return strings.ReplaceAll(b.String(), "( [", "([") + ")"
}
