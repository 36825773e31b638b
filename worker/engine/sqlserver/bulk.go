package sqlserver

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/contract"
)

// bulkRows is the number of rows of an INSERT from which on they are sent by bulk
// copy: fewer need less than the round trips that it takes to set one up.
const bulkRows = 96

// bulkColumn is a column of a bulk copy and the parameter that its values come from.
type bulkColumn struct {
	name  string
	param int
}

// bulkColumns returns the columns of an INSERT that can be sent by bulk copy, and
// nil for any other statement. It can be when it is of the dialect's form, with
// each value a parameter, and the values are ones that both ways convert alike.
func (w *write) bulkColumns(st *contract.Statement) []bulkColumn {
	if w.byRows || st.Effect != api.EffectInsert || st.Executions < bulkRows {
		return nil
	}
	cols := insertedColumns(st.SQL, len(st.Params))
	if cols == nil {
		return nil
	}
	for _, c := range cols {
		t := st.Params[c.param]
		if t.Kind != sqltypes.VarChar && t.Kind != sqltypes.Char {
			continue
		}
		// A VARCHAR is sent as the bytes of its column's code page, which is not UTF-8
		// in every database; a parameter is converted by the server.
		for j := range st.Executions {
			if !isASCII(st.Row(j)[c.param].Str) {
				return nil
			}
		}
	}
	return cols
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// insertedColumns reads an INSERT of the dialect's form, INSERT INTO [t] ([a], [b])
// VALUES (@p1, @p2), that uses each parameter once; nil of any other text.
func insertedColumns(sql string, params int) []bulkColumn {
	want := []string{"INSERT", "INTO", "", "("}
	for _, w := range want {
		token, rest, ok := nextToken(sql)
		if !ok || token == "" || w != "" && !strings.EqualFold(token, w) {
			return nil
		}
		sql = rest
	}
	names, sql := listed(sql)
	if token, rest, ok := nextToken(sql); ok && strings.EqualFold(token, "VALUES") {
		sql = rest
	}
	token, rest, ok := nextToken(sql)
	if !ok || token != "(" {
		return nil
	}
	values, rest := listed(rest)
	if len(names) == 0 || len(names) != len(values) || len(values) != params {
		return nil
	}
	if token, _, ok := nextToken(rest); !ok || token != "" {
		return nil
	}
	cols := make([]bulkColumn, len(names))
	for i, v := range values {
		digits, _ := strings.CutPrefix(v, "@p")
		p, err := strconv.Atoi(digits)
		if err != nil || p < 1 || p > params || slices.ContainsFunc(cols[:i], func(c bulkColumn) bool { return c.param == p-1 }) {
			return nil
		}
		cols[i] = bulkColumn{strings.Trim(names[i], `"[]`), p - 1}
	}
	return cols
}

// listed reads single tokens with commas between them, up to a closing parenthesis.
func listed(sql string) (items []string, rest string) {
	for {
		item, rest, ok := nextToken(sql)
		if !ok || item == "" {
			return nil, ""
		}
		items = append(items, item)
		sep, rest, ok := nextToken(rest)
		switch {
		case ok && sep == ")":
			return items, rest
		case !ok || sep != ",":
			return nil, ""
		}
		sql = rest
	}
}

// bulk sends the rows of statement i by bulk copy. When they are not taken, the
// outcome asks for the write to be run again row by row: the copy does not say
// which row it was.
func (p *parts) bulk(ctx context.Context, i int, cols []bulkColumn) (*outcome, error) {
	st := &p.w.x.Decoded[i]
	out, err := p.table(ctx, i)
	if err != nil || out.kind != kindDone {
		return out, err
	}
	var def api.TableDef
	if err := json.Unmarshal([]byte(out.affected), &def); err != nil || !fits(&def, st, cols) {
		return p.inRows(ctx, i)
	}
	n, err := p.copy(ctx, st, cols)
	switch {
	case err == nil:
		p.affected[i] += n
		return &outcome{kind: kindDone}, nil
	case ctx.Err() != nil || broken(err):
		return nil, err
	}
	p.cut = !intact(err)
	p.w.byRows = true
	return &outcome{kind: kindAgain, statement: i}, nil
}

// table checks the table of statement i and returns its definition in the outcome's affected.
func (p *parts) table(ctx context.Context, i int) (*outcome, error) {
	st := &p.w.x.Decoded[i]
	b := newBatch(beginPart)
	b.param("t0", "VARCHAR(128)", ownName(st.Table))
	b.add("SET @sd_i = ", strconv.Itoa(i), ";\n")
	b.checkTable("0", st)
	b.add("SELECT @sd_a = definition FROM dbo._sd_tables WHERE name = @t0;\n")
	b.end(endPart)
	return p.c.run(ctx, b)
}

// fits says whether the parameters have the very types of their columns. The
// driver converts a value to its column's type without looking whether it fits.
func fits(def *api.TableDef, st *contract.Statement, cols []bulkColumn) bool {
	for _, c := range cols {
		typ, nullable := "INT", false // of the hidden column
		if !strings.EqualFold(c.name, slotColumn) {
			col, _ := def.Column(c.name)
			if col == nil || col.Name != c.name {
				return false
			}
			typ, nullable = col.Type, col.Nullable
		}
		if t, err := sqltypes.Parse(typ); err != nil || t != st.Params[c.param] {
			return false
		}
		// A column without NULLs may have no form for one: the driver would send nothing
		// in its place, and what comes after it would be read as the value.
		for j := 0; j < st.Executions && !nullable; j++ {
			if st.Row(j)[c.param].IsNull() {
				return false
			}
		}
	}
	return true
}

// slotColumn is the column that every table has for the row's slot.
const slotColumn = "_slot"

func (p *parts) copy(ctx context.Context, st *contract.Statement, cols []bulkColumn) (int64, error) {
	names := make([]string, len(cols))
	for k, c := range cols {
		names[k] = c.name
	}
	bulk := p.c.CreateBulkContext(ctx, "dbo."+quoteName(st.Table), names)
	bulk.Options = mssql.BulkOptions{CheckConstraints: true, KeepNulls: true}
	row := make([]any, len(cols))
	for j := range st.Executions {
		values := st.Row(j)
		for k, c := range cols {
			var err error
			if row[k], err = bulkValue(st.Params[c.param], values[c.param]); err != nil {
				return 0, err
			}
		}
		if err := bulk.AddRow(row); err != nil {
			return 0, err
		}
	}
	return bulk.Done()
}

// bulkValue returns v as the driver sends it into a column of type t.
func bulkValue(t sqltypes.Type, v sqltypes.Value) (any, error) {
	switch v.Form {
	case sqltypes.FormNull:
		return nil, nil
	case sqltypes.FormInt:
		if t.Kind == sqltypes.Bit {
			return v.Int != 0, nil
		}
		return v.Int, nil
	case sqltypes.FormFloat:
		return v.Float, nil
	case sqltypes.FormBytes:
		return []byte(v.Str), nil
	}
	switch t.Kind {
	case sqltypes.Date:
		return time.Parse(time.DateOnly, v.Str)
	case sqltypes.Time:
		return time.Parse("15:04:05.9999999", v.Str)
	case sqltypes.DateTime2:
		return time.Parse("2006-01-02T15:04:05.9999999", v.Str)
	case sqltypes.UniqueIdentifier:
		return guidBytes(v.Str)
	}
	return v.Str, nil
}

// guidBytes returns a GUID's bytes in the order that the server has them in.
func guidBytes(text string) ([]byte, error) {
	plain, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(plain) != len(guidOrder) {
		return nil, fmt.Errorf("%q is no GUID", text)
	}
	b := make([]byte, len(plain))
	for i, at := range guidOrder {
		b[at] = plain[i]
	}
	return b, nil
}
