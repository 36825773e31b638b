package enginetest

import (
	"fmt"
	"strconv"
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// The collations of a string shard key, by encoding.
const (
	sqlServerBinary     = "Latin1_General_100_BIN2"
	sqlServerBinaryUTF8 = "Latin1_General_100_BIN2_UTF8"
)

// SQLServer is the dialect of engine/sqlserver: T-SQL as master/dialect writes it, except for
// names in double quotes, which QUOTED_IDENTIFIER allows.
func SQLServer() Dialect {
	return Dialect{
		CreateTable: sqlServerTable,
		AddColumn: func(def *api.TableDef, c api.ColumnDef) string {
			return "ALTER TABLE " + quote(def.Name) + " ADD " + sqlServerColumn(def, c)
		},
		DropIndex: func(name, table string) string { return "DROP INDEX " + quote(name) + " ON " + quote(table) },
		Output:    sqlServerOutput,
		Divide:    func(a, b string) string { return "(" + a + ") / (" + b + ")" },
		Numbers:   sqlServerNumbers,
	}
}

func sqlServerTable(def *api.TableDef) string {
	var parts []string
	for _, c := range def.Columns {
		parts = append(parts, sqlServerColumn(def, c))
	}
	parts = append(parts, `"_slot" INT NOT NULL`)
	if len(def.PrimaryKey) > 0 {
		parts = append(parts, "PRIMARY KEY ("+quoteAll(def.PrimaryKey)+")")
	}
	for _, u := range def.Unique {
		parts = append(parts, "UNIQUE ("+quoteAll(u)+")")
	}
	return "CREATE TABLE " + quote(def.Name) + " (" + strings.Join(parts, ", ") + ")"
}

func sqlServerColumn(def *api.TableDef, c api.ColumnDef) string {
	t := mustParse(c.Type)
	text := quote(c.Name) + " " + t.String()
	if t.Kind.IsString() && api.SameName(def.ShardKey, c.Name) {
		text += " COLLATE " + sqlServerKeyCollation(t.Kind)
	}
	if c.Nullable {
		text += " NULL"
	} else {
		text += " NOT NULL"
	}
	if c.Default != "" {
		text += " DEFAULT " + c.Default
	}
	return text
}

func sqlServerKeyCollation(k sqltypes.Kind) string {
	if k == sqltypes.Char || k == sqltypes.VarChar {
		return sqlServerBinaryUTF8
	}
	return sqlServerBinary
}

// sqlServerOutput sends VARCHAR and CHAR as NVARCHAR, as the driver does not read UTF-8. CHAR
// does not become NCHAR, which pads by characters.
func sqlServerOutput(c api.ColumnDef) string {
	t := mustParse(c.Type)
	if t.Kind != sqltypes.Char && t.Kind != sqltypes.VarChar {
		return quote(c.Name)
	}
	length := "MAX"
	if 1 <= t.Length && t.Length <= 4000 {
		length = strconv.Itoa(t.Length)
	}
	return "CAST(" + quote(c.Name) + " AS NVARCHAR(" + length + "))"
}

// sqlServerNumbers numbers the rows of a product of constants, which is computed lazily. A
// recursive query has a depth limit, and needs WITH, which cannot begin a subquery.
func sqlServerNumbers(n int64) string {
	const factors = 15 // 16^15 rows are 2^60
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT TOP (%d) ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS i FROM ", n)
	for f := range factors {
		if f > 0 {
			b.WriteString(" CROSS JOIN ")
		}
		fmt.Fprintf(&b, "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15)) AS f%d (x)", f)
	}
	return b.String()
}

// mustParse parses a type of the suite's own tables.
func mustParse(text string) sqltypes.Type {
	t, err := sqltypes.Parse(text)
	if err != nil {
		panic("enginetest: a table of the suite has a bad type: " + err.Error())
	}
	return t
}
