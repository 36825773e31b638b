package service

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/shared/httpserve"
)

const (
	// jsonBuffer is the number of bytes of a JSON answer that are buffered before its
	// status is committed: until then a failure can still set another status.
	jsonBuffer = 256 << 10
	// jsonWriteTimeout is the timeout for writing one block to a client. A first block
	// of less than jsonBigWrite bytes fits into the socket buffers, so it cannot block.
	jsonWriteTimeout = 30 * time.Second
	jsonBigWrite     = 32 << 10
)

var jsonBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// jsonRows writes an api.SelectResponse whose rows are the shards' bytes, passed through
// without decoding or buffering all of them.
type jsonRows struct {
	w       http.ResponseWriter
	r       *http.Request
	buf     *bytes.Buffer
	rows    int64
	started bool
}

func newJSONRows(w http.ResponseWriter, r *http.Request) *jsonRows {
	return &jsonRows{w: w, r: r, buf: jsonBuffers.Get().(*bytes.Buffer)}
}

// Head starts the answer.
func (j *jsonRows) Head(columns []api.Column) error {
	j.buf.WriteString(`{"columns":`)
	if err := json.MarshalWrite(j.buf, columns); err != nil {
		return err
	}
	j.buf.WriteString(`,"rows":[`)
	return nil
}

// Block adds rows. Each ends in a newline and contains no other, so replacing the
// newlines by commas makes them elements of an array.
func (j *jsonRows) Block(block []byte, rows int64) error {
	if j.rows > 0 {
		j.buf.WriteByte(',')
	}
	j.rows += rows
	block = block[:len(block)-1]
	for i := 0; ; i++ {
		n := bytes.IndexByte(block[i:], '\n')
		if n < 0 {
			break
		}
		i += n
		block[i] = ','
	}
	j.buf.Write(block)
	if !j.started && j.buf.Len() < jsonBuffer {
		return nil
	}
	return j.flush()
}

// flush sends the buffered bytes. The write deadline keeps a client that does not read
// from blocking the shards' streams forever.
func (j *jsonRows) flush() error {
	defer writeDeadline(j.w, j.started, j.buf.Len())()
	if !j.started {
		j.started = true
		jsonHeader(j.w.Header())
	}
	_, err := j.w.Write(j.buf.Bytes())
	j.buf.Reset()
	return err
}

// jsonHeader sets the header of a JSON answer.
func jsonHeader(h http.Header) {
	h.Set("Content-Type", api.MediaJSON)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}

// writeDeadline sets a deadline for a write of n bytes if it can block: if it is big or
// not the first one. The returned function removes the deadline.
func writeDeadline(w http.ResponseWriter, started bool, n int) func() {
	if !started && n < jsonBigWrite {
		return func() {}
	}
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(jsonWriteTimeout)) // unsupported by recorders in tests
	return func() { _ = rc.SetWriteDeadline(time.Time{}) }
}

// End completes the answer and sends the rest.
func (j *jsonRows) End(info api.EndInfo) error {
	j.buf.WriteString(`],`)
	tail := api.EndInfoJSON{RowCount: j.rows, Route: *info.Route, Shards: info.Shards, Partial: info.Partial, Query: info.Query}
	b, err := json.Marshal(&tail)
	if err != nil {
		return err
	}
	j.buf.Write(b[1:]) // the members without the opening brace
	j.buf.WriteByte('\n')
	if !j.started {
		j.w.Header()["Content-Length"] = []string{strconv.Itoa(j.buf.Len())}
	}
	return j.flush()
}

// Fail ends an answer that was started: it writes the member error and aborts the
// connection, so that the answer cannot be taken for a complete one.
func (j *jsonRows) Fail(err error) {
	p := *api.AsProblem(err)
	p.RequestID = httpserve.RequestID(j.r)
	if b, e := json.Marshal(&p); e == nil {
		j.buf.WriteString(`],"error":`)
		j.buf.Write(b)
		j.buf.WriteString("}\n")
		if j.flush() == nil {
			_ = http.NewResponseController(j.w).Flush() // the connection is aborted either way
		}
	}
	j.Discard()
	panic(http.ErrAbortHandler)
}

// Started reports whether part of the answer was sent.
func (j *jsonRows) Started() bool { return j.started }

// Discard releases the buffer. It may be called more than once.
func (j *jsonRows) Discard() {
	if j.buf == nil {
		return
	}
	if j.buf.Cap() <= 2*jsonBuffer {
		j.buf.Reset()
		jsonBuffers.Put(j.buf)
	}
	j.buf = nil
}
