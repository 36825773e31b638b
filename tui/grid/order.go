package grid

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shardeck/shared/sqltypes"
	"shardeck/tui/widget"
)

// MaxOrdered is the largest number of rows that can be sorted or filtered in place.
const MaxOrdered = 1_000_000

// maxKeys bounds the bytes of the values that are held for a sort.
const maxKeys = 256 << 20

// Direction is the direction of a sort.
type Direction int8

// The directions.
const (
	Unsorted Direction = iota
	Ascending
	Descending
)

// request is what a table is sorted and filtered by.
type request struct {
	sort   int // the column
	dir    Direction
	filter *Filter // nil for none
}

func (r request) none() bool { return r.dir == Unsorted && r.filter == nil }

// Order is which rows a grid shows, and in which order. [Prepare] makes it and [Grid.Apply]
// uses it.
type Order struct {
	seq     int
	rows    []int32 // nil for all of them as they are
	covered int     // how many rows of the source it concerns
	err     error
}

// ordering computes an Order without touching the grid.
type ordering struct {
	request
	seq     int
	source  Source
	columns []Column
	n       int
}

func (o *ordering) run(ctx context.Context) Order {
	out := Order{seq: o.seq, covered: o.n}
	if o.n > MaxOrdered {
		out.err = fmt.Errorf("at most %s rows can be sorted or filtered here, and these are %s; narrow the statement, or add ORDER BY",
			widget.Thousands(MaxOrdered), widget.Thousands(int64(o.n)))
		return out
	}
	out.rows, out.err = o.filtered(ctx)
	if out.err == nil && o.dir != Unsorted {
		out.err = o.sorted(ctx, out.rows)
	}
	if out.err != nil {
		out.rows = nil
	}
	return out
}

// filtered returns the rows that pass the filter.
func (o *ordering) filtered(ctx context.Context) ([]int32, error) {
	rows := make([]int32, 0, min(o.n, 1024))
	if o.filter == nil {
		rows = slices.Grow(rows, o.n)
	}
	for i := range o.n {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if o.filter != nil {
			ok, err := o.filter.matches(o.source, i)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
		}
		rows = append(rows, int32(i))
	}
	return rows, nil
}

// sorted sorts rows, those that compare equal in the order in which they arrived.
func (o *ordering) sorted(ctx context.Context, rows []int32) error {
	kind := kindOf(o.columns[o.sort])
	type entry struct {
		key
		row int32
	}
	entries := make([]entry, len(rows))
	held := 0
	for n, i := range rows {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		c, err := readCell(o.source, int(i), o.sort)
		if err != nil {
			return err
		}
		entries[n] = entry{keyOf(kind, c), i}
		if held += len(entries[n].text); held > maxKeys {
			return fmt.Errorf("the values of %s are too long to be sorted here; add ORDER BY to the statement", widget.Data(o.columns[o.sort].Name))
		}
	}
	sign, compared, ended := 1, 0, false
	if o.dir == Descending {
		sign = -1
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if compared++; compared%8192 == 0 && ctx.Err() != nil {
			ended = true
		}
		if ended {
			return 0 // whatever comes of it is thrown away
		}
		if c := a.compare(&b.key, kind); c != 0 {
			return sign * c
		}
		return cmp.Compare(a.row, b.row)
	})
	if ended {
		return ctx.Err()
	}
	for n := range entries {
		rows[n] = entries[n].row
	}
	return nil
}

func readCell(s Source, i, column int) (Cell, error) {
	if r, ok := s.(cellReader); ok {
		return r.Cell(i, column)
	}
	row, err := s.Row(i)
	if err != nil || column >= len(row) {
		return Cell{}, err
	}
	return row[column], nil
}

// key is a value in the form that it is compared in.
type key struct {
	rank   int8    // NULL, values, what is not a value of its column
	number float64 // of numbers, rounded; the text decides between equal ones
	text   string  // "" if the number is exact
}

const (
	rankNull int8 = iota
	rankValue
	rankOther
)

// exact is the largest number of digits that a float64 holds, whatever they are.
const exact = 15

func keyOf(kind sqltypes.Kind, c Cell) key {
	switch {
	case c.Null:
		return key{}
	case kind == sqltypes.Bit:
		return key{rank: rankValue, text: c.Text}
	case !kind.IsNumeric():
		return key{rank: rankValue, text: c.Text}
	}
	text := c.Text
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // a table of the console's may write 10,000 or 3.5%
		text = strings.ReplaceAll(strings.TrimSuffix(text, "%"), ",", "")
		if f, err = strconv.ParseFloat(text, 64); err != nil {
			return key{rank: rankOther, text: c.Text}
		}
	}
	if len(text) <= exact || kind.IsFloat() {
		text = ""
	}
	return key{rank: rankValue, number: f, text: text}
}

// compare orders two values of a kind as ORDER BY does: NULL first.
func (k *key) compare(o *key, kind sqltypes.Kind) int {
	switch {
	case k.rank != o.rank:
		return cmp.Compare(k.rank, o.rank)
	case k.rank == rankNull:
		return 0
	case k.rank == rankOther:
		return sqltypes.CompareText(k.text, o.text)
	case kind.IsNumeric() && kind != sqltypes.Bit:
		if k.number != o.number || k.text == "" && o.text == "" {
			return cmp.Compare(k.number, o.number)
		}
		return sqltypes.CompareDecimal(k.digits(), o.digits())
	case kind.IsString():
		return sqltypes.CompareText(k.text, o.text)
	case kind == sqltypes.UniqueIdentifier:
		return sqltypes.CompareGUID(k.text, o.text)
	}
	return strings.Compare(k.text, o.text) // dates, times, BIT and binary values sort as their text
}

// digits returns a number's digits.
func (k *key) digits() string {
	if k.text != "" {
		return k.text
	}
	return strconv.FormatFloat(k.number, 'f', -1, 64)
}
