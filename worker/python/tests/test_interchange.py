"""A data directory can change its worker's language, in both directions."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import FENCE, ROOT, Worker, create_table, insert

GO = shutil.which("go")
NEWER = {"term": 3, "map_version": 2}
KEY = {"key": "k", "hash": "a" * 64}


@pytest.mark.skipif(GO is None, reason="needs Go, to build the other worker")
def test_the_go_worker_opens_the_same_files(
    start: Callable[..., Worker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = tmp_path / "worker"
    subprocess.run([str(GO), "build", "-o", str(binary), "./worker"], cwd=ROOT, check=True)

    def python() -> Worker:
        return start(WORKER_DB_SUFFIX="X")

    def go() -> Worker:
        with monkeypatch.context() as patch:
            patch.setattr("tests.conftest.COMMAND", [str(binary)])
            return start(WORKER_DB_SUFFIX="X")

    for turn, run in enumerate((python, go, python, go)):
        worker = run()
        if turn == 0:
            worker.post("/create-db", {"db_name": "SchoolDB", "fence": FENCE})
            request = {"db_name": "SchoolDB", "fence": FENCE, "statements": [create_table()]}
            worker.post("/exec", request)
            claim = {**NEWER, "leader": "http://127.0.0.1:1", "shard": "0/3"}
            worker.post("/state", claim)
        rows = [[turn * 10 + i, f"ä{turn} \0"] for i in range(10)]
        request = {"db_name": "SchoolDB", "fence": NEWER, "statements": [insert(*rows)]}
        worker.post("/exec", request)
        keyed = {**request, "statements": [insert([1000, "once"])], "idempotency": KEY}
        assert worker.post("/exec", keyed).get("replayed", False) == (turn > 0)
        (database,) = worker.call("GET", "/stats")[1]["databases"]
        (table,) = database["tables"]
        assert table["rows"] == (turn + 1) * 10 + 1
        assert (database["name"], database["physical"]) == ("SchoolDB", "SchoolDBX")
        state = worker.call("GET", "/state")[1]
        assert state == {**NEWER, "leader": "http://127.0.0.1:1", "shard": "0/3"}
        stale = {"db_name": "SchoolDB", "fence": FENCE, "statements": [insert([9999, "x"])]}
        assert worker.call("POST", "/exec", stale)[1]["code"] == "stale_term"
        if turn == 1:
            worker.process.kill()  # what is in the log only is recovered by the other
            worker.process.wait()
            time.sleep(0.1)
        else:
            assert worker.stop() == 0
