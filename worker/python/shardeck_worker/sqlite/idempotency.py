"""The records of keyed requests, in the transactions of their writes."""

from __future__ import annotations

import json
import time

from shardeck_worker.engine import Outcome
from shardeck_worker.problem import Problem
from shardeck_worker.requests import Idempotency
from shardeck_worker.sqlite.catalog import response_text
from shardeck_worker.sqlite.connection import Connection

KEPT_MS = 24 * 60 * 60 * 1000
# Expired records are deleted along with other writes, a bounded number at a time.
_PRUNE_RECORDS = 500
_PRUNE_EVERY_MS = 60_000


class Records:
    """The idempotency records of one database, for its writer's thread."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self._next_prune = 0

    def replay(self, given: Idempotency) -> Outcome | None:
        """Return the stored response to the same request; refuse another one under its key."""
        row = self.conn.db.execute(
            "SELECT hash, response, at FROM _sd_idempotency WHERE key = ?", (given.key,)
        ).fetchone()
        if row is None:
            return None
        stored_hash, response, at = row
        if at <= _now() - KEPT_MS:
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
            "INSERT INTO _sd_idempotency (key, hash, response, at) VALUES (?, ?, ?, ?)",
            (given.key, given.hash, response_text(rows_affected), _now()),
        )

    def prune(self) -> None:
        """Delete some expired records, at most once a minute, or again while there are more."""
        now = _now()
        if now < self._next_prune:
            return
        self.conn.run(
            "DELETE FROM _sd_idempotency WHERE seq IN (SELECT seq FROM"
            " (SELECT seq, at FROM _sd_idempotency ORDER BY seq LIMIT ?) WHERE at <= ?)",
            (_PRUNE_RECORDS, now - KEPT_MS),
        )
        if self.conn.db.changes() < _PRUNE_RECORDS:
            self._next_prune = now + _PRUNE_EVERY_MS


def _now() -> int:
    return time.time_ns() // 1_000_000
