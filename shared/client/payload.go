package client

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"

	"github.com/go-json-experiment/json"
)

// payload is a request body in a pooled buffer. The transport may still read the
// body after it has returned (a server that answers early) and may ask for it
// again, so the buffer goes back to the pool only when the caller and every reader
// are done with it.
type payload struct {
	buf  *bytes.Buffer
	refs atomic.Int32
	// sent is set once a reader has handed out the last byte. Before that, no
	// server can have got the whole request.
	sent atomic.Bool
}

func newPayload(v any) (*payload, error) {
	p := &payload{buf: buffers.Get().(*bytes.Buffer)}
	p.refs.Store(1)
	if err := json.MarshalWrite(p.buf, v); err != nil {
		p.release()
		return nil, err
	}
	return p, nil
}

func (p *payload) release() {
	if p.refs.Add(-1) == 0 {
		putBuffer(p.buf)
	}
}

func (p *payload) reader() io.ReadCloser {
	p.refs.Add(1)
	return &payloadReader{p: p, rest: p.buf.Bytes()}
}

// payloadReader locks because a transport may close a body that it is still reading.
type payloadReader struct {
	mu     sync.Mutex
	p      *payload
	rest   []byte
	closed bool
}

// Read hands out the body.
func (r *payloadReader) Read(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return 0, io.ErrClosedPipe
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	if len(r.rest) == 0 {
		r.p.sent.Store(true)
		return n, io.EOF
	}
	return n, nil
}

// Close gives up the reader's hold on the buffer.
func (r *payloadReader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed, r.rest = true, nil
		r.p.release()
	}
	return nil
}
