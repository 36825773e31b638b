"""The worker's configuration: flags, which win over environment variables, and their defaults."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shardeck_worker import VERSION
from shardeck_worker.fields import check_identifier
from shardeck_worker.limits import MAX_IDENTIFIER
from shardeck_worker.problem import Problem
from shardeck_worker.sqlite.connection import default_extension
from shardeck_worker.sqlserver.dsn import InvalidDSN, parse

_MAX_SECRET = 4096
_MIN_CONNECTIONS = 2
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_NAME = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_IDENTIFIER}}}")


class UsageError(Exception):
    """An invalid command line or environment."""


def _text(value: str) -> str:
    return value


def _whole(value: str) -> int:
    try:
        return int(value, 0)
    except ValueError:
        raise UsageError(f'"{value}" is not a whole number, or is too large') from None


def _duration(value: str) -> float:
    """Return the seconds of a duration such as 500ms or 1m30s."""
    unsigned = value.removeprefix("+")
    parts = _DURATION.findall(unsigned)
    if unsigned != "0" and (not parts or "".join(n + unit for n, unit in parts) != unsigned):
        raise UsageError(
            f'"{value}" is not a duration: write a number and a unit, such as 500ms, 15s or 5m'
        )
    return sum(float(n) * _UNITS[unit] for n, unit in parts)


def _flag(value: str) -> bool:
    known = {
        "true": True,
        "1": True,
        "yes": True,
        "false": False,
        "0": False,
        "no": False,
        "": False,
    }
    if value.lower() not in known:
        raise UsageError(f'"{value}" is not true or false')
    return known[value.lower()]


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise UsageError(f'must be one of {", ".join(choices)}, but got "{value}"')
        return value

    return parse


@dataclass(frozen=True)
class _Option:
    flag: str
    variable: str
    default: str
    parse: Callable[[str], Any]
    help: str

    @property
    def attribute(self) -> str:
        return self.flag.replace("-", "_")


_OPTIONS = (
    _Option("host", "WORKER_HOST", "127.0.0.1", _text, "Address to listen on."),
    _Option("port", "WORKER_PORT", "8081", _whole, "Port to listen on; 0 picks a free one."),
    _Option("name", "WORKER_NAME", "", _text, "Name of this worker; by default worker- and its port."),
    _Option("db-suffix", "WORKER_DB_SUFFIX", "PY", _text, "Suffix of physical database names."),
    _Option("engine", "WORKER_ENGINE", "sqlite", _one_of("sqlite", "sqlserver"), "The database engine: sqlite or sqlserver."),
    _Option("data-dir", "WORKER_DATA_DIR", "", _text, "Directory of the databases; by default ./data/ and the worker's name."),
    _Option("sqlite-extension", "WORKER_SQLITE_EXTENSION", "", _text, "The loadable extension; by default bin/libshardeck in the repository, as `make sqliteext` builds it."),
    _Option("dsn", "WORKER_DSN", "", _text, "Connection string of the database server, such as sqlserver://user:password@host:1433?encrypt=true; not used by sqlite. A flag can be seen by other users: prefer the variable or a file."),
    _Option("dsn-file", "WORKER_DSN_FILE", "", _text, "File with the connection string."),
    _Option("master-token", "MASTER_TOKEN", "", _text, "The cluster's token. A flag can be seen by other users: prefer the variable or a file."),
    _Option("master-token-file", "MASTER_TOKEN_FILE", "", _text, "File with the cluster's token."),
    _Option("shutdown-grace", "WORKER_SHUTDOWN_GRACE", "5s", _duration, "How long requests in flight may take to finish when the worker stops."),
    _Option("db-connections", "WORKER_DB_CONNECTIONS", "64", _whole, "Maximum number of connections to each database of a server; not used by sqlite."),
    _Option("db-connect-timeout", "WORKER_DB_CONNECT_TIMEOUT", "15s", _duration, "How long connecting to a database server may take; not used by sqlite."),
    _Option("db-write-timeout", "WORKER_DB_WRITE_TIMEOUT", "60s", _duration, "How long a write that has begun may take on a database server, after which its outcome is unknown; not used by sqlite."),
    _Option("db-collation", "WORKER_DB_COLLATION", "", _text, "Collation of new databases of a server; by default one with VARCHAR in UTF-8; not used by sqlite."),
    _Option("log-format", "LOG_FORMAT", "text", _one_of("text", "json"), "Format of the log on standard error: text or json."),
    _Option("log-level", "LOG_LEVEL", "info", _one_of("debug", "info", "warn", "error"), "Minimum log level: debug (with every request), info, warn or error."),
    _Option("exit-with-parent", "EXIT_WITH_PARENT", "false", _flag, "Shut down when standard input is closed."),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Config:
    host: str
    port: int
    name: str
    db_suffix: str
    engine: str
    data_dir: str
    dsn: str = field(repr=False)
    db_connections: int
    db_connect_timeout: float
    db_write_timeout: float
    db_collation: str
    extension: Path
    token: str = field(repr=False)
    grace: float
    log_format: str
    log_level: str
    exit_with_parent: bool


def load(args: list[str], environ: Mapping[str, str]) -> Config:
    """Return the configuration. Its errors name the flag and the variable, but no secret."""
    values = _values(args, environ)
    dsn = _dsn(values)
    port = values["port"]
    if not 0 <= port <= 65535:
        raise UsageError(
            f"--port or WORKER_PORT is {port}; a port is a number from 1 to 65535, or 0 for a free"
            " one"
        )
    try:
        check_identifier("WORKER_DB_SUFFIX", values["db_suffix"])
    except Problem as err:
        raise UsageError(f"{err.detail}: {err.hint}") from None
    if values["name"] and not _NAME.fullmatch(values["name"]):
        raise UsageError(
            f"WORKER_NAME must be at most {MAX_IDENTIFIER} letters, digits, dots, hyphens and"
            " underscores"
        )
    extension = Path(values["sqlite_extension"] or default_extension())
    if not extension.is_file():
        raise UsageError(
            f"the SQLite extension {extension} is missing (--sqlite-extension or"
            " WORKER_SQLITE_EXTENSION): run make sqliteext, which requires a C compiler"
        )
    return Config(
        host=values["host"] or "127.0.0.1",
        port=port,
        name=values["name"],
        db_suffix=values["db_suffix"],
        engine=values["engine"],
        dsn=dsn,
        db_connections=values["db_connections"],
        db_connect_timeout=values["db_connect_timeout"],
        db_write_timeout=values["db_write_timeout"],
        db_collation=values["db_collation"],
        data_dir=values["data_dir"],
        extension=extension.resolve(),
        token=_token(values["master_token"], values["master_token_file"]),
        grace=values["shutdown_grace"] or 10.0,
        log_format=values["log_format"],
        log_level=values["log_level"],
        exit_with_parent=values["exit_with_parent"],
    )


def _values(args: list[str], environ: Mapping[str, str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(
        prog="shardeck_worker",
        description="A Shardeck worker: owns one shard's databases and runs the SQL that a master"
        " sends it. Flags win over environment variables, and those over the defaults.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"worker {VERSION}")
    for option in _OPTIONS:
        shown = f'{option.help} (default "{option.default}", ${option.variable})'
        if option.parse is _flag:
            parser.add_argument(
                "--" + option.flag, nargs="?", const="true", help=shown, metavar="BOOL"
            )
        else:
            parser.add_argument("--" + option.flag, help=shown.replace("%", "%%"))
    given = parser.parse_args(args)
    values = {}
    for option in _OPTIONS:
        text = getattr(given, option.attribute)
        if text is None:
            text = environ.get(option.variable, option.default)
        try:
            values[option.attribute] = option.parse(text)
        except UsageError as err:
            raise UsageError(
                f"--{option.flag}: {err} (--{option.flag} or {option.variable})"
            ) from None
    return values


def _dsn(values: dict[str, Any]) -> str:
    """Return the connection string, of which no error has anything."""
    dsn, file = values["dsn"], values["dsn_file"]
    if values["engine"] != "sqlserver":
        if dsn or file:
            raise UsageError(
                "WORKER_DSN or WORKER_DSN_FILE is set, but the engine sqlite does not use one:"
                " unset it, or choose the engine with WORKER_ENGINE=sqlserver"
            )
        return ""
    if dsn and file:
        raise UsageError("both WORKER_DSN and WORKER_DSN_FILE are set: set only one")
    if file:
        try:
            dsn = Path(file).read_text(encoding="utf-8").strip()
        except OSError as err:
            raise UsageError(f"WORKER_DSN_FILE: {err}") from None
        except UnicodeDecodeError:
            raise UsageError("WORKER_DSN_FILE: the file is not UTF-8") from None
        if not dsn:
            raise UsageError("WORKER_DSN_FILE: the file is empty")
    if not dsn:
        raise UsageError(
            "the engine sqlserver requires a connection string: set WORKER_DSN or WORKER_DSN_FILE to"
            " sqlserver://user:password@host:1433?encrypt=true (see docs/sql-server.md)"
        )
    try:
        parse(dsn)
    except InvalidDSN as err:
        raise UsageError(f"WORKER_DSN: {err}") from None
    _check_database(values)
    return str(dsn)


def _check_database(values: dict[str, Any]) -> None:
    if values["db_connections"] < _MIN_CONNECTIONS:
        raise UsageError(
            f"WORKER_DB_CONNECTIONS must be at least {_MIN_CONNECTIONS}: reads and writes each need"
            " one"
        )
    for name, example in (("db_connect_timeout", "15s"), ("db_write_timeout", "60s")):
        if values[name] <= 0:
            raise UsageError(f"WORKER_{name.upper()} must be greater than zero, such as {example}")


def _token(token: str, file: str) -> str:
    name = "MASTER_TOKEN"
    if token and file:
        raise UsageError(f"both {name} and {name}_FILE are set: set only one")
    if file:
        try:
            token = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as err:
            raise UsageError(f"{name}_FILE: {err}") from None
        if not token:
            raise UsageError(f"{name}_FILE: the file is empty")
    if not token:
        raise UsageError(
            f"no token is configured: set {name}, or {name}_FILE to a file that contains it, to the"
            " same secret for the masters and all workers (for example: openssl rand -hex 24)"
        )
    if len(token) > _MAX_SECRET:
        raise UsageError(f"{name} is longer than {_MAX_SECRET} bytes")
    if any(not "!" <= c <= "~" for c in token):
        raise UsageError(
            f"{name} has a character that an HTTP header cannot carry: use visible ASCII without"
            " spaces"
        )
    return token
