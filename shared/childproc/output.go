package childproc

import (
	"bytes"
	"io"
	"sync"
)

// maxLine bounds the line that is searched for the URL, in bytes.
const maxLine = 4096

// readyWatcher reports the URL of the first line with ReadyPrefix, and passes all output to rest.
type readyWatcher struct {
	url  chan string // of one URL
	rest io.Writer
	line []byte
	seen bool
}

func newReadyWatcher(rest io.Writer) *readyWatcher {
	if rest == nil {
		rest = io.Discard
	}
	return &readyWatcher{url: make(chan string, 1), rest: rest}
}

// Write is called by one goroutine of os/exec only.
func (w *readyWatcher) Write(b []byte) (int, error) {
	for left := b; len(left) > 0 && !w.seen; {
		part, after, whole := bytes.Cut(left, []byte("\n"))
		if len(w.line)+len(part) <= maxLine {
			w.line = append(w.line, part...)
		}
		if whole {
			if url, ok := bytes.CutPrefix(bytes.TrimSuffix(w.line, []byte("\r")), []byte(ReadyPrefix)); ok {
				w.url <- string(url)
				w.seen = true
			}
			w.line = w.line[:0]
		}
		left = after
	}
	return w.rest.Write(b)
}

// Tail keeps the end of its input: at most max bytes, and at least three quarters of that once
// that much was written. It is safe for concurrent use.
type Tail struct {
	max int
	mu  sync.Mutex
	buf bytes.Buffer
}

// NewTail returns a Tail of at most max bytes.
func NewTail(max int) *Tail { return &Tail{max: max} }

// Write appends b; it never fails.
func (t *Tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(b)
	if over := t.buf.Len() - t.max; over > 0 {
		t.buf.Next(over + t.max/4)
	}
	return len(b), nil
}

// String returns the text kept.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
