"""Decoding of requests, and the version of a table's definition."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shardeck_worker import requests
from shardeck_worker.definition import table_definition
from shardeck_worker.problem import Problem
from tests.conftest import FENCE, GOLDEN, create_table, insert, parsed


def test_versions_of_definitions() -> None:
    """The vectors were computed by shared/api's TableDef.Version."""
    vectors = json.loads((Path(__file__).parent / "table_versions.json").read_text("utf-8"))
    assert len(vectors) >= 7
    for vector in vectors:
        definition = table_definition(parsed(vector["definition"]))
        assert definition.version == vector["version"], definition.text


@pytest.mark.parametrize("name", ["exec-create-table", "exec-alter-table", "exec-insert"])
def test_golden_exec_requests(name: str) -> None:
    document = json.loads((GOLDEN / "worker" / f"{name}.request.json").read_text("utf-8"))
    assert requests.exec_request(parsed(document)).statements


def test_golden_query_and_state() -> None:
    query = json.loads((GOLDEN / "worker" / "query.request.json").read_text("utf-8"))
    assert requests.query_request(parsed(query)).sql == query["sql"]
    state = json.loads((GOLDEN / "worker" / "state.request.json").read_text("utf-8"))
    assert requests.state_update(parsed(state)).document() == state


@pytest.mark.parametrize("term", [0, 1, 2**53 - 1])
def test_terms_are_exact(term: int) -> None:
    document = {"db_name": "A", "fence": {"term": term, "map_version": 0}}
    assert requests.db_request(parsed(document)).fence.term == term


@pytest.mark.parametrize("term", [-1, 2**53, 2**64 - 1, 2**64, 1.5, 1e3, True, "1", [], {}])
def test_other_terms_are_refused(term: Any) -> None:
    with pytest.raises(Problem) as caught:
        requests.db_request(parsed({"db_name": "A", "fence": {"term": term, "map_version": 0}}))
    assert (caught.value.code, caught.value.field) == ("invalid_field", "fence.term")


def _without(statement: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key != name}


@pytest.mark.parametrize(
    ("statement", "code", "field"),
    [
        (_without(insert([1, "a"]), "rows"), "missing_field", "statements[0].rows"),
        ({**insert([1, "a"]), "rows": {}}, "invalid_field", "statements[0].rows"),
        ({**insert([1, "a"]), "types": [1]}, "invalid_field", "statements[0].types[0]"),
        ({**insert([1, "a"]), "sql": "x" * (1 << 20) + "y"}, "too_complex", "statements[0].sql"),
        ({**create_table(), "effect": "insert"}, "invalid_field", "statements[0].definition"),
        (
            {**create_table(), "definition": {"name": "U", "columns": []}},
            "invalid_field",
            "statements[0].definition.name",
        ),
        (
            {**create_table(), "definition": {"name": "T", "columns": [{"nam": "x"}]}},
            "unknown_field",
            "statements[0].definition.columns[0].nam",
        ),
    ],
)
def test_statements_are_refused_by_field(statement: Any, code: str, field: str) -> None:
    with pytest.raises(Problem) as caught:
        requests.exec_request(parsed({"db_name": "A", "fence": FENCE, "statements": [statement]}))
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize("row", [None, 1, "x", {}, True])
@pytest.mark.parametrize("types", [[], ["INT"]])
def test_rows_are_arrays(row: Any, types: list[str]) -> None:
    statement = {"sql": "DELETE", "table": "T", "effect": "delete", "types": types, "rows": [row]}
    document = {"db_name": "D", "fence": FENCE, "statements": [statement]}
    with pytest.raises(Problem) as caught:
        requests.exec_request(parsed(document))
    assert (caught.value.code, caught.value.field) == ("invalid_field", "statements[0].rows[0]")


def test_an_unknown_name_of_any_length_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shardeck_worker.fields.get_close_matches", lambda *_: pytest.fail("slow"))
    with pytest.raises(Problem) as caught:
        requests.db_request(parsed({"x" * 1000: 1}))
    assert (caught.value.code, caught.value.field) == ("unknown_field", "x" * 200)
