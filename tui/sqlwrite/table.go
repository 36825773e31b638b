package sqlwrite

import (
	"strings"

	"shardeck/shared/api"
)

// CreateTable returns the statements that create a table as it is defined, with its indexes.
func CreateTable(def *api.TableDef) string {
	var lines []string
	for _, c := range def.Columns {
		line := Name(c.Name) + " " + c.Type
		if !c.Nullable {
			line += " NOT NULL"
		}
		if c.Default != "" {
			line += " DEFAULT " + c.Default
		}
		lines = append(lines, line)
	}
	if len(def.PrimaryKey) > 0 {
		lines = append(lines, "PRIMARY KEY "+names(def.PrimaryKey))
	}
	for _, u := range def.Unique {
		lines = append(lines, "UNIQUE "+names(u))
	}
	distribution := "ROUND_ROBIN"
	switch {
	case def.Replicated():
		distribution = "REPLICATE"
	case def.ShardKey != "":
		distribution = "HASH(" + Name(def.ShardKey) + ")"
	}
	text := "CREATE TABLE " + Name(def.Name) + " (\n    " + strings.Join(lines, ",\n    ") + "\n)\nWITH (DISTRIBUTION = " + distribution + ")"
	for i := range def.Indexes {
		text += ";\nCREATE INDEX " + Name(def.Indexes[i].Name) + " ON " + Name(def.Name) + " (" + IndexColumns(&def.Indexes[i]) + ")"
	}
	return text
}

// IndexColumns writes the columns of an index, separated by commas.
func IndexColumns(x *api.IndexDef) string {
	var written []string
	for _, c := range x.Columns {
		name := Name(c.Name)
		if c.Descending {
			name += " DESC"
		}
		written = append(written, name)
	}
	return strings.Join(written, ", ")
}

// names writes a list of names in parentheses.
func names(all []string) string {
	written := make([]string, len(all))
	for i, n := range all {
		written[i] = Name(n)
	}
	return "(" + strings.Join(written, ", ") + ")"
}
