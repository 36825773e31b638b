"""The running time of a database (worker/engine/sqlite/clock.go).

It is how long workers have had it open, by their monotonic clocks. It is stored in the file along
with other writes, at most once a minute: what is not stored when a worker is killed only makes
records live longer.
"""

from __future__ import annotations

import time
from typing import Any

from shardeck_worker.sqlite.connection import Connection

_SAVE_EVERY_MS = 60_000


def running_ms() -> int:
    """Return milliseconds by a clock that nobody sets."""
    return time.monotonic_ns() // 1_000_000


class Clock:
    """For the writer's thread, except for its creation."""

    def __init__(self, conn: Connection) -> None:
        _add_running_time(conn)
        self._conn = conn
        row: Any = conn.db.execute("SELECT ran FROM _sd_database WHERE id = 1").fetchone()
        self._base: int = row[0]
        self._opened = running_ms()
        self._saved: int = self._base

    def ran(self) -> int:
        """Return the running time in milliseconds."""
        return self._base + running_ms() - self._opened

    def is_due(self) -> bool:
        return self.ran() >= self._saved + _SAVE_EVERY_MS

    def save(self) -> None:
        """Store the running time. If that is rolled back, it is stored a minute later."""
        # SQLite does not write what is unchanged.
        self._saved = max(self.ran(), self._saved + 1)
        self._conn.run("UPDATE _sd_database SET ran = ?", (self._saved,))


def _add_running_time(conn: Connection) -> None:
    """Add what files of earlier versions lack, which can still use the file.

    Records that have no running time expire as if they were made now.
    """
    columns = conn.db.execute("SELECT name FROM pragma_table_info('_sd_database')")
    if ("ran",) in set(columns):
        return
    conn.run("BEGIN IMMEDIATE")
    for table in ("_sd_database", "_sd_idempotency"):
        conn.run(f"ALTER TABLE {table} ADD COLUMN ran INTEGER NOT NULL DEFAULT 0")
    conn.run("COMMIT")
