package sqlite

import (
	"errors"
	"fmt"
	"strings"

	lib "modernc.org/sqlite/lib"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// An UPDATE of several rows that changes a column of a PRIMARY KEY or UNIQUE constraint.
//
// T-SQL checks uniqueness at the end of the statement, SQLite at every row: shifting the keys 1,
// 2, 3 by one, or swapping two, conflicts with a key that is about to move away. The UPDATE is
// therefore run as is, which costs nothing extra, and only if SQLite reports a duplicate is it
// run again, in two steps:
//
//  1. A temporary BEFORE UPDATE trigger writes the new version of each row into a
//     temporary table, and skips the change itself. SQLite evaluates the statement's
//     own text, so that nothing has to be parsed or rewritten here.
//  2. Those rows are deleted and their new versions inserted, under their old
//     rowids unless the rowid is itself the key. What is still a duplicate
//     then is a real duplicate, and is refused as such.
//
// All of it is within a savepoint: a refusal leaves no trace.

// Names of the temporary objects. No client's name can contain a colon.
const (
	rekeyTable   = `"sd:rekey"`
	rekeyTrigger = `"sd:rekey_row"`
)

// rekeyPages bounds the temporary table, which is tempList in memory: 64 MiB of pages of 4 KiB.
const rekeyPages = 16 << 10

// isDuplicate reports whether SQLite refused a row because another has its key.
func isDuplicate(err error) bool {
	e, ok := errors.AsType[*raw.Error](err)
	if !ok {
		return false
	}
	switch e.Code {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return true
	}
	return false
}

// rekey runs again an UPDATE of t that SQLite refused with duplicate, checking uniqueness at its
// end, and returns the number of rows changed. run binds and runs the UPDATE.
func (w *writer) rekey(t *table, duplicate error, run func() error) (int64, error) {
	if err := w.conn.Exec("SAVEPOINT rekey"); err != nil {
		return 0, err
	}
	n, err := w.moveRows(t, run)
	if err == nil && n == 0 {
		err = duplicate // the duplicate was not in a row of t
	}
	if err != nil && w.conn.InTransaction() {
		if rerr := w.conn.Exec("ROLLBACK TO rekey"); rerr != nil {
			return 0, &errLost{cause: rerr}
		}
	}
	if w.conn.InTransaction() {
		if rerr := w.conn.Exec("RELEASE rekey"); rerr != nil {
			return 0, &errLost{cause: rerr}
		}
	}
	return n, err
}

// moveRows is the part of rekey within its savepoint.
func (w *writer) moveRows(t *table, run func() error) (int64, error) {
	columns, isRowID, err := w.storedColumns(t)
	if err != nil {
		return 0, err
	}
	name := quoteName(t.def.Name)
	tempColumns := make([]string, len(columns)) // the temporary table's columns: c0, c1, ...
	for i := range tempColumns {
		tempColumns[i] = fmt.Sprintf("c%d", i)
	}
	tempList, newList := strings.Join(tempColumns, ", "), "NEW."+strings.Join(columns, ", NEW.")
	// Columns without a type store values unchanged.
	err = w.execAll(
		"PRAGMA temp.auto_vacuum = FULL", // frees the memory once the table is dropped
		fmt.Sprintf("PRAGMA temp.max_page_count = %d", w.rekeyPages),
		"CREATE TEMP TABLE "+rekeyTable+" (id INTEGER PRIMARY KEY, "+tempList+")",
		"CREATE TEMP TRIGGER "+rekeyTrigger+" BEFORE UPDATE ON main."+name+" BEGIN "+
			"INSERT INTO "+rekeyTable+" VALUES (OLD._rowid_, "+newList+"); SELECT RAISE(IGNORE); END",
	)
	if err != nil {
		return 0, err
	}
	if err := run(); err != nil {
		if e, ok := errors.AsType[*raw.Error](err); ok && e.Primary() == codeFull && w.conn.InTransaction() {
			return 0, w.errRekeyTooLarge()
		}
		return 0, err
	}
	into, from := strings.Join(columns, ", "), tempList
	if !isRowID {
		into, from = "_rowid_, "+into, "id, "+from
	}
	err = w.execAll(
		"DROP TRIGGER temp."+rekeyTrigger,
		"DELETE FROM main."+name+" WHERE _rowid_ IN (SELECT id FROM temp."+rekeyTable+")",
		"INSERT INTO main."+name+" ("+into+") SELECT "+from+" FROM temp."+rekeyTable+" ORDER BY id",
	)
	if err != nil {
		return 0, err
	}
	n := w.conn.Changes()
	return n, w.conn.Exec("DROP TABLE temp." + rekeyTable)
}

func (w *writer) errRekeyTooLarge() *api.Problem {
	return api.NewProblem(api.CodeTooComplex, "the rows whose keys the UPDATE moves need more than %d MiB of memory to check uniqueness at its end; nothing was changed",
		w.rekeyPages*4/1024).Hinted("change fewer rows at a time, with a narrower WHERE")
}

// storedColumns returns the columns of t as SQLite has them, including the hidden one, quoted,
// and whether one of them is an alias of the rowid.
func (w *writer) storedColumns(t *table) (columns []string, isRowID bool, err error) {
	s, err := w.conn.Prepare("SELECT name, pk, type = 'INTEGER' COLLATE NOCASE FROM pragma_table_info(@p1, 'main')")
	if err != nil {
		return nil, false, err
	}
	if err = s.BindText(0, t.def.Name); err != nil {
		return nil, false, errors.Join(err, s.Close())
	}
	keys, integers := 0, 0
	for {
		var more bool
		if more, err = s.Step(); err != nil || !more {
			break
		}
		columns = append(columns, quoteName(s.View(0)))
		if s.Int(1) > 0 {
			keys++
			integers += int(s.Int(2))
		}
	}
	if err = errors.Join(err, s.Close()); err == nil && len(columns) == 0 {
		err = contract.UnknownTable(t.def.Name)
	}
	return columns, keys == 1 && integers == 1, err
}

func (w *writer) execAll(texts ...string) error {
	for _, sql := range texts {
		if err := w.conn.Exec(sql); err != nil {
			return err
		}
	}
	return nil
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
