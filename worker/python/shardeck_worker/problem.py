"""Errors as sent to masters: RFC 9457 problem documents (shared/api/problem.go)."""

from __future__ import annotations

import json
from typing import Any

# The codes that a worker sends, with their HTTP status and title.
CODES: dict[str, tuple[int, str]] = {
    "invalid_json": (400, "The body is not valid JSON"),
    "body_too_large": (413, "The body is too large"),
    "unsupported_media_type": (415, "The body is not declared as JSON"),
    "missing_field": (400, "A required field is missing"),
    "unknown_field": (400, "The request has an unknown field"),
    "invalid_field": (400, "A field has an invalid value"),
    "invalid_identifier": (400, "A name is not a valid identifier"),
    "syntax_error": (400, "The SQL text cannot be parsed"),
    "unsupported": (400, "This is not supported"),
    "too_complex": (400, "The request is too large or too deep"),
    "unknown_database": (404, "The database does not exist"),
    "unknown_table": (404, "The table does not exist"),
    "unknown_column": (400, "The column does not exist"),
    "database_exists": (409, "The database already exists"),
    "table_exists": (409, "The table already exists"),
    "idempotency_mismatch": (422, "The Idempotency-Key was used for another request"),
    "not_found": (404, "The path does not exist"),
    "method_not_allowed": (405, "The method is not allowed for this path"),
    "unauthorized": (401, "The token is missing or wrong"),
    "forbidden": (403, "This request is not allowed"),
    "duplicate_key": (409, "A row with this key already exists"),
    "null_violation": (422, "A column cannot be NULL"),
    "value_too_long": (422, "A value is too long for its column"),
    "out_of_range": (422, "A value is out of its type's range"),
    "conversion_failed": (422, "A value cannot be converted to its type"),
    "divide_by_zero": (422, "Division by zero"),
    "stale_term": (409, "A newer primary has taken over"),
    "stale_map": (409, "The slot map has changed"),
    "stale_schema": (409, "The table's definition has changed"),
    "wrong_shard": (409, "The worker holds a different shard"),
    "shard_unavailable": (503, "A shard cannot be reached"),
    "storage_failed": (503, "A worker's storage has failed"),
    "shard_timeout": (504, "A shard did not answer in time"),
    "overloaded": (503, "Too many requests are in progress"),
    "canceled": (499, "The request was cancelled"),
    "outcome_unknown": (504, "The outcome of the write is unknown"),
    "internal": (500, "Internal error"),
}

# SQL Server's error numbers for refused values.
NUMBER_CODES: dict[int, str] = {
    2627: "duplicate_key",
    2601: "duplicate_key",
    515: "null_violation",
    2628: "value_too_long",
    8152: "value_too_long",
    8115: "out_of_range",
    220: "out_of_range",
    232: "out_of_range",
    241: "conversion_failed",
    245: "conversion_failed",
    8114: "conversion_failed",
    8169: "conversion_failed",
    8134: "divide_by_zero",
    537: "out_of_range",
    1946: "value_too_long",
    511: "value_too_long",
}


class Problem(Exception):
    """An error whose cause is known. The detail says what happened, the hint what to do next."""

    def __init__(
        self,
        code: str,
        detail: str,
        hint: str = "",
        *,
        field: str = "",
        sql_number: int = 0,
        column: str = "",
        row: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.hint = hint
        self.field = field
        self.sql_number = sql_number
        self.column = column
        self.row = row
        # The stored fence and its leader, with stale_term and stale_map.
        self.term = self.map_version = 0
        self.primary = ""

    @property
    def status(self) -> int:
        return CODES[self.code][0]

    def document(self, request_id: str) -> bytes:
        """Return the JSON of the problem, without members that are empty."""
        members: dict[str, object] = {
            "type": "urn:shardeck:problem:" + self.code,
            "title": CODES[self.code][1],
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        optional: dict[str, object] = {
            "hint": self.hint,
            "request_id": request_id,
            "field": self.field,
            "sql_number": self.sql_number,
            "column": self.column,
            "primary": self.primary,
            "term": self.term,
            "map_version": self.map_version,
        }
        members.update((name, value) for name, value in optional.items() if value)
        if self.row is not None:
            members["row"] = self.row
        return json.dumps(members).encode()


def numbered(number: int, detail: str, hint: str = "", *, column: str = "") -> Problem:
    """Return the problem for SQL Server's error number."""
    code = NUMBER_CODES.get(number, "out_of_range")
    return Problem(code, detail, hint, sql_number=number, column=column)


def internal() -> Problem:
    return Problem(
        "internal", "an unexpected error occurred; see the service's log for this request_id"
    )


def closed() -> Problem:
    return Problem(
        "shard_unavailable", "the worker is shutting down", "send the request again once it is back"
    )


def canceled() -> Problem:
    return Problem("canceled", "the client disconnected before the response was ready")


def not_begun() -> Problem:
    return Problem(
        "overloaded",
        "the write did not begin in time; nothing was done",
        "send it again, or allow more time",
    )


def unknown_database(name: str) -> Problem:
    return Problem(
        "unknown_database",
        f"database {name} does not exist here",
        "create it first, or check the name",
        field="db_name",
    )


def unknown_table(name: str) -> Problem:
    return Problem(
        "unknown_table",
        f"table {name} does not exist here",
        "create it first, or check the name",
        field="table",
    )


def from_document(document: dict[str, Any]) -> Problem:
    """Return the problem that a document describes."""
    problem = Problem(
        document["code"],
        document["detail"],
        document.get("hint", ""),
        field=document.get("field", ""),
        sql_number=document.get("sql_number", 0),
        column=document.get("column", ""),
        row=document.get("row"),
    )
    problem.term = document.get("term", 0)
    problem.map_version = document.get("map_version", 0)
    problem.primary = document.get("primary", "")
    return problem
