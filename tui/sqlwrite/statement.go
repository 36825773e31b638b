package sqlwrite

import (
	"errors"
	"fmt"
	"strings"

	"shardeck/tui/answer"
)

// Column is the name and the type of a column.
type Column struct{ Name, Type string }

// Insert begins an INSERT of rows into a table: all up to VALUES. It refuses columns that
// have no name or the same one.
func Insert(table string, columns []Column) (string, error) {
	if table == "" {
		return "", errors.New("INSERT requires the name of a table")
	}
	names := make([]string, len(columns))
	seen := map[string]bool{}
	for i, c := range columns {
		lower := strings.ToLower(c.Name)
		switch {
		case c.Name == "":
			return "", fmt.Errorf("column %d has no name to insert into; give it one with AS", i+1)
		case seen[lower]:
			return "", fmt.Errorf("two columns are called %s; rename one with AS", c.Name)
		}
		seen[lower] = true
		names[i] = Name(c.Name)
	}
	return "INSERT INTO " + Name(table) + " (" + strings.Join(names, ", ") + ") VALUES", nil
}

// Values writes one row of an INSERT: (1, N'a', NULL).
func Values(columns []Column, row []answer.Cell) string {
	literals := make([]string, len(columns))
	for i, c := range columns {
		literals[i] = "NULL"
		if i < len(row) {
			literals[i] = Literal(c.Type, row[i])
		}
	}
	return "(" + strings.Join(literals, ", ") + ")"
}

// EditStatement returns the UPDATE that sets a column of one row, found by its whole key, to a
// new value. It refuses what could change another row (a key that is empty or partly NULL), and
// a value that the column cannot hold. It changes the row
// only while the column still has the old value, so that nobody else's change is overwritten.
func EditStatement(table string, keyColumns []Column, keyValues []answer.Cell, column Column, value, old answer.Cell) (string, error) {
	switch {
	case table == "":
		return "", errors.New("a value can be edited only if its table is known")
	case len(keyColumns) == 0:
		return "", fmt.Errorf("%s has no key, so that no single row can be changed", table)
	case len(keyColumns) != len(keyValues):
		return "", fmt.Errorf("the result has %d of the %d key columns of %s; select all of them", len(keyValues), len(keyColumns), table)
	}
	set, err := Converted(column.Type, value)
	if err != nil {
		return "", fmt.Errorf("%s cannot hold that: %w", column.Name, err)
	}
	conditions := make([]string, len(keyColumns))
	for i, k := range keyColumns {
		switch {
		case strings.EqualFold(k.Name, column.Name):
			return "", fmt.Errorf("%s is part of the key, which finds the row; insert a new row and delete this one", k.Name)
		case keyValues[i].Null:
			return "", fmt.Errorf("the key column %s is NULL in this row, so that no single row can be changed", k.Name)
		}
		v, err := Converted(k.Type, keyValues[i])
		if err != nil {
			return "", fmt.Errorf("the key column %s: %w", k.Name, err)
		}
		conditions[i] = Name(k.Name) + " = " + Literal(k.Type, v)
	}
	conditions = append(conditions, unchanged(column, old))
	return "UPDATE " + Name(table) + " SET " + Name(column.Name) + " = " + Literal(column.Type, set) +
		" WHERE " + strings.Join(conditions, " AND "), nil
}

// unchanged is the condition that a column still has a value.
func unchanged(column Column, old answer.Cell) string {
	literal := Literal(column.Type, old)
	switch {
	case old.Null:
		return Name(column.Name) + " IS NULL"
	case strings.EqualFold(column.Type, "REAL"): // as a FLOAT, the constant would be another number
		literal = "CAST(" + literal + " AS REAL)"
	}
	return Name(column.Name) + " = " + literal
}
