"""The HTTP server: waitress, with this contract's errors, bounds for slow clients, and a shutdown.

waitress reads requests and writes what is left of responses in one thread, and runs the
application in others.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask
from waitress.wasyncore import dispatcher

from shardeck_worker.access import TOKEN_HEADER, Token, request_id
from shardeck_worker.limits import MAX_BODY, MAX_HEADERS
from shardeck_worker.problem import Problem, internal
from shardeck_worker.threads import Threads

log = logging.getLogger(__name__)

# Requests in progress; one whose client is slow keeps its thread.
THREADS = {"/query": 256, "/exec": 256, "": 32}
CONNECTIONS = 2000 if hasattr(select, "poll") else 500  # Windows has only select
IDLE_SECONDS = 120
READ_SECONDS = 30  # that a request may take to arrive
STALL_SECONDS = 30  # that a client may take none of a response
CUT_SECONDS = 3.0  # that requests have to end after they are cut


class ProblemTask(ErrorTask):
    """Answers a request that waitress itself refuses, such as one with too long a body."""

    def execute(self) -> None:
        headers = self.request.headers
        ident = request_id(headers.get("X_REQUEST_ID"))
        problem = self._problem()
        try:
            self.channel.server.token.check(headers.get("X_MASTER_TOKEN"))
        except Problem as unauthorized:
            problem = unauthorized
            self.response_headers.append(("WWW-Authenticate", TOKEN_HEADER))
        body = problem.document(ident)
        self.status = f"{problem.status} {problem.code}"
        self.response_headers += [
            ("Content-Type", "application/problem+json"),
            ("X-Request-Id", ident),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)

    def _problem(self) -> Problem:
        error = self.request.error
        if error.code == 413:
            hint = "send less at a time, for example an insert in batches"
            return Problem("body_too_large", f"the body is larger than {MAX_BODY} bytes", hint)
        if error.code == 500:
            return internal()
        return Problem("invalid_field", f"the request is not valid HTTP: {error.reason}")


class AppTask(WSGITask):
    """Runs the application; header and body of a response of known length are sent at once."""

    wrote_header: bool
    content_bytes_written: int

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ["PATH_INFO"] = self.request.path  # waitress strips leading slashes
        return environ

    def build_response_header(self) -> bytes:
        if self.channel.server.stopping:
            self.set_close_on_finish()  # or a busy client would keep the connection
        return bytes(super().build_response_header())

    def write(self, data: bytes) -> None:
        if self.wrote_header or self.content_length is None or not self.has_body:
            super().write(data)
            return
        header = self.build_response_header()
        self.wrote_header = True
        self.content_bytes_written += len(data)
        self.channel.write_soon(header + data)


class Channel(HTTPChannel):
    """A connection."""

    task_class = AppTask
    error_task_class = ProblemTask
    # The request that is arriving, and since when.
    arriving: object | None = None
    since = 0.0

    @property
    def kind(self) -> str:
        """The kind of request that is next, for its thread; one that is not HTTP has no path."""
        return str(getattr(self.requests[0], "path", "")) if self.requests else ""

    def received(self, data: bytes) -> bool:
        took = bool(super().received(data))
        if self.request is not self.arriving:
            self.arriving, self.since = self.request, time.monotonic()
        return took

    def send_continue(self) -> None:
        """Let the client send the body. waitress would also wait for one that will not come."""
        if not self.request.completed:
            super().send_continue()

    def writable(self) -> bool:
        """Report whether the loop has something to send.

        While a task is sending, it has not: the task wakes the loop if something is left. waitress
        3.0.2 reports the task's data as well, so that the loop spins, and competes with the task
        for the interpreter's lock, until the interpreter forces a switch 5 ms later.
        """
        if self.total_outbufs_len and not (self.will_close or self.close_when_flushed):
            if not self.outbuf_lock.acquire(blocking=False):
                return False
            self.outbuf_lock.release()
        return bool(super().writable())


class Server(TcpWSGIServer):
    """waitress's server for one socket."""

    channel_class = Channel
    token: Token
    stopping = False

    def maintenance(self, now: float) -> None:
        """Close connections that are idle, or whose client is too slow to send or to receive."""
        super().maintenance(now)
        late = time.monotonic() - READ_SECONDS
        for channel in list(self.active_channels.values()):
            slow = channel.arriving is not None and channel.since < late
            if slow and not channel.requests and not channel.total_outbufs_len:
                self.trigger.pull_trigger(channel.handle_close)
            if channel.total_outbufs_len and channel.last_activity < now - STALL_SECONDS:
                self.trigger.pull_trigger(channel.handle_close)  # not while the loop lists them

    def in_flight(self) -> bool:
        channels = list(self.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)

    def stop_accepting(self) -> None:
        self.accepting = False
        self.stopping = True
        dispatcher.close(self)
        for channel in list(self.active_channels.values()):
            if not channel.requests:
                channel.will_close = True

    def cut(self) -> None:
        """Close all connections, so that what is in progress notices that its client has gone."""
        for channel in list(self.active_channels.values()):
            channel.handle_close()


def listen(host: str, port: int) -> socket.socket:
    """Open the port; connections wait until the server runs."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, proto)
    except OSError as err:
        raise OSError(f"cannot listen on port {port} of {host}: {err}") from None
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows, where SO_REUSEADDR means stealing
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(1024)
    except OSError as err:
        sock.close()
        if err.errno == errno.EADDRINUSE:
            raise OSError(
                f"cannot listen on port {port} of {host}, which is in use: is another Shardeck"
                " running? stop it, or choose another port with --port or WORKER_PORT"
            ) from None
        raise OSError(f"cannot listen on port {port} of {host}: {err}") from None
    return sock


def url_of(sock: socket.socket) -> str:
    """Return the base URL with the actual port."""
    host, port = sock.getsockname()[:2]
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_unspecified:
        return f"http://127.0.0.1:{port}"
    return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"


class HTTP:
    """A running server."""

    def __init__(self, app: Flask, token: Token, sock: socket.socket) -> None:
        adjustments = Adjustments(
            ident=None,
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=10,
            # A request that is read ahead shows that its client is still there.
            channel_request_lookahead=1,
            max_request_header_size=MAX_HEADERS,
            max_request_body_size=MAX_BODY + 1,
            inbuf_overflow=MAX_BODY,
            outbuf_overflow=64 << 20,
            outbuf_high_watermark=128 << 10,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=False,
        )
        self._server = Server(
            app,
            map={},
            _sock=sock,
            dispatcher=Threads(THREADS),
            adj=adjustments,
            sockinfo=(sock.family, sock.type, sock.proto, sock.getsockname()),
            bind_socket=False,
        )
        self._server.token = token
        self._thread = threading.Thread(target=self._server.run, name="http", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _in_loop(self, run: Callable[[], Any]) -> None:
        """Run in the thread to which connections belong."""
        self._server.trigger.pull_trigger(run)

    def stop(self, grace: float) -> None:
        """Let requests in flight finish within the grace, and cut the others."""
        self._in_loop(self._server.stop_accepting)
        if not self._wait(grace):
            log.warning(
                "aborting the requests that exceed the grace period",
                extra={"fields": {"grace": f"{grace:g}s"}},
            )
            self._in_loop(self._server.cut)
            self._wait(CUT_SECONDS)

    def _wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._server.in_flight():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        return True
