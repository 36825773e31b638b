package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/shared/jsonrow"
)

// MaxLine bounds a line of a row stream, in bytes.
const MaxLine = api.MaxRow

// streamBuffer is the initial size of a stream's buffer, in bytes. It grows only for a longer
// line.
const streamBuffer = 64 << 10

var streamBuffers = sync.Pool{New: func() any {
	b := make([]byte, streamBuffer)
	return &b
}}

// RowStream is a row response in progress. It is for one goroutine, must be closed, and lives no
// longer than the context it was requested with. Its memory is one buffer of 64 KiB, or of the
// longest line if that is longer.
type RowStream struct {
	c    *conn
	k    *call
	ctx  context.Context // the request's; it explains why a read failed
	body io.ReadCloser
	buf  *[]byte
	from int // the unread part of buf is [from:to]
	to   int
	rows int64
	// began is when the response did, and heard how much later the latest bytes of its body arrived; 0: none.
	began time.Time
	heard atomic.Int64
	// waited is the time spent in reading the body.
	waited time.Duration
	last   int64 // rows in the latest block
	head   api.StreamHead
	// columns is the number of values of each row; 0 leaves the rows unchecked.
	columns int
	end     *api.EndInfo
	err     error                   // how it ended; io.EOF for success
	release context.CancelCauseFunc // ends ctx, if that is the stream's own
}

// newRowStream returns the stream of a response that has just begun.
func newRowStream(ctx context.Context, c *conn, k *call, resp *http.Response) *RowStream {
	return &RowStream{c: c, k: k, ctx: ctx, body: resp.Body, buf: streamBuffers.Get().(*[]byte), began: time.Now()}
}

// newHeadedStream returns a stream after reading its first record, the head.
func newHeadedStream(ctx context.Context, c *conn, k *call, resp *http.Response) (*RowStream, error) {
	s := newRowStream(ctx, c, k, resp)
	line, err := s.line()
	if err == nil && bytes.HasPrefix(line, []byte(`{"error":`)) {
		err = s.control(line)
	}
	if err == nil {
		if e := json.Unmarshal(line, &s.head); e != nil || s.head.Columns == nil {
			err = c.badResponse(k, resp, "its first line is not the head of a row stream")
		}
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Head is the stream's first record; empty for a worker's stream, which has none.
func (s *RowStream) Head() *api.StreamHead { return &s.head }

// Rows is the number of rows returned so far.
func (s *RowStream) Rows() int64 { return s.rows }

// Heard is when the latest bytes after the response's header arrived; zero if none did yet. Unlike the
// other methods it may be called at any time.
func (s *RowStream) Heard() time.Time {
	if d := s.heard.Load(); d > 0 {
		return s.began.Add(time.Duration(d))
	}
	return time.Time{}
}

// End is the stream's last record, after NextBlock has returned io.EOF; nil before.
func (s *RowStream) End() *api.EndInfo { return s.end }

// Waited is the time that was spent waiting for the body so far, without what the caller did in between.
func (s *RowStream) Waited() time.Duration { return s.waited }

// AwaitFirst waits until the body's first bytes have arrived. If they do not, the next call of
// NextBlock says why.
func (s *RowStream) AwaitFirst() {
	if s.err == nil && s.from == s.to {
		s.err = s.fill()
	}
}

// NextBlock returns complete rows, as many as have arrived: JSON arrays, each ending in a
// newline. The slice is valid until the next call of NextBlock or Close. It returns io.EOF only
// after a proper end: a stream that was cut off, that failed at the server or whose row count
// does not match ends in a problem, and so does a row of a worker that does not have a plain value
// for each column (see [jsonrow.Valid]).
func (s *RowStream) NextBlock() ([]byte, error) {
	s.last = 0
	for s.err == nil {
		block, control := s.scan()
		if len(block) > 0 {
			s.from += len(block)
			s.rows += s.last
			return block, nil
		}
		if control {
			line, err := s.line()
			if err == nil {
				err = s.control(line)
			}
			s.err = err
			break
		}
		if err := s.fill(); err != nil {
			s.err = err
		}
	}
	return nil, s.err
}

// scan returns the complete rows at the front of the buffer, and whether they are directly
// followed by a complete line that is not a row.
func (s *RowStream) scan() (block []byte, control bool) {
	b := (*s.buf)[s.from:s.to]
	n := 0
	for n < len(b) {
		i := bytes.IndexByte(b[n:], '\n')
		if i < 0 {
			break
		}
		if b[n] != '[' || i < 2 || b[n+i-1] != ']' || s.columns > 0 && !jsonrow.Valid(b[n:n+i], s.columns) {
			return b[:n], n == 0
		}
		n += i + 1
		s.last++
	}
	return b[:n], false
}

// line returns the next line, whatever it is, without its newline.
func (s *RowStream) line() ([]byte, error) {
	seen := 0
	for {
		b := (*s.buf)[s.from:s.to]
		if i := bytes.IndexByte(b[seen:], '\n'); i >= 0 {
			line := b[:seen+i]
			s.from += seen + i + 1
			return line, nil
		}
		seen = len(b)
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
}

// awaitRow waits until the line after the head has arrived. If that is an error, it closes the
// stream and returns it.
func (s *RowStream) awaitRow() error {
	line, err := s.line()
	if err == nil && bytes.HasPrefix(line, []byte(`{"error":`)) {
		err = s.control(line)
	}
	if err != nil {
		s.Close()
		return err
	}
	s.from -= len(line) + 1 // for NextBlock to read
	return nil
}

// control processes the last record and returns what NextBlock must return after it.
func (s *RowStream) control(line []byte) error {
	var rec struct {
		End   *api.EndInfo `json:"end"`
		Error *api.Problem `json:"error"`
	}
	if s.columns > 0 && len(line) > 0 && line[0] == '[' {
		return s.bad("a row of the stream is not a JSON array of %d values", s.columns)
	}
	if n, ok := plainEnd(line); ok {
		rec.End = &api.EndInfo{Rows: n}
	} else if err := json.Unmarshal(line, &rec); err != nil || (rec.End == nil) == (rec.Error == nil) {
		return s.bad("a line of the stream is neither a row nor its end")
	}
	if rec.Error != nil {
		if rec.Error.Code == "" {
			return s.bad("the stream ends in an empty error")
		}
		return rec.Error
	}
	if rec.End.Rows != s.rows {
		return s.bad("the stream declares %d rows but has %d", rec.End.Rows, s.rows)
	}
	if s.from != s.to {
		return s.bad("the stream continues after its end record")
	}
	s.end = rec.End
	// Reading to EOF lets the connection be reused. All rows have arrived, so an error does not
	// matter.
	var one [1]byte
	if n, _ := s.body.Read(one[:]); n > 0 {
		s.end = nil
		return s.bad("the stream continues after its end record")
	}
	return io.EOF
}

// plainEnd parses an end record that only has rows, as every worker's does, without the cost of a
// decoder.
func plainEnd(line []byte) (rows int64, ok bool) {
	digits, ok := bytes.CutPrefix(line, []byte(`{"end":{"rows":`))
	if !ok {
		return 0, false
	}
	digits, ok = bytes.CutSuffix(digits, []byte("}}"))
	if !ok || len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		rows = rows*10 + int64(c-'0')
	}
	return rows, true
}

// fill reads more, first making room for it. It never returns io.EOF.
func (s *RowStream) fill() error {
	buf := *s.buf
	if s.from > 0 {
		s.to = copy(buf, buf[s.from:s.to])
		s.from = 0
	}
	if s.to == len(buf) {
		if len(buf) >= MaxLine {
			return s.bad("a line of the stream is longer than %d bytes", MaxLine)
		}
		bigger := make([]byte, min(2*len(buf), MaxLine))
		copy(bigger, buf)
		s.dropBuffer()
		s.buf = &bigger
		buf = bigger
	}
	asked := time.Now()
	n, err := s.body.Read(buf[s.to:])
	s.to += n
	now := time.Now()
	s.waited += now.Sub(asked)
	if n > 0 {
		s.heard.Store(max(1, int64(now.Sub(s.began))))
	}
	if n > 0 || err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) && s.ctx.Err() == nil {
		return s.bad("the stream ended without its last record")
	}
	return s.c.unanswered(s.ctx, err)
}

func (s *RowStream) bad(format string, args ...any) error {
	p := api.NewProblem(api.CodeShardBadAnswer, format, args...)
	p.Detail = "the answer of " + s.c.String() + " cannot be used: " + p.Detail
	return p.Hinted("retry; if it happens again, check the %s's log", s.c.noun)
}

// Close ends the stream, including at the server if it is still running. It may be called more
// than once.
func (s *RowStream) Close() error {
	if s.buf == nil {
		return nil
	}
	if s.err == nil {
		s.err = api.NewProblem(api.CodeCanceled, "the stream was closed before its end")
	}
	s.dropBuffer()
	s.from, s.to = 0, 0
	if s.release != nil {
		defer s.release(nil)
	}
	return s.body.Close()
}

func (s *RowStream) dropBuffer() {
	if len(*s.buf) == streamBuffer {
		streamBuffers.Put(s.buf)
	}
	s.buf = nil
}
