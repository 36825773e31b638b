package planner

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// SlotColumn is the hidden column that holds each row's slot.
const SlotColumn = api.ReservedPrefix + "slot"

// Op is what a plan does.
type Op string

// The operations.
const (
	OpCreateTable Op = "create_table"
	OpDropTable   Op = "drop_table"
	OpInsert      Op = "insert"
	OpSelect      Op = "select"
	OpUpdate      Op = "update"
	OpDelete      Op = "delete"
	OpCount       Op = "count"
)

// IsRead says whether the plan is run by the workers' query endpoint rather than by exec.
func (op Op) IsRead() bool { return op == OpSelect || op == OpCount }

// Plan is what to do for one request. Exactly one of Definition, Query and Write
// is set, or none with drop_table.
type Plan struct {
	Op    Op     `json:"op"`
	DB    string `json:"db_name"`
	Table string `json:"table"`
	// SchemaVersion is the version of the definition the plan was made for; with
	// create_table, of the one to be created.
	SchemaVersion string    `json:"schema_version"`
	Route         api.Route `json:"route"`

	Definition *api.TableDef `json:"definition,omitempty"` // create_table
	Query      *Query        `json:"query,omitempty"`      // select, count
	Write      *Write        `json:"write,omitempty"`      // insert, update, delete

	// Fragments has one element for each shard of Route.Shards, in that order.
	Fragments []Fragment `json:"fragments"`

	// Columns are the columns of the answer. A worker's row has these and then
	// Hidden more, which are only there to merge by.
	Columns []api.Column `json:"columns,omitempty"`
	Hidden  int          `json:"hidden,omitzero"`
	// Merge is the order that each worker's rows come in and that the answer must
	// have. Empty: rows may come in any order, or from one shard that has ordered them.
	Merge []MergeKey `json:"merge,omitempty"`
	// Limit and Offset are what is left to do after the merge: nil and 0 when the
	// one shard does it all.
	Limit  *int64 `json:"limit,omitempty"`
	Offset int64  `json:"offset,omitzero"`
}

// Fragment is one shard's part of a plan.
type Fragment struct {
	Shard int `json:"shard"`
	// Rows are the shard's rows of an insert: JSON arrays with the values of
	// Write.Columns in wire form and then the slot.
	Rows []jsontext.Value `json:"rows,omitempty"`
	// RowIndex is, for each of Rows, its index in the request: a worker that
	// refuses its row i refuses the request's row RowIndex[i].
	RowIndex []int `json:"row_index,omitempty"`
}

// Query is the SELECT that each shard runs.
type Query struct {
	// Output is what is selected: the columns of the answer, then the hidden ones.
	Output  []Output  `json:"output"`
	Where   *Expr     `json:"where,omitempty"` // nil: all rows
	GroupBy []*Expr   `json:"group_by,omitempty"`
	OrderBy []SortKey `json:"order_by,omitempty"`
	Limit   *int64    `json:"limit,omitempty"`
	Offset  int64     `json:"offset,omitzero"`
}

// Output is one selected expression.
type Output struct {
	Name string `json:"name"`
	Expr *Expr  `json:"expr"`
}

// SortKey is one item of an ORDER BY.
type SortKey struct {
	Expr *Expr `json:"expr"`
	Desc bool  `json:"desc,omitzero"`
}

// Write is what each shard does to its rows.
type Write struct {
	// Columns are the columns that an insert gives values for (all of the
	// table's), or that an update sets; the slot column is not among them.
	Columns []api.Column `json:"columns,omitempty"`
	// Values are an update's new values, one for each of Columns.
	Values []*Expr `json:"values,omitempty"`
	// Where chooses the rows of an update or delete; nil: all rows.
	Where *Expr `json:"where,omitempty"`
}

// MergeKey is one item of the order in which rows are merged.
type MergeKey struct {
	Column int           // index into the worker's row, hidden columns included
	Type   sqltypes.Type // compare with sqltypes.Compare
	Desc   bool
	// Binary says that strings compare by sqltypes.CompareBinary (the collation of
	// shard keys) rather than by sqltypes.CompareText.
	Binary bool
}

// MarshalJSONTo writes the type as T-SQL spells it.
func (k MergeKey) MarshalJSONTo(enc *jsontext.Encoder) error {
	return json.MarshalEncode(enc, struct {
		Column int    `json:"column"`
		Type   string `json:"type"`
		Desc   bool   `json:"desc,omitzero"`
		Binary bool   `json:"binary,omitzero"`
	}{k.Column, k.Type.String(), k.Desc, k.Binary})
}
