package httpserve

import (
	"errors"
	"net/http"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
)

// blockSize is how much of a stream is buffered before it is sent, in bytes.
const blockSize = 64 << 10

var blocks = sync.Pool{New: func() any {
	b := make([]byte, 0, blockSize+blockSize/4)
	return &b
}}

// RowWriter responds to a request with a row stream (see api.StreamHead). A result that fits one
// block is sent in one write with a Content-Length. The status is not committed until the first
// block is full, so that until then [RowWriter.Fail] can still respond with a problem and its own
// status. A RowWriter is for one goroutine.
type RowWriter struct {
	w    http.ResponseWriter
	r    *http.Request
	buf  *[]byte
	rows int64
	sent bool
}

// NewRowWriter returns a writer for one response. It must be finished with End, Fail or Discard.
func NewRowWriter(w http.ResponseWriter, r *http.Request) *RowWriter {
	return &RowWriter{w: w, r: r, buf: blocks.Get().(*[]byte)}
}

// Head writes the head record; it must come first, and only once.
func (s *RowWriter) Head(columns []api.Column) error {
	// Encoded by hand, as every point query sends one and its form is fixed.
	b := append(*s.buf, `{"columns":[`...)
	for i, c := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		var e1, e2 error
		b, e1 = jsontext.AppendQuote(append(b, `{"name":`...), c.Name)
		b, e2 = jsontext.AppendQuote(append(b, `,"type":`...), c.Type)
		if err := errors.Join(e1, e2); err != nil {
			return err
		}
		b = append(b, '}')
	}
	*s.buf = append(b, "]}\n"...)
	return nil
}

// Row writes one row, a JSON array without a newline. The error canceled means that the client
// has disconnected.
func (s *RowWriter) Row(line []byte) error {
	*s.buf = append(append(*s.buf, line...), '\n')
	s.rows++
	if len(*s.buf) >= blockSize {
		return s.flush()
	}
	return nil
}

// Block writes a block of complete rows, each ending in a newline; rows is their number. A large
// block is not copied.
func (s *RowWriter) Block(block []byte, rows int64) error {
	s.rows += rows
	if len(*s.buf)+len(block) < blockSize {
		*s.buf = append(*s.buf, block...)
		return nil
	}
	if len(*s.buf) > 0 && len(block) < blockSize/2 {
		*s.buf = append(*s.buf, block...)
		return s.flush()
	}
	if err := s.flush(); err != nil {
		return err
	}
	return s.write(block)
}

// Rows is the number of rows written.
func (s *RowWriter) Rows() int64 { return s.rows }

// Started reports whether the status is committed and part of the response has been sent.
func (s *RowWriter) Started() bool { return s.sent }

// End writes the end record and sends the rest. The caller fills in info, except for Rows.
func (s *RowWriter) End(info api.EndInfo) error {
	defer s.Discard()
	info.Rows = s.rows
	if info.Route == nil && info.Shards == nil && info.Partial == nil {
		*s.buf = append(strconv.AppendInt(append(*s.buf, `{"end":{"rows":`...), s.rows, 10), "}}\n"...)
	} else if err := s.record(&api.StreamEnd{End: info}); err != nil {
		return err
	}
	if !s.sent {
		s.w.Header()["Content-Length"] = []string{strconv.Itoa(len(*s.buf))}
	}
	return s.flush()
}

// Fail ends the response with err: as a problem document if nothing was sent yet, otherwise as
// the stream's last record.
func (s *RowWriter) Fail(err error) {
	defer s.Discard()
	if !s.sent {
		WriteProblem(s.w, s.r, err)
		return
	}
	noteError(s.w, err)
	p := *api.AsProblem(err)
	p.RequestID = RequestID(s.r)
	if s.record(&api.StreamError{Error: &p}) != nil {
		panic(http.ErrAbortHandler) // a truncated stream is never taken as complete
	}
	_ = s.flush() // the client may be gone, which may be the cause
}

// Discard releases the buffer. It is safe to call after End and Fail.
func (s *RowWriter) Discard() {
	if s.buf == nil {
		return
	}
	if cap(*s.buf) <= pooledMax {
		*s.buf = (*s.buf)[:0]
		blocks.Put(s.buf)
	}
	s.buf = nil
}

func (s *RowWriter) record(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	*s.buf = append(append(*s.buf, b...), '\n')
	return nil
}

func (s *RowWriter) flush() error {
	if len(*s.buf) == 0 {
		return nil
	}
	err := s.write(*s.buf)
	*s.buf = (*s.buf)[:0]
	return err
}

func (s *RowWriter) write(b []byte) error {
	if !s.sent {
		h := s.w.Header()
		h["Content-Type"] = headerNDJSON
		h["X-Content-Type-Options"] = headerNosniff
		h["Cache-Control"] = headerNoStore
		s.sent = true
	}
	if len(b) >= blockSize/2 {
		defer limitWrite(s.w)()
	}
	if _, err := s.w.Write(b); err != nil {
		return api.NewProblem(api.CodeCanceled, "the client disconnected before the end of the response: %v", err)
	}
	return nil
}
