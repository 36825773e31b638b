package cli

import (
	"fmt"
	"io"
	"sync"
)

// Output is a command's standard output. It keeps the first error, so that the command as
// a whole fails if a part of its output was lost, whoever wrote that part.
type Output struct {
	w   io.Writer
	mu  sync.Mutex
	err error
}

// NewOutput returns an Output that writes to w.
func NewOutput(w io.Writer) *Output { return &Output{w: w} }

// Write writes, unless a Write has failed before.
func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(b)
	if err != nil {
		o.err = err
	}
	return n, err
}

// Err returns the error to report if output was lost, nil if none was.
func (o *Output) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		return nil
	}
	return &ExitError{Code: ExitInternal, Err: fmt.Errorf("the output is incomplete: %w", o.err)}
}
