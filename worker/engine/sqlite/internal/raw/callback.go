package raw

import (
	"sync"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// SQLite passes a number back to callbacks. These are the registered objects of open connections
// by number; an entry is removed when its connection closes.
var callbacks = struct {
	sync.RWMutex
	next  uintptr
	conns map[uintptr]*Conn
	funcs map[uintptr]*function
	colls map[uintptr]func(a, b string) int
}{
	conns: map[uintptr]*Conn{},
	funcs: map[uintptr]*function{},
	colls: map[uintptr]func(a, b string) int{},
}

// function is a scalar function, or an aggregate if start is set.
type function struct {
	c     *Conn
	call  func(args []Arg, r *Result) error
	start func() Aggregate
	// args and result are reused by every call, so that none allocates: a connection is for one
	// goroutine at a time, and no function runs SQL that would call it recursively.
	args   [maxArgs]Arg
	result Result
}

func register(c *Conn) uintptr {
	callbacks.Lock()
	defer callbacks.Unlock()
	callbacks.next++
	callbacks.conns[callbacks.next] = c
	return callbacks.next
}

func unregister(handle uintptr) {
	callbacks.Lock()
	defer callbacks.Unlock()
	delete(callbacks.conns, handle)
}

// Arg is an argument of a SQL function, valid during the call.
type Arg struct {
	tls *libc.TLS
	p   uintptr
}

// Class returns the argument's storage class.
func (a Arg) Class() Class { return Class(lib.Xsqlite3_value_type(a.tls, a.p)) }

// Int returns the argument as an integer.
func (a Arg) Int() int64 { return lib.Xsqlite3_value_int64(a.tls, a.p) }

// Float returns the argument as a float.
func (a Arg) Float() float64 { return lib.Xsqlite3_value_double(a.tls, a.p) }

// View returns the bytes of a text or blob without copying them; they are invalid after the call.
func (a Arg) View() string {
	p := lib.Xsqlite3_value_blob(a.tls, a.p)
	return textView(p, int(lib.Xsqlite3_value_bytes(a.tls, a.p)))
}

// Result receives a SQL function's result. A function that sets none returns NULL.
type Result struct {
	tls *libc.TLS
	ctx uintptr
	c   *Conn
	err error // why a value was not set
}

// Int sets the result.
func (r *Result) Int(v int64) { lib.Xsqlite3_result_int64(r.tls, r.ctx, v) }

// Float sets the result.
func (r *Result) Float(v float64) { lib.Xsqlite3_result_double(r.tls, r.ctx, v) }

// Text sets the result to a copy of v. The statement fails with [ErrResultsTooLarge] if there is no
// room for it.
func (r *Result) Text(v string) { r.set(v, lib.Xsqlite3_result_text) }

// Bytes sets the result to a copy of the bytes of v, as Text does.
func (r *Result) Bytes(v string) { r.set(v, lib.Xsqlite3_result_blob) }

func (r *Result) set(v string, give func(tls *libc.TLS, ctx, p uintptr, n int32, destroy uintptr)) {
	if len(v) >= largeResult {
		if p := r.large(v); p != 0 {
			give(r.tls, r.ctx, p, int32(len(v)), funcPointer(freeLarge))
		}
		return
	}
	var b buffer
	defer b.free(r.tls)
	p := b.set(r.tls, v)
	if p == 0 {
		r.err = errNoMem()
		return
	}
	give(r.tls, r.ctx, p, int32(len(v)), transient)
}

// transient is SQLITE_TRANSIENT: SQLite makes its own copy.
const transient = ^uintptr(0)

// CreateCollation defines a collation. cmp must be a total order; its arguments are invalid after
// the call.
func (c *Conn) CreateCollation(name string, cmp func(a, b string) int) error {
	zName, err := libc.CString(name)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, zName)
	callbacks.Lock()
	callbacks.next++
	id := callbacks.next
	callbacks.colls[id] = cmp
	callbacks.Unlock()
	rc := lib.Xsqlite3_create_collation_v2(c.tls, c.db, zName, lib.SQLITE_UTF8, id, funcPointer(collate), funcPointer(dropCollation))
	if rc != lib.SQLITE_OK {
		dropCollation(c.tls, id) // unlike for functions, SQLite does not do this itself
		return c.errorOf(rc)
	}
	return nil
}

func collate(_ *libc.TLS, id uintptr, n1 int32, p1 uintptr, n2 int32, p2 uintptr) int32 {
	callbacks.RLock()
	cmp := callbacks.colls[id]
	callbacks.RUnlock()
	return int32(cmp(textView(p1, int(n1)), textView(p2, int(n2))))
}

func dropCollation(_ *libc.TLS, id uintptr) {
	callbacks.Lock()
	defer callbacks.Unlock()
	delete(callbacks.colls, id)
}

// Action is an operation of a statement, as described by SQLite's authorizer while the statement
// is prepared.
type Action struct {
	Op int // an authorizer action code, such as [ActionPragma]
	// Arg1 and Arg2 depend on Op: for reads and writes Arg1 is the table.
	Arg1, Arg2 string
}

// Some authorizer action codes.
const (
	ActionAttach      = lib.SQLITE_ATTACH
	ActionDetach      = lib.SQLITE_DETACH
	ActionPragma      = lib.SQLITE_PRAGMA
	ActionTransaction = lib.SQLITE_TRANSACTION
	ActionSavepoint   = lib.SQLITE_SAVEPOINT
	ActionRead        = lib.SQLITE_READ
	ActionInsert      = lib.SQLITE_INSERT
	ActionUpdate      = lib.SQLITE_UPDATE
	ActionDelete      = lib.SQLITE_DELETE
	ActionCreateTable = lib.SQLITE_CREATE_TABLE
	ActionDropTable   = lib.SQLITE_DROP_TABLE
	ActionCreateIndex = lib.SQLITE_CREATE_INDEX
	ActionDropIndex   = lib.SQLITE_DROP_INDEX
	ActionAlterTable  = lib.SQLITE_ALTER_TABLE
)

// Authorize registers allow to be called for each action of the statements prepared from now on;
// if it returns false, Prepare fails with SQLITE_AUTH. Nil allows everything.
func (c *Conn) Authorize(allow func(Action) bool) {
	c.auth = allow
	if allow == nil {
		lib.Xsqlite3_set_authorizer(c.tls, c.db, 0, 0)
		return
	}
	lib.Xsqlite3_set_authorizer(c.tls, c.db, funcPointer(authorize), c.handle)
}

func authorize(_ *libc.TLS, handle uintptr, op int32, z1, z2, _, _ uintptr) int32 {
	callbacks.RLock()
	c := callbacks.conns[handle]
	callbacks.RUnlock()
	if c == nil || c.auth == nil || c.auth(Action{Op: int(op), Arg1: libc.GoString(z1), Arg2: libc.GoString(z2)}) {
		return lib.SQLITE_OK
	}
	return lib.SQLITE_DENY
}
