package raw

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Mode is how a file is opened.
type Mode int

// The modes.
const (
	ReadWrite Mode = iota // the file must exist
	Create                // it is created if it does not exist
	ReadOnly              // the file must exist, and is not written
)

// Conn is a connection to one database file.
type Conn struct {
	tls *libc.TLS
	db  uintptr

	// handle identifies the connection to callbacks.
	handle uintptr
	// funcErr is the error of the latest failed SQL function.
	funcErr error
	auth    func(Action) bool
	// groups are the states of unfinished aggregate groups.
	groups    map[uintptr]Aggregate
	nextGroup uintptr
	// results is the size of the large results of functions that SQLite holds.
	results int

	// mu guards closed, so that an Interrupt never touches a closed connection.
	mu     sync.Mutex
	closed bool
}

// Error is a refusal by SQLite.
type Error struct {
	// Code is the extended result code; its low byte is the primary one.
	Code int
	// Msg is SQLite's message.
	Msg string
	// Cause is the error of a Go function called from SQL, if that is the cause.
	Cause error
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("sqlite: %s (%d)", e.Msg, e.Code) }

// Unwrap returns the Go function's error.
func (e *Error) Unwrap() error { return e.Cause }

// Primary returns the primary result code, such as SQLITE_CONSTRAINT.
func (e *Error) Primary() int { return e.Code & 0xff }

var initialize = sync.OnceFunc(func() {
	tls := libc.NewTLS()
	defer tls.Close()
	lib.PatchIssue199()
	lib.Xsqlite3_initialize(tls)
})

// Version returns the version of SQLite, such as "3.53.0".
func Version() string {
	tls := libc.NewTLS()
	defer tls.Close()
	return libc.GoString(lib.Xsqlite3_libversion(tls))
}

// Open opens a connection to the file at path. The connection is not thread-safe: it is for one
// goroutine at a time.
func Open(path string, mode Mode) (*Conn, error) {
	initialize()
	if strings.IndexByte(path, 0) >= 0 {
		return nil, &Error{Code: lib.SQLITE_CANTOPEN, Msg: "the path has a NUL"}
	}
	flags := int32(lib.SQLITE_OPEN_READWRITE | lib.SQLITE_OPEN_NOMUTEX)
	switch mode {
	case Create:
		flags |= lib.SQLITE_OPEN_CREATE
	case ReadOnly:
		flags = lib.SQLITE_OPEN_READONLY | lib.SQLITE_OPEN_NOMUTEX
	}
	c := &Conn{tls: libc.NewTLS(), groups: map[uintptr]Aggregate{}}
	name, err := libc.CString(path)
	if err != nil {
		c.tls.Close()
		return nil, err
	}
	defer libc.Xfree(c.tls, name)
	out := libc.Xcalloc(c.tls, 1, 8)
	if out == 0 {
		c.tls.Close()
		return nil, errNoMem()
	}
	defer libc.Xfree(c.tls, out)

	rc := lib.Xsqlite3_open_v2(c.tls, name, out, flags, 0)
	c.db = *at[uintptr](out)
	if rc != lib.SQLITE_OK {
		err := c.errorOf(rc)
		if c.db != 0 {
			lib.Xsqlite3_close_v2(c.tls, c.db)
		}
		c.tls.Close()
		return nil, err
	}
	lib.Xsqlite3_extended_result_codes(c.tls, c.db, 1)
	if err := c.harden(); err != nil {
		_ = c.Close()
		return nil, err
	}
	c.handle = register(c)
	return c, nil
}

// MaxLength bounds a stored row and a value that SQLite computes, in bytes. SQLite's own bound of
// 1 GB would allow one statement to exhaust the memory.
const MaxLength = 64 << 20

// harden disables what hides mistakes: double-quoted text that is not a column, and SQL that can
// corrupt the file. It also bounds rows and values.
func (c *Conn) harden() error {
	lib.Xsqlite3_limit(c.tls, c.db, lib.SQLITE_LIMIT_LENGTH, MaxLength)
	for _, set := range []struct{ op, on int32 }{
		{lib.SQLITE_DBCONFIG_DQS_DDL, 0},
		{lib.SQLITE_DBCONFIG_DQS_DML, 0},
		{lib.SQLITE_DBCONFIG_DEFENSIVE, 1},
	} {
		if err := c.config(set.op, set.on); err != nil {
			return err
		}
	}
	return nil
}

func (c *Conn) config(op, on int32) error {
	args := libc.Xmalloc(c.tls, 16)
	if args == 0 {
		return errNoMem()
	}
	defer libc.Xfree(c.tls, args)
	if rc := lib.Xsqlite3_db_config(c.tls, c.db, op, libc.VaList(args, on, uintptr(0))); rc != lib.SQLITE_OK {
		return c.errorOf(rc)
	}
	return nil
}

// SetBusyTimeout sets how long a statement waits for another connection's lock.
func (c *Conn) SetBusyTimeout(d time.Duration) {
	lib.Xsqlite3_busy_timeout(c.tls, c.db, int32(d.Milliseconds()))
}

// Close ends the connection. Its statements must have been closed before.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	rc := lib.Xsqlite3_close(c.tls, c.db)
	if rc != lib.SQLITE_OK {
		return c.errorOf(rc)
	}
	c.closed = true
	unregister(c.handle)
	c.tls.Close()
	return nil
}

// Interrupt makes the running statement, if any, fail soon with SQLITE_INTERRUPT. Any goroutine
// may call it at any time. An interrupt just before a statement begins has no effect: repeat it
// until the work has ended.
func (c *Conn) Interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	// c.tls belongs to the goroutine that runs the statement.
	tls := libc.NewTLS()
	lib.Xsqlite3_interrupt(tls, c.db)
	tls.Close()
}

// Exec runs a single statement without parameters to completion.
func (c *Conn) Exec(sql string) error {
	s, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	err = s.Run()
	if cerr := s.Close(); err == nil {
		err = cerr
	}
	return err
}

// Changes returns the number of rows that the latest INSERT, UPDATE or DELETE changed.
func (c *Conn) Changes() int64 { return lib.Xsqlite3_changes64(c.tls, c.db) }

// InTransaction reports whether a transaction is open. An error can end it: a full disk, an I/O
// error and an interrupted write cause an automatic rollback.
func (c *Conn) InTransaction() bool { return lib.Xsqlite3_get_autocommit(c.tls, c.db) == 0 }

// errorOf returns the connection's error for the result code rc.
func (c *Conn) errorOf(rc int32) error {
	e := &Error{Code: int(rc), Cause: c.funcErr}
	c.funcErr = nil
	if c.db == 0 {
		e.Msg = libc.GoString(lib.Xsqlite3_errstr(c.tls, rc))
		return e
	}
	if ext := lib.Xsqlite3_extended_errcode(c.tls, c.db); ext&0xff == rc&0xff {
		e.Code = int(ext)
	}
	e.Msg = libc.GoString(lib.Xsqlite3_errmsg(c.tls, c.db))
	return e
}

func errNoMem() error { return &Error{Code: lib.SQLITE_NOMEM, Msg: "out of memory"} }

// KeepLogOnClose makes Close leave the write-ahead log as is, even if this is the last connection
// to the file.
func (c *Conn) KeepLogOnClose() error {
	return c.config(lib.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
}
