package plan

import (
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// SlotColumn is the hidden column that holds each row's slot.
const SlotColumn = api.ReservedPrefix + "slot"

// LogTable is the table of each database that belongs to the masters (see master/intent). Its
// name has to be one that workers accept.
const LogTable = "shardeck_intents"

// PrimaryKeyName is the name of the primary key of a table.
func PrimaryKeyName(table string) string { return "pk:" + table }

// UniqueName is the name of the UNIQUE constraint i of a table.
func UniqueName(table string, i int) string { return "uq:" + table + ":" + strconv.Itoa(i+1) }

// Op is the kind of a plan.
type Op string

// The operations.
const (
	OpCreateTable Op = "create_table"
	OpDropTable   Op = "drop_table"
	OpAlterTable  Op = "alter_table"
	OpInsert      Op = "insert"
	OpSelect      Op = "select"
	OpUpdate      Op = "update"
	OpDelete      Op = "delete"
	OpCount       Op = "count"
)

// IsRead reports whether the workers run the plan by their query endpoint rather than by exec.
func (op Op) IsRead() bool { return op == OpSelect || op == OpCount }

// Plan is how to execute one request. Exactly one of Definition, Query and Write
// is set, or none for drop_table;
// alter_table also has Change.
type Plan struct {
	Op    Op     `json:"op"`
	DB    string `json:"db_name"`
	Table string `json:"table"`
	// SchemaVersion is the version of the table definition that the plan was made for;
	// for create_table, of the one to be created.
	SchemaVersion string    `json:"schema_version"`
	Route         api.Route `json:"route"`

	Definition *api.TableDef `json:"definition,omitempty"` // create_table; alter_table: what becomes of it
	Change     *TableChange  `json:"change,omitempty"`     // alter_table
	Query      *Query        `json:"query,omitempty"`      // select, count
	Write      *Write        `json:"write,omitempty"`      // insert, update, delete
	// Copies means that the fragments of a write all do the same, each to its shard's copy of a
	// reference table.
	Copies bool `json:"copies,omitzero"`
	// ReadsFirst means that the plan depends on rows that were read to make it, so that the same
	// statement may have another plan later.
	ReadsFirst bool `json:"reads_first,omitzero"`

	// Field is the field of the request that errors of a dialect refer to: "sql" if the
	// plan was made from a statement, or empty.
	Field string `json:"-"`

	// Fragments has one element for each shard of Route.Shards, in that order.
	Fragments []Fragment `json:"fragments"`

	// Columns are the columns of the answer. A worker's row has these followed by
	// Hidden more, which are only used as merge keys.
	Columns []api.Column `json:"columns,omitempty"`
	Hidden  int          `json:"hidden,omitzero"`
	// Merge is the order of each worker's rows, and of the answer. It is empty if the
	// order does not matter, or if a single shard has ordered the rows.
	Merge []MergeKey `json:"merge,omitempty"`
	// Distinct removes duplicates: rows that are equal in all merge keys, which are then
	// all of the answer's columns.
	Distinct bool `json:"distinct,omitzero"`
	// Set chooses, of each group of rows that are equal in all merge keys but the last, one row or
	// none; nil if the plan has no set operator but UNION ALL.
	Set *Set `json:"set,omitempty"`
	// Final is what the master computes from the merged rows; nil if they are the answer.
	Final *Final `json:"final,omitempty"`
	// Over computes window functions over the rows; nil if there are none, or if the shards do.
	Over *Over `json:"over,omitempty"`
	// Limit and Offset are applied by the master; they are nil and 0 if a single shard
	// applies them.
	Limit  *int64 `json:"limit,omitempty"`
	Offset int64  `json:"offset,omitzero"`
	// Ties means WITH TIES: rows beyond Limit that tie with the last row within it are
	// part of the answer.
	Ties bool `json:"ties,omitzero"`
	// TieKeys is the number of leading keys, of Final.Sort or if that is empty of Merge,
	// that ties are decided by.
	TieKeys int `json:"tie_keys,omitzero"`
}

// ReadFrom makes a plan whose route is a copy read from another shard, which has the same rows.
func (p *Plan) ReadFrom(shard int) {
	p.Route.Shards = []int{shard}
	p.Fragments = []Fragment{{Shard: shard}}
}

// Final is the last step of a plan with aggregates. The workers' rows, merged in the
// order of the group keys, consist of the keys and then the partial results; rows with
// equal keys form one group. Expressions refer to a group's values by FieldExpr: 0 to
// Keys-1 are its keys, followed by its aggregates.
type Final struct {
	// Keys is the number of group keys. If it is 0, all rows form one group, which
	// exists even if there are no rows.
	Keys int `json:"keys"`
	// Aggregates describe how to combine partial results.
	Aggregates []Aggregate `json:"aggregates,omitempty"`
	// Having filters groups; nil keeps all.
	Having *Expr `json:"having,omitempty"`
	// Output are the values of the answer's columns.
	Output []*Expr `json:"output"`
	// Distinct removes duplicate rows of the answer; Sort then covers all of its columns.
	Distinct bool `json:"distinct,omitzero"`
	// Sort is the order of the answer, if different from that of the groups. The groups
	// are then buffered within a memory limit until the last one has arrived; with a
	// Limit, only that many are kept.
	Sort []FinalKey `json:"sort,omitempty"`
}

// Aggregate combines the partial results of one aggregate.
type Aggregate struct {
	Func Combine `json:"func"`
	// Column is the index in a worker's row of the partial result, or for the
	// distinct kinds of the value itself.
	Column int           `json:"column"`
	Type   sqltypes.Type `json:"-"` // of the partial result
	Binary bool          `json:"binary,omitzero"`
	// Result is the aggregate's own type: a sum that does not fit is an error (8115).
	Result sqltypes.Type `json:"-"`
	// Of is the aggregate of moments or strings itself, otherwise nil.
	Of *Expr `json:"of,omitempty"`
}

// Combine is how partial results are combined.
type Combine string

// The ways to combine. Partial counts and sums are added; the sum of no rows is NULL.
const (
	CombineCount Combine = "count"
	CombineSum   Combine = "sum"
	CombineMin   Combine = "min"
	CombineMax   Combine = "max"
	// The workers' rows are grouped by the value as well, and each value of a group
	// counts once.
	CombineCountDistinct Combine = "count_distinct"
	CombineSumDistinct   Combine = "sum_distinct"
	// The moments of the values are added, of which the deviation of all follows.
	CombineMoments         Combine = "moments"
	CombineMomentsDistinct Combine = "moments_distinct"
	// The strings of all shards are sorted and joined.
	CombineStrings Combine = "strings"
)

// FinalKey is one key of the answer's order: an expression over a group.
type FinalKey struct {
	Expr *Expr `json:"expr"`
	Desc bool  `json:"desc,omitzero"`
}

// Fragment is one shard's part of a plan.
type Fragment struct {
	Shard int `json:"shard"`
	// Rows are the shard's rows of an insert: JSON arrays of the values of
	// Write.Columns in wire format, followed by the slot.
	Rows []jsontext.Value `json:"rows,omitempty"`
	// RowIndex holds the index in the request of each of Rows: an error for a worker's
	// row i is about the request's row RowIndex[i].
	RowIndex []int `json:"row_index,omitempty"`
}

// Query is the SELECT that each shard runs, or one that is nested in it.
type Query struct {
	// From are the joined tables. It is empty if the plan's table is the only one and no query
	// is nested in this one, and if there is no table at all: then the plan's is empty, too.
	From []Source `json:"from,omitempty"`
	// Distinct is SELECT DISTINCT.
	Distinct bool `json:"distinct,omitzero"`
	// Output is the select list: the columns of the answer followed by the hidden ones,
	// or with a Final, the keys and partial results that it needs.
	Output  []Output  `json:"output"`
	Where   *Expr     `json:"where,omitempty"` // nil: all rows
	GroupBy []*Expr   `json:"group_by,omitempty"`
	OrderBy []SortKey `json:"order_by,omitempty"`
	Limit   *int64    `json:"limit,omitempty"`
	Offset  int64     `json:"offset,omitzero"`
}

// Source is one table of a FROM: a table, or a derived table that is a query, literal rows or the
// rows of several queries. The
// planner ensures that rows that match are on the same shard.
type Source struct {
	// Number identifies the source in the plan: columns refer to it by Expr.Source.
	Number        int      `json:"number,omitzero"`
	Table         string   `json:"table,omitempty"`
	SchemaVersion string   `json:"schema_version,omitempty"`
	Query         *Query   `json:"query,omitempty"`
	Rows          *Rows    `json:"rows,omitempty"`
	Union         []Leaf   `json:"union,omitempty"`
	Join          JoinKind `json:"join,omitzero"` // with the sources before it
	On            *Expr    `json:"on,omitempty"`  // nil for the first, and for CROSS JOIN
}

// Leaf is one of the queries that set operators combine. All have columns of the same types.
type Leaf struct {
	Query *Query `json:"query"`
	// Once means that every shard computes the same rows, so that only the plan's first fragment
	// has the query.
	Once bool `json:"once,omitzero"`
}

// Set says which rows of a merge belong to the answer: a set operator over two sets, or the rows of
// one leaf. The last merge key is the number of the leaf that a row is from.
type Set struct {
	Op   string `json:"op,omitempty"` // UNION, EXCEPT or INTERSECT; empty for a leaf
	L    *Set   `json:"l,omitempty"`
	R    *Set   `json:"r,omitempty"`
	Leaf int    `json:"leaf,omitzero"`
}

// Has reports whether a row belongs to the set, given the leaves that have one equal to it: bit i is
// set for leaf i.
func (s *Set) Has(leaves uint64) bool {
	switch s.Op {
	case "":
		return leaves&(1<<s.Leaf) != 0
	case "UNION":
		return s.L.Has(leaves) || s.R.Has(leaves)
	case "INTERSECT":
		return s.L.Has(leaves) && s.R.Has(leaves)
	}
	return s.L.Has(leaves) && !s.R.Has(leaves)
}

// Rows are literal rows. Their columns are named like those of a nested query, see [DerivedName].
type Rows struct {
	Types  []sqltypes.Type    `json:"-"`
	Values [][]sqltypes.Value `json:"-"`
	// Step is the number of the step that the rows are the result of; 0 if they were written
	// in the statement.
	Step int `json:"step,omitzero"`
}

// MarshalJSONTo writes the number of rows and columns rather than the values.
func (r *Rows) MarshalJSONTo(enc *jsontext.Encoder) error {
	types := make([]string, len(r.Types))
	for i, t := range r.Types {
		types[i] = t.String()
	}
	return json.MarshalEncode(enc, struct {
		Types []string `json:"types"`
		Rows  int      `json:"rows"`
		Step  int      `json:"step,omitzero"`
	}{types, len(r.Values), r.Step})
}

// DerivedName is the name of column i of a derived table. Names of the statement do not get there:
// they may be any text.
func DerivedName(i int) string { return "c" + strconv.Itoa(i) }

// JoinKind is the kind of a join.
type JoinKind string

// The kinds of joins. InnerJoin is also that of a first source.
const (
	InnerJoin JoinKind = ""
	LeftJoin  JoinKind = "left"
	RightJoin JoinKind = "right"
	FullJoin  JoinKind = "full"
	CrossJoin JoinKind = "cross"
)

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

// Write is the INSERT, UPDATE or DELETE that each shard runs.
type Write struct {
	// Columns are the columns that an insert provides values for (all of the table's),
	// or that an update sets, without the slot column.
	Columns []api.Column `json:"columns,omitempty"`
	// Values are an update's new values, one for each of Columns.
	Values []*Expr `json:"values,omitempty"`
	// Where selects the rows of an update or delete; nil means all rows.
	Where *Expr `json:"where,omitempty"`
	// Output are the values of the answer's columns for each row that an insert has sent, computed by
	// the master: FieldExpr i is the value of Columns[i]. Nil if the answer has no rows.
	Output []*Expr `json:"output,omitempty"`
	// OutputVaries means that the same statement may have other rows later.
	OutputVaries bool `json:"output_varies,omitzero"`
}

// MergeKey is one key of the order that rows are merged in.
type MergeKey struct {
	Column int           // index into the worker's row, hidden columns included
	Type   sqltypes.Type // compare with sqltypes.Compare
	Desc   bool
	// Binary means that strings compare by sqltypes.CompareBinary (the collation of
	// shard keys) rather than by sqltypes.CompareText.
	Binary bool
}

// MarshalJSONTo writes the type in T-SQL.
func (k MergeKey) MarshalJSONTo(enc *jsontext.Encoder) error {
	return json.MarshalEncode(enc, struct {
		Column int    `json:"column"`
		Type   string `json:"type"`
		Desc   bool   `json:"desc,omitzero"`
		Binary bool   `json:"binary,omitzero"`
	}{k.Column, k.Type.String(), k.Desc, k.Binary})
}
