package bind

import (
	"strconv"
	"strings"

	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// call binds a function or an aggregate.
func (b *Binder) call(c *tsql.Call) (*plan.Expr, error) {
	f := sqlfunc.Lookup(c.Name)
	switch {
	case f == nil:
		return nil, b.unknownFunction(c)
	case c.Over != nil && (f.Class == sqlfunc.Aggregate || f.Class == sqlfunc.Windowed):
		return b.window(c, f)
	case c.Over != nil:
		return nil, b.Problem(api.CodeUnsupported, c.Over.At, "%s is neither a window function nor an aggregate, so it takes no OVER", f.Name).Hinted("leave OVER out")
	case f.Class == sqlfunc.Windowed:
		p := b.Problem(api.CodeSyntax, c.At, "the window function %s requires OVER", f.Name)
		return nil, p.Hinted("write %s(...) OVER (ORDER BY column)", f.Name).Numbered(mssqlerr.WindowWithoutOver)
	}
	if f.Class == sqlfunc.Aggregate {
		return b.aggregate(c, f)
	}
	if n := len(c.Args); c.Name == "TRIM" && n == 2 && !c.From || c.Star || c.Distinct || n < f.MinArgs() || n > f.MaxArgs() {
		return nil, b.argumentCountError(c, f)
	}
	if f.Class == sqlfunc.Form {
		return b.form(c)
	}
	return b.scalar(c, f)
}

// form binds a function with typing rules of its own. (The parser has nodes for CAST and
// CONVERT, and turns IIF into CASE.)
func (b *Binder) form(c *tsql.Call) (*plan.Expr, error) {
	switch c.Name {
	case "CHOOSE":
		return b.choose(c)
	case "COALESCE":
		return b.coalesce(c)
	case "ISNULL":
		return b.isNullFunction(c)
	case "NULLIF":
		return b.nullIf(c)
	}
	if x, ok, err := b.sessionFunction(c); ok {
		return x, err
	}
	return nil, b.Problem(api.CodeInternal, c.At, "the function %s is not bound", c.Name)
}

func (b *Binder) unknownFunction(c *tsql.Call) error {
	p := b.Problem(api.CodeUnsupported, c.At, "the function %s is not supported", api.Clip(c.Name))
	advice, known := sqlfunc.Unsupported(c.Name)
	if !known {
		p.SQLNumber = mssqlerr.UnknownFunction
	}
	switch near := api.Nearest(c.Name, sqlfunc.Names()); {
	case advice != "":
		return p.Hinted("%s", advice)
	case !known && len(near) > 0:
		return p.Hinted("did you mean %s?", strings.Join(near, " or "))
	}
	return p.Hinted("compute it from the values that are read; docs/queries.md lists the functions")
}

func (b *Binder) argumentCountError(c *tsql.Call, f *sqlfunc.Func) error {
	if c.Star || c.Distinct {
		p := b.Problem(api.CodeSyntax, c.At, "%s accepts neither * nor DISTINCT", f.Name).Numbered(mssqlerr.Syntax)
		return p.Hinted("only aggregates accept these, such as COUNT(*) and COUNT(DISTINCT x)")
	}
	count := strconv.Itoa(f.MinArgs())
	if f.MaxArgs() > f.MinArgs() {
		count += " to " + strconv.Itoa(f.MaxArgs())
	}
	arguments := "arguments"
	if count == "1" {
		arguments = "argument"
	}
	p := b.Problem(api.CodeSyntax, c.At, "%s takes %s %s, not %d", f.Name, count, arguments, len(c.Args))
	return p.Numbered(mssqlerr.ArgumentCount).Hinted("write %s", f.Usage())
}

// scalar binds a function by its entry in the table. A constant NULL argument makes the
// result NULL.
func (b *Binder) scalar(c *tsql.Call, f *sqlfunc.Func) (*plan.Expr, error) {
	e := &plan.Expr{Op: plan.FuncExpr, Func: f, Part: f.Part, Args: make([]*plan.Expr, 0, len(c.Args))}
	types := make([]sqltypes.Type, 0, len(c.Args))
	for i := range c.Args {
		kind := f.Param(i).Kind
		if kind == sqlfunc.DatePart {
			var err error
			if e.Part, err = b.part(c, i); err != nil {
				return nil, err
			}
			continue
		}
		if kind == sqlfunc.Precision {
			t, err := b.precision(c, i)
			if err != nil {
				return nil, err
			}
			types = append(types, t)
			continue
		}
		x, err := b.argument(c, i, kind)
		if err != nil {
			return nil, err
		}
		if kind == sqlfunc.Bucketed && len(types) == 3 && x.Type.Kind != types[1].Kind {
			return nil, b.typeError(mssqlerr.ArgumentType, c.Args[i].Pos(), "the origin is of type %s, the date of type %s", x.Type, types[1]).
				Hinted("CAST the origin to %s", types[1])
		}
		if kind == sqlfunc.Moment && !e.Part.Of(x.Type.Kind) {
			p := b.typeError(mssqlerr.DatepartOfType, c.At, "a value of type %s has no %s part", x.Type, e.Part)
			return nil, p.Hinted("convert it first, for example CAST(x AS DATETIME2(7))")
		}
		e.Args, types = append(e.Args, x), append(types, x.Type)
	}
	if err := b.toCommon(c, f, e, types); err != nil {
		return nil, err
	}
	if e.Type = f.Result(types); e.Type.Kind == sqltypes.Invalid {
		return nil, b.Problem(api.CodeUnsupported, c.At, "%s of a value of type %s is not supported", c.Name, types[0]).Hinted("CAST it to FLOAT")
	}
	if f.Collated || e.Type.Kind.IsString() {
		var err error
		if e.Binary, e.Collated, err = b.collationOf(c.At, e.Args...); err != nil {
			return nil, err
		}
		e.Collated = e.Collated && e.Type.Kind.IsString()
	}
	return b.folded(e, c.At)
}

// toCommon converts the arguments for parameters of the kind Common to their common type.
func (b *Binder) toCommon(c *tsql.Call, f *sqlfunc.Func, e *plan.Expr, types []sqltypes.Type) error {
	if len(f.Params) == 0 || f.Params[0].Kind != sqlfunc.Common {
		return nil
	}
	t, err := b.unify(e.Args, c.At)
	if err != nil {
		return err
	}
	for i := range e.Args {
		if e.Args[i], err = b.convertResult(e.Args[i], t, c.Args[i].Pos(), b.lazy > 0); err != nil {
			return err
		}
		types[i] = t
	}
	return nil
}

// part parses argument i as a date part.
func (b *Binder) part(c *tsql.Call, i int) (sqltypes.Part, error) {
	if name, ok := c.Args[i].(*tsql.Column); ok && name.Table == "" {
		if p, known := sqltypes.ParsePart(name.Name); known {
			return p, nil
		}
	}
	what, number := "this", mssqlerr.UnknownDatepart
	if name, ok := c.Args[i].(*tsql.Column); ok && name.Table == "" {
		what = api.Clip(name.Name)
		if sqltypes.IsTSQLPart(name.Name) {
			number = 0 // T-SQL has it
		}
	}
	p := b.Problem(api.CodeUnsupported, c.Args[i].Pos(), "%s is not a date part that %s supports", what, c.Name)
	p.SQLNumber = number
	return 0, p.Hinted("write %s", strings.Join(sqltypes.PartNames(), ", "))
}

// precision binds argument i, a constant number of fraction digits: the type's Scale.
func (b *Binder) precision(c *tsql.Call, i int) (sqltypes.Type, error) {
	x, err := b.Value(c.Args[i])
	if err != nil {
		return sqltypes.Type{}, err
	}
	const most = 7
	if !x.Type.Kind.IsNumeric() {
		p := b.typeError(mssqlerr.ArgumentType, c.Args[i].Pos(), "argument %d of %s is of type %s", i+1, c.Name, x.Type)
		return sqltypes.Type{}, p.Hinted("write a number from 0 to %d", most)
	}
	if !x.IsConst() || x.IsNull() || !x.Type.Kind.IsInteger() || x.Value.Int < 0 || x.Value.Int > most {
		return sqltypes.Type{}, b.typeError(mssqlerr.InvalidScale, c.Args[i].Pos(), "the precision of %s is not a constant from 0 to %d", c.Name, most).
			Hinted("write the number itself, such as 3")
	}
	return sqltypes.Type{Kind: sqltypes.Int, Scale: int(x.Value.Int)}, nil
}

// paramKinds maps each kind of parameter to its conversion: accept returns the type that
// an argument is converted to, its own if it is already of that kind, or false if T-SQL
// has no such conversion.
var paramKinds = map[sqlfunc.ParamKind]struct {
	want   string // for error messages
	accept func(x *plan.Expr) (sqltypes.Type, bool)
	lacks  func(c sqltypes.Class) bool // classes that T-SQL accepts and Shardeck does not; may be nil
}{
	sqlfunc.Value:  {want: "a value", accept: anyType},
	sqlfunc.Common: {want: "a value", accept: anyType},
	sqlfunc.Text: {want: "a string", accept: func(x *plan.Expr) (sqltypes.Type, bool) {
		switch x.Type.Class() {
		case sqltypes.Strings:
			return x.Type, true
		case sqltypes.Integers, sqltypes.Decimals, sqltypes.Floats, sqltypes.Temporals, sqltypes.GUIDs:
			return asText, true
		}
		return x.Type, false
	}, lacks: isBinaries},
	sqlfunc.Characters: {want: "a string", accept: func(x *plan.Expr) (sqltypes.Type, bool) {
		if x.IsNull() && !x.Type.Kind.IsString() {
			return asText, true
		}
		return x.Type, x.Type.Kind.IsString()
	}, lacks: isBinaries},
	sqlfunc.Integer: {want: "an integer", accept: func(x *plan.Expr) (sqltypes.Type, bool) {
		switch {
		case x.Type.Kind.IsInteger():
			return x.Type, true
		case x.Type.Kind.IsNumeric() || x.Type.Kind.IsString():
			return sqltypes.IntType, true
		}
		return x.Type, false
	}},
	sqlfunc.Number: {want: "a number", accept: func(x *plan.Expr) (sqltypes.Type, bool) {
		if x.Type.Kind.IsString() || x.Type.Kind == sqltypes.Bit {
			return sqltypes.FloatType, true
		}
		return x.Type, x.Type.Kind.IsNumeric()
	}},
	sqlfunc.Floating: {want: "a number", accept: func(x *plan.Expr) (sqltypes.Type, bool) {
		return sqltypes.FloatType, x.Type.Kind.IsNumeric() || x.Type.Kind.IsString()
	}},
	sqlfunc.Int: {want: "an integer", accept: func(x *plan.Expr) (sqltypes.Type, bool) {
		switch {
		case x.Type.Kind.IsInteger() && x.Type.Kind != sqltypes.BigInt:
			return x.Type, true
		case x.Type.Kind.IsNumeric() || x.Type.Kind.IsString():
			return sqltypes.IntType, true
		}
		return x.Type, false
	}},
	sqlfunc.Moment:    {want: "a date", accept: asMoment(sqltypes.DateTime2Type)},
	sqlfunc.AddMoment: {want: "a date", accept: asMoment(sqltypes.DateTimeType)},
	sqlfunc.Instant:   {want: "a date", accept: asMoment(sqltypes.DateTime2Type)},
	sqlfunc.Day: {want: "a date", accept: func(x *plan.Expr) (sqltypes.Type, bool) {
		return sqltypes.DateType, x.IsNull() || x.Type.Kind.IsString() || x.Type.Kind.IsTemporal() && x.Type.Kind != sqltypes.Time
	}},
	sqlfunc.DateText: {want: "a string", accept: func(x *plan.Expr) (sqltypes.Type, bool) {
		if x.Type.Kind.IsString() {
			return x.Type, true
		}
		return asText, x.IsNull() || x.Type.Kind.IsNumeric() || x.Type.Kind.IsDateTime()
	}},
	sqlfunc.Bucketed: {want: "a DATE, DATETIME2 or other date or time", accept: func(x *plan.Expr) (sqltypes.Type, bool) {
		return x.Type, x.Type.Kind.IsTemporal()
	}},
}

// asMoment accepts dates and times; a string, or NULL, is converted to the given type, a
// number to DATETIME.
func asMoment(text sqltypes.Type) func(x *plan.Expr) (sqltypes.Type, bool) {
	return func(x *plan.Expr) (sqltypes.Type, bool) {
		switch {
		case x.Type.Kind.IsTemporal():
			return x.Type, true
		case x.Type.Kind.IsString() || x.IsNull():
			return text, true
		}
		return sqltypes.DateTimeType, x.Type.Kind.IsNumeric()
	}
}

func anyType(x *plan.Expr) (sqltypes.Type, bool) { return x.Type, true }

func isBinaries(c sqltypes.Class) bool { return c == sqltypes.Binaries }

// argument binds argument i and converts it for a parameter of that kind.
func (b *Binder) argument(c *tsql.Call, i int, kind sqlfunc.ParamKind) (*plan.Expr, error) {
	x, err := b.Value(c.Args[i])
	if err != nil {
		return nil, err
	}
	k := paramKinds[kind]
	t, ok := k.accept(x)
	switch {
	case !ok && k.lacks != nil && k.lacks(x.Type.Class()):
		return nil, b.Problem(api.CodeUnsupported, c.Args[i].Pos(), "%s of a value of type %s is not supported", c.Name, x.Type).Hinted("pass %s", k.want)
	case !ok:
		p := b.typeError(mssqlerr.ArgumentType, c.Args[i].Pos(), "argument %d of %s is of type %s", i+1, c.Name, x.Type)
		return nil, p.Hinted("pass %s; CAST can make one", k.want)
	case t != x.Type:
		if x, err = b.Convert(x, t, c.Args[i].Pos()); err != nil {
			return nil, err
		}
	}
	if kind == sqlfunc.Instant && x.Type != sqltypes.DateTime2Type {
		return b.Convert(x, sqltypes.DateTime2Type, c.Args[i].Pos())
	}
	return x, nil
}
