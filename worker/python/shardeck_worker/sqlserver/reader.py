"""Queries. The connection of one that was not read to its end is thrown away."""

from __future__ import annotations

import json
from typing import Any

from shardeck_worker.call import Call
from shardeck_worker.limits import PIECE
from shardeck_worker.problem import Problem, from_document
from shardeck_worker.requests import QueryRequest
from shardeck_worker.sqlserver.database import Database
from shardeck_worker.sqlserver.driver import Connection, Lost, Refused
from shardeck_worker.sqlserver.functions import Functions
from shardeck_worker.sqlserver.pool import Watch

_ERROR = "_sd_error"
_REFUSED = "_sd_refused"
_FETCH_BYTES = 1 << 20  # of memory that the driver takes at a time
_FETCH_ROWS = 500
_FETCH_UNBOUNDED = 4  # rows with values that may be very long


class Failed(Exception):
    """A query that failed, with what that came to."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result["problem"]["detail"])
        self.problem = from_document(result["problem"])
        self.tries = int(result.get("tries", 0))
        self.stale = bool(result.get("stale"))
        self.gone = bool(result.get("gone"))


class Rows:
    """The rows of a running query, in pieces. It must be closed."""

    def __init__(self, db: Database, functions: Functions, watch: Watch, call: Call) -> None:
        self.count = 0
        self.done = False
        self._ended = False  # all of the response was read
        self._db = db
        self._functions = functions
        self._watch = watch
        self._call = call
        self._connection: Connection | None = None
        self._types: list[str] = []
        self._body = ""
        self._tables: tuple[str, ...] = ()
        self._fetch = 1
        self._first: bytes | None = None

    def begin(self, request: QueryRequest) -> None:
        """Send the query, and read its first rows. It is retried while nothing was passed on."""
        self._body, self._tables = request.body.decode(), tuple(request.schemas)
        plan = self._functions.ask("sd_mssql_query", self._body)
        self._types = plan["types"]
        tries = 0
        while True:
            tries += 1
            self._connection = self._db.run.pool.acquire(self._stopped, None, reading=True)
            self._watch.begin(self._connection, lambda: self._stopped() is not None)
            try:
                if problem := self._stopped():  # while a connection was opened
                    raise problem
                self._start(plan["call"])
                self._first = self._piece()
                return
            except Failed as err:
                self.close()
                if tries >= err.tries or self._stopped():
                    raise
                self._ended = False
            except BaseException:
                self.close()
                raise

    def _stopped(self) -> Problem | None:
        return self._db.stopped(self._call)

    def _start(self, call: dict[str, Any]) -> None:
        assert self._connection is not None
        with self._failing():
            self._connection.send(call)
            while not self._connection.columns:
                if not self._connection.next_result():
                    raise Problem("invalid_field", "the statement is not a SELECT", field="sql")
        columns = self._connection.columns
        if columns[0] == _ERROR:
            return
        if columns[0] == _REFUSED:
            with self._failing():
                row = list(self._connection.fetch(1)[0])
                self._finish()
            self._functions.ask("sd_mssql_refused", self._body, json.dumps(row))
        if len(columns) != len(self._types):
            raise Problem(
                "invalid_field",
                f"the statement has {len(columns)} columns, the request {len(self._types)} types",
                field="result_types",
            )
        size = self._connection.row_size
        self._fetch = max(1, min(_FETCH_BYTES // size, _FETCH_ROWS)) if size else _FETCH_UNBOUNDED

    def read(self) -> bytes:
        """Return complete rows, each with its newline; done says that they are the last."""
        piece, self._first = self._first, None
        try:
            piece = self._piece() if piece is None else piece
        except Failed as err:
            raise err.problem from None
        self.done = self._ended
        return piece

    def _piece(self) -> bytes:
        lines: list[bytes] = []
        size = 0
        assert self._connection is not None
        while size < PIECE:
            if problem := self._stopped():
                raise problem
            if self._connection.columns[0] == _ERROR:
                self._error()
            with self._failing():
                rows = self._connection.fetch(self._fetch)
                if not rows and not self._ends():
                    continue
            if not rows:
                self._ended = True
                break
            found = self._functions.lines(self._types, rows)
            size += sum(map(len, found))
            lines += found
        self.count += len(lines)
        return b"".join(lines)

    def _ends(self) -> bool:
        """Report whether the response ends here. An error after the rows is another result."""
        assert self._connection is not None
        while self._connection.next_result():
            columns = self._connection.columns
            if columns and columns[0] == _ERROR:
                return False
            if columns:
                raise Problem("syntax_error", "the statement has more than one result", field="sql")
        return True

    def _finish(self) -> None:
        """Read the response to its end, after which the connection can be used again."""
        assert self._connection is not None
        while self._connection.next_result():
            pass
        self._ended = True

    def _error(self) -> None:
        assert self._connection is not None
        with self._failing():
            number, message = self._connection.fetch(1)[0]
            self._finish()
        error = {"number": number, "severity": 16, "message": message or ""}
        raise Failed(self._functions.report({"phase": "read", "errors": [error]}))

    def _failing(self) -> _Failing:
        return _Failing(self)

    def failed(self, err: Exception) -> Exception:
        """Return the error of a query whose response has broken off."""
        if problem := self._stopped():
            return problem
        report: dict[str, Any] = {"phase": "read", "loss": "broken"}
        if isinstance(err, Refused):
            report = {"phase": "read", "errors": err.errors()}
        return Failed(self._functions.report(report))

    def stale(self) -> Problem | None:
        """Return the problem if a table is not the one that the query was built for."""
        for name in self._tables:
            try:
                rows = self._db.run.rows("table_version", name=name)
            except (Problem, Refused):
                return None  # the query's own error is reported
            version = rows[0][0] if rows else None
            result = self._functions.look("sd_mssql_stale", self._body, name, version)
            if "problem" in result:
                return from_document(result["problem"])
        return None

    def close(self) -> None:
        """Give the connection back. It may be called again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._watch.end(connection)
            self._db.run.pool.release(connection, keep=self._ended)


class _Failing:
    """Turns the driver's errors into those of a query."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, err: BaseException | None, __: object) -> None:
        if isinstance(err, Lost | Refused):
            raise self._rows.failed(err) from None
