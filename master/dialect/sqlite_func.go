package dialect

import (
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// function writes a call of a native: the part of a date before its arguments, and the
// type that it is told behind them.
func (w *sqliteWriter) function(e *plan.Expr) {
	w.text(e.Func.SQLite + "(")
	if e.Part != 0 {
		w.text("'" + e.Part.String() + "', ")
	}
	for i, a := range e.Args {
		w.comma(i)
		w.expr(a)
	}
	switch e.Func.TypeArg {
	case sqlfunc.ResultType:
		w.told(e.Type)
	case sqlfunc.ArgumentType:
		w.told(e.Args[0].Type)
	}
	w.text(")")
}

// told writes a type that a native is told.
func (w *sqliteWriter) told(t sqltypes.Type) { w.text(", '" + t.String() + "'") }

// native writes a call of a native of two operands that is told the type of its result.
func (w *sqliteWriter) native(name string, l, r *plan.Expr, t sqltypes.Type) {
	operands(w, name+"(", l, ", ", r, "")
	w.told(t)
	w.text(")")
}

func (w *sqliteWriter) coalesce(e *plan.Expr) {
	if len(e.Args) == 1 {
		w.expr(e.Args[0]) // coalesce takes two at least
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

// aggregate writes an aggregate. SQLite's least and greatest follow the collation of
// the argument. Sums are the engine's, which are exact.
func (w *sqliteWriter) aggregate(e *plan.Expr) {
	x := e.Args[0]
	switch {
	case e.Agg == sqlfunc.Count:
		w.text("count(")
		w.expr(x)
		w.text(")")
	case e.Agg == sqlfunc.Min || e.Agg == sqlfunc.Max:
		name := "min("
		if e.Agg == sqlfunc.Max {
			name = "max("
		}
		w.text(name)
		w.inOwnCollation(x)
		w.text(")")
	default: // of floats see exactSums
		w.text("sd_sum(")
		w.expr(x)
		w.told(e.Type)
		w.text(")")
	}
}

// exactSums sets the type in which the engine's sums of floats travel. The plan says
// FLOAT, which is what an engine can send that adds them up and rounds by itself;
// the master tells the two apart and adds either exactly.
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

// concat writes two strings joined; the engine cuts what is beyond the bytes of T-SQL's type.
func (w *sqliteWriter) concat(e *plan.Expr) {
	l, r := e.Args[0], e.Args[1]
	if t := e.Type; t.Length != sqltypes.Max && l.Type.Length+r.Type.Length > t.Length {
		w.native("sd_concat", l, r, t)
		return
	}
	operands(w, "(", l, " || ", r, ")")
}
