"""Fixtures: the real engine with the real extension, and the real server process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shardeck_worker import jsonbody, requests
from shardeck_worker.call import Call
from shardeck_worker.definition import table_definition
from shardeck_worker.engine import Outcome
from shardeck_worker.sqlite.connection import default_extension
from shardeck_worker.sqlite.engine import Engine

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "shared" / "api" / "testdata" / "golden"
COMMAND = [sys.executable, str(ROOT / "worker" / "python")]
TOKEN = "t" * 40
FENCE = {"term": 1, "map_version": 1}

DEFINITION = {
    "name": "T",
    "columns": [
        {"name": "id", "type": "INT", "nullable": False},
        {"name": "v", "type": "NVARCHAR(MAX)", "nullable": True},
    ],
    "primary_key": ["id"],
    "shard_key": "id",
}
CREATE = (
    'CREATE TABLE "T" ("id" INTEGER NOT NULL, "v" TEXT COLLATE SHARDECK_TEXT,'
    ' "_slot" INTEGER NOT NULL, PRIMARY KEY ("id")) STRICT'
)


def parsed(document: Any) -> Any:
    """Return a document as a request's body would arrive."""
    return jsonbody.parse(json.dumps(document).encode())


VERSION = table_definition(parsed(DEFINITION)).version


def insert(*rows: list[Any]) -> dict[str, Any]:
    return {
        "sql": 'INSERT INTO "T" ("id", "v", "_slot") VALUES (@p1, @p2, @p3)',
        "table": "T",
        "schema_version": VERSION,
        "effect": "insert",
        "types": ["INT", "NVARCHAR(MAX)", "INT"],
        "columns": ["id", "v", "_slot"],
        "rows": [[*row, 0] for row in rows],
    }


def create_table() -> dict[str, Any]:
    return {"sql": CREATE, "table": "T", "effect": "create_table", "definition": DEFINITION}


def forever() -> Call:
    return Call(lambda: False)


class Rig:
    """An engine with one database, SchoolDB."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.engine = Engine(directory, "PY", default_extension())
        if not self.engine.stats():
            self.engine.create_db(
                requests.db_request(parsed({"db_name": "SchoolDB", "fence": FENCE}))
            )

    def exec(self, *statements: dict[str, Any], **more: Any) -> Outcome:
        document = {"db_name": "SchoolDB", "fence": FENCE, "statements": statements, **more}
        return self.engine.exec(requests.exec_request(parsed(document)), forever())

    def query(
        self,
        sql: str,
        result_types: list[str],
        types: list[str] | None = None,
        params: list[Any] | None = None,
        call: Call | None = None,
    ) -> list[Any]:
        """Return the rows of a query, parsed."""
        return [json.loads(line) for line in self.lines(sql, result_types, types, params, call)]

    def lines(
        self,
        sql: str,
        result_types: list[str],
        types: list[str] | None = None,
        params: list[Any] | None = None,
        call: Call | None = None,
    ) -> list[bytes]:
        wanted = requests.QueryRequest(
            db="SchoolDB",
            sql=sql,
            types=tuple(types or ()),
            params=[v if type(v) is jsonbody.Number else parsed(v) for v in params or ()],
            result_types=tuple(result_types),
            schemas={},
            timeout_ms=0,
        )
        rows = self.engine.query(wanted, call or forever())
        lines: list[bytes] = []
        try:
            while not rows.done:
                lines += rows.read().splitlines()
        finally:
            rows.close()
        return lines


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.engine.close()


class Worker:
    """A worker process."""

    def __init__(self, directory: Path, **variables: str) -> None:
        self.process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(directory / "log").open("ab"),
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("WORKER_")},
                "MASTER_TOKEN": TOKEN,
                "WORKER_PORT": "0",
                "WORKER_DATA_DIR": str(directory / "data"),
                "EXIT_WITH_PARENT": "true",
                "WORKER_SHUTDOWN_GRACE": "200ms",
                **variables,
            },
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        assert line.startswith("listening on http://127.0.0.1:"), line
        self.url = line.removeprefix("listening on ").strip()

    def open(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        for name, value in {
            "X-Master-Token": TOKEN,
            "Content-Type": "application/json",
            **headers,
        }.items():
            request.add_header(name, value)
        return urllib.request.urlopen(request, timeout=60)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        try:
            with self.open(method, path, body, **headers) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as err:
            with err:
                return err.code, json.loads(err.read())

    def post(self, path: str, body: Any) -> Any:
        status, answer = self.call("POST", path, body)
        assert status == 200, answer
        return answer

    def stop(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(30)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []

    def run(**variables: str) -> Worker:
        workers.append(Worker(tmp_path, **variables))
        return workers[-1]

    yield run
    for worker in workers:
        if worker.process.poll() is None:
            assert worker.stop() == 0
        assert worker.process.stdout is not None
        assert worker.process.stdout.read() == b""  # nothing but the one line
        worker.process.stdout.close()
