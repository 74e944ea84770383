"""The record path: the bytes of a log file, cut into records, parsed, attributed, mapped, folded into a trace.

Whatever the bytes are, every record that was cut out of them ends in one bin, and where the file is what CloudTrail
writes, those are as many as a naive reader counts. Two readers and two ways through reduce give one trace.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from support import record

from tracer import reduce
from tracer.collect.glance import Glance
from tracer.collect.inflate import whole_text
from tracer.collect.meter import Unwatched
from tracer.collect.search import LONGEST_TEXT, FileSearch, Unpacked, all_records
from tracer.collect.shapes import read_records
from tracer.errors import NothingSelected
from tracer.model.permission import ResourcesMode
from tracer.model.record import RawRecord, Unreadable
from tracer.model.run import DeployRun, TraceOptions
from tracer.model.trace import Trace
from tracer.reduce.parse import parse

_DEPLOYER: Final = "arn:aws:iam::123456789012:user/deployer"
_KNOWN: Final = record("ListUsers", eventID="a-record-of-the-harness")
"""A record of the deployer's, so that there is a trace, and an accounting, whatever else there is."""
_START: Final = b'{"eventVersion":"'
_BRACKETS: Final = 100
_PACKED_IN: Final = ("message", "CloudTrailEvent", "Records", "Events", "events", "logEvents", "detail")


def target(data: bytes) -> None:
    """Raises on anything but records, and traces with an exact accounting."""
    draw = zlib.crc32(data)
    items = list(read_records([data], "input"))
    assert _is_packed(data) or items == list(read_records(_pieces(data, 1 + draw % 61), "input"))
    expected = naive_count(data)
    assert expected is None or len(items) == expected

    quick = list(all_records(Unpacked("input", data, whole_text(data, LONGEST_TEXT))))
    assert len(quick) == len(items)
    assert _is_deep(data) or quick == items

    options = TraceOptions(
        resources=list(ResourcesMode)[draw % 3], inferred=bool(draw & 8), lifecycle=bool(draw & 16),
        include_denied=bool(draw & 32), evidence=None if draw & 64 else 3,
    )  # fmt: skip
    run = DeployRun(principals=(_DEPLOYER,) if draw & 128 else ())
    trace = reduce.reduce_records(lambda: [*items, _KNOWN], run, options)
    assert trace.accounting.read == len(items) + 1
    assert Trace.from_json(trace.to_json()) == trace
    if not draw & 0x700:
        assert _reduced([_KNOWN, *reversed(items)], run, options) == trace
    if run.principals and draw & 0x800:
        search = FileSearch(["input"], lambda _: data, Unwatched(), workers=1)
        found = _reduced(items, run, options, search)
        # A search decodes no record that it passes over, and knows it by how CloudTrail begins one.
        assert not all(map(_is_as_written, items)) or found == _reduced(items, run, options)
    Glance.of(items, run.window)


def _reduced(
    items: list[RawRecord], run: DeployRun, options: TraceOptions, search: FileSearch | None = None
) -> Trace | None:
    try:
        return reduce.reduce_records(lambda: items, run, options, search=search)
    except NothingSelected:
        return None


def naive_count(data: bytes) -> int | None:
    """How many records a log file of CloudTrail's form holds, read by `json` alone; None where it is no such file."""
    if _is_deep(data):
        return None
    try:
        document = json.loads(data.decode(), object_pairs_hook=_distinct, parse_constant=_refused)
    except ValueError:
        return None
    records = document.get("Records") if isinstance(document, dict) and len(document) == 1 else None
    if not isinstance(records, list) or any(_wraps(item) for item in records):
        return None
    return len(records)


def _distinct(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """An object whose keys are distinct and spelled without escapes; what has others is left to the real readers."""
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key stands twice")
    return content


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _is_as_written(item: RawRecord) -> bool:
    """Whether a record begins as CloudTrail begins one, and nothing in it does."""
    as_written = isinstance(item, bytes) and item.startswith(_START) and item.count(_START) == 1
    return as_written and not isinstance(parse(item), Unreadable)


def _wraps(item: object) -> bool:
    """Whether an element may hold records in a string, or under a key of an envelope."""
    return isinstance(item, dict) and any(name in item for name in _PACKED_IN)


def _is_deep(data: bytes) -> bool:
    """Whether brackets may nest deeper than readers follow; of gzip nobody knows."""
    return data.startswith(b"\x1f\x8b") or data.count(b"{") + data.count(b"[") >= _BRACKETS


def _is_packed(data: bytes) -> bool:
    """Whether what it is, gzip or no text at all, is told by as much as comes first."""
    return data.startswith((b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")) or b"\0" in data


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))
