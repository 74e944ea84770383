"""Records that say the same but for when and under which id: read once, known again ever after.

A log repeats itself: a deploy polls, a function reads its table a thousand times. Of each record only the fields that
reduce uses are decoded (msgspec passes over the rest), and what the record says apart from its id and its time is its
*call*. Equal bytes in these fields mean an equal call, so a record that was met before costs no JSON, no attribution
and no mapping: whatever was found out about its call is kept on the `Call`.

Nothing rests on how often this succeeds. What does not look as expected (another type, no eventID, a deep nest) is read
by `tracer.reduce.parse`, which knows all forms, and is a call of its own. How many calls are remembered is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from tracer.model.record import RawRecord, Record, Unreadable, is_service
from tracer.reduce.callers import Caller, caller_of
from tracer.reduce.denials import is_denied
from tracer.reduce.parse import MAX_DEPTH, parse, time_text

if TYPE_CHECKING:
    from tracer.reduce.trace import Outcome

REMEMBERED: Final = 2_048
"""How many calls are remembered at least; twice as many at most."""

_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
"""An eventTime as CloudTrail writes it."""

_NULL: Final = msgspec.Raw(b"null")


class _Fields(msgspec.Struct, gc=False):
    """The fields of a record that reduce uses; those with an inner form stay text."""

    event_id: str | None = msgspec.field(name="eventID", default=None)
    event_time: str | None = msgspec.field(name="eventTime", default=None)
    identity: msgspec.Raw = msgspec.field(name="userIdentity", default=_NULL)
    source: str | None = msgspec.field(name="eventSource", default=None)
    name: str | None = msgspec.field(name="eventName", default=None)
    type: str | None = msgspec.field(name="eventType", default=None)
    category: str | None = msgspec.field(name="eventCategory", default=None)
    region: str | None = msgspec.field(name="awsRegion", default=None)
    source_ip: str | None = msgspec.field(name="sourceIPAddress", default=None)
    user_agent: str | None = msgspec.field(name="userAgent", default=None)
    error_code: str | None = msgspec.field(name="errorCode", default=None)
    error_message: str | None = msgspec.field(name="errorMessage", default=None)
    request: msgspec.Raw = msgspec.field(name="requestParameters", default=_NULL)
    response: msgspec.Raw = msgspec.field(name="responseElements", default=_NULL)
    resources: msgspec.Raw = msgspec.field(name="resources", default=_NULL)
    recipient: str | None = msgspec.field(name="recipientAccountId", default=None)
    shared: str | None = msgspec.field(name="sharedEventID", default=None)
    api_version: str | None = msgspec.field(name="apiVersion", default=None)


_decode: Final[Callable[[bytes], _Fields]] = msgspec.json.Decoder(_Fields).decode


class Call:
    """What records of one call have in common.

    Attributes:
        record: one of them. Its id and its time are that one's alone.
        caller: who made it.
        via: the service that forwarded it, or None.
        denied: whether AWS refused it.
        observed, observed_inside: whether what it shows was noted, and what it shows of the run.
        passes: whether the run's filters let it pass; known once it was observed inside.
        outcome: what the reduction made of it; None before.
    """

    __slots__ = ("caller", "denied", "observed", "observed_inside", "outcome", "passes", "record", "via")

    def __init__(self, record: Record) -> None:
        self.record = record
        self.caller: Caller | None = caller_of(record)
        self.via = record.via
        self.denied = is_denied(record)
        self.observed = False
        self.observed_inside = False
        self.passes = False
        self.outcome: Outcome | None = None


class Reading(NamedTuple):
    """One record.

    Attributes:
        call: what it says.
        event_id, moment: its own id and time.
        time: the time as CloudTrail writes it.
    """

    call: Call
    event_id: str
    moment: datetime
    time: str


class Calls:
    """The calls that were met lately."""

    def __init__(self) -> None:
        self._new: dict[Hashable, Call] = {}
        self._old: dict[Hashable, Call] = {}

    def read(self, raw: RawRecord) -> Reading | Unreadable:
        """What `raw` says. Never raises."""
        reading = self._known(raw) if isinstance(raw, bytes) else None
        if reading:
            return reading
        record = parse(raw)
        if isinstance(record, Unreadable):
            return record
        return Reading(Call(record), record.event_id, record.event_time, time_text(record.event_time))

    def _known(self, raw: bytes) -> Reading | None:
        """What `raw` says, if it has the form that CloudTrail gives its records."""
        try:
            if not raw.isascii():
                raw.decode()  # msgspec does not look into what it passes over
            fields = _decode(raw)
            moment = datetime.fromisoformat(fields.event_time or "")
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return None
        if not fields.event_id or not _STAMP.fullmatch(fields.event_time or "") or moment.tzinfo is not UTC:
            return None
        if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
            return None
        call = self._call(fields, raw)
        return Reading(call, fields.event_id, moment, fields.event_time or "") if call else None

    def _call(self, fields: _Fields, raw: bytes) -> Call | None:
        key = (
            fields.source,
            fields.name,
            bytes(fields.request),
            bytes(fields.identity),
            fields.region,
            bytes(fields.response),
            bytes(fields.resources),
            fields.error_code,
            fields.error_message,
            fields.user_agent,
            fields.source_ip if is_service(fields.source_ip) else None,
            fields.recipient,
            fields.type,
            fields.category,
            fields.api_version,
        )
        call = self._new.get(key)
        if call is None:
            call = self._old.get(key)
            if call is None:
                record = parse(raw)
                if isinstance(record, Unreadable):
                    return None
                call = Call(record)
            if len(self._new) == REMEMBERED:
                self._old, self._new = self._new, {}
            self._new[key] = call
        return call
