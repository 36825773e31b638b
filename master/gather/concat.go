package gather

import (
	"bytes"
	"sync"
)

// Concat passes the sources' rows on without decoding them: first the first
// block of each source, in the order of the sources, then all others as they
// come. The sources are read at the same time, one block of each ahead. Limit nil
// is none; without an order the rows that a limit leaves are any.
func (g *Gathering) Concat(limit *int64, offset int64, sink Sink) error {
	w := window{skip: offset, left: -1}
	if limit != nil {
		w.left = *limit
	}
	if w.left == 0 {
		return g.finish(errEnough)
	}
	if len(g.Sources) == 1 {
		return g.finish(g.one(&w, sink))
	}
	return result(g.many(&w, sink))
}

// one needs no goroutine: the common case of a statement that one shard answers.
func (g *Gathering) one(w *window, sink Sink) error {
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

// delivery is a block, or the end, of a source.
type delivery struct {
	source int
	block  []byte
	err    error
}

func (g *Gathering) many(w *window, sink Sink) (err error) {
	n := len(g.Sources)
	p := pump{
		sources: g.Sources,
		out:     make(chan delivery, n), // a source has one delivery out at most, so no send waits
		again:   make([]chan struct{}, n),
		stop:    make(chan struct{}),
	}
	for i := range n {
		p.again[i] = make(chan struct{}, 1)
		p.wg.Go(func() { p.run(i) })
	}
	defer func() {
		close(p.stop)
		if err != nil && g.Cancel != nil {
			g.Cancel() // a pump may wait in NextBlock
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
		p.again[d.source] <- struct{}{}
		return 0, nil
	}
	turn, early := 0, make([]*delivery, n) // sources before turn have had their first block passed
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

// pump reads the sources, each in its own goroutine, one block ahead.
type pump struct {
	sources []Source
	out     chan delivery
	again   []chan struct{} // by source: the block was used, read on
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
		case <-p.again[i]:
		case <-p.stop:
			return
		}
	}
}

// window counts rows to skip and rows left to pass (-1: all).
type window struct {
	skip, left int64
}

// pass hands the part of the block that is inside the window to the sink.
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

// RowsEnd is the offset behind the first n rows of a block, which has as many.
func RowsEnd(block []byte, n int64) int {
	end := 0
	for range n {
		end += bytes.IndexByte(block[end:], '\n') + 1
	}
	return end
}
