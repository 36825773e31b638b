"""Writes. One that was sent is waited for even if its client has gone: only then is it known."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from dataclasses import dataclass
from typing import Any

from shardeck_worker.call import Call
from shardeck_worker.engine import Outcome
from shardeck_worker.problem import Problem, canceled, closed, from_document, not_begun
from shardeck_worker.requests import ExecRequest
from shardeck_worker.sqlserver.database import Database
from shardeck_worker.sqlserver.driver import Connection, Lost, Refused
from shardeck_worker.sqlserver.functions import Functions
from shardeck_worker.sqlserver.own import OwnDatabase
from shardeck_worker.sqlserver.pool import Watch

log = logging.getLogger(__name__)

TTL = 24 * 60 * 60.0  # seconds that the response to a keyed request is kept
WAIT_TO_BEGIN = 10.0  # seconds, unless the request sets a bound
_FIRST_PAUSE = 0.002  # seconds before the second try; a pause is random and grows
_KIND = "_sd_kind"
_DONE = "done"


@dataclass(frozen=True, slots=True)
class Writing:
    """What writes need of the engine."""

    functions: Functions
    own: OwnDatabase
    watch: Watch
    suffix: str
    write_timeout: float
    closed: threading.Event


class Write:
    """A request in progress on its database."""

    def __init__(self, engine: Writing, db: Database, request: ExecRequest, call: Call) -> None:
        self._engine = engine
        self._functions = engine.functions
        self._db = db
        self._request = request
        self._body = request.body.decode()
        self._call = call
        self._begin_by = time.monotonic() + (request.timeout_ms / 1000 or WAIT_TO_BEGIN)
        self._end_by = 0.0
        self.gone = False  # another process may have dropped the database

    def run(self) -> Outcome:
        """Run the write until it is done or refused."""
        pause = _FIRST_PAUSE
        tries = 0
        self._end_by = time.monotonic() + self._engine.write_timeout
        if self._request.idempotency is not None:
            self._db.prepare_keys()
        while True:
            tries += 1
            result = self._try()
            if result.get("raise"):
                self._engine.own.raise_to(self._request.fence)
            if response := result.get("response"):
                return Outcome(response["rows_affected"], response.get("replayed", False))
            if tries >= result.get("tries", 0) or time.monotonic() >= self._end_by:
                self.gone = bool(result.get("gone"))
                raise from_document(result["problem"])
            self._begin_by = self._end_by
            time.sleep(pause / 2 + random.random() * pause)  # noqa: S311
            pause = min(2 * pause, 1.0)

    def _context(self) -> str:
        return json.dumps(
            {
                "suffix": self._engine.suffix,
                "now_ms": int(time.time() * 1000),
                "ran_ms": self._engine.own.ran(),
                "ttl_ms": int(TTL * 1000),
            }
        )

    def _try(self) -> dict[str, Any]:
        """Run the write once and return what that came to."""
        context = self._context()
        plan = self._functions.ask("sd_mssql_write", self._body, context)
        connection = self._db.run.pool.acquire(self._stopped, self._begin_by, reading=False)
        keep = False
        try:
            with self._engine.own.gate.shared():
                if self._engine.closed.is_set():
                    raise closed()
                if problem := self._stopped():
                    raise problem
                if time.monotonic() >= self._begin_by:
                    raise not_begun()
                sent = _Sending(self._functions, connection, self._body, context)
                with self._engine.watch.over(connection, self._is_late):
                    result = sent.run(plan)
                keep = sent.intact
                return result
        except Lost:
            loss = "timeout" if self._is_late() else "broken"
            if sent.phase == "idle":
                loss = "not_sent"  # the server rolls back what it has of a transaction
            return self._functions.report({"phase": sent.phase, "loss": loss})
        except Refused as err:
            report = {"phase": sent.phase, "errors": err.errors()}
            return self._functions.report(report, self._body)
        finally:
            self._db.run.pool.release(connection, keep=keep)

    def _is_late(self) -> bool:
        return time.monotonic() >= self._end_by

    def _stopped(self) -> Problem | None:
        return self._db.refusal or (canceled() if self._call.gone() else None)


class _Sending:
    """One try on a connection."""

    def __init__(
        self, functions: Functions, connection: Connection, body: str, context: str
    ) -> None:
        self._functions = functions
        self._connection = connection
        self._body = body
        self._context = context
        self.phase = "write"
        self.intact = False  # all of the last response was read

    def run(self, plan: dict[str, Any]) -> dict[str, Any]:
        outcome = self._transaction(plan["calls"]) if plan["transaction"] else None
        if outcome is None:
            outcome = self._outcome(plan["calls"][0])
        self.intact = True
        return self._functions.look("sd_mssql_answer", self._body, json.dumps(outcome))

    def _transaction(self, calls: list[dict[str, Any]]) -> list[Any]:
        """Run the parts up to the first that is not done. Nothing is done before the commit."""
        self.phase = "idle"
        self._statement("begin")
        outcomes = []
        for call in calls:
            outcomes.append(self._outcome(call))
            if outcomes[-1][0] != _DONE:
                self._statement("rollback")
                return outcomes[-1]
        last = self._functions.ask(
            "sd_mssql_finish", self._body, self._context, json.dumps(outcomes)
        )
        outcome = self._outcome(last["call"])
        if outcome[0] == _DONE:
            self.phase = "write"
            self._statement("commit")
        else:
            self._statement("rollback")
        return outcome

    def _statement(self, name: str) -> None:
        self._connection.rows(self._functions.statement(name))

    def _outcome(self, call: dict[str, Any]) -> list[Any]:
        """Send a call and return the row that is its outcome."""
        connection = self._connection
        connection.send(call)
        outcome: list[Any] | None = None
        while True:
            columns = connection.columns
            rows = connection.fetch(2) if columns else []
            if columns and columns[0] == _KIND and rows:
                outcome = list(rows[0])
            if not connection.next_result():
                break
        if outcome is None:
            raise Lost("the response to a write has no outcome")
        return outcome
