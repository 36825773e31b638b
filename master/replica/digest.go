package replica

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"

	"shardeck/shared/api"
	"shardeck/shared/jsonrow"
	"shardeck/shared/sqltypes"
)

// Source is the stream of a copy's rows.
type Source interface {
	// NextBlock returns one or more whole rows: JSON arrays, each ending in a newline. The slice is
	// valid until the next call. It returns io.EOF after the last row.
	NextBlock() ([]byte, error)
}

// Table is what is known of the rows of a table: the types of its columns, and by which columns the
// streams of [Table.Compare] are sorted, which are those of the primary key, or else all.
type Table struct {
	Types []sqltypes.Type
	Keys  []int
}

// Digest identifies the rows of a copy, in whatever order they come, by their number and the sum of
// their SHA-256 modulo 2^256. Digests are equal exactly if the rows are, unless somebody went out of
// their way to find rows with equal sums.
type Digest struct {
	Rows int64
	sum  [4]uint64
}

func (d *Digest) add(row []byte) {
	h := sha256.Sum256(row)
	carry := uint64(0)
	for i := range d.sum {
		d.sum[i], carry = bits.Add64(d.sum[i], binary.LittleEndian.Uint64(h[8*i:]), carry)
	}
	d.Rows++
}

// Digest reads a copy's rows.
func (t *Table) Digest(src Source) (Digest, error) {
	r := reader{t: t, src: src}
	for {
		ok, err := r.next()
		if err != nil || !ok {
			return r.digest, err
		}
	}
}

// reader reads rows in canonical form.
type reader struct {
	t      *Table
	src    Source
	block  []byte // the rest of the block
	split  jsonrow.Splitter
	row    []byte           // in canonical form
	key    []sqltypes.Value // of the row, by Table.Keys
	digest Digest           // of all rows so far
}

// next reads a row, and reports whether there was one. It replaces row and key.
func (r *reader) next() (bool, error) {
	for len(r.block) == 0 {
		block, err := r.src.NextBlock()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		r.block = block
	}
	line, rest, _ := bytes.Cut(r.block, []byte{'\n'})
	r.block = rest
	if n := len(r.t.Types); !r.split.Split(line, n) || r.split.End(n-1) != len(line)-1 || line[len(line)-1] != ']' {
		return false, garbage()
	}
	values := make([]sqltypes.Value, len(r.t.Types))
	r.row = append(make([]byte, 0, len(line)+8), '[')
	for i, typ := range r.t.Types {
		var err error
		if values[i], err = sqltypes.DecodeJSON(typ, r.split.Element(line, i)); err != nil {
			return false, garbage()
		}
		if i > 0 {
			r.row = append(r.row, ',')
		}
		r.row = sqltypes.AppendJSON(r.row, typ, values[i])
	}
	r.row = append(r.row, ']')
	r.key = make([]sqltypes.Value, len(r.t.Keys))
	for i, c := range r.t.Keys {
		r.key[i] = values[c]
	}
	r.digest.add(r.row)
	return true, nil
}

// garbage is the problem of a row that is not one of the table's.
func garbage() *api.Problem {
	return api.NewProblem(api.CodeShardBadAnswer, "a row does not have the table's columns").
		Hinted("check whether the worker runs another version; its log may have details")
}

// Choose returns which of several copies is the right one, by shard: the one that most shards have, if
// those are the majority; otherwise the copy of home, if no other is more common. Copies that are not
// known are nil. It reports false if that does not decide.
func Choose(copies []*Digest, home int) (shard int, ok bool) {
	count := map[Digest]int{}
	most := 0
	for _, d := range copies {
		if d != nil {
			count[*d]++
			most = max(most, count[*d])
		}
	}
	if h := copies[home]; 2*most <= len(copies) && h != nil && count[*h] == most {
		return home, true
	}
	for i, d := range copies {
		if d != nil && count[*d] == most && 2*most > len(copies) {
			return i, true
		}
	}
	return 0, false
}
