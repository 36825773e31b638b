"""The body of a streamed response: pieces of rows, then exactly one record that ends them."""

from __future__ import annotations

import logging

from waitress.channel import ClientDisconnected

from shardeck_worker.engine import Rows
from shardeck_worker.problem import Problem, internal

log = logging.getLogger(__name__)

NDJSON = "application/x-ndjson"


def end_record(rows: int) -> bytes:
    return b'{"end":{"rows":%d}}\n' % rows


class RowStream:
    """An iterator for a WSGI server, which calls close in any case.

    A generator would not do: closing one that has not begun runs nothing of it.
    """

    def __init__(self, rows: Rows, first: bytes, request_id: str) -> None:
        self._rows = rows
        self._first: bytes | None = first
        self._request_id = request_id
        self._ended = False

    def __iter__(self) -> RowStream:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, None
        if first is not None:
            return first
        if self._ended:
            raise StopIteration
        try:
            piece = self._rows.read()
            if not self._rows.done:
                return piece
            piece += end_record(self._rows.count)
        except Exception as err:
            piece = self._error(err)
        self._ended = True
        self._rows.close()
        return piece

    def _error(self, err: Exception) -> bytes:
        fields = {"request_id": self._request_id, "error": str(err)}
        if isinstance(err, Problem):
            if err.code == "canceled":
                # The client has gone, or the worker stops: the stream must not look complete.
                raise ClientDisconnected from None
            log.debug("a stream failed", extra={"fields": fields})
        else:
            log.error("a stream failed", exc_info=err, extra={"fields": fields})
            err = internal()
        return b'{"error":' + err.document(self._request_id) + b"}\n"

    def close(self) -> None:
        self._rows.close()
