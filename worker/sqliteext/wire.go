//go:build sqliteext

package main

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"strings"
	"sync"
	"unsafe"

	"github.com/go-json-experiment/json"

	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlserver/batch"
)

// The wire form of values (see [sqltypes.AppendJSON]) has one implementation for all languages,
// too. Unlike T-SQL's functions, these take NULL, and are not for statements of masters.

//export sdDecode
func sdDecode(ctx *C.sqlite3_context, args *C.sd_arg, n C.int) {
	var few [2]sqltypes.Value
	v, err := decode(values(few[:], args, n))
	give(ctx, v, err)
}

// decode is sd_decode(json, type): the storage form of a value that has the wire form json, after
// its conversion to type by assignment.
func decode(args []sqltypes.Value) (sqltypes.Value, error) {
	if args[0].Form != sqltypes.FormText || args[1].Form != sqltypes.FormText {
		return sqltypes.Value{}, errors.New("sd_decode expects JSON and the name of a type as text")
	}
	t, err := types.parse(args[1].Str)
	if err != nil {
		return sqltypes.Value{}, err
	}
	return sqltypes.DecodeJSON(t, []byte(args[0].Str))
}

//export sdCells
func sdCells(ctx *C.sqlite3_context, args *C.sd_arg, n C.int) {
	giveCells(ctx, args, n, appendValue)
}

func appendValue(dst []byte, t sqltypes.Type, v sqltypes.Value) ([]byte, error) {
	return sqltypes.AppendJSON(dst, t, v), nil
}

// sdTextCells is sd_mssql_cells(types, value, ...): sd_cells for what a driver read from SQL Server.
//
//export sdTextCells
func sdTextCells(ctx *C.sqlite3_context, args *C.sd_arg, n C.int) {
	giveCells(ctx, args, n, batch.AppendText)
}

// appendFunc appends the wire form of a value.
type appendFunc func(dst []byte, t sqltypes.Type, v sqltypes.Value) ([]byte, error)

func giveCells(ctx *C.sqlite3_context, args *C.sd_arg, n C.int, each appendFunc) {
	var few [fewArguments]sqltypes.Value
	row := rows.Get().(*[]byte)
	defer rows.Put(row)
	var err error
	*row, err = appendCells((*row)[:0], values(few[:], args, n), each)
	if err != nil {
		give(ctx, sqltypes.Value{}, err)
		return
	}
	C.sd_result_text(ctx, (*C.char)(unsafe.Pointer(unsafe.SliceData(*row))), C.uint64_t(len(*row)))
	if cap(*row) > keepRow {
		*row = nil
	}
}

// rows holds buffers for the results of sd_cells.
var rows = sync.Pool{New: func() any { return new([]byte) }}

// keepRow is the size in bytes above which a buffer is freed.
const keepRow = 1 << 20

// appendCells appends the cells of sd_cells(types, value, ...): the wire form of a row's values,
// separated by commas. types is a JSON array of the names of their types.
func appendCells(dst []byte, args []sqltypes.Value, each appendFunc) ([]byte, error) {
	if len(args) == 0 || args[0].Form != sqltypes.FormText {
		return dst, errors.New("sd_cells expects a JSON array of the names of types as text, then the values")
	}
	list, err := types.parseTypes(args[0].Str)
	if err != nil {
		return dst, err
	}
	cells, before := args[1:], len(dst)
	if len(list) != len(cells) {
		return dst, errors.New("sd_cells expects one value for each type")
	}
	for i, v := range cells {
		if i > 0 {
			dst = append(dst, ',')
		}
		if len(dst)-before+len(v.Str) >= sqltypes.MaxRow {
			return dst, sqltypes.RowTooLarge()
		}
		if dst, err = each(dst, list[i], v); err != nil {
			return dst, err
		}
	}
	// The brackets and the newline of the row count, too.
	if len(dst)-before+len("[]\n") > sqltypes.MaxRow {
		return dst, sqltypes.RowTooLarge()
	}
	return dst, nil
}

//export sdType
func sdType(ctx *C.sqlite3_context, args *C.sd_arg, n C.int) {
	var few [1]sqltypes.Value
	a := values(few[:], args, n)[0]
	if a.Form != sqltypes.FormText {
		give(ctx, sqltypes.Value{}, errors.New("sd_type expects the name of a type as text"))
		return
	}
	t, err := types.parse(a.Str)
	give(ctx, sqltypes.Text(t.String()), err)
}

// typeNames caches the types that functions are passed by name. It is shared by all
// connections, which may run on different threads.
type typeNames struct {
	mu    sync.RWMutex
	known map[string]sqltypes.Type
	lists map[string][]sqltypes.Type // by the text of the JSON array that names them
}

// maxTypeNames bounds each cache.
const maxTypeNames = 1024

func (t *typeNames) parse(name string) (sqltypes.Type, error) {
	t.mu.RLock()
	typ, ok := t.known[name]
	t.mu.RUnlock()
	if ok {
		return typ, nil
	}
	name = strings.Clone(name) // it was a view of SQLite's memory
	typ, err := sqltypes.Parse(name)
	if err != nil {
		return typ, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= maxTypeNames {
		clear(t.known)
	}
	t.known[name] = typ
	return typ, nil
}

// parseTypes parses a JSON array of the names of types.
func (t *typeNames) parseTypes(names string) ([]sqltypes.Type, error) {
	t.mu.RLock()
	list, ok := t.lists[names]
	t.mu.RUnlock()
	if ok {
		return list, nil
	}
	names = strings.Clone(names) // it was a view of SQLite's memory
	var each []string
	if err := json.Unmarshal([]byte(names), &each); err != nil {
		return nil, errors.New("the types are not a JSON array of strings")
	}
	list = make([]sqltypes.Type, len(each))
	for i, name := range each {
		var err error
		if list[i], err = t.parse(name); err != nil {
			return nil, err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lists) >= maxTypeNames {
		clear(t.lists)
	}
	t.lists[names] = list
	return list, nil
}
