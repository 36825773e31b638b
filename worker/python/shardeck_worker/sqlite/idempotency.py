"""The records of keyed requests, in the transactions of their writes."""

from __future__ import annotations

import json
import time

from shardeck_worker.engine import Outcome
from shardeck_worker.problem import Problem
from shardeck_worker.requests import Idempotency
from shardeck_worker.sqlite.catalog import response_text
from shardeck_worker.sqlite.clock import Clock
from shardeck_worker.sqlite.connection import Connection

KEPT_MS = 24 * 60 * 60 * 1000
# Expired records are deleted along with other writes, a bounded number at a time.
_PRUNE_RECORDS = 500
_PRUNE_EVERY_MS = 60_000


class Records:
    """The idempotency records of one database, for its writer's thread."""

    def __init__(self, conn: Connection, clock: Clock) -> None:
        self.conn = conn
        self.clock = clock
        self._next_prune = 0

    def replay(self, given: Idempotency) -> Outcome | None:
        """Return the stored response to the same request; refuse another one under its key."""
        row = self.conn.db.execute(
            "SELECT hash, response, at, ran FROM _sd_idempotency WHERE key = ?", (given.key,)
        ).fetchone()
        if row is None:
            return None
        stored_hash, response, at, ran = row
        if self._is_expired(at, ran):
            self.conn.run("DELETE FROM _sd_idempotency WHERE key = ?", (given.key,))
            return None
        if stored_hash != given.hash:
            raise Problem(
                "idempotency_mismatch",
                "this Idempotency-Key was used for a different request",
                "use a new key for a new request",
            )
        return Outcome(json.loads(response)["rows_affected"], replayed=True)

    def remember(self, given: Idempotency, rows_affected: list[int]) -> None:
        self.conn.run(
            "INSERT INTO _sd_idempotency (key, hash, response, at, ran) VALUES (?, ?, ?, ?, ?)",
            (given.key, given.hash, response_text(rows_affected), _now(), self.clock.ran()),
        )

    def prune(self) -> None:
        """Delete some expired records, at most once a minute, or again while there are more."""
        now, ran = _now(), self.clock.ran()
        if ran < self._next_prune:
            return
        self.conn.run(
            "DELETE FROM _sd_idempotency WHERE seq IN (SELECT seq FROM"
            " (SELECT seq, at, ran FROM _sd_idempotency ORDER BY seq LIMIT ?)"
            " WHERE ran <= ? AND (at <= ? OR at > ?))",
            (_PRUNE_RECORDS, ran - KEPT_MS, now - KEPT_MS, now),
        )
        if self.conn.db.changes() < _PRUNE_RECORDS:
            self._next_prune = ran + _PRUNE_EVERY_MS

    def _is_expired(self, at: int, ran: int) -> bool:
        """Report whether a record is old by the clock and by the running time.

        The clock may be set by any amount at any time, and a repeated request must not run again
        because of that. A record from the future shows that it was set back, so that only the
        running time counts.
        """
        now = _now()
        return ran <= self.clock.ran() - KEPT_MS and (at <= now - KEPT_MS or at > now)


def _now() -> int:
    return time.time_ns() // 1_000_000
