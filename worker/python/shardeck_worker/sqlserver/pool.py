"""The connections to one database, and the watch over what runs on them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shardeck_worker.call import WAIT
from shardeck_worker.problem import Problem, not_begun
from shardeck_worker.sqlserver.driver import Connection

KEEP_IDLE = 300.0  # seconds; opening a connection costs more than most statements
# The fraction of the connections (one in this many) that queries leave to writes: a query whose
# client is slow keeps its connection.
WRITER_RESERVE = 4
_LOOK = 0.02  # seconds between looks at what must end

Stopped = Callable[[], Problem | None]


class Watch:
    """Cuts the connections of calls that must end. One thread looks at all of them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: dict[Connection, Callable[[], bool]] = {}
        self._thread: threading.Thread | None = None

    def begin(self, connection: Connection, must_end: Callable[[], bool]) -> None:
        with self._changed:
            self._running[connection] = must_end
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
                self._thread.start()
            self._changed.notify()

    def end(self, connection: Connection) -> None:
        """Stop watching: from now on the connection is not cut."""
        with self._changed:
            self._running.pop(connection, None)

    @contextmanager
    def over(self, connection: Connection, must_end: Callable[[], bool]) -> Iterator[None]:
        self.begin(connection, must_end)
        try:
            yield
        finally:
            self.end(connection)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._running:
                    self._changed.wait()
                due = [c for c, must_end in self._running.items() if must_end()]
                for connection in due:
                    del self._running[connection]
                    connection.cut()
            time.sleep(_LOOK)


class Pool:
    """Opens connections on demand, up to its bound. The one used last is used first."""

    def __init__(self, connect: Callable[[], Connection], size: int) -> None:
        self._connect = connect
        self._size = max(2, size)
        self._readers = max(1, size - max(1, size // WRITER_RESERVE))
        self._changed = threading.Condition()
        self._idle: list[Connection] = []
        self._in_use: set[Connection] = set()
        self._opening = False  # one at a time, so that those who wait can take what is given back
        self._reading = 0
        self._closed = False

    def acquire(self, stopped: Stopped, deadline: float | None, *, reading: bool) -> Connection:
        """Return a connection, and wait for one while all are in use."""
        dead: list[Connection] = []
        if problem := stopped():
            raise problem
        with self._changed:
            while not self._is_free(reading):
                if problem := stopped():
                    raise problem
                left = WAIT if deadline is None else min(WAIT, deadline - time.monotonic())
                if left <= 0:
                    raise not_begun()
                self._changed.wait(left)
            self._reading += reading
            found = self._take(dead)
            if found is None:
                self._opening = True
            else:
                self._in_use.add(found)
        for connection in dead:
            connection.close()
        if found is None:
            found = self._open(reading)
        found.reading = reading
        return found

    def _is_free(self, reading: bool) -> bool:
        if reading and self._reading >= self._readers:
            return False
        return bool(self._idle) or (not self._opening and len(self._in_use) < self._size)

    def _take(self, dead: list[Connection]) -> Connection | None:
        """Take an idle connection. Those that are too old, or broken, are put into dead."""
        while self._idle:
            connection = self._idle.pop()
            old = time.monotonic() - connection.idle_since > KEEP_IDLE
            if not old and not connection.is_dead():
                return connection
            dead.append(connection)
        return None

    def _open(self, reading: bool) -> Connection:
        connection = None
        try:
            connection = self._connect()
            return connection
        finally:
            with self._changed:
                self._opening = False
                if connection is not None:
                    self._in_use.add(connection)
                else:
                    self._reading -= reading
                self._changed.notify_all()

    def release(self, connection: Connection, *, keep: bool) -> None:
        """Give a connection back; it is only kept if its response was read to the end."""
        connection.idle_since = time.monotonic()
        with self._changed:
            keep = keep and not self._closed and not connection.is_cut
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.cut()
            connection.close()
        with self._changed:
            self._in_use.discard(connection)
            self._reading -= connection.reading
            self._changed.notify_all()

    @contextmanager
    def lease(self, stopped: Stopped, deadline: float | None = None) -> Iterator[Connection]:
        """Give a connection, which is discarded if an exception leaves it."""
        connection = self.acquire(stopped, deadline, reading=False)
        keep = False
        try:
            yield connection
            keep = True
        finally:
            self.release(connection, keep=keep)

    def close(self, wait: float) -> bool:
        """Close the connections. False if some were still in use after the wait: they are cut."""
        until = time.monotonic() + wait
        with self._changed:
            self._closed = True
            while self._in_use and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            busy, idle, self._idle = list(self._in_use), self._idle, []
            for connection in busy:
                connection.cut()
        for connection in idle:
            connection.close()
        return not busy
