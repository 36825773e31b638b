package plan

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/tsql"
	"shardeck/shared/sqltypes"
)

// OpText maps binary operators to T-SQL.
var OpText = [...]string{
	AddExpr: "+", SubExpr: "-", MulExpr: "*", DivExpr: "/", ModExpr: "%", BitAndExpr: "&", BitOrExpr: "|", BitXorExpr: "^", ConcatExpr: "+",
	EqExpr: "=", NeExpr: "<>", LtExpr: "<", LeExpr: "<=", GtExpr: ">", GeExpr: ">=",
	AndExpr: "AND", OrExpr: "OR",
}

// MarshalJSONTo writes e as a JSON string of T-SQL.
func (e *Expr) MarshalJSONTo(enc *jsontext.Encoder) error {
	return enc.WriteToken(jsontext.String(e.String()))
}

// String formats e as T-SQL, including implicit conversions. A column of the second
// table of a join is t1.name; #0 is the first value of a group.
func (e *Expr) String() string { return string(e.append(nil, false)) }

// append appends e; inner adds parentheses around an expression with operators.
func (e *Expr) append(dst []byte, inner bool) []byte {
	switch e.Op {
	case ColumnExpr:
		if e.Source > 0 {
			dst = append(strconv.AppendInt(append(dst, 't'), int64(e.Source), 10), '.')
		}
		return append(dst, tsql.FormatName(e.Column)...)
	case ValueExpr:
		return append(dst, FormatValue(e.Type, e.Value)...)
	case FieldExpr:
		return strconv.AppendInt(append(dst, '#'), int64(e.Field), 10)
	case FuncExpr:
		dst = append(append(dst, e.Func.Name...), '(')
		if e.Func.NamesPart() {
			dst = append(append(dst, e.Part.String()...), ", "...)
		}
		dst = appendList(dst, e.Args)
		if e.Func.TakesPrecision() {
			dst = strconv.AppendInt(append(dst, ", "...), int64(e.Type.Scale), 10)
		}
		return append(dst, ')')
	case CoalesceExpr:
		return append(appendList(append(dst, "COALESCE("...), e.Args), ')')
	case AggExpr:
		dst = append(append(dst, e.Agg.String()...), '(')
		if e.Distinct {
			dst = append(dst, "DISTINCT "...)
		}
		return append(appendList(dst, e.Args), ')')
	case CaseExpr:
		return e.appendCase(dst)
	case ConvertExpr, AssignExpr:
		if e.Conversion != (Conversion{}) {
			return e.appendConversion(dst)
		}
		dst = e.Args[0].append(append(dst, "CAST("...), false)
		return append(append(append(dst, " AS "...), e.Type.String()...), ')')
	case CollateExpr:
		dst = append(e.Args[0].append(dst, true), " COLLATE "...)
		if e.Binary {
			return append(dst, "Latin1_General_BIN2"...)
		}
		return append(dst, "DATABASE_DEFAULT"...)
	case CountExpr:
		return append(dst, "COUNT(*)"...)
	case WindowExpr:
		return e.appendWindow(dst)
	case SubqueryExpr:
		return append(e.Query.append(append(dst, '(')), ')')
	case StepExpr:
		return strconv.AppendInt(append(dst, "step "...), int64(e.Field), 10)
	case ExistsExpr:
		dst = append(e.appendNot(dst), "EXISTS ("...)
		return append(e.Query.append(dst), ')')
	case TrueExpr:
		return append(dst, "1 = 1"...)
	case FalseExpr:
		return append(dst, "1 = 0"...)
	}
	if inner {
		return append(e.append(append(dst, '('), false), ')')
	}
	return e.appendOperation(dst)
}

// appendOperation appends an expression with operators.
func (e *Expr) appendOperation(dst []byte) []byte {
	switch e.Op {
	case NegExpr:
		return e.Args[0].append(append(dst, '-'), true)
	case IsNullExpr:
		dst = append(e.Args[0].append(dst, true), " IS "...)
		return append(e.appendNot(dst), "NULL"...)
	case InExpr:
		dst = append(e.appendNot(append(e.Args[0].append(dst, true), ' ')), "IN ("...)
		return append(appendList(dst, e.Args[1:]), ')')
	case InSetExpr:
		dst = append(e.appendNot(append(e.Args[0].append(dst, true), ' ')), "IN ("...)
		if e.Query == nil {
			return append(strconv.AppendInt(append(dst, "step "...), int64(e.Field), 10), ')')
		}
		return append(e.Query.append(dst), ')')
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
			dst = append(append(append(dst, ' '), OpText[e.Op]...), ' ')
		}
		// The terms of AND and OR need parentheses only if they are AND or OR themselves.
		dst = a.append(dst, !logic || a.Op == AndExpr || a.Op == OrExpr)
	}
	return dst
}

func (e *Expr) appendWindow(dst []byte) []byte {
	dst = append(append(dst, e.Func.Name...), '(')
	if len(e.Args) == 0 && e.Func.Star {
		dst = append(dst, '*')
	}
	dst = append(appendList(dst, e.Args), ") OVER ("...)
	if len(e.Window.PartitionBy) > 0 {
		dst = append(appendList(append(dst, "PARTITION BY "...), e.Window.PartitionBy), ' ')
	}
	for i, k := range e.Window.OrderBy {
		dst = k.Expr.append(append(dst, [...]string{"ORDER BY ", ", "}[min(i, 1)]...), false)
		if k.Desc {
			dst = append(dst, " DESC"...)
		}
	}
	return append(dst, ')')
}

// append appends a nested query in short: what it selects, from where, and its condition.
func (q *Query) append(dst []byte) []byte {
	dst = append(dst, "SELECT "...)
	for i := range q.Output {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = q.Output[i].Expr.append(dst, false)
	}
	for i := range q.From {
		src := &q.From[i]
		dst = append(dst, [...]string{" FROM ", ", "}[min(i, 1)]...)
		if src.Table != "" {
			dst = append(append(dst, tsql.FormatName(src.Table)...), ' ')
		}
		dst = strconv.AppendInt(append(dst, 't'), int64(src.Number), 10)
	}
	if q.Where != nil {
		dst = q.Where.append(append(dst, " WHERE "...), false)
	}
	return dst
}

func appendList(dst []byte, xs []*Expr) []byte {
	for i, x := range xs {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = x.append(dst, false)
	}
	return dst
}

func (e *Expr) appendCase(dst []byte) []byte {
	dst = append(dst, "CASE"...)
	last := len(e.Args) - 1
	for i := 0; i < last; i += 2 {
		dst = e.Args[i].append(append(dst, " WHEN "...), false)
		dst = e.Args[i+1].append(append(dst, " THEN "...), false)
	}
	dst = e.Args[last].append(append(dst, " ELSE "...), false)
	return append(dst, " END"...)
}

func (e *Expr) appendNot(dst []byte) []byte {
	if e.Negated {
		dst = append(dst, "NOT "...)
	}
	return dst
}

// appendConversion appends a CONVERT or TRY_CONVERT.
func (e *Expr) appendConversion(dst []byte) []byte {
	if e.Conversion.Try {
		dst = append(dst, "TRY_"...)
	}
	dst = append(append(append(dst, "CONVERT("...), e.Type.String()...), ", "...)
	dst = e.Args[0].append(dst, false)
	if e.Conversion.Styled {
		dst = strconv.AppendInt(append(dst, ", "...), int64(e.Conversion.Style), 10)
	}
	return append(dst, ')')
}

// FormatValue formats a constant as a T-SQL literal.
func FormatValue(t sqltypes.Type, v sqltypes.Value) string {
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
		switch {
		case t.Kind == sqltypes.Decimal:
			return v.Str
		case t.Kind.IsMoney():
			return "$" + v.Str
		}
		return tsql.FormatString(v.Str, t.Kind.IsUnicode())
	}
	return "NULL"
}
