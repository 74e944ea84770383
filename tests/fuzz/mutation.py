"""Changes to an input that keep enough of its form to get behind the first check.

They are made to JSON's values, to tokens, and to bytes.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

TOKENS: Final = (
    b"*", b"?", b"${", b"}", b"${*}", b"${aws:username}", b"<region>", b":", b"/", b"-", b"\\", b'"', b"\\u0000",
    b"\\ud800", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b", b"\x00", b"\n", b" ", b"\t", b"{", b"}", b"[", b"]", b",",
    b"null", b"true", b"-1", b"1e999", b"NaN", b"arn:aws:iam::123456789012:role/", b"arn:aws:s3:::", b"assumed-role",
    b"AssumeRole", b'{"eventVersion":"1.', b'"Records":[', b'"Events":[', b'"detail":{', b'"message":"',
    b'"CloudTrailEvent":"',
    b"because no identity-based policy allows the ", b"with an explicit deny in a ", b"is not authorized to perform: ",
    b" on resource: ", b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59", b"2026-02-30", b"_CloudTrail_",
)  # fmt: skip
VALUES: Final = (
    None, True, False, 0, -1, 2**63, 1e308, "", "*", "?", "${", "${aws:username}", "\ud800", "\x00", "\n", "a" * 300,
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z", "arn:aws:iam::123456789012:role/a/b", "arn:aws:s3:::b/*",
    "arn:", "000000000000", "us-east-1", "AccessDenied", [], {}, [None], [[]], {"": ""}, {"omitted": True},
    '{"a": {"b": []}}', ["*"], [{}], {"items": [{"arn": "*"}]},
)  # fmt: skip

_Change = Callable[[bytes, random.Random], bytes]


def mutated(data: bytes, draw: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """`data` with one to four changes."""
    for _ in range(draw.randint(1, 4)):
        if others and draw.random() < 0.05:
            data = _spliced(data, draw.choice(others), draw)
        else:
            (change,) = draw.choices(_CHANGES, _WEIGHTS)
            data = change(data, draw)
    return data


def mutants(corpus: Sequence[bytes], draw: random.Random) -> Iterator[bytes]:
    """Mutations of a corpus without end."""
    while True:
        yield mutated(draw.choice(corpus), draw, corpus)


def _place(data: bytes, draw: random.Random) -> int:
    return draw.randint(0, len(data))


def _spliced(data: bytes, other: bytes, draw: random.Random) -> bytes:
    return data[: _place(data, draw)] + other[_place(other, draw) :]


def with_token(data: bytes, draw: random.Random) -> bytes:
    """One of TOKENS put in, or in the place of what stands there."""
    at = _place(data, draw)
    return data[:at] + draw.choice(TOKENS) * draw.choice((1, 1, 1, 2, 40)) + data[at + draw.choice((0, 0, 1, 8)) :]


def _without(data: bytes, draw: random.Random) -> bytes:
    at = _place(data, draw)
    return data[:at] + data[at + draw.choice((1, 1, 2, 16, len(data))) :]


def _again(data: bytes, draw: random.Random) -> bytes:
    start, end = sorted((_place(data, draw), _place(data, draw)))
    at = _place(data, draw)
    return data[:at] + data[start:end][:4096] + data[at:]


def flipped(data: bytes, draw: random.Random) -> bytes:
    """One bit the other way round."""
    if not data:
        return bytes((draw.randrange(256),))
    at = draw.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << draw.randrange(8),)) + data[at + 1 :]


def _packed(data: bytes, draw: random.Random) -> bytes:
    packed = gzip.compress(data, 1, mtime=0)
    return packed if draw.random() < 0.5 else flipped(packed, draw)


def _revalued(data: bytes, draw: random.Random) -> bytes:
    """One value of the JSON document replaced, removed, or put under another key."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return with_token(data, draw)
    places = _places(document)
    if not places:
        return with_token(data, draw)
    holder, key = draw.choice(places)
    what = draw.randrange(5)
    if what == 0:
        del holder[key]
    elif what == 1:
        other, name = draw.choice(places)
        holder[key] = json.loads(json.dumps(other[name]))
    elif what == 2 and isinstance(holder[key], str):
        text = holder[key]
        at = draw.randint(0, len(text))
        holder[key] = text[:at] + draw.choice(TOKENS).decode("utf-8", "replace") + text[at:]
    else:
        holder[key] = draw.choice(VALUES)
    indent = draw.choice((None, None, None, 1))
    return json.dumps(document, indent=indent, separators=None if indent else (",", ":")).encode()


def _places(document: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - any JSON
    """Each holder of a value, with its key or index there."""
    places: list[tuple[Any, Any]] = []
    rest = [document]
    while rest:
        holder = rest.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            places.append((holder, key))
            rest.append(holder[key])
    return places


_CHANGES: Final[tuple[_Change, ...]] = (_revalued, with_token, _without, _again, flipped, _packed)
_WEIGHTS: Final = (10, 4, 2, 1, 2, 0.3)
