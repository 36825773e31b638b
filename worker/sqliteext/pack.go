//go:build sqliteext

package main

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"unsafe"

	"shardeck/shared/sqltypes"
)

// A program in a slower language gets the rows of a result in pieces rather than one by one, with
//
//	WITH q(c1, c2) AS (<the statement>), r AS (SELECT * FROM q LIMIT -1)
//	SELECT sd_packed(), sd_take() FROM r WHERE sd_pack('["INT","DATE"]', c1, c2)
//	UNION ALL SELECT sd_packed(), sd_take()
//
// sd_pack appends a row to the connection's piece and is true once the piece is large enough;
// sd_packed() is its number of rows, sd_take() takes it. The last row of the result is what is
// left. The LIMIT keeps the condition from moving into the statement, before its ORDER BY. A
// connection has one piece, so it must run one such statement at a time, and a program that
// abandons one calls sd_take() before the next.

// pieceSize is the size in bytes from which a piece is handed over.
const pieceSize = 64 << 10

// packer is the unfinished piece of a connection, whose calls come one at a time.
type packer struct {
	piece []byte
	rows  int64
}

// packers are those of the open connections.
var packers = registry[*packer]{}

//export sdPackerOpened
func sdPackerOpened() C.int64_t { return C.int64_t(packers.put(&packer{})) }

//export sdPackerClosed
func sdPackerClosed(id C.int64_t) { packers.take(int64(id)) }

//export sdPack
func sdPack(id C.int64_t, ctx *C.sqlite3_context, args *C.sd_arg, n C.int) {
	p, ok := packers.get(int64(id))
	if !ok {
		give(ctx, sqltypes.Value{}, errors.New("the connection is closed"))
		return
	}
	var few [fewArguments]sqltypes.Value
	full, err := p.add(values(few[:], args, n))
	give(ctx, sqltypes.Int64(full), err)
}

// add is sd_pack(types, value, ...), or sd_pack(cells) for a row that takes several calls of
// sd_cells.
func (p *packer) add(args []sqltypes.Value) (full int64, err error) {
	before := len(p.piece)
	row := append(p.piece, '[')
	if len(args) == 1 && args[0].Form == sqltypes.FormText {
		row = append(row, args[0].Str...)
	} else {
		row, err = appendCells(row, args, appendValue)
	}
	row = append(row, "]\n"...)
	if err == nil && len(row)-before > sqltypes.MaxRow {
		err = sqltypes.RowTooLarge()
	}
	if err != nil {
		return 0, err // what came before is still in the piece
	}
	p.piece = row
	p.rows++
	if len(p.piece) >= pieceSize {
		full = 1
	}
	return full, nil
}

//export sdPacked
func sdPacked(id C.int64_t, ctx *C.sqlite3_context) {
	if p, ok := packers.get(int64(id)); ok {
		C.sd_result_int(ctx, C.int64_t(p.rows))
	}
}

//export sdTake
func sdTake(id C.int64_t, ctx *C.sqlite3_context) {
	p, ok := packers.get(int64(id))
	if !ok {
		return
	}
	C.sd_result_blob(ctx, (*C.char)(unsafe.Pointer(unsafe.SliceData(p.piece))), C.uint64_t(len(p.piece)))
	p.piece, p.rows = p.piece[:0], 0
	if cap(p.piece) > keepRow {
		p.piece = nil
	}
}
