"""The golden samples of values, functions and keys, through the driver and the extension."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shardeck_worker import jsonbody
from shardeck_worker.access import Token
from shardeck_worker.problem import Problem
from shardeck_worker.sqlite.connection import Opener, default_extension
from shardeck_worker.sqlite.values import Values
from tests.conftest import GOLDEN, Rig


def golden(name: str) -> list[dict[str, Any]]:
    """Return samples whose numbers keep their text."""
    samples = jsonbody.parse((GOLDEN / name).read_bytes())
    assert len(samples) >= 3
    return list(samples)


@pytest.fixture
def values() -> Iterator[Values]:
    made = Values(Opener(default_extension()))
    yield made
    made.close()


def test_values(rig: Rig, values: Values) -> None:
    for sample in golden("values.json"):
        refused = sample.get("error")
        try:
            (value,) = values.decode((sample["type"],), [sample["input"]])
        except Problem as problem:
            assert refused, (sample, problem)
            if type(sample["input"]) not in (list, dict):
                assert str(problem.sql_number) == str(refused["number"]), sample
                assert problem.code == refused["code"], sample
            continue
        assert not refused, (sample, value)
        (line,) = rig.lines("SELECT @p1", [sample["type"]], [sample["type"]], [sample["input"]])
        assert line.decode() == f"[{jsonbody.dump(sample['wire'])}]", sample


def test_functions(rig: Rig) -> None:
    for sample in golden("functions.json"):
        params = sample.get("params") or []
        try:
            (line,) = rig.lines(sample["sql"], [sample["column"]], sample.get("types"), params)
        except Problem as problem:
            assert str(problem.sql_number) == str(sample.get("error", 0)), (sample, problem)
        else:
            assert line.decode() == f"[{jsonbody.dump(sample['want'])}]", sample


def test_keys(values: Values) -> None:
    """The canonical keys of numbers, strings and bytes are what SQLite stores, as text."""
    checked = 0
    for sample in golden("keys.json"):
        if "canonical" not in sample or not sample["type"].endswith(("INT", ")")):
            continue
        (value,) = values.decode((sample["type"],), [sample["input"]])
        stored = f"0x{value.hex().upper()}" if isinstance(value, bytes) else str(value).rstrip(" ")
        assert stored == sample["canonical"], sample
        checked += 1
    assert checked > 10


def test_proofs() -> None:
    for sample in golden("proofs.json"):
        proof = Token(sample["secret"]).proof(sample["nonce"], sample["body"].encode())
        assert proof == sample["proof"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("BIGINT", "9007199254740993"),
        ("BIGINT", "-9223372036854775808"),
        ("NVARCHAR(MAX)", '"a\\u0000b\\u0000"'),
        ("NVARCHAR(MAX)", '""'),
        ("VARBINARY(MAX)", '"0x"'),
        ("VARBINARY(MAX)", '"0x00FF00"'),
        ("DECIMAL(38,10)", '"1234567890123456789012345678.0123456789"'),
    ],
)
def test_exact_values_come_back(values: Values, kind: str, text: str) -> None:
    (value,) = values.decode((kind,), jsonbody.parse(f"[{text}]".encode()))
    with values._memory.connection() as db:
        cells = db.execute("SELECT sd_cells(?, ?)", (json.dumps([kind]), value)).get
    wire = f'"{text}"' if kind == "BIGINT" else text  # a string beyond 2^53
    assert json.loads(cells) == json.loads(wire)


def test_many_parameters_of_one_row(values: Values) -> None:
    types = tuple(["INT", "NVARCHAR(9)"] * 900)
    row = [jsonbody.Number(i) if i % 2 == 0 else str(i) for i in range(1800)]
    assert values.decode(types, row) == tuple(i if i % 2 == 0 else str(i) for i in range(1800))
    row[1777] = "too long a text"
    with pytest.raises(Problem) as caught:
        values.decode(types, row)
    assert caught.value.code == "value_too_long"
