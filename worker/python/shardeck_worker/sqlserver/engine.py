"""The engine: the databases of one SQL Server that have the worker's suffix."""

from __future__ import annotations

import json
import logging
import threading
from typing import TYPE_CHECKING, Any

from shardeck_worker.call import Call
from shardeck_worker.engine import Outcome
from shardeck_worker.fields import check_identifier
from shardeck_worker.problem import Problem, closed, unknown_database
from shardeck_worker.requests import DBRequest, ExecRequest, QueryRequest, State
from shardeck_worker.sqlite.connection import Opener
from shardeck_worker.sqlserver.database import Database
from shardeck_worker.sqlserver.databases import Databases, create_database
from shardeck_worker.sqlserver.driver import Connector, Refused
from shardeck_worker.sqlserver.dsn import parse
from shardeck_worker.sqlserver.functions import Functions
from shardeck_worker.sqlserver.health import ServerHealth
from shardeck_worker.sqlserver.own import (
    CREATING,
    READY,
    TRIES,
    OwnDatabase,
    Record,
    Runner,
)
from shardeck_worker.sqlserver.pool import Pool, Watch
from shardeck_worker.sqlserver.reader import Failed, Rows
from shardeck_worker.sqlserver.writer import TTL, Write, Writing
from shardeck_worker.storage import Failure, Health
from shardeck_worker.watch import Watcher

if TYPE_CHECKING:
    from shardeck_worker.config import Config

log = logging.getLogger(__name__)

OWN_CONNECTIONS = 8  # to the worker's own database, at least
WATCH_EVERY = 1.0  # seconds
DROP_WAIT = 5.0  # seconds that work has to end in a database that is dropped
PREFERRED_COLLATION = "Latin1_General_100_CI_AS_KS_WS_SC_UTF8"


def open_engine(config: Config) -> Engine:
    """Open the engine that is configured."""
    functions = Functions(Opener(config.extension))
    server = parse(config.dsn)
    connector = Connector(server, config.db_connect_timeout, functions)
    return Engine(config, connector, functions)


class Engine:
    """All databases of a worker. Its methods are for any number of threads."""

    name = "sqlserver"
    dialect = "sqlserver/1"

    def __init__(self, config: Config, connector: Connector, functions: Functions) -> None:
        self._functions = functions
        self._connector = connector
        self._connections = config.db_connections
        self._suffix = config.db_suffix
        self._ddl = threading.Lock()  # held while a database is created, dropped, or all close
        self._closed = threading.Event()
        # By lower-case logical name, as the server was last seen to have them. Replaced as a
        # whole, so that readers need no lock.
        self._dbs: dict[str, Database] = {}
        self._dbs_lock = threading.Lock()
        self._watch = Watch()
        own_name = "_shardeck_" + config.db_suffix
        probe = self._runner("", 2)
        try:
            with probe.problems():
                self.version = str(probe.rows("server_version")[0][0]).strip().split("\n")[0]
                collation = self._collation(probe, config.db_collation)
                if probe.rows("database_id", physical=own_name)[0][0] is None:
                    self._create_own(probe, own_name)
        finally:
            probe.pool.close(0)
        run = self._runner(own_name, max(OWN_CONNECTIONS, self._connections))
        self._own = OwnDatabase(run)
        self._own.state()
        self._databases = Databases(
            self._own, lambda physical: self._runner(physical, 2), collation
        )
        for record in self._databases.recover():
            self._adopt(record)
        self._writing = Writing(
            functions,
            self._own,
            self._watch,
            config.db_suffix,
            config.db_write_timeout,
            self._closed,
        )
        self._health = Health()
        health = ServerHealth(self._own, self._health, self._watch, self._closed)
        self._watcher = Watcher(health.look, WATCH_EVERY)

    def failures(self) -> list[Failure]:
        return self._health.failures()

    def _runner(self, database: str, connections: int) -> Runner:
        pool = Pool(lambda: self._connector.connect(database), connections)
        return Runner(self._functions, pool)

    def _create_own(self, probe: Runner, own_name: str) -> None:
        try:
            create_database(probe, "create_own", suffix=self._suffix)
        except Problem:
            if probe.rows("database_id", physical=own_name)[0][0] is None:
                raise  # else another worker has won the race

    def _collation(self, probe: Runner, wanted: str) -> str:
        """Return the collation of new databases; "" means the server's own."""
        name = wanted or PREFERRED_COLLATION
        try:
            if probe.rows("has_collation", collation=name)[0][0]:
                return name
        except Refused:
            if wanted:
                raise
        if wanted:
            raise ValueError(
                f"the server has no collation {wanted}: choose one that SELECT name FROM"
                " sys.fn_helpcollations() lists"
            )
        log.warning(
            "the server lacks the preferred collation; databases use the server's own, and VARCHAR"
            " may not support all characters",
            extra={"fields": {"missing": name}},
        )
        return ""

    @property
    def shard(self) -> str:
        return self._own.shard

    def _adopt(self, record: Record) -> Database:
        """Return the database of a record, with its pool."""
        with self._dbs_lock:
            key = record.name.lower()
            if key not in self._dbs:
                run = self._runner(record.physical, self._connections)
                self._dbs = {**self._dbs, key: Database(record.name, record.physical, run)}
            return self._dbs[key]

    def _forget(self, db: Database, wait: float) -> None:
        """End the work on a database that does not exist any more."""
        with self._dbs_lock:
            self._dbs = {key: other for key, other in self._dbs.items() if other is not db}
        db.close(wait, unknown_database(db.name))

    def _database(self, name: str) -> Database:
        """Return a database. An unknown one may have been created by another process."""
        db = self._dbs.get(name.lower())
        if db is not None:
            return db
        check_identifier("db_name", name)
        self._admit()
        record = self._own.record(name)
        if record is None or record.state != READY:
            raise unknown_database(name)
        return self._adopt(record)

    def _admit(self) -> None:
        if self._closed.is_set():
            raise closed()

    def _lost(self, db: Database, err: Problem, *, gone: bool) -> Problem:
        """Return the problem of a request that the removal of its database may have caused."""
        if db.refusal is not None:
            return db.refusal
        # The driver says the same of a missing database as of a refused login.
        if not gone and err.sql_number not in (4060, 18456, 911):
            return err
        record = self._own.record(db.name)
        if record is not None and record.state == READY and record.physical == db.physical:
            return err
        self._forget(db, 0)
        return unknown_database(db.name)

    def create_db(self, request: DBRequest) -> str:
        check_identifier("db_name", request.db)
        record = Record(request.db, request.db + self._suffix, CREATING)
        with self._ddl:
            self._admit()
            with self._own.under(request.fence):
                self._databases.create(record)
            self._adopt(record)
        return record.physical

    def drop_db(self, request: DBRequest) -> str:
        with self._ddl:
            db = self._database(request.db)
            self._admit()
            with self._own.under(request.fence):
                dropped = self._databases.drop(db.name, lambda: self._forget(db, DROP_WAIT))
            if not dropped:
                self._forget(db, 0)
                raise unknown_database(db.name)
        return db.physical

    def exec(self, request: ExecRequest, call: Call) -> Outcome:
        db = self._database(request.db)
        write = Write(self._writing, db, request, call)
        try:
            outcome = write.run()
        except Problem as err:
            raise self._lost(db, err, gone=write.gone) from None
        if request.idempotency is not None:
            db.prune_soon(TTL, self._own.ran())
        return outcome

    def query(self, request: QueryRequest, call: Call) -> Rows:
        db = self._database(request.db)
        rows = Rows(db, self._functions, self._watch, call)
        try:
            rows.begin(request)
        except Failed as err:
            stale = rows.stale() if err.stale else None
            raise self._lost(db, stale or err.problem, gone=err.gone) from None
        except Problem as err:
            raise self._lost(db, err, gone=False) from None
        return rows

    def stats(self) -> list[dict[str, Any]]:
        self._admit()
        for left in reversed(range(TRIES)):
            try:
                return self._stats()
            except Refused as err:  # another process may have dropped a database meanwhile
                if not left:
                    raise self._own.run.problem(err) from None
        raise AssertionError

    def _stats(self) -> list[dict[str, Any]]:
        ready = sorted(
            (record for record in self._own.records() if record.state == READY),
            key=lambda record: record.name,
        )
        databases: list[dict[str, Any]] = [
            {"name": record.name, "physical": record.physical, "size_bytes": 0, "tables": []}
            for record in ready
        ]
        if not ready:
            return databases
        run = self._own.run
        physical = [record.physical for record in ready]
        for index, definition, count in run.rows("table_stats", databases=physical):
            table = {"definition": json.loads(definition), "rows": int(count)}
            databases[int(index)]["tables"].append(table)
        for database in databases:
            database["tables"].sort(key=lambda table: table["definition"]["name"])
        sizes = self._sizes()
        for database in databases:
            database["size_bytes"] = sizes.get(database["physical"].lower(), 0)
        return databases

    def _sizes(self) -> dict[str, int]:
        """Return the sizes of databases' files, as far as the login may see them."""
        try:
            rows = self._own.run.rows("file_sizes")
        except Refused as err:
            log.debug("the server reports no sizes", extra={"fields": {"error": str(err)}})
            return {}
        return {name.lower(): int(size) for name, size in rows if name and size}

    def state(self) -> State:
        self._admit()
        return self._own.state()

    def set_state(self, update: State) -> State:
        self._admit()
        return self._own.set_state(update)

    def close(self) -> None:
        """Finish the writes that have begun, refuse others, and cut the queries."""
        with self._ddl:
            with self._own.gate.alone():
                if self._closed.is_set():
                    return
                self._closed.set()
            self._watcher.stop()
            for db in self._dbs.values():
                db.close(DROP_WAIT, closed())
            self._own.run.pool.close(DROP_WAIT)
            self._functions.close()
