package bind

import (
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// DerivedColumn is a column of a derived table.
type DerivedColumn struct {
	Name     string
	Type     sqltypes.Type
	Binary   bool
	Nullable bool
	// Key means that the value determines the shard of the row.
	Key bool
}

// NewDerived returns a derived table with these columns: a query or literal rows in place of a
// table. Replicated means that every shard computes all of its rows.
func NewDerived(db, name string, columns []DerivedColumn, replicated bool) *Table {
	t := &Table{DB: db, Name: name, Key: -1, Replicated: replicated, Columns: make([]TableColumn, len(columns))}
	for i, c := range columns {
		e := &plan.Expr{Op: plan.ColumnExpr, Type: c.Type, Column: plan.DerivedName(i), Binary: c.Binary, Derived: true}
		t.Columns[i] = TableColumn{Name: c.Name, Type: c.Type, Nullable: c.Nullable, Expr: e}
		t.Header = append(t.Header, api.Column{Name: c.Name, Type: c.Type.String()})
		if c.Key {
			t.keys = append(t.keys, i)
			t.Key = t.keys[0]
		}
	}
	return t
}
