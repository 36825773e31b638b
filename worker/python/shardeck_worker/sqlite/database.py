"""One physical database: its file, its writer and its readers."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

from shardeck_worker.call import Call
from shardeck_worker.engine import Outcome
from shardeck_worker.problem import Problem
from shardeck_worker.requests import ExecRequest, QueryRequest
from shardeck_worker.sqlite.catalog import create_meta_tables, load_catalog, read_name
from shardeck_worker.sqlite.connection import READER_CACHE, WRITER_CACHE, Opener, Value
from shardeck_worker.sqlite.group import serve
from shardeck_worker.sqlite.idempotency import Records
from shardeck_worker.sqlite.reader import Reader, ReaderPool, Rows, query_problem
from shardeck_worker.sqlite.state import StateFile
from shardeck_worker.sqlite.values import Values
from shardeck_worker.sqlite.writer import WAIT_TO_BEGIN, Pending, Writer

FILE_EXT = ".db"
DROP_WAIT = 5.0  # seconds that readers have to end, once they are interrupted
_VALUE_COST = 40  # bytes of memory, roughly, besides a value's text


class Database:
    """A database that is open."""

    def __init__(self, path: Path, opener: Opener, values: Values, state: StateFile) -> None:
        self.path = path
        self.physical = path.name.removesuffix(FILE_EXT)
        self.state = state
        self.values = values
        self.conn = opener.open(path, WRITER_CACHE)
        try:
            self.name = read_name(self.conn)
            self.catalog = load_catalog(self.conn)
        except BaseException:
            self.conn.close()
            raise
        # Odd while a change of the schema is being committed, and then the lock is held.
        self._schema_gen = 0
        self._schema_lock = threading.Lock()
        self.size = 0
        self._measure()
        self.records = Records(self.conn)
        self._writer = Writer(self.name, self.conn, self._measure)
        self._readers = ReaderPool(
            lambda pool: Reader(opener.open_reader(path), pool, values), self._writer.refusal
        )
        self._writer.start(lambda batch: serve(self, batch))

    def _measure(self) -> None:
        """Measure the size of the file and its log."""
        size = 0
        for suffix in ("", "-wal"):
            with contextlib.suppress(OSError):
                size += os.stat(f"{self.path}{suffix}").st_size
        self.size = size

    def stats(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "physical": self.physical,
            "size_bytes": self.size,
            "tables": self.catalog.stats(),
        }

    def refusal(self) -> Problem | None:
        """Return why nothing may begin any more, if the database is dropped."""
        return self._writer.refusal() if self._writer.gone else None

    def change_schema(self, change: Callable[[], None]) -> None:
        """Run change such that no query checked against one schema reads with the other."""
        with self._schema_lock:
            self._schema_gen += 1
            try:
                change()
            finally:
                self._schema_gen += 1

    def exec(self, request: ExecRequest, call: Call) -> Outcome:
        """Run statements in one transaction, and return once it is durable."""
        wait = request.timeout_ms / 1000 or WAIT_TO_BEGIN
        deadline = time.monotonic() + wait
        rows = [self.values.decode_statement(request, i) for i in range(len(request.statements))]
        pending = Pending(request, rows, _size(request), deadline)
        if problem := call.stopped():
            raise problem
        self._writer.send(pending)
        return pending.wait(call)

    def query(self, request: QueryRequest, call: Call) -> Rows:
        """Run a SELECT up to its first row."""
        values = self.values.decode(request.types, request.params)
        reader = self._readers.acquire(call)
        rows = Rows(self._readers, reader, call, lambda err: query_problem(err, rows.stopped))
        try:
            rows.begin(self._first_step(reader, request, values, call))
        except apsw.Error as err:
            rows.close()
            if not isinstance(err, apsw.InterruptError):
                # If a table was dropped meanwhile, say that instead of SQLite's message.
                self._expect(request)
            raise query_problem(err, rows.stopped) from None
        except BaseException:
            rows.close()
            raise
        return rows

    def _expect(self, request: QueryRequest) -> None:
        for name, version in request.schemas.items():
            self.catalog.expect(name, version)

    def _first_step(
        self, reader: Reader, request: QueryRequest, values: tuple[Value, ...], call: Call
    ) -> apsw.Cursor:
        """Check the schema and take the snapshot, which must agree.

        If a change of the schema was committed meanwhile, both are repeated.
        """
        while True:
            generation = self._schema_gen
            if generation % 2:
                with self._schema_lock:  # a commit is in progress, which takes one fsync
                    generation = self._schema_gen
            if problem := call.stopped():
                raise problem
            reader.use(self.catalog)
            self._expect(request)
            cursor = reader.start(reader.select(request), values)
            if self._schema_gen == generation:
                return cursor
            cursor.close(True)

    def forget(self) -> None:
        """Refuse everything from now on as for a database that does not exist."""
        self._writer.gone = True

    def close(self) -> bool:
        """End the writer and the readers; False if some readers have not ended in time.

        The writer's connection is closed as the last: it checkpoints the log into the file.
        """
        self._writer.stop()
        ended = self._readers.close(DROP_WAIT)
        self.conn.close()
        return ended


def _size(request: ExecRequest) -> int:
    """Return roughly how much memory a request takes, in bytes."""
    size = 0
    for statement in request.statements:
        size += len(statement.sql) + 256
        for row in statement.rows:
            size += _VALUE_COST * len(row)
            size += sum(len(value) for value in row if isinstance(value, str))
    return size


def create_file(path: Path, name: str, opener: Opener) -> None:
    """Create the file of a new database."""
    conn = opener.open(path, READER_CACHE, create=True)
    try:
        create_meta_tables(conn, name)
    finally:
        conn.close()


def remove_files(path: Path) -> None:
    """Remove a database's file, durably, and what belongs to it."""
    for suffix in ("-wal", "-shm", "-journal", ""):
        with contextlib.suppress(FileNotFoundError):
            os.remove(f"{path}{suffix}")
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the creation or removal of files durable, on systems that support it."""
    if sys.platform == "win32":
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
