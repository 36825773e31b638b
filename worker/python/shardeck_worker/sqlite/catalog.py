"""A database's tables: their definitions and exact row counts (worker/engine/sqlite/catalog.go)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import apsw

from shardeck_worker import jsonbody
from shardeck_worker.definition import Definition, table_definition
from shardeck_worker.problem import Problem, unknown_table
from shardeck_worker.sqlite.connection import Connection

FORMAT = 1  # the version of the engine's own tables

# The engine's own tables in every database. Idempotency records have a sequence number so that
# the oldest are found without an index on time. clock.py explains the columns ran, which files of
# earlier versions lack.
META_TABLES = (
    "CREATE TABLE _sd_database (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL,"
    " format INTEGER NOT NULL, ran INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE _sd_tables (name TEXT PRIMARY KEY, definition TEXT NOT NULL,"
    " rows INTEGER NOT NULL CHECK (rows >= 0)) WITHOUT ROWID",
    "CREATE TABLE _sd_idempotency (seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,"
    " hash TEXT NOT NULL, response TEXT NOT NULL, at INTEGER NOT NULL,"
    " ran INTEGER NOT NULL DEFAULT 0)",
)


class Table:
    """A table; rows is the committed count, which only the writer's thread changes."""

    def __init__(self, definition: Definition, rows: int) -> None:
        self.key = definition.name.lower()
        self.definition = definition
        self.rows = rows


class Catalog:
    """The tables by their names in lower case. It is immutable except for the row counts."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = tables

    def table(self, name: str) -> Table | None:
        return self._tables.get(name.lower())

    def with_table(self, table: Table) -> Catalog:
        return Catalog({**self._tables, table.key: table})

    def without(self, table: Table) -> Catalog:
        return Catalog({key: t for key, t in self._tables.items() if key != table.key})

    def expect(self, name: str, version: str) -> Table:
        """Return the table if it is what a request was built for."""
        table = self.table(name)
        if table is None:
            raise unknown_table(name)
        have = table.definition.version
        if have != version:
            raise Problem(
                "stale_schema",
                f"table {table.definition.name} has definition {have} here, not {version}",
                "load the table's definition and build the request again",
            )
        return table

    def stats(self) -> list[dict[str, Any]]:
        tables = sorted(self._tables.values(), key=lambda table: table.definition.name)
        return [{"definition": t.definition.members, "rows": t.rows} for t in tables]


def load_catalog(conn: Connection) -> Catalog:
    tables = {}
    for name, definition, rows in conn.db.execute("SELECT name, definition, rows FROM _sd_tables"):
        try:
            table = Table(table_definition(jsonbody.parse(definition.encode())), rows)
        except Problem as err:
            raise ValueError(f"the definition of table {name}: {err}") from None
        tables[table.key] = table
    return Catalog(tables)


def create_meta_tables(conn: Connection, name: str) -> None:
    """Make a new file a database of that logical name."""
    conn.run("BEGIN IMMEDIATE")
    for sql in META_TABLES:
        conn.run(sql)
    conn.run("INSERT INTO _sd_database (id, name, format) VALUES (1, ?, ?)", (name, FORMAT))
    conn.run("COMMIT")


def read_name(db: apsw.Connection) -> str:
    """Return the logical name of a database, or refuse a file that is not one."""
    has_table = db.table_exists("main", "_sd_database")
    row = (
        db.execute("SELECT name, format FROM _sd_database WHERE id = 1").fetchone()
        if has_table
        else None
    )
    if row is None:
        raise ValueError("the file is not a database of this engine")
    name, version = row
    if version != FORMAT:
        raise ValueError(f"the file has format {version}; this version requires format {FORMAT}")
    return str(name)


def response_text(rows_affected: list[int]) -> str:
    """Return the response that an idempotency record keeps."""
    return json.dumps({"rows_affected": rows_affected}, separators=(",", ":"))
