package enginetest

import (
	"fmt"
	"slices"
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// Dialect is the part of the suite's SQL that differs between databases. All other text is
// standard SQL with names in double quotes and parameters @p1, @p2, ..., as master/dialect writes
// it.
type Dialect struct {
	// CreateTable is the text that creates a table with the hidden column _slot, a NOT NULL INT.
	CreateTable func(def *api.TableDef) string
	// AddColumn is the text that adds a column to a table.
	AddColumn func(def *api.TableDef, c api.ColumnDef) string
	// DropIndex is the text that drops an index of a table.
	DropIndex func(name, table string) string
	// Output is the text that selects a column for output.
	Output func(c api.ColumnDef) string
	// Divide is the T-SQL quotient of two integer expressions.
	Divide func(a, b string) string
	// Numbers is a SELECT of the integers 1 to n, in order, as one column: the database must be
	// able to return the first without having produced the last.
	Numbers func(n int64) string
}

// SQLite is the dialect of engine/sqlite: SQLite's SQL with the engine's collations and
// functions.
func SQLite() Dialect {
	return Dialect{
		CreateTable: sqliteTable,
		AddColumn: func(def *api.TableDef, c api.ColumnDef) string {
			return "ALTER TABLE " + quote(def.Name) + " ADD " + sqliteColumn(def, c)
		},
		DropIndex: func(name, _ string) string { return "DROP INDEX " + quote(name) },
		Output:    func(c api.ColumnDef) string { return quote(c.Name) },
		Divide:    func(a, b string) string { return "sd_div(" + a + ", " + b + ", 'INT')" },
		Numbers: func(n int64) string {
			return fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n", n)
		},
	}
}

func sqliteTable(def *api.TableDef) string {
	var parts []string
	for _, c := range def.Columns {
		parts = append(parts, sqliteColumn(def, c))
	}
	parts = append(parts, `"_slot" INTEGER NOT NULL`)
	if len(def.PrimaryKey) > 0 {
		parts = append(parts, "PRIMARY KEY ("+quoteAll(def.PrimaryKey)+")")
	}
	for _, u := range def.Unique {
		parts = append(parts, "UNIQUE ("+quoteAll(u)+")")
	}
	return "CREATE TABLE " + quote(def.Name) + " (" + strings.Join(parts, ", ") + ") STRICT"
}

func sqliteColumn(def *api.TableDef, c api.ColumnDef) string {
	t := mustParse(c.Type)
	name := quote(c.Name)
	text := name + " " + sqliteStorage(t, api.SameName(def.ShardKey, c.Name))
	if !c.Nullable {
		text += " NOT NULL"
	}
	if c.Default != "" {
		text += " DEFAULT " + strings.TrimPrefix(c.Default, "N")
	}
	if check := sqliteRange(t.Kind); check != "" {
		text += fmt.Sprintf(` CONSTRAINT "ck_%d_%s" CHECK (%s BETWEEN %s)`, mssqlerr.Overflow, c.Name, name, check)
	}
	return text
}

func sqliteStorage(t sqltypes.Type, key bool) string {
	switch {
	case t.Kind.IsInteger():
		return "INTEGER"
	case t.Class() == sqltypes.Decimals:
		return "TEXT COLLATE SHARDECK_DECIMAL"
	case t.Kind.IsNumeric():
		return "REAL"
	case t.Kind.IsBinary():
		return "BLOB"
	case t.Kind == sqltypes.UniqueIdentifier:
		return "TEXT COLLATE SHARDECK_GUID"
	case t.Kind.IsString() && key:
		return "TEXT COLLATE RTRIM"
	case t.Kind.IsString():
		return "TEXT COLLATE SHARDECK_TEXT"
	}
	return "TEXT"
}

func sqliteRange(k sqltypes.Kind) string {
	switch k {
	case sqltypes.Bit:
		return "0 AND 1"
	case sqltypes.TinyInt:
		return "0 AND 255"
	case sqltypes.SmallInt:
		return "-32768 AND 32767"
	case sqltypes.Int:
		return "-2147483648 AND 2147483647"
	}
	return ""
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func quoteAll(names []string) string {
	quoted := slices.Clone(names)
	for i := range quoted {
		quoted[i] = quote(quoted[i])
	}
	return strings.Join(quoted, ", ")
}
