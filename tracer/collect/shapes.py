"""The text of a log becomes records: what `tracer.collect.scan` cuts out is unpacked, checked and put on one line.

CloudTrail's records come as they are, and as JSON in a string: `CloudTrailEvent` of a looked-up event, `message` of a
CloudWatch Logs event (which in turn may be an EventBridge event, where a rule sends its events to a log group). A
record that stands in the text is given out byte for byte; only line breaks and indentation of pretty-printed text are
taken out, because records travel on as lines.

Whether an object is CloudTrail's is not asked here: reduce judges that, and counts what it cannot use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from tracer.collect.inflate import Damaged, text_of
from tracer.collect.scan import Spoilt, scan
from tracer.model.record import Unreadable

_RECORD_START: Final = b'{"eventVersion"'
_RECORD_KEYS: Final = frozenset({"eventVersion", "eventSource", "eventName", "userIdentity"})
"""An object with one of these is a record, whatever else it holds."""
_STRING_KEYS: Final = ("CloudTrailEvent", "message")
_LEVELS: Final = 3
"""How many strings may be unpacked inside each other."""

PLACES: Final = 100
"""Of how many things in a file that are no records the place is told; the others are told, and counted, together. A
file of a megabyte can hold half a million."""

_may_hold_string = re.compile(rb'"(?:%b)"\s*:' % "|".join(_STRING_KEYS).encode()).search
_line_break = re.compile(rb"(?<![ \t])[ \t]*+[\r\n][ \t\r\n]*+")
"""Looked for where a run of spaces begins, and nowhere in it: the time would grow with the square of its length."""


def read_records(chunks: Iterable[bytes], name: str) -> Iterator[bytes | Unreadable]:
    """The records in a log file, and an Unreadable for each thing in it that should have been one.

    Args:
        chunks: the file's bytes: plain or gzip, in any shape that CloudTrail's records come in.
        name: what to call the file in locations.
    """
    number = 0
    told: list[int] = []
    others: dict[str, Unreadable] = {}
    try:
        for number, item in enumerate(_records(text_of(chunks), _LEVELS), start=1):
            if not isinstance(item, Spoilt):
                yield item
            elif len(told) < PLACES:
                told.append(number)
                yield Unreadable(item.reason, f"{name}: record {number}")
            else:
                yield others.setdefault(item.reason, Unreadable(item.reason, f"{name}: behind record {told[-1]}"))
    except Damaged as damage:
        yield Unreadable(str(damage), f"{name}: behind record {number}" if number else name)


def _records(chunks: Iterable[bytes], levels: int) -> Iterator[bytes | Spoilt]:
    for item in scan(chunks):
        if isinstance(item, Spoilt):
            yield item
        elif item.startswith(_RECORD_START) or not _may_hold_string(item):
            yield _as_line(item)
        else:
            yield from _unpack(item, levels)


def _unpack(item: bytes, levels: int) -> Iterator[bytes | Spoilt]:
    """The record in a string of `item`, or `item` itself where it holds none."""
    text = _text_inside(item)
    if text is None:
        yield _as_line(item)
    elif not levels:
        yield Spoilt("it is packed into strings too deeply")
    else:
        # A lone surrogate, which JSON can spell, becomes invalid UTF-8 and is reported as such.
        yield from list(_records([text.encode("utf-8", "surrogatepass")], levels - 1)) or [Spoilt("it is empty")]


def _text_inside(item: bytes) -> str | None:
    try:
        document = json.loads(item)
    except ValueError:
        return None  # the parser of records says what is wrong
    if not isinstance(document, dict) or _RECORD_KEYS & document.keys():
        return None
    texts = (document[key] for key in _STRING_KEYS if isinstance(document.get(key), str))
    return next(texts, None)


def _as_line(record: bytes) -> bytes | Spoilt:
    """The record on one line. No string of it holds a raw line break: `scan` lets none through."""
    if not record.isascii():
        try:
            record.decode()
        except UnicodeDecodeError as error:
            return Spoilt(f"it is not valid UTF-8 ({error.reason})")
    if b"\n" in record or b"\r" in record:
        return _line_break.sub(b"", record)
    return record
