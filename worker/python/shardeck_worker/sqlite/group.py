"""A group: one transaction and the requests that share it (worker/engine/sqlite/group.go)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import apsw

from shardeck_worker.engine import Outcome
from shardeck_worker.problem import Problem
from shardeck_worker.requests import Statement
from shardeck_worker.sqlite.catalog import Catalog, Table, load_catalog
from shardeck_worker.sqlite.connection import Connection
from shardeck_worker.sqlite.errors import (
    Lost,
    commit_problem,
    is_duplicate,
    statement_problem,
    storage_problem,
)
from shardeck_worker.sqlite.files import OpenedFiles
from shardeck_worker.sqlite.idempotency import Records
from shardeck_worker.sqlite.rekey import rekey
from shardeck_worker.sqlite.state import StateFile
from shardeck_worker.sqlite.values import Row, located
from shardeck_worker.sqlite.writer import Pending
from shardeck_worker.storage import Store, storage_failed

log = logging.getLogger(__name__)

T = TypeVar("T")


class Owner(Protocol):
    """What a group needs of its database."""

    catalog: Catalog
    conn: Connection
    state: StateFile
    records: Records
    files: OpenedFiles
    store: Store
    path: Path

    def refusal(self) -> Problem | None:
        """Return why nothing may begin; None while the database exists."""

    def storage_problem(self, err: Exception) -> Exception:
        """Return the problem of a storage failure, which may be that the files are gone."""

    def change_schema(self, change: Callable[[], None]) -> None:
        """Run change such that no query checked against one schema reads with the other."""


def serve(db: Owner, batch: list[Pending]) -> bool:
    """Run a batch completely; True if anything was committed.

    Usually that takes one transaction. If one is lost, its requests are lost with it, and the
    rest get another.
    """
    committed = False
    while batch:
        for pending in batch:
            try:
                db.state.raise_to(pending.request.fence)
            except Exception as err:  # its term would not be durable: fail it instead
                pending.error = storage_problem(err)
        with db.state.gate.shared():
            group = Group(db)
            count = group.run(batch)
            committed |= group.committed
        batch = batch[count:]
    return committed


class Group:
    """One transaction."""

    def __init__(self, db: Owner) -> None:
        self.db = db
        self.conn = db.conn
        self.catalog = db.catalog  # as this transaction sees it
        self.dirty = False  # there are changes to commit
        self.committed = False
        self.deltas: dict[Table, int] = {}  # changes of row counts
        self.done: list[Pending] = []

    def run(self, batch: list[Pending]) -> int:
        """Run requests from the front of the batch and return their number: at least one."""
        refusal: Exception | None = self.db.refusal()
        if refusal is None:
            try:
                self.conn.run("BEGIN IMMEDIATE")
            except apsw.Error as err:
                refusal = self._storage_problem(err)
        if refusal is not None:
            for pending in batch:
                if pending.begin():
                    pending.error = refusal
            return len(batch)
        for i, pending in enumerate(batch):
            if not pending.begin():
                continue
            self.done.append(pending)
            try:
                self._request(pending)
            except Lost as lost:
                self._abort(self._storage_problem(lost.cause))
                return i + 1
            except Exception as err:
                pending.error = err
        self._finish()
        return len(batch)

    def _abort(self, err: Exception) -> None:
        """End a transaction that is not committed: all its requests get the error."""
        self._rollback()
        for pending in self.done:
            pending.outcome, pending.error = None, err

    def _rollback(self) -> None:
        try:
            if self.conn.db.in_transaction:
                self.conn.run("ROLLBACK")
        except apsw.Error as err:
            log.error("rollback failed", extra={"fields": {"error": repr(err)}})

    def _finish(self) -> None:
        if not self.dirty:
            self._rollback()  # its requests were replays and refusals
            try:
                self.db.files.check_place(self.db.store)
            except OSError:  # a replay acknowledges a write once more
                self._abort(self.db.refusal() or storage_failed("read_failed"))
            return
        try:
            for table, rows in self.deltas.items():
                if rows:
                    self.conn.run(
                        "UPDATE _sd_tables SET rows = ? WHERE name = ?",
                        (table.rows + rows, table.key),
                    )
            if self.db.records.clock.is_due():
                self.db.records.clock.save()
            self.db.records.prune()
        except apsw.Error as err:
            self._abort(self._storage_problem(err))
            return
        try:
            if self.catalog is self.db.catalog:
                self._commit()
            else:
                self.db.change_schema(self._commit)
        except (apsw.Error, OSError) as err:
            self._abort(commit_problem(err, self.db.store, str(self.db.path)))
            self._reload()
        else:
            self.db.store.heal("write")

    def _storage_problem(self, err: Exception) -> Exception:
        return self.db.storage_problem(err)

    def _commit(self) -> None:
        self.conn.run("COMMIT")
        # What was made durable may be a file that nobody finds again.
        self.db.files.check_place(self.db.store)
        self.committed = True
        for table, rows in self.deltas.items():
            table.rows += rows
        self.db.catalog = self.catalog

    def _reload(self) -> None:
        """Read the catalog again after a failed commit, whatever the commit's outcome."""
        try:
            catalog = load_catalog(self.conn)
        except (apsw.Error, ValueError) as err:
            log.error("the catalog could not be read again", extra={"fields": {"error": repr(err)}})
            return

        def store() -> None:
            self.db.catalog = catalog

        self.db.change_schema(store)

    def _request(self, pending: Pending) -> None:
        """Run one request inside the transaction: all of it or nothing."""
        self.db.state.check(pending.request.fence)
        key = pending.request.idempotency
        if key is not None:
            pending.outcome = self._own(lambda: self.db.records.replay(key))
            if pending.outcome is not None:
                return
        # SQLite itself undoes a single execution that fails, and undoing the first request is
        # rolling back the transaction: neither needs a savepoint.
        savepoint = self.dirty and pending.executions > 1
        if savepoint:
            self._own(lambda: self.conn.run("SAVEPOINT request"))
        before = self.catalog
        deltas: dict[Table, int] = {}
        try:
            affected = self._statements(pending, deltas)
        except Exception as err:
            self.catalog = before
            raise self._undo(pending, err, savepoint) from None
        if key is not None:
            self._own(lambda: self.db.records.remember(key, affected))
        if savepoint:
            self._own(lambda: self.conn.run("RELEASE request"))
        self.dirty = True
        pending.outcome = Outcome(affected)
        for table, rows in deltas.items():
            self.deltas[table] = self.deltas.get(table, 0) + rows

    def _own(self, run: Callable[[], T]) -> T:
        """Run statements of the engine's own: if they fail, the transaction is lost."""
        try:
            return run()
        except apsw.Error as err:
            raise Lost(err) from None

    def _undo(self, pending: Pending, cause: Exception, savepoint: bool) -> Exception:
        """Undo a failed request and return its error, or Lost."""
        if isinstance(cause, Lost):
            return cause
        if not self.conn.db.in_transaction:
            return Lost(cause)
        try:
            if savepoint:
                self.conn.run("ROLLBACK TO request")
                self.conn.run("RELEASE request")
            elif pending.executions > 1 or pending.is_ddl:
                self.conn.run("ROLLBACK")
                self.conn.run("BEGIN IMMEDIATE")
        except apsw.Error as err:
            return Lost(err)
        return self._storage_problem(cause)

    def _statements(self, pending: Pending, deltas: dict[Table, int]) -> list[int]:
        """Run a request's statements and return the numbers of rows they changed."""
        affected = []
        for i, statement in enumerate(pending.request.statements):
            at = 0  # the row of parameters in progress
            count = 0
            try:
                if statement.effect == "create_table":
                    self._create_table(statement)
                elif statement.effect == "drop_table":
                    self._drop_table(statement)
                elif statement.effect == "alter_table":
                    self._alter_table(statement)
                else:
                    table = self.catalog.expect(statement.table, statement.schema_version)
                    for values in pending.rows[i]:
                        count += self._change(table, statement, values)
                        at += 1
                    sign = {"insert": 1, "delete": -1}.get(statement.effect, 0)
                    deltas[table] = deltas.get(table, 0) + sign * count
            except Lost:
                raise
            except Exception as err:
                problem = statement_problem(err)
                if isinstance(problem, Problem):
                    raise located(problem, statement, i, at) from None
                raise problem from None
            affected.append(count)
        return affected

    def _change(self, table: Table, statement: Statement, values: Row) -> int:
        """Run an INSERT, UPDATE or DELETE for one row of parameters."""
        text = self.conn.text(statement.sql)
        if text.readonly:
            raise Problem("invalid_field", "the statement changes nothing")
        try:
            return self.conn.run_text(text, values)
        except apsw.ConstraintError as err:
            if statement.effect != "update" or not is_duplicate(err):
                raise
            return rekey(self.conn, table, err, lambda: self.conn.run_text(text, values))

    def _create_table(self, statement: Statement) -> None:
        existing = self.catalog.table(statement.table)
        if existing is not None:
            raise Problem(
                "table_exists",
                f"table {existing.definition.name} already exists",
                "choose another name, or drop it first",
                field="table",
            )
        assert statement.definition is not None
        table = Table(statement.definition, 0)
        self._run_ddl(statement.sql)
        self.conn.run(
            "INSERT INTO _sd_tables (name, definition, rows) VALUES (?, ?, 0)",
            (table.key, table.definition.text),
        )
        self.catalog = self.catalog.with_table(table)

    def _alter_table(self, statement: Statement) -> None:
        """Run an ALTER TABLE ... ADD, CREATE INDEX or DROP INDEX and replace the definition."""
        old = self.catalog.expect(statement.table, statement.schema_version)
        assert statement.definition is not None
        table = Table(statement.definition, old.rows)
        self.conn.alter(statement.sql)
        self.conn.run(
            "UPDATE _sd_tables SET definition = ? WHERE name = ?",
            (table.definition.text, table.key),
        )
        self.catalog = self.catalog.with_table(table)

    def _drop_table(self, statement: Statement) -> None:
        existing = self.catalog.table(statement.table)
        version = statement.schema_version
        if existing is not None and not version:
            version = existing.definition.version
        table = self.catalog.expect(statement.table, version)
        self._run_ddl(statement.sql)
        self.conn.run("DELETE FROM _sd_tables WHERE name = ?", (table.key,))
        self.catalog = self.catalog.without(table)

    def _run_ddl(self, sql: str) -> None:
        self.conn.run_text(self.conn.text(sql), ())
        self.conn.forget_texts()
