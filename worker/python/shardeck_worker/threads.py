"""The threads that run requests: started on demand, and the one that became idle last goes first.

A request keeps its thread while it waits: a query for a reader or for its client, a write for its
commit. So each kind of request has a number of threads of its own, and however many queries
wait, writes are run, and /health is answered.

waitress's own dispatcher starts all its threads at once and uses them in turn, which made a small
request with 256 threads a quarter slower than with 8.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Protocol

log = logging.getLogger(__name__)


class Task(Protocol):
    @property
    def kind(self) -> str: ...

    def service(self) -> None: ...


class _Idle:
    """A thread that waits for its next task."""

    def __init__(self) -> None:
        self.task: tuple[Task, _Kind] | None = None
        self.wake = threading.Lock()
        self.wake.acquire()


class _Kind:
    """The tasks of a kind."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.running = 0
        self.queue: deque[Task] = deque()


class Threads:
    """A task dispatcher for waitress; limits are the threads for each kind, "" for all others."""

    def __init__(self, limits: dict[str, int]) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Idle] = []
        self._kinds = {name: _Kind(limit) for name, limit in limits.items()}

    def add_task(self, task: Task) -> None:
        kind = self._kinds.get(task.kind) or self._kinds[""]
        with self._lock:
            if kind.running >= kind.limit:
                kind.queue.append(task)
                return
            kind.running += 1
            if self._idle:
                idle = self._idle.pop()
                idle.task = task, kind
                idle.wake.release()
                return
        threading.Thread(target=self._run, args=(task, kind), daemon=True).start()

    def _run(self, task: Task, kind: _Kind) -> None:
        idle = _Idle()
        while True:
            try:
                task.service()
            except Exception:
                log.exception("a connection failed")
            with self._lock:
                if kind.queue:
                    task = kind.queue.popleft()
                    continue
                kind.running -= 1
                self._idle.append(idle)
            idle.wake.acquire()
            assert idle.task is not None
            (task, kind), idle.task = idle.task, None

    def shutdown(self) -> None:
        """Do nothing: the threads end with the process."""
