package sqlserver

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlserver/batch"
)

// bulkRows is the minimum number of rows of an INSERT for bulk copy; with fewer, its setup round
// trips cost more than they save.
const bulkRows = 96

// usesBulk reports whether an INSERT is sent by bulk copy: it has enough rows, and both ways
// convert their values alike.
func (w *write) usesBulk(st *contract.Statement) bool {
	if w.byRows || st.Effect != api.EffectInsert || st.Executions < bulkRows || len(st.Columns) == 0 {
		return false
	}
	for k, t := range st.Params {
		if t.Kind != sqltypes.VarChar && t.Kind != sqltypes.Char {
			continue
		}
		// A VARCHAR is sent in the bytes of its column's code page, which is not UTF-8 in every
		// database; a parameter is converted by the server.
		for j := range st.Executions {
			if !isASCII(st.Row(j)[k].Str) {
				return false
			}
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// bulk sends the rows of statement i by bulk copy. If they are refused, the outcome requests that
// the write be retried row by row: the copy does not report which row was at fault.
func (p *parts) bulk(ctx context.Context, i int) (*batch.Outcome, error) {
	st := &p.w.x.Decoded[i]
	out, err := p.c.run(ctx, p.w.x.Table(i))
	if err != nil || out.Kind != batch.KindDone {
		return out, err
	}
	var def api.TableDef
	if err := json.Unmarshal([]byte(out.Affected), &def); err != nil || !fits(&def, st) {
		return p.inRows(ctx, i)
	}
	n, err := p.copy(ctx, st)
	switch {
	case err == nil:
		p.affected[i] += n
		return &batch.Outcome{Kind: batch.KindDone}, nil
	case ctx.Err() != nil || broken(err):
		return nil, err
	}
	p.cut = !intact(err)
	p.w.byRows = true
	return &batch.Outcome{Kind: batch.KindAgain, Statement: i}, nil
}

// fits reports whether the parameters have exactly the types of their columns. The driver
// converts a value to its column's type without checking that it fits.
func fits(def *api.TableDef, st *contract.Statement) bool {
	for k, name := range st.Columns {
		typ, nullable := "INT", false // for the hidden column
		if !strings.EqualFold(name, slotColumn) {
			col, _ := def.Column(name)
			if col == nil || col.Name != name {
				return false
			}
			typ, nullable = col.Type, col.Nullable
		}
		if t, err := sqltypes.Parse(typ); err != nil || t != st.Params[k] {
			return false
		}
		// The encoding of a NOT NULL column may not have a form for NULL: the driver would send
		// nothing in its place, and what follows would be read as the value.
		for j := 0; j < st.Executions && !nullable; j++ {
			if st.Row(j)[k].IsNull() {
				return false
			}
		}
	}
	return true
}

// slotColumn is the column of every table for the row's slot.
const slotColumn = "_slot"

func (p *parts) copy(ctx context.Context, st *contract.Statement) (int64, error) {
	bulk := p.c.CreateBulkContext(ctx, "dbo."+batch.QuoteName(st.Table), st.Columns)
	bulk.Options = mssql.BulkOptions{CheckConstraints: true, KeepNulls: true}
	row := make([]any, len(st.Columns))
	for j := range st.Executions {
		values := st.Row(j)
		for k := range row {
			var err error
			if row[k], err = bulkValue(st.Params[k], values[k]); err != nil {
				return 0, err
			}
		}
		if err := bulk.AddRow(row); err != nil {
			return 0, err
		}
	}
	return bulk.Done()
}

// bulkValue returns v in the form the driver sends to a column of type t.
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
	case sqltypes.DateTime2, sqltypes.DateTime, sqltypes.SmallDateTime:
		return time.Parse("2006-01-02T15:04:05.9999999", v.Str)
	case sqltypes.UniqueIdentifier:
		return guidBytes(v.Str)
	}
	return v.Str, nil
}

// guidBytes returns a GUID's bytes in the server's order.
func guidBytes(text string) ([]byte, error) {
	plain, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(plain) != len(guidOrder) {
		return nil, fmt.Errorf("%q is not a GUID", text)
	}
	b := make([]byte, len(plain))
	for i, at := range guidOrder {
		b[at] = plain[i]
	}
	return b, nil
}
