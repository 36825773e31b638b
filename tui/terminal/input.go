package terminal

import (
	"bytes"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/muesli/cancelreader"
)

const (
	// readSize is how much one read takes; a terminal gives at most 4 KiB on most systems.
	readSize = 64 << 10
	// much is how many bytes make it likely that more are on their way, and muchWait how long
	// those may take.
	much     = 512
	muchWait = 10 * time.Millisecond
	// gatherMost is how much is gathered; what is more is passed on in parts.
	gatherMost = 1 << 20
	// cancelWait bounds the wait for a read that cannot be cancelled.
	cancelWait = 500 * time.Millisecond
)

// inputEnded says that nothing more will be read: the terminal is gone.
type inputEnded struct{}

// input reads the terminal and delivers messages. Reading can be stopped, so that another
// program can have the terminal, and started again. Nothing that was read is lost by that.
type input struct {
	from    io.Reader
	more    func() bool // whether a read would return at once
	deliver func(msg any)

	chunks chan []byte
	outbox chan any
	quit   chan struct{} // closed when the program ends

	left    []byte // read, but not yet decoded when reading was stopped
	reader  cancelreader.CancelReader
	ended   atomic.Bool // there is nothing more to read
	stopped chan struct{}
	done    chan struct{} // closed when the reading goroutine ends
}

func newInput(from io.Reader, more func() bool, deliver func(any)) *input {
	in := &input{
		from: from, more: more, deliver: deliver,
		chunks: make(chan []byte), outbox: make(chan any, 1024), quit: make(chan struct{}),
	}
	go in.decode()
	go in.send()
	return in
}

// close ends the delivery. The input must have been stopped.
func (in *input) close() { close(in.quit) }

// start begins to read, unless it reads or nothing is left to read.
func (in *input) start() error {
	if in.reader != nil || in.ended.Load() {
		return nil
	}
	r, err := cancelreader.NewReader(in.from)
	if err != nil {
		return err
	}
	in.reader, in.stopped, in.done = r, make(chan struct{}), make(chan struct{})
	go in.read(r, in.stopped, in.done)
	return nil
}

// stop ends reading. What arrives from now on is left to others. It has no effect on what is
// no terminal or file, since nobody else reads that.
func (in *input) stop() {
	if in.reader == nil || !in.reader.Cancel() {
		return
	}
	close(in.stopped)
	select {
	case <-in.done:
	case <-time.After(cancelWait):
	}
	in.reader.Close() //nolint:errcheck // it releases what cancelling needed
	in.reader = nil
}

// read passes on what arrives together as one piece.
func (in *input) read(r cancelreader.CancelReader, stopped, done chan struct{}) {
	defer close(done)
	if in.left != nil {
		left := in.left
		in.left = nil
		if !in.pass(left, stopped) {
			return
		}
	}
	buf := make([]byte, readSize)
	for {
		n, err := r.Read(buf)
		for err == nil && n < len(buf) && in.more() {
			var m int
			m, err = r.Read(buf[n:])
			n += m
		}
		if n > 0 && !in.pass(bytes.Clone(buf[:n]), stopped) {
			return
		}
		if err != nil {
			if !errors.Is(err, cancelreader.ErrCanceled) && !in.ended.Swap(true) {
				close(in.chunks)
			}
			return
		}
	}
}

func (in *input) pass(chunk []byte, stopped chan struct{}) bool {
	select {
	case in.chunks <- chunk:
		return true
	case <-stopped:
		in.left = chunk
		return false
	case <-in.quit:
		return false
	}
}

// decode turns what was read into messages, in its own time: how long a model takes must
// not decide what arrived together.
func (in *input) decode() {
	var d decoder
	for {
		var timeout <-chan time.Time
		if w := d.wait(); w > 0 {
			timeout = time.After(w)
		}
		var msgs []any
		select {
		case chunk, ok := <-in.chunks:
			if !ok {
				in.queue(append(d.flush(time.Now()), inputEnded{}))
				return
			}
			msgs = d.feed(in.gather(chunk), time.Now())
		case <-timeout:
			msgs = d.flush(time.Now())
		case <-in.quit:
			return
		}
		if !in.queue(msgs) {
			return
		}
	}
}

// gather adds what has arrived since, and after much input what arrives soon.
func (in *input) gather(chunk []byte) []byte {
	for len(chunk) < gatherMost {
		var wait time.Duration
		if len(chunk) >= much {
			wait = muchWait
		}
		more, ok := in.next(wait)
		if !ok {
			break
		}
		chunk = append(chunk, more...)
	}
	return chunk
}

// next returns the next piece if it is there within the time.
func (in *input) next(wait time.Duration) ([]byte, bool) {
	select {
	case c, ok := <-in.chunks:
		return c, ok
	default:
	}
	if wait == 0 {
		return nil, false
	}
	select {
	case c, ok := <-in.chunks:
		return c, ok
	case <-time.After(wait):
		return nil, false
	}
}

func (in *input) queue(msgs []any) bool {
	for _, m := range msgs {
		select {
		case in.outbox <- m:
		case <-in.quit:
			return false
		}
	}
	return true
}

func (in *input) send() {
	for {
		select {
		case m := <-in.outbox:
			in.deliver(m)
		case <-in.quit:
			return
		}
	}
}
