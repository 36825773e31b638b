"""The engine, over real files: what the shared suite cannot see from outside."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import Any

import apsw
import pytest

from shardeck_worker import requests
from shardeck_worker.call import Call
from shardeck_worker.problem import Problem
from shardeck_worker.sqlite import group, rekey, writer
from shardeck_worker.sqlite.connection import default_extension
from shardeck_worker.sqlite.engine import Engine
from shardeck_worker.sqlite.state import InUse
from tests.conftest import FENCE, VERSION, Rig, create_table, forever, insert, parsed

NUMBERS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n"
)


def database(rig: Rig) -> Any:
    return rig.engine._dbs["schooldb"]


def test_order_by_survives_the_wrapping(rig: Rig) -> None:
    rig.exec(create_table())
    ids = random.Random(1).sample(range(100_000), 5000)
    rig.exec(insert(*([i, f"v{i % 97:02}"] for i in ids)))
    rows = rig.query('SELECT "id" FROM "T" ORDER BY "id"', ["INT"])
    assert rows == [[i] for i in sorted(ids)]
    rows = rig.query('SELECT "v", "id" FROM "T" ORDER BY "v" DESC, "id"', ["NVARCHAR(9)", "INT"])
    assert rows == [
        [f"v{m:02}", i] for m, i in sorted(((i % 97, i) for i in ids), key=lambda x: (-x[0], x[1]))
    ]
    sql = 'SELECT "v", COUNT(*) FROM "T" GROUP BY "v" ORDER BY COUNT(*), "v" DESC LIMIT 7 OFFSET 3'
    plain = database(rig).conn.db.execute(sql).fetchall()
    assert rig.query(sql, ["NVARCHAR(9)", "BIGINT"]) == [list(row) for row in plain]
    sql = 'SELECT "id" FROM "T" WHERE "id" < 500 UNION ALL SELECT -"id" FROM "T" ORDER BY 1 DESC'
    plain = database(rig).conn.db.execute(sql).fetchall()
    assert rig.query(sql, ["INT"]) == [list(row) for row in plain]


@pytest.mark.parametrize("columns", [1, 126, 127, 400])
def test_wide_rows(rig: Rig, columns: int) -> None:
    sql = "SELECT " + ", ".join(str(i) for i in range(columns))
    assert rig.query(sql, ["INT"] * columns) == [list(range(columns))]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1, 2;",
        "SELECT 1, 2 ; \n;",
        "SELECT 1, 2 -- the end",
        "SELECT 1, 2 /* ) */",
        "VALUES (1, 2)",
    ],
)
def test_texts_that_are_one_select(rig: Rig, sql: str) -> None:
    assert rig.query(sql, ["INT", "INT"]) == [[1, 2]]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT 1) SELECT 2 FROM (SELECT 3", "syntax_error"),
        ("SELECT 1 FROM sqlite_master; SELECT 1", "syntax_error"),
        ("SELECT 1\0", "syntax_error"),
        ("SELECT ?", "syntax_error"),
        ("SELECT @q1", "syntax_error"),
        ('SELECT "nothing"', "syntax_error"),
        ("SELECT 1, 2", "invalid_field"),
        ("SELECT @p1", "invalid_field"),
        ("SELECT term FROM _sd_database", "forbidden"),
        ("SELECT key FROM _sd_idempotency", "forbidden"),
        ("PRAGMA user_version", "forbidden"),
        ("ATTACH 'x.db' AS x", "forbidden"),
        ("VACUUM INTO 'x.db'", "forbidden"),
        ("COMMIT", "forbidden"),
        ("SELECT load_extension('x')", "forbidden"),
    ],
)
def test_texts_that_are_refused(rig: Rig, sql: str, code: str) -> None:
    with pytest.raises(Problem) as caught:
        rig.query(sql, ["INT"])
    assert caught.value.code in (code, "syntax_error", "invalid_field")
    assert caught.value.status < 500
    assert rig.query("SELECT 1", ["INT"]) == [[1]]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM _sd_tables",
        "UPDATE _sd_database SET name = 'x'",
        "DROP TABLE _sd_idempotency",
        "CREATE TABLE _x (a)",
        "PRAGMA journal_mode = DELETE",
        "COMMIT",
        "SAVEPOINT x",
        'ALTER TABLE "T" RENAME TO "U"',
        "DETACH x",
        "SELECT 1",
        'DELETE FROM "T"; COMMIT',
    ],
)
def test_writes_that_are_refused(rig: Rig, sql: str) -> None:
    rig.exec(create_table())
    rig.exec(insert([1, "a"]))
    statement = {"sql": sql, "table": "T", "schema_version": VERSION, "effect": "delete"}
    with pytest.raises(Problem) as caught:
        rig.exec(insert([2, "b"]), statement)
    assert caught.value.status < 500
    assert rig.query('SELECT "id" FROM "T"', ["INT"]) == [[1]]
    assert rig.engine.stats()[0]["tables"][0]["rows"] == 1


def test_texts_with_nul_and_empty_blobs_are_stored(rig: Rig) -> None:
    rig.exec(create_table())
    rig.exec(insert([1, "a\0b\0"], [2, ""], [3, None]))
    rows = rig.query('SELECT "id", "v" FROM "T" ORDER BY "id"', ["INT", "NVARCHAR(MAX)"])
    assert rows == [[1, "a\0b\0"], [2, ""], [3, None]]
    assert rig.query(
        "SELECT @p1, @p1 IS NULL", ["VARBINARY(9)", "BIT"], ["VARBINARY(9)"], ["0x"]
    ) == [["0x", False]]


def test_the_value_at_fault_is_located(rig: Rig) -> None:
    rig.exec(create_table())
    with pytest.raises(Problem) as caught:
        rig.exec(insert([1, "a"], ["one", "b"]))
    problem = caught.value
    assert (problem.code, problem.sql_number) == ("conversion_failed", 245)
    assert (problem.field, problem.row, problem.column) == ("statements[0].rows[1][0]", 1, "id")
    with pytest.raises(Problem) as caught:
        rig.exec(insert([1, "a"], [2, "b"], [1, "c"]))
    problem = caught.value
    assert (problem.code, problem.field, problem.row) == (
        "duplicate_key",
        "statements[0].rows[2]",
        2,
    )
    statement = {**insert([1, "a"]), "types": ["INT", "TEXT", "INT"]}
    with pytest.raises(Problem) as caught:
        rig.exec(statement)
    assert caught.value.field == "statements[0].types[1]"


def test_a_query_ends_when_its_client_has_gone(rig: Rig) -> None:
    gone = threading.Event()
    threading.Timer(0.2, gone.set).start()
    with pytest.raises(Problem) as caught:
        rig.query(
            f"SELECT COUNT(*) FROM ({NUMBERS.format(1 << 60)})", ["BIGINT"], call=Call(gone.is_set)
        )
    assert caught.value.code == "canceled"
    assert rig.query("SELECT 1", ["INT"]) == [[1]]


def test_a_query_ends_at_its_time(rig: Rig) -> None:
    with pytest.raises(Problem) as caught:
        rig.query(
            f"SELECT COUNT(*) FROM ({NUMBERS.format(1 << 60)})",
            ["BIGINT"],
            call=Call(lambda: False, 100),
        )
    assert caught.value.code == "shard_timeout"


def test_a_drop_ends_a_running_query(rig: Rig) -> None:
    ended: list[Problem] = []

    def run() -> None:
        with pytest.raises(Problem) as caught:
            rig.query(f"SELECT COUNT(*) FROM ({NUMBERS.format(1 << 60)})", ["BIGINT"])
        ended.append(caught.value)

    thread = threading.Thread(target=run)
    thread.start()
    while not database(rig)._readers._running:
        time.sleep(0.01)
    rig.engine.drop_db(requests.db_request(parsed({"db_name": "schooldb", "fence": FENCE})))
    thread.join(10)
    assert [problem.code for problem in ended] == ["unknown_database"]
    assert not list(rig.directory.glob("SchoolDB*"))


def test_waiting_writes_share_a_commit(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.exec(create_table())
    commits = 0
    first, go = threading.Event(), threading.Event()
    commit = group.Group._commit

    def counted(self: group.Group) -> None:
        nonlocal commits
        commits += 1
        first.set()
        go.wait(10)
        commit(self)

    monkeypatch.setattr(group.Group, "_commit", counted)
    threads = [threading.Thread(target=rig.exec, args=(insert([i, "x"]),)) for i in range(20)]
    threads[0].start()
    first.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(database(rig)._writer._queue) < 19:
        time.sleep(0.01)
    go.set()
    for thread in threads:
        thread.join(10)
    assert commits == 2
    assert rig.engine.stats()[0]["tables"][0]["rows"] == 20


def test_one_failure_in_a_group_undoes_only_its_request(rig: Rig) -> None:
    rig.exec(create_table())
    requests_ = [
        [insert([1, "a"], [2, "b"])],
        [insert([3, "c"], [1, "duplicate"])],
        [insert([4, "d"]), insert([2, "duplicate"])],
        [insert([5, "e"])],
    ]
    pending = []
    for statements in requests_:
        request = requests.exec_request(
            parsed({"db_name": "SchoolDB", "fence": FENCE, "statements": statements})
        )
        rows = [rig.engine._values.decode_statement(request, i) for i in range(len(statements))]
        pending.append(writer.Pending(request, rows, 1, time.monotonic() + 10))
    database(rig)._writer.stop()  # so that this thread may use its connection
    assert group.serve(database(rig), pending)
    assert [p.error.code if isinstance(p.error, Problem) else p.error for p in pending] == [
        None, "duplicate_key", "duplicate_key", None,
    ]  # fmt: skip
    assert rig.query('SELECT "id" FROM "T" ORDER BY 1', ["INT"]) == [[1], [2], [5]]
    assert rig.engine.stats()[0]["tables"][0]["rows"] == 3


@pytest.mark.parametrize(
    ("failure", "code"),
    [(apsw.FullError("full"), "shard_unavailable"), (apsw.IOError("disk"), "outcome_unknown")],
)
def test_a_failed_commit(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, failure: apsw.Error, code: str
) -> None:
    rig.exec(create_table())

    def fail(_: group.Group) -> None:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(group.Group, "_commit", fail)
        with pytest.raises(Problem) as caught:
            rig.exec(insert([1, "a"]))
        assert caught.value.code == code
    rig.exec(insert([1, "a"]))
    assert rig.engine.stats()[0]["tables"][0]["rows"] == 1


def test_a_write_that_waits_too_long_is_not_done(rig: Rig) -> None:
    rig.exec(create_table())
    with rig.engine._state.gate.alone(), pytest.raises(Problem) as caught:
        rig.exec(insert([1, "a"]), timeout_ms=50)
    # The writer had taken it already, or not: either way it has not begun.
    assert caught.value.code == "overloaded"
    assert rig.query('SELECT "id" FROM "T"', ["INT"]) == []


def test_the_fence_is_kept_exactly(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    fence = {"term": 2**53 - 1, "map_version": 2**63}
    state = requests.state_update(parsed({**fence, "leader": "http://a", "shard": "0/3"}))
    assert rig.engine.set_state(state) == state
    rig.engine.close()
    rig = Rig(tmp_path)
    assert rig.engine.state() == state
    with pytest.raises(Problem) as caught:
        rig.exec(create_table())
    assert (caught.value.code, caught.value.term) == ("stale_term", 2**53 - 1)
    rig.engine.close()


def test_a_directory_has_one_owner(rig: Rig) -> None:
    with pytest.raises(InUse):
        Engine(rig.directory, "PY", default_extension())


def test_interrupted_creations_and_drops_are_cleaned_up(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.engine._state.discard("SchoolDBPY")
    rig.engine.close()
    engine = Engine(tmp_path, "PY", default_extension())
    assert engine.stats() == []
    assert not list(tmp_path.glob("SchoolDB*"))
    engine.close()


def test_idempotency_records_expire(rig: Rig) -> None:
    rig.exec(create_table())
    key = {"key": "k", "hash": "0" * 64}
    assert not rig.exec(insert([1, "a"]), idempotency=key).replayed
    assert rig.exec(insert([1, "a"]), idempotency=key).replayed
    db = database(rig).conn.db
    db.execute("UPDATE _sd_idempotency SET at = at - 86400001, ran = ran - 86400001")
    assert not rig.exec(insert([2, "a"]), idempotency=key).replayed


def test_an_update_that_moves_too_many_keys(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rekey, "PAGES", 20)
    rig.exec(create_table())
    rig.exec(insert(*([i, "x" * 100] for i in range(2000))))
    move = {
        "sql": 'UPDATE "T" SET "id" = "id" + 1',
        "table": "T",
        "schema_version": VERSION,
        "effect": "update",
    }
    with pytest.raises(Problem) as caught:
        rig.exec(move)
    assert caught.value.code == "too_complex"
    assert rig.query('SELECT MIN("id"), COUNT(*) FROM "T"', ["INT", "INT"]) == [[0, 2000]]
    monkeypatch.setattr(rekey, "PAGES", 16 << 10)
    assert rig.exec(move).rows_affected == [2000]
    assert rig.query('SELECT MIN("id"), COUNT(*) FROM "T"', ["INT", "INT"]) == [[1, 2000]]


def test_writes_are_synced(rig: Rig) -> None:
    rig.exec(create_table())
    conn = database(rig).conn
    assert conn.db.pragma("synchronous") == 2
    assert conn.db.pragma("journal_mode") == "wal"
    call = forever()
    pool = database(rig)._readers
    reader = pool.acquire(call)
    assert reader.conn.db.pragma("query_only") == 1
    pool.release(reader)


def test_statements_of_the_engine_are_not_for_requests(rig: Rig) -> None:
    """apsw caches those that the engine has prepared for itself."""
    rig.exec(create_table())
    with pytest.raises(Problem):
        rig.query("SELECT abs(-9223372036854775808)", ["BIGINT"])
    for sql in ("SELECT sd_take()", "PRAGMA query_only = ON"):
        with pytest.raises(Problem) as caught:
            rig.query(sql, ["BIGINT"])
        assert caught.value.code in ("forbidden", "syntax_error")
    for sql in ("COMMIT", "ROLLBACK", "BEGIN IMMEDIATE"):
        statement = {"sql": sql, "table": "T", "schema_version": VERSION, "effect": "delete"}
        with pytest.raises(Problem) as caught:
            rig.exec(statement)
        assert caught.value.code == "forbidden"


def test_a_library_that_is_not_the_extension_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.so"
    other.write_text("not a library", "utf-8")
    with pytest.raises(ValueError, match=r"extension .*other\.so cannot be loaded"):
        Engine(tmp_path / "data", "PY", other)
    assert not (tmp_path / "data").exists()
