//go:build sqliteext

// Command sqliteext is a SQLite loadable extension: the functions, aggregates and collations that
// give SQLite T-SQL's semantics of values (package sqlfunc), for workers in languages other than
// Go. `make sqliteext` builds it, which requires a C compiler; a program loads it into each of its
// connections. docs/sqlite-dialect.md describes it for users.
//
// Functions are deterministic and innocuous, and return NULL if an argument is NULL unless they are
// for NULLs, too; aggregates ignore NULL. What T-SQL refuses is an error whose text is "shardeck: " and a JSON object with SQL
// Server's number, the reason ([sqltypes.Reason]), its detail and hint.
//
// More functions are for the program itself: sd_decode and sd_cells convert between the wire form
// of values and what SQLite stores (see wire.go), those of package foreign build what a worker over
// SQL Server sends and read its results, sd_handle() identifies the connection that runs
// it, sd_interrupt(handle), run on any other connection of the process, interrupts the statement in
// progress there, and sd_keep_log() makes closing its connection leave the log alone.
//
// The library contains Go's runtime, which does not survive a fork: a program that forks must load
// it afterwards.
package main

/*
#include <stdlib.h>
#include "shim.h"
extern void sd_interrupt_connection(void *db);
*/
import "C"

import (
	"errors"
	"sync"
	"unsafe"

	"github.com/go-json-experiment/json"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlserver/foreign"
)

func main() {} // of a library

var (
	natives    = sqlfunc.Natives()
	aggregates = sqlfunc.NativeAggregates()
	collations = sqlfunc.Collations()
	programs   = foreign.Functions()
	// names are their names as C strings, which are never freed.
	names sync.Map

	types = &typeNames{known: map[string]sqltypes.Type{}, lists: map[string][]sqltypes.Type{}}
)

func cName(name string) *C.char {
	if p, ok := names.Load(name); ok {
		return p.(*C.char)
	}
	p, _ := names.LoadOrStore(name, C.CString(name))
	return p.(*C.char)
}

//export sdFunctionName
func sdFunctionName(i C.int) *C.char {
	if int(i) >= len(natives) {
		return nil
	}
	return cName(natives[i].Name)
}

//export sdMinArguments
func sdMinArguments(i C.int) C.int { return C.int(natives[i].MinArgs) }

//export sdMaxArguments
func sdMaxArguments(i C.int) C.int { return C.int(natives[i].MaxArgs) }

//export sdIsVariadic
func sdIsVariadic(i C.int) C.int { return flag(natives[i].Variadic) }

//export sdTakesNulls
func sdTakesNulls(i C.int) C.int { return flag(natives[i].Nulls) }

func flag(set bool) C.int {
	if set {
		return 1
	}
	return 0
}

//export sdAggregateName
func sdAggregateName(i C.int) *C.char {
	if int(i) >= len(aggregates) {
		return nil
	}
	return cName(aggregates[i].Name)
}

//export sdAggregateArguments
func sdAggregateArguments(i C.int) C.int { return C.int(aggregates[i].Arguments) }

//export sdCollationName
func sdCollationName(i C.int) *C.char {
	if int(i) >= len(collations) {
		return nil
	}
	return cName(collations[i].Name)
}

//export sdProgramName
func sdProgramName(i C.int) *C.char {
	if int(i) >= len(programs) {
		return nil
	}
	return cName(programs[i].Name)
}

//export sdProgramArguments
func sdProgramArguments(i C.int) C.int { return C.int(programs[i].Args) }

//export sdProgramCall
func sdProgramCall(i C.int, ctx *C.sqlite3_context, args *C.sd_arg, n C.int) {
	var few [fewArguments]sqltypes.Value
	v, err := programs[i].Call(values(few[:], args, n))
	give(ctx, v, err)
}

// The classes of arguments are SQLite's own.
const (
	classInteger = 1
	classFloat   = 2
	classText    = 3
	classBlob    = 4
)

// values returns views of a call's arguments, which are valid only during the call.
func values(few []sqltypes.Value, args *C.sd_arg, n C.int) []sqltypes.Value {
	vs := few[:0]
	for _, a := range unsafe.Slice(args, int(n)) {
		switch a.class {
		case classInteger:
			vs = append(vs, sqltypes.Int64(int64(a.integer)))
		case classFloat:
			vs = append(vs, sqltypes.Float64(float64(a.real)))
		case classText:
			vs = append(vs, sqltypes.Text(view(a.bytes, a.length)))
		case classBlob:
			vs = append(vs, sqltypes.Value{Form: sqltypes.FormBytes, Str: view(a.bytes, a.length)})
		default:
			vs = append(vs, sqltypes.Null())
		}
	}
	return vs
}

func view(p *C.char, n C.int64_t) string {
	return unsafe.String((*byte)(unsafe.Pointer(p)), int(n))
}

// fewArguments is the number of arguments that need no allocation.
const fewArguments = 8

//export sdCall
func sdCall(i C.int, ctx *C.sqlite3_context, args *C.sd_arg, n C.int) {
	var few [fewArguments]sqltypes.Value
	v, err := natives[i].Call(values(few[:], args, n), types.parse)
	give(ctx, v, err)
}

// give sets the result of a call.
func give(ctx *C.sqlite3_context, v sqltypes.Value, err error) {
	switch {
	case err != nil:
		text := errorText(err)
		C.sd_result_error(ctx, bytesOf(text), C.int(len(text)))
	case v.Form == sqltypes.FormInt:
		C.sd_result_int(ctx, C.int64_t(v.Int))
	case v.Form == sqltypes.FormFloat:
		C.sd_result_real(ctx, C.double(v.Float))
	case v.Form == sqltypes.FormText:
		C.sd_result_text(ctx, bytesOf(v.Str), C.uint64_t(len(v.Str)))
	case v.Form == sqltypes.FormBytes:
		C.sd_result_blob(ctx, bytesOf(v.Str), C.uint64_t(len(v.Str)))
	}
}

// bytesOf returns a pointer to the bytes of s, for a call that copies them.
func bytesOf(s string) *C.char { return (*C.char)(unsafe.Pointer(unsafe.StringData(s))) }

// errorText returns the text of an error, as SQLite reports it.
func errorText(err error) string {
	const prefix = "shardeck: "
	e, ok := errors.AsType[*sqltypes.Error](err)
	if !ok {
		return prefix + err.Error()
	}
	text, err := json.Marshal(struct {
		Number int    `json:"sql_number"`
		Reason string `json:"reason"`
		Detail string `json:"detail"`
		Hint   string `json:"hint,omitempty"`
	}{e.Number, e.Reason.String(), e.Msg, e.Hint})
	if err != nil {
		return prefix + e.Msg
	}
	return prefix + string(text)
}

// groups are the unfinished groups of aggregates.
var groups = registry[sqlfunc.Accumulator]{}

//export sdStep
func sdStep(i C.int, id C.int64_t, ctx *C.sqlite3_context, args *C.sd_arg, n C.int) C.int64_t {
	group, ok := groups.get(int64(id))
	if !ok {
		group = aggregates[i].Start(types.parse)
		id = C.int64_t(groups.put(group))
	}
	var few [fewArguments]sqltypes.Value
	if err := group.Step(values(few[:], args, n)); err != nil {
		give(ctx, sqltypes.Null(), err)
	}
	return id
}

//export sdFinal
func sdFinal(id C.int64_t, ctx *C.sqlite3_context) {
	if group, ok := groups.take(int64(id)); ok {
		v, err := group.Final()
		give(ctx, v, err)
	}
}

//export sdCompare
func sdCompare(i C.int, a *C.char, na C.int, b *C.char, nb C.int) C.int {
	return C.int(collations[i].Compare(view(a, C.int64_t(na)), view(b, C.int64_t(nb))))
}

// connections are the open connections by handle, so that a closed one is never interrupted.
var connections = registry[unsafe.Pointer]{}

//export sdOpened
func sdOpened(db unsafe.Pointer) C.int64_t { return C.int64_t(connections.put(db)) }

//export sdClosed
func sdClosed(id C.int64_t) { connections.take(int64(id)) }

//export sdInterrupt
func sdInterrupt(id C.int64_t) {
	connections.with(int64(id), func(db unsafe.Pointer) { C.sd_interrupt_connection(db) })
}
