"""An UPDATE of several rows that changes a column of a PRIMARY KEY or UNIQUE constraint.

T-SQL checks uniqueness at the end of the statement, SQLite at every row. The UPDATE is therefore
run as it is, and only if SQLite reports a duplicate is it run again: a temporary trigger writes
the new version of each row into a temporary table and skips the change; then those rows are
deleted and their new versions inserted. See worker/engine/sqlite/rekey.go.
"""

from __future__ import annotations

from collections.abc import Callable

import apsw

from shardeck_worker.problem import Problem, unknown_table
from shardeck_worker.sqlite.catalog import Table
from shardeck_worker.sqlite.connection import Connection
from shardeck_worker.sqlite.errors import Lost

# No client's name can contain a colon.
_TABLE = '"sd:rekey"'
_TRIGGER = '"sd:rekey_row"'
PAGES = 16 << 10  # bounds the temporary table: 64 MiB of pages of 4 KiB


def rekey(conn: Connection, table: Table, duplicate: apsw.Error, run: Callable[[], int]) -> int:
    """Run an UPDATE again that was refused with duplicate; return the number of rows changed."""
    conn.run("SAVEPOINT rekey")
    changed = 0
    error: Exception | None = None
    try:
        changed = _move_rows(conn, table, run)
        if changed == 0:
            error = duplicate  # it was not in a row of the table
    except Exception as err:
        error = err
    try:
        if error is not None and conn.db.in_transaction:
            conn.run("ROLLBACK TO rekey")
        if conn.db.in_transaction:
            conn.run("RELEASE rekey")
    except apsw.Error as err:
        raise Lost(err) from None
    if error is not None:
        raise error
    return changed


def _move_rows(conn: Connection, table: Table, run: Callable[[], int]) -> int:
    columns, is_rowid = _stored_columns(conn, table)
    name = _quoted(table.definition.name)
    kept = ", ".join(f"c{i}" for i in range(len(columns)))
    new = ", ".join("NEW." + column for column in columns)
    conn.run("PRAGMA temp.auto_vacuum = FULL")  # frees the memory once the table is dropped
    conn.run(f"PRAGMA temp.max_page_count = {PAGES}")
    # Columns without a type store values unchanged.
    conn.run(f"CREATE TEMP TABLE {_TABLE} (id INTEGER PRIMARY KEY, {kept})")
    conn.run(
        f"CREATE TEMP TRIGGER {_TRIGGER} BEFORE UPDATE ON main.{name} BEGIN"
        f" INSERT INTO {_TABLE} VALUES (OLD._rowid_, {new}); SELECT RAISE(IGNORE); END"
    )
    try:
        run()
    except apsw.FullError:
        if not conn.db.in_transaction:
            raise
        raise Problem(
            "too_complex",
            f"the rows whose keys the UPDATE moves need more than {PAGES * 4 // 1024} MiB of"
            " memory to check uniqueness at its end; nothing was changed",
            "change fewer rows at a time, with a narrower WHERE",
        ) from None
    into, values = ", ".join(columns), kept
    if not is_rowid:
        into, values = "_rowid_, " + into, "id, " + values
    conn.run(f"DROP TRIGGER temp.{_TRIGGER}")
    conn.run(f"DELETE FROM main.{name} WHERE _rowid_ IN (SELECT id FROM temp.{_TABLE})")
    conn.run(f"INSERT INTO main.{name} ({into}) SELECT {values} FROM temp.{_TABLE} ORDER BY id")
    changed = conn.db.changes()
    conn.run(f"DROP TABLE temp.{_TABLE}")
    return changed


def _stored_columns(conn: Connection, table: Table) -> tuple[list[str], bool]:
    """Return the columns as SQLite has them, quoted, and whether one is an alias of the rowid."""
    rows = conn.db.execute(
        "SELECT name, pk, type = 'INTEGER' COLLATE NOCASE FROM pragma_table_info(?, 'main')",
        (table.definition.name,),
    ).fetchall()
    if not rows:
        raise unknown_table(table.definition.name)
    keys = [is_integer for _, pk, is_integer in rows if pk]
    return [_quoted(str(name)) for name, _, _ in rows], len(keys) == 1 and bool(keys[0])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
