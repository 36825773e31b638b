package planner

import (
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sharding"
	"shardeck/shared/sqltypes"
)

// Insert plans an insert. Every value is checked and converted here, so that an invalid
// request is rejected as a whole before any shard sees it; each shard gets its rows in
// one format, with all columns and the slot.
func Insert(t *bind.Table, m *sharding.Map, req *api.InsertRequest) (*plan.Plan, error) {
	rows, p := insertRows(req)
	if p != nil {
		return nil, p
	}
	ins := newInserter(t, m)
	ins.single, ins.field = req.Data != nil, ""
	ins.layout = make([]int, 0, len(t.Columns))
	ins.raws = make([]jsontext.Value, len(t.Columns))
	if len(req.ShardKey) > 0 {
		k, err := explicitKey(t, req.ShardKey)
		if err != nil {
			return nil, err
		}
		ins.explicit = &k
		ins.explicitRaw = sqltypes.AppendJSON(nil, keyType(t), k.value)
	}
	for i := range rows {
		if p := ins.row(i, rows[i]); p != nil {
			return nil, p
		}
	}
	return ins.plan(len(rows)), nil
}

// newInserter returns an inserter for the rows of a statement.
func newInserter(t *bind.Table, m *sharding.Map) *inserter {
	return &inserter{t: t, m: m, field: bind.StatementField, given: make([]int, len(t.Columns)), shards: make([]shardRows, m.Shards())}
}

// plan returns the plan of all rows.
func (in *inserter) plan(rows int) *plan.Plan {
	p := &plan.Plan{Op: plan.OpInsert, DB: in.t.DB, Table: in.t.Name, SchemaVersion: in.t.Version, Copies: in.t.Replicated, Write: &plan.Write{Columns: in.t.Header}}
	p.Fragments, p.Route = in.finish(rows)
	p.Write.Output, p.Columns = in.output, in.header
	return p
}

func insertRows(req *api.InsertRequest) ([]api.Object[jsontext.Value], *api.Problem) {
	switch {
	case req.Data != nil && req.Rows != nil:
		return nil, api.NewProblem(api.CodeInvalidField, "data and rows are mutually exclusive").At("rows").Hinted("send data for one row, or rows for many")
	case req.Data != nil:
		return []api.Object[jsontext.Value]{req.Data}, nil
	case len(req.Rows) == 0:
		return nil, api.NewProblem(api.CodeMissingField, "there is no row to insert").At("data").Hinted("send data for one row, or rows for many")
	}
	return req.Rows, nil
}

// keyType is the type of an explicit shard key's value.
func keyType(t *bind.Table) sqltypes.Type {
	if t.Key >= 0 {
		return t.Columns[t.Key].Type
	}
	return sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}
}

// inserter splits rows by shard. Batches of a thousand rows are common, so it reuses
// what it can from one row to the next: rows mostly name the same columns in the same
// order.
type inserter struct {
	t           *bind.Table
	m           *sharding.Map
	field       string // the field that contains all rows; empty if each row has fields of its own
	at          int    // offset in field of the row's last value
	single      bool   // the row is in data, not in rows
	explicit    *key   // the request's own shard_key
	explicitRaw []byte

	layout []int            // column of each member of the previous row
	raws   []jsontext.Value // the row's values by column, not yet decoded
	values []sqltypes.Value // or already converted to the columns' types
	given  []int            // 1 + index of the last row with a value for the column
	buf    []byte           // the row being encoded
	shards []shardRows

	output []*plan.Expr // of OUTPUT; nil for none
	header []api.Column // of output

	keys    []api.RouteKey // of the first rows
	lastKey string
	keyed   int // number of runs of equal keys, an upper bound of the number of keys
}

// shardRows are the rows of one shard: row i is text[ends[i-1]:ends[i]].
type shardRows struct {
	text []byte
	ends []int
	from []int
}

func (in *inserter) row(i int, row api.Object[jsontext.Value]) *api.Problem {
	for j := range row {
		c, p := in.columnOf(i, j, row)
		if p != nil {
			return p
		}
		if in.given[c] == i+1 {
			return in.problem(i, row[j].Name, api.NewProblem(api.CodeInvalidField, "column %s is specified twice", in.t.Columns[c].Name).Hinted("send each column once"))
		}
		in.given[c] = i + 1
		in.raws[c] = row[j].Value
	}
	in.layout = in.layout[:min(len(in.layout), len(row))]
	return in.place(i)
}

// place adds row i, whose values are set, to the rows of its shard.
func (in *inserter) place(i int) *api.Problem {
	slot, p := in.encode(i)
	if p != nil {
		return p
	}
	s := &in.shards[0] // of a reference table: finish gives every shard these rows
	if !in.t.Replicated {
		s = &in.shards[in.m.Shard(slot)]
	}
	s.text = append(s.text, in.buf...)
	s.ends = append(s.ends, len(s.text))
	s.from = append(s.from, i)
	return nil
}

// columnOf returns the column that member j of row i names.
func (in *inserter) columnOf(i, j int, row api.Object[jsontext.Value]) (int, *api.Problem) {
	name := row[j].Name
	if j < len(in.layout) {
		if c := in.layout[j]; in.t.Columns[c].Name == name {
			return c, nil
		}
	}
	c, p := in.t.Column("", name)
	if p != nil {
		return 0, in.problem(i, name, p)
	}
	if j < len(in.layout) {
		in.layout[j] = c
	} else {
		in.layout = append(in.layout, c)
	}
	return c, nil
}

// encode writes row i's values and slot to buf and returns the slot.
func (in *inserter) encode(i int) (int, *api.Problem) {
	in.buf = append(in.buf[:0], '[')
	slot := -1
	for c := range in.t.Columns {
		if c > 0 {
			in.buf = append(in.buf, ',')
		}
		col := &in.t.Columns[c]
		isKey := c == in.t.Key
		var v sqltypes.Value
		switch {
		case in.given[c] == i+1 && in.values != nil:
			v = in.values[c]
		case in.given[c] == i+1:
			var err error
			if v, err = sqltypes.DecodeJSON(col.Type, in.raws[c]); err != nil {
				return 0, in.columnProblem(i, c, api.AsProblem(err))
			}
		case isKey && in.explicit != nil:
			v = in.explicit.value
		case !isKey && (col.HasDefault || col.Nullable):
			in.buf = append(in.buf, col.DefaultWire...)
			continue
		default:
			v = col.Default
		}
		if v.IsNull() && !col.Nullable {
			return 0, in.nullProblem(i, c)
		}
		if isKey {
			var p *api.Problem
			if slot, p = in.keySlot(i, v); p != nil {
				return 0, p
			}
		}
		in.buf = sqltypes.AppendJSON(in.buf, col.Type, v)
	}
	switch {
	case in.t.Replicated:
		slot = 0 // the same in all copies
	case in.t.Key < 0:
		slot = in.keylessSlot()
	}
	in.buf = append(in.buf, ',')
	in.buf = strconv.AppendInt(in.buf, int64(slot), 10)
	in.buf = append(in.buf, ']')
	return slot, nil
}

// keySlot returns the slot of row i by its shard key.
func (in *inserter) keySlot(i int, v sqltypes.Value) (int, *api.Problem) {
	canonical, err := sharding.CanonicalKey(in.t.Columns[in.t.Key].Type, v)
	if err != nil {
		return 0, in.columnProblem(i, in.t.Key, api.AsProblem(err))
	}
	if in.explicit != nil && canonical != in.explicit.canonical {
		return 0, in.columnProblem(i, in.t.Key, api.NewProblem(api.CodeShardKeyMismatch, "the row's %s is %s, but shard_key is %s",
			in.t.Columns[in.t.Key].Name, api.Clip(canonical), api.Clip(in.explicit.canonical)).Hinted("omit shard_key, or make the two agree"))
	}
	if in.keyed == 0 || canonical != in.lastKey {
		in.keyed++
		in.lastKey = canonical
		if len(in.keys) < api.MaxRouteKeys {
			in.addRouteKey(canonical)
		}
	}
	return sharding.Slot(canonical), nil
}

// addRouteKey adds a key to the route unless it is already there.
func (in *inserter) addRouteKey(canonical string) {
	k := in.m.Route(canonical)
	k.Key = api.Clip(canonical)
	if !slices.Contains(in.keys, k) {
		in.keys = append(in.keys, k)
	}
}

// keylessSlot returns the slot of a row of a table without a shard key: the hash of the
// request's shard_key, or else of the row itself.
func (in *inserter) keylessSlot() int {
	if in.explicit != nil {
		return sharding.Slot(in.explicit.canonical)
	}
	return sharding.Slot(string(in.buf))
}

// finish returns the fragments of the shards that got rows, and the route.
func (in *inserter) finish(rows int) ([]plan.Fragment, api.Route) {
	if in.t.Replicated {
		return in.copies()
	}
	var frags []plan.Fragment
	r := api.Route{Shards: []int{}, Keys: in.keys}
	for shard := range in.shards {
		s := &in.shards[shard]
		if len(s.ends) == 0 {
			continue
		}
		f := plan.Fragment{Shard: shard, RowIndex: s.from, Rows: make([]jsontext.Value, len(s.ends))}
		start := 0
		for i, end := range s.ends {
			f.Rows[i] = jsontext.Value(s.text[start:end:end])
			start = end
		}
		frags = append(frags, f)
		r.Shards = append(r.Shards, shard)
	}
	r.Kind = api.RouteSubset
	switch {
	case in.t.Key < 0 && in.explicit != nil:
		k := in.m.Route(in.explicit.canonical)
		k.Key = api.Clip(k.Key)
		r.Kind, r.Keys, r.Why = api.RoutePoint, []api.RouteKey{k}, pointReason(in.t, &k)
	case in.t.Key < 0:
		r.Why = in.t.Name + " has no shard key, so each row is placed by its own hash: " + sharding.Names(r.Shards)
	case len(in.keys) == 1:
		r.Kind, r.Why = api.RoutePoint, pointReason(in.t, &r.Keys[0])
	default:
		if in.keyed > api.MaxRouteKeys && len(r.Keys) == api.MaxRouteKeys {
			r.KeysTotal = in.keyed
		}
		r.Why = "each of the " + strconv.Itoa(rows) + " rows is placed by its " + in.t.KeyName() + ": " + sharding.Names(r.Shards)
	}
	return frags, r
}

// copies returns a fragment with all rows for each shard.
func (in *inserter) copies() ([]plan.Fragment, api.Route) {
	r := allCopies(in.t, in.m)
	frags := fragments(&r)
	rows := &in.shards[0]
	values := make([]jsontext.Value, len(rows.ends))
	start := 0
	for i, end := range rows.ends {
		values[i] = jsontext.Value(rows.text[start:end:end])
		start = end
	}
	for i := range frags {
		frags[i].Rows, frags[i].RowIndex = values, rows.from
	}
	return frags, r
}

// problem returns p at a member of row i.
func (in *inserter) problem(i int, member string, p *api.Problem) *api.Problem {
	q := *p
	q.Row = &i
	if in.field != "" {
		at := in.at
		q.Field, q.Offset = in.field, &at
		return &q
	}
	q.Field = "rows[" + strconv.Itoa(i) + "]." + api.Clip(member)
	if in.single {
		q.Field = "data." + api.Clip(member)
	}
	return &q
}

func (in *inserter) columnProblem(i, c int, p *api.Problem) *api.Problem {
	q := in.problem(i, in.t.Columns[c].Name, p)
	q.Column = in.t.Columns[c].Name
	return q
}

func (in *inserter) nullProblem(i, c int) *api.Problem {
	p := api.NewProblem(api.CodeNullViolation, "column %s of table %s does not allow NULL and has no default", in.t.Columns[c].Name, in.t.Name).
		Hinted("give it a value")
	if in.given[c] == i+1 {
		p = api.NewProblem(api.CodeNullViolation, "column %s of table %s does not allow NULL", in.t.Columns[c].Name, in.t.Name).Hinted("give it a value")
	}
	p.SQLNumber = mssqlerr.NullViolation
	return in.columnProblem(i, c, p)
}
