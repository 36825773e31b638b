"""What is currently wrong with the storage of the databases (worker/engine/storage).

Engines report failures and successes as they see them; nothing here does I/O itself.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from shardeck_worker.problem import Problem

log = logging.getLogger(__name__)

# The codes, the worst first, with their texts for people (shared/api/storage.go). The texts are
# sent to anyone who asks, so they contain no paths and no data.
PROBLEMS = {
    "removed": "a database file was removed or replaced",
    "damaged": "a database file is damaged",
    "unreachable": "the database server cannot be reached",
    "full": "the disk is full",
    "read_only": "a database file is read-only",
    "write_failed": "writes fail",
    "read_failed": "reads fail",
}
_ORDER = list(PROBLEMS)

# What a failure concerns: the place or the content of a file, until the next start, or the last
# write or read, until one succeeds.
Kind = Literal["place", "content", "write", "read"]


@dataclass(frozen=True, slots=True)
class Failure:
    code: str
    since: datetime
    db: str  # "" is the worker's own state
    path: str
    detail: str

    def problem(self) -> dict[str, str]:
        """Return what everybody may know."""
        return {"problem": PROBLEMS[self.code], "code": self.code, "since": timestamp(self.since)}

    def document(self) -> dict[str, str]:
        document = self.problem()
        if self.db:
            document["db_name"] = self.db
        if self.path:
            document["path"] = self.path
        return {**document, "detail": self.detail}


def timestamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


class Health:
    """The storage failures of a worker. It is for any number of threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._stores: list[Store] = []

    def add(self, db: str) -> Store:
        """Add the store of a database; "" is the worker's own state."""
        store = Store(self, db)
        with self.lock:
            self._stores.append(store)
        return store

    def remove(self, store: Store) -> None:
        """Remove the store of a database that was dropped."""
        with self.lock:
            self._stores = [other for other in self._stores if other is not store]

    def failures(self) -> list[Failure]:
        """Return the current failures, the worst first; of equals, the oldest."""
        with self.lock:
            found = [f for store in self._stores for f in store.failures.values()]
        return sorted(found, key=lambda f: (_ORDER.index(f.code), f.since))


class Store:
    """What can fail on its own: a database, or the worker's state."""

    def __init__(self, health: Health, db: str) -> None:
        self._health = health
        self.db = db
        self.failures: dict[Kind, Failure] = {}
        self.refusal: Problem | None = None  # of all requests, once nothing may be acknowledged

    def fail(self, kind: Kind, code: str, path: str, cause: Exception) -> None:
        """Record a failure. One that follows another of its kind began when that did."""
        with self._health.lock:
            old = self.failures.get(kind)
            if old is not None and (old.code == code or kind == "place"):
                return
            since = datetime.now(UTC) if old is None else old.since
            self.failures[kind] = Failure(code, since, self.db, path, str(cause))
        fields = {"database": self.db, "code": code, "path": path, "error": repr(cause)}
        log.error("the storage has failed", extra={"fields": fields})

    def shut(self, kind: Kind, code: str, path: str, cause: Exception) -> None:
        """Record a failure after which nothing may be acknowledged until the next start."""
        if self.refusal is None:
            self.refusal = storage_failed(code)
        self.fail(kind, code, path, cause)

    def heal(self, kind: Kind) -> None:
        """End the failure of a kind, if there is one."""
        if kind not in self.failures:
            return
        with self._health.lock:
            old = self.failures.pop(kind, None)
        if old is not None:
            fields = {"database": self.db, "code": old.code}
            log.info("the storage has recovered", extra={"fields": fields})

    def is_failing(self, kind: Kind) -> bool:
        return kind in self.failures


def storage_failed(code: str) -> Problem:
    return Problem(
        "storage_failed",
        f"the worker's storage has failed: {PROBLEMS[code]}",
        "stop the worker, restore its data directory (the complete directory, from where it was"
        " moved or from a backup), and start the worker again",
    )
