"""Changes to an input that keep enough of its form to get behind the first check.

They are made to JSON's values, to tokens, and to bytes.
"""

from __future__ import annotations

import functools
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

TEXTS: Final = tuple(token.decode("utf-8", "surrogateescape") for token in TOKENS)

Json = Any
"""What a JSON text holds."""
Path = tuple[Any, ...]
"""Keys and indexes that lead to a value."""

_Change = Callable[[bytes, random.Random], bytes]


DEEPEST: Final = 12
"""How deep the values stand that are changed: the paths of all, in a document of nothing but brackets, fill memory."""


class Document:
    """A JSON document to mutate, and the paths of the values in it, down to DEEPEST."""

    def __init__(self, content: Json) -> None:
        self.content = content
        self.paths = list(_paths(content))
        self._below: dict[str, list[Path]] = {}

    def below(self, name: str) -> list[Path]:
        """The paths of the values under an outermost key."""
        if name not in self._below:
            self._below[name] = [path for path in self.paths if path[0] == name and len(path) > 1]
        return self._below[name]


def _paths(value: Json, path: Path = ()) -> Iterator[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        if len(path) < DEEPEST:
            yield from _paths(item, (*path, key))


def changed(content: Json, path: Path, new: Callable[[Json], Json], draw: random.Random) -> Json:
    """A document with one value replaced, removed or renamed, if it is still there; the rest of it is shared."""
    if not path:
        return new(content)
    if not isinstance(content, dict | list):
        return content
    copy, key = content.copy(), path[0]
    what = draw.random() if len(path) == 1 else 1.0  # only the value itself goes, or gets another name
    try:
        if what < 0.1:
            del copy[key]
        elif what < 0.15 and isinstance(copy, dict):
            copy[draw.choice(TEXTS)] = copy.pop(key)
        else:
            copy[key] = changed(copy[key], path[1:], new, draw)
    except (KeyError, IndexError, TypeError):
        return content
    return copy


def new_value(value: Json, elsewhere: Callable[[Json], Json], draw: random.Random) -> Json:
    """What becomes of a value: what stands elsewhere, a text with a token in it, or anything."""
    what = draw.randrange(5)
    if what < 2:
        return elsewhere(value)
    if what == 2:
        token = draw.choice(TEXTS)
        return _inserted(value, token, draw) if isinstance(value, str) else token
    return draw.choice(VALUES)


def at(content: Json, path: Path, otherwise: Json = None) -> Json:
    """What stands at a path of a document."""
    for key in path:
        try:
            content = content[key]
        except (KeyError, IndexError, TypeError):
            return otherwise
    return content


def _inserted(text: str, token: str, draw: random.Random) -> str:
    place = draw.randint(0, len(text))
    return text[:place] + token + text[place:]


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
    document = _document(data)
    if document is None or not document.paths:
        return with_token(data, draw)

    def new(value: Json) -> Json:
        return new_value(value, lambda _: at(document.content, draw.choice(document.paths)), draw)

    content = changed(document.content, draw.choice(document.paths), new, draw)
    indent = draw.choice((None, None, None, 1))
    return json.dumps(content, indent=indent, separators=None if indent else (",", ":")).encode()


@functools.lru_cache(maxsize=64)
def _document(data: bytes) -> Document | None:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return Document(content)


_CHANGES: Final[tuple[_Change, ...]] = (_revalued, with_token, _without, _again, flipped, _packed)
_WEIGHTS: Final = (10, 4, 2, 1, 2, 0.3)
