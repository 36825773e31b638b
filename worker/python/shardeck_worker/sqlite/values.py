"""The values of parameters: from their wire form to what SQLite stores.

The conversion itself is the extension's sd_decode, on connections without a file, so that it
costs the writer's connection nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import chain
from typing import Any

import apsw

from shardeck_worker.jsonbody import dump
from shardeck_worker.problem import Problem
from shardeck_worker.requests import ExecRequest, Statement
from shardeck_worker.sqlite.connection import Memory, Opener, Value
from shardeck_worker.sqlite.errors import value_problem

Row = tuple[Value, ...]

_KNOWN = 1024  # names of types, and of lists of types, that are remembered
_LONGEST = 100  # characters of a type's name that is remembered
_CHUNK = 500  # values that one SELECT decodes; SQLite allows 2,000 columns


class Values:
    """Decodes values and checks the names of types. It is for any number of threads."""

    def __init__(self, opener: Opener) -> None:
        self._memory = Memory(opener)
        self._types: OrderedDict[str, str] = OrderedDict()
        self._lists: OrderedDict[tuple[str, ...], list[tuple[slice, str]]] = OrderedDict()

    def close(self) -> None:
        self._memory.close()

    def type_names(self, names: tuple[str, ...], field: str) -> list[str]:
        """Return the canonical names of types, or refuse the first that is not one."""
        return [self._type(name, f"{field}[{i}]") for i, name in enumerate(names)]

    def _type(self, name: str, field: str) -> str:
        known = self._types.get(name)
        if known is None:
            with self._memory.connection() as db:
                try:
                    known = db.execute("SELECT sd_type(?)", (name,)).get
                except apsw.Error as err:
                    problem = value_problem(err)
                    if problem is None:
                        raise
                    problem.field = field
                    raise problem from None
            if len(name) <= _LONGEST:
                _remember(self._types, name, known)
        return known

    def _selects(self, types: tuple[str, ...], field: str) -> list[tuple[slice, str]]:
        """Return the statements that decode a row, each with the part of the row it takes."""
        known = self._lists.get(types)
        if known is None:
            names = self.type_names(types, field)
            known = []
            for at in range(0, len(names), _CHUNK):
                part = names[at : at + _CHUNK]
                calls = ", ".join(f"sd_decode(?{i}, '{name}')" for i, name in enumerate(part, 1))
                known.append((slice(at, at + len(part)), "SELECT " + calls))
            _remember(self._lists, types, known)
        return known

    def decode(self, types: tuple[str, ...], row: Any, field: str = "types") -> Row:
        """Decode one row of parameters."""
        selects = self._selects(types, field)
        texts = _texts(row, len(types))
        decoded: Row = ()
        if not selects:
            return decoded
        with self._memory.connection() as db:
            try:
                for part, sql in selects:
                    decoded += next(db.execute(sql, texts[part]))
            except apsw.Error as err:
                raise value_problem(err) or err from None
        return decoded

    def decode_statement(self, request: ExecRequest, index: int) -> list[Row]:
        """Decode all rows of a statement; a refusal says where the value is."""
        statement = request.statements[index]
        field = f"statements[{index}].types"
        selects = self._selects(statement.types, field)
        if not statement.types:
            return [()]
        texts: list[tuple[str, ...]] = []
        rows: list[Row] = []
        try:
            texts.extend(_texts(row, len(statement.types)) for row in statement.rows)
        except Problem as problem:
            raise located(problem, statement, index, len(texts)) from None
        try:
            with self._memory.connection() as db:
                if len(selects) == 1:
                    rows.extend(db.executemany(selects[0][1], texts))
                else:
                    for text in texts:
                        parts = (next(db.execute(sql, text[part])) for part, sql in selects)
                        rows.append(tuple(chain.from_iterable(parts)))
        except apsw.Error as err:
            raise self._located(err, statement, index, len(rows)) from None
        return rows

    def _located(self, err: apsw.Error, statement: Statement, index: int, row: int) -> Exception:
        """Find the value of a row that is refused, and say where it is."""
        for at, value in enumerate(statement.rows[row]):
            try:
                self.decode(statement.types[at : at + 1], [value])
            except Problem as problem:
                return located(problem, statement, index, row, at)
        return err


def _texts(row: Any, count: int) -> tuple[str, ...]:
    """Return the JSON texts of a row's values."""
    if row is None and count == 0:
        return ()
    if type(row) is not list or any(type(value) in (list, dict) for value in row):
        raise Problem("invalid_field", "a row of parameters is not a JSON array of plain values")
    if len(row) != count:
        raise Problem(
            "invalid_field",
            f"a row of parameters has {len(row)} values; the statement has {count} types",
            "send one value for each type",
        )
    return tuple(map(dump, row))


def located(
    problem: Problem, statement: Statement, index: int, row: int, value: int = -1
) -> Problem:
    """Add to a problem the statement, row and value where it occurred."""
    in_row = bool(statement.types) and (problem.sql_number or value >= 0)
    if not problem.field:
        problem.field = f"statements[{index}]"
        if in_row:
            problem.field += f".rows[{row}]"
        if in_row and value >= 0:
            problem.field += f"[{value}]"
    if in_row:
        if problem.row is None:
            problem.row = row
        if not problem.column and 0 <= value < len(statement.columns):
            problem.column = statement.columns[value]
    return problem


def _remember(cache: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    cache[key] = value
    if len(cache) > _KNOWN:
        cache.popitem(last=False)
