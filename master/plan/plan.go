package plan

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

	// Field is the field of the request that the plan was made of, where that is one:
	// "sql". What a dialect refuses, it refuses there.
	Field string `json:"-"`

	// Fragments has one element for each shard of Route.Shards, in that order.
	Fragments []Fragment `json:"fragments"`

	// Columns are the columns of the answer. A worker's row has these and then
	// Hidden more, which are only there to merge by.
	Columns []api.Column `json:"columns,omitempty"`
	Hidden  int          `json:"hidden,omitzero"`
	// Merge is the order that each worker's rows come in and that the answer must
	// have. Empty: rows may come in any order, or from one shard that has ordered them.
	Merge []MergeKey `json:"merge,omitempty"`
	// Distinct says that rows equal in all the merge keys, which are all of the
	// answer's columns then, are one row of the answer.
	Distinct bool `json:"distinct,omitzero"`
	// Final is what the master does with the merged rows; nil where they are the answer.
	Final *Final `json:"final,omitempty"`
	// Limit and Offset are what is left to do at the end: nil and 0 when the
	// one shard does it all.
	Limit  *int64 `json:"limit,omitempty"`
	Offset int64  `json:"offset,omitzero"`
	// Ties says that rows beyond Limit that the order does not tell from the last within it are in the answer too.
	Ties bool `json:"ties,omitzero"`
	// TieKeys is, with Ties, how many of the first keys of Final.Sort, or where that is
	// empty of Merge, that order has.
	TieKeys int `json:"tie_keys,omitzero"`
}

// Final is the last step of a plan with aggregates. The workers' rows, merged in
// the order of the group's keys, are [Keys][Partials]; rows with equal keys are one
// group. Expressions refer to a group's values by FieldExpr: 0 to Keys-1 are its
// keys, what follows are its aggregates.
type Final struct {
	// Keys is the number of columns that make the group; 0: all rows are one
	// group, which is there even when there are no rows.
	Keys int `json:"keys"`
	// Aggregates say how partial results become one.
	Aggregates []Aggregate `json:"aggregates,omitempty"`
	// Having chooses groups; nil: all.
	Having *Expr `json:"having,omitempty"`
	// Output are the values of the answer's columns.
	Output []*Expr `json:"output"`
	// Distinct says that equal rows of the answer are one; Sort then tells them apart.
	Distinct bool `json:"distinct,omitzero"`
	// Sort is the order of the answer where it is not that of the groups. The
	// groups are then held until the last is known, within a bound of memory; with a
	// limit no more of them than that.
	Sort []FinalKey `json:"sort,omitempty"`
}

// Aggregate combines the partial results of one aggregate.
type Aggregate struct {
	Func Combine `json:"func"`
	// Column is the index of the partial result in a worker's row, or with
	// CombineDistinct of the value itself; Keys and Type go with it.
	Column int           `json:"column"`
	Type   sqltypes.Type `json:"-"` // of the partial result
	Binary bool          `json:"binary,omitzero"`
	// Result is the aggregate's own type: a sum that does not fit is refused (8115).
	Result sqltypes.Type `json:"-"`
}

// Combine is what becomes of partial results.
type Combine string

// The ways. Partial counts and sums are added; a sum of nothing is NULL.
const (
	CombineCount Combine = "count"
	CombineSum   Combine = "sum"
	CombineMin   Combine = "min"
	CombineMax   Combine = "max"
	// The workers' rows are grouped by the value as well, and each value of a group
	// counts once.
	CombineCountDistinct Combine = "count_distinct"
	CombineSumDistinct   Combine = "sum_distinct"
)

// FinalKey is one item of the order of the answer, an expression over a group.
type FinalKey struct {
	Expr *Expr `json:"expr"`
	Desc bool  `json:"desc,omitzero"`
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
	// From are the tables joined, the plan's own first; empty when there is but that one.
	From []Source `json:"from,omitempty"`
	// Distinct is SELECT DISTINCT.
	Distinct bool `json:"distinct,omitzero"`
	// Output is what is selected: the columns of the answer, then the hidden ones;
	// with a Final, what that needs.
	Output  []Output  `json:"output"`
	Where   *Expr     `json:"where,omitempty"` // nil: all rows
	GroupBy []*Expr   `json:"group_by,omitempty"`
	OrderBy []SortKey `json:"order_by,omitempty"`
	Limit   *int64    `json:"limit,omitempty"`
	Offset  int64     `json:"offset,omitzero"`
}

// Source is one table of a join. All its shards' rows that can match lie on the
// same shard as the rows they match, or the planner would have refused.
type Source struct {
	Table         string `json:"table"`
	SchemaVersion string `json:"schema_version"`
	Left          bool   `json:"left,omitzero"` // LEFT JOIN to what stands before it
	On            *Expr  `json:"on,omitempty"`  // nil for the first
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
