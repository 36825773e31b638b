package planner

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/tsql"
	"shardeck/shared/sqltypes"
)

// opText is how T-SQL writes the operators that stand between two operands.
var opText = [...]string{
	AddExpr: "+", SubExpr: "-", MulExpr: "*", DivExpr: "/", ModExpr: "%", ConcatExpr: "+",
	EqExpr: "=", NeExpr: "<>", LtExpr: "<", LeExpr: "<=", GtExpr: ">", GeExpr: ">=",
	AndExpr: "AND", OrExpr: "OR",
}

// MarshalJSONTo writes e as a JSON string of T-SQL.
func (e *Expr) MarshalJSONTo(enc *jsontext.Encoder) error {
	return enc.WriteToken(jsontext.String(e.String()))
}

// String writes e as T-SQL, with the conversions that binding has put in.
func (e *Expr) String() string { return string(e.append(nil, false)) }

// append appends e; inner asks for parentheses around what has operators.
func (e *Expr) append(dst []byte, inner bool) []byte {
	switch e.Op {
	case ColumnExpr:
		return append(dst, tsql.FormatName(e.Column)...)
	case ValueExpr:
		return append(dst, formatValue(e.Type, e.Value)...)
	case ConvertExpr:
		dst = e.Args[0].append(append(dst, "CAST("...), false)
		return append(append(append(dst, " AS "...), e.Type.String()...), ')')
	case CountExpr:
		return append(dst, "COUNT(*)"...)
	case TrueExpr:
		return append(dst, "1 = 1"...)
	case FalseExpr:
		return append(dst, "1 = 0"...)
	}
	if inner {
		return append(e.append(append(dst, '('), false), ')')
	}
	switch e.Op {
	case NegExpr:
		return e.Args[0].append(append(dst, '-'), true)
	case IsNullExpr:
		dst = append(e.Args[0].append(dst, true), " IS "...)
		return append(e.appendNot(dst), "NULL"...)
	case InExpr:
		dst = append(e.appendNot(append(e.Args[0].append(dst, true), ' ')), "IN ("...)
		for i, v := range e.Args[1:] {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = v.append(dst, true)
		}
		return append(dst, ')')
	case LikeExpr:
		dst = append(e.appendNot(append(e.Args[0].append(dst, true), ' ')), "LIKE "...)
		dst = e.Args[1].append(dst, true)
		if len(e.Args) > 2 {
			dst = e.Args[2].append(append(dst, " ESCAPE "...), true)
		}
		return dst
	}
	logic := e.Op == AndExpr || e.Op == OrExpr
	for i, a := range e.Args {
		if i > 0 {
			dst = append(append(append(dst, ' '), opText[e.Op]...), ' ')
		}
		// Within AND and OR only the other of the two needs parentheses.
		dst = a.append(dst, !logic || a.Op == AndExpr || a.Op == OrExpr)
	}
	return dst
}

func (e *Expr) appendNot(dst []byte) []byte {
	if e.Negated {
		dst = append(dst, "NOT "...)
	}
	return dst
}

// formatValue writes a constant as a T-SQL literal.
func formatValue(t sqltypes.Type, v sqltypes.Value) string {
	switch v.Form {
	case sqltypes.FormInt:
		return strconv.FormatInt(v.Int, 10)
	case sqltypes.FormFloat:
		bits := 64
		if t.Kind == sqltypes.Real {
			bits = 32
		}
		return strconv.FormatFloat(v.Float, 'e', -1, bits)
	case sqltypes.FormBytes:
		wire := sqltypes.AppendJSON(nil, t, v)
		return strings.Trim(string(wire), `"`)
	case sqltypes.FormText:
		if t.Kind == sqltypes.Decimal {
			return v.Str
		}
		return tsql.FormatString(v.Str, t.Kind == sqltypes.NVarChar || t.Kind == sqltypes.NChar)
	}
	return "NULL"
}
