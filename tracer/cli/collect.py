"""`tracer collect`: the records of one run, unchanged, as JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tracer import pipeline
from tracer.cli.inputs import open_run
from tracer.cli.options import Settings, command
from tracer.cli.output import deliver, say
from tracer.model.record import RawRecord, Unreadable
from tracer.report.text import counted


@command(
    "tracer collect --from logs/ --user-agent Terraform > run.jsonl",
    "tracer collect --from trail.json.gz --since 2026-11-24T08:00Z -o run.jsonl",
)
def collect(settings: Settings) -> int:
    """Write the records of one deploy as JSON Lines.

    Reads CloudTrail records and writes those that `tracer reduce` needs with the same options, each unchanged on a line
    of its own. Use it to keep the records of a run, or to hand them to somebody who has no access to the log.
    """
    source, run = open_run(settings)
    deliver(settings.output, _lines(pipeline.select(source, run)), "records.jsonl")
    return 0


def _lines(records: Iterable[RawRecord]) -> Iterator[bytes]:
    written = 0
    for record in records:
        if isinstance(record, Unreadable):
            say(f"Left out: {record.location}: {record.reason}")
            continue
        written += 1
        yield _line(record)
    say(f"{counted(written, 'record')} written.")


def _line(record: bytes | Mapping[str, Any]) -> bytes:
    """The record on one line: outside strings a line break is white space, inside them there is none (RFC 8259, 7)."""
    text = record if isinstance(record, bytes) else json.dumps(record, separators=(",", ":")).encode()
    return text.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
