package bind

import (
	"strings"

	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// function is what is known of a scalar function.
type function struct {
	name     string
	min, max int // number of arguments
	bind     func(b *Binder, c *tsql.Call, f *function) (*plan.Expr, error)
	fn       plan.Func
}

// functionNames are all functions and aggregates, for those who look for another.
var functionNames = []string{
	"ABS", "AVG", "CAST", "COALESCE", "CONVERT", "COUNT", "COUNT_BIG", "DATEPART", "DAY", "IIF", "ISNULL", "LEN", "LOWER", "LTRIM",
	"MAX", "MIN", "MONTH", "NULLIF", "ROUND", "RTRIM", "SUBSTRING", "SUM", "TRIM", "UPPER", "YEAR",
}

func functionOf(name string) *function {
	switch name {
	case "UPPER":
		return &function{name, 1, 1, (*Binder).stringFunction, plan.UpperFunc}
	case "LOWER":
		return &function{name, 1, 1, (*Binder).stringFunction, plan.LowerFunc}
	case "LTRIM":
		return &function{name, 1, 1, (*Binder).stringFunction, plan.LTrimFunc}
	case "RTRIM":
		return &function{name, 1, 1, (*Binder).stringFunction, plan.RTrimFunc}
	case "TRIM":
		return &function{name, 1, 1, (*Binder).stringFunction, 0}
	case "LEN":
		return &function{name, 1, 1, (*Binder).length, plan.LenFunc}
	case "SUBSTRING":
		return &function{name, 3, 3, (*Binder).substring, plan.SubstringFunc}
	case "ABS":
		return &function{name, 1, 1, (*Binder).abs, plan.AbsFunc}
	case "ROUND":
		return &function{name, 2, 3, (*Binder).round, plan.RoundFunc}
	case "COALESCE":
		return &function{name, 2, maxArgs, (*Binder).coalesce, plan.CoalesceFunc}
	case "ISNULL":
		return &function{name, 2, 2, (*Binder).isNullFunction, plan.CoalesceFunc}
	case "NULLIF":
		return &function{name, 2, 2, (*Binder).nullIf, 0}
	case "YEAR":
		return &function{name, 1, 1, (*Binder).datePart, plan.YearFunc}
	case "MONTH":
		return &function{name, 1, 1, (*Binder).datePart, plan.MonthFunc}
	case "DAY":
		return &function{name, 1, 1, (*Binder).datePart, plan.DayFunc}
	case "DATEPART":
		return &function{name, 2, 2, (*Binder).datePart, 0}
	}
	return nil
}

// maxArgs is the greatest number of arguments of COALESCE and of branches of CASE.
const maxArgs = 100

// call binds a function or an aggregate.
func (b *Binder) call(c *tsql.Call) (*plan.Expr, error) {
	switch c.Name {
	case "COUNT", "COUNT_BIG", "SUM", "AVG", "MIN", "MAX":
		return b.aggregate(c)
	}
	f := functionOf(c.Name)
	if f == nil {
		p := b.Problem(api.CodeUnsupported, c.At, "the function %s is not supported", api.Clip(c.Name)).Numbered(mssqlerr.UnknownFunction)
		if near := api.Nearest(c.Name, functionNames); len(near) > 0 {
			return nil, p.Hinted("did you mean %s?", strings.Join(near, " or "))
		}
		return nil, p.Hinted("the functions are %s", strings.Join(functionNames, ", "))
	}
	if n := len(c.Args); c.Star || c.Distinct || n < f.min || n > f.max {
		return nil, b.arguments(c, f)
	}
	return f.bind(b, c, f)
}

func (b *Binder) arguments(c *tsql.Call, f *function) error {
	p := b.Problem(api.CodeSyntax, c.At, "%s has %d arguments, where it takes %d", f.name, len(c.Args), f.min).Numbered(mssqlerr.ArgumentCount)
	switch {
	case c.Star || c.Distinct:
		p = b.Problem(api.CodeSyntax, c.At, "%s takes neither * nor DISTINCT", f.name).Numbered(mssqlerr.Syntax)
		return p.Hinted("these belong to aggregates, as COUNT(*) and COUNT(DISTINCT x)")
	case f.max > f.min:
		p = b.Problem(api.CodeSyntax, c.At, "%s has %d arguments, where it takes %d to %d", f.name, len(c.Args), f.min, f.max).Numbered(mssqlerr.ArgumentCount)
	}
	if f.fn == plan.CoalesceFunc {
		return p.Hinted("write %s(x, y)", f.name)
	}
	return p.Hinted("give it as many as it takes")
}

func (b *Binder) argumentType(c *tsql.Call, n int, t sqltypes.Type, want string) error {
	return b.typeError(mssqlerr.ArgumentType, c.Args[n].Pos(), "argument %d of %s is of type %s", n+1, c.Name, t).Hinted("give it %s", want)
}

// stringArg binds argument n as a string; a number, a date or a GUID becomes one, as in T-SQL.
func (b *Binder) stringArg(c *tsql.Call, n int) (*plan.Expr, error) {
	x, err := b.Value(c.Args[n])
	if err != nil {
		return nil, err
	}
	switch x.Type.Class() {
	case sqltypes.Strings:
		return x, nil
	case sqltypes.Integers, sqltypes.Decimals, sqltypes.Floats, sqltypes.Temporals, sqltypes.GUIDs:
		return b.Convert(x, asText, c.Args[n].Pos())
	}
	return nil, b.argumentType(c, n, x.Type, "a string")
}

// intArg binds argument n as an integer.
func (b *Binder) intArg(c *tsql.Call, n int) (*plan.Expr, error) {
	x, err := b.Value(c.Args[n])
	if err != nil {
		return nil, err
	}
	switch {
	case x.Type.Class() == sqltypes.Integers:
		return x, nil
	case x.Type.Kind.IsNumeric() || x.Type.Class() == sqltypes.Strings:
		return b.Convert(x, sqltypes.IntType, c.Args[n].Pos())
	}
	return nil, b.argumentType(c, n, x.Type, "an integer")
}

// scalar makes a call, which is NULL where an argument is the constant NULL.
func (b *Binder) scalar(f plan.Func, t sqltypes.Type, at int, args ...*plan.Expr) (*plan.Expr, error) {
	e := &plan.Expr{Op: plan.FuncExpr, Func: f, Type: t, Args: args}
	for _, a := range args {
		if a.IsNull() {
			return &plan.Expr{Op: plan.ValueExpr, Type: t}, nil
		}
		e.Binary = e.Binary || a.Binary && t.Kind.IsString()
	}
	return b.folded(e, at)
}

func (b *Binder) stringFunction(c *tsql.Call, f *function) (*plan.Expr, error) {
	x, err := b.stringArg(c, 0)
	if err != nil {
		return nil, err
	}
	t := varying(x.Type)
	if f.fn != 0 {
		return b.scalar(f.fn, t, c.At, x)
	}
	if x, err = b.scalar(plan.RTrimFunc, t, c.At, x); err != nil {
		return nil, err
	}
	return b.scalar(plan.LTrimFunc, t, c.At, x)
}

// varying is the type of what a function makes of a string of type t.
func varying(t sqltypes.Type) sqltypes.Type {
	switch t.Kind {
	case sqltypes.Char:
		t.Kind = sqltypes.VarChar
	case sqltypes.NChar:
		t.Kind = sqltypes.NVarChar
	}
	return t
}

func (b *Binder) length(c *tsql.Call, f *function) (*plan.Expr, error) {
	x, err := b.stringArg(c, 0)
	if err != nil {
		return nil, err
	}
	t := sqltypes.IntType
	if x.Type.Length == sqltypes.Max {
		t = sqltypes.BigIntType
	}
	return b.scalar(f.fn, t, c.At, x)
}

func (b *Binder) substring(c *tsql.Call, f *function) (*plan.Expr, error) {
	x, err := b.stringArg(c, 0)
	if err != nil {
		return nil, err
	}
	start, err := b.intArg(c, 1)
	if err != nil {
		return nil, err
	}
	n, err := b.intArg(c, 2)
	if err != nil {
		return nil, err
	}
	return b.scalar(f.fn, varying(x.Type), c.At, x, start, n)
}

// numberArg binds argument n as a number; a string becomes a FLOAT, as in T-SQL.
func (b *Binder) numberArg(c *tsql.Call, n int) (*plan.Expr, error) {
	x, err := b.Value(c.Args[n])
	if err != nil {
		return nil, err
	}
	switch {
	case x.Type.Kind == sqltypes.Bit:
	case x.Type.Kind.IsNumeric():
		return x, nil
	case x.Type.Class() == sqltypes.Strings:
		return b.Convert(x, sqltypes.FloatType, c.Args[n].Pos())
	}
	return nil, b.argumentType(c, n, x.Type, "a number")
}

func (b *Binder) abs(c *tsql.Call, f *function) (*plan.Expr, error) {
	x, err := b.numberArg(c, 0)
	if err != nil {
		return nil, err
	}
	return b.scalar(f.fn, atLeastInt(x.Type), c.At, x)
}

// atLeastInt is the type of what a function makes of a number: INT where that is TINYINT or SMALLINT.
func atLeastInt(t sqltypes.Type) sqltypes.Type {
	if t.Kind == sqltypes.TinyInt || t.Kind == sqltypes.SmallInt {
		t.Kind = sqltypes.Int
	}
	return t
}

func (b *Binder) round(c *tsql.Call, f *function) (*plan.Expr, error) {
	x, err := b.numberArg(c, 0)
	if err != nil {
		return nil, err
	}
	digits, err := b.intArg(c, 1)
	if err != nil {
		return nil, err
	}
	if len(c.Args) == 3 {
		how, err := b.intArg(c, 2)
		if err != nil {
			return nil, err
		}
		if !how.IsConst() || how.Value != sqltypes.Int64(0) {
			return nil, b.Problem(api.CodeUnsupported, c.Args[2].Pos(), "ROUND that cuts off rather than rounds is not supported").Hinted("leave the third argument out, or write 0")
		}
	}
	return b.scalar(f.fn, atLeastInt(x.Type), c.At, x, digits)
}

func (b *Binder) datePart(c *tsql.Call, f *function) (*plan.Expr, error) {
	part, arg := f.fn, 0
	if part == 0 {
		name, ok := c.Args[0].(*tsql.Column)
		if ok && name.Table == "" {
			if p, known := sqltypes.ParsePart(name.Name); known {
				part = plan.YearFunc + plan.Func(p-sqltypes.PartYear)
			}
		}
		if arg = 1; part == 0 {
			p := b.Problem(api.CodeUnsupported, c.Args[0].Pos(), "this is not a part that DATEPART knows here").Numbered(mssqlerr.UnknownDatepart)
			return nil, p.Hinted("write year, quarter, month, day, dayofyear, hour, minute or second")
		}
	}
	x, err := b.Value(c.Args[arg])
	if err != nil {
		return nil, err
	}
	switch {
	case x.Type.Class() == sqltypes.Temporals:
	case x.Type.Class() == sqltypes.Strings || x.IsNull():
		if x, err = b.Convert(x, sqltypes.Type{Kind: sqltypes.DateTime2, Scale: 7}, c.Args[arg].Pos()); err != nil {
			return nil, err
		}
	default:
		return nil, b.argumentType(c, arg, x.Type, "a date")
	}
	if !part.Part().Of(x.Type.Kind) {
		p := b.typeError(mssqlerr.DatepartOfType, c.At, "a value of type %s has no %s", x.Type, part.Part())
		return nil, p.Hinted("convert it first, as CAST(x AS DATETIME2(7))")
	}
	return b.scalar(part, sqltypes.IntType, c.At, x)
}
