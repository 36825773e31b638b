package gather

import "shardeck/shared/sqltypes"

// emitter applies offset and limit to ordered rows, and passes the rows within them to
// the sink in blocks.
type emitter struct {
	sink Sink
	out  []byte // whole rows; the caller of admit appends the admitted row
	rows int64  // number of rows in out

	skip, left int64 // rows to skip, and rows left to pass (-1: all)
	ties       bool
	last       []sqltypes.Value // keys of the last row within the limit, once passed
}

func newEmitter(limit *int64, offset int64, ties bool, sink Sink) *emitter {
	e := &emitter{sink: sink, out: make([]byte, 0, mergeBlock+mergeBlock/4), skip: offset, left: -1, ties: ties}
	if limit != nil {
		e.left = *limit
	}
	return e
}

// admit reports whether the next row, with these keys, is part of the answer. If so, the
// caller appends it to out and calls wrote. The error errEnough ends the answer before
// this row.
func (e *emitter) admit(keys []sqltypes.Value, compare func(a, b []sqltypes.Value) int) (bool, error) {
	switch {
	case e.skip > 0:
		e.skip--
		return false, nil
	case e.left > 0:
		if e.left--; e.left == 0 && e.ties {
			e.last = append(e.last[:0], keys...)
		}
		return true, nil
	case e.left < 0:
		return true, nil
	case e.ties && e.last != nil && compare(e.last, keys) == 0:
		return true, nil
	}
	return false, e.end()
}

// wrote counts a row that was appended to out. It returns errEnough after the last row
// that can be part of the answer.
func (e *emitter) wrote() error {
	e.rows++
	if e.left == 0 && !e.ties {
		return e.end()
	}
	if len(e.out) < mergeBlock {
		return nil
	}
	return e.flush()
}

// flush passes the buffered rows to the sink.
func (e *emitter) flush() error {
	if e.rows == 0 {
		return nil
	}
	err := e.sink(e.out, e.rows)
	e.out, e.rows = e.out[:0], 0
	return err
}

func (e *emitter) end() error {
	if err := e.flush(); err != nil {
		return err
	}
	return errEnough
}
