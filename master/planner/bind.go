package planner

import (
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// binder turns syntax trees into bound expressions over one table's columns.
type binder struct {
	t *Table
	// field is the request's field that the text stands in.
	field string
}

// bindCondition binds a search condition over t. The errors name field, the
// request's field that the text stands in.
func bindCondition(t *Table, field, text string) (*Expr, error) {
	ast, err := tsql.ParseCondition(text)
	if err != nil {
		return nil, fieldError(err, field)
	}
	b := binder{t: t, field: field}
	return b.condition(ast, false)
}

var (
	trueExpr  = &Expr{Op: TrueExpr}
	falseExpr = &Expr{Op: FalseExpr}
)

// condition binds a predicate, or its negation. Moving NOT down to the
// comparisons is right in three-valued logic, and once no NOT is left, UNKNOWN
// may be treated as FALSE anywhere.
func (b *binder) condition(e tsql.Expr, not bool) (*Expr, error) {
	switch e := e.(type) {
	case *tsql.Logic:
		return b.logic(e, not)
	case *tsql.Not:
		return b.condition(e.X, !not)
	case *tsql.Compare:
		l, r, err := b.values(e.L, e.R)
		if err != nil {
			return nil, err
		}
		op := compareOps[e.Op]
		if not {
			op = negated(op)
		}
		return b.compare(op, l, r, e.At)
	case *tsql.In:
		return b.in(e, e.Negated != not)
	case *tsql.Between:
		return b.between(e, e.Negated != not)
	case *tsql.Like:
		return b.like(e, e.Negated != not)
	case *tsql.IsNull:
		x, err := b.value(e.X)
		if err != nil {
			return nil, err
		}
		return b.isNull(x, e.Negated != not), nil
	}
	return nil, b.problem(api.CodeUnsupported, e.Pos(), "this is not supported in a condition")
}

func (b *binder) values(l, r tsql.Expr) (*Expr, *Expr, error) {
	bl, err := b.value(l)
	if err != nil {
		return nil, nil, err
	}
	br, err := b.value(r)
	if err != nil {
		return nil, nil, err
	}
	return bl, br, nil
}

func (b *binder) logic(e *tsql.Logic, not bool) (*Expr, error) {
	or := e.Or != not // De Morgan
	terms := make([]*Expr, 0, len(e.Terms))
	for _, t := range e.Terms {
		x, err := b.condition(t, not)
		if err != nil {
			return nil, err
		}
		terms = append(terms, x)
	}
	if or {
		return anyOf(terms), nil
	}
	return allOf(terms), nil
}

// allOf joins terms by AND, and simplifies. It takes the slice over.
func allOf(terms []*Expr) *Expr { return join(terms, AndExpr, trueExpr, falseExpr) }

// anyOf joins terms by OR, and simplifies. It takes the slice over.
func anyOf(terms []*Expr) *Expr {
	e := join(terms, OrExpr, falseExpr, trueExpr)
	if e.Op != OrExpr {
		return e
	}
	e.Args = gatherEquals(e.Args)
	if len(e.Args) == 1 {
		return e.Args[0]
	}
	return e
}

// gatherEquals makes one IN of all terms that ask for equality of one column with
// constants: a = 1 OR b = 2 OR a IN (3, 4) is a IN (1, 3, 4) OR b = 2. An index
// serves an IN better than a long chain, and engines bound the length of chains.
func gatherEquals(terms []*Expr) []*Expr {
	var lists []*Expr // in terms, one for each column
	kept := terms[:0]
next:
	for _, t := range terms {
		if !isEquals(t) {
			kept = append(kept, t)
			continue
		}
		for i, l := range lists {
			if l.Args[0] != t.Args[0] || l.Binary != t.Binary {
				continue
			}
			if l.Op == EqExpr {
				in := &Expr{Op: InExpr, Args: slices.Clone(l.Args), Binary: l.Binary}
				kept[slices.Index(kept, l)] = in
				lists[i], l = in, in
			}
			l.Args = append(l.Args, t.Args[1:]...)
			continue next
		}
		if t.Op == InExpr {
			t = &Expr{Op: InExpr, Args: slices.Clone(t.Args), Binary: t.Binary}
		}
		lists = append(lists, t)
		kept = append(kept, t)
	}
	return kept
}

// isEquals says whether e asks for equality of a column with constants.
func isEquals(e *Expr) bool {
	switch e.Op {
	case EqExpr:
		return e.Args[0].Op == ColumnExpr && e.Args[1].IsConst()
	case InExpr:
		return e.Args[0].Op == ColumnExpr && !e.Negated
	}
	return false
}

func join(terms []*Expr, op ExprOp, neutral, absorbing *Expr) *Expr {
	flat := terms[:0]
	nested := false
	for _, t := range terms {
		switch t.Op {
		case neutral.Op:
			continue
		case absorbing.Op:
			return absorbing
		case op:
			nested = true
		}
		flat = append(flat, t)
	}
	if nested {
		var all []*Expr
		for _, t := range flat {
			if t.Op == op {
				all = append(all, t.Args...)
			} else {
				all = append(all, t)
			}
		}
		flat = all
	}
	switch len(flat) {
	case 0:
		return neutral
	case 1:
		return flat[0]
	}
	return &Expr{Op: op, Args: flat}
}

// between binds X >= Lo AND X <= Hi, or its negation.
func (b *binder) between(e *tsql.Between, not bool) (*Expr, error) {
	x, lo, err := b.values(e.X, e.Lo)
	if err != nil {
		return nil, err
	}
	hi, err := b.value(e.Hi)
	if err != nil {
		return nil, err
	}
	first, second := GeExpr, LeExpr
	if not {
		first, second = LtExpr, GtExpr
	}
	l, err := b.compare(first, x, lo, e.At)
	if err != nil {
		return nil, err
	}
	h, err := b.compare(second, x, hi, e.At)
	if err != nil {
		return nil, err
	}
	if not {
		return anyOf([]*Expr{l, h}), nil
	}
	return allOf([]*Expr{l, h}), nil
}

// in binds X = v1 OR X = v2 ..., or its negation. The comparisons of X itself
// with constants become one IN; those that need a conversion of X stay apart.
func (b *binder) in(e *tsql.In, not bool) (*Expr, error) {
	x, err := b.value(e.X)
	if err != nil {
		return nil, err
	}
	op, combine, absorbing := EqExpr, anyOf, TrueExpr
	if not {
		op, combine, absorbing = NeExpr, allOf, FalseExpr
	}
	list := &Expr{Op: InExpr, Negated: not, Args: make([]*Expr, 1, 1+len(e.List))}
	list.Args[0] = x
	var others []*Expr
	var notNull *Expr
	for _, item := range e.List {
		v, err := b.value(item)
		if err != nil {
			return nil, err
		}
		c, err := b.compare(op, x, v, item.Pos())
		if err != nil {
			return nil, err
		}
		switch {
		case c.Op == op && c.Args[0] == x && c.Args[1].IsConst():
			list.Args = append(list.Args, c.Args[1])
			list.Binary = c.Binary
		case c.Op == IsNullExpr && c.Args[0] == x:
			notNull = c // said once, and implied by NOT IN
		case c.Op == absorbing:
			return c, nil
		default:
			others = append(others, c)
		}
	}
	switch {
	case len(list.Args) == 2:
		others = append(others, &Expr{Op: op, Args: list.Args, Binary: list.Binary})
	case len(list.Args) > 2:
		others = append(others, list)
	case notNull != nil:
		others = append(others, notNull)
	}
	return combine(others), nil
}

func (b *binder) isNull(x *Expr, not bool) *Expr {
	switch {
	case x.IsConst():
		if x.Value.IsNull() != not {
			return trueExpr
		}
		return falseExpr
	case x.Op == ColumnExpr && !b.t.Columns[b.t.index(x.Column)].Nullable:
		if not {
			return trueExpr
		}
		return falseExpr
	}
	return &Expr{Op: IsNullExpr, Args: []*Expr{x}, Negated: not}
}

// notNull is what remains of a comparison that holds for every value but NULL.
func (b *binder) notNull(x *Expr) *Expr { return b.isNull(x, true) }

func (b *binder) like(e *tsql.Like, not bool) (*Expr, error) {
	x, pattern, err := b.values(e.X, e.Pattern)
	if err != nil {
		return nil, err
	}
	like := &Expr{Op: LikeExpr, Negated: not, Args: make([]*Expr, 2, 3)}
	for i, arg := range [...]*Expr{x, pattern} {
		at := e.X.Pos()
		if i == 1 {
			at = e.Pattern.Pos()
		}
		if like.Args[i], err = b.text(arg, at); err != nil {
			return nil, err
		}
		like.Binary = like.Binary || arg.Binary
	}
	if e.Escape != nil {
		esc, err := b.value(e.Escape)
		if err != nil {
			return nil, err
		}
		if !esc.IsConst() || !esc.Type.Kind.IsString() || utf8.RuneCountInString(esc.Value.Str) != 1 {
			return nil, b.problem(api.CodeInvalidField, e.Escape.Pos(), "ESCAPE takes a string of one character").Hinted("write ESCAPE '!'")
		}
		like.Args = append(like.Args, esc)
	}
	if isNullConst(x) || isNullConst(pattern) {
		return falseExpr, nil
	}
	return like, nil
}

// text converts an operand of LIKE to a string.
func (b *binder) text(e *Expr, at int) (*Expr, error) {
	switch classOf(e.Type) {
	case stringsClass:
		return e, nil
	case integers, decimals:
		if isNullConst(e) {
			return e, nil
		}
		return b.convert(e, sqltypes.Type{Kind: sqltypes.VarChar, Length: 50}, at)
	}
	return nil, b.typeError(402, at, "LIKE does not take a value of type %s", e.Type).Hinted("LIKE is for strings; compare with =, < or BETWEEN")
}

// value binds a value.
func (b *binder) value(e tsql.Expr) (*Expr, error) {
	switch e := e.(type) {
	case *tsql.Literal:
		return b.literal(e)
	case *tsql.Column:
		return b.column(e)
	case *tsql.Neg:
		return b.neg(e)
	case *tsql.Arith:
		l, r, err := b.values(e.L, e.R)
		if err != nil {
			return nil, err
		}
		return b.arith(arithOps[e.Op], l, r, e.At)
	}
	return nil, b.problem(api.CodeUnsupported, e.Pos(), "this is not supported as a value")
}

func (b *binder) column(e *tsql.Column) (*Expr, error) {
	if b.t == nil {
		return nil, b.problem(api.CodeUnsupported, e.At, "a column does not belong here")
	}
	if e.Table != "" && !api.SameName(e.Table, b.t.Name) {
		return nil, b.problem(api.CodeUnknownTable, e.At, "%s is not the table of this request", clip(e.Table)).Hinted("write %s, or the column alone", b.t.Name)
	}
	i, p := b.t.column(b.field, e.Name)
	if p != nil {
		p.Offset = &e.At
		return nil, p
	}
	return b.t.Columns[i].expr, nil
}

// literal gives a constant its T-SQL type: integers beyond INT are decimals,
// digits with a point are decimals of just so many digits.
func (b *binder) literal(l *tsql.Literal) (*Expr, error) {
	e := &Expr{Op: ValueExpr}
	var err error
	switch l.Kind {
	case tsql.NullLiteral:
		e.Type = sqltypes.Type{Kind: sqltypes.Int}
	case tsql.IntLiteral:
		e.Type = sqltypes.Type{Kind: sqltypes.Int}
		digits := strings.TrimLeft(l.Text, "0")
		if v, ok := smallInt(digits); ok {
			e.Value = sqltypes.Int64(v)
			break
		}
		return b.decimalLiteral(l, len(digits), 0)
	case tsql.DecimalLiteral:
		whole, frac, _ := strings.Cut(l.Text, ".")
		return b.decimalLiteral(l, len(strings.TrimLeft(whole, "0"))+len(frac), len(frac))
	case tsql.FloatLiteral:
		e.Type = sqltypes.Type{Kind: sqltypes.Float}
		e.Value, err = sqltypes.Convert(sqltypes.Text(l.Text), sqltypes.Type{Kind: sqltypes.VarChar, Length: sqltypes.Max}, e.Type)
	case tsql.StringLiteral:
		e.Type = sqltypes.Type{Kind: sqltypes.VarChar, Length: lengthOr(max(1, len(l.Text)), 8000)}
		e.Value = sqltypes.Text(l.Text)
	case tsql.NStringLiteral:
		e.Type = sqltypes.Type{Kind: sqltypes.NVarChar, Length: lengthOr(max(1, utf16Length(l.Text)), 4000)}
		e.Value = sqltypes.Text(l.Text)
	case tsql.BinaryLiteral:
		e.Type = sqltypes.Type{Kind: sqltypes.VarBinary, Length: lengthOr(max(1, len(l.Text)/2), 8000)}
		e.Value = sqltypes.Bytes(unhex(l.Text))
	}
	if err != nil {
		return nil, b.valueError(err, l.At)
	}
	return e, nil
}

func (b *binder) decimalLiteral(l *tsql.Literal, precision, scale int) (*Expr, error) {
	if precision > maxPrecision {
		p := b.problem(api.CodeOutOfRange, l.At, "the number %s has more than %d digits", clip(l.Text), maxPrecision).
			Hinted("write it with an exponent, as 1.5e40, to have it as a FLOAT")
		p.SQLNumber = 1007
		return nil, p
	}
	t := decimalType(max(precision, scale, 1), scale)
	v, err := sqltypes.Convert(sqltypes.Text(l.Text), t, t)
	if err != nil {
		return nil, b.valueError(err, l.At)
	}
	return &Expr{Op: ValueExpr, Type: t, Value: v}, nil
}

// smallInt reads decimal digits, none for 0, when the number fits INT.
func smallInt(digits string) (int64, bool) {
	if len(digits) > 10 {
		return 0, false
	}
	var v int64
	for i := range len(digits) {
		v = v*10 + int64(digits[i]-'0')
	}
	return v, v <= 1<<31-1
}

func lengthOr(n, limit int) int {
	if n > limit {
		return sqltypes.Max
	}
	return n
}

func utf16Length(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// unhex decodes an even number of hex digits.
func unhex(s string) []byte {
	out := make([]byte, len(s)/2)
	for i := range out {
		out[i] = nibble(s[2*i])<<4 | nibble(s[2*i+1])
	}
	return out
}

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

func isNullConst(e *Expr) bool { return e.IsConst() && e.Value.IsNull() }

// problem returns a problem at a byte of the text.
func (b *binder) problem(code api.Code, at int, format string, args ...any) *api.Problem {
	p := api.NewProblem(code, format, args...)
	p.Field, p.Offset = b.field, &at
	return p
}

// typeError refuses an operation that T-SQL does not have for these types.
func (b *binder) typeError(number, at int, format string, args ...any) *api.Problem {
	p := b.problem(api.CodeConversionFailed, at, format, args...)
	p.SQLNumber = number
	return p
}

// valueError places a refusal of package sqltypes.
func (b *binder) valueError(err error, at int) *api.Problem {
	p := *fieldError(err, b.field)
	p.Offset = &at
	return &p
}
