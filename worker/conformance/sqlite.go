package conformance

import (
	"strconv"
	"strings"

	"shardeck/shared/api"
)

// SQLite is the dialect of workers over SQLite.
func SQLite() Dialect {
	return Dialect{
		CreateTable: sqliteTable,
		Output:      func(c api.ColumnDef) string { return `"` + c.Name + `"` },
		Endless:     `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT (i + 1) % 1000000 FROM n) SELECT i FROM n`,
		FailsLate: func(n int) string {
			return `SELECT sd_div(1, ` + strconv.Itoa(n) + ` - "id", 'INT') FROM "Many" ORDER BY "id"`
		},
	}
}

func sqliteTable(def *api.TableDef) string {
	var b strings.Builder
	b.WriteString(`CREATE TABLE "` + def.Name + `" (`)
	for _, c := range def.Columns {
		b.WriteString(`"` + c.Name + `" ` + sqliteStorage(c.Type))
		if !c.Nullable {
			b.WriteString(" NOT NULL")
		}
		b.WriteString(", ")
	}
	b.WriteString(`"_slot" INTEGER NOT NULL`)
	if len(def.PrimaryKey) > 0 {
		b.WriteString(`, PRIMARY KEY ("` + strings.Join(def.PrimaryKey, `", "`) + `")`)
	}
	b.WriteString(")")
	return b.String()
}

func sqliteStorage(sqlType string) string {
	name, _, _ := strings.Cut(sqlType, "(")
	switch name {
	case "BIT", "TINYINT", "SMALLINT", "INT", "BIGINT":
		return "INTEGER"
	case "REAL", "FLOAT":
		return "REAL"
	case "BINARY", "VARBINARY":
		return "BLOB"
	case "DECIMAL":
		return "TEXT COLLATE SHARDECK_DECIMAL"
	case "UNIQUEIDENTIFIER":
		return "TEXT COLLATE SHARDECK_GUID"
	case "CHAR", "VARCHAR", "NCHAR", "NVARCHAR":
		return "TEXT COLLATE SHARDECK_TEXT"
	}
	return "TEXT"
}
