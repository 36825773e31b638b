"""The JSON of requests is strict, and loses nothing."""

from __future__ import annotations

import pytest

from shardeck_worker.jsonbody import Number, dump, parse
from shardeck_worker.problem import Problem


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"{",
        b"{}{}",
        b'{"a":1,}',
        b"[NaN]",
        b"[Infinity]",
        b"[-Infinity]",
        b"[01]",
        b"[+1]",
        b"[1.]",
        b"[.5]",
        b"[0x1]",
        b"['a']",
        b'["a\nb"]',
        b'["\\x41"]',
        b'["\xff"]',
        b'["\xed\xa0\x80"]',
        b'["\\ud800"]',
        b'["\\udc00\\ud800"]',
        b'{"\\udfff":1}',
        b'\xef\xbb\xbf{"a":1}',
        b"{\x00}",
        '"a"'.encode("utf-16"),
        b"[" * 100_000 + b"]" * 100_000,
        b'["\\ud83d\\ude00",' + b"[" * 900 + b'"\\ud800"' + b"]" * 901,
        b'{"a":' * 50_000,
    ],
)
def test_invalid(body: bytes) -> None:
    with pytest.raises(Problem) as caught:
        parse(body)
    assert caught.value.code == "invalid_json"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"a":1,"a":2}', "a"),
        ('{"a":{"b":[{},{"c":1,"c":1}]}}', "a.b[1].c"),
        ('{"rows":[[1],{"\\u0061":1,"a":1}]}', "rows[1].a"),
        ('{"a":1,"b":{"a":1},"\\u0061":2}', "a"),
    ],
)
def test_repeated_members_are_refused_by_path(body: str, field: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(body.encode())
    assert (caught.value.code, caught.value.field) == ("invalid_field", field)


def test_a_repeated_member_in_a_body_that_is_too_deep_does_not_crash() -> None:
    with pytest.raises(Problem):
        parse(b'[{"a":1,"a":2},' + b"[" * 100_000)


@pytest.mark.parametrize(
    "number", ["1", "-0", "1.0", "1E400", "9223372036854775808", "0.10", "1e-7", "9" * 5000]
)
def test_numbers_keep_their_text(number: str) -> None:
    (value,) = parse(f"[{number}]".encode())
    assert type(value) is Number
    assert dump(value) == number


def test_dump_gives_the_same_json() -> None:
    body = '{"a":[1.50,"\\u0000\\ud83d\\ude00\\"\\\\é",null,true,false,{}]}'
    assert dump(parse(body.encode())) == '{"a":[1.50,"\\u0000😀\\"\\\\é",null,true,false,{}]}'
