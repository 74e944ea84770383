"""Which records count: each ends in exactly one bin of the accounting, the first that fits.

The order is the contract's: unreadable, other_principal, outside_window, filtered_out, duplicate, not_an_api_call;
what is left is the run's calls, and the mapping decides between no_permission_needed, denied, unmapped and used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from tracer.model.permission import Section
from tracer.model.record import RawRecord, Record, Unreadable
from tracer.model.run import DeployRun
from tracer.reduce.attribution import Members
from tracer.reduce.calls import Call, Calls, Reading
from tracer.reduce.filters import has_filters, passes_filters
from tracer.reduce.parse import parse
from tracer.reduce.seen import Seen, content_of, form_of

API_CALL: Final = "AwsApiCall"
"""The only eventType that means a permission. Records of the first versions have no eventType, and were all calls
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html)."""


class Selected(NamedTuple):
    """A call of the run.

    Attributes:
        call: what the record says.
        key: when, and under which id: the order of evidence.
        section: whose policy its permissions belong in.
        raw: the record as it came.
    """

    call: Call
    key: tuple[str, str]
    section: Section
    raw: RawRecord

    @property
    def event_id(self) -> str:
        """Its id."""
        return self.key[1]


class Binned(NamedTuple):
    """A record that is no call of the run, or the same call again.

    Attributes:
        bin: the bin's name.
        raw: the record as it came.
        reading: what it says, or what makes it unreadable.
        of_the_run: whether the run's own filters let it pass (a duplicate, or no API call).
        event_id: its id.
    """

    bin: str
    raw: RawRecord
    reading: Reading | Unreadable
    of_the_run: bool = False
    event_id: str = ""


def select(
    raws: Iterable[RawRecord],
    run: DeployRun,
    members: Members,
    seen: Seen,
    calls: Calls,
    winners: Mapping[str, int] | None = None,
) -> Iterator[Selected | Binned]:
    """Sort records into the run's calls and the rest.

    Args:
        raws: the records, in any order.
        run: what was asked for.
        members: who belongs to it.
        seen: remembers what was selected, and which eventIDs came in several forms.
        calls: reads them.
        winners: for an eventID that stands over different contents, the content that counts.
    """
    window, filters = run.window, has_filters(run)
    for raw in raws:
        reading = calls.read(raw)
        if isinstance(reading, Unreadable):
            yield Binned("unreadable", raw, reading)
            continue
        who, event_id = reading.who, reading.event_id
        section = members.section_of(who.caller) if who.caller else None
        if section is None:
            yield Binned("other_principal", raw, reading)
        elif reading.moment not in window:
            yield Binned("outside_window", raw, reading)
        elif filters and not passes_filters(reading.call.record, run):
            yield Binned("filtered_out", raw, reading)
        elif not event_id.startswith("sha256:") and not _counts(event_id, raw, seen, winners):
            yield Binned("duplicate", raw, reading, of_the_run=True, event_id=event_id)
        elif reading.call.event_type not in ("", API_CALL):
            yield Binned("not_an_api_call", raw, reading, of_the_run=True, event_id=event_id)
        else:
            yield Selected(reading.call, (reading.time, event_id), section, raw)


def _counts(event_id: str, raw: RawRecord, seen: Seen, winners: Mapping[str, int] | None) -> bool:
    """Whether this is the record of its eventID that counts: the first, or the winner where contents differ."""
    if winners and event_id in winners and _content(raw) != winners[event_id]:
        return False
    return seen.first(event_id, form_of(raw))


def _content(raw: RawRecord) -> int:
    record = parse(raw)
    return content_of(record) if isinstance(record, Record) else 0
