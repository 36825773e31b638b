package dialect

import (
	"fmt"
	"strconv"
	"strings"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// sqliteCreateTable renders a STRICT table, whose columns accept only values of their
// storage class. The worker converts values beforehand; the CHECKs are a second line of
// defence, each named after SQL Server's error number.
func sqliteCreateTable(p *plan.Plan) ([]api.Statement, error) {
	def := p.Definition
	w := newSQLiteWriter()
	w.text("CREATE TABLE ")
	w.name(def.Name)
	w.text(" (\n")
	for i := range def.Columns {
		t, err := sqltypes.Parse(def.Columns[i].Type)
		if err != nil {
			return nil, err
		}
		w.text("  ")
		w.columnDef(def, &def.Columns[i], t)
		w.text(",\n")
	}
	w.text("  ")
	w.name(plan.SlotColumn)
	w.text(" INTEGER NOT NULL")
	if len(def.PrimaryKey) > 0 && !isRowID(def) {
		w.keyDef("PRIMARY KEY", def.PrimaryKey)
	}
	for _, u := range def.Unique {
		w.keyDef("UNIQUE", u)
	}
	w.text("\n) STRICT")
	statements := []api.Statement{{SQL: string(w.sql), Table: def.Name, Effect: api.EffectCreateTable, Definition: def}}
	if needsKeyIndex(def) {
		// No name chosen by a client can contain a colon.
		name := strings.Join([]string{"ix", def.Name, def.ShardKey}, ":")
		statements = append(statements, keyIndex(newSQLiteWriter(), name, p))
	}
	return statements, nil
}

func (w *sqliteWriter) columnDef(def *api.TableDef, c *api.ColumnDef, t sqltypes.Type) {
	w.name(c.Name)
	w.text(" " + sqliteStorage(t.Kind))
	if !c.Nullable {
		w.text(" NOT NULL")
	}
	if isRowID(def) && c.Name == def.PrimaryKey[0] {
		w.text(" PRIMARY KEY")
	}
	if coll := collationOf(t, api.SameName(c.Name, def.ShardKey)); coll != "" {
		w.text(" COLLATE " + coll)
	}
	if number, check := sqliteCheck(t, `"`+c.Name+`"`); check != "" {
		w.text(` CONSTRAINT "ck_` + strconv.Itoa(number) + "_" + c.Name + `" CHECK (` + check + ")")
	}
}

func (w *sqliteWriter) keyDef(kind string, columns []string) {
	w.text(",\n  " + kind)
	w.names(columns)
}

// sqliteStorage is the storage class of a type.
func sqliteStorage(k sqltypes.Kind) string {
	switch {
	case k.IsInteger():
		return "INTEGER"
	case k == sqltypes.Real || k == sqltypes.Float:
		return "REAL"
	case k.IsBinary():
		return "BLOB"
	}
	return "TEXT"
}

// sqliteCheck returns a cheap CHECK for values of type t in the column name, or "", and
// the error number for a violation. NULL passes.
func sqliteCheck(t sqltypes.Type, name string) (number int, check string) {
	switch t.Kind {
	case sqltypes.Bit:
		return mssqlerr.Overflow, name + " IN (0, 1)"
	case sqltypes.TinyInt:
		return mssqlerr.Overflow, name + " BETWEEN 0 AND 255"
	case sqltypes.SmallInt:
		return mssqlerr.Overflow, name + " BETWEEN -32768 AND 32767"
	case sqltypes.Int:
		return mssqlerr.Overflow, name + " BETWEEN -2147483648 AND 2147483647"
	case sqltypes.Decimal:
		// A sign, a zero before the decimal point and the point itself add to the digits.
		return mssqlerr.Overflow, fmt.Sprintf("length(%s) <= %d", name, t.Precision+3)
	case sqltypes.Money, sqltypes.SmallMoney:
		return mssqlerr.Overflow, fmt.Sprintf("length(%s) <= %d", name, t.Precision+2)
	case sqltypes.Date:
		return mssqlerr.DateConversion, "length(" + name + ") = 10"
	case sqltypes.Time:
		return mssqlerr.DateConversion, "length(" + name + ") BETWEEN 8 AND 16"
	case sqltypes.DateTime:
		return mssqlerr.DateConversion, "length(" + name + ") BETWEEN 19 AND 23"
	case sqltypes.SmallDateTime:
		return mssqlerr.DateConversion, "length(" + name + ") = 19"
	case sqltypes.DateTime2:
		return mssqlerr.DateConversion, "length(" + name + ") BETWEEN 19 AND 27"
	case sqltypes.UniqueIdentifier:
		return mssqlerr.GUIDConversion, "length(" + name + ") = 36"
	case sqltypes.BigInt, sqltypes.Real, sqltypes.Float:
		return 0, ""
	}
	if t.Length == sqltypes.Max {
		return 0, ""
	}
	if t.Kind.IsUnicode() {
		// SQLite counts characters; there are at least as many UTF-16 units.
		return mssqlerr.Truncation, fmt.Sprintf("length(%s) <= %d", name, t.Length)
	}
	// Bytes; octet_length requires SQLite 3.43.
	return mssqlerr.Truncation, fmt.Sprintf("length(CAST(%s AS BLOB)) <= %d", name, t.Length)
}

// isRowID reports whether the primary key is a single integer, which SQLite then uses as
// the rowid: there is no second B-tree, and lookup is fastest.
func isRowID(def *api.TableDef) bool {
	if len(def.PrimaryKey) != 1 {
		return false
	}
	c, _ := def.Column(def.PrimaryKey[0])
	switch c.Type {
	case "TINYINT", "SMALLINT", "INT", "BIGINT":
		return true
	}
	return false
}
