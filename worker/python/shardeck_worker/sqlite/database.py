"""One physical database: its file, its writer and its readers."""

from __future__ import annotations

import contextlib
import logging
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
from shardeck_worker.sqlite.clock import Clock
from shardeck_worker.sqlite.connection import READER_CACHE, WRITER_CACHE, Opener, Value
from shardeck_worker.sqlite.errors import note_failure, storage_problem
from shardeck_worker.sqlite.files import opened_database
from shardeck_worker.sqlite.group import serve
from shardeck_worker.sqlite.idempotency import Records
from shardeck_worker.sqlite.reader import Reader, ReaderPool, Rows, query_problem
from shardeck_worker.sqlite.state import StateFile
from shardeck_worker.sqlite.values import Values
from shardeck_worker.sqlite.writer import WAIT_TO_BEGIN, Pending, Writer
from shardeck_worker.storage import Health, Kind

log = logging.getLogger(__name__)

FILE_EXT = ".db"
DROP_WAIT = 5.0  # seconds that readers have to end, once they are interrupted
_VALUE_COST = 40  # bytes of memory, roughly, besides a value's text


class Database:
    """A database that is open."""

    def __init__(
        self, path: Path, opener: Opener, values: Values, state: StateFile, health: Health
    ) -> None:
        self.path = path
        self._opener = opener
        self._health = health
        self.physical = path.name.removesuffix(FILE_EXT)
        self.state = state
        self.values = values
        self.conn = opener.open(path, WRITER_CACHE)
        try:
            self.name = read_name(self.conn.db)
            self.records = Records(self.conn, Clock(self.conn))
            self.catalog = load_catalog(self.conn)
            self.files = opened_database(path)
        except BaseException:
            self.conn.close()
            raise
        # Odd while a change of the schema is being committed, and then the lock is held.
        self._schema_gen = 0
        self._schema_lock = threading.Lock()
        self.size = 0
        self._measure()
        self.store = health.add(self.name)
        self._writer = Writer(self.name, self.conn, self._measure)
        self._readers = ReaderPool(
            lambda pool: Reader(opener.open_reader(path), pool, values),
            self._writer.refusal,
            self._read_problem,
        )
        self._writer.start(lambda batch: serve(self, batch), self._probe_write)

    def _read_problem(self, err: Exception) -> Exception:
        return self.storage_problem(err, "read")

    def storage_problem(self, err: Exception, kind: Kind = "write") -> Exception:
        """Return the problem of a storage failure, which may be that the files are gone."""
        if not isinstance(err, Problem):
            with contextlib.suppress(OSError):
                self.files.check_place(self.store)
            if refusal := self.refusal():
                return refusal
        return storage_problem(err, self.store, kind, str(self.path))

    def look(self) -> None:
        """Check that the files are in place and readable; after a failed write, try again."""
        if self._writer.gone or self.store.refusal is not None:
            return
        try:
            self.files.check()
        except OSError:
            if not self._writer.gone:  # meanwhile, so that the files are being removed
                with contextlib.suppress(OSError):
                    self.files.check_place(self.store)
            return
        self._probe_read()
        if self.store.is_failing("write"):
            self._writer.probe_soon()

    def _probe_read(self) -> None:
        try:
            db = self._opener.probe(self.path)
            try:
                read_name(db)
            finally:
                db.close(True)
        except (apsw.BusyError, apsw.NoMemError):
            return  # which says nothing about the file
        except (apsw.IOError, apsw.CantOpenError) as err:
            if not self._writer.gone:
                self.store.fail("read", "read_failed", str(self.path), err)
        except (apsw.Error, ValueError) as err:
            # Nothing in a file whose beginning is damaged can be relied on.
            if not self._writer.gone:
                self.store.shut("content", "damaged", str(self.path), err)
        else:
            self.store.heal("read")

    def _probe_write(self) -> None:
        """Make a small durable write, whose success ends the failure of writes."""
        if self.refusal() is not None:
            return
        try:
            self.conn.run("BEGIN IMMEDIATE")
            self.records.clock.save()
            self.conn.run("COMMIT")
            self.files.check_place(self.store)
        except (apsw.Error, OSError) as err:
            note_failure(self.store, "write", str(self.path), err)
            with contextlib.suppress(apsw.Error):
                if self.conn.db.in_transaction:
                    self.conn.run("ROLLBACK")
        else:
            self.store.heal("write")

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
        """Return why nothing may begin any more: it is dropped, or its files are not its own."""
        return self._writer.refusal() if self._writer.gone else self.store.refusal

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

        def problem(err: Exception) -> Exception:
            return query_problem(err, rows.stopped, self._read_problem)

        rows = Rows(self._readers, reader, call, problem)
        try:
            rows.begin(self._first_step(reader, request, values, call))
        except apsw.Error as err:
            rows.close()
            if not isinstance(err, apsw.InterruptError):
                # If a table was dropped meanwhile, say that instead of SQLite's message.
                self._expect(request)
            raise problem(err) from None
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
        self._health.remove(self.store)

    def close(self) -> bool:
        """End the writer and the readers; False if some readers have not ended in time.

        The writer's connection is closed as the last: it checkpoints the log into the file.
        """
        self._writer.stop()
        self._health.remove(self.store)
        ended = self._readers.close(DROP_WAIT)
        try:
            if not self._writer.gone:
                self.files.check_place(self.store)
                if self.records.clock.is_due() and self.store.refusal is None:
                    self.records.clock.save()
        except OSError:
            # A log of that name is another database's, as when the directory was restored too
            # early: the last connection would delete it.
            self.conn.db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        except apsw.Error as err:
            fields = {"database": self.physical, "error": repr(err)}
            log.warning("the running time could not be stored", extra={"fields": fields})
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
