"""Queries: the reading connections of a database, and the streams of rows they give.

The extension makes the lines of the rows and joins them into pieces, so that neither values nor
rows pass through Python.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import apsw

from shardeck_worker.call import WAIT, Call
from shardeck_worker.limits import PIECE
from shardeck_worker.problem import Problem
from shardeck_worker.requests import QueryRequest
from shardeck_worker.sqlite.catalog import Catalog
from shardeck_worker.sqlite.connection import STATEMENTS, Connection, Text, Value
from shardeck_worker.sqlite.errors import statement_problem
from shardeck_worker.sqlite.values import Values

log = logging.getLogger(__name__)

READERS = 48  # queries of one database that run at once: a slow client keeps its reader
KEEP_IDLE = 8
MAX_WAITING = 4096
# Instructions of SQLite's machine between looks at whether the query must stop: a few ms.
PROGRESS = 100_000
_CELLS = 126  # values that sd_cells takes at most


@dataclass(frozen=True, slots=True)
class Select:
    """A query whose rows are pieces of its result: the number of rows, and their lines."""

    sql: str
    text: Text


class Reader:
    """A reading connection; it runs one query at a time."""

    def __init__(self, conn: Connection, pool: ReaderPool, values: Values) -> None:
        self.conn = conn
        self.values = values
        self.call: Call | None = None
        self.catalog: Catalog | None = None  # that the texts were prepared for
        self._pool = pool
        self._selects: dict[tuple[str, tuple[str, ...]], Select] = {}
        conn.db.set_progress_handler(self._must_stop, PROGRESS)

    def _must_stop(self) -> bool:
        return self._pool.closing or (self.call is not None and self.call.stopped() is not None)

    def select(self, request: QueryRequest) -> Select:
        """Prepare a request's text and wrap it; the most recent results are cached."""
        key = (request.sql, request.result_types)
        known = self._selects.pop(key, None)
        if known is None:
            known = self._wrap(request)
            if len(self._selects) >= STATEMENTS:
                del self._selects[next(iter(self._selects))]
        self._selects[key] = known
        return known

    def _wrap(self, request: QueryRequest) -> Select:
        text = self.conn.text(request.sql)
        if not text.readonly or text.columns == 0:
            raise Problem("invalid_field", "the statement is not a SELECT", field="sql")
        given = len(request.result_types)
        if given != text.columns:
            raise Problem(
                "invalid_field",
                f"the statement has {text.columns} columns, the request {given} types",
                field="result_types",
            )
        names = self.values.type_names(request.result_types, "result_types")
        columns = [f"c{i}" for i in range(given)]
        cells = []
        for at in range(0, given, _CELLS):
            types = json.dumps(names[at : at + _CELLS])
            cells.append(f"'{types}', {', '.join(columns[at : at + _CELLS])}")
        row = cells[0] if len(cells) == 1 else " || ',' || ".join(f"sd_cells({c})" for c in cells)
        # No client's table has a name with a colon. The line break ends a comment of the text, and
        # the LIMIT keeps the condition out of it, where it would come before an ORDER BY.
        sql = (
            f'WITH "sd:q"({", ".join(columns)}) AS ({text.sql}\n),'
            ' "sd:r" AS (SELECT * FROM "sd:q" LIMIT -1)'
            f' SELECT sd_packed(), sd_take() FROM "sd:r" WHERE sd_pack({row})'
            " UNION ALL SELECT sd_packed(), sd_take()"
        )
        return Select(sql, text)

    def start(self, select: Select, values: tuple[Value, ...]) -> apsw.Cursor:
        """Make the first step, which takes the snapshot that the query reads."""
        return self.conn.start_text(select.sql, select.text.bindings(values))

    def use(self, catalog: Catalog) -> None:
        """Forget the texts, which depend on the schema, if that has changed."""
        if self.catalog is not catalog:
            self.catalog = catalog
            self.conn.forget_texts()
            self._selects.clear()


class ReaderPool:
    """The readers of a database. The one used last is used first, as its caches are warm."""

    def __init__(
        self,
        open_reader: Callable[[ReaderPool], Reader],
        refusal: Callable[[], Problem],
        storage_problem: Callable[[Exception], Exception],
    ) -> None:
        self.closing = False  # running queries must end
        self._open_reader = open_reader
        self.refusal = refusal
        self._storage_problem = storage_problem
        self._changed = threading.Condition()
        self._idle: list[Reader] = []
        self._running = 0
        self._waiting = 0

    def acquire(self, call: Call) -> Reader:
        """Return a reader for a call, and wait for one while all are in use."""
        with self._changed:
            if self._running >= READERS:
                self._wait(call)
            if self.closing:
                raise self.refusal()
            self._running += 1
            reader = self._idle.pop() if self._idle else None
        if reader is None:
            try:
                reader = self._open_reader(self)
            except Exception as err:
                self._leave(None)
                raise self._storage_problem(err) from None
        reader.call = call
        return reader

    def _wait(self, call: Call) -> None:
        if self._waiting >= MAX_WAITING:
            raise Problem(
                "overloaded",
                "too many queries are waiting for this database",
                "send it again later",
            )
        self._waiting += 1
        try:
            while self._running >= READERS and not self.closing:
                self._changed.wait(WAIT)
                if problem := call.stopped():
                    raise problem
        finally:
            self._waiting -= 1

    def release(self, reader: Reader) -> None:
        reader.call = None
        self._leave(reader)

    def _leave(self, reader: Reader | None) -> None:
        with self._changed:
            self._running -= 1
            if reader is not None and not self.closing and len(self._idle) < KEEP_IDLE:
                self._idle.append(reader)
                reader = None
            if self._waiting or self.closing:
                self._changed.notify_all()
        if reader is not None:
            reader.conn.close()

    def close(self, wait: float) -> bool:
        """End the running queries and close the readers; False if some have not ended in time.

        A reader whose client is stuck is closed by its own thread later.
        """
        deadline = time.monotonic() + wait
        with self._changed:
            self.closing = True
            self._changed.notify_all()
            while self._running and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
            idle, self._idle = self._idle, []
            ended = self._running == 0
        for reader in idle:
            reader.conn.close()
        return ended


class Rows:
    """The rows of a running query, in pieces. It must be closed."""

    def __init__(
        self,
        pool: ReaderPool,
        reader: Reader,
        call: Call,
        problem: Callable[[Exception], Exception],
    ) -> None:
        self.count = 0
        self.done = False
        self._pool = pool
        self._reader: Reader | None = reader
        self._call = call
        self._problem = problem
        self._cursor: apsw.Cursor | None = None

    def begin(self, cursor: apsw.Cursor) -> None:
        self._cursor = cursor

    def read(self) -> bytes:
        """Return complete rows, each with its newline; done says that they are the last."""
        if self._pool.closing or self._call.stopped():
            raise self.stopped()
        assert self._cursor is not None
        try:
            count, piece = next(self._cursor)
            if len(piece) < PIECE:  # what is left at the end
                next(self._cursor, None)
                self.done = True
        except apsw.Error as err:
            raise self._problem(err) from None
        self.count += count
        return cast(bytes, piece)

    def stopped(self) -> Problem:
        """Return why the query was interrupted."""
        return self._call.stopped() or self._pool.refusal()

    def close(self) -> None:
        """Give the reader back. It may be called again."""
        reader, self._reader = self._reader, None
        if reader is None:
            return
        if not self.done:
            if self._cursor is not None:
                self._cursor.close(True)  # which ends its snapshot, as the last row does
            reader.conn.run("SELECT sd_take()")  # the next query begins with an empty piece
        self._pool.release(reader)


def query_problem(
    err: Exception,
    stopped: Callable[[], Problem],
    storage_problem: Callable[[Exception], Exception],
) -> Exception:
    """Return the problem of a query that SQLite has refused or ended."""
    if isinstance(err, apsw.InterruptError):
        return stopped()
    problem = statement_problem(err)
    return problem if isinstance(problem, Problem) else storage_problem(problem)
