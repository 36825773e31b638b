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
	// jsonBuffer is how much of a JSON answer is kept back before its status is
	// committed, in bytes: up to there a failure still gets a status of its own.
	jsonBuffer = 256 << 10
	// jsonWriteTimeout bounds how long a client may take for one block. A first one of
	// less than jsonBigWrite bytes fits into the buffers on the way.
	jsonWriteTimeout = 30 * time.Second
	jsonBigWrite     = 32 << 10
)

var jsonBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// jsonRows answers with an api.SelectResponse whose rows are the shards' own bytes,
// neither decoded nor held as a whole.
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

// Head begins the answer.
func (j *jsonRows) Head(columns []api.Column) error {
	j.buf.WriteString(`{"columns":`)
	if err := json.MarshalWrite(j.buf, columns); err != nil {
		return err
	}
	j.buf.WriteString(`,"rows":[`)
	return nil
}

// Block adds rows. A newline ends each, and no row has another: to make them
// elements of an array, commas take the newlines' places.
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

// flush sends what there is. The write deadline keeps a client that does not
// read from holding the shards' streams for ever.
func (j *jsonRows) flush() error {
	defer boundWrite(j.w, j.started, j.buf.Len())()
	if !j.started {
		j.started = true
		h := j.w.Header()
		h.Set("Content-Type", api.MediaJSON)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
	}
	_, err := j.w.Write(j.buf.Bytes())
	j.buf.Reset()
	return err
}

// boundWrite sets a deadline for a write of n bytes, if it can block: when it is a big
// one or others went before it. The function returned takes it back.
func boundWrite(w http.ResponseWriter, started bool, n int) func() {
	if !started && n < jsonBigWrite {
		return func() {}
	}
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(jsonWriteTimeout)) // a recorder in a test has none
	return func() { _ = rc.SetWriteDeadline(time.Time{}) }
}

// End completes the answer and sends what is left.
func (j *jsonRows) End(info api.EndInfo) error {
	j.buf.WriteString(`],`)
	tail := api.EndInfoJSON{RowCount: j.rows, Route: *info.Route, Shards: info.Shards, Partial: info.Partial, Query: info.Query}
	b, err := json.Marshal(&tail)
	if err != nil {
		return err
	}
	j.buf.Write(b[1:]) // the members without their brace
	j.buf.WriteByte('\n')
	if !j.started {
		j.w.Header()["Content-Length"] = []string{strconv.Itoa(j.buf.Len())}
	}
	return j.flush()
}

// Fail ends an answer that was begun: with the member error, and then by cutting
// the connection, so that it cannot pass for a whole one.
func (j *jsonRows) Fail(err error) {
	p := *api.AsProblem(err)
	p.RequestID = httpserve.RequestID(j.r)
	if b, e := json.Marshal(&p); e == nil {
		j.buf.WriteString(`],"error":`)
		j.buf.Write(b)
		j.buf.WriteString("}\n")
		if j.flush() == nil {
			_ = http.NewResponseController(j.w).Flush() // the cut follows either way
		}
	}
	j.Discard()
	panic(http.ErrAbortHandler)
}

// Started says whether part of the answer is on its way.
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
