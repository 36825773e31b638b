"""What is wrong with the storage is noticed, reported, and nothing is acknowledged on it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from shardeck_worker import requests
from shardeck_worker.problem import Problem
from shardeck_worker.sqlite import clock, idempotency
from shardeck_worker.sqlite.connection import default_extension
from shardeck_worker.sqlite.database import Database
from shardeck_worker.sqlite.engine import Engine
from shardeck_worker.sqlite.state import STATE_FILE
from tests.conftest import FENCE, Rig, Worker, create_table, insert, parsed

FILE = "SchoolDBPY.db"

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows does not remove or move files that are open"
)


class Watched(Rig):
    """A rig with a directory that can be taken away, and that is looked at often."""

    def __init__(self, directory: Path, every: float = 0.01) -> None:
        self.directory = directory
        self.engine = Engine(directory, "PY", default_extension(), every)
        self.engine.create_db(requests.db_request(parsed({"db_name": "SchoolDB", "fence": FENCE})))
        self.exec(create_table())

    @property
    def db(self) -> Database:
        return self.engine._dbs["schooldb"]

    def codes(self) -> list[str]:
        return [failure.code for failure in self.engine.failures()]

    def wait(self, *codes: str) -> None:
        while self.codes()[:1] != list(codes):
            time.sleep(0.001)

    def refusal(self, *statements: dict[str, Any], **more: Any) -> str:
        with pytest.raises(Problem) as caught:
            self.exec(*statements, **more)
        return caught.value.code


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path / "data")
    yield made
    made.engine.close()


@pytest.fixture
def unwatched(tmp_path: Path) -> Iterator[Watched]:
    """Only commits look at the files."""
    made = Watched(tmp_path / "data", every=3600)
    yield made
    made.engine.close()


def remove(directory: Path) -> None:
    shutil.rmtree(directory)


def move(directory: Path) -> None:
    directory.rename(directory.with_suffix(".old"))


def replace(directory: Path) -> None:
    shutil.copytree(directory, directory.with_suffix(".new"))
    move(directory)
    directory.with_suffix(".new").rename(directory)


def replace_file(directory: Path) -> None:
    shutil.copy(directory / FILE, directory / "copy")
    os.replace(directory / "copy", directory / FILE)


def remove_log(directory: Path) -> None:
    (directory / (FILE + "-wal")).unlink()


def cut_log(directory: Path) -> None:
    os.truncate(directory / (FILE + "-wal"), 4096)  # which does not open it


TAKINGS = [remove, move, replace, replace_file, remove_log]


@pytest.mark.parametrize("take", [*TAKINGS, cut_log])
def test_files_lost_during_a_commit_are_not_acknowledged(
    unwatched: Watched, take: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    check = unwatched.db.files.check_place

    def taken_before(store: Any) -> None:  # it is called after the commit
        take(unwatched.directory)
        check(store)

    with monkeypatch.context() as patch:
        patch.setattr(unwatched.db.files, "check_place", taken_before)
        assert unwatched.refusal(insert([1, "a"])) == "outcome_unknown"
    assert unwatched.codes() == ["damaged" if take is cut_log else "removed"]
    assert unwatched.refusal(insert([2, "a"])) == "storage_failed"
    with pytest.raises(Problem) as caught:
        unwatched.query('SELECT "id" FROM "T"', ["INT"])
    assert caught.value.code == "storage_failed"
    drop = requests.db_request(parsed({"db_name": "SchoolDB", "fence": FENCE}))
    with pytest.raises(Problem) as caught:
        unwatched.engine.drop_db(drop)
    assert caught.value.code == "storage_failed"


def test_a_replay_is_not_acknowledged_without_its_file(unwatched: Watched) -> None:
    key = {"key": "k", "hash": "0" * 64}
    unwatched.exec(insert([1, "a"]), idempotency=key)
    remove(unwatched.directory)
    assert unwatched.refusal(insert([1, "a"]), idempotency=key) == "storage_failed"


@pytest.mark.parametrize("take", TAKINGS)
def test_lost_files_are_noticed_without_writes(
    watched: Watched, take: Callable[[Path], None]
) -> None:
    watched.wait()
    take(watched.directory)
    watched.wait("removed")


def test_closing_leaves_the_files_of_a_restored_directory_alone(watched: Watched) -> None:
    watched.exec(insert([1, "a"]))
    replace(watched.directory)
    watched.engine.close()
    assert (watched.directory / (FILE + "-wal")).exists()
    engine = Engine(watched.directory, "PY", default_extension())
    assert engine.stats()[0]["tables"][0]["rows"] == 1
    engine.close()


def test_a_lost_state_refuses_writes(watched: Watched) -> None:
    (watched.directory / STATE_FILE).unlink()
    watched.wait("removed")
    assert watched.refusal(insert([1, "a"])) == "storage_failed"
    claim = {"term": 9, "map_version": 9, "leader": "http://a", "shard": "0/1"}
    with pytest.raises(Problem) as caught:
        watched.engine.set_state(requests.state_update(parsed(claim)))
    assert caught.value.code == "storage_failed"
    assert watched.query('SELECT "id" FROM "T"', ["INT"]) == []


def truncate(path: Path) -> int:
    return _change(path, lambda fd: os.ftruncate(fd, 8192))


def overwrite(path: Path) -> int:
    return _change(path, lambda fd: os.pwrite(fd, b"garbage " * 8192, 0))


def _change(path: Path, change: Callable[[int], object]) -> int:
    """Change a file and return its descriptor, whose end would release SQLite's locks."""
    fd = os.open(path, os.O_WRONLY)
    change(fd)
    return fd


@pytest.mark.parametrize("damage", [truncate, overwrite])
def test_damaged_files_are_noticed(watched: Watched, damage: Callable[[Path], int]) -> None:
    watched.exec(insert(*([i, "x" * 100] for i in range(1000))))
    path = watched.directory / FILE
    while path.stat().st_size <= 65536:  # until the log is in the file
        time.sleep(0.001)
    fd = damage(path)
    watched.wait("damaged")
    assert watched.refusal(insert([5000, "a"])) == "storage_failed"
    watched.engine.close()
    os.close(fd)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (apsw.FullError("x"), "full"),
        (apsw.ReadOnlyError("x"), "read_only"),
        (apsw.IOError("x"), "write_failed"),
    ],
)
def test_a_write_failure_lasts_until_a_write_succeeds(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, failure: apsw.Error, code: str
) -> None:
    conn = watched.db.conn
    run = conn.run

    def fail(sql: str, values: tuple[Any, ...] = ()) -> None:
        if sql == "COMMIT":
            raise failure
        run(sql, values)

    with monkeypatch.context() as patch:
        patch.setattr(conn, "run", fail)
        watched.refusal(insert([1, "a"]))
        time.sleep(0.05)  # several attempts, which must not end it
        assert watched.codes() == [code]
    watched.wait()  # without another request
    watched.exec(insert([2, "a"]))


def test_a_failed_read_lasts_until_a_read_succeeds(unwatched: Watched) -> None:
    unwatched.db._read_problem(apsw.IOError("x"))
    assert unwatched.codes() == ["read_failed"]
    unwatched.db.look()
    assert unwatched.codes() == []
    unwatched.db._read_problem(apsw.CorruptError("x"))
    unwatched.db.look()
    assert unwatched.codes() == ["damaged"]


def test_a_file_that_cannot_grow(watched: Watched) -> None:
    import resource  # noqa: PLC0415 - Windows has none

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (watched.directory / (FILE + "-wal")).stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1, hard))
    try:
        watched.refusal(insert([1, "a"]))
        time.sleep(0.05)
        (code,) = watched.codes()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert code in ("full", "write_failed")
    watched.wait()
    watched.exec(insert([2, "a"]))


YEAR = 365 * 86_400_000
MINUTE = 60_000


class Clocks:
    """The clocks of the engine: the one on the wall, and one that nobody sets."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.wall = 1_800_000_000_000
        self.running = 0
        patch.setattr(idempotency, "_now", lambda: self.wall)
        patch.setattr(clock, "running_ms", lambda: self.running)

    def pass_(self, ms: int) -> None:
        self.wall += ms
        self.running += ms


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_setting_the_clock_neither_removes_nor_keeps_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    clocks = Clocks(monkeypatch)
    rig = Watched(tmp_path / "data")
    key = {"key": "k", "hash": "0" * 64}
    rig.exec(insert([1, "a"]), idempotency=key)
    clocks.wall += jump
    clocks.pass_(24 * 60 * MINUTE - 1)
    rig.exec(insert([2, "a"]))  # prunes
    assert rig.exec(insert([1, "a"]), idempotency=key).replayed
    rig.engine.close()
    clocks.wall += jump  # time without a worker does not count
    clocks.running = 0
    engine = Engine(tmp_path / "data", "PY", default_extension())
    rig.engine = engine
    assert rig.exec(insert([1, "a"]), idempotency=key).replayed
    clocks.pass_(2 * MINUTE)
    rig.exec(insert([3, "a"]))
    conn = rig.db.conn.db
    assert list(conn.execute("SELECT count(*) FROM _sd_idempotency")) == [(0,)]
    engine.close()


def test_files_of_earlier_versions_get_running_time(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.exec(create_table())
    key = {"key": "k", "hash": "0" * 64}
    rig.exec(insert([1, "a"]), idempotency=key)
    rig.engine.close()
    db = apsw.Connection(str(tmp_path / FILE))
    for table in ("_sd_database", "_sd_idempotency"):
        db.execute(f"ALTER TABLE {table} DROP COLUMN ran")
    db.close()
    rig = Rig(tmp_path)
    assert rig.exec(insert([1, "a"]), idempotency=key).replayed
    rig.engine.close()


def test_a_stored_term_beyond_the_greatest_is_reported_as_it_is(tmp_path: Path) -> None:
    Rig(tmp_path).engine.close()
    db = apsw.Connection(str(tmp_path / STATE_FILE))
    db.execute("UPDATE state SET term = -1")  # 64 bits without a sign, by an earlier version
    db.close()
    rig = Rig(tmp_path)
    assert rig.engine.state().term == 2**64 - 1
    rig.engine.close()


def test_the_suffix_of_a_directory_is_fixed(tmp_path: Path) -> None:
    Rig(tmp_path).engine.close()
    with pytest.raises(ValueError, match="WORKER_DB_SUFFIX=PY"):
        Engine(tmp_path, "Y", default_extension())
    db = apsw.Connection(str(tmp_path / STATE_FILE))
    db.execute("DROP TABLE directory")  # as earlier versions leave it
    db.close()
    with pytest.raises(ValueError, match="SchoolDBPY"):
        Engine(tmp_path, "Y", default_extension())
    Engine(tmp_path, "PY", default_extension()).close()
    with pytest.raises(ValueError, match="WORKER_DB_SUFFIX=PY"):
        Engine(tmp_path, "Y", default_extension())


def test_a_new_database_spares_the_file_of_another(rig: Rig) -> None:
    rig.engine._suffix = ""
    request = requests.db_request(parsed({"db_name": "SCHOOLDBpy", "fence": FENCE}))
    with pytest.raises(Problem) as caught:
        rig.engine.create_db(request)
    assert caught.value.code == "database_exists"


def test_writers_under_load_lose_no_acknowledged_row(watched: Watched) -> None:
    acked: set[int] = set()
    errors: list[str] = []
    moved = threading.Event()

    def write(first: int) -> None:
        for i in range(first, first + 100_000):
            late = moved.is_set()
            try:
                watched.exec(insert([i, "a"]))
            except Problem as err:
                if err.code not in ("storage_failed", "outcome_unknown"):
                    errors.append(str(err))
                return
            if late:
                errors.append(f"row {i} was acknowledged after its file was moved")
                return
            acked.add(i)

    threads = [threading.Thread(target=write, args=(n * 100_000,)) for n in range(4)]
    for thread in threads:
        thread.start()
    while len(acked) < 100:
        time.sleep(0.001)
    move(watched.directory)
    moved.set()
    for thread in threads:
        thread.join()
    watched.engine.close()
    assert errors == []
    rig = Rig(watched.directory.with_suffix(".old"))
    assert acked <= {row[0] for row in rig.query('SELECT "id" FROM "T"', ["INT"])}
    rig.engine.close()


def test_a_term_is_logged_when_it_changes(start: Callable[..., Worker], tmp_path: Path) -> None:
    log = tmp_path / "log"

    def said() -> int:
        return log.read_text("utf-8").count("a master holds the term")

    worker = start()
    claim = {"term": 1, "map_version": 1, "leader": "http://127.0.0.1:1", "shard": "0/1"}
    worker.post("/state", claim)
    worker.post("/state", claim)
    assert said() == 1
    worker.post("/state", {**claim, "term": 2})
    assert said() == 2
    assert worker.stop() == 0
    start().post("/state", {**claim, "term": 2})
    assert said() == 2


def test_failures_are_in_health_and_stats(unwatched: Watched) -> None:
    remove(unwatched.directory)
    unwatched.engine._look()
    state, database = unwatched.engine.failures()
    assert state.db == ""
    assert database.db == "SchoolDB"
    assert set(database.problem()) == {"problem", "code", "since"}
    assert database.document()["path"].endswith(FILE)
