"""A client that takes nothing of its response is cut off; one that is slow is not."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest

from shardeck_worker import server
from shardeck_worker.app import Service, create_app
from shardeck_worker.server import HTTP, listen
from tests.conftest import FENCE, TOKEN, Rig, create_table, insert

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


def serve(rig: Rig) -> tuple[HTTP, tuple[str, int]]:
    sock = listen("127.0.0.1", 0)
    service = Service(rig.engine, "w", TOKEN, local=True)
    http = HTTP(create_app(service), service.token, sock)
    http.start()
    return http, ("127.0.0.1", sock.getsockname()[1])


def post(path: str, document: object) -> bytes:
    body = json.dumps(document).encode()
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Master-Token: {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


@pytest.mark.parametrize("cut", [20, -1], ids=["in the header", "in the body"])
def test_a_request_that_does_not_arrive_is_cut_off(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    http, address = serve(rig)
    request = post("/query", {"db_name": "SchoolDB", "sql": "SELECT 1", "result_types": ["INT"]})
    monkeypatch.setattr(server, "READ_SECONDS", 1)
    with socket.create_connection(address, timeout=0.05) as client:
        client.sendall(request)
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
        client.sendall(request[:cut])
        sent, deadline = 0, time.monotonic() + 20
        while time.monotonic() < deadline:
            http._server.next_channel_cleanup = 0
            try:
                if not client.recv(1):
                    break  # closed
            except TimeoutError:
                if cut > 0:  # a byte now and then does not help
                    client.sendall(request[cut + sent :][:1])
                    sent = min(sent + 1, 40)
            except ConnectionError:
                break
        else:
            raise AssertionError("the connection is still open")
    http.stop(1)


def test_others_are_served_while_queries_take_all_their_threads(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "THREADS", {"/query": 2, "/exec": 2, "": 2})
    rig.exec(create_table())
    http, address = serve(rig)
    stalled = []
    document = {"db_name": "SchoolDB", "sql": ENDLESS, "result_types": ["NVARCHAR(MAX)"]}
    for _ in range(4):
        client = socket.create_connection(address, timeout=20)
        client.sendall(post("/query", document))
        stalled.append(client)
    for client in stalled[:2]:
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK")
    with socket.create_connection(address, timeout=20) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
        write = {"db_name": "SchoolDB", "fence": FENCE, "statements": [insert([1, "a"])]}
        client.sendall(post("/exec", write))
        assert b"HTTP/1.1 200 OK" in client.recv(1000)
    # Queries that have no thread get one as soon as another ends.
    for client in stalled[:2]:
        client.close()
    for client in stalled[2:]:
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK")
        client.close()
    http.stop(1)


def test_a_stop_closes_busy_connections(rig: Rig) -> None:
    http, address = serve(rig)
    sql = "SELECT COUNT(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    query = {"db_name": "SchoolDB", "sql": sql + " SELECT i FROM n LIMIT 3000000)"}
    with socket.create_connection(address, timeout=20) as client:
        client.sendall(post("/query", {**query, "result_types": ["BIGINT"]}))
        deadline = time.monotonic() + 10
        while not http._server.in_flight() and time.monotonic() < deadline:
            time.sleep(0.01)
        stop = threading.Thread(target=http.stop, args=(20,))
        stop.start()
        response = b""
        while piece := client.recv(1000):
            response += piece
        stop.join()
    assert response.startswith(b"HTTP/1.1 200 OK")
    assert response.endswith(b'[3000000]\n{"end":{"rows":1}}\n')
    assert b"\r\nConnection: close\r\n" in response
