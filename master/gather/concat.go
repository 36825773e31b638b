package gather

import (
	"bytes"
	"sync"
)

// Concat passes the sources' rows through without decoding them: first the first block
// of each source, in the order of the sources, then all others as they arrive. The
// sources are read concurrently, each one block ahead. A nil limit means none; without
// an order, which rows a limit selects is undefined.
func (g *Gathering) Concat(limit *int64, offset int64, sink Sink) error {
	w := window{skip: offset, left: -1}
	if limit != nil {
		w.left = *limit
	}
	if w.left == 0 {
		return g.finish(errEnough)
	}
	if len(g.Sources) == 1 {
		return g.finish(g.concatOne(&w, sink))
	}
	return result(g.concatMany(&w, sink))
}

// concatOne handles the common case of a single shard without a goroutine.
func (g *Gathering) concatOne(w *window, sink Sink) error {
	for {
		block, err := g.Sources[0].NextBlock()
		if err != nil {
			if isEnd(err) {
				return nil
			}
			return g.failed(0, err)
		}
		if err := w.pass(block, sink); err != nil {
			return err
		}
	}
}

// delivery is a block of a source, or its end.
type delivery struct {
	source int
	block  []byte
	err    error
}

func (g *Gathering) concatMany(w *window, sink Sink) (err error) {
	n := len(g.Sources)
	p := pump{
		sources: g.Sources,
		out:     make(chan delivery, n), // at most one delivery per source is in flight, so sends never block
		resume:  make([]chan struct{}, n),
		stop:    make(chan struct{}),
	}
	for i := range n {
		p.resume[i] = make(chan struct{}, 1)
		p.wg.Go(func() { p.run(i) })
	}
	defer func() {
		close(p.stop)
		if err != nil && g.Cancel != nil {
			g.Cancel() // a pump may be blocked in NextBlock
		}
		p.wg.Wait()
	}()

	take := func(d delivery) (ended int, err error) {
		switch {
		case isEnd(d.err):
			return 1, nil
		case d.err != nil:
			return 1, g.failed(d.source, d.err)
		}
		if err := w.pass(d.block, sink); err != nil {
			return 0, err
		}
		p.resume[d.source] <- struct{}{}
		return 0, nil
	}
	// The first blocks are passed in the order of sources: those before turn have been
	// passed, those in early have arrived before their turn.
	turn, early := 0, make([]*delivery, n)
	for open := n; open > 0; {
		d := <-p.out
		if d.source < turn {
			ended, err := take(d)
			if err != nil {
				return err
			}
			open -= ended
			continue
		}
		early[d.source] = &d
		for ; turn < n && early[turn] != nil; turn++ {
			ended, err := take(*early[turn])
			if err != nil {
				return err
			}
			open -= ended
		}
	}
	return nil
}

// pump reads the sources, each in a goroutine of its own, one block ahead.
type pump struct {
	sources []Source
	out     chan delivery
	resume  []chan struct{} // by source: the block has been consumed, read the next
	stop    chan struct{}
	wg      sync.WaitGroup
}

func (p *pump) run(i int) {
	for {
		block, err := p.sources[i].NextBlock()
		p.out <- delivery{i, block, err}
		if err != nil {
			return
		}
		select {
		case <-p.resume[i]:
		case <-p.stop:
			return
		}
	}
}

// window counts the rows to skip, and those left to pass (-1: all).
type window struct {
	skip, left int64
}

// pass hands the part of the block that is within the window to the sink.
func (w *window) pass(block []byte, sink Sink) error {
	rows := int64(bytes.Count(block, []byte{'\n'}))
	if w.skip >= rows {
		w.skip -= rows
		return nil
	}
	if w.skip > 0 {
		block = block[RowsEnd(block, w.skip):]
		rows -= w.skip
		w.skip = 0
	}
	if w.left >= 0 && rows > w.left {
		block = block[:RowsEnd(block, w.left)]
		rows = w.left
	}
	if rows > 0 {
		if err := sink(block, rows); err != nil {
			return err
		}
	}
	if w.left >= 0 {
		w.left -= rows
		if w.left == 0 {
			return errEnough
		}
	}
	return nil
}

// RowsEnd returns the offset of the end of the first n rows of a block, which must have at least n.
func RowsEnd(block []byte, n int64) int {
	end := 0
	for range n {
		end += bytes.IndexByte(block[end:], '\n') + 1
	}
	return end
}
