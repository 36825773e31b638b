"""The worker's own database: its state, and the records of the databases that it created."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from shardeck_worker.fence import check_fence, check_update, raised
from shardeck_worker.gate import Gate
from shardeck_worker.problem import Problem, from_document
from shardeck_worker.requests import Fence, State
from shardeck_worker.sqlserver.driver import Connection, Lost, Refused
from shardeck_worker.sqlserver.functions import Functions
from shardeck_worker.sqlserver.pool import Pool


def running_ms() -> int:
    """Return milliseconds by a clock that nobody sets."""
    return time.monotonic_ns() // 1_000_000


LOCK_WAIT = 30.0  # seconds that another process may hold the lock on the records
TRIES = 3  # of what another process may have got in the way of

_UINT64 = (1 << 64) - 1


CREATING, READY, DROPPING = "creating", "ready", "dropping"


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a database: the name as given, the physical name and the state."""

    name: str
    physical: str
    state: str


class Runner:
    """Runs the worker's own statements in one database. Errors are problems or refusals."""

    def __init__(self, functions: Functions, pool: Pool) -> None:
        self.functions = functions
        self.pool = pool

    @contextmanager
    def session(self, phase: str = "idle") -> Iterator[Connection]:
        """Give a connection; a loss becomes a problem."""
        try:
            with self.pool.lease(lambda: None) as connection:
                yield connection
        except Lost:
            report = {"phase": phase, "loss": "broken"}
            raise from_document(self.functions.report(report)["problem"]) from None

    def rows(self, name: str, /, **subject: Any) -> list[tuple[Any, ...]]:
        call = self.functions.statement(name, **subject)
        with self.session() as connection:
            return connection.rows(call)

    def change(self, name: str, /, **subject: Any) -> int:
        """Run a statement and return the number of rows that it has changed."""
        call = self.functions.statement(name, **subject)
        with self.session("write") as connection:
            connection.send(call)
            count = connection.changed
            while connection.next_result():
                pass
            return count

    def problem(self, err: Refused) -> Problem:
        report = {"phase": "idle", "errors": err.errors()}
        return from_document(self.functions.report(report)["problem"])

    @contextmanager
    def problems(self) -> Iterator[None]:
        """Turn refusals into problems."""
        try:
            yield
        except Refused as err:
            raise self.problem(err) from None


class OwnDatabase:
    """The state and the records. It is for any number of threads."""

    def __init__(self, run: Runner) -> None:
        self.run = run
        # Shared by writes in progress, and held alone by changes of the state: it keeps this
        # process's own work from being refused midway. The server's locks keep others out.
        self.gate = Gate()
        self.shard = ""  # as last read or stored
        self._tables()
        # The running time: how long workers have used the server, by their monotonic clocks.
        with run.problems():
            self._ran_before: int = run.rows("running_time")[0][0]
        self._opened = running_ms()

    def ran(self) -> int:
        """Return the running time in milliseconds."""
        return self._ran_before + running_ms() - self._opened

    def _tables(self) -> None:
        for left in reversed(range(TRIES)):
            try:
                self.run.change("own_tables")
                break
            except Refused as err:  # another worker may have created one of them first
                if not left:
                    raise self.run.problem(err) from None
        with suppress(Refused):  # another worker may have won this race; then there is a state
            self.run.change("first_state")

    def state(self) -> State:
        with self.run.problems():
            return self._read(self.run.rows("state"))

    def _read(self, rows: list[tuple[Any, ...]]) -> State:
        term, version, leader, shard = rows[0]
        self.shard = shard
        return State(term & _UINT64, version & _UINT64, leader, shard)

    def set_state(self, update: State) -> State:
        def following(now: State) -> State:
            check_update(now, update)
            return update

        return self._change(following)

    def raise_to(self, fence: Fence) -> None:
        """Store a request's fence if it is newer than the state."""
        if raised(self.state(), fence) is not None:
            self._change(lambda now: raised(now, fence) or now)

    def _change(self, following: Callable[[State], State]) -> State:
        with self.gate.alone(), self.run.problems():
            while True:
                now = self.state()
                then = following(now)
                if then != now:
                    states = {"current": now.document(), "next": then.document()}
                    if self.run.change("store_state", **states) != 1:
                        continue  # another process has changed the state meanwhile
                self.shard = then.shard
                return then

    @contextmanager
    def under(self, fence: Fence) -> Iterator[None]:
        """Run work that cannot be part of a transaction while the fence cannot change."""
        self.raise_to(fence)
        begin, held, rollback = map(
            self.run.functions.statement, ("begin", "held_state", "rollback")
        )
        with self.gate.shared(), self.run.problems(), self.run.session() as connection:
            connection.rows(begin)
            check_fence(self._read(connection.rows(held)), fence)
            yield
            connection.rows(rollback)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from creating, dropping and recovering databases.

        It is the session that holds the lock, so its connection is never used again.
        """
        call = self.run.functions.statement("lock_records", wait_ms=int(LOCK_WAIT * 1000))
        pool = self.run.pool
        with self.run.problems():
            connection = pool.acquire(lambda: None, None, reading=False)
            try:
                if connection.rows(call)[0][0] < 0:
                    raise Problem(
                        "overloaded",
                        "another worker is creating or dropping a database",
                        "send the request again",
                    )
                yield
            except Lost:
                report = {"phase": "idle", "loss": "broken"}
                raise from_document(self.run.functions.report(report)["problem"]) from None
            finally:
                pool.release(connection, keep=False)

    def record(self, name: str) -> Record | None:
        with self.run.problems():
            rows = self.run.rows("record", name=name)
        return Record(*rows[0]) if rows else None

    def records(self) -> list[Record]:
        with self.run.problems():
            return [Record(*row) for row in self.run.rows("records")]

    def change_record(self, statement: str, /, **subject: str) -> None:
        with self.run.problems():
            self.run.change(statement, **subject)

    def exists(self, physical: str) -> bool:
        """Report whether the server has a database, whoever created it."""
        with self.run.problems():
            return self.run.rows("database_id", physical=physical)[0][0] is not None
