"""What the endpoints require of an engine, and the choice of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from shardeck_worker.requests import DBRequest, ExecRequest, QueryRequest, State

if TYPE_CHECKING:
    from shardeck_worker.call import Call
    from shardeck_worker.config import Config
    from shardeck_worker.storage import Failure


@dataclass(slots=True)
class Outcome:
    """The response to a write."""

    rows_affected: list[int]
    replayed: bool = False


class Rows(Protocol):
    """The rows of a running query, in pieces. It must be closed."""

    count: int
    done: bool

    def read(self) -> bytes:
        """Return complete rows, each with its newline; done says that they are the last."""

    def close(self) -> None:
        """End the query. It may be called again."""


class Engine(Protocol):
    """The databases of a worker. Its methods are for any number of threads.

    Errors whose cause is known are problems.
    """

    name: str
    dialect: str
    version: str

    @property
    def shard(self) -> str:
        """Return the assigned shard from memory: /health waits for no database."""

    def create_db(self, request: DBRequest) -> str: ...
    def drop_db(self, request: DBRequest) -> str: ...
    def exec(self, request: ExecRequest, call: Call) -> Outcome: ...
    def query(self, request: QueryRequest, call: Call) -> Rows: ...
    def stats(self) -> list[dict[str, Any]]: ...

    def failures(self) -> list[Failure]:
        """Return the current failures of the storage from memory, the worst first."""

    def state(self) -> State: ...
    def set_state(self, update: State) -> State: ...
    def close(self) -> None: ...


def data_dir(config: Config, name: str) -> Path:
    """Return where sqlite keeps its files."""
    return Path(config.data_dir or Path("data") / name)


def open_engine(config: Config, name: str) -> Engine:
    """Open the engine that is configured. Only its own modules are imported."""
    if config.engine == "sqlserver":
        from shardeck_worker.sqlserver import engine as sqlserver  # noqa: PLC0415

        try:
            return sqlserver.open_engine(config)
        except Exception as err:
            hint = getattr(err, "hint", "")
            raise RuntimeError(
                f"opening the databases on the server of WORKER_DSN: {err}{hint and f': {hint}'}"
            ) from err
    from shardeck_worker.sqlite import engine as sqlite  # noqa: PLC0415

    directory = data_dir(config, name)
    try:
        return sqlite.Engine(directory, config.db_suffix, config.extension)
    except Exception as err:
        raise RuntimeError(f"opening the databases in {directory}: {err}") from err
