"""Connections with the extension, the engine's settings, and a guard on the texts of requests."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import apsw

from shardeck_worker.problem import Problem

STATEMENTS = 128  # prepared statements and texts that a connection caches
MAX_LENGTH = 64 << 20  # bytes of a stored row, and of a value that SQLite computes
BUSY_TIMEOUT_MS = 10_000  # only recovery and checkpoints make a connection wait

WRITER_CACHE = 16 << 10  # KiB of pages
READER_CACHE = 2 << 10
# A reader maps the file into memory instead of copying pages into a cache. A 32-bit process has
# no address space for that.
MAPPED = (1 << 30) if sys.maxsize > 1 << 32 else 0

LOG_LIMIT = 64 << 20  # bytes to which a log is cut after it was larger

_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 2048",
    f"PRAGMA journal_size_limit = {LOG_LIMIT}",
)

_FORBIDDEN = frozenset(
    {
        apsw.SQLITE_ATTACH,
        apsw.SQLITE_DETACH,
        apsw.SQLITE_PRAGMA,
        apsw.SQLITE_TRANSACTION,
        apsw.SQLITE_SAVEPOINT,
    }
)
_WRITES = frozenset(
    {
        apsw.SQLITE_INSERT,
        apsw.SQLITE_UPDATE,
        apsw.SQLITE_DELETE,
        apsw.SQLITE_CREATE_TABLE,
        apsw.SQLITE_DROP_TABLE,
    }
)
_OF_TABLE = _WRITES | {apsw.SQLITE_READ}
# The first argument is the database or the index, the second the table.
_ALTERS = frozenset({apsw.SQLITE_ALTER_TABLE, apsw.SQLITE_CREATE_INDEX, apsw.SQLITE_DROP_INDEX})

Value: TypeAlias = int | float | str | bytes | None


# Functions of the extension that are not for requests.
_OWN_FUNCTIONS = frozenset(
    ("sd_handle", "sd_interrupt", "sd_keep_log", "sd_pack", "sd_packed", "sd_take")
)


class _Any(Mapping[str, None]):
    """A value for any parameter: apsw binds before it asks whether to run."""

    def __getitem__(self, name: str) -> None:
        return None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


_ANY = _Any()


@dataclass(frozen=True, slots=True)
class Text:
    """A statement of a request, as SQLite understands it."""

    sql: str
    columns: int
    readonly: bool
    order: tuple[int, ...]  # the numbers of its parameters @p1, @p2, ..., from 0

    def bindings(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """Return the values in the order of the parameters in the text."""
        if len(self.order) == len(values) and all(i == n for i, n in enumerate(self.order)):
            return values
        for n in self.order:
            if n >= len(values):
                raise Problem(
                    "invalid_field",
                    f"the statement uses @p{n + 1}, but there are {len(values)} types",
                    field="types",
                )
        return tuple(values[n] for n in self.order)


def default_extension() -> Path:
    """Return where `make sqliteext` puts the extension of this repository."""
    suffix = {"win32": "dll", "darwin": "dylib"}.get(sys.platform, "so")
    return Path(__file__).resolve().parents[4] / "bin" / f"libshardeck.{suffix}"


class Connection:
    """A connection for one thread at a time."""

    def __init__(self, db: apsw.Connection) -> None:
        self.db = db
        self._guarded = False
        self._inspecting = False
        self._altering = False  # SQLite may change the definition of a table
        self._altered = False
        self._texts: dict[str, Text] = {}
        db.set_authorizer(self._authorize)

    def _authorize(self, action: int, name: str | None, second: str | None, *_: object) -> int:
        """Refuse the text of a request that accesses more than the users' tables."""
        if self._guarded:
            if action in _ALTERS:
                self._altered = True
                if (second or "").startswith("_") or (
                    action == apsw.SQLITE_ALTER_TABLE and not self._altering
                ):
                    return apsw.SQLITE_DENY
            if action in _FORBIDDEN or (action in _OF_TABLE and (name or "").startswith("_")):
                return apsw.SQLITE_DENY
            # SQLite changes tables of its own on the way.
            if self._altering and action in _WRITES and not (name or "").startswith("sqlite_"):
                return apsw.SQLITE_DENY
        if self._inspecting and action == apsw.SQLITE_FUNCTION and second in _OWN_FUNCTIONS:
            return apsw.SQLITE_DENY
        return apsw.SQLITE_OK

    def alter(self, sql: str) -> None:
        """Run a request's ALTER TABLE, CREATE INDEX or DROP INDEX."""
        self._altering, self._altered = True, False
        try:
            text = self._prepare(sql)
        finally:
            self._altering = False
        if not self._altered:
            raise Problem("invalid_field", "the statement changes nothing")
        # What SQLite runs on the way is not the text of a request.
        self.run(text.sql)
        self.forget_texts()

    def run(self, sql: str, values: tuple[Value, ...] = ()) -> None:
        """Run a statement of the engine's own to completion."""
        for _ in self.db.execute(sql, values):
            pass

    def run_text(self, text: Text, values: tuple[Value, ...]) -> int:
        """Run a statement of a request to completion and return the number of rows changed."""
        for _ in self.start_text(text.sql, text.bindings(values)):
            pass
        return self.db.changes()

    def start_text(self, sql: str, values: tuple[Value, ...]) -> apsw.Cursor:
        """Run a request's statement up to its first row. It may be prepared only now, or again."""
        self._guarded = True
        try:
            return self.db.execute(sql, values)
        finally:
            self._guarded = False

    def text(self, sql: str) -> Text:
        """Prepare a request's text without running it. The most recent results are cached."""
        known = self._texts.pop(sql, None)
        if known is None:
            known = self._prepare(sql)
            if len(self._texts) >= STATEMENTS:
                del self._texts[next(iter(self._texts))]
        self._texts[sql] = known
        return known

    def forget_texts(self) -> None:
        """Forget what is known about texts, which depends on the schema."""
        self._texts.clear()

    def _prepare(self, sql: str) -> Text:
        if "\0" in sql:
            raise Problem("syntax_error", "SQLite cannot run the statement: the text has a NUL")
        found: list[Text] = []

        def inspect(cursor: apsw.Cursor, statement: str, _: object) -> bool:
            names = cursor.bindings_names
            rest = sql[len(statement) :]
            if not cursor.has_vdbe or rest.strip("; \t\r\n"):
                raise Problem(
                    "syntax_error",
                    "SQLite cannot run the statement: the text is not exactly one statement",
                )
            found.append(
                Text(
                    statement.rstrip("; \t\r\n"),
                    len(cursor.get_description()),
                    cursor.is_readonly,
                    tuple(map(_parameter, names)),
                )
            )
            return False  # do not run it

        cursor = self.db.cursor()
        cursor.exec_trace = inspect
        try:
            self._guarded = self._inspecting = True
            # apsw caches the engine's own statements, too, and SQLite asks the authorizer only when
            # it prepares one.
            cursor.execute(sql, _ANY, can_cache=False)
        except apsw.ExecTraceAbort:
            return found[0]
        finally:
            self._guarded = self._inspecting = False
            cursor.close(True)
        raise AssertionError("a statement that was only to be prepared has run")

    def close(self) -> None:
        self.db.close(True)


def _parameter(name: str | None) -> int:
    digits = (name or "").removeprefix("p")
    if not name or name == digits or not digits.isascii() or not digits.isdigit():
        raise Problem(
            "syntax_error", "SQLite cannot run the statement: parameters are named @p1, @p2, ..."
        )
    if not 1 <= int(digits[:9]) <= 1_000_000:
        raise Problem("syntax_error", f"SQLite cannot run the statement: @p{digits[:9]} is invalid")
    return int(digits[:9]) - 1


class Opener:
    """Opens connections with the loadable extension."""

    def __init__(self, extension: Path) -> None:
        self.extension = extension

    def _open(self, path: str, flags: int) -> apsw.Connection:
        db = apsw.Connection(path, flags, statementcachesize=STATEMENTS)
        try:
            db.limit(apsw.SQLITE_LIMIT_LENGTH, MAX_LENGTH)
            db.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
            db.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
            db.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
            db.config(apsw.SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1)
            db.load_extension(os.fspath(self.extension), "sqlite3_shardeck_init")
            db.config(apsw.SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0)
        except BaseException:
            db.close(True)
            raise
        return db

    def memory(self) -> apsw.Connection:
        """Open a connection without a file, which only computes."""
        return self._open(":memory:", apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)

    def open(self, path: Path, cache: int, *, create: bool = False) -> Connection:
        """Open a database's file."""
        flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
        db = self._open(os.fspath(path), flags)
        try:
            db.set_busy_timeout(BUSY_TIMEOUT_MS)
            mode = db.pragma("journal_mode", "WAL")
            if mode != "wal":
                raise OSError(f"the file system only supports journal mode {mode}, not WAL")
            db.execute(f"PRAGMA cache_size = -{cache}")
            for pragma in _PRAGMAS:
                db.execute(pragma)
            return Connection(db)
        except BaseException:
            db.close(True)
            raise

    def probe(self, path: Path) -> apsw.Connection:
        """Open a connection that shows whether the file is readable, with nothing in its cache."""
        db = apsw.Connection(os.fspath(path), apsw.SQLITE_OPEN_READONLY)
        db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        return db

    def open_reader(self, path: Path) -> Connection:
        """Open a connection that only reads a database's file."""
        conn = self.open(path, READER_CACHE)
        try:
            # A dropped database's last reader must not remove the log of a new one of the name.
            conn.db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            conn.run("PRAGMA query_only = ON")
            conn.run(f"PRAGMA mmap_size = {MAPPED}")
        except BaseException:
            conn.close()
            raise
        return conn


class Memory:
    """Connections without a file, which only compute. It is for any number of threads."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._idle: deque[apsw.Connection] = deque()

    @contextmanager
    def connection(self) -> Iterator[apsw.Connection]:
        """Lend a connection, the one that was used last if there is one."""
        try:
            db = self._idle.pop()
        except IndexError:
            db = self._opener.memory()
        try:
            yield db
        finally:
            self._idle.append(db)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close(True)
