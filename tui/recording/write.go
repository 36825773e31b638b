package recording

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
)

// The bounds of a recording, of its text before it is compressed.
const (
	MaxSize = 128 << 20
	maxLine = 8 << 20
)

// ErrLimit says that a recording has reached its greatest size and has ended.
var ErrLimit = fmt.Errorf("the recording has reached its limit of %d MiB and has ended", MaxSize>>20)

// Options configure a Writer.
type Options struct {
	Gzip bool
	// Redact leaves out shard keys and the texts of statements.
	Redact bool
	// Limit is the size at which the recording ends; 0 means [MaxSize].
	Limit int
}

// Writer writes a recording. It is not safe for concurrent use.
type Writer struct {
	out     io.Writer
	gz      *gzip.Writer // nil without compression
	opts    Options
	written int
	ended   bool
}

// endRoom is kept free for the line that says why a recording ended.
const endRoom = 256

// NewWriter begins a recording with its header.
func NewWriter(w io.Writer, h Header, o Options) (*Writer, error) {
	if o.Limit <= 0 {
		o.Limit = MaxSize
	}
	r := &Writer{out: w, opts: o}
	if o.Gzip {
		r.gz = gzip.NewWriter(w)
		r.out = r.gz
	}
	h.Format, h.Redacted = Format, o.Redact
	line, err := marshal(h)
	if err != nil {
		return nil, err
	}
	return r, r.write(line)
}

// marshal returns v as a line. Text that is not UTF-8 is replaced, since it was drawn so too.
func marshal(v any) ([]byte, error) {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	return append(b, '\n'), err
}

// Write adds entries, in the order of their times. It returns [ErrLimit] with the entry that does not
// fit any more; whoever reads the recording is told too.
func (w *Writer) Write(entries ...Entry) error {
	if w.ended {
		return nil
	}
	var lines bytes.Buffer
	var full error
	for i := range entries {
		line, err := marshal(w.redacted(&entries[i]))
		if err != nil {
			return err
		}
		if w.written+lines.Len()+len(line) > w.opts.Limit-endRoom || len(line) > maxLine {
			end, err := marshal(Entry{At: entries[i].At, End: Limited})
			if err != nil {
				return err
			}
			lines.Write(end)
			w.ended, full = true, ErrLimit
			break
		}
		lines.Write(line)
	}
	return errors.Join(w.write(lines.Bytes()), full)
}

// write passes lines on, so that they can be read although the program dies.
func (w *Writer) write(lines []byte) error {
	w.written += len(lines)
	if _, err := w.out.Write(lines); err != nil {
		return err
	}
	if w.gz != nil {
		return w.gz.Flush()
	}
	return nil
}

// Close ends the recording at a time. It does not close the stream under it.
func (w *Writer) Close(at time.Time) error {
	var err error
	if !w.ended {
		var line []byte
		if line, err = marshal(Entry{At: at, End: Closed}); err == nil {
			err = w.write(line)
		}
		w.ended = true
	}
	if w.gz != nil {
		err = errors.Join(err, w.gz.Close())
	}
	return err
}

// redacted returns the entry without what is data of the cluster's users, if that is asked for. The
// entry itself shares its parts with the console and stays as it is.
func (w *Writer) redacted(e *Entry) *Entry {
	if !w.opts.Redact {
		return e
	}
	out := *e
	switch {
	case e.Traffic != nil && e.Traffic.Report != nil:
		t, r := *e.Traffic, *e.Traffic.Report
		r.Recent = slices.Clone(r.Recent)
		for i := range r.Recent {
			r.Recent[i].Key = nil
		}
		t.Report, out.Traffic = &r, &t
	case e.Running != nil:
		r := *e.Running
		r.Lists = slices.Clone(r.Lists)
		for i := range r.Lists {
			l := &r.Lists[i]
			l.Queries = slices.Clone(l.Queries)
			for j := range l.Queries {
				redactQuery(&l.Queries[j])
			}
		}
		out.Running = &r
	}
	return &out
}

// redactQuery leaves the statement's verb, and of its route only where it goes.
func redactQuery(q *api.RunningQuery) {
	q.SQL = q.Statement + " …"
	if q.Route != nil {
		r := *q.Route
		r.Keys, r.Why = nil, ""
		q.Route = &r
	}
}
