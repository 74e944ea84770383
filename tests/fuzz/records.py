"""The record path: the bytes of a log file, cut into records, parsed, attributed, mapped, folded into a trace.

An execution is one record: cut out of the bytes, it goes through scan, parse, attribution, select, mapping and fold, in
the company of the others of its file.

Whatever the bytes are, every record that was cut out of them ends in one bin, and where the file is what CloudTrail
writes, those are as many as a naive reader counts. Two readers and two ways through reduce give one trace.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, Final

from support import ACCOUNT, REGION, record

from tracer import reduce
from tracer.collect.glance import Glance
from tracer.collect.inflate import whole_text
from tracer.collect.meter import Unwatched
from tracer.collect.search import LONGEST_TEXT, FileSearch, Unpacked, all_records
from tracer.collect.shapes import read_records
from tracer.errors import NothingSelected
from tracer.model.permission import ResourcesMode
from tracer.model.record import RawRecord, Unreadable
from tracer.model.run import DeployRun, TimeWindow, TraceOptions
from tracer.model.trace import Trace
from tracer.reduce.parse import parse

_DEPLOYER: Final = f"arn:aws:iam::{ACCOUNT}:user/deployer"
_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/ci"
_HOUR: Final = TimeWindow(datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC))
RUNS: Final = (
    DeployRun(),
    DeployRun((_DEPLOYER,)),
    DeployRun((_DEPLOYER, _ROLE), _HOUR, regions=(REGION,), accounts=(ACCOUNT,), service="orders", stage="dev"),
    DeployRun((_DEPLOYER,), user_agents=("aws-sdk", "cloudformation"), event_sources=("iam", "lambda", "api")),
)
"""What is asked for; _KNOWN is of each."""
_KNOWN: Final = record("ListUsers", eventID="a-record-of-the-harness")
"""A record of the deployer's, so that there is a trace, and an accounting, whatever else there is."""
_START: Final = b'{"eventVersion":"'
DEEP: Final = 100
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"{[]}"))
_strings: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SOMETIMES: Final = 0x7000
"""Bits of an input's checksum that choose what else is asked about it: each question of an eighth of the inputs."""
_SELDOM: Final = 0xF00
_PACKED_IN: Final = ("message", "CloudTrailEvent", "Records", "Events", "events", "logEvents", "detail")


def target(data: bytes) -> int:
    """One execution for each record. Raises on anything but records, and traces with an exact accounting."""
    draw = zlib.crc32(data)
    items = list(read_records([data], "input"))
    if draw & _SOMETIMES == _SOMETIMES:
        assert _is_packed(data) or items == list(read_records(_pieces(data, 1 + draw % 61), "input"))
    if draw & _SOMETIMES == 0x1000:
        expected = naive_count(data)
        assert expected is None or len(items) == expected

    quick = list(all_records(Unpacked("input", data, whole_text(data, LONGEST_TEXT))))
    assert len(quick) == len(items)
    assert nests_deep(data) or quick == items

    options = TraceOptions(
        resources=list(ResourcesMode)[draw % 3], inferred=bool(draw & 8), lifecycle=bool(draw & 16),
        include_denied=bool(draw & 32), evidence=None if draw & 64 else 3,
    )  # fmt: skip
    run = RUNS[draw >> 16 & 3]
    trace = reduce.reduce_records(lambda: [*items, _KNOWN], run, options)
    assert trace.accounting.read == len(items) + 1
    if draw & _SOMETIMES == 0:
        assert Trace.from_json(trace.to_json()) == trace
    if not draw & _SELDOM:
        assert _reduced([_KNOWN, *reversed(items)], run, options) == trace
    if run.principals and draw & _SELDOM == _SELDOM:
        search = FileSearch(["input"], lambda _: data, Unwatched(), workers=1)
        found = _reduced(items, run, options, search)
        # A search decodes no record that it passes over, and knows it by how CloudTrail begins one.
        assert not all(map(_is_as_written, items)) or found == _reduced(items, run, options)
    if draw & _SOMETIMES == 0x2000:
        Glance.of(items, run.window)
    return sum(isinstance(item, bytes) for item in items)


def _reduced(
    items: list[RawRecord], run: DeployRun, options: TraceOptions, search: FileSearch | None = None
) -> Trace | None:
    try:
        return reduce.reduce_records(lambda: items, run, options, search=search)
    except NothingSelected:
        return None


def naive_count(data: bytes) -> int | None:
    """How many records a log file of CloudTrail's form holds, read by `json` alone; None where it is no such file."""
    if nests_deep(data):
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


def nests_deep(data: bytes) -> bool:
    """Whether brackets nest deeper than readers follow; of gzip nobody knows, of what is no JSON it is never asked."""
    if data.startswith(b"\x1f\x8b"):
        return True
    if data.count(b"{") + data.count(b"[") < DEEP:
        return False
    steps = (1 if bracket in b"{[" else -1 for bracket in _strings.sub(b"", data).translate(None, _NO_BRACKETS))
    return max(accumulate(steps)) >= DEEP


def _is_packed(data: bytes) -> bool:
    """Whether what it is, gzip or no text at all, is told by as much as comes first."""
    return data.startswith((b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")) or b"\0" in data


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))
