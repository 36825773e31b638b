"""Strict JSON: one value in UTF-8, each member once, numbers as they were written.

The standard library's parser accepts more (NaN, lone surrogates, repeated members) and turns
numbers into floats; this module refuses the former and keeps a number's text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from json.encoder import encode_basestring
from typing import Any

from shardeck_worker.problem import Problem

HINT = "send one JSON object in UTF-8"


class Number(str):
    """The source text of a JSON number."""

    __slots__ = ()


class _Duplicate(Exception):
    pass


class _Members(list[tuple[str, Any]]):
    """An object's members as they were sent, repeated ones included."""


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse(body: bytes) -> Any:
    """Return the value of a request's body; numbers are of type Number."""
    try:
        text = body.decode()
    except UnicodeDecodeError as err:
        raise _invalid(err.start, "it is not UTF-8") from None
    if not text.strip(" \t\r\n"):
        raise Problem("invalid_json", "the body is empty or ends too soon", HINT)
    try:
        value = _DECODER.decode(text)
    except _Duplicate:
        raise _duplicate(text) from None
    except json.JSONDecodeError as err:
        raise _invalid(len(text[: err.pos].encode()), err.msg) from None
    except RecursionError:
        raise Problem("invalid_json", "the body is nested too deeply", HINT) from None
    if _SURROGATE.search(body) and not all(_is_unicode(s) for s in _strings(value)):
        raise Problem("invalid_json", "the body has half of a surrogate pair in a string", HINT)
    return value


def _strings(value: Any) -> Iterator[str]:
    """Yield all strings in a value, which may be nested as deeply as the parser allows."""
    rest = [value]
    while rest:
        value = rest.pop()
        if type(value) is dict:
            yield from value
            rest.extend(value.values())
        elif type(value) is list:
            rest.extend(value)
        elif type(value) is str:
            yield value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def dump(value: Any) -> str:
    """Return the JSON text of a parsed value, with its numbers as they were sent."""
    kind = type(value)
    if kind is Number:
        return str(value)
    if kind is str:
        return encode_basestring(value)
    if kind is list:
        return "[" + ",".join(map(dump, value)) + "]"
    if kind is dict:
        return "{" + ",".join(f"{encode_basestring(k)}:{dump(v)}" for k, v in value.items()) + "}"
    return "null" if value is None else "true" if value else "false"


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise _Duplicate
    return value


def _no_constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is not a JSON value", "", 0)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=Number,
    parse_float=Number,
    parse_constant=_no_constant,
)
_DECODER_OF_MEMBERS = json.JSONDecoder(
    object_pairs_hook=_Members, parse_int=Number, parse_float=Number, parse_constant=_no_constant
)


def _invalid(offset: int, reason: str) -> Problem:
    return Problem("invalid_json", f"the body is not valid JSON at byte {offset}: {reason}", HINT)


def _duplicate(text: str) -> Problem:
    """Find the first repeated member, which costs a second pass that only refusals pay for."""
    try:
        path = _find_duplicate(_DECODER_OF_MEMBERS.decode(text), "")
    except json.JSONDecodeError as err:
        return _invalid(len(text[: err.pos].encode()), err.msg)
    except RecursionError:
        return Problem("invalid_json", "the body is nested too deeply", HINT)
    path = (path or "a field")[:200]
    return Problem(
        "invalid_field", f"{path} appears more than once", "send each field once", field=path
    )


def _find_duplicate(value: Any, path: str) -> str | None:
    if isinstance(value, _Members):
        seen: set[str] = set()
        for name, member in value:
            inner = f"{path}.{name}" if path else name
            if name in seen:
                return inner.encode(errors="replace").decode()
            seen.add(name)
            if found := _find_duplicate(member, inner):
                return found
    elif isinstance(value, list):
        for i, element in enumerate(value):
            if found := _find_duplicate(element, f"{path}[{i}]"):
                return found
    return None
