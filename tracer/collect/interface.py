"""`RecordSource`: the one thing that reduce asks of a place where CloudTrail records come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tracer.model.finding import Finding
from tracer.model.run import DeployRun


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record, or what should have been one, that could not be read. It travels with the records, so that it is counted."""

    reason: str
    """What is wrong, for a person."""
    location: str
    """Where: a file name, with the record's number where one is known."""


RawRecord = bytes | Mapping[str, Any] | Unreadable
"""One record as it came: its JSON text in UTF-8, byte for byte where the source has it, or a decoded object."""


class RecordSource(Protocol):
    """A source of CloudTrail records.

    A run is read in two passes (who acts for whom; then which records count), so `records` can be called again and yields
    the same records, in any order.
    """

    def records(self, run: DeployRun) -> Iterator[RawRecord]:
        """Every record that may belong to `run`; others may be among them. Raises CollectError."""
        ...

    def findings(self) -> tuple[Finding, ...]:
        """What this source cannot show, or did not check: asked after the last record."""
        ...
