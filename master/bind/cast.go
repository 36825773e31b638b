package bind

import (
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// cast binds CAST and CONVERT.
func (b *Binder) cast(e *tsql.Cast) (*plan.Expr, error) {
	x, err := b.Value(e.X)
	if err != nil {
		return nil, err
	}
	how := plan.Conversion{Try: e.Try}
	if e.Style != nil {
		style, err := b.Value(e.Style)
		switch {
		case err != nil:
			return nil, err
		case style.IsNull():
			return &plan.Expr{Op: plan.ValueExpr, Type: e.Type}, nil
		case !style.IsConst() || !style.Type.Kind.IsInteger():
			return nil, b.Problem(api.CodeUnsupported, e.Style.Pos(), "a style that is not an integer constant is not supported").
				Hinted("write the number of the style, and CASE to choose between several")
		}
		how.Styled, how.Style = true, int(style.Value.Int)
		if err := sqltypes.CheckStyle(x.Type, e.Type, how.Style); err != nil {
			return nil, b.ValueError(err, e.Style.Pos())
		}
	}
	if how == (plan.Conversion{}) || x == untypedNull {
		return b.castTo(x, e.Type, e.At)
	}
	if err := b.checkCast(x.Type, e.Type, e.At); err != nil {
		return nil, err
	}
	return b.folded(&plan.Expr{
		Op: plan.ConvertExpr, Type: e.Type, Args: []*plan.Expr{x}, Conversion: how,
		Binary: x.Binary && x.Type.Kind.IsString(), Collated: x.Collated,
	}, e.At)
}

// checkCast refuses a conversion that T-SQL does not have, or that is not supported.
func (b *Binder) checkCast(from, to sqltypes.Type, at int) error {
	isBinary := from.Kind.IsBinary()
	switch {
	case sqltypes.CastsBinary(from, to):
		return nil
	case isBinary != to.Kind.IsBinary() && !(isBinary && to.Kind.IsFloat()):
		return b.Problem(api.CodeUnsupported, at, "converting %s to %s is not supported", from, to).Hinted("convert to a string or an integer, or in the client")
	case !castable(from, to):
		return b.typeError(mssqlerr.NotExplicit, at, "%s cannot be converted to %s", from, to).Hinted("use a value of a type that can be converted to it")
	}
	return nil
}

// castTo converts x to t as CAST does.
func (b *Binder) castTo(x *plan.Expr, t sqltypes.Type, at int) (*plan.Expr, error) {
	if x == untypedNull {
		return &plan.Expr{Op: plan.ValueExpr, Type: t}, nil
	}
	if err := b.checkCast(x.Type, t, at); err != nil {
		return nil, err
	}
	if !x.IsConst() && x.Type == t {
		return x, nil
	}
	return b.Convert(x, t, at)
}

// castable reports whether T-SQL has a conversion between the types; some values may
// still fail it.
func castable(from, to sqltypes.Type) bool {
	if from.Kind.IsNumeric() && to.Kind.IsNumeric() {
		return true
	}
	var sample sqltypes.Value
	switch from.Class() {
	case sqltypes.Strings:
		return !to.Kind.IsBinary()
	case sqltypes.Integers:
		sample = sqltypes.Int64(1)
	case sqltypes.Floats:
		sample = sqltypes.Float64(1)
	case sqltypes.Decimals:
		sample = sqltypes.Text("1")
	case sqltypes.Binaries:
		return to.Kind.IsBinary()
	case sqltypes.GUIDs:
		return to.Kind == sqltypes.UniqueIdentifier || to.Kind.IsString()
	default:
		sample = sqltypes.Text(map[sqltypes.Kind]string{
			sqltypes.Date: "2000-01-01", sqltypes.Time: "00:00:00", sqltypes.DateTime2: "2000-01-01T00:00:00",
			sqltypes.DateTime: "1900-01-01T00:00:00", sqltypes.SmallDateTime: "1900-01-01T00:00:00",
		}[from.Kind])
	}
	if to.Kind.IsString() { // whether it is long enough depends on the value
		return from.Kind != sqltypes.Invalid
	}
	_, err := sqltypes.Convert(sample, from, to)
	return err == nil
}

// Assign converts x to t as an assignment to a column of type t does: immediately if x
// is a constant, and not at all if its values are already values of t.
func Assign(x *plan.Expr, t sqltypes.Type) (*plan.Expr, error) {
	switch {
	case x.IsConst() && x.Type == t:
		return x, nil
	case x.IsConst():
		v, err := sqltypes.Convert(x.Value, x.Type, t)
		return &plan.Expr{Op: plan.ValueExpr, Type: t, Value: v}, err
	case !castable(x.Type, t) || x.Type.Kind.IsDateTime() && t.Kind.IsNumeric() || x.Type.Kind.IsMoney() && t.Kind.IsString():
		p := api.NewProblem(api.CodeConversionFailed, "%s cannot be converted to the column's type, %s", x.Type, t)
		return nil, p.Hinted("set it to a value of its type").Numbered(mssqlerr.TypeClash)
	case sameForm(x.Type, t):
		return x, nil
	}
	return &plan.Expr{Op: plan.AssignExpr, Type: t, Args: []*plan.Expr{x}}, nil
}

// sameForm reports whether every value of type from is also one of type to, unconverted.
func sameForm(from, to sqltypes.Type) bool {
	if from == to {
		return true
	}
	switch c := from.Class(); {
	case c != to.Class():
		return false
	case c == sqltypes.Integers:
		return from.Kind.Wider(to.Kind) == to.Kind
	case c == sqltypes.Strings:
		return (to.Kind == sqltypes.VarChar && !from.Kind.IsUnicode() || to.Kind == sqltypes.NVarChar) && fits(from, to)
	case c == sqltypes.Binaries:
		return to.Kind == sqltypes.VarBinary && fits(from, to)
	case c == sqltypes.Temporals:
		return from.Kind == to.Kind && from.Scale <= to.Scale
	case c == sqltypes.Floats:
		return to.Kind == sqltypes.Float
	}
	return false
}

// fits reports whether any string of type from fits in to. This also holds from VARCHAR
// to NVARCHAR: a character has no more UTF-16 units than UTF-8 bytes.
func fits(from, to sqltypes.Type) bool {
	return to.Length == sqltypes.Max || from.Length != sqltypes.Max && from.Length <= to.Length
}
