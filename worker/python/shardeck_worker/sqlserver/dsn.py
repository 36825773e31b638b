"""The connection string. No error repeats it: a typo may have put the password anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

_FORM = "sqlserver://user:password@host:1433?encrypt=true (see docs/sql-server.md)"
_ESCAPE = "characters such as @ : / ? # & % in the user or the password must be percent-encoded"
_HOST = re.compile(r"(?:[\w$.-]+|[0-9A-Fa-f:.%]+)")
_INSTANCE = re.compile(r"[\w$]+")
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")

_ENCRYPT = {
    **dict.fromkeys(("true", "yes", "1", "t", "mandatory"), "yes"),
    **dict.fromkeys(("false", "no", "0", "f", "optional", "disable"), "no"),
    "strict": "strict",
}
_FLAG = {
    **dict.fromkeys(("true", "yes", "1", "t"), "yes"),
    **dict.fromkeys(("false", "no", "0", "f"), "no"),
}


def _flag(value: str) -> str | None:
    return _FLAG.get(value.lower())


def _text(value: str) -> str | None:
    return value if value and "\0" not in value else None


def _seconds(value: str) -> str | None:
    return value if re.fullmatch(r"[0-9]{1,6}", value) else None


# Options as go-mssqldb names them, by the keyword of the ODBC driver and how their value is read.
_OPTIONS: dict[str, tuple[str, Callable[[str], str | None]]] = {
    "encrypt": ("Encrypt", lambda value: _ENCRYPT.get(value.lower())),
    "trustservercertificate": ("TrustServerCertificate", _flag),
    "hostnameincertificate": ("HostnameInCertificate", _text),
    "servercertificate": ("ServerCertificate", _text),
    "database": ("Database", _text),
    "serverspn": ("ServerSPN", _text),
    "multisubnetfailover": ("MultiSubnetFailover", _flag),
    "packet size": ("PacketSize", _seconds),
    "keepalive": ("KeepAlive", _seconds),
    "trusted_connection": ("Trusted_Connection", _flag),
    "integrated security": ("Trusted_Connection", _flag),
}

# Options of go-mssqldb that the ODBC driver, or mssql-python, has no keyword for.
_UNSUPPORTED = frozenset(
    {
        "app name",
        "applicationintent",
        "authenticator",
        "certificate",
        "connection timeout",
        "dial timeout",
        "epa enabled",
        "failoverpartner",
        "failoverport",
        "krb5-configfile",
        "krb5-credcachefile",
        "krb5-dnslookupkdc",
        "krb5-keytabfile",
        "krb5-realm",
        "krb5-udppreferencelimit",
        "tlsmin",
        "workstation id",
    }
)


class InvalidDSN(Exception):
    """A connection string that cannot be used."""


@dataclass(frozen=True)
class Server:
    """A parsed connection string, for connecting to any of the server's databases."""

    address: str
    # None of these may be shown.
    keywords: Mapping[str, str] = field(repr=False)

    @property
    def port(self) -> int:
        """Return the TCP port; 0 if the server's browser service tells it."""
        return 0 if "\\" in self.address else int(self.address.rpartition(":")[2])

    def connection_string(self, database: str) -> str:
        """Return the driver's string; "" is the database of the DSN or the login's default."""
        keywords = {**self.keywords, **({"Database": database} if database else {})}
        return ";".join(f"{k}={{{v.replace('}', '}}')}}}" for k, v in keywords.items())


def parse(dsn: str) -> Server:
    """Parse sqlserver://user:password@host:port?option=value."""
    if not dsn.strip():
        raise InvalidDSN(f"the connection string is empty: set it to {_FORM}")
    if not dsn.startswith("sqlserver://"):
        raise InvalidDSN(f"the connection string is invalid: use the form {_FORM}")
    try:
        url = urlsplit(dsn)
        host, port = url.hostname, url.port
        user, password = unquote(url.username or ""), unquote(url.password or "")
        options = parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
    except ValueError:
        raise InvalidDSN(f"the connection string is not a valid URL: {_ESCAPE}") from None
    if not host or "#" in dsn or "\0" in user + password or _PERCENT.search(dsn):
        raise InvalidDSN(f"the connection string is not a valid URL: {_ESCAPE}")
    instance = url.path.strip("/")
    if not _HOST.fullmatch(host) or (instance and not _INSTANCE.fullmatch(instance)):
        raise InvalidDSN(f"the connection string's host or instance is not a name: {_ESCAPE}")
    keywords = {"ConnectRetryCount": "0"}  # the engine decides what may be sent again
    if instance and port is None:
        address = f"{host}\\{instance}"
        keywords["Server"] = address
    else:
        address = f"[{host}]:{port or 1433}" if ":" in host else f"{host}:{port or 1433}"
        keywords["Server"] = f"tcp:{host},{port or 1433}"
    keywords |= _options(options)
    if user:
        keywords |= {"UID": user, "PWD": password}
        keywords.pop("Trusted_Connection", None)
    else:
        keywords["Trusted_Connection"] = "yes"
    return Server(address, keywords)


def _options(options: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for given, value in options:
        name = given.lower()
        if name in _UNSUPPORTED:
            raise InvalidDSN(
                f'the connection string has the option "{name}", which the worker in Python does'
                " not support: remove it, or use the Go worker"
            )
        if name not in _OPTIONS:
            # It is not named, as it may be part of a password that contains ? or &.
            raise InvalidDSN(
                f"the connection string has an unknown option: check the spelling; {_ESCAPE}"
            )
        keyword, read = _OPTIONS[name]
        if keyword in found:
            raise InvalidDSN(f'the connection string has the option "{name}" more than once')
        read_as = read(value)
        if read_as is None:
            raise InvalidDSN(f'the connection string\'s option "{name}" has an invalid value')
        found[keyword] = read_as
    # As with go-mssqldb, only the login is encrypted by default, and no certificate verified.
    if "Encrypt" not in found:
        found = {"Encrypt": "no", "TrustServerCertificate": "yes", **found}
    return found
