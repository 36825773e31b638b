package gather

import (
	"bytes"

	"shardeck/master/plan"
	"shardeck/shared/jsonrow"
	"shardeck/shared/sqltypes"
)

// mergeBlock is the size at which a block of merged rows is passed to the sink, in bytes.
const mergeBlock = 32 << 10

// Order describes how to merge sorted sources.
type Order struct {
	Keys []plan.MergeKey
	// Hidden is the number of trailing columns of each row that are only merge keys;
	// they are removed.
	Hidden int
	// Columns is the number of columns of the answer.
	Columns int
	// Distinct keeps only the first of rows with equal keys.
	Distinct bool
	Limit    *int64 // nil: none
	Offset   int64
	// Ties admits rows beyond Limit that tie with the last row within it: their first
	// TieKeys keys are equal, or all keys if that is 0.
	Ties    bool
	TieKeys int
	// Set chooses one row or none of each group of rows that are equal in all keys but the last,
	// which is a number: bit n of what Set is asked about stands for the rows with the number n,
	// from 0 to 63.
	Set *plan.Set
}

// Merge merges sources that are sorted by the keys into one sorted answer. Rows with
// equal keys keep the order of the sources.
func (g *Gathering) Merge(o Order, sink Sink) error {
	if o.Limit != nil && *o.Limit == 0 {
		return g.finish(errEnough)
	}
	m := newMerger(g, o.Keys)
	if o.Hidden > 0 {
		m.need = max(m.need, o.Columns)
	}
	if o.Set != nil {
		return g.finish(m.writeSet(o, sink))
	}
	return g.finish(m.write(o, sink))
}

// writeSet writes the rows of a set. It holds one row.
func (m *merger) writeSet(o Order, sink Sink) error {
	e := newEmitter(o.Limit, o.Offset, false, sink)
	keys := o.Keys[:len(o.Keys)-1]
	var (
		leaves uint64
		row    []byte // the first of the group, as it is written
		values []sqltypes.Value
	)
	end := func() error {
		if leaves == 0 || !o.Set.Has(leaves) {
			return nil
		}
		pass, err := e.admit(nil, nil)
		if err != nil || !pass {
			return err
		}
		e.out = append(e.out, row...)
		return e.wrote()
	}
	for {
		c, err := m.next()
		if err != nil {
			return err
		}
		if c == nil {
			if err := end(); err != nil {
				return err
			}
			return e.flush()
		}
		leaf := c.values[len(keys)].Int
		if leaf < 0 || leaf > 63 {
			if err := m.drop(c, errGarbage()); err != nil {
				return err
			}
			continue
		}
		if leaves == 0 || compareKeys(keys, values, c.values) != 0 {
			if err := end(); err != nil {
				return err
			}
			leaves = 0
			values = append(values[:0], c.values...)
			row = append(append(row[:0], c.row[:c.split.End(o.Columns-1)]...), ']', '\n')
		}
		leaves |= 1 << leaf
	}
}

func (m *merger) write(o Order, sink Sink) error {
	e := newEmitter(o.Limit, o.Offset, o.Ties, sink)
	compare := func(a, b []sqltypes.Value) int { return compareKeys(o.Keys, a, b) }
	tied := compare
	if o.TieKeys > 0 {
		tied = func(a, b []sqltypes.Value) int { return compareKeys(o.Keys[:o.TieKeys], a, b) }
	}
	var previous []sqltypes.Value // keys of the previous row, for Distinct
	for {
		c, err := m.next()
		if err != nil {
			return err
		}
		if c == nil {
			return e.flush()
		}
		if o.Distinct {
			if previous != nil && compare(previous, c.values) == 0 {
				continue
			}
			previous = append(previous[:0], c.values...)
		}
		pass, err := e.admit(c.values, tied)
		if err != nil {
			return err
		}
		if !pass {
			continue
		}
		if o.Hidden > 0 {
			e.out = append(e.out, c.row[:c.split.End(o.Columns-1)]...)
			e.out = append(e.out, ']', '\n')
		} else {
			e.out = append(append(e.out, c.row...), '\n')
		}
		if err := e.wrote(); err != nil {
			return err
		}
	}
}

// merger is a k-way merge with a binary heap of cursors. There are few sources, so its
// number of comparisons per row is as good as that of a loser tree.
type merger struct {
	g    *Gathering
	keys []plan.MergeKey
	need int // number of elements to split from each row
	heap []*cursor
	last *cursor // its row was returned last
	init bool
}

// cursor is a source and its next row.
type cursor struct {
	source int
	block  []byte // the rest of the block, after row
	row    []byte // without the newline
	split  jsonrow.Splitter
	values []sqltypes.Value // of the keys
	before []sqltypes.Value // the keys of the row before
}

func newMerger(g *Gathering, keys []plan.MergeKey) *merger {
	m := &merger{g: g, keys: keys}
	for i := range keys {
		m.need = max(m.need, keys[i].Column+1)
	}
	return m
}

// next returns the cursor positioned at the next row, or nil after the last. The row is
// valid until the next call. A source whose rows are out of order fails.
func (m *merger) next() (*cursor, error) {
	if !m.init {
		m.init = true
		if err := m.start(); err != nil {
			return nil, err
		}
	} else if m.last != nil {
		ok, err := m.advance(m.last)
		if err != nil {
			return nil, err
		}
		if !ok {
			m.removeHead()
		}
		m.down()
		// A row that is less than the one before it, which was the least of all, is the
		// least itself. So only a source that stays at the head can be out of order.
		if ok && m.heap[0] == m.last && outOfOrder(m.keys, m.last.before, m.last.values) {
			if err := m.drop(m.last, errOrder()); err != nil {
				return nil, err
			}
		}
	}
	if len(m.heap) == 0 {
		m.last = nil
		return nil, nil
	}
	m.last = m.heap[0]
	return m.last, nil
}

// start fills the heap with the first row of each source.
func (m *merger) start() error {
	for i := range m.g.Sources {
		c := &cursor{source: i, values: make([]sqltypes.Value, len(m.keys)), before: make([]sqltypes.Value, len(m.keys))}
		ok, err := m.advance(c)
		if err != nil {
			return err
		}
		if ok {
			m.heap = append(m.heap, c)
			m.up(len(m.heap) - 1)
		}
	}
	return nil
}

// drop reports the failure of c's source and removes the source from the merge, so that it
// contributes no more rows. c must be the head: the cursor that next returned last.
func (m *merger) drop(c *cursor, err error) error {
	if err := m.g.failed(c.source, err); err != nil {
		return err
	}
	m.removeHead()
	m.down()
	m.last = nil
	return nil
}

// removeHead removes the head's source, which has no more rows. The heap must then be
// restored with down.
func (m *merger) removeHead() {
	n := len(m.heap) - 1
	m.heap[0] = m.heap[n]
	m.heap[n] = nil
	m.heap = m.heap[:n]
}

// advance moves the cursor to its source's next row and reports whether there is one.
func (m *merger) advance(c *cursor) (bool, error) {
	for len(c.block) == 0 {
		block, err := m.g.Sources[c.source].NextBlock()
		if err != nil {
			if isEnd(err) {
				return false, nil
			}
			return false, m.g.failed(c.source, err)
		}
		c.block = block
	}
	i := bytes.IndexByte(c.block, '\n')
	if i < 0 {
		return false, m.g.failed(c.source, errGarbage())
	}
	c.row, c.block = c.block[:i], c.block[i+1:]
	if !c.split.Split(c.row, m.need) {
		return false, m.g.failed(c.source, errGarbage())
	}
	c.values, c.before = c.before, c.values
	for k := range m.keys {
		v, err := sqltypes.DecodeWire(m.keys[k].Type, c.split.Element(c.row, m.keys[k].Column))
		if err != nil {
			return false, m.g.failed(c.source, errGarbage())
		}
		c.values[k] = v
	}
	return true, nil
}

func (m *merger) less(i, j int) bool {
	a, b := m.heap[i], m.heap[j]
	if c := compareKeys(m.keys, a.values, b.values); c != 0 {
		return c < 0
	}
	return a.source < b.source
}

func (m *merger) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !m.less(i, parent) {
			return
		}
		m.heap[i], m.heap[parent] = m.heap[parent], m.heap[i]
		i = parent
	}
}

func (m *merger) down() {
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(m.heap); child++ {
			if m.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		m.heap[i], m.heap[least] = m.heap[least], m.heap[i]
		i = least
	}
}
