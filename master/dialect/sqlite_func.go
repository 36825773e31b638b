package dialect

import (
	"strings"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// function writes a call of a native: first the date part if it has one, then the
// arguments, then the type argument if it has one.
func (w *sqliteWriter) function(e *plan.Expr) {
	w.text(e.Func.NativeName(e.Binary) + "(")
	if e.Part != 0 {
		w.text("'" + e.Part.String() + "', ")
	}
	for i, a := range e.Args {
		w.comma(i)
		w.expr(a)
	}
	switch e.Func.TypeArg {
	case sqlfunc.ResultType:
		w.typeArg(e.Type)
	case sqlfunc.ArgumentType, sqlfunc.StringsType:
		types := make([]sqltypes.Type, len(e.Args))
		for i, a := range e.Args {
			types[i] = a.Type
		}
		w.typeArg(e.Func.CallOf(e.Type, e.Part, e.Binary, types).Argument)
	}
	w.text(")")
}

// typeArg writes a type as an argument of a native.
func (w *sqliteWriter) typeArg(t sqltypes.Type) { w.text(", '" + t.String() + "'") }

// native writes a call of a native with two operands and the type of the result.
func (w *sqliteWriter) native(name string, l, r *plan.Expr, t sqltypes.Type) {
	operands(w, name+"(", l, ", ", r, "")
	w.typeArg(t)
	w.text(")")
}

func (w *sqliteWriter) coalesce(e *plan.Expr) {
	if len(e.Args) == 1 {
		w.expr(e.Args[0]) // coalesce requires at least two arguments
		return
	}
	w.text("coalesce(")
	for i, a := range e.Args {
		w.comma(i)
		w.expr(a)
	}
	w.text(")")
}

func (w *sqliteWriter) caseOf(e *plan.Expr) {
	w.text("(CASE")
	last := len(e.Args) - 1
	for i := 0; i < last; i += 2 {
		operands(w, " WHEN ", e.Args[i], " THEN ", e.Args[i+1], "")
	}
	w.text(" ELSE ")
	w.expr(e.Args[last])
	w.text(" END)")
}

// aggregate writes an aggregate. SQLite's min and max use the collation of the argument.
// Sums use functions of the embedded engine, which are exact.
func (w *sqliteWriter) aggregate(e *plan.Expr) {
	x := e.Args[0]
	switch {
	case e.Agg == sqlfunc.Count:
		w.text("count(")
		if e.Distinct {
			w.text("DISTINCT ")
			w.inOwnCollation(x)
		} else {
			w.expr(x)
		}
		w.text(")")
	case e.Agg == sqlfunc.Min || e.Agg == sqlfunc.Max:
		name := "min("
		if e.Agg == sqlfunc.Max {
			name = "max("
		}
		w.text(name)
		w.inOwnCollation(x)
		w.text(")")
	case e.Agg == sqlfunc.Moments:
		w.text("sd_moments(")
		w.expr(x)
		w.text(")")
	case e.Agg == sqlfunc.Strings:
		w.text("sd_strings(")
		w.expr(x)
		for _, key := range e.Args[1:] {
			w.text(", ")
			w.expr(key)
			w.typeArg(key.Type)
		}
		w.text(")")
	case e.Agg == sqlfunc.StringAgg:
		w.stringAgg(e)
	case e.Agg == sqlfunc.Stdev || e.Agg == sqlfunc.StdevP || e.Agg == sqlfunc.Var || e.Agg == sqlfunc.VarP:
		w.text("sd_" + strings.ToLower(e.Agg.String()) + "(")
		w.expr(x)
		w.text(")")
	default: // for sums of floats see exactSums
		name := "sd_sum("
		if w.nested {
			name = "sd_total("
		}
		w.text(name)
		w.expr(x)
		w.typeArg(e.Type)
		w.text(")")
	}
}

// stringAgg writes STRING_AGG itself, for a group that is on one shard.
func (w *sqliteWriter) stringAgg(e *plan.Expr) {
	w.text("sd_string_agg(")
	w.expr(e.Args[0])
	w.typeArg(e.Type)
	w.text(", ")
	w.expr(e.Args[1])
	for i, key := range e.Args[2:] {
		w.text(", ")
		w.expr(key)
		w.typeArg(key.Type)
		order := "ASC"
		if e.Desc[i] {
			order = "DESC"
		}
		if key.Binary {
			order += " BINARY"
		}
		w.text(", '" + order + "'")
	}
	w.text(")")
}

// exactSums sets the result type of the engine's exact, unrounded sums of floats. The
// plan says FLOAT, for engines that round their sums; the master can distinguish the two
// and adds either exactly.
func exactSums(p *plan.Plan, req *api.QueryRequest) {
	if p.Final == nil {
		return
	}
	for i, o := range p.Query.Output {
		if x := o.Expr; x.Op == plan.AggExpr && x.Agg == sqlfunc.Sum && x.Type.Kind.IsFloat() {
			req.ResultTypes[i] = sqltypes.FloatPartial.String()
		}
	}
}

// concat writes the concatenation of two strings. SQLite's own operator does as long as the
// result cannot exceed the length of T-SQL's type; that of a MAX type is bounded by the
// native.
func (w *sqliteWriter) concat(e *plan.Expr) {
	l, r := e.Args[0], e.Args[1]
	if t := e.Type; t.Length == sqltypes.Max || l.Type.Length+r.Type.Length > t.Length {
		w.native("sd_concat", l, r, t)
		return
	}
	operands(w, "(", l, " || ", r, ")")
}

// window writes a window function. SQLite names them as T-SQL does.
func (w *sqliteWriter) window(e *plan.Expr) {
	name := strings.ToLower(e.Func.Name)
	if e.Func.Agg == sqlfunc.Count {
		name = "count"
	}
	w.text(name + "(")
	if len(e.Args) == 0 && e.Func.Star {
		w.text("*")
	}
	for i, a := range e.Args {
		w.comma(i)
		if e.Func.Class == sqlfunc.Aggregate {
			w.inOwnCollation(a)
		} else {
			w.expr(a)
		}
	}
	w.text(")")
	over(w, e, w.inOwnCollation)
}
