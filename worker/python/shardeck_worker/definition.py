"""Definitions of tables, and the version that identifies one on all shards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from shardeck_worker.fields import Fields, texts

_TABLE = frozenset(
    {"name", "columns", "primary_key", "unique", "shard_key", "distribution", "indexes"}
)
_COLUMN = frozenset({"name", "type", "nullable", "default"})
_INDEX = frozenset({"name", "columns"})
_INDEX_COLUMN = frozenset({"name", "descending"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A table's definition: its JSON members without those that are empty, and its version."""

    name: str
    members: dict[str, Any]
    text: str
    version: str


def table_definition(value: Any, path: str = "") -> Definition:
    """Decode a table's definition and compute its version, as shared/api/table.go does."""
    where = f"{path}.definition" if path else "definition"
    fields = Fields(value, where, _TABLE)
    columns = []
    for at, element in fields.elements("columns"):
        inner = Fields(element, at, _COLUMN)
        column: dict[str, Any] = {
            "name": inner.text("name"),
            "type": inner.text("type"),
            "nullable": inner.flag("nullable"),
        }
        if default := inner.text("default"):
            column["default"] = default
        columns.append(column)
    members: dict[str, Any] = {"name": fields.text("name"), "columns": columns}
    if key := fields.texts("primary_key"):
        members["primary_key"] = list(key)
    if unique := [list(texts(element, at)) for at, element in fields.elements("unique")]:
        members["unique"] = unique
    if shard_key := fields.text("shard_key"):
        members["shard_key"] = shard_key
    if distribution := fields.text("distribution"):
        members["distribution"] = distribution
    # The version is that of the definition without its indexes.
    version = sha256(_text(members).encode()).hexdigest()[:16]
    if indexes := [_index(element, at) for at, element in fields.elements("indexes")]:
        members["indexes"] = indexes
    return Definition(members["name"], members, _text(members), version)


def _text(members: dict[str, Any]) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def _index(value: Any, path: str) -> dict[str, Any]:
    fields = Fields(value, path, _INDEX)
    columns = []
    for at, element in fields.elements("columns"):
        inner = Fields(element, at, _INDEX_COLUMN)
        column: dict[str, Any] = {"name": inner.text("name")}
        if inner.flag("descending"):
            column["descending"] = True
        columns.append(column)
    return {"name": fields.text("name"), "columns": columns}
