package dialect

import (
	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

// moments writes the moments of x in the form that the server can compute: the number of values,
// their average and their variance, with all digits (style 3), as bytes.
func (w *sqlServerWriter) moments(x *plan.Expr) {
	w.text("CAST(CONCAT(COUNT_BIG(")
	w.expr(x)
	for _, f := range []string{"AVG", "VARP"} {
		w.text("), ' ' + CONVERT(VARCHAR(40), " + f + "(")
		w.expr(x)
		w.text("), 3")
	}
	w.text(")) AS " + sqltypes.MomentsPartial.String() + ")")
}

// strings writes the strings of a group with their keys as a JSON array of arrays of strings. A
// string that is NULL makes its array NULL, so that STRING_AGG leaves it out.
func (w *sqlServerWriter) strings(e *plan.Expr) {
	w.text("N'[' + STRING_AGG(CAST(N'[\"' + STRING_ESCAPE(")
	w.cast(e.Args[0], unboundedText)
	w.text(", 'json')")
	for _, key := range e.Args[1:] {
		w.text(" + N'\",' + COALESCE(N'\"' + STRING_ESCAPE(")
		w.listKey(key)
		w.text(", 'json') + N'\"', N'null')")
	}
	w.text(" + N']' AS NVARCHAR(MAX)), N',') + N']'")
}

// listKey writes a key as text that converts back to it without loss.
func (w *sqlServerWriter) listKey(key *plan.Expr) {
	style := ""
	switch key.Type.Class() {
	case sqltypes.Floats:
		style = ", 3"
	case sqltypes.Temporals:
		style = ", 126"
	case sqltypes.Binaries:
		style = ", 1"
	}
	w.text("CONVERT(NVARCHAR(MAX), ")
	w.expr(key)
	w.text(style + ")")
}

// stringAgg writes STRING_AGG itself, for a group that is on one shard.
func (w *sqlServerWriter) stringAgg(e *plan.Expr) {
	w.text("STRING_AGG(")
	w.expr(e.Args[0])
	w.text(", ")
	w.expr(e.Args[1])
	for i, key := range e.Args[2:] {
		w.item(i, ") WITHIN GROUP (ORDER BY ")
		w.ordered(key)
		if e.Desc[i] {
			w.text(" DESC")
		}
	}
	w.text(")")
}
