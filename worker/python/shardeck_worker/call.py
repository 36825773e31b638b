"""What bounds one request: its client's patience and its time."""

from __future__ import annotations

import time
from collections.abc import Callable

from shardeck_worker.problem import Problem, canceled

WAIT = 0.25  # seconds between looks at a client while its request waits in a queue


class Call:
    """A request in progress. A statement and a wait end soon after stopped is not None."""

    def __init__(self, gone: Callable[[], bool], timeout_ms: int = 0) -> None:
        self.gone = gone
        self.deadline = time.monotonic() + timeout_ms / 1000 if timeout_ms else None

    def stopped(self) -> Problem | None:
        """Return why the request must end now."""
        if self.gone():
            return canceled()
        if self.deadline is not None and time.monotonic() >= self.deadline:
            return Problem(
                "shard_timeout",
                "the query took longer than its timeout_ms",
                "allow more time, or request less",
            )
        return None
