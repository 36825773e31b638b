"""Reading the members of a JSON object, with the path of what is wrong in every refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from shardeck_worker.jsonbody import Number
from shardeck_worker.limits import MAX_IDENTIFIER
from shardeck_worker.problem import Problem

_WHOLE = re.compile(r"-?[0-9]{1,20}")
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def missing(field: str) -> Problem:
    return Problem(
        "missing_field",
        f"{field} is missing or empty",
        "see worker-openapi.yaml for the required fields",
        field=field,
    )


def invalid(field: str, rule: str) -> Problem:
    return Problem("invalid_field", f"{field} {rule}", field=field)


def check_identifier(field: str, name: str) -> None:
    """Refuse what is not a valid database or table name."""
    if not name:
        raise missing(field)
    if len(name) > MAX_IDENTIFIER:
        raise Problem(
            "invalid_identifier",
            f"{field} is longer than {MAX_IDENTIFIER} bytes",
            "choose a shorter name",
            field=field,
        )
    if not _IDENTIFIER.fullmatch(name):
        raise Problem(
            "invalid_identifier",
            f"{field} has an invalid character",
            "use an ASCII letter, then ASCII letters, digits and underscores",
            field=field,
        )


def _wrong_type(path: str, value: Any) -> Problem:
    kinds: dict[type, str] = {
        str: "a string",
        Number: "a number",
        list: "an array",
        dict: "an object",
    }
    kind = kinds.get(type(value), "null" if value is None else "a boolean")
    return Problem(
        "invalid_field",
        f"{path or 'the body'} is {kind}, which is not allowed here",
        "see worker-openapi.yaml for the type of each field",
        field=path,
    )


def array(value: Any, path: str) -> list[Any]:
    """Return an array as it is; null is an empty one."""
    if value is None:
        return []
    if type(value) is not list:
        raise _wrong_type(path, value)
    return value


def texts(value: Any, path: str) -> tuple[str, ...]:
    """Return an array of strings."""
    elements = array(value, path)
    for i, element in enumerate(elements):
        if type(element) is not str and element is not None:
            raise _wrong_type(f"{path}[{i}]", element)
    return tuple(element or "" for element in elements)


class Fields:
    """The members of an object. A member that is null counts as absent."""

    def __init__(self, value: Any, path: str, names: frozenset[str]) -> None:
        if type(value) is not dict:
            raise _wrong_type(path, value)
        self.members: dict[str, Any] = value
        self.prefix = path + "." if path else ""
        if not value.keys() <= names:
            self._refuse(next(name for name in value if name not in names), names)

    def _refuse(self, name: str, names: frozenset[str]) -> None:
        # A name of any length may be sent; looking for similar ones takes time and memory.
        near = get_close_matches(name, names, 3) if len(name) <= MAX_IDENTIFIER else []
        hint = "remove it, or see worker-openapi.yaml for the known fields"
        path = self.path(name)[:200]
        raise Problem(
            "unknown_field",
            f"{path} is not a field of this request",
            f"did you mean {' or '.join(near)}?" if near else hint,
            field=path,
        )

    def path(self, name: str) -> str:
        return self.prefix + name

    def text(self, name: str) -> str:
        value = self.members.get(name)
        if value is None:
            return ""
        if type(value) is not str:
            raise _wrong_type(self.path(name), value)
        return value

    def flag(self, name: str) -> bool:
        value = self.members.get(name)
        if value is not None and type(value) is not bool:
            raise _wrong_type(self.path(name), value)
        return bool(value)

    def integer(self, name: str, least: int, most: int) -> int:
        """Return an integer that is written as one; 0 if it is absent."""
        value = self.members.get(name)
        if value is None:
            return 0
        if type(value) is not Number:
            raise _wrong_type(self.path(name), value)
        if not _WHOLE.fullmatch(value) or not least <= int(value) <= most:
            raise invalid(self.path(name), f"must be a whole number from {least} to {most}")
        return int(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings."""
        return texts(self.members.get(name), self.path(name))

    def elements(self, name: str) -> Iterator[tuple[str, Any]]:
        """Yield the elements of an array with their paths."""
        for i, element in enumerate(self.array(name)):
            yield f"{self.path(name)}[{i}]", element

    def array(self, name: str) -> list[Any]:
        """Return an array whose elements are checked later."""
        return array(self.members.get(name), self.path(name))

    def texts_by_name(self, name: str) -> dict[str, str]:
        value = self.members.get(name)
        if value is None:
            return {}
        if type(value) is not dict:
            raise _wrong_type(self.path(name), value)
        for key, text in value.items():
            if type(text) is not str:
                raise _wrong_type(f"{self.path(name)}.{key}"[:200], text)
        return value
