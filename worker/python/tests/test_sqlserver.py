"""The engine over SQL Server: what the shared suite cannot see from outside.

Most of it needs a server, SHARDECK_TEST_SQLSERVER (docs/sql-server.md).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from shardeck_worker import requests
from shardeck_worker.call import Call
from shardeck_worker.config import load
from shardeck_worker.definition import table_definition
from shardeck_worker.problem import Problem
from shardeck_worker.sqlite.connection import Opener, default_extension
from shardeck_worker.sqlserver import driver
from shardeck_worker.sqlserver.driver import Refused
from shardeck_worker.sqlserver.dsn import parse
from shardeck_worker.sqlserver.engine import Engine, open_engine
from shardeck_worker.sqlserver.functions import Functions
from shardeck_worker.sqlserver.health import ServerHealth
from shardeck_worker.storage import Health
from tests.conftest import FENCE, forever, parsed

DSN = os.environ.get("SHARDECK_TEST_SQLSERVER", "")
needs_server = pytest.mark.skipif(not DSN, reason="needs a server: set SHARDECK_TEST_SQLSERVER")

DEFINITION = {
    "name": "T",
    "columns": [
        {"name": "id", "type": "INT", "nullable": False},
        {"name": "v", "type": "NVARCHAR(MAX)", "nullable": True},
    ],
    "primary_key": ["id"],
    "shard_key": "id",
}
VERSION = table_definition(parsed(DEFINITION)).version
CREATE = {
    "sql": "CREATE TABLE [dbo].[T] ([id] INT NOT NULL, [v] NVARCHAR(MAX) NULL,"
    " [_slot] INT NOT NULL, PRIMARY KEY ([id]))",
    "table": "T",
    "effect": "create_table",
    "definition": DEFINITION,
}


class FakeServer:
    """The worker's own database on a server that answers as the test says."""

    def __init__(self) -> None:
        self.records = [("A", "APY", "ready"), ("B", "BPY", "ready"), ("C", "CPY", "dropping")]
        self.failures: dict[str, Exception] = {}  # by statement, or physical name
        self.now_ran = 0
        self.saved: list[int] = []
        self.run = self
        self.functions = self

    def ran(self) -> int:
        return self.now_ran

    def statement(self, name: str, /, **subject: Any) -> tuple[str, dict[str, Any]]:
        return name, subject

    @contextlib.contextmanager
    def session(self) -> Iterator[FakeServer]:
        yield self

    @contextlib.contextmanager
    def over(self, *_: object) -> Iterator[None]:
        yield

    def rows(self, call: tuple[str, dict[str, Any]]) -> list[tuple[Any, ...]]:
        name, subject = call
        for failing in (name, subject.get("physical", "")):
            if failing in self.failures:
                raise self.failures[failing]
        if name == "save_running_time":
            self.saved.append(subject["ran_ms"])
        if name == "record":
            return [record for record in self.records if record[0] == subject["name"]]
        return list(self.records) if name == "records" else [(0,)]


def test_a_server_says_what_is_wrong() -> None:
    fake, health = FakeServer(), Health()
    server: Any = fake
    watched = ServerHealth(server, health, server, threading.Event())

    def found() -> list[tuple[str, str]]:
        watched.look()
        return [(failure.code, failure.db) for failure in health.failures()]

    assert found() == []
    fake.failures["records"] = Problem("shard_unavailable", "x")
    assert found() == [("unreachable", "")]
    fake.failures = {"BPY": Refused(824, "x")}
    assert found() == [("read_failed", "B")]
    fake.records.pop(1)  # it was dropped
    assert found() == []
    fake.now_ran = 59_999
    watched.look()
    fake.now_ran = 60_000
    watched.look()
    watched.look()
    assert fake.saved == [60_000]


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def cdll(name: str) -> None:
        if name == "libltdl.so.7":
            raise OSError(f"{name}: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(ctypes, "CDLL", cdll)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(driver.MissingDriver, match=r"libltdl\.so\.7.*package libltdl7"):
        driver.load()


def test_a_failed_connection_is_explained_without_secrets() -> None:
    server = parse("sqlserver://user-of-db:hunter2hunter2@127.0.0.1:1?encrypt=disable")
    functions = Functions(Opener(default_extension()))
    try:
        connector = driver.Connector(server, 1, functions)
    except driver.MissingDriver as missing:
        pytest.skip(str(missing))
    with pytest.raises(Problem) as caught:
        connector.connect("")
    err = caught.value
    assert err.code == "shard_unavailable"
    assert "127.0.0.1:1" in err.detail
    assert err.hint
    assert "hunter2" not in err.detail + err.hint
    assert "user-of-db" not in err.detail + err.hint


def numbers(n: int) -> str:
    digits = ", ".join(f"({i})" for i in range(16))
    product = " CROSS JOIN ".join(f"(VALUES {digits}) AS f{i} (x)" for i in range(15))
    return f"SELECT TOP ({n}) ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS i FROM {product}"


class Server:
    """An engine with one database, D."""

    def __init__(self) -> None:
        self.suffix = "PT" + uuid4().hex[:8]
        self.engine = self.open()
        self.engine.create_db(requests.db_request(parsed({"db_name": "D", "fence": FENCE})))

    def open(self, dsn: str = DSN) -> Engine:
        environ = {
            "MASTER_TOKEN": "t" * 40,
            "WORKER_ENGINE": "sqlserver",
            "WORKER_DSN": dsn,
            "WORKER_DB_SUFFIX": self.suffix,
            "WORKER_DB_CONNECTIONS": "4",
        }
        return open_engine(load([], environ))

    def exec(self, *statements: dict[str, Any]) -> list[int]:
        body = json.dumps({"db_name": "D", "fence": FENCE, "statements": statements}).encode()
        request = requests.exec_request(parsed(json.loads(body)), body)
        return self.engine.exec(request, forever()).rows_affected

    def insert(self, *ids: int) -> list[int]:
        return self.exec(
            {
                "sql": "INSERT INTO [dbo].[T] ([id], [v], [_slot]) VALUES (@p1, @p2, @p3)",
                "table": "T",
                "schema_version": VERSION,
                "effect": "insert",
                "types": ["INT", "NVARCHAR(MAX)", "INT"],
                "columns": ["id", "v", "_slot"],
                "rows": [[i, "x", 0] for i in ids],
            }
        )

    def query(self, sql: str, call: Call | None = None) -> Any:
        document = {"db_name": "D", "sql": sql, "result_types": ["BIGINT"]}
        body = json.dumps(document).encode()
        return self.engine.query(requests.query_request(parsed(document), body), call or forever())

    def rows(self, sql: str, call: Call | None = None) -> list[bytes]:
        rows = self.query(sql, call)
        lines: list[bytes] = []
        try:
            while not rows.done:
                lines += rows.read().splitlines()
        finally:
            rows.close()
        return lines

    @property
    def pool(self) -> Any:
        return self.engine._dbs["d"].run.pool

    def end(self) -> None:
        self.engine.drop_db(requests.db_request(parsed({"db_name": "D", "fence": FENCE})))
        self.engine.close()
        # The worker's own database is nothing that a worker ever drops.
        functions = Functions(Opener(default_extension()))
        connection = driver.Connector(parse(DSN), 15, functions).connect("")
        own = "_shardeck_" + self.suffix
        connection.rows(functions.statement("drop_database", physical=own))
        connection.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    made.exec(CREATE)
    yield made
    made.end()


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@needs_server
@pytest.mark.parametrize("at", [1, 2, 499, 500, 501, 20_000])
def test_an_error_after_rows_is_reported(server: Server, at: int) -> None:
    with pytest.raises(Problem) as caught:
        server.rows(f"SELECT 1 / ({at} - i) FROM ({numbers(30_000)}) AS n")
    assert (caught.value.code, caught.value.sql_number) == ("divide_by_zero", 8134)


@needs_server
def test_a_query_whose_client_has_gone_frees_its_connection(server: Server) -> None:
    gone = threading.Event()
    rows = server.query(numbers(1 << 60), Call(gone.is_set))
    first = rows.read()
    assert first.startswith(b"[1]\n[2]\n")
    gone.set()
    with pytest.raises(Problem) as caught:
        while True:
            rows.read()
    assert caught.value.code == "canceled"
    rows.close()
    assert not server.pool._in_use
    assert server.rows(numbers(2)) == [b"[1]", b"[2]"]


@needs_server
def test_a_query_without_rows_ends_at_its_time(server: Server) -> None:
    with pytest.raises(Problem) as caught:
        server.rows(f"SELECT COUNT_BIG(*) FROM ({numbers(1 << 24)}) AS n", Call(lambda: False, 50))
    assert caught.value.code == "shard_timeout"
    assert not server.pool._in_use


@needs_server
def test_queries_leave_connections_to_writes(server: Server) -> None:
    running = [server.query(numbers(1 << 60)) for _ in range(3)]
    try:
        with pytest.raises(Problem) as caught:
            server.rows(numbers(1), Call(lambda: False, 50))
        assert caught.value.code == "shard_timeout"
        assert server.insert(1001, 1002) == [2]
    finally:
        for rows in running:
            rows.close()
    wait_until(lambda: not server.pool._in_use)


@needs_server
def test_idle_connections_that_the_server_closed_are_replaced(server: Server) -> None:
    server.insert(2001)
    idle = server.pool._idle
    assert idle
    for connection in idle:
        connection.cut()
    assert server.insert(2002) == [1]


@needs_server
def test_large_writes_are_one_transaction(server: Server) -> None:
    many = range(10_000, 10_300)
    assert server.insert(*many) == [300]
    with pytest.raises(Problem) as caught:
        server.insert(*range(20_000, 20_200), 10_000)
    assert (caught.value.code, caught.value.row) == ("duplicate_key", 200)
    count = "SELECT COUNT_BIG(*) FROM [dbo].[T] WHERE [id] >= 10000"
    assert server.rows(count) == [b"[300]"]


@needs_server
def test_a_refused_login_repeats_nothing_of_the_connection_string(server: Server) -> None:
    password = parse(DSN).keywords["PWD"]
    with pytest.raises(Problem) as caught:
        server.open(DSN.replace(password, "hunter2hunter2"))
    assert (caught.value.code, caught.value.sql_number) == ("shard_unavailable", 18456)
    text = caught.value.detail + caught.value.hint
    assert "hunter2" not in text
    assert f"'{parse(DSN).keywords['UID']}'" not in text
