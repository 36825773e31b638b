"""The extension's functions, which build what is sent and read what comes back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

import apsw

from shardeck_worker.problem import from_document
from shardeck_worker.sqlite.connection import Memory, Opener
from shardeck_worker.sqlite.errors import value_problem

_CELLS = 126  # values that sd_mssql_cells takes at most


class Functions:
    """The functions, on connections without a file. It is for any number of threads."""

    def __init__(self, opener: Opener) -> None:
        self._memory = Memory(opener)

    def close(self) -> None:
        self._memory.close()

    def look(self, name: str, *args: str | None) -> dict[str, Any]:
        """Return a function's result, which may be a problem."""
        marks = ", ".join("?" * len(args))
        with self._memory.connection() as db:
            result: dict[str, Any] = json.loads(db.execute(f"SELECT {name}({marks})", args).get)
        return result

    def ask(self, name: str, *args: str | None) -> dict[str, Any]:
        """Return a function's result, or raise its problem."""
        result = self.look(name, *args)
        if "problem" in result:
            raise from_document(result["problem"])
        return result

    def statement(self, name: str, /, **subject: Any) -> dict[str, Any]:
        """Return the call of one of the worker's own statements."""
        return self.ask("sd_mssql_statement", name, json.dumps(subject))

    def report(self, report: dict[str, Any], request: str | None = None) -> dict[str, Any]:
        """Return what a request came to that has no result."""
        return self.look("sd_mssql_error", json.dumps(report), request)

    def lines(self, types: Sequence[str], rows: Sequence[Any]) -> list[bytes]:
        """Return the lines of JSON of rows as the driver gives them."""
        cells = []
        for at in range(0, len(types), _CELLS):
            part = types[at : at + _CELLS]
            names = json.dumps(part).replace("'", "''")
            cells.append(f"sd_mssql_cells('{names}', {', '.join('?' * len(part))})")
        line = " || ',' || ".join(cells)
        sql = f"SELECT CAST('[' || {line} || ']\n' AS BLOB)"
        with self._memory.connection() as db:
            try:
                return list(chain.from_iterable(db.cursor().executemany(sql, rows)))
            except apsw.Error as err:
                raise value_problem(err) or err from None
