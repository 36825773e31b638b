"""The engine: a directory of databases under one fence (worker/engine/sqlite/engine.go)."""

from __future__ import annotations

import logging
import os
import re
import threading
from pathlib import Path
from typing import Any

import apsw

from shardeck_worker.call import Call
from shardeck_worker.engine import Outcome
from shardeck_worker.fields import check_identifier
from shardeck_worker.problem import Problem, closed, unknown_database
from shardeck_worker.requests import DBRequest, ExecRequest, Fence, QueryRequest, State
from shardeck_worker.sqlite.connection import Opener
from shardeck_worker.sqlite.database import (
    FILE_EXT,
    Database,
    create_file,
    remove_files,
    sync_directory,
)
from shardeck_worker.sqlite.errors import storage_problem
from shardeck_worker.sqlite.reader import Rows
from shardeck_worker.sqlite.state import STATE_FILE, StateFile
from shardeck_worker.sqlite.values import Values
from shardeck_worker.storage import Failure, Health
from shardeck_worker.watch import Watcher

log = logging.getLogger(__name__)

WATCH_EVERY = 1.0  # seconds
_SUFFIX = re.compile(r"[A-Za-z0-9_]*")


class Engine:
    """All databases of a worker. Its methods are for any number of threads."""

    name = "sqlite"
    dialect = "sqlite/2"
    version = apsw.sqlite_lib_version()

    def __init__(
        self, directory: Path, suffix: str, extension: Path, watch_every: float = WATCH_EVERY
    ) -> None:
        if not _SUFFIX.fullmatch(suffix):
            raise ValueError(
                f"the database suffix {suffix!r} may only contain ASCII letters, digits and"
                " underscores"
            )
        self._directory = directory
        self._suffix = suffix
        self._opener = Opener(extension)
        try:
            self._opener.memory().close(True)  # an empty directory would not show the error
        except apsw.Error as err:
            raise ValueError(
                f"the SQLite extension {extension} cannot be loaded: {err}; run make sqliteext, or"
                " set WORKER_SQLITE_EXTENSION"
            ) from err
        self._values = Values(self._opener)
        self._ddl = threading.Lock()  # held while a database is created, dropped, or all close
        self._closed = False
        # By lower-case logical name. Replaced as a whole, so that readers need no lock.
        self._dbs: dict[str, Database] = {}
        os.makedirs(directory, mode=0o700, exist_ok=True)
        self._health = Health()
        self._watcher: Watcher | None = None
        self._state = StateFile(directory, self._health.add(""))
        try:
            self._open_all()
            self._state.adopt_suffix(suffix, self._check_suffix)
        except BaseException:
            self.close()
            raise
        self._watcher = Watcher(self._look, watch_every)

    def _look(self) -> None:
        self._state.look()
        for db in self._dbs.values():
            db.look()

    def _check_suffix(self) -> None:
        for db in self._dbs.values():
            if db.physical != db.name + self._suffix:
                raise ValueError(
                    f"the file of database {db.name} is {db.path}, which does not have the suffix"
                    f' "{self._suffix}": set WORKER_DB_SUFFIX to the suffix that the directory was'
                    " made with"
                )

    def _path(self, physical: str) -> Path:
        return self._directory / (physical + FILE_EXT)

    def _open_all(self) -> None:
        """Open the databases, after finishing interrupted drops and undoing creations."""
        for physical in self._state.discarded():
            self._remove(physical)
        for path in sorted(self._directory.glob("*" + FILE_EXT)):
            if path.name == STATE_FILE:
                continue
            try:
                db = Database(path, self._opener, self._values, self._state, self._health)
            except (apsw.Error, ValueError, OSError) as err:
                raise ValueError(f"{path}: {err}") from err
            other = self._dbs.get(db.name.lower())
            if other is not None:
                db.close()
                raise ValueError(f"{path} and {other.path} are both the database {db.name}")
            self._dbs[db.name.lower()] = db

    def _remove(self, physical: str) -> None:
        """Remove a database's files, and then the record that they are to be removed."""
        remove_files(self._path(physical))
        self._state.adopt(physical)

    def _database(self, name: str) -> Database:
        db = self._dbs.get(name.lower())
        if db is None:
            raise unknown_database(name)
        if db.store.refusal is not None:
            raise db.store.refusal
        return db

    def create_db(self, request: DBRequest) -> str:
        """Create a database and return its physical name."""
        name = request.db
        check_identifier("db_name", name)
        with self._ddl:
            self._admit(request.fence)
            with self._state.gate.shared():
                self._state.check(request.fence)
                if name.lower() in self._dbs:
                    raise Problem(
                        "database_exists",
                        f"database {name} already exists",
                        "choose another name, or drop it first",
                        field="db_name",
                    )
                for other in self._dbs.values():  # whose file would be replaced
                    if other.physical.lower() == (name + self._suffix).lower():
                        raise _taken(name, other)
                try:
                    db = self._create(name)
                except (apsw.Error, OSError) as err:
                    raise storage_problem(err) from None
            self._dbs = {**self._dbs, name.lower(): db}
            return db.physical

    def _create(self, name: str) -> Database:
        """Create the file such that a crash at any point leaves either all of it or nothing."""
        physical = name + self._suffix
        path = self._path(physical)
        self._state.discard(physical)
        try:
            remove_files(path)
            create_file(path, name, self._opener)
            sync_directory(self._directory)
            db = Database(path, self._opener, self._values, self._state, self._health)
        except BaseException:
            self._remove(physical)
            raise
        try:
            self._state.adopt(physical)
        except BaseException:
            db.close()
            raise
        return db

    def drop_db(self, request: DBRequest) -> str:
        """Drop a database, which waits only so long for its readers."""
        with self._ddl:
            db = self._database(request.db)
            self._admit(request.fence)
            with self._state.gate.alone():
                self._state.check(request.fence)
                try:
                    self._state.discard(db.physical)
                except apsw.Error as err:
                    raise storage_problem(err) from None
                db.forget()
                self._dbs = {key: other for key, other in self._dbs.items() if other is not db}
            try:
                db.close()
                self._remove(db.physical)
            except (apsw.Error, OSError) as err:
                # For every caller it is gone; only its files still exist.
                log.warning(
                    "the files of a dropped database are removed at the next start",
                    extra={"fields": {"database": db.physical, "error": repr(err)}},
                )
            return db.physical

    def _admit(self, fence: Fence) -> None:
        if self._closed:
            raise closed()
        self._admit_writes()
        try:
            self._state.raise_to(fence)
        except apsw.Error as err:
            raise storage_problem(err) from None

    def _admit_writes(self) -> None:
        if self._state.store.refusal is not None:
            raise self._state.store.refusal  # a newer fence could not be kept

    def exec(self, request: ExecRequest, call: Call) -> Outcome:
        self._admit_writes()
        return self._database(request.db).exec(request, call)

    def query(self, request: QueryRequest, call: Call) -> Rows:
        return self._database(request.db).query(request, call)

    def stats(self) -> list[dict[str, Any]]:
        """Return the databases with their row counts, from memory."""
        dbs = self._dbs.values()
        return [db.stats() for db in sorted(dbs, key=lambda db: db.name)]

    def failures(self) -> list[Failure]:
        return self._health.failures()

    @property
    def shard(self) -> str:
        return self._state.current.shard

    def state(self) -> State:
        return self._state.current

    def set_state(self, update: State) -> State:
        self._admit_writes()
        try:
            return self._state.set(update)
        except apsw.Error as err:
            raise storage_problem(err) from None

    def close(self) -> None:
        """Finish the writes that have begun, refuse others, and interrupt the readers."""
        with self._ddl:
            if self._closed:
                return
            self._closed = True
            if self._watcher is not None:
                self._watcher.stop()
            for db in self._dbs.values():
                if not db.close():
                    log.warning(
                        "queries that do not end still have the file open",
                        extra={"fields": {"database": db.physical}},
                    )
            self._values.close()
            self._state.close()


def _taken(name: str, other: Database) -> Problem:
    return Problem(
        "database_exists",
        f"database {name} would have the physical name {other.physical}, which is that of database"
        f" {other.name}",
        "choose another name",
        field="db_name",
    )
