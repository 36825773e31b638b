"""The worker process: its configuration, its streams, its memory and its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FENCE, ROOT, TOKEN, Worker, create_table, insert

Start = Callable[..., Worker]

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


def query(sql: str, **more: Any) -> dict[str, Any]:
    return {"db_name": "D", "sql": sql, "result_types": ["BIGINT"], **more}


def prepare(worker: Worker) -> None:
    worker.post("/create-db", {"db_name": "D", "fence": FENCE})
    worker.post("/exec", {"db_name": "D", "fence": FENCE, "statements": [create_table()]})


def memory(worker: Worker) -> int:
    """Return the resident memory of a process in bytes."""
    for line in Path(f"/proc/{worker.process.pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no VmRSS")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_scan_takes_no_memory(start: Start) -> None:
    worker = start()
    prepare(worker)
    for at in range(0, 40_000, 4000):
        rows = insert(*([i, "x" * 1000] for i in range(at, at + 4000)))
        worker.post("/exec", {"db_name": "D", "fence": FENCE, "statements": [rows]})
    sql = 'SELECT "id", "v" FROM "T" ORDER BY "id"'
    small = query(sql + " LIMIT 1000", result_types=["INT", "NVARCHAR(MAX)"])
    with worker.open("POST", "/query", small) as response:
        response.read()
    before, size, most = memory(worker), 0, 0
    with worker.open(
        "POST", "/query", query(sql, result_types=["INT", "NVARCHAR(MAX)"])
    ) as response:
        while piece := response.read(1 << 20):
            size += len(piece)
            most = max(most, memory(worker))
            end = piece
    assert size > 40_000_000
    assert end.endswith(b'{"end":{"rows":40000}}\n')
    # Pages of the file that are mapped count, too; copies of the rows would take much more.
    assert most - before < 60 << 20


def running(worker: Worker) -> float:
    """Return the processor time that a process has used, in seconds."""
    text = Path(f"/proc/{worker.process.pid}/stat").read_text("ascii")
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_statement_ends_when_its_client_has_gone(start: Start) -> None:
    worker = start()
    prepare(worker)
    body = json.dumps(query(f"SELECT COUNT(*) FROM ({ENDLESS})")).encode()
    host, port = worker.url.removeprefix("http://").split(":")
    for _ in range(3):
        client = socket.create_connection((host, int(port)))
        client.sendall(
            f"POST /query HTTP/1.1\r\nHost: {host}\r\nX-Master-Token: {TOKEN}\r\nContent-Type:"
            f" application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        time.sleep(0.3)
        client.close()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        used = running(worker)
        time.sleep(0.5)
        if running(worker) - used < 0.1:
            return
    raise AssertionError("the statements still run")


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "stdin"])
def test_a_stop_cuts_streams(start: Start, how: str) -> None:
    worker = start()
    prepare(worker)
    with worker.open("POST", "/query", query(ENDLESS)) as response:
        assert response.read(10).startswith(b"[1]\n")
        if how == "stdin":
            assert worker.process.stdin is not None
            worker.process.stdin.close()
        else:
            worker.process.send_signal(getattr(signal, how))
        rest = b""
        deadline = time.monotonic() + 60
        with pytest.raises((OSError, HTTPException)):  # a reset, or an incomplete chunk
            while (piece := response.read(1 << 16)) and time.monotonic() < deadline:
                rest = piece
    assert b'"end"' not in rest
    assert worker.process.wait(20) == 0


SIGNAL_IN_A_THREAD = """
import signal, threading, time
from shardeck_worker.stop import Stop
stop = Stop()
stop.on_signals()
def send():
    time.sleep(0.2)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
threading.Thread(target=send).start()
stop.wait()
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs pthread_kill")
def test_a_signal_that_reaches_another_thread_stops_the_worker() -> None:
    command = [sys.executable, "-c", SIGNAL_IN_A_THREAD]
    subprocess.run(command, check=True, cwd=ROOT / "worker" / "python", timeout=60)


def test_a_stop_lets_requests_finish(start: Start, tmp_path: Path) -> None:
    worker = start(WORKER_SHUTDOWN_GRACE="20s")
    prepare(worker)
    sql = f"SELECT COUNT(*) FROM ({ENDLESS} LIMIT 3000000)"
    with subprocess.Popen(
        [
            sys.executable, "-c",
            "import sys, urllib.request as u; r = u.Request(sys.argv[1], sys.argv[2].encode(),"
            " {'X-Master-Token': sys.argv[3], 'Content-Type': 'application/json'});"
            " sys.stdout.buffer.write(u.urlopen(r).read())",
            worker.url + "/query", json.dumps(query(sql)), TOKEN,
        ],
        stdout=subprocess.PIPE,
    ) as client:  # fmt: skip
        time.sleep(0.5)
        worker.process.send_signal(signal.SIGTERM)
        assert client.stdout is not None
        assert client.stdout.read() == b'[3000000]\n{"end":{"rows":1}}\n'
    assert worker.process.wait(20) == 0
    assert (tmp_path / "data" / "_state.db").exists()
    assert not (tmp_path / "data" / "DPY.db-wal").exists()  # closed in order


def test_an_error_after_the_first_piece_ends_the_stream(start: Start) -> None:
    worker = start()
    prepare(worker)
    sql = f"SELECT sd_div(1, 30000 - i, 'INT') FROM ({ENDLESS})"
    with worker.open("POST", "/query", query(sql), **{"X-Request-Id": "mine"}) as response:
        assert response.status == 200
        last = json.loads(response.read().splitlines()[-1])
    assert last["error"]["code"] == "divide_by_zero"
    assert last["error"]["request_id"] == "mine"


def test_what_http_refuses(start: Start) -> None:
    worker = start()
    assert worker.call("OPTIONS", "/exec")[1]["code"] == "method_not_allowed"
    assert worker.call("POST", "/exec//", {})[1]["code"] == "not_found"
    assert worker.call("GET", "/state", Host="evil.example")[1]["code"] == "forbidden"
    assert worker.call("GET", "/state", Host="localhost:1")[0] == 200
    assert worker.call("GET", "/state", Host="[::1]:8081")[0] == 200
    crossed = worker.call("POST", "/state", {}, Origin="https://evil.example")
    assert (crossed[0], crossed[1]["code"]) == (403, "forbidden")
    crossed = worker.call("POST", "/state", {}, **{"Sec-Fetch-Site": "cross-site"})
    assert crossed[1]["code"] == "forbidden"
    status, health = worker.call("GET", "/health", **{"X-Master-Token": ""})
    assert (status, health["language"], health["dialect"]) == (200, "python", "sqlite/2")
    source = (ROOT / "shared" / "daemon" / "daemon.go").read_text("utf-8")
    assert f'const Version = "{health["version"]}"' in source


def raw(worker: Worker, head: str) -> bytes:
    host, port = worker.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 30) as client:
        client.sendall(head.encode())
        answer = b""
        while piece := client.recv(1 << 16):
            answer += piece
        return answer


def test_oversized_requests_get_problems(start: Start) -> None:
    worker = start()
    head = "POST /exec HTTP/1.1\r\nHost: 127.0.0.1\r\n{}Content-Length: 99999999999\r\n\r\n"
    assert b'"code": "unauthorized"' in raw(worker, head.format(""))
    answer = raw(worker, head.format(f"X-Master-Token: {TOKEN}\r\nX-Request-Id: abc\r\n"))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code": "body_too_large"' in answer
    assert b"\r\nX-Request-Id: abc\r\n" in answer
    raw(worker, "POST /exec HTTP/1.1\r\nContent-Length: " + "9" * 5000 + "\r\n\r\n")
    raw(worker, "POST /exec HTTP/1.1\r\nContent-Length: -1\r\n\r\n")
    raw(worker, "\x00\r\n\r\n")
    answer = raw(worker, "GET /state HTTP/1.1\r\nX: " + "y" * 70_000 + "\r\n\r\n")
    assert b'"request_id"' in answer
    assert worker.call("GET", "/health")[0] == 200


def run(*args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("WORKER_", "MASTER_"))}
    return subprocess.run(
        [sys.executable, str(ROOT / "worker" / "python"), *args],
        env={**env, **variables}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, "MASTER_TOKEN"),
        ({"MASTER_TOKEN": "a b"}, "MASTER_TOKEN"),
        ({"MASTER_TOKEN": TOKEN, "MASTER_TOKEN_FILE": "x"}, "MASTER_TOKEN_FILE"),
        ({"MASTER_TOKEN_FILE": "/nowhere/x"}, "MASTER_TOKEN_FILE"),
        ({"WORKER_PORT": "x"}, "WORKER_PORT"),
        ({"WORKER_PORT": "70000"}, "WORKER_PORT"),
        ({"WORKER_SHUTDOWN_GRACE": "soon"}, "WORKER_SHUTDOWN_GRACE"),
        ({"WORKER_DB_SUFFIX": "a-b"}, "WORKER_DB_SUFFIX"),
        ({"WORKER_NAME": "a b"}, "WORKER_NAME"),
        ({"WORKER_ENGINE": "sqlserver"}, "WORKER_DSN"),
        ({"WORKER_ENGINE": "oracle"}, "WORKER_ENGINE"),
        ({"WORKER_DSN": "sqlserver://u:hush@h"}, "WORKER_DSN"),
        ({"WORKER_SQLITE_EXTENSION": "/nowhere/lib.so"}, "make sqliteext"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"EXIT_WITH_PARENT": "perhaps"}, "EXIT_WITH_PARENT"),
    ],
)
def test_bad_configuration(variables: dict[str, str], named: str) -> None:
    given = {"MASTER_TOKEN": TOKEN, **variables}
    if "MASTER_TOKEN_FILE" in variables or not variables:
        given = variables
    done = run(**given)
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr
    assert TOKEN not in done.stderr
    assert "hush" not in done.stderr
    assert "Traceback" not in done.stderr


def test_flags_win_and_errors_have_status_2() -> None:
    assert run("--port=x", MASTER_TOKEN=TOKEN, WORKER_PORT="0").returncode == 2
    assert run("--no-such").returncode == 2
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, "worker 0.1.0\n")
    assert "WORKER_DATA_DIR" in run("--help").stdout


def test_a_port_or_directory_in_use(start: Start, tmp_path: Path) -> None:
    worker = start()
    port = worker.url.rpartition(":")[2]
    done = run(MASTER_TOKEN=TOKEN, WORKER_PORT=port, WORKER_DATA_DIR=str(tmp_path / "other"))
    assert done.returncode == 1
    assert "is in use" in done.stderr
    done = run(MASTER_TOKEN=TOKEN, WORKER_PORT="0", WORKER_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert "in use by another worker" in done.stderr


def test_logs_are_structured(start: Start, tmp_path: Path) -> None:
    worker = start(LOG_FORMAT="json", LOG_LEVEL="debug")
    worker.call("GET", "/state", **{"X-Master-Token": "wrong", "X-Request-Id": "abc"})
    assert worker.stop() == 0
    lines = [json.loads(line) for line in (tmp_path / "log").read_text("utf-8").splitlines()]
    (entry,) = [line for line in lines if line.get("request_id") == "abc"]
    assert (entry["status"], entry["path"], entry["level"]) == (401, "/state", "INFO")
    assert TOKEN not in (tmp_path / "log").read_text("utf-8")
