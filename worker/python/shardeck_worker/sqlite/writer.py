"""A database's writer: a thread with the only writing connection, and its queue.

It takes the requests that are waiting and runs them in one transaction, since a commit costs
about the same for one as for many (worker/engine/sqlite/writer.go).
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import apsw

from shardeck_worker.call import WAIT, Call
from shardeck_worker.engine import Outcome
from shardeck_worker.problem import Problem, canceled, closed, not_begun, unknown_database
from shardeck_worker.requests import ExecRequest
from shardeck_worker.sqlite.connection import Connection
from shardeck_worker.sqlite.values import Row

log = logging.getLogger(__name__)

QUEUE_LENGTH = 4096
QUEUE_BYTES = 64 << 20
WAIT_TO_BEGIN = 10.0  # seconds, unless the request sets a bound
GROUP_REQUESTS = 512
GROUP_EXECUTIONS = 8192
TIDY_EVERY = 1.0  # seconds from a commit to a checkpoint


@dataclass(slots=True)
class Pending:
    """A request that is queued for or run by the writer."""

    request: ExecRequest
    rows: list[list[Row]]  # of parameters, by statement
    size: int  # approximate memory use in bytes
    deadline: float  # to begin
    # Whoever acquires it first decides: the writer begins the request, or its caller gives up.
    claim: threading.Lock = field(default_factory=threading.Lock)
    done: threading.Lock = field(default_factory=threading.Lock)
    outcome: Outcome | None = None
    error: Exception | None = None

    def __post_init__(self) -> None:
        self.done.acquire()

    @property
    def executions(self) -> int:
        return sum(map(len, self.rows))

    @property
    def is_ddl(self) -> bool:
        return any(statement.is_ddl for statement in self.request.statements)

    def begin(self) -> bool:
        """Claim the request for the writer; False if it must not be run."""
        if not self.claim.acquire(blocking=False):
            return False  # given up: nobody waits for the response
        if self.error is None and time.monotonic() > self.deadline:
            self.error = not_begun()
        return self.error is None

    def wait(self, call: Call) -> Outcome:
        """Return the outcome. A request that has begun is waited for: only then is it known."""
        while not self.done.acquire(timeout=WAIT):
            late = time.monotonic() > self.deadline
            if (late or call.gone()) and self.claim.acquire(blocking=False):
                raise not_begun() if late else canceled()
        if self.error is not None:
            raise self.error
        assert self.outcome is not None
        return self.outcome


class Writer:
    """The queue and the thread. serve runs a batch of requests and answers all of them."""

    def __init__(self, name: str, conn: Connection, measure: Callable[[], None]) -> None:
        self.name = name
        self.conn = conn
        self.gone = False  # the database is dropped: nothing may begin
        self._measure = measure
        self._changed = threading.Condition()
        self._queue: deque[Pending] = deque()
        self._bytes = 0
        self._stopped = False
        self._tidy_at: float | None = None
        self._serve: Callable[[list[Pending]], bool] | None = None
        self._probe: Callable[[], None] | None = None
        self._probe_due = False
        self._thread = threading.Thread(target=self._run, name=f"writer of {name}", daemon=True)

    def start(self, serve: Callable[[list[Pending]], bool], probe: Callable[[], None]) -> None:
        self._serve = serve
        self._probe = probe
        self._thread.start()

    def probe_soon(self) -> None:
        """Have the thread call probe."""
        with self._changed:
            self._probe_due = True
            self._changed.notify()

    def send(self, pending: Pending) -> None:
        with self._changed:
            if self._stopped:
                raise self.refusal()
            # A request beyond the bound is accepted if it is alone: the body's limit bounds it.
            total = self._bytes + pending.size
            if len(self._queue) >= QUEUE_LENGTH or (total > QUEUE_BYTES and self._bytes):
                raise Problem(
                    "overloaded",
                    "too many writes are waiting for this database; nothing was done",
                    "send it again later",
                )
            self._bytes = total
            self._queue.append(pending)
            if len(self._queue) == 1:
                self._changed.notify()

    def refusal(self) -> Problem:
        """Return the problem of a request that comes after the end."""
        return unknown_database(self.name) if self.gone else closed()

    def stop(self) -> None:
        """End the thread once the requests in progress are answered."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while batch := self._next():
            try:
                assert self._serve is not None
                if self._serve(batch):
                    self._tidy_at = self._tidy_at or time.monotonic() + TIDY_EVERY
            except Exception as err:  # a fault of the engine must not leave callers waiting
                log.exception("the writer failed")
                self._recover()
                for pending in batch:
                    if pending.outcome is None and pending.error is None:
                        pending.error = err
            with self._changed:
                self._bytes -= sum(pending.size for pending in batch)
            for pending in batch:
                pending.done.release()

    def _next(self) -> list[Pending]:
        """Wait for requests and take those of one group; none at the end."""
        while True:
            with self._changed:
                while not (self._queue or self._stopped or self._probe_due or self._is_tidy_due()):
                    pause = self._tidy_at and max(self._tidy_at - time.monotonic(), 0)
                    self._changed.wait(pause)
                if self._stopped:
                    return self._refuse_queued()
                probe, self._probe_due = self._probe_due, False
                if not probe and not self._is_tidy_due():
                    return self._take()
            if probe and self._probe is not None:
                self._probe()
            else:
                self._tidy()

    def _is_tidy_due(self) -> bool:
        return self._tidy_at is not None and time.monotonic() >= self._tidy_at

    def _take(self) -> list[Pending]:
        """Take a bounded number of requests; one that changes the schema is a group of its own."""
        batch = [self._queue.popleft()]
        executions = batch[0].executions
        if batch[0].is_ddl:
            return batch
        while self._queue and len(batch) < GROUP_REQUESTS and executions < GROUP_EXECUTIONS:
            if self._queue[0].is_ddl:
                break
            batch.append(self._queue.popleft())
            executions += batch[-1].executions
        return batch

    def _refuse_queued(self) -> list[Pending]:
        for pending in self._queue:
            pending.error = self.refusal()
            pending.done.release()
        self._queue.clear()
        return []

    def _tidy(self) -> None:
        """Checkpoint the log into the file, which is faster to read, and measure its size."""
        self._tidy_at = None
        try:
            if not self._queue:
                self.conn.run("PRAGMA wal_checkpoint(PASSIVE)")
        except apsw.Error as err:
            log.warning("checkpoint failed", extra={"fields": {"error": repr(err)}})
        self._measure()

    def _recover(self) -> None:
        try:
            if self.conn.db.in_transaction:
                self.conn.run("ROLLBACK")
        except apsw.Error as err:
            log.error("rollback failed", extra={"fields": {"error": repr(err)}})
