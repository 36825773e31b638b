package bind

import (
	"strings"
	"unicode/utf16"

	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// Value binds an expression that yields a value rather than a truth value.
func (b *Binder) Value(e tsql.Expr) (*plan.Expr, error) {
	switch e := e.(type) {
	case *tsql.Literal:
		return b.Literal(e)
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
	case *tsql.BitNot:
		return b.bitNot(e)
	case *tsql.Collate:
		return b.collate(e)
	case *tsql.Param:
		return b.param(e)
	case *tsql.Call:
		return b.call(e)
	case *tsql.Case:
		return b.caseOf(e)
	case *tsql.Cast:
		return b.cast(e)
	case *tsql.Subquery:
		if b.Nested == nil {
			return nil, b.noSubquery(e.At)
		}
		return b.Nested.Scalar(e)
	}
	return nil, b.Problem(api.CodeUnsupported, e.Pos(), "this is not supported as a value")
}

func (b *Binder) column(e *tsql.Column) (*plan.Expr, error) {
	switch {
	case b.Scope == nil:
		return nil, b.Problem(api.CodeUnsupported, e.At, "a column is not allowed here").Hinted("write a constant")
	case b.Field == StatementField:
		return b.statementColumn(e)
	}
	if p := b.CheckDB(e.DB, e.At); p != nil {
		return nil, p
	}
	t := b.Scope.Tables[0]
	if e.Table != "" && !api.SameName(e.Table, t.Name) {
		return nil, b.Problem(api.CodeUnknownTable, e.At, "%s is not the table of this request", api.Clip(e.Table)).Hinted("write %s, or the column alone", t.Name)
	}
	i, p := t.Column(b.Field, e.Name)
	if p != nil {
		p.Offset = &e.At
		if b.Field == "condition" && !api.SameName(e.Name, plan.SlotColumn) && len(t.near(e.Name)) == 0 {
			p.Hint += textHint(e.Name) // a name close to a column's is more likely a typo
		}
		return nil, p
	}
	return t.Columns[i].Expr, nil
}

// Literal gives a constant its T-SQL type: integers beyond INT are decimals, and
// digits with a decimal point are decimals of exactly that many digits.
func (b *Binder) Literal(l *tsql.Literal) (*plan.Expr, error) {
	if l.Kind == tsql.NullLiteral {
		return untypedNull, nil
	}
	e := &plan.Expr{Op: plan.ValueExpr}
	var err error
	switch l.Kind {
	case tsql.IntLiteral:
		e.Type = sqltypes.IntType
		digits := strings.TrimLeft(l.Text, "0")
		if v, ok := parseInt(digits); ok {
			e.Value, e.Literal = sqltypes.Int64(v), true
			break
		}
		return b.decimalLiteral(l, len(digits), 0)
	case tsql.DecimalLiteral:
		whole, frac, _ := strings.Cut(l.Text, ".")
		return b.decimalLiteral(l, len(strings.TrimLeft(whole, "0"))+len(frac), len(frac))
	case tsql.FloatLiteral:
		e.Type = sqltypes.FloatType
		e.Value, err = sqltypes.Convert(sqltypes.Text(l.Text), sqltypes.Type{Kind: sqltypes.VarChar, Length: sqltypes.Max}, e.Type)
	case tsql.MoneyLiteral:
		e.Type = sqltypes.MoneyType
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
		return nil, b.ValueError(err, l.At)
	}
	return e, nil
}

func (b *Binder) decimalLiteral(l *tsql.Literal, precision, scale int) (*plan.Expr, error) {
	if precision > maxPrecision {
		p := b.Problem(api.CodeOutOfRange, l.At, "the number %s has more than %d digits", api.Clip(l.Text), maxPrecision).
			Hinted("write it with an exponent, such as 1.5e40, to make it a FLOAT")
		p.SQLNumber = mssqlerr.NumberTooLong
		return nil, p
	}
	t := decimalType(max(precision, scale, 1), scale)
	v, err := sqltypes.Convert(sqltypes.Text(l.Text), t, t)
	if err != nil {
		return nil, b.ValueError(err, l.At)
	}
	return &plan.Expr{Op: plan.ValueExpr, Type: t, Value: v}, nil
}

// parseInt parses decimal digits without leading zeros, so none for 0. It reports
// whether the number fits INT.
func parseInt(digits string) (int64, bool) {
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

// untypedNull is the keyword NULL, which has no type of its own; INT is a placeholder.
// Any other constant that is NULL has the type it was computed in.
var untypedNull = &plan.Expr{Op: plan.ValueExpr, Type: sqltypes.IntType}
