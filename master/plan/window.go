package plan

import (
	"slices"

	"shardeck/shared/api"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// Window is the OVER of a window function, while it is an expression.
type Window struct {
	PartitionBy []*Expr
	OrderBy     []SortKey
	Frame       Frame
}

// Frame is the part of a partition that a function sees. Bounds that are not unbounded are relative
// to the current row: a number of rows before it (negative) or after it, or with Range, the rows
// that are equal to it in the order.
type Frame struct {
	Range         bool  `json:"range,omitzero"`
	FromUnbounded bool  `json:"from_unbounded,omitzero"`
	ToUnbounded   bool  `json:"to_unbounded,omitzero"`
	From          int64 `json:"from,omitzero"`
	To            int64 `json:"to,omitzero"`
}

// WholePartition is the frame of a window without an order.
var WholePartition = Frame{FromUnbounded: true, ToUnbounded: true}

// equal reports whether two windows are identical; either may be nil.
func (w *Window) equal(o *Window) bool {
	if w == nil || o == nil {
		return w == o
	}
	return w.Frame == o.Frame && slices.EqualFunc(w.PartitionBy, o.PartitionBy, Equal) &&
		slices.EqualFunc(w.OrderBy, o.OrderBy, func(a, b SortKey) bool { return a.Desc == b.Desc && Equal(a.Expr, b.Expr) })
}

// exprs appends the expressions of the window.
func (w *Window) exprs(list []*Expr) []*Expr {
	list = append(list, w.PartitionBy...)
	for _, k := range w.OrderBy {
		list = append(list, k.Expr)
	}
	return list
}

// Over is the step of a plan that computes window functions over its rows. It comes after the merge,
// or after Final, and before Limit and Offset. Expressions refer to a row by FieldExpr: its columns,
// followed by the results of Windows.
type Over struct {
	// Types are the types of the columns of the rows that come in.
	Types []sqltypes.Type `json:"-"`
	// Partition is the leading keys of the order in which the rows come in. All windows partition
	// by these, so that the master holds one partition at a time; if there are none, it holds all
	// rows.
	Partition []MergeKey       `json:"partition,omitempty"`
	Windows   []WindowFunction `json:"windows"`
	// Output are the values of the answer's columns.
	Output []*Expr `json:"output"`
	// Distinct removes duplicate rows of the answer; Sort then covers all of its columns.
	Distinct bool       `json:"distinct,omitzero"`
	Sort     []FinalKey `json:"sort,omitempty"`
}

// WindowFunction is a window function over rows.
type WindowFunction struct {
	Func        *sqlfunc.Func `json:"-"`
	Name        string        `json:"name"`
	Args        []*Expr       `json:"args,omitempty"`
	PartitionBy []MergeKey    `json:"partition_by,omitempty"`
	OrderBy     []MergeKey    `json:"order_by,omitempty"`
	Frame       Frame         `json:"frame,omitzero"`
	Type        sqltypes.Type `json:"-"`
}

// Merged returns the part of the plan before Over: the plan itself if it has none.
func (p *Plan) Merged() *Plan {
	if p.Over == nil {
		return p
	}
	m := *p
	m.Over, m.Limit, m.Offset, m.Ties, m.TieKeys = nil, nil, 0, false, 0
	m.Columns = make([]api.Column, len(p.Over.Types))
	for i, t := range p.Over.Types {
		m.Columns[i].Type = t.String()
	}
	return &m
}
