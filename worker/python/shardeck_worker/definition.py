"""Definitions of tables, and the version that identifies one on all shards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from shardeck_worker.fields import Fields, texts

_TABLE = frozenset({"name", "columns", "primary_key", "unique", "shard_key", "distribution"})
_COLUMN = frozenset({"name", "type", "nullable", "default"})


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
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    version = sha256(text.encode()).hexdigest()[:16]
    return Definition(members["name"], members, text, version)
