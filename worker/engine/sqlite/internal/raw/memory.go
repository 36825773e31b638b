package raw

import (
	"unsafe"

	"modernc.org/libc"
)

// Addresses from SQLite are integers to Go: they point outside its heap, into memory mapped by
// the translated malloc, where nothing moves and the collector does not look. Only the functions
// here turn them into pointers. The detour through a pointer to the integer tells vet that this
// is intended.

// at returns the address as a pointer to a T.
func at[T any](addr uintptr) *T { return *(**T)(unsafe.Pointer(&addr)) }

// textView returns n bytes at addr as a string without copying. It is valid while SQLite keeps
// them.
func textView(addr uintptr, n int) string {
	if addr == 0 || n <= 0 {
		return ""
	}
	return unsafe.String(at[byte](addr), n)
}

// funcPointer returns the function pointer that translated C expects: the address of the code
// word, as golang.org/s/go11func describes function values. f must be a declared function, not a
// closure, so that its code word is in read-only memory.
func funcPointer[T any](f T) uintptr {
	return *(*uintptr)(unsafe.Pointer(&struct{ f T }{f}))
}

// buffer is memory outside Go's heap that grows as needed.
type buffer struct {
	addr uintptr
	size int
}

// keepBuffer is the size in bytes above which a statement frees a parameter's buffer after use.
const keepBuffer = 64 << 10

// set copies s into the buffer and returns its address, which is never 0, as SQLite takes that
// for NULL. It returns 0 if out of memory.
func (b *buffer) set(tls *libc.TLS, s string) uintptr {
	if b.addr == 0 || len(s) > b.size {
		size := max(32, len(s))
		if len(s) > 32 && len(s) < keepBuffer {
			size += size / 2
		}
		b.free(tls)
		if b.addr = libc.Xmalloc(tls, libcSize(size)); b.addr == 0 {
			return 0
		}
		b.size = size
	}
	copy(unsafe.Slice(at[byte](b.addr), b.size), s)
	return b.addr
}

func (b *buffer) free(tls *libc.TLS) {
	if b.addr != 0 {
		libc.Xfree(tls, b.addr)
		*b = buffer{}
	}
}

// ptrSize is the size of a C pointer in bytes.
const ptrSize = unsafe.Sizeof(uintptr(0))
