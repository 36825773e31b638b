"""The worker's state: the fence, its file and its rules (worker/engine/sqlite/fence.go).

The lock on the file makes the data directory exclusive to one worker, in any language.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import apsw

from shardeck_worker.fence import check_fence, check_update, raised
from shardeck_worker.gate import Gate
from shardeck_worker.problem import closed
from shardeck_worker.requests import Fence, State

STATE_FILE = "_state.db"  # no database can have this name, as names begin with a letter

_SETUP = (
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA synchronous = FULL",
    "BEGIN EXCLUSIVE",
    "CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 1),"
    " term INTEGER NOT NULL, map_version INTEGER NOT NULL, leader TEXT NOT NULL,"
    " shard TEXT NOT NULL)",
    "INSERT OR IGNORE INTO state VALUES (1, 0, 0, '', '')",
    "CREATE TABLE IF NOT EXISTS discarded (physical TEXT PRIMARY KEY) WITHOUT ROWID",
    "COMMIT",
)


class InUse(Exception):
    """Another worker owns the data directory."""


class StateFile:
    """The state in memory and in its file.

    The gate is shared by work under the fence, from the check to the end of its transaction, and
    held alone by changes of the fence.
    """

    def __init__(self, directory: Path) -> None:
        self.gate = Gate()
        self._lock = threading.Lock()  # guards the connection
        self._db: apsw.Connection | None = apsw.Connection(os.fspath(directory / STATE_FILE))
        try:
            for sql in _SETUP:
                self._db.execute(sql)
            row: Any = self._db.execute(
                "SELECT term, map_version, leader, shard FROM state"
            ).fetchone()
        except apsw.BusyError:
            self._db.close(True)
            raise InUse(
                "it is in use by another worker (one process at a time can own a data directory;"
                " choose another one, or stop the other)"
            ) from None
        except BaseException:
            self._db.close(True)
            raise
        term, version, leader, shard = row
        self.current = State(_unsigned(term), _unsigned(version), leader, shard)

    def close(self) -> None:
        with self.gate.alone(), self._lock:
            if self._db is not None:
                self._db.close(True)
                self._db = None

    def _run(self, sql: str, values: tuple[int | str, ...]) -> None:
        with self._lock:
            if self._db is None:
                raise closed()
            self._db.execute(sql, values)

    def discard(self, physical: str) -> None:
        """Record, durably, that a database's files are to be removed.

        It is being created, or has been dropped. A name recorded here when the engine opens
        belongs to an interrupted creation or drop.
        """
        self._run("INSERT OR IGNORE INTO discarded VALUES (?)", (physical,))

    def adopt(self, physical: str) -> None:
        """Delete the record: the creation is complete, or the files are gone."""
        self._run("DELETE FROM discarded WHERE physical = ?", (physical,))

    def discarded(self) -> list[str]:
        with self._lock:
            if self._db is None:
                raise closed()
            return [name for (name,) in self._db.execute("SELECT physical FROM discarded")]

    def check(self, fence: Fence) -> None:
        """Refuse an outdated fence. The caller shares or holds the gate."""
        check_fence(self.current, fence)

    def raise_to(self, fence: Fence) -> None:
        """Store a request's fence if it is newer. The leader of a new term is not known yet."""
        if raised(self.current, fence) is None:
            return
        with self.gate.alone():
            following = raised(self.current, fence)
            if following is not None:
                self._store(following)

    def set(self, update: State) -> State:
        """Apply a master's update, once the transactions under the present state have ended."""
        with self.gate.alone():
            now = self.current
            check_update(now, update)
            if update != now:
                self._store(update)
            return update

    def _store(self, state: State) -> None:
        """Make a state durable and then current. The caller holds the gate alone."""
        self._run(
            "UPDATE state SET term = ?, map_version = ?, leader = ?, shard = ?",
            (_signed(state.term), _signed(state.map_version), state.leader, state.shard),
        )
        self.current = state


# SQLite's integers are signed; terms use all 64 bits.
def _signed(n: int) -> int:
    return n - (1 << 64) if n >> 63 else n


def _unsigned(n: int) -> int:
    return n & ((1 << 64) - 1)
