package bind

import (
	"slices"

	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// lazily binds an expression that may be short-circuited.
func (b *Binder) lazily(e tsql.Expr) (*plan.Expr, error) {
	b.lazy++
	defer func() { b.lazy-- }()
	return b.Value(e)
}

// coalesce binds COALESCE. Its type is the one of highest precedence among its arguments.
func (b *Binder) coalesce(c *tsql.Call) (*plan.Expr, error) {
	args := make([]*plan.Expr, 0, len(c.Args))
	for i, a := range c.Args {
		bind := b.Value
		if i > 0 {
			bind = b.lazily
		}
		x, err := bind(a)
		if err != nil {
			return nil, err
		}
		args = append(args, x)
	}
	t, err := b.unify(args, c.At)
	if err != nil {
		return nil, err
	}
	for i := range args {
		if args[i], err = b.convertResult(args[i], t, c.Args[i].Pos(), i > 0); err != nil {
			return nil, err
		}
	}
	return firstNotNull(args, t), nil
}

// firstNotNull is COALESCE of values of type t.
func firstNotNull(args []*plan.Expr, t sqltypes.Type) *plan.Expr {
	kept := args[:0]
	binary := false
	for _, a := range args {
		binary = binary || a.Binary // also of those that are not evaluated
	}
	for _, a := range args {
		if a.IsNull() {
			continue
		}
		kept = append(kept, a)
		if a.IsConst() {
			break // the rest is never evaluated
		}
	}
	switch {
	case len(kept) == 0:
		return &plan.Expr{Op: plan.ValueExpr, Type: t, Binary: binary}
	case len(kept) == 1 && kept[0].IsConst():
		return Retyped(kept[0], t, binary)
	}
	return &plan.Expr{Op: plan.CoalesceExpr, Type: t, Args: kept, Binary: binary}
}

// choose binds CHOOSE(i, x, y): CASE i WHEN 1 THEN x WHEN 2 THEN y END.
func (b *Binder) choose(c *tsql.Call) (*plan.Expr, error) {
	index, err := b.argument(c, 0, sqlfunc.Integer)
	if err != nil {
		return nil, err
	}
	b.lazy++
	defer func() { b.lazy-- }()
	results := make([]*plan.Expr, 0, len(c.Args)-1)
	for _, a := range c.Args[1:] {
		x, err := b.Value(a)
		if err != nil {
			return nil, err
		}
		results = append(results, x)
	}
	t, err := b.unify(results, c.At)
	if err != nil {
		return nil, err
	}
	pairs := make([]*plan.Expr, 0, 2*len(results))
	for i, x := range results {
		at := c.Args[i+1].Pos()
		when, err := b.compare(plan.EqExpr, index, &plan.Expr{Op: plan.ValueExpr, Type: sqltypes.IntType, Value: sqltypes.Int64(int64(i + 1))}, at)
		if err != nil {
			return nil, err
		}
		if x, err = b.convertResult(x, t, at, true); err != nil {
			return nil, err
		}
		pairs = append(pairs, when, x)
	}
	return branches(pairs, &plan.Expr{Op: plan.ValueExpr, Type: t}, t), nil
}

// isNullFunction binds ISNULL. Its type is that of its first argument; a longer string
// is truncated to it.
func (b *Binder) isNullFunction(c *tsql.Call) (*plan.Expr, error) {
	x, err := b.Value(c.Args[0])
	if err != nil {
		return nil, err
	}
	y, err := b.lazily(c.Args[1])
	if err != nil {
		return nil, err
	}
	if x == untypedNull {
		return y, nil // the keyword NULL takes the other argument's type
	}
	b.lazy++
	y, err = b.castTo(y, x.Type, c.Args[1].Pos())
	b.lazy--
	if err != nil {
		return nil, err
	}
	return firstNotNull([]*plan.Expr{x, y}, x.Type), nil
}

// nullIf binds NULLIF(x, y): CASE WHEN x = y THEN NULL ELSE x END.
func (b *Binder) nullIf(c *tsql.Call) (*plan.Expr, error) {
	x, y, err := b.values(c.Args[0], c.Args[1])
	if err != nil {
		return nil, err
	}
	equal, err := b.compare(plan.EqExpr, x, y, c.At)
	if err != nil {
		return nil, err
	}
	null := &plan.Expr{Op: plan.ValueExpr, Type: x.Type}
	return branches([]*plan.Expr{equal, null}, x, x.Type), nil
}

// caseOf binds CASE. Its type is the one of highest precedence among its results.
func (b *Binder) caseOf(e *tsql.Case) (*plan.Expr, error) {
	const most = sqlfunc.MaxArguments
	if len(e.Whens) > most {
		return nil, b.Problem(api.CodeTooComplex, e.At, "CASE has %d branches; at most %d are allowed", len(e.Whens), most).Hinted("use fewer branches")
	}
	b.lazy++
	defer func() { b.lazy-- }()
	args := make([]*plan.Expr, 0, 2*len(e.Whens)+1)
	results := make([]*plan.Expr, 0, len(e.Whens)+1)
	for i := range e.Whens {
		when, then, err := b.when(e.X, &e.Whens[i])
		if err != nil {
			return nil, err
		}
		args = append(args, when)
		results = append(results, then)
	}
	last := untypedNull
	if e.Else != nil {
		var err error
		if last, err = b.Value(e.Else); err != nil {
			return nil, err
		}
	}
	results = append(results, last)
	t, err := b.unify(results, e.At)
	if err != nil {
		return nil, err
	}
	pairs := make([]*plan.Expr, 0, 2*len(args))
	for i, r := range results {
		at := e.At
		if i < len(args) {
			at = e.Whens[i].Then.Pos()
		} else if e.Else != nil {
			at = e.Else.Pos()
		}
		if r, err = b.convertResult(r, t, at, true); err != nil {
			return nil, err
		}
		if i == len(args) {
			last = r
			break
		}
		pairs = append(pairs, args[i], r)
	}
	return branches(pairs, last, t), nil
}

// when binds one branch. The operand of a simple CASE is bound again for each branch,
// because each comparison may convert it to another type.
func (b *Binder) when(x tsql.Expr, w *tsql.When) (when, then *plan.Expr, err error) {
	if x == nil {
		when, err = b.Condition(w.If, false)
	} else {
		var l, r *plan.Expr
		if l, r, err = b.values(x, w.If); err == nil {
			when, err = b.compare(plan.EqExpr, l, r, w.If.Pos())
		}
	}
	if err == nil {
		then, err = b.Value(w.Then)
	}
	return when, then, err
}

// branches builds a CASE from pairs of predicates and results, folding constant predicates.
func branches(pairs []*plan.Expr, last *plan.Expr, t sqltypes.Type) *plan.Expr {
	binary := last.Binary // the collation is that of all results, also of those that are not evaluated
	for i := 1; i < len(pairs); i += 2 {
		binary = binary || pairs[i].Binary
	}
	args := make([]*plan.Expr, 0, len(pairs)+1)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].Op == plan.TrueExpr {
			last = pairs[i+1]
			break
		}
		if pairs[i].Op != plan.FalseExpr {
			args = append(args, pairs[i], pairs[i+1])
		}
	}
	if len(args) == 0 {
		return Retyped(last, t, binary)
	}
	return &plan.Expr{Op: plan.CaseExpr, Type: t, Args: append(args, last), Binary: binary}
}

// Retyped returns x, whose values are also values of type t, with the type and the collation
// of the expression that it is the only possible result of.
func Retyped(x *plan.Expr, t sqltypes.Type, binary bool) *plan.Expr {
	switch {
	case x.IsConst(): // and not a literal, whose digits would count
		return &plan.Expr{Op: plan.ValueExpr, Type: t, Value: x.Value, Binary: binary}
	case x.Type == t && x.Binary == binary:
		return x
	}
	return &plan.Expr{Op: plan.ConvertExpr, Type: t, Args: []*plan.Expr{x}, Binary: binary}
}

// SameType converts the values of a column, whose offsets in the text are given, to the type of
// highest precedence among them, wide enough for all. A column of nothing but NULL is an INT.
func (b *Binder) SameType(xs []*plan.Expr, at []int) ([]*plan.Expr, sqltypes.Type, error) {
	if !slices.ContainsFunc(xs, func(x *plan.Expr) bool { return x != untypedNull }) {
		return xs, sqltypes.IntType, nil
	}
	t, err := b.unify(xs, at[0])
	if err != nil {
		return nil, t, err
	}
	same := make([]*plan.Expr, len(xs))
	for i, x := range xs {
		if same[i], err = b.convertResult(x, t, at[i], false); err != nil {
			return nil, t, err
		}
	}
	return same, t, nil
}

// unify returns the type of highest precedence, wide enough for all values of xs.
func (b *Binder) unify(xs []*plan.Expr, at int) (sqltypes.Type, error) {
	var t sqltypes.Type
	for _, x := range xs {
		if x == untypedNull {
			continue
		}
		if t.Kind == sqltypes.Invalid {
			t = x.Type
			continue
		}
		wide, ok := wider(t, x.Type)
		if !ok {
			return t, b.typeError(mssqlerr.TypeClash, at, "operand type clash: one result is of type %s, another of type %s", t, x.Type).Hinted("CAST them to the same type")
		}
		t = wide
	}
	if t.Kind == sqltypes.Invalid {
		return t, b.typeError(mssqlerr.OnlyNullResults, at, "all results are NULL").Hinted("CAST one of them to a type, for example CAST(NULL AS INT)")
	}
	return t, nil
}

// wider returns a type that holds values of t and u, or false if T-SQL has none. An integer
// literal counts as any INT: only arithmetic considers its digits.
func wider(t, u sqltypes.Type) (sqltypes.Type, bool) {
	if t == u {
		return t, true
	}
	ct, cu := t.Class(), u.Class()
	switch {
	case ct == cu:
		return widerOfClass(ct, t, u)
	case ct == sqltypes.Strings && cu != sqltypes.Binaries:
		return u, true
	case cu == sqltypes.Strings && ct != sqltypes.Binaries:
		return t, true
	case t.Kind.IsDateTime() && u.Kind.IsNumeric():
		return t, true
	case u.Kind.IsDateTime() && t.Kind.IsNumeric():
		return u, true
	case t.Kind.IsMoney() && cu == sqltypes.Integers:
		return t, true
	case u.Kind.IsMoney() && ct == sqltypes.Integers:
		return u, true
	case ct == sqltypes.Decimals && cu == sqltypes.Integers:
		return unionDecimal(t, decimalOfType(u)), true
	case ct == sqltypes.Integers && cu == sqltypes.Decimals:
		return unionDecimal(decimalOfType(t), u), true
	case ct == sqltypes.Floats && u.Kind.IsNumeric():
		return t, true
	case cu == sqltypes.Floats && t.Kind.IsNumeric():
		return u, true
	}
	return t, false
}

func widerOfClass(c sqltypes.Class, t, u sqltypes.Type) (sqltypes.Type, bool) {
	switch c {
	case sqltypes.Integers:
		return sqltypes.Type{Kind: t.Kind.Wider(u.Kind)}, true
	case sqltypes.Decimals:
		if t.Kind.IsMoney() && u.Kind.IsMoney() {
			return sqltypes.MoneyType, true // they differ
		}
		return unionDecimal(decimalOfType(t), decimalOfType(u)), true
	case sqltypes.Floats:
		return floatOf(t, u), true
	case sqltypes.Strings, sqltypes.Binaries:
		wide := t
		if c == sqltypes.Strings {
			wide = ConcatType(t, u)
		} else {
			wide.Kind = sqltypes.VarBinary
		}
		if wide.Length = max(t.Length, u.Length); t.Length == sqltypes.Max || u.Length == sqltypes.Max {
			wide.Length = sqltypes.Max
		}
		return wide, true
	case sqltypes.Temporals:
		return widerTemporal(t, u)
	}
	return t, true
}

// widerTemporal returns the one of two types of dates and times that has the higher
// precedence, with digits for the values of both. A TIME has no date, and is not combined.
func widerTemporal(t, u sqltypes.Type) (sqltypes.Type, bool) {
	wide := t
	if t.Kind.Wider(u.Kind) == u.Kind {
		wide = u
	}
	if wide.Kind == sqltypes.Time || wide.Kind == sqltypes.DateTime2 {
		wide.Scale = max(t.Scale, u.Scale)
	}
	return wide, t.Kind == u.Kind || t.Kind != sqltypes.Time && u.Kind != sqltypes.Time
}

// unionDecimal returns a decimal type with enough digits for both, before and after the
// decimal point.
func unionDecimal(t, u sqltypes.Type) sqltypes.Type {
	scale := max(t.Scale, u.Scale)
	whole := max(t.Precision-t.Scale, u.Precision-u.Scale)
	if whole+scale > maxPrecision {
		return decimalType(maxPrecision, max(0, maxPrecision-whole))
	}
	return decimalType(whole+scale, scale)
}

// convertResult converts x to t, the common type of the results; lazy means that x may
// never be evaluated.
func (b *Binder) convertResult(x *plan.Expr, t sqltypes.Type, at int, lazy bool) (*plan.Expr, error) {
	if x.IsNull() {
		return &plan.Expr{Op: plan.ValueExpr, Type: t, Binary: x.Binary}, nil
	}
	if sameForm(x.Type, t) && !x.IsConst() {
		return x, nil
	}
	c, err := b.Convert(x, t, at)
	if err != nil && lazy {
		return &plan.Expr{Op: plan.ConvertExpr, Type: t, Args: []*plan.Expr{x}, Binary: x.Binary}, nil
	}
	return c, err
}
