"""A client that takes nothing of its response is cut off; one that is slow is not."""

from __future__ import annotations

import json
import socket
import time

import pytest

from shardeck_worker import server
from shardeck_worker.app import Service, create_app
from shardeck_worker.server import HTTP, listen
from tests.conftest import TOKEN, Rig

ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    " SELECT hex(zeroblob(50000)) FROM n"
)


def test_a_stalled_client_frees_its_reader(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    sock = listen("127.0.0.1", 0)
    port = sock.getsockname()[1]
    service = Service(rig.engine, "w", TOKEN, local=True)
    http = HTTP(create_app(service), service.token, sock)
    http.start()
    document = {"db_name": "SchoolDB", "sql": ENDLESS, "result_types": ["NVARCHAR(MAX)"]}
    body = json.dumps(document).encode()
    readers = rig.engine._dbs["schooldb"]._readers
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(
            f"POST /query HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Master-Token: {TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
        time.sleep(0.5)  # until the buffers are full
        http._server.next_channel_cleanup = 0
        time.sleep(1.5)
        assert readers._running == 1
        monkeypatch.setattr(server, "STALL_SECONDS", 1)
        deadline = time.monotonic() + 10
        while readers._running and time.monotonic() < deadline:
            http._server.next_channel_cleanup = 0
            time.sleep(0.05)
        assert readers._running == 0
    http.stop(1)
