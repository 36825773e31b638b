package dialect

import (
	"strconv"

	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

// maxRowParams is the maximum number of values of literal rows that are separate parameters.
// More are passed as one parameter, a JSON array of rows.
const maxRowParams = 256

// asParams reports whether literal rows are passed as separate parameters. Binary values always
// are: no engine reads them from JSON.
func asParams(r *plan.Rows) bool {
	if len(r.Values)*len(r.Types) <= maxRowParams {
		return true
	}
	for _, t := range r.Types {
		if t.Kind.IsBinary() {
			return true
		}
	}
	return false
}

// jsonRows returns rows as a JSON array of arrays, with values like those of jsonList.
func jsonRows(r *plan.Rows) sqltypes.Value {
	b := append(make([]byte, 0, 16*len(r.Values)*len(r.Types)), '[')
	for i, row := range r.Values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for k, v := range row {
			if k > 0 {
				b = append(b, ',')
			}
			b = appendListed(b, r.Types[k], v)
		}
		b = append(b, ']')
	}
	return sqltypes.Text(string(append(b, ']')))
}

// rows implements syntax.
func (w *sqliteWriter) rows(r *plan.Rows, number int) {
	w.text("(SELECT ")
	params := asParams(r) && len(r.Values) > 0
	for i, t := range r.Types {
		w.comma(i)
		switch {
		case params:
			w.text("column" + strconv.Itoa(i+1))
		case t.Kind.IsFloat():
			w.text("sd_convert(json_extract(value, '$[" + strconv.Itoa(i) + "]'), 'FLOAT', 'VARCHAR(MAX)')")
		default:
			w.text("json_extract(value, '$[" + strconv.Itoa(i) + "]')")
		}
		w.text(" AS ")
		w.name(plan.DerivedName(i))
	}
	w.text(" FROM ")
	if params {
		w.text("(")
		w.values(r, func(t sqltypes.Type, v sqltypes.Value) {
			if v.IsNull() {
				w.text("NULL")
				return
			}
			w.param(t, v)
		})
		w.text(")")
	} else {
		w.text("json_each(")
		w.param(sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}, jsonRows(r))
		w.text(")")
	}
	w.text(") AS ")
	w.alias(number)
}

// values writes VALUES; value writes each of them.
func (w *writer) values(r *plan.Rows, value func(sqltypes.Type, sqltypes.Value)) {
	for i, row := range r.Values {
		w.item(i, "VALUES ")
		for k, v := range row {
			w.item(k, "(")
			value(r.Types[k], v)
		}
		w.text(")")
	}
}

// rows implements syntax. The types of the columns are the plan's, not those that the server would
// infer, which are wider for parameters.
func (w *sqlServerWriter) rows(r *plan.Rows, number int) {
	if asParams(r) && len(r.Values) > 0 {
		w.text("(SELECT ")
		for i, t := range r.Types {
			w.comma(i)
			w.text("CAST(v.[" + plan.DerivedName(i) + "] AS " + t.String() + ") AS ")
			w.name(plan.DerivedName(i))
		}
		w.text(" FROM (")
		w.values(r, func(t sqltypes.Type, v sqltypes.Value) {
			w.constant(&plan.Expr{Op: plan.ValueExpr, Type: t, Value: v})
		})
		w.text(") AS v(")
		for i := range r.Types {
			w.comma(i)
			w.name(plan.DerivedName(i))
		}
		w.text(")) AS ")
		w.alias(number)
		return
	}
	w.text("OPENJSON(")
	text := jsonRows(r)
	w.param(declared(unboundedText, text), text)
	w.text(")")
	for i, t := range r.Types {
		w.item(i, " WITH (")
		w.name(plan.DerivedName(i))
		w.text(" " + t.String() + " '$[" + strconv.Itoa(i) + "]'")
	}
	w.text(") AS ")
	w.alias(number)
}
