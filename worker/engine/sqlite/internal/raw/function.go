package raw

import (
	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// CreateFunction defines a deterministic SQL function with nArgs arguments, -1 for any number. An
// error it returns becomes the Cause of the statement's [Error]. args and r are valid during the
// call; the function must not run SQL on c.
func (c *Conn) CreateFunction(name string, nArgs int, call func(args []Arg, r *Result) error) error {
	return c.createFunction(name, nArgs, &function{c: c, call: call}, funcPointer(callFunction), 0, 0)
}

// Aggregate is the state of an aggregate function for one group of rows.
type Aggregate interface {
	// Step processes the arguments of a row, which are valid during the call. After an error the
	// statement fails and the group is discarded.
	Step(args []Arg) error
	// Final sets the group's result; NULL if it sets none.
	Final(r *Result) error
}

// CreateAggregate defines a deterministic aggregate function with nArgs arguments. start creates
// the state of a group; it is released at the end of the group, even if the statement does not
// get that far. Errors become Causes as with [Conn.CreateFunction].
func (c *Conn) CreateAggregate(name string, nArgs int, start func() Aggregate) error {
	return c.createFunction(name, nArgs, &function{c: c, start: start}, 0, funcPointer(stepAggregate), funcPointer(finishAggregate))
}

func (c *Conn) createFunction(name string, nArgs int, f *function, call, step, final uintptr) error {
	zName, err := libc.CString(name)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, zName)
	callbacks.Lock()
	callbacks.next++
	id := callbacks.next
	callbacks.funcs[id] = f
	callbacks.Unlock()
	// SQLite calls dropFunction itself when this fails.
	rc := lib.Xsqlite3_create_function_v2(c.tls, c.db, zName, int32(nArgs), lib.SQLITE_UTF8|lib.SQLITE_DETERMINISTIC, id,
		call, step, final, funcPointer(dropFunction))
	if rc != lib.SQLITE_OK {
		return c.errorOf(rc)
	}
	return nil
}

// maxArgs is the maximum number of arguments that are passed without allocating.
const maxArgs = 6

// functionOf returns the function that SQLite calls.
func functionOf(tls *libc.TLS, ctx uintptr) *function {
	id := lib.Xsqlite3_user_data(tls, ctx)
	callbacks.RLock()
	defer callbacks.RUnlock()
	return callbacks.funcs[id]
}

func (f *function) arguments(tls *libc.TLS, argc int32, argv uintptr) []Arg {
	args := f.args[:0]
	for i := range uintptr(argc) {
		args = append(args, Arg{tls: tls, p: *at[uintptr](argv + i*ptrSize)})
	}
	return args
}

func (f *function) resultOf(tls *libc.TLS, ctx uintptr) *Result {
	f.result = Result{tls: tls, ctx: ctx, c: f.c}
	return &f.result
}

// fail makes the statement fail because of err.
func (f *function) fail(tls *libc.TLS, ctx uintptr, err error) {
	f.c.funcErr = err
	var b buffer
	defer b.free(tls)
	msg := err.Error()
	p := b.set(tls, msg)
	if p == 0 {
		lib.Xsqlite3_result_error_nomem(tls, ctx)
		return
	}
	lib.Xsqlite3_result_error(tls, ctx, p, int32(len(msg)))
}

func callFunction(tls *libc.TLS, ctx uintptr, argc int32, argv uintptr) {
	f := functionOf(tls, ctx)
	r := f.resultOf(tls, ctx)
	err := f.call(f.arguments(tls, argc, argv), r)
	if err == nil {
		err = r.err
	}
	if err != nil {
		f.fail(tls, ctx, err)
	}
}

// SQLite keeps some bytes for each group, initially zero: here the number of the group's state in
// the connection, as they must not point to Go memory. SQLite finishes every group that it has
// begun, including those of a statement that fails or is reset midway.

func stepAggregate(tls *libc.TLS, ctx uintptr, argc int32, argv uintptr) {
	f := functionOf(tls, ctx)
	slot := lib.Xsqlite3_aggregate_context(tls, ctx, int32(ptrSize))
	if slot == 0 {
		lib.Xsqlite3_result_error_nomem(tls, ctx)
		return
	}
	id := at[uintptr](slot)
	if *id == 0 {
		f.c.nextGroup++
		*id = f.c.nextGroup
		f.c.groups[*id] = f.start()
	}
	group := f.c.groups[*id]
	if group == nil {
		return // it has failed
	}
	if err := group.Step(f.arguments(tls, argc, argv)); err != nil {
		f.c.groups[*id] = nil
		f.fail(tls, ctx, err)
	}
}

func finishAggregate(tls *libc.TLS, ctx uintptr) {
	f := functionOf(tls, ctx)
	var group Aggregate
	if slot := lib.Xsqlite3_aggregate_context(tls, ctx, 0); slot != 0 {
		id := *at[uintptr](slot)
		group = f.c.groups[id]
		delete(f.c.groups, id)
	} else {
		group = f.start() // without rows
	}
	if group == nil || f.c.funcErr != nil {
		return // the statement is failing, and the result is unused
	}
	r := f.resultOf(tls, ctx)
	err := group.Final(r)
	if err == nil {
		err = r.err
	}
	if err != nil {
		f.fail(tls, ctx, err)
	}
}

func dropFunction(_ *libc.TLS, id uintptr) {
	callbacks.Lock()
	defer callbacks.Unlock()
	delete(callbacks.funcs, id)
}
