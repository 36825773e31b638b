"""The creation and removal of databases."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from shardeck_worker.problem import Problem
from shardeck_worker.sqlserver.driver import Refused
from shardeck_worker.sqlserver.own import CREATING, DROPPING, READY, OwnDatabase, Record, Runner

log = logging.getLogger(__name__)


class Databases:
    """Creates and drops databases by their records.

    Neither can be part of a transaction: the record states the intention beforehand, so that
    whoever finds it can finish or undo what a crash interrupted.
    """

    def __init__(
        self, own: OwnDatabase, open_runner: Callable[[str], Runner], collation: str
    ) -> None:
        self._own = own
        self._open_runner = open_runner
        self._collation = collation

    def recover(self) -> list[Record]:
        """Finish interrupted drops, undo interrupted creations and return the other records."""
        ready = []
        with self._own.locked():
            for record in self._own.records():
                if record.state == READY:
                    ready.append(record)
                    continue
                try:
                    self._discard(record)
                except Problem as err:
                    # It is hidden from every caller, and removed when its name is next used.
                    _warn("a database with a pending drop still exists", record, err)
        return ready

    def _discard(self, record: Record) -> None:
        """Drop what exists of a database that is being created or dropped, and its record."""
        there = self._own.exists(record.physical)
        if there and record.state == CREATING:
            # What someone else created between our check and our CREATE is not ours to drop.
            with self._own.run.problems():
                tables = self._own.run.rows("foreign_tables", physical=record.physical)
            there = tables[0][0] == 0
        if there:
            self._drop_physical(record.physical)
        self._own.change_record("delete_record", name=record.name)

    def _drop_physical(self, physical: str) -> None:
        """Drop a database despite open connections."""
        run = self._own.run
        for pause in (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 0.0):
            for statement in ("drop_database_now", "drop_database"):
                try:
                    run.change(statement, physical=physical)
                    return
                except Refused as err:
                    refused = err
            if not self._own.exists(physical):
                return
            time.sleep(pause)
        raise run.problem(refused)

    def create(self, record: Record) -> None:
        """Create a database. The caller holds the fence."""
        with self._own.locked():
            old = self._own.record(record.name)
            if old is not None and old.state == READY:
                raise Problem(
                    "database_exists",
                    f"database {record.name} already exists",
                    "choose another name, or drop it first",
                    field="db_name",
                )
            if old is not None:
                self._discard(old)
            if self._own.exists(record.physical):
                raise _foreign(record.physical)
            self._own.change_record(
                "add_record", name=record.name, physical=record.physical, state=CREATING
            )
            try:
                self._create_physical(record.physical)
            except BaseException:
                try:
                    self._discard(record)
                except Problem as err:
                    _warn("a partially created database is removed at the next start", record, err)
                raise
            self._own.change_record("set_record", name=record.name, state=READY)

    def _create_physical(self, physical: str) -> None:
        run = self._own.run
        create_database(run, "create_database", physical=physical, collation=self._collation)
        # Readers must not wait for writers; Babelfish, where they never do, lacks the option. And
        # an upgraded server may create databases with an older compatibility level.
        for statement in ("snapshot", "compatibility"):
            try:
                run.change(statement, physical=physical)
            except Refused as err:
                log.debug(
                    "an option of a new database could not be set",
                    extra={"fields": {"database": physical, "error": str(err)}},
                )
        inside = self._open_runner(physical)
        try:
            with inside.problems():
                inside.change("database_tables")
        finally:
            inside.pool.close(0)

    def drop(self, name: str, forget: Callable[[], None]) -> bool:
        """Drop a database; False if it has no record any more. The caller holds the fence."""
        with self._own.locked():
            record = self._own.record(name)
            if record is None or record.state != READY:
                return False
            self._own.change_record("set_record", name=name, state=DROPPING)
            forget()
            record = Record(record.name, record.physical, DROPPING)
            try:
                self._discard(record)
            except Problem as err:
                # For every caller it is gone; only its files still exist.
                _warn("a dropped database is removed at the next start", record, err)
            return True


def create_database(run: Runner, statement: str, /, **subject: str) -> None:
    """Run a CREATE DATABASE. A server refuses concurrent ones, whose creators retry."""
    for left in reversed(range(100)):
        try:
            run.change(statement, **subject)
            return
        except Refused as err:
            if "already exists" in err.message and "physical" in subject:
                raise _foreign(subject["physical"]) from None
            # 1807, by its English message, and 1802, which follows it.
            busy = "'model'" in err.message or err.message.startswith("CREATE DATABASE failed")
            if not busy or not left:
                raise run.problem(err) from None
        time.sleep(0.1)


def _foreign(physical: str) -> Problem:
    return Problem(
        "database_exists",
        f"the server has a database {physical} that this worker did not create",
        "choose another name, or give the worker a suffix of its own",
        field="db_name",
    )


def _warn(message: str, record: Record, err: Problem) -> None:
    log.warning(message, extra={"fields": {"database": record.physical, "error": str(err)}})
