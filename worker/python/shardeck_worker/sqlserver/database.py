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
        self._keys_lock = threading.Lock()
        self._keys_ready = False

    def stopped(self, call: Call) -> Problem | None:
        """Return why a request must end now."""
        return call.stopped() or self.refusal

    def close(self, wait: float, reason: Problem) -> None:
        """End the work on it. What does not end in time has its connection cut."""
        if self.refusal is None:
            self.refusal = reason
        if not self.run.pool.close(wait):
            log.debug("connections were cut", extra={"fields": {"database": self.physical}})

    def prepare_keys(self) -> None:
        """Give the idempotency records of an earlier version's database a running time, once.

        It comes before the first keyed write rather than at the start, which it would slow down.
        """
        with self._keys_lock:
            if self._keys_ready:
                return
            if self.refusal is not None:
                raise self.refusal
            with self.run.problems():
                self.run.change("database_tables")
            self._keys_ready = True

    def prune_soon(self, ttl: float, ran_ms: int) -> None:
        """Delete some of the expired responses in the background, if that is due."""
        if time.monotonic() >= self._next_prune and self._pruning.acquire(blocking=False):
            self._next_prune = time.monotonic() + _PRUNE_EVERY
            threading.Thread(target=self._prune, args=(ttl, ran_ms), daemon=True).start()

    def _prune(self, ttl: float, ran_ms: int) -> None:
        age = {"now_ms": int(time.time() * 1000), "ran_ms": ran_ms, "ttl_ms": int(ttl * 1000)}
        try:
            if self.run.change("prune", limit=_PRUNE_RECORDS, **age) >= _PRUNE_RECORDS:
                self._next_prune = 0.0
        except (Problem, Refused, Lost) as err:
            if self.refusal is None:
                log.warning(
                    "expired idempotency records could not be deleted",
                    extra={"fields": {"database": self.physical, "error": str(err)}},
                )
        finally:
            self._pruning.release()
