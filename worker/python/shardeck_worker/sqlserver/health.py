"""What the server says of itself and of the databases (worker/engine/sqlserver/watch.go)."""

from __future__ import annotations

import threading
import time
from typing import Any

from shardeck_worker.problem import Problem
from shardeck_worker.sqlserver.driver import Lost, Refused
from shardeck_worker.sqlserver.own import READY, OwnDatabase, Record
from shardeck_worker.sqlserver.pool import Watch
from shardeck_worker.storage import Health, Store

_SAVE_EVERY_MS = 60_000
_TIMEOUT = 5.0  # seconds that the server may take for everything


class ServerHealth:
    """For one thread, which calls look regularly."""

    def __init__(
        self, own: OwnDatabase, health: Health, watch: Watch, closed: threading.Event
    ) -> None:
        self._own = own
        self._watch = watch
        self._closed = closed
        self._end_by = 0.0
        self._health = health
        self._server = health.add("")
        self._databases: dict[str, Store] = {}  # by physical name
        self._saved = own.ran()

    def look(self) -> None:
        """Ask the server whether it can read each database, and store the running time."""
        self._end_by = time.monotonic() + _TIMEOUT
        try:
            self._look()
        except (Problem, Refused, Lost) as err:
            if not self._closed.is_set():
                self._server.fail("read", "unreachable", "", err)
        else:
            self._server.heal("read")

    def _look(self) -> None:
        ran = self._own.ran()
        if ran >= self._saved + _SAVE_EVERY_MS:
            self._rows("save_running_time", ran_ms=ran)
            self._saved = ran
        records = [Record(*row) for row in self._rows("records")]
        ready = [record for record in records if record.state == READY]
        for record in ready:
            self._probe(record)
        names = {record.physical for record in ready}
        for physical in self._databases.keys() - names:
            self._health.remove(self._databases.pop(physical))

    def _rows(self, name: str, /, **subject: Any) -> list[tuple[Any, ...]]:
        call = self._own.run.functions.statement(name, **subject)
        with (
            self._own.run.session() as connection,
            self._watch.over(connection, self._must_end),
        ):
            return connection.rows(call)

    def _must_end(self) -> bool:
        return self._closed.is_set() or time.monotonic() >= self._end_by

    def _probe(self, record: Record) -> None:
        """Check one database. An error is one of the server."""
        try:
            self._rows("probe", physical=record.physical)
        except Refused as err:
            now = self._rows("record", name=record.name)
            if not now or Record(*now[0]).state != READY:
                return  # dropped meanwhile
            if record.physical not in self._databases:
                self._databases[record.physical] = self._health.add(record.name)
            self._databases[record.physical].fail("read", "read_failed", "", err)
        else:
            if record.physical in self._databases:
                self._databases[record.physical].heal("read")
