package raw

import (
	"fmt"
	"unsafe"

	"modernc.org/libc"
)

// SQLite keeps the result of each function in an expression until the statement is reset or the
// function is called again, also those of nested calls. The large ones are counted, so that an
// expression of many functions of a large value cannot exhaust the memory.
const (
	largeResult = 64 << 10
	// MaxResults bounds the large results that a connection holds at a time, in bytes.
	MaxResults = 128 << 20
)

// ErrResultsTooLarge is the Cause of a statement that failed because of [MaxResults].
var ErrResultsTooLarge = fmt.Errorf("the intermediate results of a statement take more than %d MiB", MaxResults>>20)

// largeHeader precedes a large result's bytes.
type largeHeader struct {
	size uintptr
	conn uintptr // the connection's handle
}

// large returns the address of a copy of v for freeLarge to free, or 0 if there is no room.
func (r *Result) large(v string) uintptr {
	if r.c.results+len(v) > MaxResults {
		r.err = ErrResultsTooLarge
		return 0
	}
	const header = unsafe.Sizeof(largeHeader{})
	p := libc.Xmalloc(r.tls, libcSize(int(header)+len(v)))
	if p == 0 {
		r.err = errNoMem()
		return 0
	}
	r.c.results += len(v)
	*at[largeHeader](p) = largeHeader{uintptr(len(v)), r.c.handle}
	copy(unsafe.Slice(at[byte](p+header), len(v)), v)
	return p + header
}

// freeLarge is the destructor of a large result. SQLite calls it on the connection's goroutine.
func freeLarge(tls *libc.TLS, p uintptr) {
	p -= unsafe.Sizeof(largeHeader{})
	h := *at[largeHeader](p)
	callbacks.RLock()
	c := callbacks.conns[h.conn]
	callbacks.RUnlock()
	if c != nil {
		c.results -= int(h.size)
	}
	libc.Xfree(tls, p)
}
