"""Which records count: each ends in exactly one bin of the accounting, the first that fits.

The order is the contract's: unreadable, other_principal, outside_window, filtered_out, duplicate, not_an_api_call;
what is left is the run's calls, and the mapping decides between no_permission_needed, denied, unmapped and used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tracer.model.permission import Section
from tracer.model.record import RawRecord, Record, Unreadable
from tracer.model.run import DeployRun
from tracer.reduce.attribution import Members
from tracer.reduce.callers import Caller, caller_of
from tracer.reduce.filters import passes_filters
from tracer.reduce.parse import parse
from tracer.reduce.seen import Seen, content_of

API_CALL: Final = "AwsApiCall"
"""The only eventType that means a permission. Records of the first versions have no eventType, and were all calls
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html)."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A call of the run."""

    record: Record
    raw: RawRecord
    caller: Caller
    section: Section


@dataclass(frozen=True, slots=True)
class Binned:
    """A record that is no call of the run, or the same call again.

    Attributes:
        bin: the bin's name.
        raw: the record as it came.
        record: the record, or what makes it unreadable.
        of_the_run: whether the run's own filters let it pass (a duplicate, or no API call).
    """

    bin: str
    raw: RawRecord
    record: Record | Unreadable
    of_the_run: bool = False


def select(
    raws: Iterable[RawRecord], run: DeployRun, members: Members, winners: Mapping[str, int], seen: Seen
) -> Iterator[Selected | Binned]:
    """Sort records into the run's calls and the rest.

    Args:
        raws: the records, in any order.
        run: what was asked for.
        members: who belongs to it.
        winners: for an eventID that stands over different contents, the content that counts.
        seen: remembers what was selected; learns of conflicts.
    """
    for raw in raws:
        record = parse(raw)
        if isinstance(record, Unreadable):
            yield Binned("unreadable", raw, record)
            continue
        caller = caller_of(record)
        section = members.section_of(caller) if caller else None
        if caller is None or section is None:
            yield Binned("other_principal", raw, record)
        elif record.event_time not in run.window:
            yield Binned("outside_window", raw, record)
        elif not passes_filters(record, run):
            yield Binned("filtered_out", raw, record)
        elif not record.event_id.startswith("sha256:") and not _counts(record, winners, seen):
            yield Binned("duplicate", raw, record, of_the_run=True)
        elif record.event_type not in ("", API_CALL):
            yield Binned("not_an_api_call", raw, record, of_the_run=True)
        else:
            yield Selected(record, raw, caller, section)


def _counts(record: Record, winners: Mapping[str, int], seen: Seen) -> bool:
    """Whether this is the record of its eventID that counts: the first, or the winner where contents differ."""
    content = content_of(record)
    if winners.get(record.event_id, content) != content:
        return False
    return seen.first(record.event_id, content)
