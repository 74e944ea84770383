"""Log files of many mutated records: what the bulk run feeds to the record path.

The records come from the corpus and from every case of `tests/cases`, so that each service's parameters are among them.
Each is changed in a few of its values, half of them parameters, most often not so much that it is no record any more;
callers, times, parameters and errors of one are put into others. Four in ten are a call of their file again, under an
id of their own: logs repeat themselves, and tracer remembers. The file is of one of the forms that records come in, and
now and then damaged.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from case_support import cases

from fuzz.mutation import Document, Json, Path, at, changed, flipped, mutated, new_value, with_token
from tracer.collect.shapes import read_records

SIZES: Final = (1, 4, 16, 32, 48)
"""How many records a file has."""

_TIMES: Final = ("2026-11-24T08:00:00Z", "2026-11-24T08:00:01Z", "2026-11-24T09:30:00Z", "2025-02-01T00:00:00Z")


def logs(corpus: Sequence[bytes], draw: random.Random) -> Iterator[bytes]:
    """Log files without end; among them some that are an input of the corpus with changes to its bytes."""
    pool = _records(corpus)
    while True:
        if draw.random() < 0.05:
            yield mutated(draw.choice(corpus), draw, corpus)
            continue
        records = _file_of(pool, draw)
        (form,) = draw.choices(_FORMS, _WEIGHTS)
        yield _damaged(form(records), draw) if draw.random() < 0.1 else form(records)


def _records(corpus: Sequence[bytes]) -> list[Document]:
    """The records to mutate: those of the cases, and those in the corpus."""
    found = [case for one in cases() for case in (*one.before, one.record)]
    for data in corpus:
        for item in read_records([data], "corpus"):
            try:
                content = json.loads(item) if isinstance(item, bytes) else None
            except ValueError:
                continue
            if isinstance(content, dict):
                found.append(content)
    return [Document(content) for content in found if content]


def _file_of(pool: Sequence[Document], draw: random.Random) -> list[bytes]:
    """The records of one file."""
    contents: list[dict[str, Json]] = []
    for _ in range(draw.choice(SIZES)):
        again = contents and draw.random() < 0.4
        content = dict(draw.choice(contents)) if again else _mutant(pool, draw)
        if draw.random() < 0.97:
            content["eventID"] = f"{draw.getrandbits(64):016x}"
        if draw.random() < 0.3:
            content["eventTime"] = draw.choice(_TIMES)
        contents.append(content)
    texts = [json.dumps(content, separators=(",", ":")).encode() for content in contents]
    return [_damaged(text, draw) if draw.random() < 0.02 else text for text in texts]


def _mutant(pool: Sequence[Document], draw: random.Random) -> dict[str, Json]:
    """One record with some changes."""
    record = draw.choice(pool)
    content = dict(record.content)
    if draw.random() < 0.25:
        content["userIdentity"] = draw.choice(pool).content.get("userIdentity")
    for _ in range(draw.choice((0, 1, 1, 1, 2, 3))):
        path = draw.choice(draw.choice((record.paths, record.below("requestParameters") or record.paths)))

        def new(value: Json, path: Path = path) -> Json:
            return new_value(value, lambda old: at(draw.choice(pool).content, path, old), draw)

        content = changed(content, path, new, draw)
    return content


def _damaged(data: bytes, draw: random.Random) -> bytes:
    return draw.choice((flipped, with_token))(data, draw)


def _file(records: list[bytes]) -> bytes:
    return b'{"Records":[%b]}' % b",".join(records)


def _lines(records: list[bytes]) -> bytes:
    return b"\n".join(records)


def _list(records: list[bytes]) -> bytes:
    return b"[%b]" % b",\n".join(records)


def _looked_up(records: list[bytes]) -> bytes:
    events = [{"EventId": "1", "CloudTrailEvent": text.decode("utf-8", "replace")} for text in records]
    return json.dumps({"Events": events}).encode()


def _logged(records: list[bytes]) -> bytes:
    events = [{"id": "1", "message": text.decode("utf-8", "replace")} for text in records]
    return json.dumps({"messageType": "DATA_MESSAGE", "logEvents": events}).encode()


def _sent(records: list[bytes]) -> bytes:
    return b"\n".join(
        b'{"version":"0","detail-type":"AWS API Call via CloudTrail","detail":%b}' % text for text in records
    )


def _packed(records: list[bytes]) -> bytes:
    return gzip.compress(_file(records), 1, mtime=0)


_FORMS: Final[tuple[Callable[[list[bytes]], bytes], ...]] = (
    _file, _lines, _list, _looked_up, _logged, _sent, _packed
)  # fmt: skip
_WEIGHTS: Final = (80, 6, 2, 3, 2, 3, 4)
