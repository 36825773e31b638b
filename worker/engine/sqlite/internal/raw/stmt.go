package raw

import (
	"fmt"
	"strconv"
	"strings"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	lib "modernc.org/sqlite/lib"
)

func libcSize(n int) types.Size_t { return types.Size_t(n) }

// Class is the storage class of a value.
type Class int

// The storage classes, with SQLite's numbers.
const (
	ClassInteger Class = lib.SQLITE_INTEGER
	ClassFloat   Class = lib.SQLITE_FLOAT
	ClassText    Class = lib.SQLITE_TEXT
	ClassBlob    Class = lib.SQLITE_BLOB
)

// Stmt is a prepared statement. It is bound, stepped until there are no more rows, and reset, any
// number of times.
type Stmt struct {
	c       *Conn
	p       uintptr
	columns int
	// params[i] is the number N of @pN, the parameter with SQLite's index i+1.
	params []int
	bufs   []buffer
}

// Prepare compiles exactly one statement, whose parameters are named @p1, @p2, ...
func (c *Conn) Prepare(sql string) (*Stmt, error) {
	if strings.IndexByte(sql, 0) >= 0 {
		return nil, &Error{Code: lib.SQLITE_ERROR, Msg: "the text has a NUL"}
	}
	text, err := libc.CString(sql)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, text)
	out := libc.Xcalloc(c.tls, 2, 8)
	if out == 0 {
		return nil, errNoMem()
	}
	defer libc.Xfree(c.tls, out)
	rc := lib.Xsqlite3_prepare_v3(c.tls, c.db, text, int32(len(sql)), lib.SQLITE_PREPARE_PERSISTENT, out, out+8)
	if rc != lib.SQLITE_OK {
		return nil, c.errorOf(rc)
	}
	s := &Stmt{c: c, p: *at[uintptr](out)}
	tail := sql[int(*at[uintptr](out + 8)-text):]
	if s.p == 0 || strings.Trim(tail, "; \t\r\n") != "" {
		_ = s.Close()
		return nil, &Error{Code: lib.SQLITE_ERROR, Msg: "the text is not exactly one statement"}
	}
	s.columns = int(lib.Xsqlite3_column_count(c.tls, s.p))
	if err := s.nameParams(); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Stmt) nameParams() error {
	n := int(lib.Xsqlite3_bind_parameter_count(s.c.tls, s.p))
	s.params = make([]int, n)
	s.bufs = make([]buffer, n)
	for i := range n {
		name := libc.GoString(lib.Xsqlite3_bind_parameter_name(s.c.tls, s.p, int32(i+1)))
		digits, ok := strings.CutPrefix(name, "@p")
		num, err := strconv.Atoi(digits)
		if !ok || err != nil || num < 1 {
			return &Error{Code: lib.SQLITE_ERROR, Msg: fmt.Sprintf("parameter %d is not named @p1, @p2, ...", i+1)}
		}
		s.params[i] = num
	}
	return nil
}

// Params returns, for each of the statement's parameters, the N of its name @pN; the Bind methods
// take the position in this slice. It must not be modified.
func (s *Stmt) Params() []int { return s.params }

// Columns returns the number of result columns.
func (s *Stmt) Columns() int { return s.columns }

// ReadOnly reports whether the statement leaves the database unchanged.
func (s *Stmt) ReadOnly() bool { return lib.Xsqlite3_stmt_readonly(s.c.tls, s.p) != 0 }

// BindInt binds the parameter at position i of Params.
func (s *Stmt) BindInt(i int, v int64) error {
	return s.bound(lib.Xsqlite3_bind_int64(s.c.tls, s.p, int32(i+1), v))
}

// BindFloat binds the parameter at position i of Params.
func (s *Stmt) BindFloat(i int, v float64) error {
	return s.bound(lib.Xsqlite3_bind_double(s.c.tls, s.p, int32(i+1), v))
}

// BindText binds the parameter at position i of Params to a copy of v.
func (s *Stmt) BindText(i int, v string) error {
	p := s.bufs[i].set(s.c.tls, v)
	if p == 0 {
		return errNoMem()
	}
	// A destructor of 0 is SQLITE_STATIC: the buffer outlives the binding.
	return s.bound(lib.Xsqlite3_bind_text(s.c.tls, s.p, int32(i+1), p, int32(len(v)), 0))
}

// BindBytes binds the parameter at position i of Params to a copy of the bytes of v.
func (s *Stmt) BindBytes(i int, v string) error {
	p := s.bufs[i].set(s.c.tls, v)
	if p == 0 {
		return errNoMem()
	}
	return s.bound(lib.Xsqlite3_bind_blob(s.c.tls, s.p, int32(i+1), p, int32(len(v)), 0))
}

// BindNull binds the parameter at position i of Params to NULL.
func (s *Stmt) BindNull(i int) error {
	return s.bound(lib.Xsqlite3_bind_null(s.c.tls, s.p, int32(i+1)))
}

func (s *Stmt) bound(rc int32) error {
	if rc != lib.SQLITE_OK {
		return s.c.errorOf(rc)
	}
	return nil
}

// Step advances to the next row and reports whether there is one. After an error or false the
// statement must be Reset.
func (s *Stmt) Step() (bool, error) {
	switch rc := lib.Xsqlite3_step(s.c.tls, s.p); rc {
	case lib.SQLITE_ROW:
		return true, nil
	case lib.SQLITE_DONE:
		return false, nil
	default:
		return false, s.c.errorOf(rc)
	}
}

// Run steps to the end and resets the statement.
func (s *Stmt) Run() error {
	for {
		more, err := s.Step()
		if err != nil || !more {
			s.Reset()
			return err
		}
	}
}

// Reset ends an execution, whose error, if any, Step has returned. Large buffers of bound values
// are freed; parameters must be bound again before the next Step.
func (s *Stmt) Reset() {
	lib.Xsqlite3_reset(s.c.tls, s.p)
	s.c.funcErr = nil // from a group that was finished only to be discarded
	for i := range s.bufs {
		if s.bufs[i].size > keepBuffer {
			lib.Xsqlite3_bind_null(s.c.tls, s.p, int32(i+1))
			s.bufs[i].free(s.c.tls)
		}
	}
}

// Close frees the statement.
func (s *Stmt) Close() error {
	if s.p == 0 {
		return nil
	}
	rc := lib.Xsqlite3_finalize(s.c.tls, s.p)
	s.p = 0
	for i := range s.bufs {
		s.bufs[i].free(s.c.tls)
	}
	if rc != lib.SQLITE_OK {
		return s.c.errorOf(rc)
	}
	s.c.funcErr = nil // as in Reset
	return nil
}

// Class returns the storage class of column i, from 0, of the current row.
func (s *Stmt) Class(i int) Class { return Class(lib.Xsqlite3_column_type(s.c.tls, s.p, int32(i))) }

// Int returns column i of the current row.
func (s *Stmt) Int(i int) int64 { return lib.Xsqlite3_column_int64(s.c.tls, s.p, int32(i)) }

// Float returns column i of the current row.
func (s *Stmt) Float(i int) float64 { return lib.Xsqlite3_column_double(s.c.tls, s.p, int32(i)) }

// View returns the bytes of the text or blob in column i of the current row without copying them:
// they are invalid after the next Step, Reset or Close.
func (s *Stmt) View(i int) string {
	// For text this returns the same bytes as sqlite3_column_text, which would also make room for
	// a terminating NUL.
	p := lib.Xsqlite3_column_blob(s.c.tls, s.p, int32(i))
	return textView(p, int(lib.Xsqlite3_column_bytes(s.c.tls, s.p, int32(i))))
}
