package bind

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// Variable is a variable of a text of several statements, and its value.
type Variable struct {
	Name  string // without the @
	Type  sqltypes.Type
	Value sqltypes.Value
}

// param binds @name to the variable's value, or to its value in the request.
func (b *Binder) param(e *tsql.Param) (*plan.Expr, error) {
	for i := range b.Session.Variables {
		if v := &b.Session.Variables[i]; api.SameName(v.Name, e.Name) {
			return &plan.Expr{Op: plan.ValueExpr, Type: v.Type, Value: v.Value}, nil
		}
	}
	for i := range b.Params {
		if p := &b.Params[i]; api.SameName(strings.TrimPrefix(p.Name, "@"), e.Name) {
			return b.paramValue(e, p.Value)
		}
	}
	var names, variables []string
	for i := range b.Params {
		names = append(names, b.Params[i].Name)
	}
	for i := range b.Session.Variables {
		variables = append(variables, "@"+b.Session.Variables[i].Name)
	}
	p := b.Problem(api.CodeMissingField, e.At, "the parameter @%s has no value", api.Clip(e.Name)).Numbered(mssqlerr.UndeclaredVariable)
	if near := api.Nearest(e.Name, names); len(near) > 0 {
		return nil, p.Hinted("params has %s; did you mean that?", strings.Join(near, " and "))
	}
	if near := api.Nearest("@"+e.Name, variables); len(near) > 0 {
		return nil, p.Hinted("%s is declared; did you mean that?", strings.Join(near, " and "))
	}
	name := api.Clip(e.Name)
	return nil, p.Hinted("send params: {%q: ...} with the request, or DECLARE @%s first; GO ends a variable's life", name, name)
}

// paramValue infers a T-SQL type from the form of a JSON value.
func (b *Binder) paramValue(e *tsql.Param, raw jsontext.Value) (*plan.Expr, error) {
	switch raw.Kind() {
	case 'n':
		return untypedNull, nil
	case 't', 'f':
		return b.decoded(e, sqltypes.BitType, raw)
	case '0':
		return b.paramNumber(e, raw)
	case '"':
		x, err := b.decoded(e, sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}, raw)
		if err == nil {
			x.Type.Length = lengthOr(max(1, utf16Length(x.Value.Str)), 4000)
		}
		return x, err
	}
	p := b.Problem(api.CodeInvalidField, e.At, "the parameter @%s is not a number, string, boolean or null", api.Clip(e.Name))
	return nil, p.At("params." + api.Clip(e.Name)).Hinted("send one value per parameter; write a list as IN (@a, @b)")
}

func (b *Binder) paramNumber(e *tsql.Param, raw jsontext.Value) (*plan.Expr, error) {
	digits := strings.TrimPrefix(string(raw), "-")
	if strings.ContainsAny(digits, "eE") {
		return b.decoded(e, sqltypes.FloatType, raw)
	}
	whole, frac, point := strings.Cut(digits, ".")
	if !point && len(whole) <= 19 {
		x, err := b.decoded(e, sqltypes.BigIntType, raw)
		if err == nil {
			if lo, hi, _ := sqltypes.Int.IntRange(); x.Value.Int >= lo && x.Value.Int <= hi {
				x.Type.Kind = sqltypes.Int
			}
			return x, nil
		}
	}
	precision := len(strings.TrimLeft(whole, "0")) + len(frac)
	if precision > maxPrecision {
		p := b.Problem(api.CodeOutOfRange, e.At, "the parameter @%s has more than %d digits", api.Clip(e.Name), maxPrecision).Numbered(mssqlerr.NumberTooLong)
		return nil, p.Hinted("send it with an exponent, such as 1.5e40, to make it a FLOAT")
	}
	return b.decoded(e, decimalType(max(precision, len(frac), 1), len(frac)), raw)
}

func (b *Binder) decoded(e *tsql.Param, t sqltypes.Type, raw jsontext.Value) (*plan.Expr, error) {
	v, err := sqltypes.DecodeJSON(t, raw)
	if err != nil {
		p := b.ValueError(err, e.At)
		return nil, p.At("params." + api.Clip(e.Name))
	}
	return &plan.Expr{Op: plan.ValueExpr, Type: t, Value: v}, nil
}
