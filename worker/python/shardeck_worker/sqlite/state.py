"""The worker's state: the fence, its file and its rules (worker/engine/sqlite/fence.go).

The lock on the file makes the data directory exclusive to one worker, in any language.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

from shardeck_worker.fence import check_fence, check_update, raised
from shardeck_worker.gate import Gate
from shardeck_worker.problem import Problem, closed
from shardeck_worker.requests import Fence, State
from shardeck_worker.sqlite.errors import note_failure
from shardeck_worker.sqlite.files import OpenedFile, OpenedFiles
from shardeck_worker.storage import Store, storage_failed

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
    # Versions that do not know this table leave it alone.
    "CREATE TABLE IF NOT EXISTS directory (id INTEGER PRIMARY KEY CHECK (id = 1), suffix TEXT,"
    " probes INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO directory VALUES (1, NULL, 0)",
    "COMMIT",
)


class InUse(Exception):
    """Another worker owns the data directory."""


class StateFile:
    """The state in memory and in its file.

    The gate is shared by work under the fence, from the check to the end of its transaction, and
    held alone by changes of the fence.
    """

    def __init__(self, directory: Path, store: Store) -> None:
        self.store = store
        self.gate = Gate()
        self._lock = threading.Lock()  # guards the connection
        path = directory / STATE_FILE
        self._path = os.fspath(path)
        self._db: apsw.Connection | None = apsw.Connection(self._path)
        try:
            for sql in _SETUP:
                self._db.execute(sql)
            row: Any = self._db.execute(
                "SELECT term, map_version, leader, shard FROM state"
            ).fetchone()
            self._files = OpenedFiles(OpenedFile(directory), OpenedFile(path))
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
            if self.store.refusal is not None:
                raise self.store.refusal
            try:
                self._db.execute(sql, values)
            except apsw.Error as err:
                self._check_place()  # which may be the cause
                note_failure(self.store, "write", self._path, err)
                raise
            self._check_place()
            self.store.heal("write")

    def _check_place(self) -> None:
        try:
            self._files.check_place(self.store)
        except OSError:
            raise self.store.refusal or storage_failed("read_failed") from None

    def look(self) -> None:
        """Check that the file is in place; after a failed write, try again."""
        if self.store.refusal is not None:
            return
        try:
            self._files.check_place(self.store)
        except OSError:
            return
        self.store.heal("read")
        if self.store.is_failing("write"):
            with contextlib.suppress(apsw.Error, Problem):  # which is recorded
                self._run("UPDATE directory SET probes = probes + 1", ())

    def adopt_suffix(self, suffix: str, complies: Callable[[], None]) -> None:
        """Record the suffix of the directory's databases, and refuse another than recorded.

        Their files would be taken for those of other databases. complies refuses databases that
        lack the suffix. It is called if none is recorded, as by an earlier version.
        """
        assert self._db is not None
        row: Any = self._db.execute("SELECT suffix FROM directory").fetchone()
        made = row[0]
        if made is None:
            complies()
            self._run("UPDATE directory SET suffix = ?", (suffix,))
        elif made != suffix:
            raise ValueError(
                f'its databases were made with the suffix "{made}", not "{suffix}": set'
                f" WORKER_DB_SUFFIX={made}, or choose another data directory"
            )

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
