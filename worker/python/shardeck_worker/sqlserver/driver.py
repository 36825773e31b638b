"""Connections by mssql-python, Microsoft's driver, and its errors.

The driver cannot be interrupted: its own cancellation waits for the server's acknowledgement, as
does closing a connection whose result was not read to its end. So each connection knows its
socket, whose shutdown ends whatever runs on it, at once and also at the server.
"""

from __future__ import annotations

import ctypes
import logging
import math
import os
import re
import socket
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from shardeck_worker.problem import Problem, from_document
from shardeck_worker.sqlserver.dsn import Server
from shardeck_worker.sqlserver.functions import Functions

log = logging.getLogger(__name__)

# What the bundled ODBC driver needs of the system, by its package on Debian and Ubuntu.
_LIBRARIES = {
    "libltdl.so.7": "libltdl7",
    "libkrb5.so.3": "libkrb5-3",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
}
_SOCKETS = {"linux": "/proc/self/fd", "darwin": "/dev/fd"}  # Windows has no such list

# The driver reports no numbers, but one text for each SQLSTATE.
_NUMBERS = {
    "Base table or view not found": 208,
    "Base table or view already exists": 2714,
    "Column not found": 207,
    "Integrity constraint violation": 2627,
    "Serialization failure": 1205,
    "Invalid authorization specification": 18456,
    "Server rejected the connection": 4060,
}
_FROM_SERVER = "[Microsoft][SQL Server]"
_PROVIDER = re.compile(
    r"(?:TCP|SSL) Provider: (?:Error code 0x[0-9A-F]+|\[error:[0-9A-F]+:[\w :()-]*\])"
    r"|Encryption not supported on SQL Server"
)
_LOGIN_HINT = (
    "check the user and its password in WORKER_DSN, and its grants on the server; see"
    " docs/sql-server.md"
)


class MissingDriver(Exception):
    """The driver cannot be loaded."""


class Lost(Exception):
    """The response is lost, because the connection broke or was cut."""


class Refused(Exception):
    """SQL Server refused a call."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number  # 0 if it is not known
        self.message = message

    def errors(self) -> list[dict[str, Any]]:
        return [{"number": self.number, "severity": 16, "message": self.message}]


def load() -> Any:
    """Return the driver's module. Its own pool is not used: it has no bound."""
    for library, package in _LIBRARIES.items() if sys.platform == "linux" else ():
        try:
            ctypes.CDLL(library)
        except OSError:
            raise MissingDriver(
                f"the driver for SQL Server needs {library}, which is missing: install it (on"
                f" Debian and Ubuntu, the package {package})"
            ) from None
    try:
        import mssql_python  # noqa: PLC0415
    except ImportError as err:
        raise MissingDriver(
            f"WORKER_ENGINE=sqlserver needs the package mssql-python ({err}): install"
            " requirements.txt on a platform that it has wheels for, or use the Go worker"
        ) from None
    mssql_python.pooling(enabled=False)
    return mssql_python


class Connector:
    """Opens connections to the databases of a server."""

    def __init__(self, server: Server, timeout: float, functions: Functions) -> None:
        self._driver = load()
        self._server = server
        self._timeout = timeout
        self._functions = functions
        self._connecting = threading.Lock()  # so that a new socket is that of the new connection

    def connect(self, database: str) -> Connection:
        """Open a connection to a database; "" is the one of the DSN."""
        if not self._connecting.acquire(timeout=self._timeout):
            raise self._silent()
        try:
            before = _sockets()
            raw = self._driver.connect(
                self._server.connection_string(database),
                autocommit=True,
                timeout=max(1, math.ceil(self._timeout)),
            )
            new = [number for inode, number in _sockets().items() if inode not in before]
            return Connection(self._driver, raw, _duplicate(new, self._server.port))
        except (self._driver.Error, self._driver.Warning) as err:
            problem = self._problem(err)
        except Exception:
            problem = _unreachable(f"the driver cannot connect to {self._server.address}")
        finally:
            self._connecting.release()
        raise problem

    def _silent(self) -> Problem:
        return _unreachable(
            f"SQL Server at {self._server.address} did not answer within {self._timeout:g}s",
            "check that it is running and that host and port are right",
        )

    def _problem(self, err: Exception) -> Problem:
        """Return the problem of a failed connection, without the driver's own text."""
        at = self._server.address
        failure = failure_of(err)
        if isinstance(failure, Refused):
            if failure.number not in (18456, 4060):
                return _unreachable(f"SQL Server at {at} refused the connection", _LOGIN_HINT)
            report = {
                "phase": "idle",
                "errors": [{"number": failure.number, "severity": 16, "message": ""}],
            }
            document = self._functions.report(report)["problem"]
            return from_document({**document, "detail": f"{document['detail']} (at {at})"})
        text = str(getattr(err, "ddbc_error", ""))
        if "imeout" in text:
            return self._silent()
        reason = _PROVIDER.search(text)
        return _unreachable(
            f"SQL Server at {at} cannot be reached" + (f": {reason[0]}" if reason else ""),
            "check that it is running and listens on TCP, that host and port are right, and"
            " encrypt and the certificate options in WORKER_DSN",
        )


def _unreachable(detail: str, hint: str = _LOGIN_HINT) -> Problem:
    return Problem("shard_unavailable", detail, hint)


def failure_of(err: Exception) -> Exception:
    """Return an error of the driver as a refusal by the server or a loss."""
    text = str(getattr(err, "ddbc_error", ""))
    summary = str(getattr(err, "driver_error", type(err).__name__))
    if text.startswith(_FROM_SERVER):
        return Refused(_NUMBERS.get(summary, 0), text.removeprefix(_FROM_SERVER))
    log.debug("a connection failed", extra={"fields": {"error": summary}})
    return Lost(summary)


def _sockets() -> dict[int, int]:
    """Return the process's open sockets: their numbers by what identifies them."""
    found: dict[int, int] = {}
    directory = _SOCKETS.get(sys.platform)
    for name in os.listdir(directory) if directory else ():
        with suppress(OSError, ValueError):
            status = os.fstat(int(name))
            if stat.S_ISSOCK(status.st_mode):
                found[status.st_ino] = int(name)
    return found


def _duplicate(numbers: list[int], port: int) -> socket.socket | None:
    """Return a second handle on the one socket that is connected to the port.

    Unlike the driver's own, it cannot be reused for another socket meanwhile.
    """
    found: list[socket.socket] = []
    for number in numbers:
        with suppress(OSError):
            sock = socket.socket(fileno=os.dup(number))
            peer = sock.getpeername()
            if isinstance(peer, tuple) and peer[1] == port:
                found.append(sock)
            else:
                sock.close()
    if len(found) == 1:
        return found[0]
    for sock in found:
        sock.close()
    return None


class Connection:
    """A connection for one thread at a time, except that any thread may cut it."""

    def __init__(self, driver: Any, raw: Any, sock: socket.socket | None) -> None:
        self._driver = driver
        self._raw = raw
        self._sock = sock
        self._types = {
            "nvarchar": (driver.SQL_WVARCHAR, 0, 0),
            "float": (driver.SQL_DOUBLE, 0, 0),
            "varbinary": (driver.SQL_VARBINARY, 0, 0),
        }
        self._cursor = raw.cursor()
        self.is_cut = False
        self.reading = False  # counts as a reader in its pool
        self.idle_since = time.monotonic()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (self._driver.Error, self._driver.Warning, RuntimeError) as err:
            raise failure_of(err) from None

    def send(self, call: dict[str, Any]) -> None:
        """Send a call, and wait until its first result begins."""
        args = call["args"]
        with self._errors():
            if not args:
                self._cursor.execute(call["text"])
                return
            # Without types, ASCII text is sent as VARCHAR, which sp_executesql refuses.
            text = self._types["nvarchar"]
            self._cursor.setinputsizes([text, text, *(self._types[a["type"]] for a in args)])
            names = "".join(f", @{a['name']} = ?" for a in args)
            self._cursor.execute(
                f"EXEC sys.sp_executesql ?, ?{names}",
                [call["text"], call["declare"], *map(_value, args)],
            )

    @property
    def columns(self) -> list[str]:
        """Return the names of the result's columns; none if it has only a count."""
        return [column[0] for column in self._cursor.description or ()]

    @property
    def row_size(self) -> int:
        """Return the bytes of memory that the driver takes for a row; 0 if it has no bound."""
        sizes = [column[3] for column in self._cursor.description or ()]
        return 4 * sum(sizes) if all(sizes) else 0

    @property
    def changed(self) -> int:
        """Return the number of rows that a call has changed."""
        return int(self._cursor.rowcount)

    def fetch(self, most: int) -> list[Any]:
        """Return the next rows of the result; none at its end."""
        with self._errors():
            rows: list[Any] = self._cursor.fetchmany(most)
            return rows

    def next_result(self) -> bool:
        with self._errors():
            return bool(self._cursor.nextset())

    def rows(self, call: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Send a call and return the rows of its results that have columns."""
        self.send(call)
        found: list[tuple[Any, ...]] = []
        while True:
            if self.columns:
                while rows := self.fetch(100):
                    found += map(tuple, rows)
            if not self.next_result():
                return found

    def is_dead(self) -> bool:
        """Report whether the server has closed an idle connection."""
        if self._sock is None:
            return False
        try:
            return not self._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def cut(self) -> None:
        """End whatever runs on the connection, which cannot be used any more."""
        self.is_cut = True
        if self._sock is not None:
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)
        else:
            threading.Thread(target=self._cancel, daemon=True).start()

    def _cancel(self) -> None:
        """Have the driver cancel, and wait for the acknowledgement: all that works on Windows."""
        with suppress(Exception):
            self._cursor.hstmt._cancel()

    def close(self) -> None:
        with suppress(Exception):  # what a broken connection says as it is closed
            self._raw.close()
        if self._sock is not None:
            self._sock.close()


def _value(arg: dict[str, Any]) -> Any:
    value = arg["value"]
    if value is None or arg["type"] == "nvarchar":
        return value
    return float(value) if arg["type"] == "float" else bytes.fromhex(value[2:])
