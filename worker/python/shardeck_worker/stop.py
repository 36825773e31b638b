"""When the worker stops: at a signal, or when its parent has gone."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading

log = logging.getLogger(__name__)


class Stop:
    """A request to stop, which the main thread waits for.

    The interpreter runs a signal's handler between two instructions of the main thread, so a
    signal that arrives just before that thread blocks on a lock, or in another thread, is handled
    only when something else ends the wait. What the signal writes into a socket, at once and in
    whatever thread it arrives, ends it in any case.
    """

    def __init__(self) -> None:
        self._wakes, self._waker = socket.socketpair()
        self._waker.setblocking(False)

    def on_signals(self) -> None:
        """Stop on the first SIGINT or SIGTERM; the second one ends the process as usual."""
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: signal.signal(number, signal.SIG_DFL))

    def with_parent(self) -> None:
        """Stop when standard input ends, and so with the process that holds its other end."""
        threading.Thread(target=self._await_parent, daemon=True).start()

    def wait(self) -> None:
        self._wakes.recv(1)

    def _await_parent(self) -> None:
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            pass  # an error counts as the end
        log.info("standard input was closed: stopping")
        self._waker.send(b"\0")
