"""Who may call: the cluster's token, proofs of it, and protection against web pages."""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
from functools import lru_cache
from hashlib import sha256
from urllib.parse import urlsplit

from shardeck_worker.problem import Problem

TOKEN_HEADER = "X-Master-Token"  # noqa: S105 - its name, not its value

_NONCE = re.compile(r"[0-9a-f]{64}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Token:
    """A secret that requests must present. Only its digest is compared, in constant time."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._digest = sha256(self._secret).digest()

    def check(self, given: str | None) -> None:
        """Refuse a request whose header is not exactly the token.

        A header that is repeated is given joined by a comma and a space, which no token contains.
        """
        digest = sha256((given or "").encode("latin-1", "replace")).digest()
        if not hmac.compare_digest(digest, self._digest):
            raise Problem(
                "unauthorized",
                f"the header {TOKEN_HEADER} is missing or does not match this cluster's token",
                "start the master and its workers with the same MASTER_TOKEN",
            )

    def proof(self, nonce: str | None, body: bytes) -> str | None:
        """Return the proof that this worker knows the secret; None unless asked properly."""
        if nonce is None or not _NONCE.fullmatch(nonce):
            return None
        message = b"shardeck worker proof 1\n" + nonce.encode() + b"\n" + body
        return hmac.digest(self._secret, message, sha256).hex()


def request_id(given: str | None) -> str:
    """Return a client's own id if it is fit for logs, or a new one."""
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given
    return secrets.token_hex(8)


def is_loopback(host: str) -> bool:
    """Report whether a listening host can only be reached from this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_host(header: str) -> None:
    """Refuse a Host that a page which rebinds its name to 127.0.0.1 would send."""
    if not _is_address(header):
        raise Problem(
            "forbidden",
            "this service is not served under the host name of this request",
            "call it by its IP address or as localhost",
        )


@lru_cache(maxsize=256)
def _is_address(header: str) -> bool:
    host = header
    if header.startswith("["):
        host = header[1:].partition("]")[0]
    elif header.count(":") == 1:
        host = header.partition(":")[0]
    try:
        return host == "localhost" or bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def check_origin(method: str, host: str, origin: str | None, fetch_site: str | None) -> None:
    """Refuse requests that a browser sends for a page of another origin, unless they are safe."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return
    if fetch_site:
        if fetch_site in ("same-origin", "none"):
            return
    elif not origin or _host_of(origin) == host:
        return
    raise Problem("forbidden", "a web page of another origin must not call this service")
