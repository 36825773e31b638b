"""One database: its connections, and the work in progress on it."""

from __future__ import annotations

import logging
import threading
import time

from shardeck_worker.call import Call
from shardeck_worker.problem import Problem
from shardeck_worker.sqlserver.driver import Lost, Refused
from shardeck_worker.sqlserver.own import Runner

log = logging.getLogger(__name__)

_PRUNE_RECORDS = 500
_PRUNE_EVERY = 60.0  # seconds


class Database:
    """A database that is ready."""

    def __init__(self, name: str, physical: str, run: Runner) -> None:
        self.name = name
        self.physical = physical
        self.run = run
        self.refusal: Problem | None = None  # once it is dropped or the engine closed
        self._next_prune = 0.0
        self._pruning = threading.Lock()

    def stopped(self, call: Call) -> Problem | None:
        """Return why a request must end now."""
        return call.stopped() or self.refusal

    def close(self, wait: float, reason: Problem) -> None:
        """End the work on it. What does not end in time has its connection cut."""
        if self.refusal is None:
            self.refusal = reason
        if not self.run.pool.close(wait):
            log.debug("connections were cut", extra={"fields": {"database": self.physical}})

    def prune_soon(self, ttl: float) -> None:
        """Delete some of the expired responses in the background, if that is due."""
        if time.monotonic() >= self._next_prune and self._pruning.acquire(blocking=False):
            self._next_prune = time.monotonic() + _PRUNE_EVERY
            threading.Thread(target=self._prune, args=(ttl,), daemon=True).start()

    def _prune(self, ttl: float) -> None:
        try:
            before = int((time.time() - ttl) * 1000)
            if self.run.change("prune", limit=_PRUNE_RECORDS, before_ms=before) >= _PRUNE_RECORDS:
                self._next_prune = 0.0
        except (Problem, Refused, Lost) as err:
            if self.refusal is None:
                log.warning(
                    "expired idempotency records could not be deleted",
                    extra={"fields": {"database": self.physical, "error": str(err)}},
                )
        finally:
            self._pruning.release()
