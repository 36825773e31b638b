package replica

import (
	"bytes"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// maxGroup bounds the rows with one key, in bytes: without a primary key there can be any number.
const maxGroup = 32 << 20

// Difference is a key whose rows differ between two copies. Rows are JSON arrays.
type Difference struct {
	Key []sqltypes.Value // the values of Table.Keys; of strings, the spelling of one of the rows
	// Want are the rows of the right copy, and Have those of the other; one may be empty.
	Want, Have [][]byte
	// Common is how many rows are in both.
	Common int
}

// Missing, Extra and Changed count rows: those that only the right copy has, those that only the other
// has, and pairs of one each.
func (d *Difference) Missing() int { return len(d.Want) - d.Common - d.Changed() }

// Extra is documented with Missing.
func (d *Difference) Extra() int { return len(d.Have) - d.Common - d.Changed() }

// Changed is documented with Missing.
func (d *Difference) Changed() int { return min(len(d.Want), len(d.Have)) - d.Common }

// Compare reads two copies that are sorted by Table.Keys, ascending, and calls visit for each key whose
// rows differ. An error of visit ends it. If it returns none, the digests are those of the copies; if
// they are equal, so are the copies, whatever was visited: an engine may sort a few strings otherwise
// than [sqltypes.Compare].
func (t *Table) Compare(want, have Source, visit func(*Difference) error) (wanted, had Digest, err error) {
	w, h := &group{r: reader{t: t, src: want}}, &group{r: reader{t: t, src: have}}
	if err := w.next(); err != nil {
		return Digest{}, Digest{}, err
	}
	if err := h.next(); err != nil {
		return Digest{}, Digest{}, err
	}
	for w.rows != nil || h.rows != nil {
		c := t.compare(w, h)
		d := &Difference{Key: w.key}
		if c <= 0 {
			d.Want = w.rows
		}
		if c >= 0 {
			d.Key, d.Have = h.key, h.rows
		}
		d.Common = common(d.Want, d.Have)
		if d.Common < len(d.Want) || d.Common < len(d.Have) {
			if err := visit(d); err != nil {
				return Digest{}, Digest{}, err
			}
		}
		if c <= 0 {
			err = w.next()
		}
		if c >= 0 && err == nil {
			err = h.next()
		}
		if err != nil {
			return Digest{}, Digest{}, err
		}
	}
	return w.r.digest, h.r.digest, nil
}

// compare compares the keys of two groups; what has ended comes last.
func (t *Table) compare(a, b *group) int {
	switch {
	case a.rows == nil:
		return 1
	case b.rows == nil:
		return -1
	}
	return t.compareKeys(a.key, b.key)
}

func (t *Table) compareKeys(a, b []sqltypes.Value) int {
	for i, c := range t.Keys {
		if n := sqltypes.Compare(t.Types[c], a[i], b[i]); n != 0 {
			return n
		}
	}
	return 0
}

// group reads the rows of one key at a time.
type group struct {
	r     reader
	key   []sqltypes.Value
	rows  [][]byte // nil at the end
	began bool
	ended bool // the reader has no more rows
}

// next reads the next group.
func (g *group) next() error {
	g.rows = nil
	if !g.began {
		g.began = true
		if err := g.read(); err != nil {
			return err
		}
	}
	if g.ended {
		return nil
	}
	g.key = g.r.key
	for size := 0; !g.ended && g.r.t.compareKeys(g.key, g.r.key) == 0; {
		g.rows = append(g.rows, g.r.row)
		if size += len(g.r.row); size > maxGroup {
			return api.NewProblem(api.CodeTooComplex, "more than %d MiB of rows have equal values in all columns", maxGroup>>20).
				Hinted("give the table a primary key")
		}
		if err := g.read(); err != nil {
			return err
		}
	}
	return nil
}

func (g *group) read() error {
	ok, err := g.r.next()
	g.ended = !ok
	return err
}

// common counts the rows that are in both lists, each as often as in both.
func common(a, b [][]byte) int {
	if len(a) == 1 && len(b) == 1 {
		if bytes.Equal(a[0], b[0]) {
			return 1
		}
		return 0
	}
	count := map[string]int{}
	for _, row := range a {
		count[string(row)]++
	}
	n := 0
	for _, row := range b {
		if count[string(row)] > 0 {
			count[string(row)]--
			n++
		}
	}
	return n
}
