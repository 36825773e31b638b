"""The requests of the worker contract, decoded and checked (worker/service/check.go)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from shardeck_worker.definition import Definition, table_definition
from shardeck_worker.fields import Fields, check_identifier, invalid, missing
from shardeck_worker.limits import (
    MAX_PARAMS,
    MAX_SQL,
    MAX_STATEMENTS,
    MAX_TIMEOUT_MS,
)
from shardeck_worker.problem import Problem

_UINT64 = (1 << 64) - 1
_MAX_TERM = (1 << 53) - 1
_INT64 = (1 << 63) - 1
_HASH = re.compile(r"[0-9a-f]{64}")
_URL = re.compile(r"https?://(?:[^\x00-\x20\x7f\\\"<>^`{|}%]|%[0-9a-fA-F]{2})+", re.IGNORECASE)
_SHARD = re.compile(r"([0-9]{1,5})/([0-9]{1,5})")

EFFECTS = frozenset(
    {"insert", "update", "delete", "create_table", "drop_table", "create_index", "alter_table"}
)


@dataclass(frozen=True, slots=True)
class Fence:
    term: int
    map_version: int


@dataclass(frozen=True, slots=True)
class State:
    """A worker's state: the fence, the master that acquired it, and the assigned shard."""

    term: int = 0
    map_version: int = 0
    leader: str = ""
    shard: str = ""

    def document(self) -> dict[str, object]:
        return {
            "term": self.term,
            "map_version": self.map_version,
            "leader": self.leader,
            "shard": self.shard,
        }


@dataclass(frozen=True, slots=True)
class DBRequest:
    db: str
    fence: Fence


@dataclass(frozen=True, slots=True)
class Idempotency:
    key: str
    hash: str


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    table: str
    schema_version: str
    effect: str
    types: tuple[str, ...]
    columns: tuple[str, ...]
    rows: list[Any]
    definition: Definition | None

    @property
    def is_ddl(self) -> bool:
        return self.effect in ("create_table", "drop_table", "alter_table")


@dataclass(frozen=True, slots=True)
class ExecRequest:
    db: str
    fence: Fence
    idempotency: Idempotency | None
    statements: list[Statement]
    timeout_ms: int
    body: bytes = b""  # as it was sent, for an engine that passes it on


@dataclass(frozen=True, slots=True)
class QueryRequest:
    db: str
    sql: str
    types: tuple[str, ...]
    params: Any
    result_types: tuple[str, ...]
    schemas: dict[str, str]
    timeout_ms: int
    body: bytes = b""


_FENCE = frozenset({"term", "map_version"})
_DB = frozenset({"db_name", "fence"})
_EXEC = _DB | {"idempotency", "statements", "timeout_ms"}
_IDEMPOTENCY = frozenset({"key", "hash"})
_STATEMENT = frozenset(
    {"sql", "table", "schema_version", "effect", "types", "columns", "rows", "definition"}
)
_QUERY = frozenset({"db_name", "sql", "types", "params", "result_types", "schemas", "timeout_ms"})
_STATE = _FENCE | {"leader", "shard"}


def _fence(fields: Fields) -> Fence:
    value = fields.members.get("fence")
    if value is None:
        raise missing(fields.path("fence"))
    inner = Fields(value, fields.path("fence"), _FENCE)
    return Fence(inner.integer("term", 0, _MAX_TERM), inner.integer("map_version", 0, _UINT64))


def _timeout(fields: Fields) -> int:
    ms = fields.integer("timeout_ms", -_INT64 - 1, _INT64)
    if not 0 <= ms <= MAX_TIMEOUT_MS:
        raise invalid("timeout_ms", f"must be from 0 to {MAX_TIMEOUT_MS}")
    return ms


def _db_name(fields: Fields) -> str:
    name = fields.text("db_name")
    check_identifier("db_name", name)
    return name


def db_request(value: Any) -> DBRequest:
    fields = Fields(value, "", _DB)
    return DBRequest(_db_name(fields), _fence(fields))


def exec_request(value: Any, body: bytes = b"") -> ExecRequest:
    fields = Fields(value, "", _EXEC)
    db, fence, timeout = _db_name(fields), _fence(fields), _timeout(fields)
    idempotency = None
    if (given := fields.members.get("idempotency")) is not None:
        inner = Fields(given, "idempotency", _IDEMPOTENCY)
        idempotency = Idempotency(inner.text("key"), inner.text("hash"))
        if not 1 <= len(idempotency.key.encode()) <= 255:
            raise invalid("idempotency.key", "must have 1 to 255 bytes")
        if not _HASH.fullmatch(idempotency.hash):
            raise invalid("idempotency.hash", "must be a SHA-256 in lower-case hexadecimal")
    statements = [_statement(path, element) for path, element in fields.elements("statements")]
    if not statements and idempotency is None:
        raise missing("statements")
    if len(statements) > MAX_STATEMENTS:
        raise invalid("statements", f"must be 1 to {MAX_STATEMENTS}, not {len(statements)}")
    effects = {statement.effect for statement in statements}
    if "alter_table" in effects and len(effects) > 1:
        raise invalid("statements", "must not have alter_table beside other effects")
    return ExecRequest(db, fence, idempotency, statements, timeout, body)


def _statement(path: str, value: Any) -> Statement:
    fields = Fields(value, path, _STATEMENT)
    definition = fields.members.get("definition")
    statement = Statement(
        sql=fields.text("sql"),
        table=fields.text("table"),
        schema_version=fields.text("schema_version"),
        effect=fields.text("effect"),
        types=fields.texts("types"),
        columns=fields.texts("columns"),
        rows=fields.array("rows"),
        definition=None if definition is None else table_definition(definition, path),
    )
    if not statement.sql:
        raise missing(fields.path("sql"))
    check_identifier(fields.path("table"), statement.table)
    _check_effect(fields, statement)
    if len(statement.sql.encode()) > MAX_SQL or len(statement.types) > MAX_PARAMS:
        raise Problem(
            "too_complex",
            f"a statement has at most {MAX_SQL} bytes and {MAX_PARAMS} parameters",
            field=fields.path("sql"),
        )
    for i, row in enumerate(statement.rows):
        if type(row) is not list:
            raise invalid(fields.path(f"rows[{i}]"), "must be an array of values")
    if statement.types and not statement.rows:
        raise Problem(
            "missing_field",
            "the statement has parameters but no rows of values",
            field=fields.path("rows"),
        )
    return statement


def _check_effect(fields: Fields, statement: Statement) -> None:
    if statement.effect == "insert":
        if len(statement.columns) != len(statement.types):
            raise invalid(
                fields.path("columns"), "must name the column of each parameter of the insert"
            )
    elif statement.columns:
        raise invalid(fields.path("columns"), "is only allowed with insert")
    if not statement.effect:
        raise missing(fields.path("effect"))
    if statement.effect not in EFFECTS:
        raise invalid(
            fields.path("effect"),
            "must be insert, update, delete, create_table, drop_table, create_index or alter_table",
        )
    _check_definition(fields, statement)


def _check_definition(fields: Fields, statement: Statement) -> None:
    definition = statement.definition
    if statement.effect not in ("create_table", "alter_table"):
        if definition is not None:
            raise invalid(
                fields.path("definition"), "is only allowed with create_table and alter_table"
            )
    elif definition is None:
        raise missing(fields.path("definition"))
    elif definition.name.lower() != statement.table.lower():
        raise invalid(fields.path("definition.name"), "must match the table's name")
    elif not definition.members["columns"]:
        raise missing(fields.path("definition.columns"))


def query_request(value: Any, body: bytes = b"") -> QueryRequest:
    fields = Fields(value, "", _QUERY)
    request = QueryRequest(
        db=_db_name(fields),
        sql=fields.text("sql"),
        types=fields.texts("types"),
        params=fields.members.get("params"),
        result_types=fields.texts("result_types"),
        schemas=fields.texts_by_name("schemas"),
        timeout_ms=_timeout(fields),
        body=body,
    )
    if not request.sql:
        raise missing("sql")
    if not request.result_types:
        raise missing("result_types")
    if len(request.sql.encode()) > MAX_SQL or len(request.types) > MAX_PARAMS:
        raise Problem(
            "too_complex",
            f"a query has at most {MAX_SQL} bytes and {MAX_PARAMS} parameters",
            field="sql",
        )
    return request


def state_update(value: Any) -> State:
    fields = Fields(value, "", _STATE)
    state = State(
        fields.integer("term", 0, _MAX_TERM),
        fields.integer("map_version", 0, _UINT64),
        fields.text("leader"),
        fields.text("shard"),
    )
    if state.term == 0:
        raise invalid("term", "must be 1 or more: terms start at 1")
    if not state.leader:
        raise missing("leader")
    if not _is_base_url(state.leader):
        raise invalid("leader", "must be the base URL of the master that acquires the term")
    if not state.shard:
        raise missing("shard")
    shard = _SHARD.fullmatch(state.shard)
    if not shard or not int(shard[1]) < int(shard[2]) <= 0xFFFF:
        raise invalid(
            "shard", 'must be the shard\'s number and the number of shards, such as "0/3"'
        )
    return state


def _is_base_url(text: str) -> bool:
    # urlsplit ignores some control characters and accepts most others.
    if not _URL.fullmatch(text) or len(text.encode()) > 1000:
        return False
    try:
        url = urlsplit(text)
        _ = url.port  # which is checked only here
        return bool(url.hostname)
    except ValueError:
        return False
